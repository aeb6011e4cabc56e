"""One package that lies in several folders, for several reasons."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from mcpchain.component import Component, PackageFacts
from mcpchain.discover.package_lock.edges import Edge
from mcpchain.discover.package_lock.entry import Entry
from mcpchain.document import Node
from mcpchain.npm_lock.manifest import declared

_Marks = tuple[bool, bool, bool]
_KINDS: Final[tuple[Callable[[Edge], bool], ...]] = (
    lambda edge: edge.kind == "devDependencies",
    lambda edge: edge.spared,
    lambda edge: edge.kind == "peerDependencies",
)
"""What makes an edge one of development, an optional one, or one to a peer."""


class Believed:
    """Which marks of a lock are so: npm finds them out anew (arborist, `calcDepFlags`).

    Nothing is for development only that the project reaches by other edges, and so for
    what is optional and for peers.

    Args:
        entries: The folders of the lock.
        edges: What asks for what.
        starts: The project and its members.
        manifest: That of the project, which npm believes more than the lock.
        told: Whether the lock tells what is optional to a package.
    """

    def __init__(
        self,
        entries: Mapping[str, Entry],
        edges: list[Edge],
        starts: list[Entry],
        manifest: Node | None,
        *,
        told: bool,
    ) -> None:
        self._told = told
        self._edges: dict[str, list[Edge]] = {}
        for edge in edges:
            self._edges.setdefault(edge.source.path, []).append(edge)
        self._starts = starts
        root = entries.get("")
        for name, kind, _ in declared(manifest) if root else ():
            target = entries.get(f"node_modules/{name}")
            if root and target and target.link is None:
                edge = Edge(source=root, kind=kind, name=name, target=target)
                self._edges.setdefault("", []).append(edge)
        self._reached: dict[int, set[str]] = {}
        self._whole = root is not None

    def marks(self, entry: Entry, claimed: _Marks) -> _Marks:
        """Return those of the marks that *entry* is *claimed* to have and has."""
        if True not in claimed:
            return claimed
        dev, optional, peer = (
            claim and self._whole and entry.path not in self._without(index)
            for index, claim in enumerate(claimed)
        )
        return dev, optional, peer

    def _without(self, index: int) -> set[str]:
        """Return the folders that are reached without edges of one kind."""
        if index in self._reached:
            return self._reached[index]
        reached = self._reached[index] = {each.path for each in self._starts}
        pending, is_one = [*reached], _KINDS[index]
        while pending:
            for edge in self._edges.get(pending.pop(), ()):
                target = edge.target
                spared = edge.source.installed and index == 1 and not self._told
                if target is None or spared or is_one(edge):
                    continue
                if target.path not in reached:
                    reached.add(target.path)
                    pending.append(target.path)
        return reached


def united(
    components: list[tuple[Entry, Component]], believed: Believed
) -> Iterator[tuple[Entry, Component]]:
    """Yield *components*, each marked with what holds in all of its folders.

    A package that one folder needs in any case is no package of development, and
    neither optional nor a peer.
    """
    whole: dict[tuple[str, str | None], _Marks] = {}
    for entry, component in components:
        own = believed.marks(entry, _marks(component))
        first = whole.setdefault(_identity(component), own)
        if own != first:
            both = tuple(a and b for a, b in zip(own, first, strict=True))
            whole[_identity(component)] = (both[0], both[1], both[2])
    for entry, component in components:
        marks = whole[_identity(component)]
        facts = component.facts
        if marks == _marks(component) or not isinstance(facts, PackageFacts):
            yield entry, component
        else:
            dev, optional, peer = marks
            facts = replace(facts, development=dev, optional=optional, peer=peer)
            yield entry, replace(component, facts=facts)


def _identity(component: Component) -> tuple[str, str | None]:
    return (component.name, component.version)


def _marks(component: Component) -> _Marks:
    facts = component.facts
    if not isinstance(facts, PackageFacts):
        return (False, False, False)
    return (facts.development, facts.optional, facts.peer)
