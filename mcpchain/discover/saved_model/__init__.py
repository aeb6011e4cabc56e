"""Models of TensorFlow: a folder with `saved_model.pb`, variables and assets.

The reference is `tensorflow/core/protobuf/saved_model.proto` and what it includes. The
graphs are walked for operators that reach out of them; the numbers are passed over.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

READ: Final = "saved_model.pb"
OTHERS: Final = frozenset({"saved_model.pbtxt", "saved_model.cpb"})
"""Other forms of the same file, which TensorFlow loads if that one is not there."""


class SavedModel:
    """Reads `saved_model.pb`, and what lies in the same folder."""

    id: ClassVar[str] = "saved-model"

    def wants(self, file: File) -> bool:
        """Say whether it is the file that makes a folder such a model."""
        name = file.name.casefold()
        return name == READ or name in OTHERS

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model and its files; each flaw is a gap."""
        from mcpchain.discover.saved_model.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = SavedModel()
