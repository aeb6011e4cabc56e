"""The facts of a component as properties, and back."""

from collections.abc import Callable, Iterable, Iterator
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.bom import model_card, properties
from mcpchain.bom.entry import Entry
from mcpchain.bom.iri import iri
from mcpchain.bom.marks import Properties, compact, member
from mcpchain.component import (
    Attester,
    BuildFacts,
    DataFacts,
    Facts,
    FileFacts,
    ModelFacts,
    Origin,
    PackageFacts,
    Role,
    ServerFacts,
    Tool,
    Transport,
    UsedServiceFacts,
)

_Pairs = Iterator[tuple[str, str]]


def written(facts: Facts | None) -> _Pairs:
    """Yield *facts* as names and values.

    The tools of a server are not among them, nor what `modelCard` and `pedigree` hold
    of a model.
    """
    match facts:
        case PackageFacts():
            yield from _package(facts)
        case ServerFacts():
            yield from _server(facts)
        case ModelFacts():
            yield from _model(facts)
        case DataFacts():
            yield from _data(facts)
        case UsedServiceFacts():
            yield from _service(facts)
        case FileFacts():
            yield from _file(facts)
        case BuildFacts():
            yield from _build(facts)
        case None:
            pass


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
    for each in facts.attested_by:
        value = {"kind": each.kind, "claims": dict(each.claims)}
        yield properties.ATTESTED_BY, compact(value)


def _server(facts: ServerFacts) -> _Pairs:
    yield properties.MCP_CLIENT, facts.client
    yield properties.MCP_SCOPE, facts.scope
    yield properties.MCP_TRANSPORT, facts.transport.value
    if facts.disabled:
        yield properties.MCP_DISABLED, "true"
    yield from _many(properties.MCP_WRAPPER, facts.wrappers)
    yield from _one(properties.MCP_LAUNCHER, facts.launcher or None)
    yield from _one(properties.MCP_ENDPOINT, facts.endpoint)
    yield from _many(properties.MCP_ENV, facts.env)
    yield from _many(properties.MCP_HEADER, facts.headers)
    yield from _registries(facts)
    yield from _many(properties.MCP_SWAYED_BY, facts.swayed_by)


def _model(facts: ModelFacts) -> _Pairs:
    yield properties.MODEL_FORMAT, facts.format
    yield from _one(properties.MODEL_PARAMETERS, facts.parameters)
    yield from _one(properties.MODEL_TENSORS, facts.tensors)
    yield from _one(properties.MODEL_ARCHITECTURE, facts.architecture)
    yield from _one(properties.MODEL_FAMILY, facts.family or None)
    yield from _one(properties.MODEL_LICENSE, facts.license)
    yield from _many(properties.MODEL_IMPORT, facts.imports)
    yield from _many(properties.MODEL_OPERATOR, facts.operators)
    yield from _many(properties.MODEL_REMOTE_CODE, facts.remote_code)
    yield from _one(properties.MODEL_QUANTIZATION, facts.quantization or None)
    yield from _one(properties.MODEL_CHAT_TEMPLATE, facts.chat_template)
    if facts.card is not None:
        yield properties.MODEL_CARD, "true"


def _data(facts: DataFacts) -> _Pairs:
    yield properties.DATA_FORMAT, facts.format
    yield from _one(properties.DATA_DESCRIPTION, facts.description or None)
    yield from _one(properties.DATA_RECORDS, facts.records)
    yield from _many(properties.DATA_COLUMN, facts.columns)
    yield from _many(properties.DATA_TASK, facts.tasks)
    yield from _many(properties.DATA_LANGUAGE, facts.languages)
    yield from _many(properties.DATA_SENSITIVE, facts.sensitive)
    yield from _many(properties.DATA_REMOTE_CODE, facts.remote_code)


def _service(facts: UsedServiceFacts) -> _Pairs:
    yield properties.SERVICE_PROVIDER, facts.provider
    yield properties.SERVICE_CATEGORY, facts.category
    yield from _one(properties.SERVICE_ENDPOINT, facts.endpoint)
    yield from _many(properties.SERVICE_MODEL, facts.models)
    yield from _many(properties.SERVICE_ENV, facts.env)
    yield from _many(properties.SERVICE_PACKAGE, facts.packages)
    if facts.authenticated is not None:
        yield properties.SERVICE_AUTHENTICATED, _WORDS[facts.authenticated]
    if not facts.external:
        yield properties.SERVICE_INTERNAL, "true"


def _file(facts: FileFacts) -> _Pairs:
    yield properties.FILE_ROLE, facts.role
    yield from _one(properties.FILE_DESCRIPTION, facts.description or None)
    yield from _many(properties.FILE_TOOL, facts.tools)
    yield from _many(properties.FILE_MODEL, facts.models)


def _build(facts: BuildFacts) -> _Pairs:
    yield properties.BUILD_ROLE, facts.role.value
    yield from _one(properties.BUILD_STAGE, facts.stage or None)
    yield from _one(properties.BUILD_PLATFORM, facts.platform or None)
    yield from _one(properties.REGISTRY, facts.registry)


def _registries(facts: PackageFacts | ServerFacts) -> _Pairs:
    if facts.registry is not None:
        yield properties.REGISTRY, facts.registry
    yield from _many(properties.EXTRA_REGISTRY, facts.extra_registries)


def _one(name: str, value: object) -> _Pairs:
    if value is not None:
        yield name, str(value)


def _many(name: str, values: Iterable[str]) -> _Pairs:
    for each in values:
        yield name, each


_WORDS: Final = {True: "true", False: "false"}
_TRUTHS: Final = {"true": True, "false": False, None: None}


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
        return _read_package(marks, entry)
    if properties.MCP_CLIENT in marks:
        return _read_server(marks, entry, tools)
    readers = (reader for name, reader in _READ if name in marks)
    first = next(readers, None)
    return None if first is None else first(marks, entry)


def _read_package(marks: Properties, entry: Entry) -> PackageFacts:
    return PackageFacts(
        origin=member(Origin, _text(marks, properties.ORIGIN), entry),
        registry=marks.one(properties.REGISTRY),
        extra_registries=marks.many(properties.EXTRA_REGISTRY),
        development=marks.true(properties.DEVELOPMENT),
        optional=marks.true(properties.OPTIONAL),
        peer=marks.true(properties.PEER),
        workspace=marks.true(properties.WORKSPACE),
        alias=_text(marks, properties.ALIAS),
        groups=marks.many(properties.GROUP),
        extras=marks.many(properties.EXTRA),
        with_extras=marks.many(properties.WITH_EXTRA),
        marker=_text(marks, properties.MARKER),
        attested_by=tuple(
            _attester(Entry.from_text(each, entry))
            for each in marks.many(properties.ATTESTED_BY)
        ),
    )


def _attester(entry: Entry) -> Attester:
    claims = entry.entry("claims")
    if claims is None:
        raise entry.malformed("`claims` is missing")
    return Attester(
        kind=entry.required("kind"),
        claims=tuple(sorted((each, claims.required(each)) for each in claims)),
    )


def _read_server(
    marks: Properties, entry: Entry, tools: tuple[Tool, ...]
) -> ServerFacts:
    scope = marks.one(properties.MCP_SCOPE)
    return ServerFacts(
        client=_text(marks, properties.MCP_CLIENT),
        transport=member(Transport, _text(marks, properties.MCP_TRANSPORT), entry),
        scope="project" if scope is None else scope,
        disabled=marks.true(properties.MCP_DISABLED),
        wrappers=marks.many(properties.MCP_WRAPPER),
        launcher=_text(marks, properties.MCP_LAUNCHER),
        endpoint=_endpoint(marks, entry, properties.MCP_ENDPOINT),
        env=marks.many(properties.MCP_ENV),
        headers=marks.many(properties.MCP_HEADER),
        registry=marks.one(properties.REGISTRY),
        extra_registries=marks.many(properties.EXTRA_REGISTRY),
        swayed_by=marks.many(properties.MCP_SWAYED_BY),
        tools=tools,
    )


def _read_model(marks: Properties, entry: Entry) -> ModelFacts:
    quantization = _text(marks, properties.MODEL_QUANTIZATION)
    return ModelFacts(
        format=_text(marks, properties.MODEL_FORMAT),
        parameters=marks.number(properties.MODEL_PARAMETERS),
        tensors=marks.number(properties.MODEL_TENSORS),
        architecture=marks.one(properties.MODEL_ARCHITECTURE),
        family=_text(marks, properties.MODEL_FAMILY),
        license=marks.one(properties.MODEL_LICENSE),
        imports=marks.many(properties.MODEL_IMPORT),
        operators=marks.many(properties.MODEL_OPERATOR),
        remote_code=marks.many(properties.MODEL_REMOTE_CODE),
        quantization=quantization,
        hyperparameters=model_card.hyperparameters(entry, quantization),
        chat_template=_digest(marks, entry, properties.MODEL_CHAT_TEMPLATE),
        bases=model_card.read_bases(entry, ours=True),
        card=model_card.read_card(entry, ours=True)
        if marks.true(properties.MODEL_CARD)
        else None,
    )


def _read_data(marks: Properties, _entry: Entry) -> DataFacts:
    return DataFacts(
        format=_text(marks, properties.DATA_FORMAT),
        description=_text(marks, properties.DATA_DESCRIPTION),
        records=marks.number(properties.DATA_RECORDS),
        columns=marks.many(properties.DATA_COLUMN),
        tasks=marks.many(properties.DATA_TASK),
        languages=marks.many(properties.DATA_LANGUAGE),
        sensitive=marks.many(properties.DATA_SENSITIVE),
        remote_code=marks.many(properties.DATA_REMOTE_CODE),
    )


def _read_service(marks: Properties, entry: Entry) -> UsedServiceFacts:
    provider = _text(marks, properties.SERVICE_PROVIDER)
    shown = entry.entry("provider")
    if shown is not None and shown.text("name") != provider:
        raise entry.malformed(
            f"`provider` and `{properties.SERVICE_PROVIDER}` name different ones"
        )
    word = marks.one(properties.SERVICE_AUTHENTICATED)
    if word not in _TRUTHS:
        raise entry.malformed(f"`{properties.SERVICE_AUTHENTICATED}` is no truth value")
    return UsedServiceFacts(
        provider=provider,
        category=_text(marks, properties.SERVICE_CATEGORY),
        endpoint=_endpoint(marks, entry, properties.SERVICE_ENDPOINT),
        models=marks.many(properties.SERVICE_MODEL),
        env=marks.many(properties.SERVICE_ENV),
        authenticated=_TRUTHS[word],
        external=not marks.true(properties.SERVICE_INTERNAL),
        packages=marks.many(properties.SERVICE_PACKAGE),
    )


def _read_file(marks: Properties, _entry: Entry) -> FileFacts:
    return FileFacts(
        role=_text(marks, properties.FILE_ROLE),
        description=_text(marks, properties.FILE_DESCRIPTION),
        tools=marks.many(properties.FILE_TOOL),
        models=marks.many(properties.FILE_MODEL),
    )


def _read_build(marks: Properties, entry: Entry) -> BuildFacts:
    return BuildFacts(
        role=member(Role, _text(marks, properties.BUILD_ROLE), entry),
        stage=_text(marks, properties.BUILD_STAGE),
        platform=_text(marks, properties.BUILD_PLATFORM),
        registry=marks.one(properties.REGISTRY),
    )


_READ: Final[tuple[tuple[str, Callable[[Properties, Entry], Facts]], ...]] = (
    (properties.MODEL_FORMAT, _read_model),
    (properties.DATA_FORMAT, _read_data),
    (properties.SERVICE_CATEGORY, _read_service),
    (properties.FILE_ROLE, _read_file),
    (properties.BUILD_ROLE, _read_build),
)
"""What reads facts, by the property that they always have."""


def _text(marks: Properties, name: str) -> str:
    return marks.one(name) or ""


def _digest(marks: Properties, entry: Entry, name: str) -> Digest | None:
    text = marks.one(name)
    try:
        return None if text is None else Digest.parse(text)
    except ValueError as error:
        raise entry.malformed(str(error)) from error


def _endpoint(marks: Properties, entry: Entry, name: str) -> str | None:
    """Return the address, which stands in two places that must agree."""
    endpoint = marks.one(name)
    shown = entry.texts("endpoints")
    if shown and shown != [iri(endpoint or "")]:
        raise entry.malformed(f"`endpoints` and `{name}` name different addresses")
    return endpoint
