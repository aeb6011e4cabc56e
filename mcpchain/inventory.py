"""What was found, how it hangs together, and where we could not look."""

import contextlib
import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from urllib.parse import unquote

from mcpchain.component import Component, Kind, Location, ServerFacts
from mcpchain.errors import MalformedError


@enum.unique
class State(enum.Enum):
    """Why something could not be seen."""

    UNREADABLE = "unreadable"
    """Malformed, wrongly encoded, locked away, or not a regular file."""
    UNSUPPORTED = "unsupported"
    """Readable, but not by us: a format or version that we do not know."""
    PARTIAL = "partial"
    """Read in part."""
    LIMIT = "limit"
    """Larger, deeper or more than we read of an untrusted file."""
    MISSING = "missing"
    """A source that should know it does not: a registry answers 404."""
    UNMATCHED = "unmatched"
    """It names nothing that can be looked up: no version, an unknown ecosystem."""
    NO_SOURCE = "no-source"
    """Nothing that could answer is configured."""
    STALE = "stale"
    """The source that answered is older than the policy accepts."""
    OFFLINE = "offline"
    """We were told not to use the network."""
    UNREACHABLE = "unreachable"
    """The network, the registry or a tool failed."""

    @property
    def transient(self) -> bool:
        """Whether looking again, elsewhere or later, could see it.

        Such a gap leaves the question open; the others are answers about the input.
        """
        return self in {State.OFFLINE, State.UNREACHABLE, State.NO_SOURCE, State.STALE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A place where a stage could not look. A gap is never silence."""

    stage: str
    """`discover`, `resolve`, `verify` or `audit`."""
    location: Location
    reason: str
    """What could not be seen and why, with the value that stopped us."""
    state: State
    hint: str = ""
    """What the reader can do about it."""
    ref: str | None = None
    """The component that it concerns, if it concerns one."""


@enum.unique
class RelationKind(enum.Enum):
    """How one component hangs on another."""

    DEPENDS_ON = "depends-on"
    CONTAINS = "contains"


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """An edge between two components of one inventory, by their refs."""

    source: str
    target: str
    kind: RelationKind = RelationKind.DEPENDS_ON


@dataclass(frozen=True, slots=True, kw_only=True)
class Inventory:
    """The components of a target, their relations, and the gaps in that list.

    Make one with a `Collector`, which keeps refs unique and sorts everything.
    """

    name: str
    """What was examined: the name of a folder, a file or a BOM's subject."""
    components: tuple[Component, ...] = ()
    relations: tuple[Relation, ...] = ()
    gaps: tuple[Gap, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.components or self.gaps)


class Collector:
    """Gathers what discoverers find into one inventory, in which nothing gets lost.

    Two components that say the same are one with both locations. Two that agree on
    the name but not on the rest, such as their hashes, are kept apart: which of them
    is right is for verification to say, not for a merge.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._by_ref: dict[str, Component] = {}
        self._places: dict[str, dict[Location, None]] = {}
        self._relations: dict[Relation, None] = {}
        self._gaps: dict[Gap, None] = {}

    def add(self, component: Component) -> str:
        """Keep *component* and return its ref in this inventory."""
        for ref in _refs(component):
            known = self._by_ref.get(ref)
            if known is None:
                self._by_ref[ref] = replace(component, ref=ref)
                self._places[ref] = dict.fromkeys(component.locations)
                return ref
            if _same(known, component):
                self._places[ref].update(dict.fromkeys(component.locations))
                return ref
        raise AssertionError(component)

    def relate(
        self, source: str, target: str, kind: RelationKind = RelationKind.DEPENDS_ON
    ) -> None:
        """Keep an edge between two refs that `add` returned."""
        self._relations[Relation(source=source, target=target, kind=kind)] = None

    def gap(self, gap: Gap) -> None:
        """Keep a place where we could not look."""
        self._gaps[gap] = None

    @contextlib.contextmanager
    def entry(self, *, line: int | None = None) -> Iterator[None]:
        """Turn a malformed entry into a gap, so that its siblings are still read."""
        try:
            yield
        except MalformedError as error:
            place = Location(path=error.source, pointer=error.pointer, line=line)
            self.gap(
                Gap(
                    stage="discover",
                    location=place,
                    reason=error.problem,
                    state=State.UNREADABLE,
                    hint=error.hint,
                )
            )

    def include(self, other: Inventory) -> None:
        """Keep everything that *other* holds."""
        names = {each.ref: self.add(each) for each in other.components}
        for each in other.relations:
            source = names.get(each.source, each.source)
            self.relate(source, names.get(each.target, each.target), each.kind)
        for gap in other.gaps:
            ref = gap.ref and names.get(gap.ref, gap.ref)
            self.gap(replace(gap, ref=ref))

    def inventory(self) -> Inventory:
        """Return all of it, every list in a total order."""
        return Inventory(
            name=self._name,
            components=tuple(
                replace(each, locations=tuple(sorted(self._places[ref], key=_place)))
                for ref, each in sorted(self._by_ref.items())
            ),
            relations=tuple(
                sorted(
                    self._relations, key=lambda r: (r.source, r.target, r.kind.value)
                )
            ),
            gaps=tuple(
                sorted(
                    self._gaps,
                    key=lambda g: (_place(g.location), g.stage, g.reason, g.ref or ""),
                )
            ),
        )


def natural_ref(component: Component) -> str:
    """Name *component* by what it is: its decoded purl, its server, or its file."""
    facts = component.facts
    if component.kind is Kind.MCP_SERVER and isinstance(facts, ServerFacts):
        place = component.location.path
        return f"urn:mcpchain:mcp:{facts.client}:{place}:{component.name}"
    if component.purl is not None:
        return unquote(component.purl.to_string())
    version = f"@{component.version}" if component.version else ""
    if component.kind is Kind.MODEL:
        return f"file:{component.location.path}"
    return f"urn:mcpchain:{component.kind.value}:{component.name}{version}"


def _refs(component: Component) -> Iterator[str]:
    """Yield the names to try: the natural one, then with a mark of the place."""
    natural = natural_ref(component)
    yield natural
    place = hashlib.sha256(str(component.location).encode()).hexdigest()
    yield f"{natural}#{place[:8]}"
    whole = hashlib.sha256(repr(component).encode()).hexdigest()
    yield f"{natural}#{place[:8]}{whole[:24]}"


def _same(one: Component, other: Component) -> bool:
    return replace(one, locations=()) == replace(other, locations=())


def _place(location: Location) -> tuple[str, str, int]:
    return (location.path, location.pointer, location.line or 0)
