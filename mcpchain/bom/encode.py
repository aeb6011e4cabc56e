"""Turn one component into the CycloneDX entry that stands for it.

Plain dicts, since ten thousand of them are written in every run of a large project.
"""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from mcpchain import purl
from mcpchain.bom import artifacts, facts, licenses, makers, model_card, properties
from mcpchain.bom.evidence import evidence
from mcpchain.bom.iri import iri
from mcpchain.bom.marks import UNNAMED, compact, property_entry
from mcpchain.bom.vers import vers
from mcpchain.component import (
    Component,
    DataFacts,
    Kind,
    Location,
    ModelFacts,
    PackageFacts,
    ServerFacts,
    Tool,
    UsedServiceFacts,
)

SERVER_GROUP: Final = "mcp"
"""The `group` of a service that is an MCP server."""
OTHER: Final = "data"
"""The `type` of what is none of our kinds, unless a BOM gave it another."""
_TYPES: Final = {each: each.value for each in Kind} | {
    Kind.OTHER: OTHER,
    Kind.BUILD: "application",
}
_MARKED: Final = frozenset({Kind.BUILD, Kind.OTHER, Kind.SERVICE})
"""Kinds that no `type` tells."""

_Entry = dict[str, Any]
_Pairs = Iterator[tuple[str, str]]


def component_entry(
    component: Component,
    *,
    starts_server: bool,
    modern: bool = False,
    datasets: Sequence[str] = (),
) -> _Entry:
    """Return the entry for anything but a service.

    Args:
        component: What to write.
        starts_server: An MCP server is started from it.
        modern: For CycloneDX 1.7, which has version ranges, and takes licences of
            every kind together.
        datasets: The refs of what a model was trained on.
    """
    entry: _Entry = {"type": _TYPES[component.kind], "bom-ref": component.ref}
    entry |= _named(component.name)
    if component.version is not None:
        entry["version"] = component.version
    elif modern and (scope := _range(component)):
        entry |= {"versionRange": scope, "isExternal": True}
    if isinstance(component.facts, PackageFacts):
        entry |= _scope(component.facts)
    if component.supplier:
        entry |= makers.members(component.supplier)
    files = component.artifacts
    if files and (hashes := artifacts.all_hashes(files)):
        entry["hashes"] = hashes
    homeless = _licenses(entry, component, mixed=modern)
    if component.purl is not None:
        entry["purl"] = purl.write(component.purl)
    if files and (references := artifacts.distributions(files, inline=True)):
        entry["externalReferences"] = references
    entry["evidence"] = evidence(component)
    if not isinstance(component.facts, PackageFacts):
        entry |= _described(component, datasets)
    entry["properties"] = _properties(component, homeless)
    if starts_server and component.kind is Kind.APPLICATION:
        entry["tags"] = [Kind.MCP_SERVER.value]
    return entry


def _described(component: Component, datasets: Sequence[str]) -> _Entry:
    """Return the members that only models and data sets have."""
    told = component.facts
    found: _Entry = {}
    if isinstance(told, ModelFacts):
        if told.bases:
            found["pedigree"] = model_card.pedigree(told.bases)
        if card := model_card.card(told, datasets):
            found["modelCard"] = card
    elif isinstance(told, DataFacts):
        held: _Entry = {"type": "dataset"}
        if component.name:
            held["name"] = component.name
        if told.sensitive:
            held["sensitiveData"] = [*told.sensitive]
        if told.description:
            held["description"] = told.description
        found["data"] = [held]
    return found


def service_entry(server: Component, *, modern: bool = False) -> _Entry:
    """Return the service that stands for an MCP server, or for another service."""
    entry: _Entry = {"bom-ref": server.ref}
    if server.kind is Kind.MCP_SERVER:
        entry["group"] = SERVER_GROUP
    entry["name"] = server.name or UNNAMED
    if server.version is not None:
        entry["version"] = server.version
    told = server.facts
    if isinstance(told, ServerFacts):
        if told.endpoint is not None:
            entry["endpoints"] = [iri(told.endpoint)]
        if any(each.lower() == "authorization" for each in told.headers):
            entry["authenticated"] = True
        entry["x-trust-boundary"] = told.endpoint is not None
    elif isinstance(told, UsedServiceFacts):
        entry |= _used(told)
    homeless = _licenses(entry, server, mixed=modern)
    if references := artifacts.distributions(server.artifacts, inline=False):
        entry["externalReferences"] = references
    if isinstance(told, ServerFacts) and told.tools:
        entry["services"] = [_tool(each) for each in told.tools]
    entry["properties"] = [*_properties(server, homeless), *_of_service(server)]
    return entry


def _used(told: UsedServiceFacts) -> _Entry:
    entry: _Entry = {"provider": {"name": told.provider}}
    if told.endpoint is not None:
        entry["endpoints"] = [iri(told.endpoint)]
    if told.authenticated is not None:
        entry["authenticated"] = told.authenticated
    return entry | {"x-trust-boundary": told.external}


def location_value(location: Location) -> _Entry:
    """Return *location* as a JSON object, without what it does not say."""
    value: _Entry = {"path": location.path}
    if location.pointer:
        value["pointer"] = location.pointer
    if location.line is not None:
        value["line"] = location.line
    return value


def _named(name: str) -> _Entry:
    scope, slash, bare = name.partition("/")
    if slash and bare and len(scope) > 1 and scope.startswith("@"):
        return {"group": scope, "name": bare}
    return {"name": name or UNNAMED}


def _range(component: Component) -> str | None:
    if component.purl is None:
        return None
    return vers(component.purl.type, component.pin, component.requested)


def _scope(told: PackageFacts) -> _Entry:
    if told.development:
        return {"scope": "excluded"}
    return {"scope": "optional"} if told.optional else {}


def _licenses(entry: _Entry, component: Component, *, mixed: bool) -> tuple[str, ...]:
    """Add the licences to *entry*; return those concluded ones that do not fit."""
    if not (component.licenses or component.concluded):
        return ()
    entry["licenses"], homeless = licenses.encode(
        component.licenses, component.concluded, mixed=mixed
    )
    return homeless


def _tool(tool: Tool) -> _Entry:
    marks = [property_entry(properties.MCP_TOOL, str(tool.digest))]
    if not tool.name:
        marks.append(property_entry(properties.NAME, ""))
    return {"name": tool.name or UNNAMED, "properties": marks}


def _properties(component: Component, homeless: tuple[str, ...]) -> list[_Entry]:
    pairs = [*_common(component), *facts.written(component.facts)]
    pairs += [(properties.CONCLUDED, each) for each in homeless]
    return [{"name": name, "value": value} for name, value in pairs]


def _common(component: Component) -> _Pairs:
    yield properties.BASIS, component.basis.value
    if component.kind in _MARKED:
        yield properties.KIND, component.kind.value
    if not component.name:
        yield properties.NAME, ""
    if component.pin is not None:
        yield properties.PIN, component.pin.value
    if component.requested:
        yield properties.REQUESTED, component.requested


def _of_service(server: Component) -> Iterator[_Entry]:
    if server.purl is not None:
        yield property_entry(properties.MCP_PURL, purl.write(server.purl))
    if server.supplier:
        yield property_entry(properties.SUPPLIER, server.supplier)
    for each in server.license_texts:
        text = compact({"name": each.name, "text": each.text})
        yield property_entry(properties.MCP_LICENSE_TEXT, text)
    for place in server.locations:
        yield property_entry(properties.LOCATION, compact(location_value(place)))
