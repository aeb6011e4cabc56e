"""Descriptions of data sets in Croissant: JSON-LD with the digest of each file.

The reference is MLCommons' "Croissant Format Specification" 1.0 and 1.1, and
"Croissant RAI" for what is sensitive.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_ANYBODYS: Final = "metadata.json"
"""A name that much else has."""


class Croissant:
    """Reads `croissant.json` and its like, and what of `metadata.json` is JSON-LD."""

    id: ClassVar[str] = "croissant"

    def wants(self, file: File) -> bool:
        """Say whether it is called so, or may be such a description."""
        name = file.name.casefold()
        if name == _ANYBODYS:
            return b'"@' in file.head
        return file.suffix in {".json", ".jsonld"} and "croissant" in name

    def discover(self, file: File, found: Collector) -> None:
        """Declare the data set and each file that it lists, if it is one."""
        from mcpchain.discover.croissant.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Croissant()
