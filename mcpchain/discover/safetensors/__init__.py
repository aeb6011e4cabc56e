"""Models in safetensors: a JSON header, then nothing but numbers.

The reference is the format's own description and reader (huggingface/safetensors,
"Format"). Only the header is read, however large the weights are.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

PREFIX: Final = 8
"""Bytes in front of the header: its length, unsigned, little endian."""
HEADER: Final = 100_000_000
"""The longest header that the reference reader accepts, in bytes."""


class Safetensors:
    """Reads `*.safetensors`, and what looks like it under another name."""

    id: ClassVar[str] = "safetensors"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        if file.suffix == ".safetensors":
            return True
        length = int.from_bytes(file.head[:PREFIX], "little")
        return file.head[PREFIX : PREFIX + 2] == b'{"' and length <= HEADER

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model; each flaw of its header is a gap."""
        from mcpchain.discover.safetensors.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Safetensors()
