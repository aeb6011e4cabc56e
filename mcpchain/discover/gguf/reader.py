"""Read the header of a model in GGUF."""

import math
from dataclasses import dataclass, field
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.discover.gguf import says
from mcpchain.discover.gguf.binary import Binary
from mcpchain.discover.gguf.tensors import contradicts, most, type_name
from mcpchain.inventory import Collector, Gap, RelationKind, State
from mcpchain.license import declared_expression
from mcpchain.tree import File

_DIMENSIONS: Final = 4
_COUNT: Final = 200_000
_MOST: Final = 2**63 - 1
"""Limits: dimensions of a tensor, pairs or tensors, and parameters."""


@dataclass(slots=True)
class _Tensors:
    """What the descriptions of the tensors add up to."""

    count: int = 0
    elements: dict[str, int] = field(default_factory=dict)
    """By type."""


def discover(file: File, found: Collector) -> None:
    """Declare the model, whatever becomes of its header."""
    size = file.size()
    facts, pairs, tensors = ModelFacts(format="gguf"), says.Pairs(), _Tensors()
    try:
        with file.open() as stream:
            reader = Binary(stream, size, file.path)
            reader.start()
            # A tensor is at least a name, dimensions, a type and an offset; a pair a
            # key, a type and a byte.
            width = reader.length.size
            tensors.count = reader.count(width + 16, _COUNT)
            count = reader.count(width + 5, _COUNT)
            said = says.read(reader, count)
            _read(reader, tensors)
        pairs, facts = said, _facts(said, tensors)
    finally:
        ref = found.add(
            Component(
                kind=Kind.MODEL,
                name=file.name,
                locations=(Location(path=file.path),),
                basis=Basis.OBSERVED,
                artifacts=(Artifact(name=file.path, size=size),),
                licenses=_licenses(facts),
                supplier=says.supplier_of(pairs),
                facts=facts,
            )
        )
    for each in says.data_sets(pairs, file.path):
        found.relate(ref, found.add(each), RelationKind.TRAINED_ON)
    _compare(pairs, tensors, file.path, ref, found)


def _licenses(facts: ModelFacts) -> tuple[str, ...]:
    if not facts.license:
        return ()
    return (declared_expression(facts.license) or facts.license,)


def _facts(pairs: says.Pairs, tensors: _Tensors) -> ModelFacts:
    return ModelFacts(
        format="gguf",
        parameters=sum(tensors.elements.values()),
        tensors=tensors.count,
        family=pairs.texts.get("general.architecture", ""),
        license=says.license_of(pairs),
        quantization=most(tensors.elements),
        hyperparameters=says.hyperparameters(pairs),
        chat_template=pairs.template,
        bases=says.bases(pairs),
        card=says.card(pairs),
    )


def _read(reader: Binary, tensors: _Tensors) -> None:
    """Add up the elements of all tensors."""
    seen: set[str] = set()
    total = farthest = 0
    for _ in range(tensors.count):
        name = reader.text()
        if name in seen:
            raise reader.malformed(f"the tensor `{name[:140]}` appears twice")
        seen.add(name)
        dimensions = reader.small()
        if dimensions > _DIMENSIONS:
            raise reader.malformed(f"a tensor of `{dimensions}` dimensions")
        elements = math.prod(reader.number() for _ in range(dimensions))
        total += elements
        if total > _MOST:
            raise reader.malformed("more parameters than 63 bits can count")
        kind = type_name(reader.small())
        tensors.elements[kind] = tensors.elements.get(kind, 0) + elements
        farthest = max(farthest, reader.offset())
    if tensors.count:
        reader.reserve(farthest)


def _compare(
    pairs: says.Pairs, tensors: _Tensors, path: str, ref: str, found: Collector
) -> None:
    """Say where the file type promises other tensors than there are.

    Not of a part of a model: what is missing may be in another.
    """
    claim = pairs.numbers.get("general.file_type")
    part = pairs.numbers.get("split.count", 0) > 1
    if not isinstance(claim, int) or part or not tensors.elements:
        return
    if promised := contradicts(claim, tensors.elements):
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=path),
                reason=f"`general.file_type` {claim} promises `{promised}`, but no "
                f"tensor is stored so; most are `{most(tensors.elements)}`",
                state=State.CONFLICT,
                hint="find out how the file was made, and by whom",
                ref=ref,
            )
        )
