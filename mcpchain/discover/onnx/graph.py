"""What the message of a model in ONNX says: operators, tensors, and where numbers are.

A comment beside a number names the field (`onnx/onnx.proto`).
"""

import math
from dataclasses import dataclass, field
from typing import Final

from mcpchain.errors import MalformedError
from mcpchain.protobuf import Field, Walk

_OWN: Final = frozenset(
    {
        "",
        "ai.onnx",
        "ai.onnx.ml",
        "ai.onnx.training",
        "ai.onnx.preview",
        "ai.onnx.preview.training",
    }
)
"""The domains of the operators that the format itself defines."""
_MOST: Final = 2**63 - 1
_KEPT: Final = 140
_DISTINCT: Final = 10_000
"""Limits: numbers of all tensors, characters of a name, and names of one kind."""
_EXTERNAL: Final = 1
"""The `data_location` of numbers that stand in another file."""


@dataclass(frozen=True, slots=True)
class Outside:
    """Numbers that a tensor keeps in another file, as the model says it."""

    tensor: str
    location: str
    offset: str = ""
    length: str = ""


@dataclass(slots=True)
class Graph:
    """What was read so far of one model."""

    walk: Walk
    seen: bool = False
    """Whether there is a graph at all."""
    nodes: int = 0
    tensors: int = 0
    parameters: int = 0
    license: str = ""
    domains: set[str] = field(default_factory=set)
    """Those whose operators the model says it uses."""
    used: set[tuple[str, str]] = field(default_factory=set)
    """Domain and name of each operator that is not the format's own."""
    defined: set[tuple[str, str]] = field(default_factory=set)
    """Those that the model itself is the definition of."""
    outside: dict[Outside, None] = field(default_factory=dict)

    def read(self) -> None:
        """Read the whole model (`ModelProto`).

        Raises:
            MalformedError: It is none.
            UnreadableError: It is more than is read.
        """
        for each in self.walk.fields():
            match each.number:
                case 7:  # graph
                    self._graph(each)
                case 8:  # opset_import
                    self._domain(each)
                case 14:  # metadata_props
                    key, value = _pair(each)
                    if key.lower() == "license":
                        self.license = value[:_KEPT]
                case 20:  # training_info, whose fields 1 and 2 are graphs
                    for inner in each.fields():
                        if inner.number in {1, 2}:
                            self._graph(inner)
                case 25:  # functions
                    self._function(each)
                case _:
                    pass

    def operators(self) -> tuple[str, ...]:
        """Name the operators that neither the format nor the model defines.

        A domain stands for itself if nothing of it is used.
        """
        foreign = self.used - self.defined
        known = {domain for domain, _ in self.used | self.defined}
        names = {f"{domain}::{name}" for domain, name in foreign}
        return tuple(sorted(names | (self.domains - known)))

    def _domain(self, message: Field) -> None:
        name = _text_at(message, 1)
        if name not in _OWN:
            self._bounded(len(self.domains))
            self.domains.add(name[:_KEPT])

    def _function(self, message: Field) -> None:
        name = domain = ""
        for each in message.fields():
            match each.number:
                case 1:
                    name = each.text()
                case 7:
                    self._node(each)
                case 9:
                    self._domain(each)
                case 10:
                    domain = each.text()
                case 11:  # attributes with a default value
                    self._attribute(each)
                case _:
                    pass
        self._bounded(len(self.defined))
        self.defined.add((domain[:_KEPT], name[:_KEPT]))

    def _graph(self, message: Field) -> None:
        self.seen = True
        for each in message.fields():
            match each.number:
                case 1:
                    self._node(each)
                case 5:  # initializer
                    self.tensors += 1
                    self._count(self._tensor(each))
                case 15:  # sparse_initializer
                    self.tensors += 1
                    self._sparse(each, counted=True)
                case _:
                    pass

    def _node(self, message: Field) -> None:
        self.nodes += 1
        name = domain = ""
        for each in message.fields():
            match each.number:
                case 4:
                    name = each.text()
                case 5:
                    self._attribute(each)
                case 7:
                    domain = each.text()
                case _:
                    pass
        if domain not in _OWN:
            self._bounded(len(self.used))
            self.used.add((domain[:_KEPT], name[:_KEPT]))

    def _attribute(self, message: Field) -> None:
        for each in message.fields():
            match each.number:
                case 5 | 10:  # t, tensors
                    self._tensor(each)
                case 6 | 11:  # g, graphs
                    self._graph(each)
                case 22 | 23:  # sparse_tensor, sparse_tensors
                    self._sparse(each, counted=False)
                case _:
                    pass

    def _sparse(self, message: Field, *, counted: bool) -> None:
        for each in message.fields():
            if each.number in {1, 2}:  # values, indices
                count = self._tensor(each)
                if counted and each.number == 1:
                    self._count(count)

    def _tensor(self, message: Field) -> int:
        """Return how many numbers a tensor has; note where they are, if elsewhere."""
        dimensions: list[int] = []
        name = ""
        pairs: list[tuple[str, str]] = []
        external = False
        for each in message.fields():
            match each.number:
                case 1:
                    dimensions += each.numbers()
                case 8:
                    name = each.text()[:_KEPT]
                case 13:
                    pairs.append(_pair(each))
                case 14:
                    external = each.value == _EXTERNAL
                case _:
                    pass
        if external or pairs:
            self._elsewhere(name, pairs)
        if any(each < 0 for each in dimensions):
            raise self._malformed(f"the tensor `{name}` has a negative dimension")
        return 0 if 0 in dimensions else math.prod(dimensions)

    def _elsewhere(self, name: str, pairs: list[tuple[str, str]]) -> None:
        """Note every place that a tensor names, also where it names several."""
        last = dict(pairs)
        places = {value for key, value in pairs if key == "location"} or {""}
        self._bounded(len(self.outside) // 10)
        for place in sorted(places):
            new = Outside(name, place, last.get("offset", ""), last.get("length", ""))
            self.outside[new] = None

    def _count(self, elements: int) -> None:
        self.parameters += elements
        if self.parameters > _MOST:
            raise self._malformed("more parameters than 63 bits can count")

    def _bounded(self, count: int) -> None:
        if count >= _DISTINCT:
            raise self.walk.limit(f"more than {_DISTINCT:,} operators or files")

    def _malformed(self, problem: str) -> MalformedError:
        return MalformedError(problem, source=self.walk.path)


def _pair(message: Field) -> tuple[str, str]:
    """Read a `StringStringEntryProto`."""
    key = value = ""
    for each in message.fields():
        if each.number == 1:
            key = each.text()
        elif each.number == 2:  # noqa: PLR2004 - the field `value`
            value = each.text()
    return key, value


def _text_at(message: Field, number: int) -> str:
    text = ""
    for each in message.fields():
        if each.number == number:
            text = each.text()
    return text
