"""PDM's lock file, `pdm.lock`, lock_version 4.

PDM publishes no specification of it; what is read here is what PDM 2 writes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Location
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.python_files import TabledFiles, listed_files
from mcpchain.python_graph import Names, add_all, follow
from mcpchain.python_package import (
    Beside,
    compare_wheels,
    contradict,
    declared,
    facts_of,
    from_address,
    from_repository,
    is_local,
    unplaced,
)
from mcpchain.python_sources import manifest_sources, usual
from mcpchain.requirement import ARCHIVE, Request, harmless
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 32 << 20
_DEFAULT: Final = "default"
"""PDM's name for what the project needs in any case."""
_SOURCES: Final = ("git", "hg", "svn", "bzr", "url", "path")
_ROOT: Final = "file:///${PROJECT_ROOT}/"
"""How PDM writes the folder of the project."""


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its files and dependencies.

    Raises:
        MalformedError: It is not TOML, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_toml(file.read(_BYTES), source=file.path)
    metadata = lock.at("metadata")
    if not _supported(metadata.at("lock_version"), found):
        return
    reader = _Reader(file, metadata.at("files"), found)
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            packages.append(reader.package(node))
    packages = _joined(packages)
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    compare_wheels((each.component for each in packages), found)
    extras = _extras(file)
    components = (_marked(each.component, extras) for each in packages)
    needs = ([t for t in e.needs if packages[t] is not e] for e in packages)
    add_all(components, needs, found)


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, its entries there, and the packages that it needs."""

    nodes: list[Node]
    component: Component
    needs: list[int] = field(default_factory=list)


def _supported(node: Node, found: Collector) -> bool:
    """Say whether we know the version of the format; leave a gap where we do not."""
    text = node.text()
    try:
        known = Version(text).major == 4  # noqa: PLR2004  (a format, not a quantity)
    except ValueError:
        raise node.malformed(f"`{text[:140]}` is no version") from None
    if not known:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=node.source, pointer=node.pointer),
                reason=f"lock_version `{text[:140]}` of PDM's lock is not read",
                state=State.UNSUPPORTED,
                hint="lock with a PDM that writes lock_version 4",
            )
        )
    return known


class _Reader:
    """Reads the packages of one lock.

    Args:
        file: The lock.
        table: The files of an older one, by name and version of a package.
        found: Where gaps are left.
    """

    def __init__(self, file: File, table: Node, found: Collector) -> None:
        self._files = TabledFiles(table, found)
        self._beside = Beside(file, found)
        self._found = found
        self._sources = manifest_sources(file, "pdm")

    def package(self, node: Node) -> _Package:
        """Declare one package.

        Raises:
            MalformedError: It has no name.
        """
        component = declared(node, node.at("name"), node.at("version"), self._found)
        with self._found.entry():
            artifacts = self._artifacts(node, component)
            component = replace(component, artifacts=artifacts)
        placed = unplaced(component)
        with self._found.entry():
            placed = self._placed(component, node)
        with self._found.entry():
            facts = replace(
                facts_of(placed),
                groups=tuple(sorted({*node.at("groups").texts()})),
                marker=node.at("marker").optional_text() or "",
            )
            placed = replace(placed, facts=facts)
        return _Package(nodes=[node], component=placed)

    def _artifacts(self, node: Node, component: Component) -> tuple[Artifact, ...]:
        own = node.at("files")
        if own.exists:
            return tuple(listed_files(own, self._found))
        # Before 4.3 they stand under the name and version of the package.
        written = node.at("version").optional_text() or ""
        return self._files.of(node, component.name, written)

    def _placed(self, component: Component, node: Node) -> Component:
        """Return *component* as it comes from where its entry says."""
        kinds = [key for key in _SOURCES if node.at(key).exists]
        if not kinds:
            # The lock does not name the index; the manifest may.
            facts = usual(self._sources, facts_of(component))
            return replace(component, facts=facts)
        if len(kinds) > 1:
            raise node.malformed("names several sources, of which PDM takes one")
        (kind,) = kinds
        place = node.at(kind).text()
        if kind == "url" and place.startswith(_ROOT):
            kind, place = "path", f"./{place.removeprefix(_ROOT)}"
        if kind == "url" and not is_local(place):
            return from_address(component, node.at(kind), place, self._found)
        if kind in {"url", "path"}:
            if ARCHIVE.search(place) or is_local(place):
                return self._beside.archive(component, node, place)
            return self._beside.folder(component, node, place)
        commit = node.at("revision").optional_text() or node.at("ref").optional_text()
        url = place if kind == "git" else f"{kind}+{place.removeprefix(f'{kind}+')}"
        folder = node.at("subdirectory").optional_text()
        return from_repository(component, url, commit or "", folder)


def _joined(packages: list[_Package]) -> list[_Package]:
    """Join the entries of one package: PDM repeats it for each set of its extras."""
    known: dict[Component, list[_Package]] = {}
    for each in packages:
        facts = replace(facts_of(each.component), groups=(), marker="")
        key = replace(each.component, facts=facts, locations=())
        known.setdefault(key, []).append(each)
    return [_one(each) for each in known.values()]


def _one(entries: list[_Package]) -> _Package:
    """Return the package that all of *entries* are about."""
    components = [each.component for each in entries]
    asked = [facts_of(each) for each in components]
    # Of an entry that names no groups nothing is known about who asks for it.
    told = all(each.groups for each in asked)
    groups = {name for each in asked for name in each.groups} if told else set()
    markers = {each.marker for each in asked}
    facts = replace(
        asked[0],
        groups=tuple(sorted(groups)),
        marker=markers.pop() if len(markers) == 1 else "",
    )
    return _Package(
        nodes=[node for each in entries for node in each.nodes],
        component=replace(
            components[0],
            locations=tuple(place for each in components for place in each.locations),
            facts=facts,
        ),
    )


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package."""
    names = Names(each.component for each in packages)
    known: dict[str, Request] = {}
    for package in packages:
        whole = [
            follow(
                node.at("dependencies").elements,
                lambda edge: _targets(edge, names, known),
                package.needs,
                found,
            )
            for node in package.nodes
        ]
        package.component = replace(package.component, graph=all(whole))


def _targets(node: Node, names: Names, known: dict[str, Request]) -> Iterator[int]:
    """Yield the packages that a requirement means.

    One that some machines only have need not be in the lock.
    """
    text = node.text()
    request = known.get(text)
    if request is None:
        try:
            request = Request.parse(text, Location(path=node.source))
        except ValueError as error:
            raise node.malformed(str(error)) from None
        known[text] = request
    if not request.name:
        raise node.malformed(f"`{harmless(text)}` names no package")
    if request.marker and request.name not in names:
        return
    try:
        yield from names.fitting(request.name, _accepting(request))
    except ValueError as error:
        raise node.malformed(f"`{request.name[:140]}` {error}") from None


def _accepting(request: Request) -> Callable[[str], bool]:
    return lambda version: request.specifier.contains(version, prereleases=True)


def _extras(lock: File) -> frozenset[str] | None:
    """Return which groups of the lock are extras of the project, as its manifest says.

    `None`: it does not say. Why it cannot be read is told where it is discovered.
    """
    try:
        file = lock.beside("pyproject.toml")
        project = Node.from_toml(file.read(_BYTES), source=file.path).at("project")
        extras = project.at("optional-dependencies").items()
        return frozenset(canonicalize_name(name) for name, _ in extras)
    except (UnreadableError, MalformedError):
        return None


def _marked(component: Component, extras: frozenset[str] | None) -> Component:
    """Tell extras from groups, and both from what is needed in any case."""
    facts = facts_of(component)
    groups = () if _DEFAULT in facts.groups else facts.groups
    own = {each for each in groups if canonicalize_name(each) in (extras or ())}
    facts = replace(
        facts,
        groups=tuple(each for each in groups if each not in own),
        extras=tuple(sorted(own)),
        optional=bool(own),
        development=extras is not None and bool(groups) and not own,
    )
    return replace(component, facts=facts)
