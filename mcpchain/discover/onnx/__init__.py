"""Models in ONNX: one protobuf message, and files beside it that hold its numbers.

The reference is `onnx/onnx.proto` and "External Data" of the ONNX project. The numbers
are passed over, and nothing is opened that lies outside the folder of the model.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_LIKELY: Final = re.compile(
    rb"\x08[\x03-\x1f]\x12[\x01-\x20][\x21-\x7e]+[\x1a\x22\x3a]"
)
"""How most writers begin: the version of the format, the name of the writer, and then
its version or the graph. The format has no mark of its own."""


def is_named(file: File) -> bool:
    """Say whether the name is one that models in ONNX have."""
    return file.suffix == ".onnx"


class Onnx:
    """Reads `*.onnx`, and what looks like it under another name."""

    id: ClassVar[str] = "onnx"

    def wants(self, file: File) -> bool:
        """Say whether the suffix or the first bytes are those of the format."""
        return is_named(file) or _LIKELY.match(file.head) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model and the files of its numbers; each flaw is a gap."""
        from mcpchain.discover.onnx.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Onnx()
