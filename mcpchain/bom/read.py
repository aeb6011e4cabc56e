"""Read a CycloneDX JSON document, ours or anybody's, as an inventory.

A BOM is a claim by whoever wrote it, and as easily written as a lock file. So:

- `mcpchain:` properties are read only where the document says, in the way `write` does,
  that it speaks our vocabulary. That is a dialect, not a proof of origin: whoever can
  write a BOM can write that too.
- `read` gives back what the document says, `basis` included: `read(write(inventory))`
  is the same inventory. `worth.declared` turns that into what it is worth to a judge.
- What we have no words for is carried along as it is, and `write` puts it back. Where
  it might matter to a judge, it leaves a gap besides. Few documents hold nothing but
  what we examine.
"""

import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mcpchain.bom import (
    agreement,
    carry,
    formulation,
    makers,
    model_card,
    own,
    properties,
    structure,
    unread,
)
from mcpchain.bom.carry import Carrier
from mcpchain.bom.encode import component_entry, service_entry
from mcpchain.bom.entry import Entry
from mcpchain.bom.foreign import Foreign, is_root
from mcpchain.bom.marks import Properties
from mcpchain.bom.opened import dialect, opened
from mcpchain.bom.tally import Tally
from mcpchain.bom.whole import TARGET, Ours, Whole
from mcpchain.component import Component, ModelFacts
from mcpchain.inventory import Collector, Inventory, RelationKind, State, natural_ref

_Keep = Callable[[Entry], str | None]
"""Keeps what an entry stands for, and returns its ref."""
_EDGES: Final = sys.maxsize
_BLANK: Final = {"type": "application", "properties": []}


def read(
    data: bytes, *, source: str, whole: bool = True, edges: int | None = None
) -> Inventory:
    """Return what the CycloneDX JSON document *data* lists.

    Args:
        data: The document, of specification version 1.4 to 1.7.
        source: What to call it in locations and messages.
        whole: Whether to carry along what we have no words for, so that the document
            can be written again. Without that it is read in half the time.
        edges: How many dependencies are read, at most. Of a document with more, none
            of its components counts as one whose dependencies are all known.

    Raises:
        MalformedError: It is no such document. What is wrong with a single entry
            becomes a gap instead.
    """
    return _Reader(opened(data, source), whole=whole, edges=edges).inventory()


class _Reader:
    """Reads one document.

    Refs are kept as they are, since edges and gaps name components by them.
    """

    def __init__(self, root: Entry, *, whole: bool, edges: int | None) -> None:
        self._root = root
        self._is_whole = whole
        self._left = _EDGES if edges is None else edges
        self._is_cut = False
        self._marks = dialect(root)
        self._found = Collector(root.source)
        self._tally = Tally(root.source)
        self._foreign = Foreign(self._found, self._tally)
        self._carrier = Carrier(self._tally)
        self._components: dict[str, Component] = {}
        self._services: set[str] = set()
        self._subject: str | None = None
        self._of_subject: dict[str, Any] = {}
        self._tools: set[str] = set()
        self._trained: list[tuple[str, list[str], Entry]] = []

    def inventory(self) -> Inventory:
        """Read all of it."""
        name = self._root.source
        with self._found.entry():
            if metadata := self._root.entry("metadata"):
                name = self._metadata(metadata, name)
        self._walk(self._root, "services", self._service)
        self._walk(self._root, "components", self._component)
        if self._marks is not None and (formula := formulation.found(self._root)):
            self._walk(formula, "components", self._component)
        self._dependencies()
        self._training()
        complete = self._complete()
        # Ours calls itself incomplete where it has gaps, and lists them.
        if self._marks is None or properties.GAP not in self._marks:
            unread.incomplete(self._root, self._found, self._tally)
        is_ours = self._marks is not None
        unread.count(self._root, self._found, self._tally, ours=is_ours)
        whole = self._whole() if self._is_whole else None
        resolved_for = self._resolved_for()
        for gap in self._tally.gaps():
            self._found.gap(gap)
        core = replace(
            self._found.inventory(),
            name=name,
            resolved_for=resolved_for,
            components=tuple(
                replace(each, graph=True) if ref in complete else each
                for ref, each in sorted(self._components.items())
            ),
        )
        if whole is None:
            return core
        edges = structure.edges(core, frozenset(self._services))
        ours = Ours.of(core, edges, self._subject or TARGET)
        return replace(core, carried=whole.carried(ours, self._of_subject))

    def _resolved_for(self) -> str:
        text: str | None = None
        with self._found.entry():
            if self._marks is not None:
                text = self._marks.one(properties.RESOLVED_FOR)
        return text or ""

    def _whole(self) -> Whole:
        """Return what the document says beside its entries."""
        homeless: dict[str, Any] | None = None
        if self._marks is not None:
            homeless = {}
            with self._found.entry():
                homeless = carry.homeless(self._root, self._marks)
        return Whole(self._root, homeless, self._carrier)

    def _metadata(self, metadata: Entry, name: str) -> str:
        """Read what the document says of itself; return the name of its subject."""
        if self._marks is None:
            self._marks_of(metadata)
        else:
            self._told(metadata, self._marks)
        subject = metadata.entry("component")
        if subject is None:
            return name
        named = subject.text("name") or name
        if self._marks is not None:
            marks = Properties(subject)
            named = carry.overlaid(subject, marks).text("name") or name
            if properties.NAME in self._marks:
                named = ""
        ref = None
        with self._found.entry():
            ref = self._read_subject(subject, named)
        inner = self._walk(subject, "components", self._component)
        if ref is not None:
            for each in inner:
                self._found.relate(ref, each, RelationKind.CONTAINS)
        elif inner:
            self._of_subject["components"] = sorted(inner)
        return named

    def _read_subject(self, subject: Entry, name: str) -> str | None:
        """Read the subject; return its ref if it is something that is run itself."""
        if not is_root(subject):
            ref = self._component(subject)
            self._of_subject = {"bom-ref": ref}
            return ref
        self._subject = subject.text("bom-ref")
        written = _BLANK | {"name": name}
        if self._marks is None:
            self._of_subject = self._carrier.beyond(subject, written)
            return None
        marks = Properties(subject)
        ours = carry.OF_OLD
        self._of_subject = self._carrier.of_ours(subject, marks, ours)
        if self._subject and not self._subject.startswith(TARGET):
            self._of_subject["bom-ref"] = self._subject
        return None

    def _told(self, metadata: Entry, marks: Properties) -> None:
        """Read the gaps and edges that we wrote."""
        for text in marks.many(properties.GAP):
            with self._found.entry():
                gap = own.gap(text, metadata)
                self._tally.said(gap)
                self._found.gap(gap)
        for text in marks.many(properties.RELATION):
            with self._found.entry():
                each = own.relation(text, metadata)
                if self._room(1, metadata):
                    self._found.relate(each.source, each.target, each.kind)

    def _walk(self, holder: Entry, key: str, keep: _Keep) -> list[str]:
        """Read the entries under *key* and those nested in them, however deep.

        Returns:
            The refs of those that are in no other.
        """
        outermost: list[str] = []
        pending: list[tuple[Entry, str | None]] = [(holder, None)]
        while pending:
            outer, parent = pending.pop()
            items: list[Any] = []
            with self._found.entry():
                items = outer.items(key)
            for index, value in enumerate(items):
                with self._found.entry():
                    pointer = f"{outer.pointer}/{key}/{index}"
                    entry = Entry(value, outer.source, pointer)
                    ref = parent
                    # What is nested in an entry that cannot be read still counts.
                    with self._found.entry():
                        ref = keep(entry) or parent
                    if parent is not None and ref is not None and ref != parent:
                        self._found.relate(parent, ref, RelationKind.CONTAINS)
                    elif parent is None and ref is not None:
                        outermost.append(ref)
                    if key in entry:
                        pending.append((entry, ref))
        return outermost

    def _component(self, entry: Entry) -> str | None:
        marks = self._marks_of(entry)
        if marks is not None and properties.BASIS in marks:
            with self._found.entry():
                shown = carry.overlaid(entry, marks)
                made = own.component(shown, marks)
                if shown is not entry:
                    agreement.check(entry, made)
                ours = carry.OF_OLD
                if carry.NEWER & entry.raw().keys():
                    written = component_entry(made, starts_server=False)
                    ours = carry.COMPONENT - carry.unlike(entry, written)
                if made.supplier:
                    ours |= makers.members(made.supplier).keys()
                more = self._carrier.of_ours(entry, marks, ours)
                return self._keep(entry, made, more, shown)
        made = self._foreign.component(entry)
        if not self._is_whole:
            return self._keep(entry, made, {})
        ref = self._ref(entry, made)
        written = component_entry(replace(made, ref=ref), starts_server=False)
        return self._keep(entry, made, self._carrier.beyond(entry, written))

    def _service(self, entry: Entry) -> str | None:
        if entry.pointer in self._tools:
            return None
        marks = self._marks_of(entry)
        if marks is not None and properties.BASIS in marks:
            with self._found.entry():
                shown = carry.overlaid(entry, marks)
                made = own.service(shown, marks)
                if shown is not entry:
                    agreement.check(entry, made, service=True)
                ours = carry.SERVICES
                if carry.NEWER & entry.raw().keys():
                    ours = carry.SERVICES - carry.unlike(entry, service_entry(made))
                more = self._carrier.of_ours(entry, marks, ours)
                self._tools.update(pointer for pointer, _ in own.tools(entry))
                return self._keep_service(entry, made, more)
        made = self._foreign.service(entry)
        written = service_entry(replace(made, ref=self._ref(entry, made)))
        return self._keep_service(entry, made, self._carrier.beyond(entry, written))

    def _marks_of(self, entry: Entry) -> Properties | None:
        """Return the properties that are ours, if the document speaks our dialect."""
        if "properties" not in entry:
            return None
        with self._found.entry():
            marks = Properties(entry)
            if self._marks is not None:
                return marks
            if marks:
                what = (
                    "entries with properties of mcpchain in a BOM that is not its own"
                )
                self._tally.note(what, entry.pointer)
        return None

    def _keep_service(
        self, entry: Entry, made: Component, carried: dict[str, Any]
    ) -> str:
        if not carry.is_service(made):
            carried = carried | {"type": carry.SERVICE}
        ref = self._keep(entry, made, carried)
        self._services.add(ref)
        return ref

    def _keep(
        self,
        entry: Entry,
        made: Component,
        carried: dict[str, Any],
        shown: Entry | None = None,
    ) -> str:
        """Keep what *entry* was read as.

        Args:
            entry: A component or service.
            made: What it is.
            carried: What it says besides.
            shown: It, as we would have written it.
        """
        given, ref = entry.text("bom-ref"), self._ref(entry, made)
        if given and given != ref:
            what = "entries that share their `bom-ref` with another"
            self._tally.note(what, entry.pointer, State.UNREADABLE)
        text = carry.dump(carried)
        self._components[ref] = replace(made, ref=ref, carried=text)
        if isinstance(made.facts, ModelFacts):
            with self._found.entry():
                if refs := model_card.trained_on(shown or entry):
                    self._trained.append((ref, refs, entry))
        return ref

    def _ref(self, entry: Entry, made: Component) -> str:
        """Return the ref by which *entry* can be kept."""
        ref = entry.text("bom-ref")
        if ref and ref not in self._components and ref != self._subject:
            return ref
        ref = f"{natural_ref(made)}#{entry.pointer}"
        while ref in self._components or ref == self._subject:
            ref += "#"
        return ref

    def _dependencies(self) -> None:
        items: list[Any] = []
        with self._found.entry():
            items = self._root.items("dependencies")
        for index, value in enumerate(items):
            with self._found.entry():
                pointer = f"/dependencies/{index}"
                entry = Entry(value, self._root.source, pointer)
                if self._room(1, entry):
                    self._edges(entry)

    def _training(self) -> None:
        """Keep on which data models were trained, once everything is known."""
        for ref, targets, entry in self._trained:
            known = [each for each in targets if each in self._components]
            for target in known[: self._room(len(known), entry)]:
                self._found.relate(ref, target, RelationKind.TRAINED_ON)
            if lost := len(targets) - len(known):
                what = "data that a model was trained on and that is not listed"
                self._tally.note(what, entry.pointer, State.UNMATCHED, lost)

    def _edges(self, entry: Entry) -> None:
        source = entry.required("ref")
        if provided := entry.texts("provides"):
            what = "edges that say what a component provides"
            self._tally.note(what, entry.pointer, count=len(provided))
        # Who depends on the subject, and on what the subject depends, says nothing of
        # one component to another.
        targets = [t for t in entry.texts("dependsOn") if t != self._subject]
        known = [t for t in targets if t in self._components]
        if source == self._subject:
            targets = [t for t in targets if t not in self._components]
            known = []
        elif source not in self._components:
            known = []
        for target in known[: self._room(len(known), entry)]:
            self._found.relate(source, target)
        if lost := len(targets) - len(known):
            what = "dependencies from or to something that is not listed or not read"
            self._tally.note(what, entry.pointer, State.UNMATCHED, lost)

    def _room(self, count: int, entry: Entry) -> int:
        """Return how many of *count* more dependencies may be read."""
        room = max(0, min(count, self._left))
        self._left -= room
        if room < count:
            self._is_cut = True
            what = "dependencies, or lists of them, beyond those that are read"
            self._tally.note(what, entry.pointer, State.LIMIT, count - room)
        return room

    def _complete(self) -> set[str]:
        """Return the refs of which the document says that it lists every dependency."""
        found: set[str] = set()
        if self._is_cut:
            return found
        with self._found.entry():
            for each in self._root.entries("compositions"):
                if each.text("aggregate") == "complete":
                    found.update(each.texts("dependencies"))
        return found
