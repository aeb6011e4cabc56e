"""Read an SPDX 2.2 or 2.3 JSON document, ours or anybody's, as an inventory.

Like any BOM it is a claim by whoever wrote it. Packages are read as a CycloneDX entry
that says the same would be, files and relationships besides. What there are no words
for is carried along under `spdx`. Other documents are never followed.
"""

import sys
from dataclasses import replace
from typing import Any, Final

from mcpchain.artifact import Artifact, Digest
from mcpchain.bom import carry
from mcpchain.bom.carry import Carrier
from mcpchain.bom.encode import component_entry
from mcpchain.bom.entry import Entry
from mcpchain.bom.foreign import Foreign, unexamined
from mcpchain.bom.own import gap as own_gap
from mcpchain.bom.spdx import outline, own, relations
from mcpchain.bom.spdx.outline import DOCUMENT
from mcpchain.bom.spdx.translate import Translator, people, said
from mcpchain.bom.tally import Tally
from mcpchain.bom.unread import OTHER_BOMS
from mcpchain.bom.whole import TARGET
from mcpchain.component import Component, Kind, Location
from mcpchain.document import join
from mcpchain.inventory import (
    Collector,
    Inventory,
    RelationKind,
    State,
    natural_ref,
)

VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")
_LISTS: Final = frozenset(
    {"packages", "files", "relationships", "documentDescribes", "SPDXID", "name"}
)
"""The members of a document that are read; all others are carried."""
_KNOWN: Final = _LISTS | {
    "$schema",
    "annotations",
    "comment",
    "creationInfo",
    "dataLicense",
    "documentNamespace",
    "externalDocumentRefs",
    "hasExtractedLicensingInfos",
    "revieweds",
    "snippets",
    "spdxVersion",
}
_OURS: Final = frozenset(
    {"annotations", "comment", "creationInfo", "dataLicense", "documentNamespace"}
    | {"hasExtractedLicensingInfos", "spdxVersion"}
)
"""The members of a document of ours that hold nothing of another BOM."""
_FILE: Final = frozenset(
    {"SPDXID", "fileName", "checksums", "licenseConcluded", "copyrightText"}
)
_FOREIGN: Final = "DocumentRef-"
_NOBODY: Final = frozenset({"NONE", "NOASSERTION"})

_Object = dict[str, Any]


def read(root: Entry, *, whole: bool = True, edges: int | None = None) -> Inventory:
    """Return what an SPDX document lists.

    Args:
        root: The document, of one of `VERSIONS`.
        whole: Whether to carry along what we have no words for.
        edges: How many relationships are read, at most. Of a document with more, no
            package counts as one whose dependencies are all known.
    """
    return _Reader(root, whole=whole, edges=edges).inventory()


class _Reader:
    """Reads one document. Elements keep their SPDXIDs as refs."""

    def __init__(self, root: Entry, *, whole: bool, edges: int | None) -> None:
        self._root = root
        self._is_whole = whole
        self._left = sys.maxsize if edges is None else edges
        self._is_cut = False
        self._found = Collector(root.source)
        self._tally = Tally(root.source)
        self._translator = Translator(root, self._found, self._tally)
        self._foreign = Foreign(self._found, self._tally)
        self._carrier = Carrier(self._tally)
        self._components: dict[str, Component] = {}
        self._subjects: list[str] = []
        self._none: set[str] = set()
        """What the document says depends on nothing."""
        self._whole: str | None = None
        """The SPDXID of the package that is nothing but the whole."""
        self._of_whole: list[str] = []
        """What the document says that its subject depends on."""
        self._kept: list[_Object] = []
        """Relationships that no relation holds."""
        self._is_ours = own.speaks(root)
        self._called: dict[str, str] = {}
        """What packages of ours are called in an inventory, by their SPDXIDs."""

    def inventory(self) -> Inventory:
        """Read all of it."""
        said_of = outline.relationships(self._root, self._found)
        self._subjects = outline.described(self._root, self._found, said_of)
        root = outline.whole(self._root, self._found, self._subjects)
        self._whole = None if root is None else root.text("SPDXID")
        outline.each(
            self._root, "packages", self._found, lambda e: self._package(e, root)
        )
        outline.each(self._root, "files", self._found, self._file)
        self._edges(said_of)
        if self._is_ours:
            with self._found.entry():
                self._gaps()
        self._unread()
        carried = carry.dump(self._carried(root)) if self._is_whole else ""
        for gap in self._tally.gaps():
            self._found.gap(gap)
        inventory = self._found.inventory()
        depends = {
            each.source
            for each in inventory.relations
            if each.kind is RelationKind.DEPENDS_ON
        }
        full = {ref for ref, each in self._components.items() if each.graph}
        leaves = set() if self._is_cut else (self._none - depends) | full
        return replace(
            inventory,
            name=self._name(root),
            components=tuple(
                replace(each, graph=ref in leaves)
                for ref, each in sorted(self._components.items())
            ),
            carried=carried,
        )

    def _name(self, root: Entry | None) -> str:
        name = None
        with self._found.entry():
            holder = self._root if root is None else root
            name = said(holder.text("name")) or said(self._root.text("name"))
        return name or self._root.source

    # Elements.

    def _package(self, entry: Entry, root: Entry | None) -> None:
        if root is not None and entry.pointer == root.pointer:
            return
        if self._is_ours:
            with self._found.entry():
                if told := own.component(entry):
                    self._own(entry, told)
                    return
        translated = self._translator.package(entry)
        made = self._foreign.component(translated)
        ref = self._ref(entry, made)
        carried: _Object = {}
        if self._is_whole:
            written = component_entry(replace(made, ref=ref), starts_server=False)
            carried = self._carrier.beyond(translated, written)
        self._keep(ref, replace(made, carried=carry.dump(carried)))

    def _own(self, entry: Entry, told: own.Read) -> None:
        ref = told.ref
        if not ref or ref in self._components or ref in {DOCUMENT, self._whole}:
            ref = self._ref(entry, told.component)
        elif spdxid := entry.text("SPDXID"):
            self._called.setdefault(spdxid, ref)
        carried: _Object = {}
        if self._is_whole:
            carried = self._carrier.clean(told.carried, entry.pointer)
        self._keep(ref, replace(told.component, carried=carry.dump(carried)))

    def _gaps(self) -> None:
        """Read the gaps that we wrote."""
        for text, holder in own.gaps(self._root):
            with self._found.entry():
                gap = own_gap(text, holder)
                self._tally.said(gap)
                self._found.gap(gap)

    def _file(self, entry: Entry) -> None:
        name = said(entry.text("fileName"))
        if name is None:
            raise entry.malformed("a file has no name")
        digests = tuple(
            Digest.of(each["alg"], each["content"])
            for each in self._translator.hashes(entry)
        )
        rest = {k: v for k, v in entry.raw().items() if k not in _FILE}
        carried: _Object = {"spdx": rest} if rest else {}
        if words := said(entry.text("copyrightText")):
            carried["copyright"] = words
        carried = self._carrier.clean(carried, entry.pointer)
        made = Component(
            kind=Kind.FILE,
            name=name,
            locations=(Location(path=entry.source, pointer=entry.pointer),),
            artifacts=(Artifact(digests=digests),) if digests else (),
            concluded=self._translator.license(entry, "licenseConcluded"),
            carried=carry.dump(carried) if self._is_whole else "",
        )
        self._tally.note(unexamined("file"), entry.pointer)
        self._keep(self._ref(entry, made), made)

    def _keep(self, ref: str, made: Component) -> None:
        self._components[ref] = replace(made, ref=ref)

    def _ref(self, entry: Entry, made: Component) -> str:
        ref = entry.text("SPDXID")
        taken = ref in self._components or ref in {DOCUMENT, self._whole}
        if ref and not taken:
            return ref
        if ref:
            what = "elements that share their `SPDXID` with another"
            self._tally.note(what, entry.pointer, State.UNREADABLE)
        ref = f"{natural_ref(made)}#{entry.pointer}"
        while ref in self._components:
            ref += "#"
        return ref

    # Relationships.

    def _edges(self, relationships: list[outline.Raw]) -> None:
        for ref in self._subjects:
            if ref != self._whole and ref not in _NOBODY:
                self._check(self._called.get(ref, ref), self._root)
        for spdxid, kind, other, entry in relationships:
            source = self._called.get(spdxid, spdxid)
            target = self._called.get(other, other)
            if not self._left:
                self._is_cut = True
                what = "relationships beyond those that are read"
                self._tally.note(what, entry.pointer, State.LIMIT)
                continue
            self._left -= 1
            if kind not in relations.KNOWN:
                what = "relationships of a type that SPDX does not have"
                self._tally.note(what, entry.pointer, State.PARTIAL)
            if not self._edge(source, kind, target, entry):
                self._kept.append(entry.raw())

    def _edge(self, source: str, kind: str, target: str, entry: Entry) -> bool:
        """Read one relationship; return whether it needs no place of its own."""
        if kind in {relations.DESCRIBES, relations.DESCRIBED_BY}:
            return DOCUMENT in {source, target}
        if kind in relations.BACKWARD or kind == relations.GENERATES:
            source, target = target, source
        found = relations.FORWARD.get(kind) or relations.BACKWARD.get(kind)
        if kind in {relations.GENERATES, relations.GENERATED_FROM}:
            found = self._trained(source, target)
        if self._whole is not None and self._whole in {source, target}:
            return self._edge_of_whole(source, target, found, entry)
        if {source, target} & _NOBODY:
            if found is RelationKind.DEPENDS_ON and target == "NONE":
                self._none.add(source)
            return found is not None
        known = [self._check(ref, entry) for ref in (source, target)]
        if found is None or not all(known):
            return False
        if source != target:
            self._found.relate(source, target, found)
        return True

    def _edge_of_whole(
        self, source: str, target: str, kind: RelationKind | None, entry: Entry
    ) -> bool:
        if source != self._whole:
            return False
        if target in _NOBODY or not self._check(target, entry):
            return False
        if kind is RelationKind.DEPENDS_ON:
            self._of_whole.append(target)
        # That the whole contains what it lists goes without saying.
        return kind in {RelationKind.DEPENDS_ON, RelationKind.CONTAINS}

    def _trained(self, source: str, target: str) -> RelationKind | None:
        kinds = [
            each.kind
            for ref in (source, target)
            if (each := self._components.get(ref)) is not None
        ]
        return RelationKind.TRAINED_ON if kinds == [Kind.MODEL, Kind.DATA] else None

    def _check(self, ref: str, entry: Entry) -> bool:
        """Return whether *ref* is listed; say so if it is not."""
        if ref in self._components or ref == DOCUMENT:
            return ref != DOCUMENT
        what = "relationships from or to something that is not listed or not read"
        if ref.startswith(_FOREIGN):
            what = "relationships with elements of other documents"
        self._tally.note(what, entry.pointer, State.UNMATCHED)
        return False

    # All else.

    def _unread(self) -> None:
        for key, what in (
            ("externalDocumentRefs", OTHER_BOMS),
            ("snippets", "snippets of files, which were not examined"),
        ):
            with self._found.entry():
                if count := len(self._root.items(key)):
                    pointer = f"{self._root.pointer}/{key}"
                    self._tally.note(what, pointer, count=count)
        for key in self._root:
            if key not in _KNOWN:
                what = "members of the document that SPDX does not have"
                self._tally.note(what, join(self._root.pointer, key))

    def _carried(self, root: Entry | None) -> _Object:
        """Return what there are no words for, as CycloneDX has it where it does."""
        metadata: _Object = {}
        with self._found.entry():
            if info := self._root.entry("creationInfo"):
                metadata = people(info.texts("creators"))
        with self._found.entry():
            if root is not None and (told := self._subject(root)):
                metadata["component"] = told
        found: _Object = {"metadata": metadata} if metadata else {}
        if self._of_whole:
            depends = sorted(set(self._of_whole))
            found["dependencies"] = [{"ref": TARGET, "dependsOn": depends}]
        if rest := self._rest():
            found["spdx"] = rest
        return found

    def _subject(self, root: Entry) -> _Object:
        translated = self._translator.package(root)
        written = {"type": "application", "name": translated.text("name")}
        if "primaryPackagePurpose" not in root:
            written["type"] = translated.text("type")
        return self._carrier.beyond(translated, written)

    def _rest(self) -> _Object:
        raw = self._root.raw()
        rest = {k: v for k, v in raw.items() if k not in _LISTS}
        if self._kept:
            rest["relationships"] = self._kept
        if self._is_ours:
            # What is said by these is read, or said anew.
            rest = {k: v for k, v in rest.items() if k not in _OURS}
        clean: _Object = self._carrier.clean(rest, self._root.pointer)
        return clean
