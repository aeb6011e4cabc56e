"""Models in GGUF: pairs of facts, then descriptions of tensors, then numbers.

The reference is ggml's docs/gguf.md. Only the facts are read; each count and length in
the file is checked against the bytes that are left before anything is done with it.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

MAGIC: Final = b"GGUF"


class Gguf:
    """Reads `*.gguf`, and the same content under another name."""

    id: ClassVar[str] = "gguf"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        return file.suffix == ".gguf" or file.head.startswith(MAGIC)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model, whatever becomes of its header."""
        from mcpchain.discover.gguf.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Gguf()
