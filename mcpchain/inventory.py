"""What was found, how it hangs together, and where we could not look."""

import contextlib
import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from mcpchain import purl
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
class Embedded:
    """A BOM that came inside a component (PEP 770), still to be read."""

    ref: str
    """The component that it is about."""
    location: Location
    data: bytes = field(repr=False)


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
    embedded: tuple[Embedded, ...] = ()
    """BOMs that came with components, which nobody has read yet."""
    carried: str = ""
    """What a BOM says that has no place here: a JSON object as text."""

    def __bool__(self) -> bool:
        return bool(self.components or self.gaps)


class Collector:
    """Gathers what discoverers find into one inventory, in which nothing gets lost.

    Two components that say the same are one with both locations. Two that agree on
    the name but not on the rest, such as their hashes, are kept apart: which of them
    is right is for verification to say, not for a merge. What comes out does not
    depend on the order in which it was put in.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._refs: dict[tuple[str, Component], str] = {}
        self._places: dict[str, dict[Location, None]] = {}
        self._relations: dict[Relation, None] = {}
        self._gaps: dict[Gap, None] = {}
        self._embedded: dict[Embedded, None] = {}

    def add(self, component: Component) -> str:
        """Keep *component* and return its ref, as `relate` and `Gap.ref` take it.

        It is the final one unless another component asks for the same: then
        `inventory` decides, when all are known, and changes edges and gaps with it.
        """
        natural = natural_ref(component)
        key = (natural, replace(component, locations=(), ref=""))
        ref = self._refs.get(key)
        if ref is None:
            ref = natural
            while ref in self._places:
                ref += f" {len(self._refs)}"
            self._refs[key] = ref
            self._places[ref] = {}
        self._places[ref].update(dict.fromkeys(component.locations))
        return ref

    def relate(
        self, source: str, target: str, kind: RelationKind = RelationKind.DEPENDS_ON
    ) -> None:
        """Keep an edge between two refs that `add` returned."""
        self._relations[Relation(source=source, target=target, kind=kind)] = None

    def gap(self, gap: Gap) -> None:
        """Keep a place where we could not look."""
        self._gaps[gap] = None

    def embed(self, document: Embedded) -> None:
        """Keep a BOM that came with a component, whose ref `add` returned."""
        self._embedded[document] = None

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
            self.gap(replace(gap, ref=names.get(gap.ref or "", gap.ref)))
        for document in other.embedded:
            self.embed(replace(document, ref=names.get(document.ref, document.ref)))

    def inventory(self) -> Inventory:
        """Return all of it, every list in a total order."""
        final = self._final()
        components = [
            replace(
                component,
                locations=tuple(sorted(self._places[ref], key=_place)),
                ref=final[ref],
            )
            for (_, component), ref in self._refs.items()
        ]
        relations = [
            Relation(
                source=final.get(each.source, each.source),
                target=final.get(each.target, each.target),
                kind=each.kind,
            )
            for each in self._relations
        ]
        gaps = {replace(g, ref=final.get(g.ref or "", g.ref)) for g in self._gaps}
        return Inventory(
            name=self._name,
            components=tuple(sorted(components, key=lambda c: c.ref)),
            relations=tuple(
                sorted(relations, key=lambda r: (r.source, r.target, r.kind.value))
            ),
            gaps=tuple(sorted(gaps, key=_rank)),
            embedded=self._documents(final),
        )

    def _documents(self, final: dict[str, str]) -> tuple[Embedded, ...]:
        named = (replace(e, ref=final.get(e.ref, e.ref)) for e in self._embedded)
        return tuple(sorted(named, key=lambda e: (_place(e.location), e.ref, e.data)))

    def _final(self) -> dict[str, str]:
        """Name each component by what it is; of several, all but one by content."""
        groups: dict[str, list[tuple[Component, str]]] = {}
        for (natural, component), ref in self._refs.items():
            groups.setdefault(natural, []).append((component, ref))
        final: dict[str, str] = {}
        rest: list[tuple[str, str, str]] = []
        for natural, members in groups.items():
            ranked = [("", ref) for _, ref in members]
            if len(members) > 1:
                ranked = sorted((repr(each), ref) for each, ref in members)
            final[ranked[0][1]] = natural
            rest += [(natural, content, ref) for content, ref in ranked[1:]]
        taken = set(groups)
        for natural, content, ref in sorted(rest):
            data = content.encode("utf-8", "backslashreplace")
            name = f"{natural}#{hashlib.sha256(data).hexdigest()[:16]}"
            # Another component may bear this very name, if its maker wants it so.
            while name in taken:
                name += "+"
            taken.add(name)
            final[ref] = name
        return final


def natural_ref(component: Component) -> str:
    """Name *component* by what it is: its decoded purl, its server, or its file."""
    facts = component.facts
    if component.kind is Kind.MCP_SERVER and isinstance(facts, ServerFacts):
        place = component.location.path
        whose = f"{facts.client}:{facts.scope}"
        return f"urn:mcpchain:mcp:{whose}:{place}:{component.name}"
    if component.kind is Kind.MODEL:
        return f"file:{component.location.path}"
    if component.purl is not None:
        return unquote(purl.write(component.purl))
    version = f"@{component.version}" if component.version else ""
    return f"urn:mcpchain:{component.kind.value}:{component.name}{version}"


def _place(location: Location) -> tuple[str, str, int]:
    return (location.path, location.pointer, location.line or 0)


def _rank(gap: Gap) -> tuple[tuple[str, str, int], str, str, str, str, str]:
    place = _place(gap.location)
    return (place, gap.stage, gap.reason, gap.state.value, gap.hint, gap.ref or "")
