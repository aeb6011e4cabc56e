"""Files in HDF5: models of Keras 2, weights of Keras 3, and data of anybody.

The reference is the "HDF5 File Format Specification", version 3. Nothing is read but
the attributes of the root group, in which Keras writes how the model is built. What
has none of them, and is not called `*.weights.h5`, is no model but data: the format is
that of measurements and pictures too, and numbers run nothing.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

MAGIC: Final = b"\x89HDF\r\n\x1a\n"
_SUFFIXES: Final = frozenset({".h5", ".hdf5"})


def is_named(file: File) -> bool:
    """Say whether the name is one that files in HDF5 have."""
    return file.suffix in _SUFFIXES


class Hdf5:
    """Reads `*.h5` and `*.hdf5`, and the same content under another name."""

    id: ClassVar[str] = "hdf5"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        return is_named(file) or file.head.startswith(MAGIC)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model or the data; another content under its name is a gap."""
        from mcpchain.discover.hdf5.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Hdf5()
