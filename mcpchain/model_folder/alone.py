"""One file of a model, examined without the folder that it is in.

What was asked for is that file, so nothing else is read; that there is more is told.
"""

from collections.abc import Iterable, Iterator
from typing import Final

from mcpchain.component import Component, FileFacts, Kind, ModelFacts
from mcpchain.inventory import Gap, State
from mcpchain.model_folder.shards import PART
from mcpchain.tree import Tree, UnreadableError

_OWN: Final = ("adapter_config.json", "model_index.json", "config.json")
"""What configures weights that lie beside it."""
_CONFIGURES: Final = (b'"model_type"', b'"architectures"', b'"_class_name"')
"""What no `config.json` has but that of a model."""
_ROLES: Final = frozenset(
    {"chat-template", "configuration", "index", "model-card", "tokenizer"}
)
_BARE: Final = frozenset({"pickle", "safetensors", "torch-legacy", "torch-zip"})
"""Formats of numbers that somebody else has to say what to do with."""
_SEVERAL: Final = 2


def gaps(tree: Tree, components: Iterable[Component]) -> Iterator[Gap]:
    """Yield what was not looked at, if *tree* is one file of a model."""
    if tree.only is None:
        return
    for each in components:
        reason = ""
        if each.kind is Kind.FILE and isinstance(each.facts, FileFacts):
            if each.facts.role in _ROLES:
                reason = "is one file of a model, whose weights were not looked at"
        elif each.kind is Kind.MODEL:
            reason = _part(each) or _configured(tree, each)
        if reason:
            yield Gap(
                stage="discover",
                location=each.location,
                reason=reason,
                state=State.PARTIAL,
                hint="examine the folder that it is in",
                ref=each.ref,
            )


def _part(weights: Component) -> str:
    match = PART.fullmatch(weights.name)
    if match is None or int(match["count"]) < _SEVERAL:
        return ""
    return (
        f"is part {int(match['number']):,} of {int(match['count']):,} of a model, by "
        "its name; the others were not looked at"
    )


def _configured(tree: Tree, weights: Component) -> str:
    """Say which document beside *weights* libraries take, if there is one."""
    facts = weights.facts
    if not isinstance(facts, ModelFacts) or facts.format not in _BARE:
        return ""
    folder = weights.location.path.rpartition("/")[0]
    for name in _OWN:
        try:
            file = tree.file(f"{folder}/{name}".lstrip("/"))
            data = file.read() if name == "config.json" else b""
        except UnreadableError:
            continue
        if not data or any(each in data for each in _CONFIGURES):
            return f"is loaded as `{name}` beside it says, which was not looked at"
    return ""
