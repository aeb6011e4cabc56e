"""The facts of a model, from all that its weights and documents say."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import BaseModel, Location, ModelFacts
from mcpchain.inventory import State
from mcpchain.model_folder import card, config, shards, split, terms
from mcpchain.model_folder.folder import Folder
from mcpchain.model_folder.shelf import Shelf, shown

_COPY: Final = re.compile(
    r"(?:-(?:unsloth|bnb|[348]-?bits?|gptq|awq|gguf|fp8|int[48]|quantized))++\Z"
)
"""What is added to the name of a model for a copy in which numbers have fewer bits."""
_LICENSE: Final = re.compile(r"(?:licen[cs]e|copying)(?:\.(?:md|rst|txt))?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """What was read of one folder."""

    folder: Folder
    documents: dict[str, str]
    said: config.Said
    card: card.Card | None
    sum: shards.Sum


def facts(shelf: Shelf, model: Described) -> tuple[ModelFacts, tuple[str, ...]]:
    """Return the facts and the licences; tell where documents contradict each other.

    What no document says is taken from the weights, if they say it.
    """
    said, said_by_card = model.said, model.card
    weights = [shards.facts_of(each) for each in model.folder.direct]
    first = next((each for each in weights if each.format == "gguf"), None)
    first = first or ModelFacts(format="")
    licenses = terms.agreed(shelf, [*_stated(shelf, model)])
    hyperparameters = said.hyperparameters or dict(split.without_parts(first))
    return (
        ModelFacts(
            format="hugging-face",
            parameters=model.sum.parameters,
            tensors=model.sum.tensors,
            architecture=said.architecture,
            family=said.family or first.family,
            license=licenses[0] if licenses else None,
            imports=tuple(sorted(said.imports)),
            remote_code=tuple(sorted(said.code)),
            quantization=said.method or model.sum.quantization or said.dtype,
            hyperparameters=tuple(sorted(hyperparameters.items())),
            chat_template=_template(shelf, said) or first.chat_template,
            bases=_bases(shelf, model),
            card=said_by_card.facts if said_by_card else first.card,
        ),
        licenses,
    )


def _stated(shelf: Shelf, model: Described) -> Iterator[list[terms.Stated]]:
    """Yield the licences that each file states, the most telling file first."""
    told = [model.card.license if model.card else [], model.said.license]
    told += [
        [(licence, each.location)]
        for each in model.folder.weights
        if (licence := shards.facts_of(each).license)
    ]
    yield from told
    exact = not any(terms.is_known(text) for each in told for text, _ in each)
    for name, path in sorted(model.documents.items()):
        if not _LICENSE.fullmatch(name):
            continue
        if licence := terms.of_file(shelf, path, exact=exact):
            yield [(licence, Location(path=path))]


def _template(shelf: Shelf, said: config.Said) -> Digest | None:
    """Return the template; that of a file of its own comes before all others."""
    if not said.templates:
        return None
    first, place = said.templates[0]
    for other, elsewhere in said.templates[1:]:
        # A file ends in a line break where a text in JSON does not.
        if other.strip() != first.strip():
            shelf.gap(
                elsewhere,
                f"has another chat template than `{place}`; libraries differ in which "
                "they take",
                State.CONFLICT,
                "keep one of them",
            )
            break
    value = hashlib.sha256(first).hexdigest()
    return Digest(algorithm=Algorithm.SHA256, value=value)


def _bases(shelf: Shelf, model: Described) -> tuple[BaseModel, ...]:
    """Return what the model was made from; tell where card and adapter differ."""
    found: dict[str, BaseModel] = {}
    told = model.card.bases if model.card else []
    for base, _ in told:
        found[base.name] = base
    for asked in model.said.bases:
        base = card.base(asked.name, "adapter")
        known = {_original(each.name) for each, _ in told if each.purl is not None}
        if known and base.purl is not None and _original(base.name) not in known:
            _, place = told[0]
            shelf.gap(
                place,
                f"says that the model was made from `{shown(told[0][0].name)}`, but "
                f"`{asked.location}` loads it onto `{base.name}`",
                State.CONFLICT,
                "find out from its maker which model it belongs to",
            )
        if base.name not in found or not found[base.name].relation:
            found[base.name] = base
    for each in model.folder.direct:
        for base in shards.facts_of(each).bases:
            found.setdefault(base.name, base)
    return tuple(found[name] for name in sorted(found))


def _original(name: str) -> str:
    """Return what a model is called in whatever copy, such as one with fewer bits.

    Trainers load a copy of a base model, while the card names the model itself. Both
    are listed, and what is loaded is judged.
    """
    own = name.rpartition("/")[2].lower().removeprefix("meta-")
    return _COPY.sub("", own)
