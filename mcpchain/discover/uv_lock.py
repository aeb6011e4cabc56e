"""uv's lock file, `uv.lock`, version 1."""

from collections.abc import Iterator, Mapping, Sequence
from typing import ClassVar, Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, is_commit, pypi_purl, vcs_purl
from mcpchain.tree import File

_LOCAL: Final = ("editable", "virtual", "directory", "path")


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
        lock = Node.from_toml(file.read(), source=file.path)
        version = lock.at("version").integer()
        if version != 1:
            found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=file.path, pointer="/version"),
                    reason=f"version {version} of uv's lock is not read",
                    state=State.UNSUPPORTED,
                    hint="lock with a uv that writes version 1",
                )
            )
            return
        named: dict[str, list[tuple[str | None, str]]] = {}
        nodes: list[tuple[str, Node]] = []
        for node in lock.at("package").elements():
            with found.entry():
                component = _component(node)
                ref = found.add(component)
                nodes.append((ref, node))
                named.setdefault(component.name, []).append((component.version, ref))
        for ref, node in nodes:
            for edge in _edges(node):
                with found.entry():
                    for target in _fitting(edge, named):
                        found.relate(ref, target)


def _component(node: Node) -> Component:
    written = node.at("name").text()
    try:
        name = pypi_purl(written).name
    except ValueError as error:
        raise node.at("name").malformed(str(error)) from None
    source = node.at("source")
    if any(key in source for key in _LOCAL):
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            pin=Pin.LOCAL,
            locations=(Location(path=node.source, pointer=node.pointer),),
            artifacts=tuple(_artifacts(node)),
            facts=PackageFacts(origin=Origin.PATH),
        )
    version = _version(node.at("version"))
    purl, pin, origin = pypi_purl(name, version), Pin.EXACT, Origin.REGISTRY
    registry = None
    if "git" in source:
        address = source.at("git").text()
        commit = address.rpartition("#")[2] if "#" in address else ""
        pin = Pin.COMMIT if is_commit(commit) else Pin.TAG
        purl, origin = vcs_purl(address, commit or None, purl), Origin.VCS
    elif "url" in source:
        where = bare_url(source.at("url").text())
        purl = pypi_purl(name, version, download_url=where)
        origin = Origin.URL
    else:
        registry = bare_url(source.at("registry").text())
    if version is None and origin is Origin.REGISTRY:
        raise node.malformed("names no version")
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=purl,
        pin=pin,
        locations=(Location(path=node.source, pointer=node.pointer),),
        artifacts=tuple(_artifacts(node)),
        facts=PackageFacts(origin=origin, registry=registry),
    )


def _version(node: Node) -> str | None:
    text = node.optional_text()
    if text is None:
        return None
    try:
        return str(Version(text))
    except InvalidVersion:
        raise node.malformed(f"`{text[:140]}` is no version (PEP 440)") from None


def _artifacts(node: Node) -> Iterator[Artifact]:
    files = [*node.at("wheels").elements()]
    if node.at("sdist").exists:
        files.append(node.at("sdist"))
    for each in files:
        url = each.at("url").optional_text() or each.at("path").optional_text() or ""
        bare = bare_url(url)
        name = each.at("filename").optional_text() or bare.rpartition("/")[2]
        size = each.at("size")
        yield Artifact(
            name=name,
            digests=_digests(each.at("hash")),
            url=bare if "://" in bare else None,
            size=size.integer() if size.exists else None,
        )


def _digests(node: Node) -> tuple[Digest, ...]:
    text = node.optional_text()
    if text is None:
        return ()
    try:
        return (Digest.parse(text),)
    except ValueError as error:
        raise node.malformed(str(error)) from None


def _edges(node: Node) -> Iterator[Node]:
    yield from node.at("dependencies").elements()
    for group in ("optional-dependencies", "dev-dependencies"):
        for _, entries in node.at(group).items():
            yield from entries.elements()


def _fitting(
    edge: Node, named: Mapping[str, Sequence[tuple[str | None, str]]]
) -> Iterator[str]:
    """Yield the refs that an edge may mean: of a fork, all that it does not exclude."""
    name = canonicalize_name(edge.at("name").text())
    version = edge.at("version").optional_text()
    for known, ref in named.get(name, ()):
        if version is None or known is None or version == known:
            yield ref


DISCOVERER: Final[Discoverer] = UvLock()
