"""PDM's lock file, `pdm.lock`, lock_version 4.

PDM publishes no specification of it; what is read here is what PDM 2 writes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import Version

from mcpchain.component import Component, Location
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.python_package import (
    Beside,
    Names,
    contradict,
    declared,
    facts_of,
    from_address,
    from_repository,
    is_local,
    listed_files,
)
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
    files: dict[str, Node] = {}
    with found.entry():
        for key, node in metadata.at("files").items():
            name, _, version = key.partition(" ")
            files[f"{canonicalize_name(name)} {version}"] = node
    beside = Beside(file, found)
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            packages.append(_package(node, files, beside, found))
    packages = _joined(packages)
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    extras = _extras(file)
    refs = [found.add(_marked(each.component, extras)) for each in packages]
    for ref, package in zip(refs, packages, strict=True):
        for target in package.needs:
            if refs[target] != ref:
                found.relate(ref, refs[target])


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


def _package(
    node: Node, files: dict[str, Node], beside: Beside, found: Collector
) -> _Package:
    component = declared(node, node.at("name"), node.at("version"), found)
    listed = node.at("files")
    if not listed.exists:
        # Before 4.3 they stand under the name and version of the package.
        written = node.at("version").optional_text()
        listed = files.get(f"{component.name} {written}", listed)
    with found.entry():
        artifacts = tuple(listed_files(listed, found))
        component = replace(component, artifacts=artifacts)
    component = _from_source(component, node, beside)
    with found.entry():
        facts = replace(
            facts_of(component),
            groups=tuple(sorted({*node.at("groups").texts()})),
            marker=node.at("marker").optional_text() or "",
        )
        component = replace(component, facts=facts)
    return _Package(nodes=[node], component=component)


def _from_source(component: Component, node: Node, beside: Beside) -> Component:
    kinds = [key for key in _SOURCES if node.at(key).exists]
    if not kinds:
        return component
    if len(kinds) > 1:
        raise node.malformed("names several sources, of which PDM takes one")
    (kind,) = kinds
    place = node.at(kind).text()
    if kind == "url" and place.startswith(_ROOT):
        kind, place = "path", f"./{place.removeprefix(_ROOT)}"
    if kind == "url" and not is_local(place):
        return from_address(component, place)
    if kind in {"url", "path"}:
        if ARCHIVE.search(place) or is_local(place):
            return beside.archive(component, node, place)
        return beside.folder(component, node, place)
    commit = node.at("revision").optional_text() or node.at("ref").optional_text()
    url = place if kind == "git" else f"{kind}+{place.removeprefix(f'{kind}+')}"
    folder = node.at("subdirectory").optional_text()
    return from_repository(component, url, commit or "", folder)


def _joined(packages: list[_Package]) -> list[_Package]:
    """Join the entries of one package: PDM repeats it for each set of its extras."""
    known: dict[Component, _Package] = {}
    for each in packages:
        facts = replace(facts_of(each.component), groups=(), marker="")
        key = replace(each.component, facts=facts, locations=())
        first = known.setdefault(key, each)
        if first is each:
            continue
        mine, theirs = facts_of(first.component), facts_of(each.component)
        # Of an entry that names no groups nothing is known about who asks for it.
        both = {*mine.groups, *theirs.groups} if mine.groups and theirs.groups else ()
        same = mine.marker if mine.marker == theirs.marker else ""
        first.nodes += each.nodes
        first.component = replace(
            first.component,
            locations=(*first.component.locations, *each.component.locations),
            facts=replace(mine, groups=tuple(sorted(both)), marker=same),
        )
    return list(known.values())


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package."""
    names = Names(each.component for each in packages)
    known: dict[str, Request] = {}
    for package in packages:
        whole = True
        for node in package.nodes:
            complete = False
            with found.entry():
                edges = list(node.at("dependencies").elements())
                complete = True
                for each in edges:
                    followed = False
                    with found.entry():
                        package.needs += _targets(each, names, known)
                        followed = True
                    complete = complete and followed
            whole = whole and complete
        package.component = replace(package.component, graph=whole)


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
