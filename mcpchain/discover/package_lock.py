"""npm's lock files, `package-lock.json` and `npm-shrinkwrap.json`, version 2 and 3.

What counts is the map `packages`, from folders to the packages in them (npm's manual,
"package-lock.json"). The map `dependencies` of version 2 is for npm 6 and is not read.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import ClassVar, Final

from mcpchain.artifact import Artifact, Digest, identified
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.npm_spec import exact_version
from mcpchain.naming import bare_url, is_commit, npm_purl, vcs_url
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_PATH_LENGTH: Final = 2000
_SEGMENTS: Final = 200
_STEPS: Final = 3_000_000
"""How many folders are looked into, in all, for the packages of edges."""
_SHOWN: Final = 140

_WORD: Final = r"[A-Za-z0-9~!'()*-][A-Za-z0-9~!'()*._-]*"
_NAME: Final = re.compile(rf"(?:@[A-Za-z0-9~!'()*._-]+/)?{_WORD}")
"""validate-npm-package-name, with what it allows for old packages."""
_RESERVED: Final = frozenset({"node_modules", "favicon.ico"})
_GIT: Final = re.compile(r"git(?:\+[a-z]+)?:|[^@/:]+@[^:/]+:", re.IGNORECASE)
_ADDRESS: Final = re.compile(r"(?!file:)[a-z][a-z0-9+.-]+:", re.IGNORECASE)
_ODD: Final = re.compile(r"/\.\.?(?:/|$)|%2e|//.*//", re.IGNORECASE)
_EDGES: Final = (
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
)


class PackageLock:
    """Reads npm's lock files."""

    id: ClassVar[str] = "package-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is one of npm's two."""
        return file.name in {"package-lock.json", "npm-shrinkwrap.json"}

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its tarball and dependencies.

        Raises:
            MalformedError: It is no JSON, or has no version or no packages.
            UnreadableError: It cannot be read.
        """
        lock = Node.from_json(file.read(_BYTES), source=file.path)
        version = lock.at("lockfileVersion").integer()
        if version not in {2, 3}:
            found.gap(_unsupported(version, file.path))
            return
        packages = lock.at("packages")
        if not packages.exists:
            raise packages.unexpected("an object")
        entries: dict[str, _Entry] = {}
        for path, node in packages.items():
            with found.entry():
                entries[path] = _entry(path, node)
        for entry in entries.values():
            if entry.link is None or entry.link not in entries:
                with found.entry():
                    entry.ref = found.add(_component(entry, found))
        _connect(entries, found)


def _unsupported(version: int, path: str) -> Gap:
    hint = "lock with an npm that writes version 3"
    if version == 1:
        hint = "run `npm install --package-lock-only` with npm 7 or later"
    return Gap(
        stage="discover",
        location=Location(path=path, pointer="/lockfileVersion"),
        reason=f"lockfileVersion {str(version)[:40]} is not read",
        state=State.UNSUPPORTED,
        hint=hint,
    )


@dataclass(slots=True, kw_only=True)
class _Entry:
    """One folder of the lock."""

    path: str
    node: Node
    folder: str
    """The name of the package's folder, with its scope: what `require` asks for."""
    installed: bool
    """Whether the folder is in a `node_modules`, and not the project's own."""
    link: str | None = None
    """The folder that this one is a link to."""
    ref: str | None = None


def _entry(path: str, node: Node) -> _Entry:
    """Read what *path* says.

    Raises:
        MalformedError: It is no path below or beside the project, or it is too deep.
    """
    if not node.exists:
        raise node.unexpected("an object")
    next(node.items(), None)  # raises if it is none, or is there twice
    parts = path.split("/") if path else []
    if len(path) > _PATH_LENGTH or len(parts) > _SEGMENTS:
        raise node.malformed("is a path too long or too deep to be followed")
    inner = parts[next((i for i, p in enumerate(parts) if p != ".."), len(parts)) :]
    if any(part in {"", ".", ".."} for part in inner) or "\\" in path or ":" in path:
        raise node.malformed(f"`{path[:_SHOWN]}` is no relative path")
    above, found, folder = path.rpartition("node_modules/")
    installed = bool(found) and (not above or above.endswith("/"))
    if installed and not is_name(folder):
        raise node.malformed(f"`{folder[:_SHOWN]}` is not the name of a package")
    link = None
    if _flag(node, "link"):
        link = node.at("resolved").text().removeprefix("./")
    return _Entry(
        path=path,
        node=node,
        folder=folder if installed else PurePosixPath(path).name,
        installed=installed,
        link=link,
    )


def is_name(text: str) -> bool:
    """Say whether *text* can be the name of an npm package."""
    return _NAME.fullmatch(text) is not None and text.lower() not in _RESERVED


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where the bytes of a package come from, and so how firm its entry is."""

    origin: Origin
    pin: Pin
    requested: str = ""
    registry: str | None = None
    qualifiers: dict[str, str] | None = None
    named: bool = True
    """Whether name and version are those of a package that others know too."""


# A folder's name is nobody's in a registry: looked up, it names a stranger.
_FOLDER: Final = _Source(origin=Origin.PATH, pin=Pin.LOCAL, named=False)


def _component(entry: _Entry, found: Collector) -> Component:
    node = entry.node
    name = _own_name(entry)
    version: str | None = None
    licenses: tuple[str, ...] = ()
    artifacts: tuple[Artifact, ...] = ()
    source = _FOLDER
    with found.entry():
        version = _version(node.at("version"), required=entry.installed)
    if "license" in node:
        with found.entry():
            licenses = tuple(_licenses(node.at("license")))
    if entry.installed and entry.link is None:
        resolved = _resolved(node, found)
        address = bare_url(resolved) if _ADDRESS.match(resolved) else ""
        artifacts = _artifacts(node, address, found)
        source = _source(node, resolved, address, (name, version), artifacts)
    purl = npm_purl(name, version) if source.named else None
    if purl and source.qualifiers:
        purl = purl._replace(qualifiers=source.qualifiers)
    return Component(
        kind=Kind.LIBRARY if entry.path else Kind.APPLICATION,
        name=name,
        version=version,
        purl=purl,
        pin=source.pin,
        requested=source.requested,
        licenses=licenses,
        artifacts=artifacts,
        facts=PackageFacts(
            origin=source.origin,
            registry=source.registry,
            development=_flag(node, "dev") or _flag(node, "devOptional"),
            optional=_flag(node, "optional"),
            alias=entry.folder if entry.installed and entry.folder != name else "",
        ),
        locations=(Location(path=node.source, pointer=node.pointer),),
    )


def _own_name(entry: _Entry) -> str:
    """Return the name of a package; an alias gives its folder another one."""
    node = entry.node
    if "name" in node:
        name = node.at("name").text()
        if is_name(name):
            return name
        if entry.installed:
            problem = f"`{name[:_SHOWN]}` is not the name of a package"
            raise node.at("name").malformed(problem)
    return entry.folder or PurePosixPath(node.source).parent.name or "."


def _flag(node: Node, key: str) -> bool:
    return key in node and node.at(key).flag()


def _version(node: Node, *, required: bool) -> str | None:
    text = node.text() if required else node.optional_text()
    if text is None:
        return None
    version = exact_version(text)
    if version is None or not text[0].isdigit():
        raise node.malformed(f"`{text[:_SHOWN]}` is no version (SemVer)")
    return version


def _licenses(node: Node) -> Iterator[str]:
    """Read a licence; old packages have objects or lists in its place."""
    for each in node.elements() if node.is_list() else [node]:
        inner = each.at("type") if each.is_object() else each
        if (text := inner.optional_text()) is not None:
            yield text


def _resolved(node: Node, found: Collector) -> str:
    text = None
    if "resolved" in node:
        with found.entry():
            text = node.at("resolved").optional_text()
    return (text or "").strip()


def _artifacts(node: Node, address: str, found: Collector) -> tuple[Artifact, ...]:
    """Read an integrity value. A bad one is a gap, and accepts nothing."""
    digests: tuple[Digest, ...] = ()
    if "integrity" in node:
        with found.entry():
            digests = _digests(node.at("integrity"))
    name = address.rpartition("/")[2]
    return tuple(
        Artifact(name=name, digests=(digest,), url=address or None)
        for digest in dict.fromkeys(digests)
    )


def _digests(node: Node) -> tuple[Digest, ...]:
    text = node.optional_text()
    if text is None:
        return ()
    try:
        return Digest.parse_sri(text)
    except ValueError as error:
        raise node.malformed(str(error)) from None


def _source(
    node: Node,
    resolved: str,
    address: str,
    package: tuple[str, str | None],
    artifacts: tuple[Artifact, ...],
) -> _Source:
    firm = Pin.EXACT if package[1] else Pin.FLOATING
    if not resolved:
        bundled = _flag(node, "inBundle")
        return _Source(origin=Origin.BUNDLED if bundled else Origin.REGISTRY, pin=firm)
    if _GIT.match(resolved):
        return _repository(resolved)
    if not address:
        known = package[1] is not None and bool(artifacts)
        return _Source(origin=Origin.PATH, pin=Pin.LOCAL, named=known)
    registry = _registry(address, package)
    if registry is not None:
        return _Source(origin=Origin.REGISTRY, pin=firm, registry=registry)
    return _Source(
        origin=Origin.URL,
        pin=Pin.DIGEST if identified(artifacts) else Pin.TAG,
        requested=address,
        qualifiers={"download_url": address},
    )


def _registry(address: str, package: tuple[str, str | None]) -> str | None:
    """Return the registry whose tarball of this very package *address* is."""
    name, version = package
    plain = address.replace("%2f", "/").replace("%2F", "/").replace("%40", "@")
    end = f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
    if version is None or not plain.endswith(end) or _ODD.search(plain):
        return None
    registry = plain.removesuffix(end)
    scheme, _, host = registry.partition("://")
    return registry if scheme in {"http", "https"} and host else None


def _repository(resolved: str) -> _Source:
    url, _, revision = resolved.partition("#")
    where = vcs_url(url, revision or None)
    firm = Pin.COMMIT if is_commit(revision) else Pin.TAG
    return _Source(
        origin=Origin.VCS,
        pin=firm if revision else Pin.FLOATING,
        requested=where,
        qualifiers={"vcs_url": where},
    )


def _connect(entries: dict[str, _Entry], found: Collector) -> None:
    """Follow the edges of every package, as node looks for modules."""
    steps = 0
    for entry in entries.values():
        if entry.ref is None:
            continue
        folders = _search_path(entry.path)
        for kind in _EDGES:
            if kind == "devDependencies" and entry.installed:
                continue
            for name in _names(entry.node, kind, found):
                steps += len(folders)
                if steps > _STEPS:
                    found.gap(_too_many(entry))
                    return
                target = _find(name, folders, entries)
                if target is not None:
                    found.relate(entry.ref, target)
                elif kind == "dependencies" and not _is_optional(name, entry.node):
                    found.gap(_missing(name, entry))


def _names(node: Node, kind: str, found: Collector) -> list[str]:
    names: list[str] = []
    if kind in node:
        with found.entry():
            wanted = node.at(kind)
            # Only the names count, so that no node is made of each member.
            if next(wanted.items(), None):
                names = [*wanted.value]
    return names


def _is_optional(name: str, node: Node) -> bool:
    return "optionalDependencies" in node and name in node.at("optionalDependencies")


def _search_path(path: str) -> list[str]:
    """Return the folders in which the package at *path* finds others, nearest first."""
    parts = path.split("/") if path else []
    ends = range(len(parts), -1, -1)
    found = []
    for end in ends:
        above = parts[:end]
        if above and above[-1] == "node_modules":
            continue
        if parts[:1] == [".."] and not above:
            break
        found.append("/".join([*above, "node_modules", ""]))
    return found


def _find(name: str, folders: list[str], entries: dict[str, _Entry]) -> str | None:
    for folder in folders:
        entry = entries.get(folder + name)
        if entry is not None:
            linked = entries.get(entry.link) if entry.link is not None else None
            return (linked or entry).ref
    return None


def _missing(name: str, entry: _Entry) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=entry.node.source, pointer=entry.node.pointer),
        reason=f"depends on `{name[:_SHOWN]}`, which the lock does not hold",
        state=State.PARTIAL,
        hint="run `npm install --package-lock-only` to complete the lock",
        ref=entry.ref,
    )


def _too_many(entry: _Entry) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=entry.node.source, pointer=entry.node.pointer),
        reason="more dependencies than are followed; those from here on are not known",
        state=State.LIMIT,
        hint="check that the lock is one that npm wrote",
    )


DISCOVERER: Final[Discoverer] = PackageLock()
