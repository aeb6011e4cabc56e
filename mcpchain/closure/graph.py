"""What was found to hang on what, before it is part of an inventory."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

from mcpchain.component import Component, PackageFacts, Pin
from mcpchain.inventory import State, natural_ref

SHOWN: Final = 140
"""How many characters of a foreign text stand in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """How one package asks for another."""

    requested: str = ""
    """The range or tag, as it is written."""
    pin: Pin = Pin.FLOATING
    optional: bool = False
    peer: bool = False
    marker: str = ""
    alias: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edge:
    """One package depends on another, both by their keys."""

    source: str
    target: str
    ask: Ask


@dataclass(frozen=True, slots=True, kw_only=True)
class Trouble:
    """What could not be found out about the package *key*."""

    key: str
    reason: str
    state: State
    hint: str


@dataclass(slots=True)
class Graph:
    """What a group of packages pulls in. Keys name packages inside one graph."""

    members: dict[str, Component] = field(default_factory=dict)
    """All but the roots."""
    edges: dict[Edge, None] = field(default_factory=dict)
    troubles: dict[Trouble, None] = field(default_factory=dict)
    whole: set[str] = field(default_factory=set)
    """Those of which every dependency is known."""
    delivered: dict[str, Component] = field(default_factory=dict)
    """Of a root, the release that its registry would deliver now."""

    def add(self, component: Component) -> str:
        """Keep *component*, and return its key."""
        facts = component.facts
        named = facts.registry if isinstance(facts, PackageFacts) else None
        key = f"closure:{named or ''}:{natural_ref(component)}"
        self.members.setdefault(key, component)
        return key

    def relate(self, source: str, target: str, ask: Ask) -> None:
        """Keep that *source* asks for *target*."""
        if source != target:
            self.edges[Edge(source=source, target=target, ask=ask)] = None

    def fail(self, key: str, reason: str, state: State, hint: str = "") -> None:
        """Keep what could not be found out about *key*; its list is not whole."""
        trouble = Trouble(key=key, reason=reason, state=state, hint=hint)
        self.troubles[trouble] = None
        self.whole.discard(key)

    def reached(self, roots: Iterable[str]) -> "Graph":
        """Return what is still reached from *roots*, after choices were revised."""
        onward: dict[str, list[str]] = {}
        for edge in self.edges:
            onward.setdefault(edge.source, []).append(edge.target)
        seen = {*roots}
        pending = [*seen]
        while pending:
            fresh = [e for e in onward.get(pending.pop(), ()) if e not in seen]
            seen.update(fresh)
            pending += fresh
        return Graph(
            members={key: each for key, each in self.members.items() if key in seen},
            edges={each: None for each in self.edges if each.source in seen},
            troubles={each: None for each in self.troubles if each.key in seen},
            whole=self.whole & seen,
            delivered=self.delivered,
        )
