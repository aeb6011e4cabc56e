"""Models of Keras 3: a zip with a configuration and its weights.

The reference is `keras/src/saving/saving_lib.py`. The configuration is read, which may
name code to import or hold some; the weights are not.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

ZIP: Final = b"PK\x03\x04"
_NAME: Final = 30
"""Where the name of the first member stands in a zip."""
_MEMBERS: Final = (b"metadata.json", b"config.json", b"model.weights.h5")
_LIKELY: Final = frozenset({".h5", ".hdf5", ".zip"})


def is_named(file: File) -> bool:
    """Say whether the name is one that models of Keras 3 have."""
    return file.suffix == ".keras"


class Keras:
    """Reads `*.keras`, and the same content under another name."""

    id: ClassVar[str] = "keras"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes may be those of the format."""
        likely = file.suffix in _LIKELY or file.head[_NAME:].startswith(_MEMBERS)
        return is_named(file) or (likely and file.head.startswith(ZIP))

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model if it is one; another content under its name is a gap."""
        from mcpchain.discover.keras.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Keras()
