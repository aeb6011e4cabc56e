"""uv's lock file, `uv.lock`, version 1.

uv publishes no specification of it; what is read here is what uv 0.5 and later write.
"""

import contextlib
import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import ClassVar, Final
from urllib.parse import parse_qs, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import Version

from mcpchain.artifact import Artifact, Digest, identified
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, is_commit, pypi_purl, source_address, vcs_url
from mcpchain.tree import File
from mcpchain.tree.named import Named

_BYTES: Final = 32 << 20
_FITTING: Final = 100
"""How many packages one edge may fit."""
_OWN: Final = frozenset({"editable", "virtual"})
"""Sources that uv gives to the packages of the project itself."""
_FOLDERS: Final = _OWN | {"directory"}
_ELSEWHERE: Final = frozenset({"git", "registry", "url"})
_HERE: Final = frozenset({".", "./"})
"""Ways to write the folder of the lock itself."""
_MARKS: Final = ("pyproject.toml", "setup.py")


@dataclass(slots=True, kw_only=True)
class _Package:
    """A package of the lock, and the packages that each kind of edge leads to."""

    node: Node
    component: Component
    needs: list[int] = field(default_factory=list)
    extras: list[int] = field(default_factory=list)
    groups: list[int] = field(default_factory=list)


class UvLock:
    """Reads `uv.lock`."""

    id: ClassVar[str] = "uv-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that uv gives to its lock."""
        return file.name == "uv.lock"

    def discover(self, file: File, found: Collector) -> None:
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
        reader = _Reader(file, found)
        packages: list[_Package] = []
        for node in lock.at("package").elements():
            with found.entry():
                component = reader.component(node)
                packages.append(_Package(node=node, component=component))
        _connect(packages, found)
        refs = [found.add(each) for each in _marked(packages)]
        for ref, package in zip(refs, packages, strict=True):
            for target in (*package.needs, *package.extras, *package.groups):
                found.relate(ref, refs[target])


class _Reader:
    """Reads the packages of one lock."""

    def __init__(self, file: File, found: Collector) -> None:
        self._named = Named(file.tree)
        self._base = file.path.rpartition("/")[0]
        self._found = found

    def component(self, node: Node) -> Component:
        """Declare one package.

        Raises:
            MalformedError: It has no name, or not one source.
        """
        name = node.at("name")
        try:
            purl = pypi_purl(name.text())
        except ValueError as error:
            raise name.malformed(str(error)) from None
        version = None
        with self._found.entry():
            version = _version(node.at("version"))
        component = Component(
            kind=Kind.LIBRARY,
            name=purl.name,
            version=version,
            purl=pypi_purl(purl.name, version),
            pin=Pin.EXACT if version else Pin.FLOATING,
            artifacts=tuple(_artifacts(node, self._found)),
            facts=PackageFacts(),
            locations=(Location(path=node.source, pointer=node.pointer),),
        )
        source = node.at("source")
        kinds = {key for key, _ in source.items()} & {*_ELSEWHERE, *_FOLDERS, "path"}
        if len(kinds) > 1:
            raise source.malformed("names several sources, of which uv takes one")
        if not kinds:
            raise source.malformed("names no kind of source that is known here")
        (kind,) = kinds
        place = source.at(kind).text()
        if kind == "git":
            return _from_repository(component, place)
        if kind == "url" and not _is_local(place):
            return _from_address(component, place)
        if kind == "registry" and "://" in place:
            facts = PackageFacts(registry=bare_url(place))
            return replace(component, facts=facts)
        return self._local(component, node, kind, place)

    def _local(
        self, component: Component, node: Node, kind: str, place: str
    ) -> Component:
        """Look at what lies on this machine: it means something only in the tree."""
        local = replace(
            component, pin=Pin.LOCAL, facts=PackageFacts(origin=Origin.PATH)
        )
        if kind in _FOLDERS:
            if place not in _HERE:
                with self._doubt(node, f"the folder `{_shown(place)}`"):
                    self._named.folder(place, [self._base], _MARKS)
            own = kind in _OWN and place in _HERE
            return replace(
                local,
                kind=Kind.APPLICATION if own else Kind.LIBRARY,
                # A folder's name is nobody's on an index: looked up, it names a
                # stranger.
                purl=None,
            )
        if kind == "registry":
            return replace(local, artifacts=self._wheels(local, node, place))
        pins = [digest for each in local.artifacts for digest in each.digests]
        with self._doubt(node, f"the file `{_shown(place)}`"):
            if _is_local(place):
                raise ValueError("is an address on this machine, and is not read")
            seen = self._named.artifact(place, [self._base], pins)
            local = replace(local, artifacts=(seen,))
        return local if local.version else replace(local, purl=None)

    def _wheels(
        self, component: Component, node: Node, folder: str
    ) -> tuple[Artifact, ...]:
        """Return the files of a folder that serves as an index."""
        artifacts = list(component.artifacts)
        paths = [each.at("path").optional_text() for each in _files(node)]
        with self._doubt(node, f"the index `{_shown(folder)}`"):
            if not artifacts or len(artifacts) != len(paths) or None in paths:
                raise ValueError("has a file of which the lock gives no path")
            bases = [f"{self._base}/{folder}" if self._base else folder]
            for index, path in enumerate(filter(None, paths)):
                self._named.folder(folder, [self._base], [path])
                pins = artifacts[index].digests
                artifacts[index] = self._named.artifact(path, bases, pins)
        return tuple(artifacts)

    @contextlib.contextmanager
    def _doubt(self, node: Node, what: str) -> Iterator[None]:
        """Turn what is not as the lock says into a gap."""
        try:
            yield
        except ValueError as error:
            self._found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=node.source, pointer=node.pointer),
                    reason=f"{what} {error}",
                    state=State.UNREADABLE,
                    hint="put it into the examined folder, name it by a relative path, "
                    "and lock again",
                )
            )


def _from_repository(component: Component, text: str) -> Component:
    url, _, commit = text.partition("#")
    where = vcs_url(url, commit or None)
    purl = pypi_purl(component.name, component.version, vcs_url=where)
    firm = Pin.COMMIT if is_commit(commit) else Pin.TAG
    return replace(
        component,
        purl=purl._replace(subpath=_subfolder(url)),
        pin=firm if commit else Pin.FLOATING,
        requested=where,
        facts=PackageFacts(origin=Origin.VCS, registry=source_address(url)),
    )


def _from_address(component: Component, url: str) -> Component:
    address = bare_url(url)
    return replace(
        component,
        purl=pypi_purl(component.name, component.version, download_url=address),
        pin=Pin.DIGEST if identified(component.artifacts) else Pin.TAG,
        requested=address,
        facts=PackageFacts(origin=Origin.URL, registry=source_address(url)),
    )


def _is_local(url: str) -> bool:
    return url.lower().startswith("file:")


def _shown(text: str) -> str:
    return bare_url(text)[:140]


def _subfolder(url: str) -> str | None:
    try:
        return parse_qs(urlsplit(url).query).get("subdirectory", [None])[0]
    except ValueError:
        return None


def _version(node: Node) -> str | None:
    text = node.optional_text()
    if text is None:
        return None
    try:
        return str(Version(text))
    except ValueError:
        raise node.malformed(f"`{text[:140]}` is no version (PEP 440)") from None


def _files(node: Node) -> Iterator[Node]:
    yield from node.at("wheels").elements()
    if node.at("sdist").exists:
        yield node.at("sdist")


def _artifacts(node: Node, found: Collector) -> Iterator[Artifact]:
    for each in _files(node):
        with found.entry():
            url = bare_url(each.at("url").optional_text() or "")
            path = each.at("path").optional_text() or url
            name = each.at("filename").optional_text() or path
            size = each.at("size")
            yield Artifact(
                name=name.replace("\\", "/").rpartition("/")[2],
                digests=_digests(each.at("hash"), found),
                url=url or None,
                size=size.integer() if size.exists else None,
                published=_time(each.at("upload-time")),
            )


def _digests(node: Node, found: Collector) -> tuple[Digest, ...]:
    """Read a hash. A bad one is a gap, and the file stays without a digest."""
    digests: tuple[Digest, ...] = ()
    with found.entry():
        text = node.optional_text()
        try:
            digests = (Digest.parse(text),) if text is not None else ()
        except ValueError as error:
            raise node.malformed(str(error)) from None
    return digests


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
    for package in packages:
        node = package.node
        with found.entry():
            for edge in node.at("dependencies").elements():
                package.needs += _targets(edge, packages, named, found)
        for key, targets in (
            ("optional-dependencies", package.extras),
            ("dev-dependencies", package.groups),
        ):
            with found.entry():
                for _, edges in node.at(key).items():
                    for edge in edges.elements():
                        targets.extend(_targets(edge, packages, named, found))


def _targets(
    edge: Node,
    packages: list[_Package],
    named: dict[str, list[int]],
    found: Collector,
) -> list[int]:
    """Return the packages that an edge may mean.

    uv adds version and source where the name alone does not tell forks apart.
    """
    fitting: list[int] = []
    with found.entry():
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


def _marked(packages: list[_Package]) -> Iterator[Component]:
    """Mark what only an extra or a dependency group of the project asks for."""
    own = [each for each in packages if each.component.kind is Kind.APPLICATION]
    required = _reached(packages, (n for each in own for n in each.needs))
    extras = _reached(packages, (n for each in own for n in each.extras))
    groups = _reached(packages, (n for each in own for n in each.groups))
    for index, package in enumerate(packages):
        facts = package.component.facts
        if isinstance(facts, PackageFacts) and index not in required:
            facts = replace(
                facts,
                optional=index in extras,
                development=index in groups and index not in extras,
            )
        yield replace(package.component, facts=facts)


def _reached(packages: list[_Package], start: Iterable[int]) -> set[int]:
    reached: set[int] = set()
    pending = [*start]
    while pending:
        index = pending.pop()
        if index not in reached:
            reached.add(index)
            pending += packages[index].needs
    return reached


DISCOVERER: Final[Discoverer] = UvLock()
