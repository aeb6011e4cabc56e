"""Models in safetensors: a JSON header, then nothing but numbers.

The reference is the format's own description and reader (huggingface/safetensors,
"Format"). Only the header is read, however large the weights are.
"""

import math
from typing import ClassVar, Final

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.tree import File

_PREFIX: Final = 8
"""Bytes in front of the header: its length, unsigned, little endian."""
_HEADER: Final = 100_000_000
"""The longest header that the reference reader accepts, in bytes."""
_DIGITS: Final = 2**64
_FAILURES: Final = 100

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


class Safetensors:
    """Reads `*.safetensors`, and what looks like it under another name."""

    id: ClassVar[str] = "safetensors"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        if file.suffix == ".safetensors":
            return True
        length = int.from_bytes(file.head[:_PREFIX], "little")
        return file.head[_PREFIX : _PREFIX + 2] == b'{"' and 2 <= length <= _HEADER

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model; each flaw of its header is a gap."""
        size = file.size()
        facts = ModelFacts(format="safetensors")
        try:
            header = _header(file, size)
            facts = _facts(header, size - header.end, found)
        finally:
            found.add(
                Component(
                    kind=Kind.MODEL,
                    name=file.name,
                    locations=(Location(path=file.path),),
                    basis=Basis.OBSERVED,
                    artifacts=(Artifact(name=file.path, size=size),),
                    licenses=(facts.license,) if facts.license else (),
                    facts=facts,
                )
            )
