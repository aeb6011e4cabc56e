"""Weights in several files: all of them are there, and the index agrees with them."""

import itertools
import posixpath
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mcpchain.component import Component, Location, ModelFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.model_folder.shelf import Shelf, shown
from mcpchain.tree import UnreadableError

PART: Final = re.compile(
    r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.[\w.]+)"
)
"""How a part of several is called: `model-00001-of-00005.safetensors`."""
_PREFIX: Final = 8
_HEADER: Final = 8 << 20
_TOLD: Final = 5
_AGAIN: Final = "remove it, or get all files of the model again"
_FIRST: Final = (
    *("model", "pytorch_model", "diffusion_pytorch_model", "adapter_model"),
    "consolidated",
)
"""What libraries load, of several models in one folder."""
_FORMATS: Final = (
    ("safetensors",),
    ("torch-zip", "torch-legacy", "pickle"),
    ("gguf",),
)
"""Of the same weights in several formats, those that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sum:
    """What the chosen weights of a folder add up to."""

    parameters: int | None = None
    tensors: int | None = None
    quantization: str = ""


def facts_of(component: Component) -> ModelFacts:
    """Return the facts of a file of weights."""
    facts = component.facts
    return facts if isinstance(facts, ModelFacts) else ModelFacts(format="")


def add_up(weights: Sequence[Component], *, whole: bool) -> Sum:
    """Return what one set of *weights* adds up to, never two of the same model.

    Of the formats safetensors comes first, then torch, then GGUF; of several sets in
    one format the one that libraries load. Where nobody can tell, nothing is counted.

    Args:
        weights: The files in one folder, and not in folders below.
        whole: Whether none is missing.
    """
    for formats in (*_FORMATS, None):
        sets: dict[str, list[Component]] = defaultdict(list)
        for each in weights:
            if formats is None or facts_of(each).format in formats:
                match = PART.fullmatch(each.name)
                stem = match["stem"] if match else each.name.rpartition(".")[0]
                sets[stem].append(each)
        if not sets:
            continue
        stem = next((each for each in _FIRST if each in sets), None)
        if stem is None and len(sets) == 1:
            stem = next(iter(sets))
        return _sum(sets[stem], whole=whole) if stem is not None else _same(sets)
    return Sum()


def _sum(weights: Sequence[Component], *, whole: bool) -> Sum:
    facts = [facts_of(each) for each in weights]
    most: Counter[str] = Counter()
    for each in facts:
        if each.quantization:
            most[each.quantization] += each.parameters or 0
    quantization = max(sorted(most), key=most.__getitem__, default="")
    if not whole:
        return Sum(quantization=quantization)
    return Sum(
        parameters=_total(each.parameters for each in facts),
        tensors=_total(each.tensors for each in facts),
        quantization=quantization,
    )


def _total(numbers: Iterable[int | None]) -> int | None:
    known = [*numbers]
    return None if None in known else sum(each or 0 for each in known)


def _same(sets: Mapping[str, Sequence[Component]]) -> Sum:
    """Return what all of several sets agree upon: one model, stored differently."""
    sums = {_sum(each, whole=True).parameters for each in sets.values()}
    return Sum(parameters=sums.pop()) if len(sums) == 1 else Sum()


def unnumbered(shelf: Shelf, folder: str, names: Iterable[str]) -> bool:
    """Tell which parts are missing by the numbers in *names*; say whether any are.

    A part whose number is more than there are is told too.
    """
    parts: dict[tuple[str, int, str], set[int]] = defaultdict(set)
    for each in names:
        if match := PART.fullmatch(each):
            number, count = int(match["number"]), int(match["count"])
            parts[match["stem"], count, match["suffix"]].add(number)
            if number > count:
                reason = f"is called part {number} of {count}"
                place = Location(path=f"{folder}/{each}".lstrip("/"))
                shelf.gap(place, reason, State.CONFLICT, _AGAIN)
    missing = False
    for (stem, count, suffix), numbers in sorted(parts.items()):
        lost = count - sum(1 <= each <= count for each in numbers)
        if lost > 0:
            missing = True
            rest = (each for each in range(1, count + 1) if each not in numbers)
            some = [
                f"`{shown(stem)}-{each:05}-of-{count:05}{suffix}`"
                for each in itertools.islice(rest, _TOLD)
            ]
            place = Location(path=folder or ".")
            _lost(shelf, place, ", ".join(some), lost - len(some))
    return missing


def _lost(shelf: Shelf, place: Location, names: str, more: int) -> None:
    rest = f" and {more:,} more" if more > 0 else ""
    shelf.gap(
        place,
        f"parts of the weights are not here: {names}{rest}",
        State.UNREADABLE,
        "get all files of the model",
    )


class Index:
    """One `*.index.json`, held against the files that it names.

    Args:
        shelf: Where it is read, and what is wrong kept.
        path: Where it is.
        weights: All weights in its folder and below, by path.
    """

    def __init__(
        self, shelf: Shelf, path: str, weights: Mapping[str, Component]
    ) -> None:
        self._shelf = shelf
        self._path = path
        self._folder = path.rpartition("/")[0]
        self._weights = weights
        self.whole = True
        self.idle = False
        """Whether it is about weights of which none are here, while others are."""
        self._named: dict[str, list[str]] = defaultdict(list)

    def check(self) -> None:
        """Tell every way in which index and files disagree."""
        node = self._shelf.json(self._path)
        if node is None:
            self.whole = False
            return
        strange: set[str] = set()
        with self._shelf.found.entry():
            for tensor, value in node.at("weight_map").items():
                with self._shelf.found.entry():
                    self._name(tensor, value, strange)
        here = [each for each in self._named if each in self._weights]
        if not here and self._weights:
            # Of other weights, which were left out on purpose: those of torch, mostly.
            self.idle = True
            return
        self._missing()
        self._surplus()
        # What is wrong with a file that cannot be read is told already.
        known = (facts_of(self._weights[e]) for e in self._named if self.whole)
        if any(e.format == "safetensors" and e.tensors is None for e in known):
            self.whole = False
        if self.whole:
            self._tensors()
            self._size(node)

    def _name(self, tensor: str, value: Node, strange: set[str]) -> None:
        name = value.text()
        path = posixpath.normpath(posixpath.join(self._folder, name))
        start = f"{self._folder}/" if self._folder else ""
        inside = path.startswith(start) and path.split("/")[0] != ".."
        if posixpath.isabs(name) or "\\" in name or not inside:
            self.whole = False
            if name not in strange:
                strange.add(name)
                problem = f"`{shown(name)}` lies outside the folder of the model"
                raise value.malformed(problem)
            return
        self._named[path].append(tensor)

    def _missing(self) -> None:
        lost = sorted(set(self._named) - set(self._weights))
        there = [each for each in lost if self._shelf.exists(each)]
        gone = [each for each in lost if each not in set(there)]
        self.whole = self.whole and not lost
        place = Location(path=self._path, pointer="/weight_map")
        if gone:
            names = ", ".join(f"`{shown(each)}`" for each in gone[:_TOLD])
            _lost(self._shelf, place, names, len(gone) - _TOLD)
        if there:
            self._shelf.gap(
                place,
                f"`{shown(there[0])}` is here, but holds no weights that are read",
                State.UNREADABLE,
                "get the file itself, if it is a pointer of Git LFS",
            )

    def _surplus(self) -> None:
        stems = {
            (match["stem"], match["suffix"])
            for each in self._named
            if (match := PART.fullmatch(each.rpartition("/")[2]))
        }
        for path in sorted(set(self._weights) - set(self._named)):
            folder, _, name = path.rpartition("/")
            match = PART.fullmatch(name) if folder == self._folder else None
            if match and (match["stem"], match["suffix"]) in stems:
                self._shelf.gap(
                    Location(path=path),
                    f"is called a part of the weights, but `{self._path}` does not "
                    "name it",
                    State.CONFLICT,
                    _AGAIN,
                )

    def _tensors(self) -> None:
        """Tell tensors that are not where the index has them."""
        for path, tensors in sorted(self._named.items()):
            if facts_of(self._weights[path]).format != "safetensors":
                continue
            try:
                names = self._header(path)
            except (MalformedError, UnreadableError):
                continue  # it changes while it is read
            lost = sorted(set(tensors) - names) if names is not None else []
            if lost:
                more = f" and {len(lost) - 1:,} more" if len(lost) > 1 else ""
                self._shelf.gap(
                    Location(path=self._path, pointer="/weight_map"),
                    f"puts the tensor `{shown(lost[0])}`{more} into `{path}`, which "
                    "has none of that name",
                    State.CONFLICT,
                    "get index and weights from one commit",
                )

    def _header(self, path: str) -> frozenset[str] | None:
        """Return the names in the header of a file; `None` if it is a long one."""
        with self._shelf.tree.file(path).open() as stream:
            length = int.from_bytes(stream.read(_PREFIX), "little")
            if length > _HEADER:
                return None
            node = Node.from_json(stream.read(length), source=path)
        return frozenset(key for key, _ in node.items())

    def _size(self, node: Node) -> None:
        """Compare the size of all tensors, where the headers tell it."""
        metadata = node.at("metadata")
        said = metadata.at("total_size").value if metadata.is_object() else None
        if isinstance(said, bool) or not isinstance(said, int | float):
            return
        total = 0
        for path in self._named:
            weights = self._weights[path]
            if facts_of(weights).format != "safetensors":
                return
            try:
                file = self._shelf.tree.file(path)
            except UnreadableError:
                return
            length = int.from_bytes(file.head[:_PREFIX], "little")
            total += (weights.artifacts[0].size or 0) - _PREFIX - length
        if said != total:
            self._shelf.gap(
                Location(path=self._path, pointer="/metadata/total_size"),
                f"says that the weights are {said:,} bytes, but they are {total:,}",
                State.CONFLICT,
                "get index and weights from one commit",
            )
