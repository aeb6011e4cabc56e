"""Read a CycloneDX JSON document, ours or anybody's, as an inventory.

A BOM is a claim by whoever wrote it, and as easily written as a lock file. So:

- `mcpchain:` properties are read only where the document says, in the way `write` does,
  that it speaks our vocabulary. That is a dialect, not a proof of origin: whoever can
  write a BOM can write that too.
- `read` gives back what the document says, `basis` included: `read(write(inventory))`
  is the same inventory. `worth.declared` turns that into what it is worth to a judge.
- What is not read leaves a gap. Few documents hold nothing but what we examine.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any, Final

from mcpchain.bom import own, properties
from mcpchain.bom.entry import Entry
from mcpchain.bom.foreign import OTHER_BOMS, PACKAGES, Foreign
from mcpchain.bom.marks import Properties
from mcpchain.bom.properties import VOCABULARY
from mcpchain.bom.schemas import VERSIONS
from mcpchain.bom.tally import Tally
from mcpchain.component import Component
from mcpchain.document import Node, join
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, RelationKind, State, natural_ref

_READ: Final = frozenset(
    {
        "$schema",
        "bomFormat",
        "signature",
        "properties",
        "definitions",
        "citations",
        "annotations",
        "components",
        "compositions",
        "dependencies",
        "metadata",
        "serialNumber",
        "services",
        "specVersion",
        "version",
    }
)
"""What is read here, and what says something of the document alone."""
_UNREAD: Final = frozenset({"declarations", "formulation", "vulnerabilities"})
_ESCAPE: Final = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")


_DEPTH: Final = 200
"""How deep an escaped document may nest; ours are far flatter."""


def read(data: bytes, *, source: str) -> Inventory:
    """Return what the CycloneDX JSON document *data* lists.

    Args:
        data: The document, of specification version 1.4 to 1.7.
        source: What to call it in locations and messages.

    Raises:
        MalformedError: It is no such document. What is wrong with a single entry
            becomes a gap instead.
    """
    return _Reader(_parsed(data, source)).inventory()


_Keep = Callable[[Entry], str | None]
"""Keeps what an entry stands for, and returns its ref."""


class _Reader:
    """Reads one document.

    Refs are kept as they are, since edges and gaps name components by them.
    """

    def __init__(self, root: Entry) -> None:
        self._root = root
        self._marks = _dialect(root)
        self._found = Collector(root.source)
        self._tally = Tally(root.source)
        self._foreign = Foreign(self._found, self._tally)
        self._components: dict[str, Component] = {}
        self._subject: str | None = None
        self._tools: set[str] = set()

    def inventory(self) -> Inventory:
        """Read all of it."""
        name = self._root.source
        with self._found.entry():
            if metadata := self._root.entry("metadata"):
                name = self._metadata(metadata, name)
        self._walk(self._root, "services", self._service)
        self._walk(self._root, "components", self._component)
        self._dependencies()
        self._completeness()
        self._others()
        self._tally.report(self._found)
        components = sorted(self._components.items())
        return replace(
            self._found.inventory(),
            name=name,
            components=tuple(component for _, component in components),
        )

    def _metadata(self, metadata: Entry, name: str) -> str:
        """Read what the document says of itself; return the name of its subject."""
        if self._marks is None:
            self._marks_of(metadata)
        else:
            self._told(metadata, self._marks)
        subject = metadata.entry("component")
        if subject is None:
            return name
        with self._found.entry():
            if _is_root(subject):
                self._subject = subject.text("bom-ref")
            else:
                self._component(subject)
        self._walk(subject, "components", self._component)
        if self._marks is not None and properties.NAME in self._marks:
            return ""
        return subject.text("name") or name

    def _told(self, metadata: Entry, marks: Properties) -> None:
        """Read the gaps and edges that we wrote."""
        for text in marks.many(properties.GAP):
            with self._found.entry():
                self._found.gap(own.gap(text, metadata))
        for text in marks.many(properties.RELATION):
            with self._found.entry():
                each = own.relation(text, metadata)
                self._found.relate(each.source, each.target, each.kind)

    def _walk(self, holder: Entry, key: str, keep: _Keep) -> None:
        """Read the entries under *key* and those nested in them, however deep."""
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
                    if key in entry:
                        pending.append((entry, ref))

    def _component(self, entry: Entry) -> str | None:
        marks = self._marks_of(entry)
        if marks is not None and properties.BASIS in marks:
            with self._found.entry():
                return self._keep(entry, own.component(entry, marks))
        component = self._foreign.component(entry)
        return None if component is None else self._keep(entry, component)

    def _service(self, entry: Entry) -> str | None:
        if entry.pointer in self._tools:
            return None
        marks = self._marks_of(entry)
        if marks is not None and properties.BASIS in marks:
            with self._found.entry():
                ref = self._keep(entry, own.service(entry, marks))
                self._tools.update(pointer for pointer, _ in own.tools(entry))
                return ref
        server = self._foreign.server(entry)
        return None if server is None else self._keep(entry, server)

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

    def _keep(self, entry: Entry, component: Component) -> str:
        ref = entry.text("bom-ref")
        if ref and (ref in self._components or ref == self._subject):
            what = "entries that share their `bom-ref` with another"
            self._tally.note(what, entry.pointer, State.UNREADABLE)
            ref = None
        if not ref:
            ref = f"{natural_ref(component)}#{entry.pointer}"
            while ref in self._components:
                ref += "#"
        if component.ref != ref:
            component = replace(component, ref=ref)
        self._components[ref] = component
        return ref

    def _dependencies(self) -> None:
        items: list[Any] = []
        with self._found.entry():
            items = self._root.items("dependencies")
        for index, value in enumerate(items):
            with self._found.entry():
                pointer = f"/dependencies/{index}"
                self._edges(Entry(value, self._root.source, pointer))

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
        for target in known:
            self._found.relate(source, target)
        if lost := len(targets) - len(known):
            what = "dependencies from or to something that is not listed or not read"
            self._tally.note(what, entry.pointer, State.UNMATCHED, lost)

    def _completeness(self) -> None:
        """Take the document at its word if it calls itself incomplete.

        Ours does so when it has gaps, and lists them.
        """
        if self._marks is not None and properties.GAP in self._marks:
            return
        with self._found.entry():
            for each in self._root.entries("compositions"):
                if (each.text("aggregate") or "").startswith("incomplete"):
                    what = "parts of the list that the BOM itself calls incomplete"
                    self._tally.note(what, each.pointer, State.UNMATCHED)

    def _others(self) -> None:
        """Count what no other part of the reader looks at."""
        for key in self._root:
            pointer = join("", key)
            if key in _READ or key not in self._root:
                continue
            with self._found.entry():
                if key == "externalReferences":
                    self._references()
                elif key in _UNREAD:
                    count = len(self._root.items(key)) if key != "declarations" else 1
                    self._tally.note(f"entries of `{key}`", pointer, count=count)
                else:
                    what = "members of the document that CycloneDX does not have"
                    self._tally.note(what, pointer)

    def _references(self) -> None:
        for each in self._root.entries("externalReferences"):
            if each.text("type") == "bom":
                self._tally.note(OTHER_BOMS, each.pointer)


def _is_root(subject: Entry) -> bool:
    """Say whether the subject of a BOM is nothing but the whole that it lists.

    One that names a package, a model or bytes of its own is what will be run.
    """
    bytes_of_its_own = subject.items("hashes") or any(
        each.text("type") == "distribution"
        for each in subject.entries("externalReferences")
    )
    named = "purl" in subject or bool(bytes_of_its_own)
    return not named and (subject.text("type") or "") in {*PACKAGES, "", "file"}


def _parsed(data: bytes, source: str) -> Entry:
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        raise MalformedError(
            "XML is not read; convert it to CycloneDX JSON", source=source
        )
    value = Node.from_json(data, source=source).value
    root = Entry(value, source, "")
    if "spdxVersion" in root or ("@context" in root and "@graph" in root):
        raise root.malformed(
            "this is an SPDX document, which is not read; convert it to CycloneDX JSON"
        )
    if root.text("bomFormat") != "CycloneDX":
        raise root.malformed("this is not CycloneDX: `bomFormat` does not say so")
    version = root.text("specVersion") or ""
    if version not in VERSIONS:
        raise root.malformed(
            f"CycloneDX `{version[:40]}` is not read; {VERSIONS[0]} to {VERSIONS[-1]} "
            "are"
        )
    marks = _dialect(root)
    if marks is not None and marks.true(properties.ESCAPED):
        return Entry(_unescaped(value, root), source, "")
    return root


def _dialect(root: Entry) -> Properties | None:
    """Return the properties of the document if it speaks our vocabulary.

    Raises:
        MalformedError: It speaks a later version of it.
    """
    try:
        metadata = root.entry("metadata")
        marks = Properties(metadata) if metadata else None
    except MalformedError:
        return None
    if marks is None or properties.INVENTORY not in marks:
        return None
    version = marks.one(properties.INVENTORY) or ""
    if version != VOCABULARY:
        raise root.malformed(
            f"written by a later mcpchain (vocabulary `{version[:40]}`)"
        )
    return marks


def _unescaped(value: Any, root: Entry, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Undo, in every string below *value*, what `write` does to text that is none."""
    if depth > _DEPTH:
        raise root.malformed("nested too deeply")
    if isinstance(value, str):
        return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\\", value)
    if isinstance(value, list):
        return [_unescaped(each, root, depth + 1) for each in value]
    if type(value) is dict:
        return {k: _unescaped(each, root, depth + 1) for k, each in value.items()}
    return value
