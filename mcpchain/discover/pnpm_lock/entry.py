"""The packages in pnpm's lock: what each is, and where its bytes come from."""

import posixpath
from collections.abc import Iterator
from typing import Final

from mcpchain.discover.pnpm_lock.key import SNAPSHOTS, Key, read_key
from mcpchain.document import Node
from mcpchain.inventory import Collector, State
from mcpchain.naming import bare_url
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import Package, patched
from mcpchain.npm_lock.integrity import digests_of
from mcpchain.npm_lock.name import SHOWN, shown, version_of
from mcpchain.npm_version import exact_version

_IDENTITY: Final = frozenset({"name", "resolution", "version"})
"""What of version 9 only the entries of `packages` say."""


class Reader:
    """Reads the packages of one lock.

    Args:
        lock: The document.
        major: Its version.
        describer: Declares the packages.
        found: Gets the gaps.
    """

    def __init__(
        self, lock: Node, major: int, describer: Describer, found: Collector
    ) -> None:
        self._lock = lock
        self._major = major
        self._describer = describer
        self._found = found
        self._edges: list[tuple[str, Node]] = []
        self._keys: dict[str, Key] = {}

    def packages(self) -> dict[str, Package]:
        """Return the packages by the names of their entries."""
        entries: dict[str, Node] = {}
        with self._found.entry():
            entries = dict(self._lock.at("packages").items())
        if self._major < SNAPSHOTS:
            return self._read(entries, {})
        snapshots: dict[str, Node] = {}
        with self._found.entry():
            snapshots = dict(self._lock.at("snapshots").items())
        bases = {read_key(key, self._major).base for key in snapshots}
        alone = {key: node for key, node in entries.items() if key not in bases}
        return self._read(snapshots, entries) | self._read(alone, entries)

    def edges(self) -> Iterator[tuple[str, Node]]:
        """Yield each entry that was read, with what it needs."""
        yield from self._edges

    def patches(self, packages: dict[str, Package]) -> None:
        """Leave a gap for each package that is patched."""
        told: set[str] = set()
        if "patchedDependencies" in self._lock:
            with self._found.entry():
                for name, node in self._lock.at("patchedDependencies").items():
                    told.add(name)
                    patched(name, node, self._found)
        for key, node in self._edges:
            known = self._keys[key]
            name = f"{known.name}@{known.version}"
            flagged = node.value.get("patched") is True
            if (known.patched or flagged) and not told & {name, known.name}:
                patched(packages[key].component.title, node, self._found)

    def _read(
        self, entries: dict[str, Node], described: dict[str, Node]
    ) -> dict[str, Package]:
        """Read entries; of version 9 what they are stands in those of *described*."""
        packages: dict[str, Package] = {}
        for text, node in entries.items():
            with self._found.entry():
                key = read_key(text, self._major)
                entry = described.get(key.base, node if not described else None)
                if entry is None:
                    raise node.malformed(f"`{shown(key.base)}` is not in `packages`")
                if not node.exists:
                    raise node.unexpected("an object")
                next(node.items(), None)  # raises if it is none, or is there twice
                if node is not entry and (again := _IDENTITY & node.value.keys()):
                    # pnpm would believe it more than what `packages` says.
                    raise node.malformed(f"has a `{min(again)}` of its own")
                packages[text] = self._package(key, entry)
                self._keys[text] = key
                self._edges.append((text, _whole(node, entry)))
        return packages

    def _package(self, key: Key, node: Node) -> Package:
        resolution = node.at("resolution")
        kind = resolution.at("type").optional_text()
        if kind == "directory":
            folder = resolution.at("directory").text()
            name = key.name or _own(node, "name") or posixpath.basename(folder)
            stated = Stated(node=node, name=name[:SHOWN], version=_own(node, "version"))
            return self._describer.folder(stated, folder)
        if kind not in {None, "git", "tarball"}:
            problem = f"a resolution of type `{kind[:SHOWN]}` is not read"
            raise resolution.malformed(problem)
        if kind == "git":
            repository, commit = (resolution.at(k).text() for k in ("repo", "commit"))
            resolved = f"git+{repository.removeprefix('git+')}#{commit}"
        else:
            resolved = resolution.at("tarball").optional_text() or ""
        registry = resolution.at("registry").optional_text()
        inside = _bundles(node)
        stated = Stated(
            node=node,
            name=self._name(key, node, resolved),
            version=_version(key, node, needed=not resolved),
            resolved=resolved,
            registry=bare_url(registry).rstrip("/") if registry else None,
            digests=digests_of(resolution, "integrity", self._found),
            folder=(resolution.at("path").optional_text() or "").strip("/"),
            marker=self._describer.marker(node),
            graph=not inside,
        )
        if inside:
            problem = "holds bundled packages, which pnpm does not list"
            self._describer.doubt(node, problem, State.PARTIAL)
        return Package(component=self._describer.package(stated))

    def _name(self, key: Key, node: Node, resolved: str) -> str:
        """Return the name of a package, which an entry may not say in two ways.

        Raises:
            MalformedError: It does.
        """
        given = _own(node, "name")
        if given and key.name and given != key.name:
            raise node.malformed(f"is `{shown(key.name)}`, and not `{shown(given)}`")
        # pnpm 6 gives no name at all to what lies in a repository of this machine.
        unnamed = self._major < SNAPSHOTS and resolved.startswith("git+")
        last = posixpath.basename(bare_url(resolved)).removesuffix(".git")
        return given or (last if unnamed else "") or key.name or last


def _own(node: Node, member: str) -> str | None:
    return node.at(member).optional_text() if member in node else None


def _version(key: Key, node: Node, *, needed: bool) -> str | None:
    """Return the exact version; what is from no registry may have none.

    Raises:
        MalformedError: It has to have one, and has none; or it has two.
    """
    text = _own(node, "version")
    named = exact_version(key.version)
    if text is not None and named is not None and named != exact_version(text):
        raise node.malformed(f"is version {named}, and not `{shown(text)}`")
    if text is None:
        text = key.version
        if not needed and exact_version(text) is None:
            return None
    return version_of(text, node)


def _bundles(node: Node) -> bool:
    """Say whether the archive of a package holds others."""
    for member in ("bundledDependencies", "bundleDependencies"):
        value = node.value.get(member)
        if value is True or (isinstance(value, list) and value):
            return True
    return False


def _whole(node: Node, entry: Node) -> Node:
    """Return what an entry needs, together with what it calls its peers."""
    if node is entry or "peerDependencies" not in entry:
        return node
    value = {**node.value, "peerDependencies": entry.value["peerDependencies"]}
    return Node(value=value, source=node.source, pointer=node.pointer)
