"""Turn one component into the CycloneDX entry that stands for it.

Plain dicts, since ten thousand of them are written in every run of a large project.
"""

import datetime as dt
import json
from collections.abc import Iterator
from typing import Any, Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom import licenses, properties
from mcpchain.bom.iri import iri
from mcpchain.component import (
    Basis,
    Component,
    Facts,
    Kind,
    Location,
    ModelFacts,
    PackageFacts,
    ServerFacts,
)

ALGORITHMS: Final = {
    Algorithm.MD5: "MD5",
    Algorithm.SHA1: "SHA-1",
    Algorithm.SHA256: "SHA-256",
    Algorithm.SHA384: "SHA-384",
    Algorithm.SHA512: "SHA-512",
}
"""The digest algorithms as CycloneDX spells them."""
SERVER_GROUP: Final = "mcp"
"""The `group` of a service that is an MCP server."""
UNNAMED: Final = "(unnamed)"
NO_ADDRESS: Final = "urn:mcpchain:artifact:"
"""Begins the address, which CycloneDX demands, of a file that has none."""

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_TECHNIQUES: Final = {
    Basis.OBSERVED: ("binary-analysis", 1.0),
    Basis.DECLARED: ("manifest-analysis", 0.8),
    Basis.CONFIGURED: ("manifest-analysis", 0.8),
    Basis.RESOLVED: ("other", 0.8),
}
"""How each kind of fact is come by. CycloneDX demands a number with it, on no scale:
ours says that bytes are certain and that words are not."""

_Entry = dict[str, Any]


def component_entry(component: Component, *, starts_server: bool) -> _Entry:
    """Return the entry for anything but an MCP server.

    Args:
        component: What to write.
        starts_server: An MCP server is started from it.
    """
    entry: _Entry = {"type": component.kind.value, "bom-ref": component.ref}
    entry |= _named(component.name)
    if component.version is not None:
        entry["version"] = component.version
    if isinstance(component.facts, PackageFacts):
        entry |= _scope(component.facts)
    artifacts = component.artifacts
    if len(artifacts) == 1 and artifacts[0].digests:
        entry["hashes"] = _hashes(artifacts[0].digests)
    if component.licenses:
        entry["licenses"] = licenses.encode(component.licenses)
    if component.purl is not None:
        entry["purl"] = component.purl.to_string()
    if artifacts and (references := _distributions(artifacts, inline=True)):
        entry["externalReferences"] = references
    entry["evidence"] = _evidence(component)
    if isinstance(component.facts, ModelFacts) and (card := _card(component.facts)):
        entry["modelCard"] = card
    entry["properties"] = _properties(component)
    if starts_server and component.kind is Kind.APPLICATION:
        entry["tags"] = [Kind.MCP_SERVER.value]
    return entry


def service_entry(server: Component) -> _Entry:
    """Return the service that stands for an MCP server."""
    entry: _Entry = {"bom-ref": server.ref, "group": SERVER_GROUP}
    entry["name"] = server.name or UNNAMED
    if server.version is not None:
        entry["version"] = server.version
    facts = server.facts
    if isinstance(facts, ServerFacts):
        if facts.endpoint is not None:
            entry["endpoints"] = [iri(facts.endpoint)]
        if any(each.lower() == "authorization" for each in facts.headers):
            entry["authenticated"] = True
        entry["x-trust-boundary"] = facts.endpoint is not None
    if server.licenses:
        entry["licenses"] = licenses.encode(server.licenses)
    if references := _distributions(server.artifacts, inline=False):
        entry["externalReferences"] = references
    entry["properties"] = _properties(server)
    return entry


def property_entry(name: str, value: str) -> _Entry:
    """Return one property."""
    return {"name": name, "value": value}


def location_value(location: Location) -> _Entry:
    """Return *location* as a JSON object, without what it does not say."""
    value: _Entry = {"path": location.path}
    if location.pointer:
        value["pointer"] = location.pointer
    if location.line is not None:
        value["line"] = location.line
    return value


def compact(value: _Entry) -> str:
    """Return *value* as JSON text for a property."""
    return _ENCODE(value)


def _named(name: str) -> _Entry:
    scope, slash, bare = name.partition("/")
    if slash and bare and len(scope) > 1 and scope.startswith("@"):
        return {"group": scope, "name": bare}
    return {"name": name or UNNAMED}


def _scope(facts: PackageFacts) -> _Entry:
    if facts.development:
        return {"scope": "excluded"}
    return {"scope": "optional"} if facts.optional else {}


def _hashes(digests: tuple[Digest, ...]) -> list[_Entry]:
    return [{"alg": ALGORITHMS[d.algorithm], "content": d.value} for d in digests]


def _distributions(artifacts: tuple[Artifact, ...], *, inline: bool) -> list[_Entry]:
    """Return a reference for each artifact, in their order.

    Args:
        artifacts: What the component may be.
        inline: A component holds the digests of its only artifact itself, and an
            artifact of which there is nothing else to say needs no reference.
    """
    single = inline and len(artifacts) == 1
    if single and artifacts[0].digests and artifacts[0] == _only_digests(artifacts[0]):
        return []
    references = []
    for index, artifact in enumerate(artifacts):
        facts = _artifact_facts(artifact)
        url = f"{NO_ADDRESS}{index}"
        if artifact.url is not None:
            url = iri(artifact.url)
            if url != artifact.url:
                facts["url"] = artifact.url
        reference: _Entry = {"type": "distribution", "url": url}
        if facts:
            reference["comment"] = compact(facts)
        if artifact.digests and not single:
            reference["hashes"] = _hashes(artifact.digests)
        references.append(reference)
    return references


def _only_digests(artifact: Artifact) -> Artifact:
    return Artifact(digests=artifact.digests)


def _artifact_facts(artifact: Artifact) -> _Entry:
    facts: _Entry = {}
    if artifact.name:
        facts["name"] = artifact.name
    if artifact.size is not None:
        facts["size"] = artifact.size
    if artifact.published is not None:
        facts["published"] = artifact.published.isoformat()
    if artifact.withdrawn is not None:
        facts["withdrawn"] = artifact.withdrawn
    return facts


def _evidence(component: Component) -> _Entry:
    technique, confidence = _TECHNIQUES[component.basis]
    identity = {
        "field": "name" if component.purl is None else "purl",
        "confidence": confidence,
        "methods": [{"technique": technique, "confidence": confidence}],
    }
    occurrences = []
    for location in component.locations:
        occurrence: _Entry = {"location": location.path}
        if location.line is not None:
            occurrence["line"] = location.line
        if location.pointer:
            occurrence["additionalContext"] = location.pointer
        occurrences.append(occurrence)
    return {"identity": [identity], "occurrences": occurrences}


def _card(facts: ModelFacts) -> _Entry:
    card: _Entry = {}
    if facts.architecture is not None:
        card["modelParameters"] = {"architectureFamily": facts.architecture}
    if facts.parameters is not None:
        count = _rounded(facts.parameters)
        card["properties"] = [property_entry(properties.PARAMETER_COUNT, count)]
    return card


def _rounded(count: int) -> str:
    for power, unit in ((12, "T"), (9, "B"), (6, "M"), (3, "K")):
        if count >= 10**power:
            return f"{count / 10**power:.3g}{unit}"
    return str(count)


def _properties(component: Component) -> list[_Entry]:
    pairs = [*_common(component), *_facts(component.facts)]
    if component.kind is Kind.MCP_SERVER:
        if component.purl is not None:
            pairs.append((properties.MCP_PURL, component.purl.to_string()))
        pairs += [
            (properties.LOCATION, compact(location_value(each)))
            for each in component.locations
        ]
    return [{"name": name, "value": value} for name, value in pairs]


def _common(component: Component) -> Iterator[tuple[str, str]]:
    yield properties.BASIS, component.basis.value
    if not component.name:
        yield properties.NAME, ""
    if component.pin is not None:
        yield properties.PIN, component.pin.value
    if component.requested:
        yield properties.REQUESTED, component.requested


def _facts(facts: Facts | None) -> Iterator[tuple[str, str]]:
    if isinstance(facts, PackageFacts):
        yield from _package_facts(facts)
    elif isinstance(facts, ServerFacts):
        yield from _server_facts(facts)
    elif facts is not None:
        yield from _model_facts(facts)


def _package_facts(facts: PackageFacts) -> Iterator[tuple[str, str]]:
    yield properties.ORIGIN, facts.origin.value
    yield from _registries(facts)
    if facts.development:
        yield properties.DEVELOPMENT, "true"
    if facts.optional:
        yield properties.OPTIONAL, "true"
    if facts.alias:
        yield properties.ALIAS, facts.alias


def _server_facts(facts: ServerFacts) -> Iterator[tuple[str, str]]:
    yield properties.MCP_CLIENT, facts.client
    yield properties.MCP_TRANSPORT, facts.transport.value
    if facts.launcher:
        yield properties.MCP_LAUNCHER, facts.launcher
    if facts.endpoint is not None:
        yield properties.MCP_ENDPOINT, facts.endpoint
    for each in facts.env:
        yield properties.MCP_ENV, each
    for each in facts.headers:
        yield properties.MCP_HEADER, each
    yield from _registries(facts)


def _model_facts(facts: ModelFacts) -> Iterator[tuple[str, str]]:
    yield properties.MODEL_FORMAT, facts.format
    if facts.parameters is not None:
        yield properties.MODEL_PARAMETERS, str(facts.parameters)
    if facts.tensors is not None:
        yield properties.MODEL_TENSORS, str(facts.tensors)
    if facts.architecture is not None:
        yield properties.MODEL_ARCHITECTURE, facts.architecture
    if facts.license is not None:
        yield properties.MODEL_LICENSE, facts.license
    for each in facts.imports:
        yield properties.MODEL_IMPORT, each


def _registries(facts: PackageFacts | ServerFacts) -> Iterator[tuple[str, str]]:
    if facts.registry is not None:
        yield properties.REGISTRY, facts.registry
    for each in facts.extra_registries:
        yield properties.EXTRA_REGISTRY, each


def moment(time: dt.datetime) -> str:
    """Return *time*, which must be aware, as RFC 3339 in UTC, to the second."""
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
