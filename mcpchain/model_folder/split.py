"""Models in GGUF that were split into several files (llama.cpp's `gguf-split`)."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.inventory import State
from mcpchain.model_folder import shards
from mcpchain.model_folder.shelf import Shelf
from mcpchain.tree import Tree

_COUNT: Final = "_undefined:split.count"
_NUMBER: Final = "_undefined:split.no"
_TENSORS: Final = "_undefined:split.tensors.count"
_PARTS: Final = frozenset({_COUNT, _NUMBER, _TENSORS})


@dataclass(frozen=True, slots=True)
class Split:
    """A model and the parts that it was split into."""

    component: Component
    parts: tuple[Component, ...]
    shelf: Shelf


def splits(tree: Tree, name: str, weights: Iterable[Component]) -> Iterator[Split]:
    """Yield every model that is split, whether or not all its parts are here."""
    groups: dict[tuple[str, str, int], list[tuple[int, Component]]] = defaultdict(list)
    for each in weights:
        match = shards.PART.fullmatch(each.name)
        if shards.facts_of(each).format != "gguf":
            continue
        if match and int(match["count"]) > 1:
            folder = each.location.path.rpartition("/")[0]
            key = (folder, f"{match['stem']}|{match['suffix']}", int(match["count"]))
            groups[key].append((int(match["number"]), each))
        elif _said(each).get(_COUNT, "1") not in {"0", "1"}:
            groups[each.location.path, "", 0].append((0, each))
    for number, (key, parts) in enumerate(sorted(groups.items(), key=lambda e: e[0])):
        shelf = Shelf(tree, name, f"model-split:{number}")
        if key[2]:
            yield _joined(shelf, key, sorted(parts, key=lambda each: each[0]))
        else:
            shelf.ref = parts[0][1].ref
            yield Split(parts[0][1], (), _nameless(shelf, parts[0][1]))


def _said(component: Component) -> dict[str, str]:
    return dict(shards.facts_of(component).hyperparameters)


def _nameless(shelf: Shelf, part: Component) -> Shelf:
    shelf.gap(
        part.location,
        f"is one of {_said(part)[_COUNT]} parts of a model, by what it says, and is "
        "not called so; the others cannot be found",
        State.UNREADABLE,
        "give all parts the names that they were made with",
    )
    return shelf


def _joined(
    shelf: Shelf,
    key: tuple[str, str, int],
    parts: Sequence[tuple[int, Component]],
) -> Split:
    folder, names, count = key
    stem, suffix = names.rsplit("|", 1)
    weights = [each for _, each in parts]
    missing = shelf.tree.only is not None or shards.unnumbered(
        shelf, folder, (each.name for each in weights)
    )
    _compare(shelf, count, parts, missing=missing)
    total = shards.add_up(weights, whole=not missing)
    first = shards.facts_of(weights[0])
    name = f"{stem}-*-of-{count:05}{suffix}"
    component = Component(
        kind=Kind.MODEL,
        name=stem,
        locations=(Location(path=f"{folder}/{name}" if folder else name),),
        basis=Basis.OBSERVED,
        licenses=weights[0].licenses,
        supplier=weights[0].supplier,
        graph=not missing,
        facts=replace(
            first,
            parameters=total.parameters,
            tensors=total.tensors,
            quantization=total.quantization,
            hyperparameters=without_parts(first),
        ),
        ref=shelf.ref or "",
    )
    return Split(component, tuple(weights), shelf)


def without_parts(facts: ModelFacts) -> tuple[tuple[str, str], ...]:
    """Return the hyperparameters that are about a whole model."""
    return tuple(each for each in facts.hyperparameters if each[0] not in _PARTS)


def _compare(
    shelf: Shelf,
    count: int,
    parts: Sequence[tuple[int, Component]],
    *,
    missing: bool,
) -> None:
    """Tell parts that say something else than their names, or than they add up to."""
    tensors = 0
    for number, part in parts:
        said = _said(part)
        tensors += shards.facts_of(part).tensors or 0
        for key, named in ((_COUNT, count), (_NUMBER, number - 1)):
            if said.get(key, str(named)) != str(named):
                shelf.gap(
                    part.location,
                    f"is part {number} of {count} by its name, but says "
                    f"`{key.partition(':')[2]}` {said[key]}",
                    State.CONFLICT,
                    "get all parts of the model again",
                )
    promised = _said(parts[0][1]).get(_TENSORS)
    unread = any(shards.facts_of(each).tensors is None for _, each in parts)
    if promised and not missing and not unread and promised != str(tensors):
        shelf.gap(
            parts[0][1].location,
            f"says that all parts hold {promised} tensors, but they hold {tensors:,}",
            State.CONFLICT,
            "get all parts of the model again",
        )
