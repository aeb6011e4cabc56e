"""Models that are pickles, or hold one: torch, joblib, NumPy and plain pickle files.

Content decides, never the suffix: it only says what must not pass in silence. Nothing
is unpickled; `walk` says what loading it would import. Arrays of NumPy are data, unless
they hold Python objects: most are no model, and none of the others runs anything.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.discover.pickle_model.signs import (
    NPY,
    OLD,
    PACKED,
    PROTOCOLS,
    TARS,
    ZIP,
    is_loose,
    is_named,
)
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PickleModel:
    """Reads models that can run code when they are loaded, and NumPy arrays."""

    id: ClassVar[str] = "pickle-model"

    def wants(self, file: File) -> bool:
        """Say whether it may be one; reading it decides."""
        signs = (*PROTOCOLS, ZIP, NPY, *PACKED, *TARS)
        return (
            is_named(file)
            or is_loose(file)
            or file.suffix == ".tar"
            or file.head.startswith(signs)
            or OLD.match(file.head) is not None
        )

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model if it is one; a pickle by name alone is a gap."""
        from mcpchain.discover.pickle_model.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = PickleModel()
