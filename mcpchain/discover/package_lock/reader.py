"""npm's lock files, `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3.

What counts is the map `packages`, from folders to the packages in them (npm's manual,
"package-lock.json"). The map `dependencies` of version 2 is for npm 6; it must not say
anything else. In version 1 it is all there is.
"""

from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.discover.package_lock.edges import (
    HINT,
    bundled,
    compare_ranges,
    connect,
    edges,
)
from mcpchain.discover.package_lock.entry import Entry, flag, plain_text, read_entry
from mcpchain.discover.package_lock.unite import Believed, united
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import npm_purl
from mcpchain.npm_lock.graph import contradictions, undeclared
from mcpchain.npm_lock.integrity import artifacts_of
from mcpchain.npm_lock.manifest import Manifests, declared
from mcpchain.npm_lock.marker import KEYS as MACHINES
from mcpchain.npm_lock.marker import marker_of
from mcpchain.npm_lock.name import SHOWN, is_name, version_of
from mcpchain.npm_lock.source import (
    FOLDER,
    Source,
    address_of,
    folder_problem,
    source_of,
)
from mcpchain.npm_lock.workspace import Members, members_of
from mcpchain.npm_version import exact_version
from mcpchain.tree import File
from mcpchain.tree.named import Named

_BYTES: Final = 32 << 20


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its tarball and dependencies.

    Raises:
        MalformedError: It is no JSON, or has no version or no packages.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_json(file.read(_BYTES), source=file.path)
    version = lock.at("lockfileVersion").integer()
    if version not in {1, 2, 3}:
        found.gap(_unsupported(version, file.path))
        return
    # An npm that writes no such lock reads `packages` wherever it finds it.
    first = version == 1 and not lock.at("packages").exists
    if first:
        from mcpchain.discover.package_lock.first import first_entries

        entries = first_entries(file, lock, found)
    else:
        entries = _entries(lock, found)
    # The first npm that wrote such a lock did not write what needs what.
    graph = not first or lock.value.get("requires") is True
    manifests = Manifests(file)
    reader = _Reader(file, entries, manifests, found, graph=graph)
    components: list[tuple[Entry, Component]] = []
    for entry in entries.values():
        target = entries.get(entry.link) if entry.link is not None else None
        # A link to a link may lead nowhere, or to itself.
        if target is None or target.link is not None:
            with found.entry():
                components.append((entry, reader.component(entry)))
    for entry, _ in components:
        entry.declared = True
    followed = edges(entries, found)
    projects = [e for e, c in components if c.kind is Kind.APPLICATION]
    believed = Believed(entries, followed, projects, manifests.at(), told=not first)
    for entry, component in united(components, believed):
        entry.ref = found.add(component)
    connect(followed, found)
    contradictions((each for _, each in components), found)
    _compare_manifests(manifests, entries, found)
    compare_ranges(followed, manifests.at(), found)
    if first:
        from mcpchain.discover.package_lock.first import compare_first

        compare_first(entries, manifests.at(), found)
    elif "dependencies" in lock:
        from mcpchain.discover.package_lock.twice import compare

        compare(lock, entries, found)


def _entries(lock: Node, found: Collector) -> dict[str, Entry]:
    packages = lock.at("packages")
    if not packages.exists:
        raise packages.unexpected("an object")
    entries: dict[str, Entry] = {}
    for path, node in packages.items():
        with found.entry():
            entries[path] = read_entry(path, node)
    return entries


def _compare_manifests(
    manifests: Manifests, entries: Mapping[str, Entry], found: Collector
) -> None:
    """Leave a gap for what a manifest asks for and the lock does not."""
    for entry in entries.values():
        if not entry.installed and entry.link is None:
            listed: dict[str, set[str]] = {}
            for name, _, text in declared(entry.node):
                listed.setdefault(name, set()).add(text)
            manifest = manifests.at(entry.path)
            undeclared(manifest, listed, entry.node, found, HINT)


def _unsupported(version: int, path: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path, pointer="/lockfileVersion"),
        reason=f"lockfileVersion {str(version)[:40]} is not read",
        state=State.UNSUPPORTED,
        hint="lock with an npm that writes version 3",
    )


class _Reader:
    """Reads the entries of one lock."""

    def __init__(
        self,
        file: File,
        entries: Mapping[str, Entry],
        manifests: Manifests,
        found: Collector,
        *,
        graph: bool,
    ) -> None:
        self._manifests = manifests
        self._registries: dict[str, Source] = {}
        self._known: dict[tuple[object, ...], PackageFacts] = {}
        self._base = file.path.rpartition("/")[0]
        self._named = Named(file.tree)
        self._bundled = bundled(entries, found)
        self._found = found
        self._graph = graph
        self._members = Members()
        if "" in entries and "workspaces" in entries[""].node:
            with found.entry():
                self._members = members_of(entries[""].node)

    def component(self, entry: Entry) -> Component:
        """Declare what lies in one folder.

        Raises:
            MalformedError: It has no name.
        """
        node = entry.node
        name = _own_name(entry)
        version = self._version(entry)
        source, artifacts = self._source(entry, name, version)
        if source.other is not None:
            name, version = source.other.name, source.other.version
        member = not entry.installed and entry.path in self._members
        purl = npm_purl(name, version) if source.named else None
        if purl and source.qualifiers:
            purl = purl._replace(qualifiers=source.qualifiers)
        return Component(
            kind=Kind.APPLICATION if member or not entry.path else Kind.LIBRARY,
            name=name,
            version=version,
            purl=purl,
            pin=source.pin,
            requested=source.requested,
            licenses=self._licenses(node),
            artifacts=artifacts,
            graph=self._graph,
            facts=self._facts(entry, source, name, member=member),
            locations=self._places(entry),
        )

    def _version(self, entry: Entry) -> str | None:
        node = entry.node
        text = plain_text(node, "version")
        if text is not None and exact_version(text) == text:
            return text
        with self._found.entry():
            needed = entry.installed and entry.versioned
            return _version(node.at("version"), required=needed)
        return None

    def _licenses(self, node: Node) -> tuple[str, ...]:
        if (text := plain_text(node, "license")) is not None:
            return (text,)
        if "license" in node.value:
            with self._found.entry():
                return tuple(_licenses(node.at("license")))
        return ()

    def _facts(
        self, entry: Entry, source: Source, name: str, *, member: bool
    ) -> PackageFacts:
        """Return what is said of a package; most packages share that with others."""
        node = entry.node
        marker = ""
        if not node.value.keys().isdisjoint(MACHINES):
            with self._found.entry():
                marker = marker_of(node)
        alias = entry.folder if entry.installed and entry.folder != name else ""
        # What is `devOptional` is there without either, and so is neither alone.
        development, optional = flag(node, "dev"), flag(node, "optional")
        peer = flag(node, "peer")
        said = (source.origin, source.registry, development, optional, peer, member)
        if (known := self._known.get((*said, marker, alias))) is None:
            known = self._known[*said, marker, alias] = PackageFacts(
                origin=source.origin,
                registry=source.registry,
                development=development,
                optional=optional,
                peer=peer,
                workspace=member,
                marker=marker,
                alias=alias,
            )
        return known

    def _places(self, entry: Entry) -> tuple[Location, ...]:
        """Return where a package is declared: a project in its manifest too."""
        place = Location(path=entry.node.source, pointer=entry.node.pointer)
        if entry.installed or entry.link is not None:
            return (place,)
        manifest = self._manifests.at(entry.path)
        if manifest is None:
            return (place,)
        return (place, Location(path=manifest.source))

    def _source(
        self, entry: Entry, name: str, version: str | None
    ) -> tuple[Source, tuple[Artifact, ...]]:
        """Return where a package comes from and which bytes it may be."""
        node = entry.node
        if entry.link is not None or not entry.installed:
            folder = entry.path if entry.link is None else entry.link
            if entry.path:
                problem = folder_problem(folder, self._named, self._base)
                self._doubt(node, problem)
            return FOLDER, ()
        resolved = _resolved(node, self._found)
        if (plain := self._plain(resolved, name, version)) is not None:
            return plain, artifacts_of(node, "integrity", resolved, self._found)
        address = address_of(resolved)
        artifacts = artifacts_of(node, "integrity", address, self._found)
        if not resolved:
            inside = flag(node, "inBundle") and entry.path in self._bundled
            origin = Origin.BUNDLED if inside else Origin.REGISTRY
            firm = Pin.EXACT if version else Pin.FLOATING
            return Source(origin=origin, pin=firm), artifacts
        package = (name, version)
        source = source_of(resolved, package, artifacts, self._named, self._base)
        self._doubt(node, source.problem, source.state)
        self._learn(resolved, source, name, version)
        return source, (source.artifact,) if source.artifact else artifacts

    def _plain(self, resolved: str, name: str, version: str | None) -> Source | None:
        """Return the source of a tarball that lies where its registry has all."""
        end = _tarball(name, version)
        registry = resolved.removesuffix(end)
        return self._registries.get(registry) if registry != resolved else None

    def _learn(
        self, resolved: str, source: Source, name: str, version: str | None
    ) -> None:
        """Remember a registry of which nothing has to be asked again."""
        plain = Source(origin=Origin.REGISTRY, pin=Pin.EXACT, registry=source.registry)
        registry = source.registry or ""
        # After an `@` the name of a package could go on.
        whole = resolved == f"{registry}{_tarball(name, version)}"
        if source == plain and whole and version and "@" not in registry:
            self._registries[registry] = source

    def _doubt(self, node: Node, problem: str, state: State = State.UNREADABLE) -> None:
        if problem:
            self._found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=node.source, pointer=node.pointer),
                    reason=problem,
                    state=state,
                    hint="examine the folder in which npm would install this lock, and "
                    "write the lock anew with `npm install --package-lock-only`",
                )
            )


def _own_name(entry: Entry) -> str:
    """Return the name of a package; an alias gives its folder another one."""
    node = entry.node
    if "name" in node.value:
        name = node.at("name").text()
        if is_name(name):
            return name
        if entry.installed:
            problem = f"`{name[:SHOWN]}` is not the name of a package"
            raise node.at("name").malformed(problem)
    return entry.folder or PurePosixPath(node.source).parent.name or "."


def _version(node: Node, *, required: bool) -> str | None:
    text = node.text() if required else node.optional_text()
    return version_of(text, node) if text is not None else None


def _licenses(node: Node) -> Iterator[str]:
    """Read a licence; old packages have objects or lists in its place."""
    for each in node.elements() if node.is_list() else [node]:
        inner = each.at("type") if each.is_object() else each
        if (text := inner.optional_text()) is not None:
            yield text


def _resolved(node: Node, found: Collector) -> str:
    text = plain_text(node, "resolved")
    if text is None and "resolved" in node.value:
        with found.entry():
            text = node.at("resolved").optional_text()
    return (text or "").strip()


def _tarball(name: str, version: str | None) -> str:
    """Return how the address of a package in a registry ends."""
    return f"/{name}/-/{name.rpartition('/')[2]}-{version}.tgz"
