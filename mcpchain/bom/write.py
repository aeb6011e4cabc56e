"""Write an inventory as CycloneDX 1.6 JSON.

The document is made of plain dicts. cyclonedx-python-lib, whose model has no place for
model cards, compositions and the newer fields of services, takes minutes for what takes
a fraction of a second this way.

Nothing is normalised on the way. A name in a decomposed Unicode form is another file
than its composed twin on most systems, and stays what it is.
"""

import datetime as dt
import hashlib
import json
import re
import uuid
from collections.abc import Iterable
from typing import Any, Final

from mcpchain.bom import properties
from mcpchain.bom.encode import (
    UNNAMED,
    compact,
    component_entry,
    location_value,
    property_entry,
    service_entry,
)
from mcpchain.component import Kind
from mcpchain.inventory import Gap, Inventory, Relation, RelationKind

TARGET: Final = "urn:mcpchain:target"
"""The `bom-ref` of what was examined."""
_SPACE: Final = uuid.UUID("b7e1a2f4-6f0e-5d55-9a35-4c1f6c0a7d11")
"""The name space of our serial numbers (RFC 9562, section 5.5)."""
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_UNSAFE: Final = re.compile(r"[\\\ud800-\udfff]")

_Entry = dict[str, Any]


def write(
    inventory: Inventory, *, timestamp: dt.datetime, version: str, reproducible: bool
) -> bytes:
    """Return *inventory* as a CycloneDX 1.6 document: UTF-8, one entry a line.

    The same inventory gives the same bytes but for *timestamp* and *version*, and the
    serial number does not depend on those.

    Args:
        inventory: What to write.
        timestamp: When it was made; aware.
        version: The version of mcpchain.
        reproducible: The timestamp was chosen by the user (SOURCE_DATE_EPOCH), so that
            a later run gives the same bytes.
    """
    body = _body(inventory)
    try:
        return _document(body, timestamp, version, reproducible=reproducible)
    except UnicodeEncodeError:
        body = {key: _escaped(value) for key, value in body.items()}
        mark = property_entry(properties.ESCAPED, "true")
        body["metadata"]["properties"].append(mark)
        return _document(body, timestamp, version, reproducible=reproducible)


def _body(inventory: Inventory) -> dict[str, Any]:
    """Return everything that depends on the inventory alone."""
    refs = {each.ref for each in inventory.components}
    target = _unused(TARGET, refs)
    servers = [c for c in inventory.components if c.kind is Kind.MCP_SERVER]
    edges, others = _edges(inventory.relations, refs)
    started = {ref for each in servers for ref in edges.get(each.ref, ())}
    components = [
        component_entry(each, starts_server=each.ref in started)
        for each in inventory.components
        if each.kind is not Kind.MCP_SERVER
    ]
    roots = _roots([each.ref for each in inventory.components], edges)
    return {
        "metadata": {
            "component": {
                "type": "application",
                "bom-ref": target,
                "name": inventory.name or UNNAMED,
            },
            "properties": [
                property_entry(properties.INVENTORY, properties.VOCABULARY),
                *_unnamed(inventory.name),
                *(_gap(each) for each in inventory.gaps),
                *(_relation(each) for each in others),
            ],
        },
        "components": components,
        "services": [service_entry(each) for each in servers],
        "dependencies": _dependencies({target: roots, **edges}),
        "compositions": [_composition(target, gaps=bool(inventory.gaps))],
    }


def _document(
    body: dict[str, Any], timestamp: dt.datetime, version: str, *, reproducible: bool
) -> bytes:
    """Add to *body* what is not of the inventory, and render it once."""
    metadata = body["metadata"]
    lists = {key: _lines(body[key]) for key in body if key != "metadata"}
    canonical = "\n".join([_ENCODE(metadata), *lists.values()]).encode()
    serial = uuid.uuid5(_SPACE, hashlib.sha256(canonical).hexdigest())
    marks = [property_entry(properties.REPRODUCIBLE, "true")] if reproducible else []
    tool = {"type": "application", "name": "mcpchain", "version": version}
    metadata = {
        "timestamp": _moment(timestamp),
        "lifecycles": [{"phase": "pre-build"}],
        "tools": {"components": [tool]},
        "component": metadata["component"],
        "properties": [*metadata["properties"], *marks],
    }
    head = {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{serial}",
        "version": 1,
    }
    members = {key: _ENCODE(value) for key, value in head.items()}
    members["metadata"] = _ENCODE(metadata)
    lines = [f'"{key}": {text}' for key, text in {**members, **lists}.items()]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode()


def _moment(time: dt.datetime) -> str:
    """Return *time*, which must be aware, as RFC 3339 in UTC, to the second."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _lines(entries: list[_Entry]) -> str:
    """Render a list with one entry a line, for readers of differences."""
    return "[" + ",".join(f"\n{_ENCODE(each)}" for each in entries) + "\n]"


def _unused(ref: str, taken: set[str]) -> str:
    while ref in taken:
        ref += "#"
    return ref


def _edges(
    relations: Iterable[Relation], refs: set[str]
) -> tuple[dict[str, list[str]], list[Relation]]:
    """Split relations into those that `dependencies` can hold and the others."""
    edges: dict[str, list[str]] = {}
    others = []
    for each in relations:
        known = each.source in refs and each.target in refs
        if known and each.kind is RelationKind.DEPENDS_ON:
            edges.setdefault(each.source, []).append(each.target)
        else:
            others.append(each)
    return edges, others


def _roots(nodes: list[str], edges: dict[str, list[str]]) -> list[str]:
    """Return nodes from which every node is reached.

    They are those that nothing else depends on, and one of each circle that hangs on
    nothing.
    """
    needed = {t for source, ts in edges.items() for t in ts if t != source}
    first = [node for node in nodes if node not in needed]
    roots: list[str] = []
    seen: set[str] = set()
    for node in [*first, *nodes]:
        if node in seen:
            continue
        roots.append(node)
        pending = [node]
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                pending += edges.get(current, ())
    return roots


def _dependencies(edges: dict[str, list[str]]) -> list[_Entry]:
    """Render the graph. A component of which no edge is known is not in it.

    An empty list would say that it depends on nothing; most locks do not say that.
    """
    return [
        {"ref": source, "dependsOn": sorted(set(edges[source]))}
        for source in sorted(edges)
    ]


def _composition(target: str, *, gaps: bool) -> _Entry:
    """Say how complete the list is: with gaps it is not.

    Without any it is still `unknown`, never `complete`: that nothing stands in a kind
    of file that we do not recognise is beyond what reading files can show.
    """
    return {
        "aggregate": "incomplete" if gaps else "unknown",
        "assemblies": [target],
        "dependencies": [target],
    }


def _unnamed(name: str) -> list[_Entry]:
    return [] if name else [property_entry(properties.NAME, name)]


def _gap(gap: Gap) -> _Entry:
    value: _Entry = {
        "stage": gap.stage,
        "location": location_value(gap.location),
        "reason": gap.reason,
        "state": gap.state.value,
    }
    if gap.hint:
        value["hint"] = gap.hint
    if gap.ref is not None:
        value["ref"] = gap.ref
    return property_entry(properties.GAP, compact(value))


def _relation(relation: Relation) -> _Entry:
    value = {
        "source": relation.source,
        "target": relation.target,
        "kind": relation.kind.value,
    }
    return property_entry(properties.RELATION, compact(value))


def _escaped(value: Any) -> Any:  # noqa: ANN401 - a JSON value
    """Write what is no Unicode as text, in every string below *value*."""
    if isinstance(value, str):
        return _UNSAFE.sub(_escape, value)
    if isinstance(value, list):
        return [_escaped(each) for each in value]
    if isinstance(value, dict):
        return {key: _escaped(each) for key, each in value.items()}
    return value


def _escape(match: re.Match[str]) -> str:
    return "\\\\" if match[0] == "\\" else f"\\u{ord(match[0]):04x}"
