"""What is inside a package, as the BOM that it brought along says (PEP 770).

Such a BOM is the word of whoever made the package. What it lists becomes a part of the
package: bundled, declared, and named below it, so that the same crate in two wheels
stays two. A part is fixed by the bytes of its package, and is looked up among the
advisories like anything else. Nothing of such a BOM speaks for what lies outside.
"""

import hashlib
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain import purl as purls
from mcpchain.bom import formats
from mcpchain.bom.carry import without_secrets
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import (
    Embedded,
    Gap,
    Inventory,
    Relation,
    RelationKind,
    State,
)

_SUBJECT: Final = "/metadata/component"
_PACKAGES: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY})
_FACTS: Final = PackageFacts(origin=Origin.BUNDLED)
_LIBRARY: Final = '{"type":"library"}'
"""What a part that names no package of its own is called in a BOM."""
_LIMIT: Final = 300_000
_EDGES: Final = 200_000
"""How many parts are listed in all, and how many dependencies of theirs."""
_PARTS: Final = (
    "/components",
    "/metadata",
    "/services",
    "/packages",
    "/files",
    "/sbom",
)
"""Where the parts stand in a BOM."""
_TOLD: Final = 5
_HEAD: Final = 4096
_HINT: Final = "ask the maker of the package for a BOM that says what is in it"


def unfold(inventory: Inventory) -> Inventory:
    """Return *inventory* with what the BOMs list that came with its components."""
    if not inventory.embedded:
        return inventory
    result = _Unfolding(inventory)
    for document in inventory.embedded:
        result.read(document)
    return result.inventory()


class _Unfolding:
    """An inventory that grows by the parts of its components."""

    def __init__(self, inventory: Inventory) -> None:
        self._inventory = inventory
        self._components = {each.ref: each for each in inventory.components}
        self._limit = len(self._components) + _LIMIT
        self._edges = _EDGES
        self._relations = dict.fromkeys(inventory.relations)
        self._gaps = dict.fromkeys(inventory.gaps)

    def inventory(self) -> Inventory:
        """Return all of it, every list in a total order."""
        return replace(
            self._inventory,
            components=tuple(c for _, c in sorted(self._components.items())),
            relations=tuple(
                sorted(
                    self._relations, key=lambda r: (r.source, r.target, r.kind.value)
                )
            ),
            gaps=tuple(sorted(self._gaps, key=_rank)),
            embedded=(),
        )

    def read(self, document: Embedded) -> None:
        """Add what one BOM lists, or the gap that it leaves."""
        parent = self._components[document.ref]
        if unread := _unread(document.data):
            self._gap(document, f"{unread}, which is not read", State.PARTIAL)
            return
        try:
            place = document.location.path
            inner = formats.read(
                document.data, source=place, whole=False, edges=self._edges
            )
        except MalformedError as error:
            self._gap(document, error.problem, State.UNREADABLE, error.pointer)
            return
        if len(self._components) + len(inner.components) > self._limit:
            reason = f"more than {_LIMIT:,} parts of packages; these were not read"
            self._gap(document, reason, State.LIMIT)
            return
        edges = (each.kind is RelationKind.DEPENDS_ON for each in inner.relations)
        self._edges = max(0, self._edges - sum(edges))
        self._check(document, parent, inner)
        self._join(document, parent, inner)

    def _join(self, document: Embedded, parent: Component, inner: Inventory) -> None:
        names: dict[str, str] = {}
        same: set[str] = set()
        for each in inner.components:
            if _is(each, parent):
                names[each.ref] = parent.ref
                same.add(each.location.pointer)
            else:
                names[each.ref] = self._add(each, parent)
        held = set()
        for edge in inner.relations:
            source, target = names[edge.source], names[edge.target]
            if source != target:
                self._relate(source, target, edge.kind)
            if edge.kind is RelationKind.CONTAINS:
                held.add(target)
        for ref in dict.fromkeys(names.values()):
            if ref != parent.ref and ref not in held:
                self._relate(parent.ref, ref, RelationKind.CONTAINS)
        # The package itself, listed beside being the subject, is no loss.
        lost = [
            gap
            for gap in inner.gaps
            if gap.location.pointer not in same and _matters(gap)
        ]
        if reasons := [*dict.fromkeys(_told(gap) for gap in lost)]:
            more = f" and {len(reasons) - _TOLD:,} more" if reasons[_TOLD:] else ""
            limit = any(gap.state is State.LIMIT for gap in lost)
            state = State.LIMIT if limit else State.PARTIAL
            self._gap(document, ", ".join(reasons[:_TOLD]) + more, state)

    def _add(self, component: Component, parent: Component) -> str:
        purl = _without_files(component.purl)
        ref = f"{parent.ref}#{_named(component, purl)}"
        if ref in self._components:
            place = f"{component.location} {component.ref}"
            digest = hashlib.sha256(place.encode("utf-8", "replace"))
            ref += f"#{digest.hexdigest()[:8]}"
        while ref in self._components:
            ref += "+"
        self._components[ref] = _part(component, purl, parent, ref)
        return ref

    def _relate(self, source: str, target: str, kind: RelationKind) -> None:
        self._relations[Relation(source=source, target=target, kind=kind)] = None

    def _check(self, document: Embedded, parent: Component, inner: Inventory) -> None:
        """Say so if the BOM is about something else than what it came with."""
        subject = next(
            (c for c in inner.components if c.location.pointer == _SUBJECT), None
        )
        if subject is not None:
            if _is(subject, parent) or subject.purl is None:
                return
            if subject.purl.type != "pypi":
                return  # what was built into the wheel, such as a crate
            name, version, state = subject.name, subject.version, State.UNMATCHED
        else:
            name, version = _subject(document.data)
            if not name or _same(name, version, parent):
                return
            alike = canonicalize_name(name) == parent.name
            state = State.UNMATCHED if alike else State.PARTIAL
        told = f"{name} {version or ''}".strip()[:140]
        came = f"{parent.name} {parent.version}"
        self._gap(document, f"is about `{told}`, and came with `{came}`", state)

    def _gap(
        self, document: Embedded, reason: str, state: State, pointer: str = ""
    ) -> None:
        gap = Gap(
            stage="discover",
            location=replace(document.location, pointer=pointer),
            reason=_bare(f"the BOM of a package: {reason}"),
            state=state,
            hint=_HINT,
            ref=document.ref,
        )
        self._gaps[gap] = None


def _part(
    component: Component, purl: PackageURL | None, parent: Component, ref: str
) -> Component:
    """Return *component* as what it is inside *parent*.

    What its BOM says of it besides, such as a description, stays in that BOM: it would
    make ours many times larger, and nobody judges by it.
    """
    package = component.kind in _PACKAGES and purl is not None
    if purl is not None and (purl.type, purl.name) == ("pypi", parent.name):
        # An extension module, say: what is known of it is known of the package.
        package = package and purl.version != parent.version
    return Component(
        kind=Kind.LIBRARY if package else Kind.OTHER,
        name=_bare(component.name),
        locations=component.locations,
        version=_bare(component.version) if component.version else None,
        purl=purl,
        pin=Pin.EXACT if component.version else None,
        basis=Basis.DECLARED,
        artifacts=component.artifacts,
        licenses=tuple(map(_bare, component.licenses)),
        concluded=tuple(map(_bare, component.concluded)),
        graph=component.graph,
        carried="" if package or component.kind not in _PACKAGES else _LIBRARY,
        facts=_FACTS,
        ref=ref,
    )


def _matters(gap: Gap) -> bool:
    """Say whether a part may have been missed.

    How a package was built, and that its maker does not call the list complete, is
    more than packages without a BOM tell.
    """
    pointer = gap.location.pointer
    parts = not pointer or pointer.startswith(_PARTS)
    return parts or gap.state in {State.UNREADABLE, State.LIMIT}


def _told(gap: Gap) -> str:
    where = f" (`{gap.location.pointer}`)" if gap.location.pointer else ""
    return gap.reason + where


def _without_files(purl: PackageURL | None) -> PackageURL | None:
    """Drop where on its maker's machine it was."""
    address = purl.qualifiers.get("download_url", "") if purl else ""
    if purl is None or not address.lower().startswith("file:"):
        return purl
    kept = {k: v for k, v in purl.qualifiers.items() if k != "download_url"}
    return purl._replace(qualifiers=kept)


def _named(component: Component, purl: PackageURL | None) -> str:
    if purl is not None:
        return unquote(purls.write(purl))
    version = f"@{component.version}" if component.version else ""
    return _bare(f"{component.name}{version}")


def _bare(text: str) -> str:
    return without_secrets(text) if "://" in text else text


def _is(component: Component, parent: Component) -> bool:
    """Say whether *component* is the package itself, and not a part of it."""
    purl = component.purl
    return (
        purl is not None
        and purl.type == "pypi"
        and not purl.subpath
        and _same(purl.name, purl.version, parent)
    )


def _same(name: str, version: str | None, parent: Component) -> bool:
    if canonicalize_name(name) != parent.name:
        return False
    if version is None or version == parent.version:
        return True
    try:
        return Version(version) == Version(parent.version or "")
    except InvalidVersion:
        return False


def _unread(data: bytes) -> str:
    """Say what a document is, if it is a BOM of a kind that is not read."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    return formats.unread(data) or ("XML" if head.startswith(b"<") else "")


def _subject(data: bytes) -> tuple[str, str | None]:
    """Return name and version of a subject that is nothing but the whole."""
    try:
        if formats.MARKS[1] in data:
            return formats.subject(data)
        root = Node.from_json(data, source="")
        subject = root.at("metadata").at("component")
        if not subject.exists:
            return "", None
        return subject.at("name").text(), subject.at("version").optional_text()
    except MalformedError:
        return "", None


def _rank(gap: Gap) -> tuple[str, str, int, str, str, str, str, str]:
    place = gap.location
    return (
        place.path,
        place.pointer,
        place.line or 0,
        gap.stage,
        gap.reason,
        gap.state.value,
        gap.hint,
        gap.ref or "",
    )
