"""Read the header of a model in safetensors."""

import math
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.discover.safetensors import HEADER, PREFIX
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, State
from mcpchain.license import declared_expression
from mcpchain.tree import File, UnreadableError

_MOST: Final = 2**64 - 1
_PAIR: Final = 2
_DIMENSIONS: Final = 8
_NAME: Final = 1_000
_FAILURES: Final = 100
_TENSORS: Final = 100_000
_VALUES: Final = 2_000_000
"""Limits: characters of a tensor's name, gaps before we give the file up, tensors, and
values in the header, which take far more memory than the header itself."""

_BITS: Final = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E4M3": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2": 8,
    "F8_E5M2FNUZ": 8,
    "F8_E8M0": 8,
    "U16": 16,
    "I16": 16,
    "F16": 16,
    "BF16": 16,
    "U32": 32,
    "I32": 32,
    "F32": 32,
    "U64": 64,
    "I64": 64,
    "F64": 64,
    "C64": 64,
}
"""The width of one element of each type, in bits."""


def discover(file: File, found: Collector) -> None:
    """Declare the model; each flaw of its header is a gap."""
    size = file.size()
    facts = ModelFacts(format="safetensors")
    try:
        header, weights = _header(file, size)
        facts = _facts(header, weights, found)
    finally:
        found.add(
            Component(
                kind=Kind.MODEL,
                name=file.name,
                locations=(Location(path=file.path),),
                basis=Basis.OBSERVED,
                artifacts=(Artifact(name=file.path, size=size),),
                licenses=_licenses(facts),
                facts=facts,
            )
        )


def _header(file: File, size: int) -> tuple[Node, int]:
    """Return the header of a file of *size* bytes, and how many bytes follow it."""
    with file.open() as stream:
        prefix = stream.read(PREFIX)
        length = int.from_bytes(prefix, "little")
        if problem := _short(len(prefix), length, size):
            raise MalformedError(problem, source=file.path)
        data = stream.read(length)
    if not data.startswith(b"{"):
        raise MalformedError("the header is not a JSON object", source=file.path)
    if sum(map(data.count, (b",", b"[", b"{"))) > _VALUES:
        raise _limit(file.path, f"more than {_VALUES:,} values in the header")
    return Node.from_json(data, source=file.path), size - PREFIX - length


def _short(prefix: int, length: int, size: int) -> str:
    """Say why there is no header of *length* bytes; empty where there may be one."""
    if prefix == 0:
        return "the file is empty"
    if prefix < PREFIX:
        return f"the file ends after {size} bytes, before its header"
    if length > HEADER:
        return (
            f"says that its header has {length:,} bytes; no reader takes more than "
            f"{HEADER:,}"
        )
    if length > size - PREFIX:
        return (
            f"the file ends within its header, after {size - PREFIX:,} of {length:,} "
            "bytes"
        )
    return ""


def _facts(header: Node, weights: int, found: Collector) -> ModelFacts:
    """Read every entry of *header*, above *weights* bytes of numbers."""
    texts: dict[str, str] = {}
    spans: list[tuple[int, int, Node]] = []
    elements: dict[str, int] = {}
    count = bad = 0
    for name, entry in header.items():
        if bad >= _FAILURES:
            raise header.malformed(f"more than {_FAILURES} entries cannot be read")
        bad += 1
        with found.entry():
            if len(name) > _NAME:
                raise header.malformed(f"a name longer than {_NAME} characters")
            if name == "__metadata__":
                texts = {key: value.text() for key, value in entry.items()}
            else:
                count += 1
                if count > _TENSORS:
                    raise _limit(header.source, f"more than {_TENSORS:,} tensors")
                kind, start, end, more = _sound(entry) or _tensor(entry)
                spans.append((start, end, entry))
                elements[kind] = elements.get(kind, 0) + more
            bad -= 1
    if not bad:
        with found.entry():
            _covered(header, spans, weights)
    return ModelFacts(
        format="safetensors",
        parameters=None if bad else sum(elements.values()),
        tensors=count,
        architecture=_shown(texts.get("modelspec.architecture")),
        license=_shown(texts.get("license") or texts.get("modelspec.license")),
        quantization=max(sorted(elements), key=elements.__getitem__, default=""),
    )


def _licenses(facts: ModelFacts) -> tuple[str, ...]:
    if not facts.license:
        return ()
    return (declared_expression(facts.license) or facts.license,)


def _sound(entry: Node) -> tuple[str, int, int, int] | None:
    """Return what `_tensor` does, if nothing at all is wrong: most of the time."""
    value = entry.value
    if entry.problem or type(value) is not dict:
        return None
    kind, shape = value.get("dtype"), value.get("shape")
    places = value.get("data_offsets")
    if type(kind) is not str or type(shape) is not list or type(places) is not list:
        return None
    numbers = (*shape, *places)
    if len(places) != _PAIR or len(shape) > _DIMENSIONS:
        return None
    if any(type(each) is not int or not 0 <= each <= _MOST for each in numbers):
        return None
    (start, end), elements = places, math.prod(shape)
    bits = _BITS.get(kind)
    if bits is None or elements > _MOST or (end - start) * 8 != elements * bits:
        return None
    return kind, start, end, elements


def _tensor(entry: Node) -> tuple[str, int, int, int]:
    """Return a tensor's type, where it starts and ends, and how many numbers it has."""
    kind = entry.at("dtype")
    if (bits := _BITS.get(kind.text())) is None:
        raise kind.malformed(f"unknown type `{kind.text()[:140]}`")
    elements = 1
    dimensions = [each.integer() for each in _list(entry.at("shape"))]
    if any(each < 0 for each in dimensions):
        raise entry.at("shape").malformed("a negative dimension")
    for each in [0] if 0 in dimensions else dimensions:
        elements *= each
        if elements > _MOST:
            raise entry.at("shape").malformed("more elements than 64 bits can count")
    offsets = entry.at("data_offsets")
    places = [each.integer() for each in _list(offsets)]
    if len(places) != _PAIR or not 0 <= places[0] <= places[1] <= _MOST:
        raise offsets.malformed("expected the start and the end of the tensor")
    start, end = places
    if (end - start) * 8 != elements * bits:
        raise offsets.malformed(
            f"{end - start:,} bytes for {elements:,} elements of {bits} bits"
        )
    return kind.text(), start, end, elements


def _list(node: Node) -> list[Node]:
    if not node.exists:
        raise node.unexpected("a list")
    return list(node.elements())


def _covered(header: Node, spans: list[tuple[int, int, Node]], weights: int) -> None:
    """Check that the tensors lie one behind the other and leave no byte over.

    A hole can hide a second file, and an overlap is how two readers disagree.
    """
    at = 0
    for start, end, entry in sorted(spans, key=lambda each: each[:2]):
        if start != at:
            raise entry.at("data_offsets").malformed(
                f"starts at byte {start:,}, but the tensor before it ends at {at:,}"
            )
        at = end
    if at > weights:
        raise header.malformed(
            f"the file ends {at - weights:,} bytes before its last tensor does"
        )
    if at < weights:
        raise header.malformed(f"{weights - at:,} bytes follow the last tensor")


def _limit(path: str, what: str) -> UnreadableError:
    return UnreadableError(
        path,
        f"more than we read: {what}",
        State.LIMIT,
        hint="check where the file comes from",
    )


def _shown(text: str | None) -> str | None:
    return text[:140] if text else None
