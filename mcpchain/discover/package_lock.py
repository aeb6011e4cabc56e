"""npm's lock files: `package-lock.json` and `npm-shrinkwrap.json`, versions 2 and 3.

The `packages` map names every installed package by its path below the project.
"""

import re
from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, is_commit, npm_purl, vcs_purl
from mcpchain.tree import File

_NAMES: Final = frozenset({"package-lock.json", "npm-shrinkwrap.json"})
_FOLDER: Final = "node_modules/"
_VERSION: Final = re.compile(r"\d+\.\d+\.\d+(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?")
_EDGES: Final = ("dependencies", "optionalDependencies", "peerDependencies")


class PackageLock:
    """Reads npm's lock files."""

    id: ClassVar[str] = "package-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that npm gives to locks."""
        return file.name in _NAMES

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its digests and dependencies.

        Raises:
            MalformedError: It is not JSON, or has no `packages`.
            UnreadableError: It cannot be read.
        """
        lock = Node.from_json(file.read(), source=file.path)
        version = lock.at("lockfileVersion").integer()
        if version not in {2, 3}:
            found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=file.path, pointer="/lockfileVersion"),
                    reason=f"lockfileVersion {version} is not read",
                    state=State.UNSUPPORTED,
                    hint="run `npm install --package-lock-only` with npm 7 or newer",
                )
            )
            return
        packages = lock.at("packages")
        if not packages.exists:
            raise lock.malformed("no `packages`")
        refs: dict[str, str] = {}
        for path, node in packages.items():
            with found.entry():
                component = _component(path, node)
                if component is not None:
                    refs[path] = found.add(component)
        for path, node in packages.items():
            if path in refs:
                with found.entry():
                    for target in _targets(path, node, refs):
                        found.relate(refs[path], target)


def _component(path: str, node: Node) -> Component | None:
    """Return what is at *path*; `None` for the project itself."""
    if path == "":
        node.items()
        return None
    installed = path.rpartition(_FOLDER)[2] if _FOLDER in path else ""
    name = node.at("name").optional_text() or installed or path.rpartition("/")[2]
    if not name:
        raise node.malformed("names no package")
    if node.at("link").flag() or not installed:
        return _local(name, path, node)
    version = node.at("version").text()
    resolved = node.at("resolved").optional_text() or ""
    origin, registry = _origin(name, version, resolved)
    if node.at("inBundle").flag():
        origin, registry = Origin.BUNDLED, None
    purl, pin, exact = _identity(name, version, resolved, origin, node)
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        version=exact,
        purl=purl,
        pin=pin,
        requested="" if exact else version[:140],
        locations=(Location(path=node.source, pointer=node.pointer),),
        artifacts=tuple(_artifacts(node, resolved, origin)),
        licenses=tuple(_licenses(node)),
        facts=PackageFacts(
            origin=origin,
            registry=registry,
            development=node.at("dev").flag() or node.at("devOptional").flag(),
            optional=node.at("optional").flag(),
            alias=installed if installed != name else "",
        ),
    )


def _local(name: str, path: str, node: Node) -> Component:
    """Return a workspace, or a link to a folder: files of the project."""
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        pin=Pin.LOCAL,
        requested=path[:140],
        locations=(Location(path=node.source, pointer=node.pointer),),
        licenses=tuple(_licenses(node)),
        facts=PackageFacts(origin=Origin.PATH, development=node.at("dev").flag()),
    )


def _identity(
    name: str, version: str, resolved: str, origin: Origin, node: Node
) -> tuple[PackageURL | None, Pin, str | None]:
    """Return purl, pin and exact version; a doubtful version is none."""
    try:
        own = npm_purl(name)
        if origin is Origin.VCS:
            commit = resolved.rpartition("#")[2] if "#" in resolved else ""
            pin = Pin.COMMIT if is_commit(commit) else Pin.TAG
            return vcs_purl(resolved, commit or None, own), pin, None
        if origin is Origin.PATH:
            return None, Pin.LOCAL, None
        if not _VERSION.fullmatch(version):
            return own, Pin.FLOATING, None
        if origin is Origin.URL:
            # Other bytes than the registry's: not the package that bears the name.
            where = {"download_url": bare_url(resolved)}
            return own._replace(version=version, qualifiers=where), Pin.EXACT, version
        return npm_purl(name, version), Pin.EXACT, version
    except ValueError as error:
        raise node.malformed(str(error)) from None


def _origin(name: str, version: str, resolved: str) -> tuple[Origin, str | None]:
    """Say where the package comes from, and from which registry if the lock says.

    npm fetches what `resolved` names, whatever the entry calls itself. Only the address
    that a registry gives to this very package and version makes it that package.
    """
    if not resolved:
        return Origin.REGISTRY, None
    if re.match(r"(?:git\+|git:|ssh:|github:)", resolved):
        return Origin.VCS, None
    if not re.match(r"https?://", resolved, re.IGNORECASE):
        return Origin.PATH, None
    url = bare_url(resolved)
    bare = name.rpartition("/")[2]
    for spelled in (name, name.replace("/", "%2f"), name.replace("/", "%2F")):
        tail = f"/{spelled}/-/{bare}-{version}.tgz"
        if url.endswith(tail):
            return Origin.REGISTRY, url.removesuffix(tail)
    return Origin.URL, None


def _artifacts(node: Node, resolved: str, origin: Origin) -> Iterator[Artifact]:
    fetched = origin in {Origin.REGISTRY, Origin.URL} and resolved
    url = bare_url(resolved) if fetched else None
    integrity = node.at("integrity").optional_text()
    if not integrity:
        if url:
            yield Artifact(name=url.rpartition("/")[2], url=url)
        return
    try:
        digests = Digest.parse_sri(integrity)
    except ValueError as error:
        raise node.at("integrity").malformed(str(error)) from None
    for digest in digests:
        name = url.rpartition("/")[2] if url else ""
        yield Artifact(name=name, digests=(digest,), url=url)


def _licenses(node: Node) -> Iterator[str]:
    license_ = node.at("license")
    if license_.is_text():
        yield license_.text()
    elif license_.is_object():
        yield license_.at("type").text()


def _targets(path: str, node: Node, refs: Mapping[str, str]) -> Iterator[str]:
    """Yield the refs that *path* depends on, found the way Node.js looks for them."""
    for kind in _EDGES:
        for name, _ in node.at(kind).items():
            place = path
            while True:
                here = f"{place}/{_FOLDER}{name}" if place else f"{_FOLDER}{name}"
                if here in refs:
                    yield refs[here]
                    break
                if not place:
                    break
                place = place.rpartition(_FOLDER)[0].rstrip("/")


DISCOVERER: Final[Discoverer] = PackageLock()
