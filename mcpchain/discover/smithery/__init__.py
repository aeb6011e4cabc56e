"""Smithery's manifest, `smithery.yaml`: how its servers start.

It names no package: a server is built from the folder, or its command is what a
JavaScript function in the manifest returns, which nobody runs to have a look.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Smithery:
    """Reads `smithery.yaml`."""

    id: ClassVar[str] = "smithery"

    def wants(self, file: File) -> bool:
        """Say whether it is named like Smithery's manifest."""
        return file.name.lower() in {"smithery.yaml", "smithery.yml"}

    def discover(self, file: File, found: Collector) -> None:
        """Leave a gap where the command is the result of a program.

        Raises:
            MalformedError: It is not YAML, or no mapping.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.smithery.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Smithery()
