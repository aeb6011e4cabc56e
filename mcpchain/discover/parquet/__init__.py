"""Tables in Parquet: columns of values, and a footer that says what they are.

The reference is Apache's parquet-format (`README.md`, `parquet.thrift`,
`Encryption.md`). Only the footer is read, however large the table is.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

MAGIC: Final = b"PAR1"
ENCRYPTED: Final = b"PARE"
"""Both ends of a file whose footer only its owner can read."""


class Parquet:
    """Reads `*.parquet`, and the same content under another name."""

    id: ClassVar[str] = "parquet"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        return file.suffix == ".parquet" or file.head.startswith((MAGIC, ENCRYPTED))

    def discover(self, file: File, found: Collector) -> None:
        """Declare the table, whatever becomes of its footer."""
        from mcpchain.discover.parquet.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Parquet()
