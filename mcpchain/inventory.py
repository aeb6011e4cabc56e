"""What was found, how it hangs together, and where we could not look."""

import enum
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import TracebackType
from typing import Final
from urllib.parse import unquote

from mcpchain import purl
from mcpchain.component import Basis, Component, Kind, Location, ServerFacts
from mcpchain.errors import MalformedError, State

__all__ = [
    "EMBEDDED_LIMIT",
    "Collector",
    "Embedded",
    "Gap",
    "Inventory",
    "Relation",
    "RelationKind",
    "State",
    "joined_targets",
    "natural_ref",
]

EMBEDDED_LIMIT: Final = 256 << 20
"""How many bytes of BOMs that came with components are kept."""


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
    TRAINED_ON = "trained-on"
    """From a model to a data set, as the maker of the model says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """An edge between two components of one inventory, by their refs."""

    source: str
    target: str
    kind: RelationKind = RelationKind.DEPENDS_ON

    def __hash__(self) -> int:
        # Without the kind, whose hash takes as long as all the rest.
        return hash((self.source, self.target))


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
    resolved_for: str = ""
    """For what it was found out what servers pull in, as far as that changes with it:
    `CPython 3.11.9 linux x86_64; Node 20.20.2`. Empty: nobody found out."""

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
        self._groups: dict[str, list[tuple[Component, str]]] = {}
        """Components and their refs, by what they would be called."""
        self._others: dict[tuple[str, Component], str] = {}
        """Refs of all but the first of each group; hashing a component takes long."""
        self._places: dict[str, dict[Location, None]] = {}
        self._relations: dict[Relation, None] = {}
        self._gaps: dict[Gap, None] = {}
        self._embedded: dict[Embedded, None] = {}
        self._left = EMBEDDED_LIMIT

    def add(self, component: Component) -> str:
        """Keep *component* and return its ref, as `relate` and `Gap.ref` take it.

        It is the final one unless another component asks for the same: then
        `inventory` decides, when all are known, and changes edges and gaps with it.
        """
        natural = natural_ref(component)
        group = self._groups.setdefault(natural, [])
        ref = self._known(component, natural, group) if group else None
        if ref is None:
            ref = natural
            if ref in self._places:
                ref = f"{natural} {len(self._places)}"
            while ref in self._places:
                ref += "+"
            if group:
                self._others[natural, _bare(component)] = ref
            group.append((component, ref))
            self._places[ref] = {}
        self._places[ref].update(dict.fromkeys(component.locations))
        return ref

    def _known(
        self, component: Component, natural: str, group: list[tuple[Component, str]]
    ) -> str | None:
        """Return the ref of what says the same but for where it was found."""
        first, ref = group[0]
        bare = _bare(component)
        return ref if bare == _bare(first) else self._others.get((natural, bare))

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
        self._left -= len(document.data)
        if self._left >= 0:
            self._embedded[document] = None
            return
        self.gap(
            Gap(
                stage="discover",
                location=document.location,
                reason=f"BOMs of packages hold more than {EMBEDDED_LIMIT:,} bytes in "
                "all; this one was not read",
                state=State.LIMIT,
                hint="examine fewer packages at a time",
                ref=document.ref,
            )
        )

    def entry(self, *, line: int | None = None) -> "_Entry":
        """Turn a malformed entry into a gap, so that its siblings are still read."""
        return _Entry(self, line)

    def include(self, other: Inventory) -> None:
        """Keep everything that *other* holds."""
        names = {each.ref: self.add(each) for each in other.components}
        for each in other.relations:
            self._relations[_renamed(each, names)] = None
        for gap in other.gaps:
            self.gap(_about(gap, names))
        for document in other.embedded:
            self.embed(replace(document, ref=names.get(document.ref, document.ref)))

    def inventory(self) -> Inventory:
        """Return all of it, every list in a total order."""
        final = self._final()
        components = [
            self._whole(component, ref, final[ref])
            for group in self._groups.values()
            for component, ref in group
        ]
        relations = {_renamed(each, final) for each in self._relations}
        return Inventory(
            name=self._name,
            components=tuple(sorted(components, key=lambda c: c.ref)),
            relations=tuple(
                sorted(relations, key=lambda r: (r.source, r.target, r.kind.value))
            ),
            gaps=tuple(sorted({_about(g, final) for g in self._gaps}, key=_rank)),
            embedded=self._documents(final),
        )

    def _whole(self, component: Component, ref: str, final: str) -> Component:
        """Return *component* with all its places and its final name."""
        places = tuple(sorted(self._places[ref], key=_place))
        if component.ref == final and component.locations == places:
            return component
        return replace(component, locations=places, ref=final)

    def _documents(self, final: dict[str, str]) -> tuple[Embedded, ...]:
        named = (replace(e, ref=final.get(e.ref, e.ref)) for e in self._embedded)
        return tuple(sorted(named, key=lambda e: (_place(e.location), e.ref, e.data)))

    def _final(self) -> dict[str, str]:
        """Name each component by what it is; of several, all but one by content."""
        final: dict[str, str] = {}
        rest: list[tuple[str, str, str]] = []
        for natural, members in self._groups.items():
            ranked = [("", ref) for _, ref in members]
            if len(members) > 1:
                ranked = sorted((repr(_bare(each)), ref) for each, ref in members)
            final[ranked[0][1]] = natural
            rest += [(natural, content, ref) for content, ref in ranked[1:]]
        taken = set(self._groups)
        for natural, content, ref in sorted(rest):
            data = content.encode("utf-8", "backslashreplace")
            name = f"{natural}#{hashlib.sha256(data).hexdigest()[:16]}"
            # Another component may bear this very name, if its maker wants it so.
            while name in taken:
                name += "+"
            taken.add(name)
            final[ref] = name
        return final


class _Entry:
    """What `Collector.entry` returns: made for every entry of a large document."""

    __slots__ = ("_found", "_line")

    def __init__(self, found: Collector, line: int | None) -> None:
        self._found = found
        self._line = line

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        if not isinstance(error, MalformedError):
            return False
        place = Location(path=error.source, pointer=error.pointer, line=self._line)
        self._found.gap(
            Gap(
                stage="discover",
                location=place,
                reason=error.problem,
                state=State.UNREADABLE,
                hint=error.hint,
            )
        )
        return True


def _bare(component: Component) -> Component:
    return replace(component, locations=(), ref="")


def _renamed(relation: Relation, names: Mapping[str, str]) -> Relation:
    source = names.get(relation.source, relation.source)
    target = names.get(relation.target, relation.target)
    if (source, target) == (relation.source, relation.target):
        return relation
    return Relation(source=source, target=target, kind=relation.kind)


def _about(gap: Gap, names: Mapping[str, str]) -> Gap:
    ref = names.get(gap.ref or "", gap.ref)
    return gap if ref == gap.ref else replace(gap, ref=ref)


def joined_targets(texts: Iterable[str]) -> str:
    """Unite several `Inventory.resolved_for`; the places tell which is whose."""
    parts = {part for text in texts for part in text.split("; ") if part}
    return "; ".join(sorted(parts))


def natural_ref(component: Component) -> str:
    """Name *component* by what it is: its decoded purl, its server, or its file."""
    facts = component.facts
    if component.kind is Kind.MCP_SERVER and isinstance(facts, ServerFacts):
        place = component.location.path
        whose = f"{facts.client}:{facts.scope}"
        return f"urn:mcpchain:mcp:{whose}:{place}:{component.name}"
    if component.kind in _FILES and not _is_fetched(component):
        return f"file:{component.location.path}"
    if component.purl is not None:
        return unquote(purl.write(component.purl))
    version = f"@{component.version}" if component.version else ""
    return f"urn:mcpchain:{component.kind.value}:{component.name}{version}"


_FILES: Final = frozenset({Kind.MODEL, Kind.FILE})
"""What is named by its path: the same bytes may lie in two places. So is data that was
seen, while data that is only named has nothing but its name."""


def _is_fetched(component: Component) -> bool:
    """Say whether a hub is asked for it, so that its name is all that there is."""
    named = component.purl is not None and not component.artifacts
    return named and component.basis is Basis.DECLARED


def _place(location: Location) -> tuple[str, str, int]:
    return (location.path, location.pointer, location.line or 0)


def _rank(gap: Gap) -> tuple[tuple[str, str, int], str, str, str, str, str]:
    place = _place(gap.location)
    return (place, gap.stage, gap.reason, gap.state.value, gap.hint, gap.ref or "")
