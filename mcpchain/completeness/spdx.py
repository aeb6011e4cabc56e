"""The facts of an SPDX 2 document."""

from dataclasses import replace
from typing import Any, Final

from mcpchain.bom.purls import is_purl
from mcpchain.bom.spdx.actors import parsed
from mcpchain.bom.spdx.relations import (
    BACKWARD,
    DESCRIBED_BY,
    DESCRIBES,
    FORWARD,
)
from mcpchain.completeness.parts import (
    Bom,
    Group,
    Hash,
    Named,
    Object,
    Part,
    address,
    digest,
    group_of,
    members,
    moment,
    named,
    objects,
    words,
)
from mcpchain.inventory import RelationKind

_DOCUMENT: Final = "SPDXRef-DOCUMENT"
_DEPENDS: Final = RelationKind.DEPENDS_ON
_FILE: Final = "file"
_FILE_NAME: Final = "bsi:component:filename"
"""The property of CycloneDX for which SPDX has a member."""


def bom(document: Object) -> Bom:
    """Return what *document* says."""
    info = members(document.get("creationInfo"))
    creators = [each for each in _texts(info.get("creators")) if parsed(each)]
    people = [each for each in creators if not each.startswith("Tool:")]
    edges, leaves, held = _edges(document)
    described = _described(document)
    related = {ref for edge in edges for ref in edge} | leaves
    parts: list[Part] = []
    subject: Part | None = None
    for each in objects(document.get("packages")):
        part = _part(each, related, leaves, held)
        if subject is None and part.ref in described[:1]:
            subject = replace(part, group=Group.PROJECT, piece=False)
        else:
            parts.append(part)
    parts += [_file(each, related, held) for each in objects(document.get("files"))]
    if not parts and subject is not None:
        # The only package is what the document lists.
        parts = [subject]
        subject = None
    return Bom(
        format=words(document.get("spdxVersion")) or "SPDX",
        parts=tuple(parts),
        subject=subject,
        authors=tuple(_name(each) for each in people),
        contacts=tuple(found for each in people if (found := _email(each))),
        makers=() if subject is None else subject.producers,
        reachable=() if subject is None else subject.contacts,
        tools=tuple(_name(each) for each in creators if each.startswith("Tool:")),
        timestamp=moment(info.get("created")),
        identifier=words(document.get("documentNamespace")),
        direct=subject is not None and any(s == subject.ref for s, _ in edges),
    )


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, str)]


def _name(actor: str) -> str:
    found = parsed(actor)
    return words(found[1]) if found else ""


def _email(actor: str) -> str:
    found = parsed(actor)
    return address(found[2]) if found else ""


def _edges(document: Object) -> tuple[list[tuple[str, str]], set[str], set[str]]:
    """Return what needs or holds what, what needs nothing, and what packages hold."""
    edges: list[tuple[str, str]] = []
    leaves: set[str] = set()
    held: set[str] = set()
    wholes = {_DOCUMENT, *_described(document)}
    for each in objects(document.get("relationships")):
        source, target = each.get("spdxElementId"), each.get("relatedSpdxElement")
        kind = each.get("relationshipType")
        if not (
            isinstance(source, str)
            and isinstance(target, str)
            and isinstance(kind, str)
        ):
            continue
        if FORWARD.get(kind) is _DEPENDS and target == "NONE":
            leaves.add(source)
            continue
        if kind in BACKWARD:
            source, target = target, source
        found = FORWARD.get(kind) or BACKWARD.get(kind)
        if found is not None:
            edges.append((source, target))
        if found is RelationKind.CONTAINS and source not in wholes:
            held.add(target)
    return edges, leaves, held


def _described(document: Object) -> list[str]:
    found = _texts(document.get("documentDescribes"))
    for each in objects(document.get("relationships")):
        source, target = each.get("spdxElementId"), each.get("relatedSpdxElement")
        kind = each.get("relationshipType")
        if kind == DESCRIBES and source == _DOCUMENT and isinstance(target, str):
            found.append(target)
        if kind == DESCRIBED_BY and target == _DOCUMENT and isinstance(source, str):
            found.append(source)
    return found


def _part(entry: Object, related: set[str], leaves: set[str], held: set[str]) -> Part:
    ref = entry.get("SPDXID") if isinstance(entry.get("SPDXID"), str) else ""
    identifiers = _identifiers(entry)
    told = next(map(named, identifiers), Named())
    name = words(entry.get("name"))
    version = words(entry.get("versionInfo")) or told.version
    actors = [words(entry.get(key)) for key in ("supplier", "originator")]
    people = tuple(found for each in actors if (found := _name(each)))
    download = words(entry.get("downloadLocation"))
    kind = words(entry.get("primaryPackagePurpose")).lower()
    return Part(
        label=(f"{name}@{version}" if version else name) or str(ref) or "(no name)",
        ref=str(ref),
        kind=kind,
        name=name,
        version=version,
        supplier=_name(actors[0]) or _name(actors[1]),
        producers=people,
        contacts=tuple(found for each in actors if (found := _email(each))),
        identifiers=identifiers,
        hashes=(*_hashes(entry), *told.hashes),
        distributed=_hashes(entry),
        declared=_license(entry.get("licenseDeclared")),
        concluded=_license(entry.get("licenseConcluded")),
        related=ref in related,
        lists_all=ref in leaves,
        addresses=frozenset({"distribution"} if download else ()),
        properties={_FILE_NAME: words(entry.get("packageFileName"))},
        description=words(entry.get("description")) or words(entry.get("summary")),
        group=group_of(kind, told),
        # What has a version, or the name of a package, is more than a file of it.
        piece=kind == _FILE and ref in held and not (version or told.package),
    )


def _file(entry: Object, related: set[str], held: set[str]) -> Part:
    ref = entry.get("SPDXID") if isinstance(entry.get("SPDXID"), str) else ""
    name = words(entry.get("fileName"))
    return Part(
        label=name or str(ref) or "(no name)",
        ref=str(ref),
        kind=_FILE,
        group=Group.FILE,
        piece=ref in held,
        name=name,
        properties={_FILE_NAME: name},
        hashes=_hashes(entry),
        concluded=_license(entry.get("licenseConcluded")),
        related=ref in related,
    )


def _license(value: Any) -> tuple[str, ...]:  # noqa: ANN401 - JSON
    text = words(value)
    return (text,) if text else ()


def _identifiers(entry: Object) -> tuple[str, ...]:
    found = []
    for each in objects(entry.get("externalRefs")):
        kind = words(each.get("referenceType")).rpartition("/")[2]
        locator = words(each.get("referenceLocator"))
        known = kind.startswith("cpe2") and locator.startswith(("cpe:2.3:", "cpe:/"))
        if (
            known
            or (kind == "purl" and is_purl(locator))
            or (kind == "swid" and locator)
        ):
            found.append(locator)
    return tuple(found)


def _hashes(entry: Object) -> tuple[Hash, ...]:
    found = [
        digest(each.get("algorithm"), each.get("checksumValue"))
        for each in objects(entry.get("checksums"))
    ]
    return tuple(each for each in found if each is not None)
