"""What is compared of the facts of two components."""

from collections.abc import Iterable
from typing import Final

from mcpchain.component import (
    BuildFacts,
    DataFacts,
    Facts,
    FileFacts,
    ModelCard,
    ModelFacts,
    PackageFacts,
    ServerFacts,
    UsedServiceFacts,
)
from mcpchain.difference.record import Values

ATTESTED_BY: Final = "attested by"
_SHOWN: Final = 200


def told(facts: Facts | None) -> dict[str, Values]:
    """Return all that *facts* say, by name."""
    found: dict[str, Values] = {}
    match facts:
        case PackageFacts():
            found = _of_package(facts)
        case ServerFacts():
            found = _of_server(facts)
        case ModelFacts():
            found = _of_model(facts)
        case DataFacts():
            found = _of_data(facts)
        case UsedServiceFacts():
            found = _of_service(facts)
        case FileFacts():
            found = _of_file(facts)
        case BuildFacts():
            found = _of_build(facts)
        case None:
            pass
    return found


def _of_build(facts: BuildFacts) -> dict[str, Values]:
    return {
        "role": (facts.role.value,),
        "stage": word(facts.stage),
        "platform": word(facts.platform),
    }


def _of_server(facts: ServerFacts) -> dict[str, Values]:
    return {
        "transport": (facts.transport.value,),
        "endpoint": word(facts.endpoint),
        "launcher": (*facts.wrappers, *word(facts.launcher)),
        "swayed by": facts.swayed_by,
        "environment": in_order(facts.env),
        "headers": in_order(facts.headers),
        "tools": in_order(f"{each.name} {each.digest}" for each in facts.tools),
        "disabled": _flag(said=facts.disabled),
    }


def _of_package(facts: PackageFacts) -> dict[str, Values]:
    return {
        "origin": (facts.origin.value,),
        "groups": facts.groups,
        "extras": facts.extras,
        "with extras": facts.with_extras,
        "marker": word(facts.marker),
        "development": _flag(said=facts.development),
        "optional": _flag(said=facts.optional),
        ATTESTED_BY: in_order(
            " ".join([e.kind, *(f"{n}={value}" for n, value in e.claims)])
            for e in facts.attested_by
        ),
    }


def _of_model(facts: ModelFacts) -> dict[str, Values]:
    card = facts.card or ModelCard()
    return {
        "format": word(facts.format),
        "parameters": word(facts.parameters),
        "architecture": word(facts.architecture),
        "family": word(facts.family),
        "quantization": word(facts.quantization),
        "imports": facts.imports,
        "operators": facts.operators,
        "remote code": facts.remote_code,
        "hyperparameters": in_order(
            f"{n}={value}" for n, value in facts.hyperparameters
        ),
        "chat template": word(facts.chat_template),
        "made from": in_order(f"{e.name} {e.relation}".strip() for e in facts.bases),
        "task": word(card.task),
        "languages": in_order(card.languages),
        "metrics": in_order(
            f"{e.type} {e.value} {e.slice}".strip() for e in card.metrics
        ),
        "considerations": in_order(
            f"{name}: {text[:_SHOWN]}" for name, text in card.considerations
        ),
    }


def _of_data(facts: DataFacts) -> dict[str, Values]:
    return {
        "format": word(facts.format),
        "description": word(facts.description[:_SHOWN]),
        "records": word(facts.records),
        "columns": facts.columns,
        "tasks": in_order(facts.tasks),
        "languages": in_order(facts.languages),
        "sensitive": in_order(facts.sensitive),
        "remote code": facts.remote_code,
    }


def _of_service(facts: UsedServiceFacts) -> dict[str, Values]:
    sure = facts.authenticated is not None
    return {
        "category": word(facts.category),
        "endpoint": word(facts.endpoint),
        "models": in_order(facts.models),
        "environment": in_order(facts.env),
        "authenticated": (("yes" if facts.authenticated else "no"),) if sure else (),
        "external": _flag(said=facts.external),
        "packages": in_order(facts.packages),
    }


def _of_file(facts: FileFacts) -> dict[str, Values]:
    return {
        "role": word(facts.role),
        "description": word(facts.description[:_SHOWN]),
        "tools": in_order(facts.tools),
        "models": in_order(facts.models),
    }


def word(value: object) -> Values:
    """Return what one value says; nothing for `None` and empty text."""
    return () if value is None or value == "" else (str(value),)


def _flag(*, said: bool) -> Values:
    return ("yes",) if said else ()


def in_order(values: Iterable[str]) -> Values:
    """Return *values* sorted, each once."""
    return tuple(sorted(set(values)))
