"""Write an inventory as CycloneDX JSON, of version 1.6 or 1.7.

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
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.bom import carry, formulation, properties, structure
from mcpchain.bom.encode import component_entry, location_value, service_entry
from mcpchain.bom.marks import UNNAMED, compact, property_entry
from mcpchain.bom.place import Placer
from mcpchain.bom.whole import TARGET, Ours, is_edge, with_us
from mcpchain.component import Component, Kind
from mcpchain.inventory import Gap, Inventory, Relation

DEFAULT: Final = "1.6"
"""The version of the specification that more readers know."""
VERSIONS: Final = (DEFAULT, "1.7")
"""The versions of the specification that we write."""
_SPACE: Final = uuid.UUID("b7e1a2f4-6f0e-5d55-9a35-4c1f6c0a7d11")
"""The name space of our serial numbers (RFC 9562, section 5.5)."""
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_UNSAFE: Final = re.compile(r"[\\\ud800-\udfff]")
_LINK: Final = "urn:cdx:"
"""How a reference into another BOM begins (BOM-Link)."""
_LISTS: Final = frozenset(
    {"components", "services", "dependencies", "compositions", "formulation"}
)

_Entry = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A document, and the bytes that it is in."""

    document: _Entry
    """As `json.loads` would read the bytes."""
    data: bytes
    """UTF-8, one entry a line."""


def write(
    inventory: Inventory,
    *,
    timestamp: dt.datetime,
    version: str,
    reproducible: bool,
    spec_version: str = DEFAULT,
) -> bytes:
    """Return the bytes of `compose`, whose arguments these are."""
    return compose(
        inventory,
        timestamp=timestamp,
        version=version,
        reproducible=reproducible,
        spec_version=spec_version,
    ).data


def compose(
    inventory: Inventory,
    *,
    timestamp: dt.datetime,
    version: str,
    reproducible: bool,
    spec_version: str = DEFAULT,
) -> Written:
    """Return *inventory* as a CycloneDX document.

    The same inventory gives the same bytes but for *timestamp* and *version*, and the
    serial number does not depend on those.

    Args:
        inventory: What to write.
        timestamp: When it was made; aware.
        version: The version of mcpchain.
        reproducible: The timestamp was chosen by the user (SOURCE_DATE_EPOCH), so that
            a later run gives the same bytes.
        spec_version: The version of CycloneDX, one of `VERSIONS`.
    """
    body = _Body(inventory, spec_version).made()
    try:
        lines = _encoded(body)
    except UnicodeEncodeError:
        mark = property_entry(properties.ESCAPED, "true")
        body["metadata"]["properties"].append(mark)
        body = {key: _escaped(value) for key, value in body.items()}
        lines = _encoded(body)
    metadata = body.pop("metadata")
    marks = [property_entry(properties.REPRODUCIBLE, "true")] if reproducible else []
    made = {
        "timestamp": _moment(timestamp),
        **metadata,
        "tools": with_us(metadata.get("tools", {}), version),
        "properties": [*metadata["properties"], *marks],
    }
    head = {
        "$schema": f"http://cyclonedx.org/schema/bom-{spec_version}.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": spec_version,
        "serialNumber": f"urn:uuid:{_serial(lines)}",
        "version": 1,
        "metadata": made,
    }
    del lines["metadata"]
    whole = {**_encoded(head), **lines}
    members = [f'"{key}": '.encode() + text for key, text in whole.items()]
    data = b"{\n" + b",\n".join(members) + b"\n}\n"
    return Written(document=head | body, data=data)


def _encoded(members: _Entry) -> dict[str, bytes]:
    """Return each member as JSON; of the long lists, each entry on a line."""
    return {
        key: _lines(value) if key in _LISTS else _ENCODE(value).encode()
        for key, value in members.items()
    }


def _lines(entries: list[_Entry]) -> bytes:
    lines = [_ENCODE(each).encode() for each in entries]
    return b"[\n" + b",\n".join(lines) + b"\n]" if lines else b"[\n]"


def _serial(lines: dict[str, bytes]) -> uuid.UUID:
    """Return a number for a document, the same for the same content."""
    digest = hashlib.sha256()
    for key, text in lines.items():
        digest.update(f"{key}\n{len(text)}\n".encode())
        digest.update(text)
    return uuid.uuid5(_SPACE, digest.hexdigest())


class _Body:
    """Everything that depends on the inventory alone."""

    def __init__(self, inventory: Inventory, spec_version: str) -> None:
        self._inventory = inventory
        self._modern = spec_version != DEFAULT
        self._placer = Placer(spec_version)
        self._carried = carry.load(inventory.carried)
        self._homeless: _Entry = {}
        self._about: _Entry = {}
        self._subject: _Entry = {}
        about = self._carried.pop("metadata", {})
        if isinstance(about, dict):
            self._about = about
        else:
            self._homeless["metadata"] = about
        if isinstance(self._about.get("component"), dict):
            self._subject = self._about.pop("component")
        refs = {each.ref for each in inventory.components}
        self._target = self._subject.get("bom-ref")
        if not isinstance(self._target, str) or self._target in {*refs, ""}:
            self._target = _unused(TARGET, refs)
        else:
            del self._subject["bom-ref"]
        self._refs = refs | {self._target}
        self._services = frozenset(
            each.ref for each in inventory.components if carry.is_service(each)
        )
        self._edges = structure.edges(inventory, self._services)
        self._ours = Ours.of(inventory, self._edges, self._target)

    def made(self) -> _Entry:
        """Return the members of the document that have something in them."""
        components, services, formed = self._entries()
        body: _Entry = {
            "metadata": self._metadata(),
            "components": components,
            "services": services,
            "dependencies": self._dependencies(),
            "compositions": self._compositions(),
        }
        if formulas := self._formulation(formed):
            body["formulation"] = formulas
        self._homeless |= self._placer.document(body, self._carried)
        if self._homeless:
            mark = property_entry(properties.CARRIED, compact(self._homeless))
            body["metadata"]["properties"].append(mark)
        return body

    def _entries(self) -> tuple[list[_Entry], list[_Entry], list[_Entry]]:
        """Return the outermost entries, with the others in them.

        Returns:
            Components, services, and components of the formula.
        """
        depends = self._edges.depends
        started = {
            ref
            for each in self._inventory.components
            if each.kind is Kind.MCP_SERVER
            for ref in depends.get(each.ref, ())
        }
        made: dict[str, _Entry] = {}
        components: list[_Entry] = []
        services: list[_Entry] = []
        formed: list[_Entry] = []
        for each in self._inventory.components:
            service = each.ref in self._services
            if service:
                entry = self._service(each)
            else:
                entry = self._component(each, starts=each.ref in started)
            made[each.ref] = entry
            if each.ref in self._edges.parents:
                continue
            if service:
                services.append(entry)
            else:
                (formed if formulation.is_formed(each) else components).append(entry)
        for ref, parent in self._edges.parents.items():
            key = "services" if ref in self._services else "components"
            made[parent].setdefault(key, []).append(made[ref])
        return components, services, formed

    def _component(self, component: Component, *, starts: bool) -> _Entry:
        entry = component_entry(
            component,
            starts_server=starts,
            modern=self._modern,
            datasets=self._edges.trained.get(component.ref, ()),
        )
        if not component.carried:
            return entry
        return self._placer.component(entry, component.carried)

    def _service(self, server: Component) -> _Entry:
        entry = service_entry(server, modern=self._modern)
        if not server.carried:
            return entry
        return self._placer.service(entry, server.carried)

    def _metadata(self) -> _Entry:
        name = self._inventory.name
        subject: _Entry = {
            "type": "application",
            "bom-ref": self._target,
            "name": name or UNNAMED,
        }
        if self._subject:
            blank = subject | {"properties": []}
            subject = self._placer.component(blank, carry.dump(self._subject))
            if not subject["properties"]:
                del subject["properties"]
        metadata: _Entry = {
            "lifecycles": self._ours.lifecycles,
            "component": subject,
            "properties": [
                property_entry(properties.INVENTORY, properties.VOCABULARY),
                *([] if name else [property_entry(properties.NAME, name)]),
                *_resolved_for(self._inventory.resolved_for),
                *(_gap(each) for each in self._inventory.gaps),
                *(_relation(each) for each in self._edges.others),
            ],
        }
        if homeless := self._placer.metadata(metadata, self._about):
            self._homeless["metadata"] = homeless
        return metadata

    def _dependencies(self) -> list[_Entry]:
        """Render the graph, with those edges of another BOM that lead somewhere."""
        whole = self._ours.graph
        provides: dict[str, list[str]] = {}
        homeless: list[Any] = []
        for each in _list(self._carried.pop("dependencies", [])):
            if not is_edge(each) or each["ref"] not in self._refs:
                homeless.append(each)
                continue
            ref = each["ref"]
            whole.setdefault(ref, []).extend(self._known(each.get("dependsOn", ())))
            provides.setdefault(ref, []).extend(self._known(each.get("provides", ())))
            lost = {
                key: left
                for key in ("dependsOn", "provides")
                if (left := [t for t in each.get(key, ()) if t not in self._refs])
            }
            if lost:
                homeless.append({"ref": ref} | lost)
        if homeless:
            self._homeless["dependencies"] = homeless
        return [
            {"ref": ref, "dependsOn": sorted(set(whole[ref]))}
            | ({"provides": sorted(set(given))} if (given := provides.get(ref)) else {})
            for ref in sorted(whole)
        ]

    def _known(self, refs: Iterable[str]) -> list[str]:
        return [each for each in refs if each in self._refs]

    def _compositions(self) -> list[_Entry]:
        listed = _list(self._carried.pop("compositions", []))
        sound = [each for each in listed if self._leads_somewhere(each)]
        placed: _Entry = {"compositions": []}
        homeless = self._placer.document(placed, {"compositions": sound})
        if homeless or len(sound) < len(listed):
            self._homeless["compositions"] = listed
        return [*self._ours.compositions, *placed["compositions"]]

    def _formulation(self, formed: list[_Entry]) -> list[_Entry]:
        """Return our formula, if there is anything in it, before those of others."""
        listed = self._carried.pop("formulation", [])
        sound = [each for each in _list(listed) if not formulation.is_ours(each)]
        placed: dict[str, list[_Entry]] = {"formulation": []}
        homeless = self._placer.document(placed, {"formulation": sound})
        if homeless or sound != listed:
            self._homeless["formulation"] = listed
        if formed:
            ref = _unused(formulation.REF, self._refs)
            placed["formulation"].insert(0, {"bom-ref": ref, "components": formed})
        return placed["formulation"]

    def _leads_somewhere(self, composition: Any) -> bool:  # noqa: ANN401 - JSON
        if not isinstance(composition, dict) or "signature" in composition:
            return False
        refs = [
            ref
            for key in ("assemblies", "dependencies")
            for ref in _list(composition.get(key, []))
        ]
        return all(
            isinstance(ref, str) and (ref in self._refs or ref.startswith(_LINK))
            for ref in refs
        )


def _list(value: Any) -> list[Any]:  # noqa: ANN401 - JSON
    return value if isinstance(value, list) else [value]


def _moment(time: dt.datetime) -> str:
    """Return *time*, which must be aware, as RFC 3339 in UTC, to the second."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _unused(ref: str, taken: set[str]) -> str:
    while ref in taken:
        ref += "#"
    return ref


def _resolved_for(text: str) -> list[_Entry]:
    return [property_entry(properties.RESOLVED_FOR, text)] if text else []


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
