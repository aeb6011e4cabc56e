"""Ollama's `Modelfile`: from which weights a model is made, and what is added to them.

The reference is Ollama's own, "Modelfile Reference".
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = re.compile(r"modelfile(?:[.-][\w.-]+)?|.+\.modelfile", re.IGNORECASE)
_OTHER: Final = (
    ".bin",
    ".gguf",
    ".json",
    ".md",
    ".py",
    ".rst",
    ".txt",
    ".yaml",
    ".yml",
)


class Modelfile:
    """Reads `Modelfile`, `Modelfile.name` and `name.modelfile`."""

    id: ClassVar[str] = "modelfile"

    def wants(self, file: File) -> bool:
        """Say whether the name is one of those."""
        known = _NAME.fullmatch(file.name) is not None
        return known and file.suffix not in _OTHER

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model, and what it is made from.

        Raises:
            MalformedError: It is not such a file.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.modelfile.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Modelfile()
