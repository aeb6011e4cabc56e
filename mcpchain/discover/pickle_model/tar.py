"""The tar archives of torch before 0.1.10, which `torch.load` still opens.

Whatever the file is called: torch asks first whether it is a tar.
"""

from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO, Final, NamedTuple, cast

from mcpchain.discover.pickle_model.signs import TAR
from mcpchain.discover.pickle_model.source import StopError
from mcpchain.inventory import State

if TYPE_CHECKING:
    from typing import IO

_READ: Final = 64 << 10
_HEADERS: Final = 8 << 20
"""Limits: bytes of one header, and of all."""


class Member(NamedTuple):
    """A member that torch would unpickle."""

    name: str
    start: int
    """Where its bytes start; -1 if they do not simply stand there."""
    size: int


class _Bounded:
    """A file from which `tarfile` reads headers, and not more than a few."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.left = _HEADERS
        self.seek = stream.seek
        self.tell = stream.tell

    def read(self, size: int = -1) -> bytes:
        self.left -= max(0, size)
        if not 0 <= size <= _READ or self.left < 0:
            raise StopError("more headers of a tar than are read", State.LIMIT)
        return self.stream.read(size)


def members(stream: BinaryIO) -> Iterator[Member]:
    """Yield what torch would unpickle in the archive; nothing if it is none.

    Args:
        stream: The file. It is read from its start, and moved.

    Raises:
        StopError: It is damaged, or more than is read.
    """
    import tarfile

    stream.seek(0)
    try:
        archive = tarfile.TarFile(fileobj=cast("IO[bytes]", _Bounded(stream)))
    except (tarfile.TarError, OSError, OverflowError, ValueError):
        return
    found: list[Member] = []
    damaged = False
    try:
        for each in archive:
            if each.name in TAR:
                simple = each.isreg() and not each.issparse()
                start = each.offset_data if simple else -1
                found.append(Member(each.name, start, each.size))
    except (tarfile.TarError, OSError, OverflowError, ValueError):
        damaged = True
    # Without it torch loads nothing, and many a tar holds a `tensors`.
    if any(each.name == "pickle" for each in found):
        yield from found
        if damaged:
            raise StopError("a tar that is damaged")
