"""What hangs on what in npm's lock, and what came inside an archive."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.package_lock.entry import Entry
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.graph import unfit
from mcpchain.npm_lock.name import SHOWN
from mcpchain.npm_range import excludes

_STEPS: Final = 3_000_000
"""How many folders are looked into, in all, for the packages of edges."""
HINT: Final = "`npm install --package-lock-only`"
_EDGES: Final = (
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
)
_PEERS: Final = "peerDependencies"


def bundled(entries: Mapping[str, Entry], found: Collector) -> frozenset[str]:
    """Return the folders whose packages lie in the archive of one around them.

    npm fetches all others from a registry, whatever `inBundle` says. One is bundled if
    an installed package around it lists it, or a bundled one needs it or holds it
    (npm's arborist, `Node.getBundler`).
    """
    if not any("bundleDependencies" in each.node.value for each in entries.values()):
        return frozenset()
    inner: dict[str, list[str]] = {}
    for path in entries:
        inner.setdefault(_around(path), []).append(path)
    known: set[str] = set()
    steps = 0
    for path in sorted(entries, key=len):
        if not entries[path].installed:
            continue
        pending = [f"{path}/node_modules/{n}" for n in _listed(entries[path], found)]
        while pending and steps < _STEPS:
            each = pending.pop()
            steps += 1
            if each in known or each not in entries:
                continue
            known.add(each)
            pending += inner.get(each, ())
            folders = _search_path(each)
            for kind in _EDGES[:-1]:
                for name in _names(entries[each].node, kind, found):
                    steps += len(folders)
                    places = (folder + name for folder in folders)
                    target = next((p for p in places if p in entries), "")
                    if _around(target) == path:
                        pending.append(target)
    return frozenset(known)


def _around(path: str) -> str:
    """Return the package in whose `node_modules` the folder *path* lies."""
    return path.rpartition("node_modules/")[0].rstrip("/")


def _listed(entry: Entry, found: Collector) -> tuple[str, ...]:
    if "bundleDependencies" in entry.node:
        with found.entry():
            listed = entry.node.at("bundleDependencies")
            return listed.texts() if listed.is_list() else ()
    return ()


@dataclass(slots=True, kw_only=True)
class Edge:
    """One package that another asks for."""

    source: Entry
    kind: str
    name: str
    target: Entry | None
    """`None`: the lock does not hold it."""

    @property
    def spared(self) -> bool:
        """Whether npm goes on without it."""
        return self.kind == "optionalDependencies" or self._spared_peer()

    def _spared_peer(self) -> bool:
        if self.kind != _PEERS:
            return self.kind == "dependencies" and _is_optional(
                self.name, self.source.node
            )
        meta = self.source.node.value.get("peerDependenciesMeta")
        own = meta.get(self.name) if isinstance(meta, dict) else None
        return isinstance(own, dict) and own.get("optional") is True


def edges(entries: dict[str, Entry], found: Collector) -> list[Edge]:
    """Return what every declared package asks for, found as node looks for modules."""
    followed: list[Edge] = []
    steps = 0
    for entry in entries.values():
        if not entry.declared:
            continue
        kinds = [kind for kind in _EDGES if kind in entry.node.value]
        folders = _search_path(entry.path) if kinds else []
        for kind in kinds:
            if kind == "devDependencies" and entry.installed:
                continue
            for name in _names(entry.node, kind, found):
                steps += len(folders)
                if steps > _STEPS:
                    found.gap(_too_many(entry))
                    return followed
                target = _find(name, folders, entries)
                followed.append(Edge(source=entry, kind=kind, name=name, target=target))
    return followed


def connect(followed: list[Edge], found: Collector) -> None:
    """Relate each package to what it asks for; leave a gap for what is not there."""
    for edge in followed:
        source, target = edge.source, edge.target
        if source.ref is not None and target is not None and target.ref is not None:
            found.relate(source.ref, target.ref)
        elif edge.kind == "dependencies" and not edge.spared:
            found.gap(_missing(edge.name, source))


def compare_ranges(
    followed: list[Edge], manifest: Node | None, found: Collector
) -> None:
    """Leave a gap for each range in which the version of the lock is not.

    npm installs another version then, or nothing at all (arborist, `depValid`). Only
    the manifest tells which ranges the project has overridden.
    """
    if manifest is None:
        return
    chosen = _overrides(manifest)
    for edge in followed:
        source, target = edge.source.node.value, edge.target
        if target is None or target.link is not None or edge.kind == _PEERS:
            continue
        if True in {source.get("inBundle"), target.node.value.get("inBundle")}:
            continue
        asked = chosen.get(edge.name, source[edge.kind].get(edge.name))
        version = target.node.value.get("version")
        known = isinstance(asked, str) and isinstance(version, str)
        if known and excludes(asked, version):
            unfit((edge.name, asked), version, edge.source.node, found)


def _overrides(manifest: Node) -> dict[str, str | None]:
    """Return what the project chooses by name; `None`: only in certain places."""
    chosen: dict[str, str | None] = {}
    pending = [(manifest.value.get("overrides"), True)]
    while pending:
        table, outermost = pending.pop()
        for pattern, value in table.items() if isinstance(table, dict) else ():
            name, at, _ = pattern[1:].partition("@")
            name = pattern[:1] + name
            plain = outermost and not at and isinstance(value, str)
            chosen[name] = value if plain and name not in chosen else None
            pending.append((value, False))
    return chosen


def _names(node: Node, kind: str, found: Collector) -> list[str]:
    value = node.value.get(kind)
    if isinstance(value, dict) and type(node.value) is dict:
        return [*value]
    names: list[str] = []
    if kind in node.value:
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


def _find(name: str, folders: list[str], entries: dict[str, Entry]) -> Entry | None:
    for folder in folders:
        entry = entries.get(folder + name)
        if entry is not None:
            linked = entries.get(entry.link) if entry.link is not None else None
            target = linked or entry
            return target if target.declared else None
    return None


def _missing(name: str, entry: Entry) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=entry.node.source, pointer=entry.node.pointer),
        reason=f"depends on `{name[:SHOWN]}`, which the lock does not hold",
        state=State.PARTIAL,
        hint=f"complete the lock: {HINT}",
        ref=entry.ref,
    )


def _too_many(entry: Entry) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=entry.node.source, pointer=entry.node.pointer),
        reason="more dependencies than are followed; those from here on are not known",
        state=State.LIMIT,
        hint="check that the lock is one that npm wrote",
    )
