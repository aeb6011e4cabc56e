"""What the pairs of a GGUF file say of the model: claims of whoever wrote it."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

from mcpchain import hub_name, supplier
from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import (
    BaseModel,
    Component,
    DataFacts,
    Kind,
    Location,
    ModelCard,
)
from mcpchain.discover.gguf.binary import ARRAY, STRING, Binary
from mcpchain.document import without_secrets

_LONGEST: Final = 140
"""How much of a text is kept."""
_TEMPLATE: Final = "tokenizer.chat_template"
_OTHER: Final = frozenset({"other", "unknown"})
_NAMES: Final = {
    "context_length": "context_length",
    "embedding_length": "hidden_size",
    "block_count": "num_hidden_layers",
    "feed_forward_length": "intermediate_size",
    "attention.head_count": "num_attention_heads",
    "attention.head_count_kv": "num_key_value_heads",
    "attention.layer_norm_epsilon": "layer_norm_epsilon",
    "attention.layer_norm_rms_epsilon": "layer_norm_epsilon",
    "vocab_size": "vocab_size",
}
"""Hyperparameters, behind the architecture and a dot."""
SPLIT: Final = ("split.count", "split.no", "split.tensors.count")
_NUMBERS: Final = frozenset({"general.file_type", *SPLIT})
_TEXTS: Final = re.compile(
    r"general\.(?:architecture|author|organization|license(?:\.name)?"
    r"|(?:base_model|dataset)\.\d{1,3}\.(?:name|organization|repo_url|url))"
)
_LANGUAGES: Final = "general.languages"


@dataclass(slots=True)
class Pairs:
    """The pairs that are kept."""

    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int | float] = field(default_factory=dict)
    languages: tuple[str, ...] = ()
    template: Digest | None = None


def read(reader: Binary, count: int) -> Pairs:
    """Read *count* pairs, and keep what matters.

    Raises:
        MalformedError: A key appears twice, or a value cannot be read.
        UnreadableError: There is more than we read.
    """
    seen: set[str] = set()
    pairs = Pairs()
    for _ in range(count):
        key = reader.text()
        if key in seen:
            raise reader.malformed(f"the key `{key[:140]}` appears twice")
        seen.add(key)
        _value(reader, key, reader.small(), pairs)
    return pairs


def _value(reader: Binary, key: str, kind: int, pairs: Pairs) -> None:
    if kind == STRING and key == _TEMPLATE:
        data = reader.text().encode("utf-8", "replace")
        value = hashlib.sha256(data).hexdigest()
        pairs.template = Digest(algorithm=Algorithm.SHA256, value=value)
    elif kind == STRING and _TEXTS.fullmatch(key):
        pairs.texts[key] = reader.text()[:_LONGEST]
    elif kind == ARRAY and key == _LANGUAGES:
        pairs.languages = tuple(each[:_LONGEST] for each in reader.texts_of())
    elif kind not in {STRING, ARRAY} and _is_number(key):
        pairs.numbers[key] = reader.scalar(kind)
    else:
        reader.pass_value(kind)


def _is_number(key: str) -> bool:
    return key in _NUMBERS or key.partition(".")[2] in _NAMES


def license_of(pairs: Pairs) -> str | None:
    """Return the licence; by its name, where it is none of the usual ones."""
    licence = pairs.texts.get("general.license")
    if licence is None or licence.lower() in _OTHER:
        return pairs.texts.get("general.license.name") or licence
    return licence


def supplier_of(pairs: Pairs) -> str:
    """Return who makes the model: an organisation, or else its author."""
    keys = ("general.organization", "general.author")
    named = (supplier.of_member(pairs.texts.get(key, "")) for key in keys)
    return next(filter(None, named), "")


def hyperparameters(pairs: Pairs) -> tuple[tuple[str, str], ...]:
    """Return the hyperparameters by their official names, and the place in a split."""
    family = pairs.texts.get("general.architecture", "")
    found = {
        name: f"{value:.7g}" if isinstance(value, float) else str(value)
        for key, name in _NAMES.items()
        if (value := pairs.numbers.get(f"{family}.{key}")) is not None
    }
    for key in SPLIT:
        if key in pairs.numbers:
            found[f"_undefined:{key}"] = str(pairs.numbers[key])
    return tuple(sorted(found.items()))


def bases(pairs: Pairs) -> tuple[BaseModel, ...]:
    """Return what the model was made from."""
    found = {
        BaseModel(name=name, purl=hub_name.model(name) if hub else None)
        for name, hub, _ in _sources(pairs, "base_model")
    }
    return tuple(sorted(found, key=lambda each: (each.name, str(each.purl))))


def data_sets(pairs: Pairs, path: str) -> Iterator[Component]:
    """Yield the data sets that the model was trained on, none of which is fetched."""
    for name, hub, pointer in _sources(pairs, "dataset"):
        yield Component(
            kind=Kind.DATA,
            name=name,
            locations=(Location(path=path, pointer=pointer),),
            purl=hub_name.data_set(name) if hub else None,
            facts=DataFacts(format="hugging-face" if hub else ""),
        )


def card(pairs: Pairs) -> ModelCard | None:
    """Return what else the maker says."""
    return ModelCard(languages=pairs.languages) if pairs.languages else None


def _sources(pairs: Pairs, what: str) -> Iterator[tuple[str, bool, str]]:
    """Yield names, whether they are the Hub's, and a pointer to where they stand."""
    start = f"general.{what}."
    numbers = {
        key.removeprefix(start).partition(".")[0]
        for key in pairs.texts
        if key.startswith(start)
    }
    for number in sorted(numbers, key=lambda each: (len(each), each)):
        of = {
            key: pairs.texts.get(f"{start}{number}.{key}", "")
            for key in ("name", "organization", "repo_url", "url")
        }
        addresses = (of["repo_url"], of["url"])
        hubs = (
            hub_name.from_address(each, of_data=what == "dataset") for each in addresses
        )
        hub = next(filter(None, hubs), None)
        name = hub or "/".join(filter(None, (of["organization"], of["name"])))
        if name:
            yield without_secrets(name), hub is not None, f"/{start}{number}"
