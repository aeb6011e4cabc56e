"""Bytecode that Python runs in place of a source, whatever that says (PEP 552)."""

import os
import stat
from collections.abc import Iterator
from typing import Final

FOLDER: Final = "__pycache__"
_HEADER: Final = 8
_UNCHECKED: Final = 1
"""What the flags say of bytecode that bears a hash of its source, never compared."""
_MODE: Final = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def unchecked(folder: str, limit: int) -> Iterator[str]:
    """Yield the names of such bytecode in *folder*, of the first *limit* entries.

    What cannot be read, Python cannot read either.
    """
    try:
        with os.scandir(folder) as listing:
            names = sorted(
                each.name for _, each in zip(range(limit), listing, strict=False)
            )
    except OSError:
        return
    for name in names:
        if name.endswith(".pyc") and _flags(f"{folder}/{name}") == _UNCHECKED:
            yield name


def _flags(path: str) -> int:
    try:
        descriptor = os.open(path, _MODE)
    except OSError:
        return 0
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            return 0
        try:
            header = stream.read(_HEADER) or b""
        except OSError:
            return 0
    return int.from_bytes(header[4:], "little")
