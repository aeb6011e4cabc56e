"""The facts of a component as properties, and back."""

from collections.abc import Iterable, Iterator

from mcpchain.bom import properties
from mcpchain.bom.entry import Entry
from mcpchain.bom.iri import iri
from mcpchain.bom.marks import Properties, member
from mcpchain.component import (
    Facts,
    ModelFacts,
    Origin,
    PackageFacts,
    ServerFacts,
    Tool,
    Transport,
)

_Pairs = Iterator[tuple[str, str]]


def written(facts: Facts | None) -> _Pairs:
    """Yield *facts* as names and values; the tools of a server are not among them."""
    if isinstance(facts, PackageFacts):
        yield from _package(facts)
    elif isinstance(facts, ServerFacts):
        yield from _server(facts)
    elif isinstance(facts, ModelFacts):
        yield from _model(facts)


def _package(facts: PackageFacts) -> _Pairs:
    yield properties.ORIGIN, facts.origin.value
    yield from _registries(facts)
    if facts.development:
        yield properties.DEVELOPMENT, "true"
    if facts.optional:
        yield properties.OPTIONAL, "true"
    if facts.peer:
        yield properties.PEER, "true"
    if facts.workspace:
        yield properties.WORKSPACE, "true"
    if facts.alias:
        yield properties.ALIAS, facts.alias
    yield from _many(properties.GROUP, facts.groups)
    yield from _many(properties.EXTRA, facts.extras)
    yield from _many(properties.WITH_EXTRA, facts.with_extras)
    if facts.marker:
        yield properties.MARKER, facts.marker


def _server(facts: ServerFacts) -> _Pairs:
    yield properties.MCP_CLIENT, facts.client
    yield properties.MCP_SCOPE, facts.scope
    yield properties.MCP_TRANSPORT, facts.transport.value
    if facts.disabled:
        yield properties.MCP_DISABLED, "true"
    yield from _many(properties.MCP_WRAPPER, facts.wrappers)
    if facts.launcher:
        yield properties.MCP_LAUNCHER, facts.launcher
    if facts.endpoint is not None:
        yield properties.MCP_ENDPOINT, facts.endpoint
    yield from _many(properties.MCP_ENV, facts.env)
    yield from _many(properties.MCP_HEADER, facts.headers)
    yield from _registries(facts)
    yield from _many(properties.MCP_SWAYED_BY, facts.swayed_by)


def _model(facts: ModelFacts) -> _Pairs:
    yield properties.MODEL_FORMAT, facts.format
    if facts.parameters is not None:
        yield properties.MODEL_PARAMETERS, str(facts.parameters)
    if facts.tensors is not None:
        yield properties.MODEL_TENSORS, str(facts.tensors)
    if facts.architecture is not None:
        yield properties.MODEL_ARCHITECTURE, facts.architecture
    if facts.license is not None:
        yield properties.MODEL_LICENSE, facts.license
    yield from _many(properties.MODEL_IMPORT, facts.imports)


def _registries(facts: PackageFacts | ServerFacts) -> _Pairs:
    if facts.registry is not None:
        yield properties.REGISTRY, facts.registry
    yield from _many(properties.EXTRA_REGISTRY, facts.extra_registries)


def _many(name: str, values: Iterable[str]) -> _Pairs:
    for each in values:
        yield name, each


def read(marks: Properties, entry: Entry, tools: tuple[Tool, ...] = ()) -> Facts | None:
    """Return the facts that *marks*, the properties of *entry*, tell.

    Args:
        marks: What is ours on it.
        entry: The component or service.
        tools: The tools that a service has.

    Raises:
        MalformedError: They are not as we write them.
    """
    if properties.ORIGIN in marks:
        return PackageFacts(
            origin=member(Origin, marks.one(properties.ORIGIN) or "", entry),
            registry=marks.one(properties.REGISTRY),
            extra_registries=marks.many(properties.EXTRA_REGISTRY),
            development=marks.true(properties.DEVELOPMENT),
            optional=marks.true(properties.OPTIONAL),
            peer=marks.true(properties.PEER),
            workspace=marks.true(properties.WORKSPACE),
            alias=marks.one(properties.ALIAS) or "",
            groups=marks.many(properties.GROUP),
            extras=marks.many(properties.EXTRA),
            with_extras=marks.many(properties.WITH_EXTRA),
            marker=marks.one(properties.MARKER) or "",
        )
    if properties.MCP_CLIENT in marks:
        return _read_server(marks, entry, tools)
    if properties.MODEL_FORMAT in marks:
        return ModelFacts(
            format=marks.one(properties.MODEL_FORMAT) or "",
            parameters=marks.number(properties.MODEL_PARAMETERS),
            tensors=marks.number(properties.MODEL_TENSORS),
            architecture=marks.one(properties.MODEL_ARCHITECTURE),
            license=marks.one(properties.MODEL_LICENSE),
            imports=marks.many(properties.MODEL_IMPORT),
        )
    return None


def _read_server(
    marks: Properties, entry: Entry, tools: tuple[Tool, ...]
) -> ServerFacts:
    scope = marks.one(properties.MCP_SCOPE)
    transport = marks.one(properties.MCP_TRANSPORT) or ""
    return ServerFacts(
        client=marks.one(properties.MCP_CLIENT) or "",
        transport=member(Transport, transport, entry),
        scope="project" if scope is None else scope,
        disabled=marks.true(properties.MCP_DISABLED),
        wrappers=marks.many(properties.MCP_WRAPPER),
        launcher=marks.one(properties.MCP_LAUNCHER) or "",
        endpoint=_endpoint(marks, entry),
        env=marks.many(properties.MCP_ENV),
        headers=marks.many(properties.MCP_HEADER),
        registry=marks.one(properties.REGISTRY),
        extra_registries=marks.many(properties.EXTRA_REGISTRY),
        swayed_by=marks.many(properties.MCP_SWAYED_BY),
        tools=tools,
    )


def _endpoint(marks: Properties, entry: Entry) -> str | None:
    """Return the address, which stands in two places that must agree."""
    endpoint = marks.one(properties.MCP_ENDPOINT)
    shown = entry.texts("endpoints")
    if shown and shown != [iri(endpoint or "")]:
        raise entry.malformed(
            f"`endpoints` and `{properties.MCP_ENDPOINT}` name different addresses"
        )
    return endpoint
