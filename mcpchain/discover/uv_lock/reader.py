"""uv's lock file, `uv.lock`, version 1.

uv publishes no specification of it; what is read here is what uv 0.5 and later write.
"""

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Final
from urllib.parse import parse_qs, urlsplit

from packaging.utils import canonicalize_name

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Kind, Location
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.python_files import digest_of
from mcpchain.python_graph import Reach, add_all
from mcpchain.python_package import (
    Beside,
    compare_wheels,
    contradict,
    declared,
    facts_of,
    from_address,
    from_repository,
    is_local,
)
from mcpchain.requirement import public_address
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 32 << 20
_MANIFEST: Final = 4 << 20
"""How many bytes of a lock are read, and of the manifest beside it."""
_FITTING: Final = 100
"""How many packages one edge may fit."""
_OWN: Final = frozenset({"editable", "virtual"})
"""Sources that uv gives to the packages of the project itself."""
_FOLDERS: Final = _OWN | {"directory"}
_ELSEWHERE: Final = frozenset({"git", "registry", "url"})
_HERE: Final = frozenset({".", "./"})
"""Ways to write the folder of the lock itself."""
_EXTRAS: Final = "optional-dependencies"
_GROUPS: Final = "dev-dependencies"
_Way = tuple[str, str]
"""A table of dependencies and a name in it; both empty: what is always needed."""
_ALWAYS: Final[_Way] = ("", "")


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, and where its edges lead."""

    node: Node
    component: Component
    edges: dict[_Way, list[tuple[int, tuple[str, ...]]]] = field(default_factory=dict)
    """Packages, each with the extras of it that are asked for."""
    complete: bool = True


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its files and dependencies.

    Raises:
        MalformedError: It is not TOML, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_toml(file.read(_BYTES), source=file.path)
    version = lock.at("version").integer()
    if version != 1:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer="/version"),
                reason=f"version {str(version)[:40]} of uv's lock is not read",
                state=State.UNSUPPORTED,
                hint="lock with a uv that writes version 1",
            )
        )
        return
    members: frozenset[str] = frozenset()
    with found.entry():
        if (manifest := lock.at("manifest")).exists:
            members = frozenset(manifest.at("members").texts())
    reader = _Reader(file, found)
    packages: list[_Package] = []
    for node in lock.at("package").elements():
        with found.entry():
            component = reader.component(node, members)
            packages.append(_Package(node=node, component=component))
    _connect(packages, found)
    contradict((each.component for each in packages), found)
    compare_wheels((each.component for each in packages), found)
    needs = ([t for ts in each.edges.values() for t, _ in ts] for each in packages)
    marked = _marked(packages, lock, _Shipped(file), found)
    add_all(marked, needs, found)


class _Reader:
    """Reads the packages of one lock."""

    def __init__(self, file: File, found: Collector) -> None:
        self._beside = Beside(file, found)
        self._found = found

    def component(self, node: Node, members: frozenset[str]) -> Component:
        """Declare one package.

        Raises:
            MalformedError: It has no name, or not one source.
        """
        component = declared(node, node.at("name"), node.at("version"), self._found)
        artifacts = tuple(_artifacts(node, self._found))
        component = replace(component, artifacts=artifacts)
        source = node.at("source")
        kinds = {key for key, _ in source.items()} & {*_ELSEWHERE, *_FOLDERS, "path"}
        if len(kinds) > 1:
            raise source.malformed("names several sources, of which uv takes one")
        if not kinds:
            raise source.malformed("names no kind of source that is known here")
        (kind,) = kinds
        place = source.at(kind).text()
        if kind == "git":
            url, _, commit = place.partition("#")
            return from_repository(component, url, commit, _subfolder(url))
        if kind == "url" and not is_local(place):
            return from_address(component, node, place, self._found)
        if kind == "registry" and "://" in place and not is_local(place):
            facts = replace(facts_of(component), registry=public_address(place))
            return replace(component, facts=facts)
        if kind in _FOLDERS:
            own = kind in _OWN and place in _HERE
            member = kind in _OWN and not own and component.name in members
            component = self._beside.folder(component, node, place)
            return replace(
                component,
                kind=Kind.APPLICATION if own else Kind.LIBRARY,
                facts=replace(facts_of(component), workspace=member),
            )
        if kind == "registry":
            paths = [each.at("path").optional_text() for each in _files(node)]
            return self._beside.index(component, node, place, paths)
        return self._beside.archive(component, node, place)


def _subfolder(url: str) -> str | None:
    try:
        return parse_qs(urlsplit(url).query).get("subdirectory", [None])[0]
    except ValueError:
        return None


def _files(node: Node) -> Iterator[Node]:
    yield from node.at("wheels").elements()
    if node.at("sdist").exists:
        yield node.at("sdist")


def _artifacts(node: Node, found: Collector) -> Iterator[Artifact]:
    for each in _files(node):
        with found.entry():
            url = public_address(each.at("url").optional_text() or "")
            path = each.at("path").optional_text() or url
            name = each.at("filename").optional_text() or path
            size = each.at("size")
            yield Artifact(
                name=name.replace("\\", "/").rpartition("/")[2],
                digests=digest_of(each.at("hash"), found),
                url=url or None,
                size=size.integer() if size.exists else None,
                published=_time(each.at("upload-time")),
            )


def _time(node: Node) -> dt.datetime | None:
    """Read when a file was uploaded: a string or a TOML time; UTC without a zone."""
    if not node.exists:
        return None
    try:
        time = (
            node.value
            if isinstance(node.value, dt.datetime)
            else dt.datetime.fromisoformat(node.text())
        )
    except ValueError:
        raise node.malformed(f"`{node.text()[:140]}` is no time") from None
    return time.replace(tzinfo=time.tzinfo or dt.UTC)


def _connect(packages: list[_Package], found: Collector) -> None:
    """Follow the edges of every package."""
    named: dict[str, list[int]] = {}
    for index, package in enumerate(packages):
        named.setdefault(package.component.name, []).append(index)

    def follow(package: _Package, way: _Way, edges: Node) -> None:
        for edge in edges.elements():
            complete = False
            with found.entry():
                extras = _extras(edge)
                targets = _targets(edge, packages, named)
                package.edges.setdefault(way, []).extend((t, extras) for t in targets)
                complete = True
            package.complete = package.complete and complete

    for package in packages:
        node, complete = package.node, False
        with found.entry():
            follow(package, _ALWAYS, node.at("dependencies"))
            for key in (_EXTRAS, _GROUPS):
                for name, edges in node.at(key).items():
                    follow(package, (key, name), edges)
            complete = True
        package.complete = package.complete and complete


def _extras(edge: Node) -> tuple[str, ...]:
    extra = edge.at("extra")
    return (extra.text(),) if extra.is_text() else extra.texts()


def _targets(
    edge: Node, packages: list[_Package], named: dict[str, list[int]]
) -> list[int]:
    """Return the packages that an edge may mean.

    uv adds version and source where the name alone does not tell forks apart.

    Raises:
        MalformedError: There is none, or there are too many.
    """
    fitting: list[int] = []
    name, version = edge.at("name").text(), edge.at("version").optional_text()
    source = edge.at("source")
    for index in named.get(canonicalize_name(name), ()):
        known = packages[index].node.value
        same_version = version in {None, known.get("version")}
        same_source = not source.exists or known.get("source") == source.value
        if same_version and same_source:
            fitting.append(index)
    if not 0 < len(fitting) <= _FITTING:
        raise edge.malformed(f"fits {len(fitting)} packages of this lock, not one")
    return fitting


class _Ways:
    """The graph whose places are a package, or one extra or group of a package."""

    def __init__(self, packages: Sequence[_Package]) -> None:
        self._packages = packages
        self._places: dict[tuple[int, _Way], int] = {}
        for index, package in enumerate(packages):
            for way in {_ALWAYS, *package.edges}:
                self._places[index, way] = len(self._places)
        edges = [
            [
                place
                for target, extras in packages[index].edges.get(way, ())
                for place in self._asked(target, extras)
            ]
            # What asks for an extra asks for the package.
            + ([self._places[index, _ALWAYS]] if way[0] == _EXTRAS else [])
            for index, way in self._places
        ]
        self._owners = [index for index, _ in self._places]
        self._reach = Reach(edges)

    def _asked(self, index: int, extras: Iterable[str]) -> Iterator[int]:
        yield self._places[index, _ALWAYS]
        for extra in extras:
            place = self._places.get((index, (_EXTRAS, extra)))
            if place is not None:
                yield place

    def of(self, ways: Iterable[tuple[int, _Way]]) -> set[int]:
        """Return the packages to which *ways* lead."""
        places = self._reach.from_(self._places[each] for each in ways)
        return {self._owners[place] for place in places}


class _Shipped:
    """The groups that uv installs even if it is told `--no-dev`.

    Args:
        lock: The manifest beside it may say so of any but `dev`.
    """

    def __init__(self, lock: File) -> None:
        self._names: frozenset[str] = frozenset()
        self._all = False
        with contextlib.suppress(UnreadableError, MalformedError):
            file = lock.beside("pyproject.toml")
            manifest = Node.from_toml(file.read(_MANIFEST), source=file.path)
            groups = manifest.at("tool").at("uv").at("default-groups")
            self._all = groups.value == "all"
            texts = () if self._all else groups.texts()
            self._names = frozenset(map(canonicalize_name, texts))

    def any(self, groups: Iterable[str]) -> bool:
        """Say whether one of *groups* is such a group."""
        others = {canonicalize_name(each) for each in groups} - {"dev"}
        return bool(others if self._all else others & self._names)


def _marked(
    packages: list[_Package], lock: Node, shipped: _Shipped, found: Collector
) -> Iterator[Component]:
    """Mark what only extras or dependency groups of the project ask for."""
    own = [
        index
        for index, each in enumerate(packages)
        if each.component.kind is Kind.APPLICATION or facts_of(each.component).workspace
    ]
    required: set[int] = set()
    asked: dict[str, dict[int, set[str]]] = {_EXTRAS: {}, _GROUPS: {}}
    try:
        ways = _Ways(packages)
        required = ways.of((index, _ALWAYS) for index in own)
        for index in own:
            for way in packages[index].edges.keys() - {_ALWAYS}:
                for reached in ways.of([(index, way)]):
                    asked[way[0]].setdefault(reached, set()).add(way[1])
    except ValueError as error:
        required, asked = set(range(len(packages))), {_EXTRAS: {}, _GROUPS: {}}
        place = Location(path=lock.source, pointer="/package")
        found.gap(
            Gap(stage="discover", location=place, reason=str(error), state=State.LIMIT)
        )
    for index, package in enumerate(packages):
        facts = facts_of(package.component)
        if index not in required:
            extras = asked[_EXTRAS].get(index, ())
            groups = asked[_GROUPS].get(index, ())
            facts = replace(
                facts,
                optional=bool(extras),
                development=bool(groups) and not extras and not shipped.any(groups),
                extras=tuple(sorted(extras)),
                groups=tuple(sorted(groups)),
            )
        yield replace(package.component, facts=facts, graph=package.complete)
