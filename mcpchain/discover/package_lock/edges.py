"""What hangs on what in npm's lock, and what came inside an archive."""

from collections.abc import Mapping
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.package_lock.entry import Entry
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.name import SHOWN

_STEPS: Final = 3_000_000
"""How many folders are looked into, in all, for the packages of edges."""
HINT: Final = "`npm install --package-lock-only`"
_EDGES: Final = (
    "dependencies",
    "optionalDependencies",
    "peerDependencies",
    "devDependencies",
)


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


def connect(entries: dict[str, Entry], found: Collector) -> None:
    """Follow the edges of every package, as node looks for modules."""
    steps = 0
    for entry in entries.values():
        if entry.ref is None:
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
                    return
                target = _find(name, folders, entries)
                if target is not None:
                    found.relate(entry.ref, target)
                elif kind == "dependencies" and not _is_optional(name, entry.node):
                    found.gap(_missing(name, entry))


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


def _find(name: str, folders: list[str], entries: dict[str, Entry]) -> str | None:
    for folder in folders:
        entry = entries.get(folder + name)
        if entry is not None:
            linked = entries.get(entry.link) if entry.link is not None else None
            return (linked or entry).ref
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
