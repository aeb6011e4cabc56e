"""Declare a file of a data set, without reading what is in it."""

import re
from collections.abc import Iterator
from io import BufferedReader
from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import DataFacts
from mcpchain.data_sets import observed
from mcpchain.discover.data_file import format_of
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.tree import File
from mcpchain.tree.unreadable import guarded

_ARROW: Final = (b"ARROW1", b"FEA1", b"\xff\xff\xff\xff")
"""How Arrow's files (also Feather's first version) and streams start."""
_BLOCK: Final = 512
_SIZE: Final = slice(124, 136)
_TYPE: Final = slice(156, 157)
_REGULAR: Final = (b"0", b"\0")
_APART: Final = (b"x", b"g", b"L", b"K")
"""Entries that only say more of the next one, or of all (POSIX pax, GNU)."""
_ENTRIES: Final = 64
_SAMPLES: Final = 2
_OCTAL: Final = re.compile(rb"[0-7]+")


def discover(file: File, found: Collector) -> None:
    """Declare the file, unless it is an archive of something else.

    Raises:
        MalformedError: It is not what its suffix says.
        UnreadableError: It cannot be read.
    """
    name = format_of(file) or ""
    if name == "webdataset" and not guarded(file.path, lambda: _is_webdataset(file)):
        return
    found.add(observed(file, DataFacts(format=name)))
    if name == "arrow" and not file.head.startswith(_ARROW):
        problem = "neither a file nor a stream in Arrow's format"
        raise MalformedError(problem, source=file.path)


def _is_webdataset(file: File) -> bool:
    """Say whether the first samples in an archive consist of the same parts.

    The members of a sample follow each other, and share all of the name up to its
    first dot: `0001.jpg`, `0001.cls`. A folder in the archive, or a first sample of one
    part, is what other archives have.
    """
    samples: list[tuple[str, set[str]]] = []
    with file.open() as stream:
        for name in _names(stream):
            folder, _, last = name.rpartition("/")
            stem, _, suffix = last.partition(".")
            key = f"{folder}/{stem}"
            if not samples or samples[-1][0] != key:
                if len(samples) == _SAMPLES:
                    break
                samples.append((key, set()))
            samples[-1][1].add(suffix)
    first, *others = [parts for _, parts in samples] or [set()]
    return len(first) > 1 and others == [first]


def _names(stream: BufferedReader) -> Iterator[str]:
    """Yield the names of the first members; none if there is something else."""
    for _ in range(_ENTRIES):
        header = stream.read(_BLOCK)
        if len(header) < _BLOCK or header[257:262] != b"ustar":
            return
        digits = header[_SIZE].strip(b"\0 ") or b"0"
        if not _OCTAL.fullmatch(digits):
            return
        kind = header[_TYPE]
        if kind in _REGULAR:
            name = header[:100].partition(b"\0")[0].decode("utf-8", "replace")
            yield str(PurePosixPath(name))
        elif kind not in _APART:
            yield "/."  # a folder, a link, a device
        stream.seek(-(-int(digits, 8) // _BLOCK) * _BLOCK, 1)
