"""Models of which little more is told than that they are there.

TFLite, ExecuTorch, ONNX Runtime's own format and CatBoost are known by their first
bytes, whatever they are called, and weights of Flax by their names. OpenVINO, Core ML,
skops, NeMo and what `torch.export` saves are known by name and looked into: for the
files that belong to them, for what loading imports, and for native code.
"""

import re
from pathlib import PurePosixPath
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_FIRST: Final = {b"CBM1": "catboost"}
_FLAT: Final = {b"TFL3": "tflite", b"ET12": "executorch", b"ORTM": "ort"}
"""The names that FlatBuffers of these kinds bear, behind the place of their root."""
SUFFIXES: Final = {
    ".cbm": "catboost",
    ".mlmodel": "coreml",
    ".nemo": "nemo",
    ".pt2": "pt2",
    ".pte": "executorch",
    ".skops": "skops",
    ".tflite": "tflite",
}
_FLAX: Final = re.compile(
    r"(?:.*/)?(?:diffusion_)?flax_model(?:-\d+-of-\d+)?\.msgpack", re.IGNORECASE
)
_NET: Final = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:<\?xml[^>]*>\s*)?<net\s")


def by_magic(head: bytes) -> str:
    """Return the format that the first bytes of a file tell; empty if they do not."""
    flat = _FLAT.get(head[4:8], "") if head[3:4] == b"\0" else ""
    return _FIRST.get(head[:4], "") or flat


def is_flax(file: File) -> bool:
    """Say whether *file* has a name that Flax gives to weights."""
    return _FLAX.fullmatch(file.path) is not None


def is_package(file: File) -> bool:
    """Say whether *file* is what says what is in a package of Core ML."""
    if file.name.casefold() != "manifest.json":
        return False
    return PurePosixPath(file.path).parent.suffix.lower() == ".mlpackage"


def is_network(file: File) -> bool:
    """Say whether *file* begins like the description of a model of OpenVINO."""
    return file.suffix == ".xml" and _NET.match(file.head) is not None


class OtherModel:
    """Reads little of models in formats that are seldom met."""

    id: ClassVar[str] = "other-model"

    def wants(self, file: File) -> bool:
        """Say whether the name or the first bytes are those of one of the formats."""
        return (
            file.suffix in SUFFIXES
            or bool(by_magic(file.head))
            or is_network(file)
            or is_package(file)
            or is_flax(file)
        )

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model; another content under its name is a gap."""
        from mcpchain.discover.other_model.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = OtherModel()
