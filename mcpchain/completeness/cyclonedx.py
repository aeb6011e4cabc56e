"""The facts of a CycloneDX document."""

import json
from collections.abc import Iterator
from typing import Any, Final

from mcpchain.bom.purls import is_purl
from mcpchain.completeness.parts import (
    Bom,
    Group,
    Hash,
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

_MAKERS: Final = ("manufacturer", "manufacture")
_HOLDERS: Final = frozenset({"data", "machine-learning-model"})
_PIECES: Final = _HOLDERS | {"file"}
"""What is a file of a model or data set, if it is listed inside of one."""
_TOLD: Final = ("complete", "incomplete", "unknown")
"""How an `aggregate` begins that says something; `not_specified` does not."""


def bom(document: Object) -> Bom:
    """Return what *document* says."""
    metadata = members(document.get("metadata"))
    edges, targets = _edges(document)
    complete = _complete(document)
    subject = None
    if isinstance(metadata.get("component"), dict):
        subject = _part(metadata["component"], edges, targets, complete, subject=True)
    inner = members(metadata.get("component"))
    makers = [metadata.get(key) for key in (*_MAKERS, "supplier")]
    makers += [inner.get(key) for key in (*_MAKERS, "supplier")]
    authors = [metadata.get("manufacturer"), *objects(metadata.get("authors"))]
    ref = words(inner.get("bom-ref"))
    return Bom(
        format=f"CycloneDX {words(document.get('specVersion')) or '?'}",
        parts=tuple(
            _part(each, edges, targets, complete, outer=outer)
            for holder in (document, inner)
            for each, outer in _nested(holder, "components")
        ),
        subject=subject,
        services=tuple(each for each, _ in _nested(document, "services")),
        formulation=sum(
            1
            for each in objects(document.get("formulation"))
            for _ in _nested(each, "components")
        ),
        authors=_names(authors),
        contacts=_contacts(authors),
        makers=_names(makers),
        reachable=_contacts(makers),
        tools=_tools(metadata),
        timestamp=moment(metadata.get("timestamp")),
        identifier=words(document.get("serialNumber")),
        phases=tuple(
            found
            for each in objects(metadata.get("lifecycles"))
            if (found := words(each.get("phase")) or words(each.get("name")))
        ),
        signed=bool(document.get("signature")),
        vulnerabilities=sum(1 for _ in objects(document.get("vulnerabilities"))),
        direct=bool(ref) and bool(edges.get(ref)),
        coverage=bool(complete),
        addresses=_addresses(document) | _addresses(inner),
    )


def _nested(holder: Object, key: str) -> Iterator[tuple[Object, Object | None]]:
    """Yield the entries under *key* and those in them, and what each is in."""
    pending: list[tuple[Object, Object | None]] = []
    pending += [(each, None) for each in objects(holder.get(key))][::-1]
    while pending:
        each, outer = pending.pop()
        yield each, outer
        pending += [(inner, each) for inner in objects(each.get(key))][::-1]


def _edges(document: Object) -> tuple[dict[str, list[Any]], set[str]]:
    edges: dict[str, list[Any]] = {}
    targets: set[str] = set()
    for each in objects(document.get("dependencies")):
        ref, listed = each.get("ref"), each.get("dependsOn", [])
        if isinstance(ref, str) and isinstance(listed, list):
            found = [target for target in listed if isinstance(target, str)]
            edges.setdefault(ref, []).extend(found)
            targets.update(found)
    return edges, targets


def _complete(document: Object) -> set[str]:
    """Return the refs of which the document says how complete their edges are."""
    return {
        ref
        for each in objects(document.get("compositions"))
        if isinstance(each.get("aggregate"), str)
        and each["aggregate"].startswith(_TOLD)
        for ref in _texts(each.get("dependencies"))
    }


def _texts(value: object) -> list[str]:
    listed = value if isinstance(value, list) else []
    return [each for each in listed if isinstance(each, str)]


def _part(
    entry: Object,
    edges: dict[str, list[Any]],
    targets: set[str],
    complete: set[str],
    *,
    outer: Object | None = None,
    subject: bool = False,
) -> Part:
    ref = entry.get("bom-ref") if isinstance(entry.get("bom-ref"), str) else ""
    name, group = words(entry.get("name")), words(entry.get("group"))
    kind = words(entry.get("type"))
    told = named(words(entry.get("purl")))
    version = words(entry.get("version")) or told.version
    people = [*map(entry.get, _MAKERS), *objects(entry.get("authors"))]
    producers = [
        *people,
        {"name": entry.get("author")},
        {"name": entry.get("publisher")},
    ]
    declared, concluded = _licenses(entry)
    references = [*objects(entry.get("externalReferences"))]
    inside = [each for each in objects(entry.get("components")) if _piece(each, entry)]
    full = f"{group}/{name}" if group and name else name
    return Part(
        label=(f"{full}@{version}" if version else full) or str(ref) or "(no name)",
        ref=str(ref),
        kind=kind,
        name=full,
        version=version,
        supplier=next(iter(_names([entry.get("supplier"), *producers])), ""),
        producers=_names(producers),
        contacts=_contacts(people),
        identifiers=_identifiers(entry),
        hashes=(
            *_hashes(entry),
            *_distributed(references),
            *told.hashes,
            *_of_all(inside),
        ),
        distributed=_distributed(references),
        declared=declared,
        concluded=concluded,
        related=outer is not None or (bool(ref) and (ref in edges or ref in targets)),
        lists_all=ref in complete,
        addresses=_addresses(entry),
        properties={
            key: words(each.get("value"))
            for each in objects(entry.get("properties"))
            if (key := words(each.get("name")))
        },
        card=members(entry.get("modelCard")),
        data=tuple(objects(entry.get("data"))),
        description=words(entry.get("description")),
        ancestors=bool([*objects(members(entry.get("pedigree")).get("ancestors"))]),
        group=Group.PROJECT if subject else group_of(kind, told),
        piece=outer is not None and _piece(entry, outer),
        sized=any(map(_sized, [entry, *inside])),
    )


def _piece(entry: Object, outer: Object) -> bool:
    """Say whether *entry* is one of the files that a model or data set consists of."""
    told = named(words(entry.get("purl")))
    kinds = words(entry.get("type")), words(outer.get("type"))
    return kinds[0] in _PIECES and kinds[1] in _HOLDERS and not told.package


def _of_all(pieces: list[Object]) -> tuple[Hash, ...]:
    """Return the hashes of the files of one thing, unless one has none."""
    found = [_hashes(each) for each in pieces]
    return tuple(each for one in found for each in one) if all(found) else ()


def _sized(entry: Object) -> bool:
    """Say whether the size of a file is told, as `mcpchain sbom` does."""
    for each in objects(entry.get("externalReferences")):
        try:
            told = json.loads(words(each.get("comment")))
        except (ValueError, RecursionError):
            continue
        if isinstance(members(told).get("size"), int):
            return True
    return False


def _names(values: list[Any]) -> tuple[str, ...]:
    found = [words(members(each).get("name")) for each in values]
    return tuple(dict.fromkeys(each for each in found if each))


def _contacts(values: list[Any]) -> tuple[str, ...]:
    found: list[str] = []
    for value in values:
        each = members(value)
        found.append(address(each.get("email")))
        urls = each.get("url")
        found += [address(url) for url in (urls if isinstance(urls, list) else [urls])]
        found += [
            address(person.get("email")) for person in objects(each.get("contact"))
        ]
    return tuple(dict.fromkeys(each for each in found if each))


def _identifiers(entry: Object) -> tuple[str, ...]:
    purl, cpe = words(entry.get("purl")), words(entry.get("cpe"))
    found = [purl if purl and is_purl(purl) else ""]
    found.append(cpe if cpe.startswith(("cpe:2.3:", "cpe:/")) else "")
    found.append(words(members(entry.get("swid")).get("tagId")))
    return tuple(each for each in found if each)


def _hashes(holder: Object) -> tuple[Hash, ...]:
    found = [
        digest(h.get("alg"), h.get("content")) for h in objects(holder.get("hashes"))
    ]
    return tuple(each for each in found if each is not None)


def _distributed(references: list[Object]) -> tuple[Hash, ...]:
    return tuple(
        found
        for each in references
        if each.get("type") == "distribution"
        for found in _hashes(each)
    )


def _licenses(entry: Object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    declared: list[str] = []
    concluded: list[str] = []
    for each in objects(entry.get("licenses")):
        choice = members(each.get("license"))
        text = words(each.get("expression")) or words(choice.get("id"))
        text = text or words(choice.get("name"))
        if text:
            said = each.get("acknowledgement", choice.get("acknowledgement"))
            (concluded if said == "concluded" else declared).append(text)
    return tuple(declared), tuple(concluded)


def _tools(metadata: Object) -> tuple[str, ...]:
    tools = metadata.get("tools")
    listed = [*objects(tools)]
    for key in ("components", "services"):
        listed += objects(members(tools).get(key))
    return tuple(found for each in listed if (found := words(each.get("name"))))


def _addresses(holder: Object) -> frozenset[str]:
    return frozenset(
        words(each.get("type"))
        for each in objects(holder.get("externalReferences"))
        if words(each.get("url"))
    )
