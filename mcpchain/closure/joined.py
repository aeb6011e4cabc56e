"""Put what servers pull in into the inventory that names the servers."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from mcpchain.closure.graph import Ask, Edge, Graph
from mcpchain.component import Component, Location, PackageFacts, Pin
from mcpchain.inventory import Collector, Gap, Inventory, Relation
from mcpchain.launch.record import weakest

_REQUESTED: Final = 300
"""How many characters are kept of what all together ask for."""


def joined(inventory: Inventory, graphs: Sequence[Graph]) -> Inventory:
    """Return *inventory* with the packages, edges and gaps of *graphs*.

    A package that several ask for is one, as long as the same registry delivers it.
    """
    edges = dict.fromkeys(edge for graph in graphs for edge in graph.edges)
    roots = {each.ref: each for each in inventory.components}
    listed = _listed(graphs, roots)
    members = _members(graphs, edges, listed)
    gaps = [
        Gap(
            stage="resolve",
            location=(members.get(each.key) or roots[each.key]).location,
            reason=each.reason,
            state=each.state,
            hint=each.hint,
            ref=each.key,
        )
        for graph in graphs
        for each in graph.troubles
    ]
    delivered = {ref: c for graph in graphs for ref, c in graph.delivered.items()}
    found = Collector(inventory.name)
    found.include(
        replace(
            inventory,
            components=(
                *(_root(e, delivered, listed) for e in inventory.components),
                *members.values(),
            ),
            relations=(
                *inventory.relations,
                *(Relation(source=e.source, target=e.target) for e in edges),
            ),
            gaps=(*inventory.gaps, *gaps),
        )
    )
    return replace(found.inventory(), carried=inventory.carried)


def _listed(graphs: Iterable[Graph], roots: Mapping[str, Component]) -> set[str]:
    """Return the keys of those whose dependencies are all known, wherever they are."""
    whole: set[str] = set()
    partly: set[str] = set()
    for graph in graphs:
        whole |= graph.whole
        every = {*graph.members, *(e.key for e in graph.troubles if e.key in roots)}
        partly |= every - graph.whole
    return whole - partly


def _root(
    component: Component, delivered: Mapping[str, Component], listed: set[str]
) -> Component:
    """Add to the package that a server starts what is known of it now.

    The digests of one with an exact version; what a floating one delivers today is
    not what it delivers tomorrow.
    """
    release = delivered.get(component.ref)
    if release is None:
        return component
    component = replace(component, graph=component.ref in listed)
    if component.pin is Pin.EXACT and not component.artifacts:
        component = replace(component, artifacts=release.artifacts)
    return component


def _members(
    graphs: Sequence[Graph], edges: Iterable[Edge], listed: set[str]
) -> dict[str, Component]:
    asks: dict[str, list[Ask]] = {}
    onward: dict[str, list[Edge]] = {}
    for edge in edges:
        asks.setdefault(edge.target, []).append(edge.ask)
        onward.setdefault(edge.source, []).append(edge)
    known: dict[str, Component] = {}
    places: dict[str, dict[Location, None]] = {}
    for graph in graphs:
        for key, component in graph.members.items():
            known.setdefault(key, component)
            places.setdefault(key, {}).update(dict.fromkeys(component.locations))
    starts = [key for key in onward if key not in known]
    needed = _reached(starts, onward, lambda ask: not ask.optional)
    wanted = _reached(starts, onward, lambda ask: not ask.peer)
    members: dict[str, Component] = {}
    for key, component in known.items():
        facts = component.facts
        if isinstance(facts, PackageFacts):
            facts = replace(
                facts,
                optional=key not in needed,
                peer=key not in wanted,
                marker=_marker(asks.get(key, [])),
                alias=facts.alias or _only(e.alias for e in asks.get(key, [])),
            )
        members[key] = replace(
            component,
            ref=key,
            pin=_pin(asks.get(key, [])),
            requested=_requested(asks.get(key, [])),
            graph=key in listed,
            facts=facts,
            locations=tuple(sorted(places[key], key=str)),
        )
    return members


def _reached(
    starts: Iterable[str],
    onward: Mapping[str, Sequence[Edge]],
    counts: Callable[[Ask], bool],
) -> set[str]:
    """Return what is reached from *starts* by edges that count."""
    reached: set[str] = set()
    pending = [*starts]
    while pending:
        for edge in onward.get(pending.pop(), ()):
            if edge.target not in reached and counts(edge.ask):
                reached.add(edge.target)
                pending.append(edge.target)
    return reached


def _pin(asks: Iterable[Ask]) -> Pin:
    """Return the weakest: whoever asks for less may get another version tomorrow."""
    return weakest([each.pin for each in asks] or [Pin.FLOATING])


def _requested(asks: Iterable[Ask]) -> str:
    texts = sorted({e.requested for e in asks if e.requested and e.pin.moves})
    return ", ".join(texts)[:_REQUESTED]


def _marker(asks: Sequence[Ask]) -> str:
    """Return when it is installed, by all that ask for it; empty for always."""
    markers = sorted({each.marker for each in asks})
    if len(markers) < 2:  # noqa: PLR2004 - several
        return markers[0] if markers else ""
    joined = " or ".join(f"({each})" for each in markers)
    return "" if "" in markers or len(joined) > _REQUESTED else joined


def _only(texts: Iterable[str]) -> str:
    different = {*texts}
    return different.pop() if len(different) == 1 else ""
