"""TorchScript: a zip of torch whose pickles are read by torch's own reader.

The reference is `torch/csrc/jit/serialization`. What such a pickle may name is little,
and so is what its code can do; operators of other libraries, and those that write or
map files, are told.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mcpchain.discover.pickle_model.source import Source, StopError
from mcpchain.inventory import State

_CODE: Final = re.compile(r"(?:[^/]+/)?code/.+\.py")
_CONSTANTS: Final = re.compile(r"(?:[^/]+/)?constants\.pkl")
"""By this member torch tells such a zip from one that it unpickles (`torch.load`)."""
_IMPORTS: Final = re.compile(
    r"__torch__\.[\w.]+|torch\.jit\._pickle\.\w+|torch\.\w*Storage"
    r"|torch\._utils\._rebuild_(?:tensor|tensor_v2|qtensor|parameter)"
    r"|collections\.OrderedDict"
)
"""What pickles of TorchScript name: classes of its own code, and a few of torch."""
_OPERATOR: Final = re.compile(rb"\bops\.(\w{1,100})\.(\w{1,100})")
_REACHING: Final = re.compile(rb"\btorch\.(save|from_file)\s*\(")
_OWN: Final = frozenset({b"aten", b"prim", b"prims", b"quantized", b"_quantized"})
_BLOCK: Final = 256 << 10
_OVERLAP: Final = 256
_DISTINCT: Final = 1_000


def is_code(name: str) -> bool:
    """Say whether a member of the zip is code."""
    return _CODE.fullmatch(name) is not None


def is_script(names: Iterable[str]) -> bool:
    """Say whether a zip of torch with members of these *names* is TorchScript."""
    names = list(names)
    return any(map(is_code, names)) and any(map(_CONSTANTS.fullmatch, names))


def is_harmless(imports: Iterable[str]) -> bool:
    """Say whether pickles that name *imports* are such as TorchScript has."""
    return all(map(_IMPORTS.fullmatch, imports))


def imported(imports: Iterable[str]) -> set[str]:
    """Return what of *imports* is not code of the archive itself."""
    return {each for each in imports if not each.startswith("__torch__.")}


def operators(source: Source) -> Iterator[str]:
    """Yield the operators in code that are not torch's own, or reach files.

    Raises:
        StopError: It is more than is read.
    """
    told: set[str] = set()
    kept = b""
    while held := min(source.hold(_BLOCK), _BLOCK):
        data = kept + source.read(held)
        found = {
            f"{library.decode('latin-1')}::{name.decode('latin-1')}"
            for library, name in _OPERATOR.findall(data)
            if library not in _OWN
        }
        found |= {f"aten::{each.decode()}" for each in _REACHING.findall(data)}
        yield from sorted(found - told)
        told |= found
        if len(told) > _DISTINCT:
            raise StopError(f"more than {_DISTINCT:,} operators", State.LIMIT)
        kept = data[-_OVERLAP:]
