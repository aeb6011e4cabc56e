"""What a Python project asks for: `pyproject.toml`, after PEP 621 and PEP 735.

Tables of Poetry, PDM and uv are read where they ask for packages.
"""

from dataclasses import replace
from typing import Final

from mcpchain import license as licence
from mcpchain import supplier
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover.pyproject.groups import read_groups
from mcpchain.discover.pyproject.poetry import read_poetry
from mcpchain.discover.pyproject.wanted import ALWAYS, Asker, Wanted, group_name
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import pypi_purl
from mcpchain.python_package import version_of
from mcpchain.python_project import DYNAMIC
from mcpchain.python_sources import read_sources
from mcpchain.tree import File

_BYTES: Final = 4 << 20
_DEPENDENCIES: Final = "dependencies"
_EXTRAS: Final = "optional-dependencies"


def read(file: File, found: Collector) -> None:
    """Declare the project and what it asks for.

    Whether a lock knows better is seen to by `python_project.settle`.

    Raises:
        MalformedError: It is not TOML.
        UnreadableError: It cannot be read.
    """
    document = Node.from_toml(file.read(_BYTES), source=file.path)
    project, tool = document.at("project"), document.at("tool")
    poetry = _member(tool, "poetry")
    wanted = Wanted(file, found)
    project_itself: Component | None = None
    with found.entry():
        project_itself = _project(project if "name" in project else poetry, found)
    if project_itself is not None:
        wanted.own = project_itself.name
    dynamic: frozenset[str] = frozenset()
    with found.entry():
        dynamic = frozenset(_member(project, "dynamic").texts())
    wanted.limit(_member(project, "requires-python"))
    with found.entry():
        wanted.sources += read_sources(_member(poetry, "source"), found)
    with found.entry():
        pdm = _member(tool, "pdm")
        wanted.sources += read_sources(_member(pdm, "source"), found)
    with found.entry():
        _read_project(project, wanted)
    with found.entry():
        read_groups(document.at("dependency-groups"), wanted)
    with found.entry():
        _read_tools(tool, wanted)
    with found.entry():
        read_poetry(poetry, wanted, main=_DEPENDENCIES not in project)
    components = wanted.components()
    unknown = _unknown(dynamic, poetry)
    if unknown:
        found.gap(_dynamic(file, unknown))
    refs = [found.add(each) for each in components]
    if project_itself is not None and (refs or unknown):
        graph = wanted.whole and not unknown
        ref = found.add(replace(project_itself, graph=graph))
        for each in refs:
            found.relate(ref, each)


def _member(node: Node, key: str) -> Node:
    """Return a member of a table that may not be there itself."""
    return node.at(key) if node.exists else node


def _project(table: Node, found: Collector) -> Component | None:
    """Declare the project itself, where it has a name."""
    name = _member(table, "name")
    if not name.exists:
        return None
    try:
        purl = pypi_purl(name.text())
    except ValueError as error:
        raise name.malformed(str(error)) from None
    version: str | None = None
    licenses: tuple[str, ...] = ()
    with found.entry():
        version = version_of(table.at("version"))
    with found.entry():
        stated = table.at("license")
        text = _member(stated, "text") if stated.is_object() else stated
        licenses = tuple(filter(None, [text.optional_text()]))
    told = (table.value.get(role) for role in ("authors", "maintainers"))
    people = tuple(map(supplier.of_member, told))
    return Component(
        kind=Kind.APPLICATION,
        name=purl.name,
        version=version,
        pin=Pin.LOCAL,
        licenses=licenses,
        concluded=licence.concluded(licenses),
        supplier=supplier.first(people),
        facts=PackageFacts(origin=Origin.PATH),
        locations=(Location(path=table.source, pointer=table.pointer),),
    )


def _read_project(project: Node, wanted: Wanted) -> None:
    if not project.exists:
        return
    wanted.requirements(project.at(_DEPENDENCIES), ALWAYS)
    for name, texts in project.at(_EXTRAS).items():
        wanted.requirements(texts, Asker(extras=(group_name(name),)))


def _read_tools(tool: Node, wanted: Wanted) -> None:
    """Keep what PDM and uv ask for in tables that are older than PEP 735."""
    uv = _member(_member(tool, "uv"), "dev-dependencies")
    wanted.requirements(uv, Asker(groups=("dev",)))
    pdm = _member(_member(tool, "pdm"), "dev-dependencies")
    for name, texts in pdm.items():
        wanted.requirements(texts, Asker(groups=(group_name(name),)))


def _unknown(dynamic: frozenset[str], poetry: Node) -> list[str]:
    """Return which dependencies only the build back end knows, sorted."""
    unknown = dynamic & {_DEPENDENCIES, _EXTRAS}
    told = {_DEPENDENCIES: _DEPENDENCIES, _EXTRAS: "extras"}
    return sorted(each for each in unknown if told[each] not in poetry)


def _dynamic(file: File, unknown: list[str]) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=file.path, pointer=DYNAMIC),
        reason=f"`{'` and `'.join(unknown)}` are dynamic: only the build back end "
        "knows them",
        state=State.PARTIAL,
        hint="lock the project, or write them into `[project]`",
    )
