"""Write an inventory as SPDX 2.3 JSON.

Every component is a package: MCP servers and other services too, as `OTHER`, since a
list without them would leave out what an AI system is about. What SPDX has no members
for is told in comments, and once more in annotations that we read back (`own`), gaps
too. `Written.told` names it; `Written.lacks` names what is in the document nowhere.
"""

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.bom import carry, licenses, structure
from mcpchain.bom.entry import Entry
from mcpchain.bom.spdx import actors, own
from mcpchain.bom.spdx.license_refs import NOT_SAID, LicenseRefs
from mcpchain.bom.spdx.outline import DOCUMENT
from mcpchain.bom.spdx.package import UNNAMED, package
from mcpchain.bom.whole import TARGET, is_edge
from mcpchain.component import (
    BuildFacts,
    Component,
    DataFacts,
    ModelFacts,
    PackageFacts,
    ServerFacts,
    UsedServiceFacts,
)
from mcpchain.errors import MalformedError
from mcpchain.inventory import Gap, Inventory, RelationKind

VERSION: Final = "SPDX-2.3"
_TARGET: Final = "SPDXRef-Target"
_SPACE: Final = uuid.UUID("2f0f6a1e-8a0f-5c0e-9f5b-6f6f2c1f7e35")
"""The name space of our documents' names (RFC 9562, section 5.5)."""
_NOT_ID: Final = re.compile(r"[^A-Za-z0-9.-]+")
_SLUG: Final = 60
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_KINDS: Final = {
    RelationKind.DEPENDS_ON: "DEPENDS_ON",
    RelationKind.CONTAINS: "CONTAINS",
    # What a model was trained on, it was generated from (SPDX 2.3, table 68).
    RelationKind.TRAINED_ON: "GENERATED_FROM",
}
_LISTS: Final = frozenset(
    {"packages", "relationships", "hasExtractedLicensingInfos", "annotations"}
)

_Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A document, the bytes that it is in, and what it leaves out."""

    document: _Object
    data: bytes
    """UTF-8, one entry a line."""
    lacks: tuple[str, ...]
    """A text for each kind of thing of the inventory that is not in the document."""
    told: tuple[str, ...]
    """A text for each kind of thing that stands in comments and annotations alone."""


def compose(inventory: Inventory, *, timestamp: dt.datetime, version: str) -> Written:
    """Return *inventory* as an SPDX 2.3 document.

    The same inventory gives the same bytes but for *timestamp* and *version*, and the
    name space of the document does not depend on those.

    Args:
        inventory: What to write.
        timestamp: When it was made; aware.
        version: The version of mcpchain.
    """
    created = timestamp.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    tool = f"Tool: mcpchain-{version}"
    refs = LicenseRefs()
    names = _names(inventory.components)
    told = _members(carry.load(inventory.carried).get("metadata"))
    target = _target(inventory, told, refs)
    makers = {e.purl: e.supplier for e in inventory.components if e.supplier}
    packages = [
        package(
            each,
            names[each.ref],
            refs,
            # Whoever makes what a server is started from, makes the server.
            supplier=each.supplier or (makers.get(each.purl, "") if each.purl else ""),
        )
        for each in inventory.components
    ]
    body: _Object = {
        "packages": [target, *packages],
        "relationships": _relationships(inventory, names),
        "hasExtractedLicensingInfos": refs.extracted(),
    }
    gaps = [_gap(each) for each in inventory.gaps]
    unique = hashlib.sha256(_bytes(_ENCODE([body, gaps, inventory.name]))).hexdigest()

    def annotation(text: str) -> _Object:
        head = {"annotationDate": created, "annotationType": "OTHER"}
        return head | {"annotator": tool, "comment": text}

    for entry, each in zip(packages, inventory.components, strict=True):
        entry["annotations"] = [annotation(own.entry_text(each))]
    annotations = [annotation(each) for each in gaps]
    head = {
        "spdxVersion": VERSION,
        "dataLicense": "CC0-1.0",
        "SPDXID": DOCUMENT,
        "name": inventory.name.strip() or UNNAMED,
        "comment": own.COMMENT,
        "documentNamespace": f"urn:uuid:{uuid.uuid5(_SPACE, unique)}",
        "creationInfo": {
            "created": created,
            "creators": [*actors.creators(told), tool],
        },
    }
    document = head | body | ({"annotations": annotations} if annotations else {})
    if not document["hasExtractedLicensingInfos"]:
        del document["hasExtractedLicensingInfos"]
    data = _bytes("{\n" + ",\n".join(_lines(document)) + "\n}\n")
    return Written(
        document=json.loads(data),
        data=data,
        lacks=tuple(_lacks(inventory)),
        told=tuple(_told(inventory)),
    )


def _lines(document: _Object) -> Iterator[str]:
    for key, value in document.items():
        text = _ENCODE(value)
        if key in _LISTS and value:
            text = "[\n" + ",\n".join(map(_ENCODE, value)) + "\n]"
        yield f'"{key}": {text}'


def _bytes(text: str) -> bytes:
    return own.escaped(text).encode()


def _names(components: Iterable[Component]) -> dict[str, str]:
    """Return an SPDXID for each ref, which hangs on that ref alone."""
    found: dict[str, str] = {}
    taken = {DOCUMENT, _TARGET}
    for each in components:
        digest = hashlib.sha256(each.ref.encode("utf-8", "backslashreplace"))
        version = f"-{each.version}" if each.version else ""
        slug = _NOT_ID.sub("-", f"{each.name}{version}"[:_SLUG]).strip("-.")
        name = f"SPDXRef-{slug or each.kind.value}-{digest.hexdigest()[:12]}"
        while name in taken:
            name += "-"
        taken.add(name)
        found[each.ref] = name
    return found


def _target(inventory: Inventory, told: _Object, refs: LicenseRefs) -> _Object:
    """Return the package that stands for what was examined."""
    said = _members(told.get("component"))
    supplier = actors.supplier(said) or actors.supplier(told)
    if supplier is None:
        supplier = next(iter(actors.creators(told)), None)
    version = said.get("version")
    entry: _Object = {"SPDXID": _TARGET, "name": inventory.name.strip() or UNNAMED}
    if isinstance(version, str) and version.strip():
        entry["versionInfo"] = version
    if supplier is not None:
        entry["supplier"] = supplier
    declared, concluded = _licenses(said)
    entry |= {
        "downloadLocation": NOT_SAID,
        "filesAnalyzed": False,
        "licenseConcluded": refs.expression(concluded),
        "licenseDeclared": refs.expression(declared),
        "copyrightText": NOT_SAID,
        "primaryPackagePurpose": "APPLICATION",
    }
    description = said.get("description")
    if isinstance(description, str) and description.strip():
        entry["description"] = description
    return entry


def _members(value: Any) -> _Object:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}


def _licenses(said: _Object) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the licences of the whole: declared, and concluded."""
    try:
        return licenses.decode(Entry(said, "", ""))
    except MalformedError:
        return (), ()


def _direct(inventory: Inventory) -> set[str]:
    """Return what the whole depends on itself, as far as anything says so."""
    listed = carry.load(inventory.carried).get("dependencies")
    return {
        ref
        for each in (listed if isinstance(listed, list) else ())
        if is_edge(each) and each["ref"] == TARGET
        for ref in each.get("dependsOn", ())
    }


def _relationships(inventory: Inventory, names: dict[str, str]) -> list[_Object]:
    known = [
        each
        for each in inventory.relations
        if each.source in names and each.target in names
    ]
    depends: structure.Graph = {}
    for each in known:
        if each.kind is RelationKind.DEPENDS_ON:
            depends.setdefault(each.source, []).append(each.target)
    inner = {each.target for each in known if each.kind is RelationKind.CONTAINS}
    first = structure.roots(names, depends)
    by_ref = {each.ref: each for each in inventory.components}
    found = [_edge(DOCUMENT, "DESCRIBES", _TARGET)]
    direct = {ref for ref in first if ref not in inner}
    direct |= by_ref.keys() & _direct(inventory)
    found += [_of_target(by_ref[ref], names[ref]) for ref in sorted(direct)]
    found += [_edge(names[r.source], _KINDS[r.kind], names[r.target]) for r in known]
    found += [
        _edge(names[each.ref], "DEPENDS_ON", "NONE")
        for each in inventory.components
        if each.graph and each.ref not in depends
    ]
    return found


def _of_target(component: Component, name: str) -> _Object:
    facts = component.facts
    if isinstance(facts, PackageFacts) and facts.development:
        return _edge(name, "DEV_DEPENDENCY_OF", _TARGET)
    if isinstance(facts, PackageFacts) and facts.optional:
        return _edge(name, "OPTIONAL_DEPENDENCY_OF", _TARGET)
    return _edge(_TARGET, "DEPENDS_ON", name)


def _edge(source: str, kind: str, target: str) -> _Object:
    return {
        "spdxElementId": source,
        "relationshipType": kind,
        "relatedSpdxElement": target,
    }


def _gap(gap: Gap) -> str:
    about = f" (about {gap.ref})" if gap.ref else ""
    hint = f"; {gap.hint}" if gap.hint else ""
    text = f"gap: {gap.state.value}: {gap.location}: {gap.reason}{about}{hint}"
    return f"{text}\n{own.gap_text(gap)}"


def _told(inventory: Inventory) -> Iterator[str]:
    """Name what comments and annotations hold, and no member of SPDX."""
    components = inventory.components
    facts = [each.facts for each in components]
    counts = {
        "pins": sum(each.pin is not None for each in components),
        "where things were found": sum(bool(each.locations) for each in components),
        "what a model is and what its card says": sum(
            isinstance(each, ModelFacts) for each in facts
        ),
        "what is in a data set": sum(isinstance(each, DataFacts) for each in facts),
        "how a service is used": sum(
            isinstance(each, UsedServiceFacts) for each in facts
        ),
        "how an MCP server is started": sum(
            isinstance(each, ServerFacts) for each in facts
        ),
        "what a part of the build is for": sum(
            isinstance(each, BuildFacts) for each in facts
        ),
        "texts of licences": sum(len(each.license_texts) for each in components),
        "which digest is of which file": sum(len(c.artifacts) > 1 for c in components),
        "that all dependencies are listed": sum(each.graph for each in components),
        "gaps": len(inventory.gaps),
    }
    yield from (f"{what}: {count:,}" for what, count in counts.items() if count)


def _lacks(inventory: Inventory) -> Iterator[str]:
    """Name what is nowhere in the document."""
    refs = {each.ref for each in inventory.components}
    counts = {
        "relations with what is not listed": sum(
            not refs.issuperset((each.source, each.target))
            for each in inventory.relations
        ),
        "members of other BOMs": _unsaid(inventory),
        "for what was resolved": bool(inventory.resolved_for),
    }
    yield from (f"{what}: {count:,}" for what, count in counts.items() if count)


_OF_WHOLE: Final = frozenset(
    {"authors", "description", "licenses", "manufacturer", "supplier", "version"}
)
"""The members of `metadata` and of its subject that a document says."""


def _unsaid(inventory: Inventory) -> int:
    """Count the members of other BOMs on the whole that are carried, and not said."""
    carried = carry.load(inventory.carried)
    metadata = _members(carried.pop("metadata", {}))
    subject = _members(metadata.pop("component", {}))
    carried.pop("dependencies", None)
    return len([*carried, *(metadata.keys() | subject.keys()) - _OF_WHOLE])
