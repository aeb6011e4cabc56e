"""Bytes of one stream, in order, within a limit, and what one file may cost."""

from dataclasses import dataclass
from typing import Final, Protocol

from mcpchain.inventory import State

_BLOCK: Final = 64 << 10
_SKIPPED: Final = 1 << 20


class StopError(Exception):
    """The walk cannot go on."""

    def __init__(self, reason: str, state: State = State.UNREADABLE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state


@dataclass(slots=True)
class Budget:
    """What is left to spend on one file, all its members together."""

    steps: int = 1_000_000
    """Opcodes; one that costs more than a number on the stack counts several times."""
    unpacked: int = 256 << 20
    """Bytes behind a decompressor; of a slow one each counts several times."""
    texts: int = 32 << 20
    """Bytes of short texts, each of which might name an import."""


class Stream(Protocol):
    """What a file and every decompressor of the standard library can do."""

    def read1(self, size: int, /) -> bytes:
        """Return what one read gives; nothing at the end."""
        ...

    def seek(self, offset: int, whence: int, /) -> int:
        """Go elsewhere."""
        ...


class Source:
    """Bytes of a stream, in order.

    Nothing is asked of the stream before it is needed, so that what is damaged further
    on does not hide what comes before.

    Args:
        stream: Where they come from.
        size: How many there are, at most.
        budget: What is paid from if they are unpacked; then *size* does not count.
        cost: What an unpacked byte costs.
    """

    def __init__(
        self, stream: Stream, size: int, budget: Budget | None = None, cost: int = 1
    ) -> None:
        self.stream = stream
        self.left = size
        self.budget = budget
        self.cost = cost
        self.data = b""
        self.at = 0
        self.base = 0

    @property
    def position(self) -> int:
        """How many bytes have been taken."""
        return self.base + self.at

    def hold(self, count: int) -> int:
        """Hold the next *count* bytes, or all that are left; return how many are."""
        if (held := len(self.data) - self.at) >= count:
            return held
        parts = [self.data[self.at :]]
        while held < count and (more := self._fetch(max(count - held, _BLOCK))):
            parts.append(more)
            held += len(more)
        self.base, self.at, self.data = self.position, 0, b"".join(parts)
        return held

    def read(self, count: int) -> bytes:
        """Return exactly *count* bytes.

        Raises:
            StopError: There are not so many.
        """
        if len(self.data) - self.at < count and self.hold(count) < count:
            self.at = len(self.data)
            raise self._ended()
        start = self.at
        self.at += count
        return self.data[start : self.at]

    def line(self, kept: int) -> bytes:
        """Return the next line without its end; of a long one its first *kept* bytes.

        At the end of the file unpicklers take the last byte for the end of the line.

        Raises:
            StopError: Nothing is left of which that could be.
        """
        line = last = b""
        while (end := self.data.find(b"\n", self.at)) < 0:
            rest = self.data[self.at :]
            line += (last + rest)[:-1][: kept - len(line)]
            last = rest[-1:] or last
            self.base, self.at = self.base + len(self.data), 0
            self.data = self._fetch(_BLOCK)
            if not self.data:
                if not line:
                    raise StopError(f"a line without an end at byte {self.position:,}")
                return line
        line += (last + self.data[self.at : min(end, self.at + kept)])[
            : kept - len(line)
        ]
        self.at = end + 1
        return line

    def skip(self, count: int) -> None:
        """Go past *count* bytes.

        Raises:
            StopError: There are not so many.
        """
        held = min(count, len(self.data) - self.at)
        self.at += held
        count -= held
        if not count:
            return
        self.base, self.at, self.data = self.position, 0, b""
        if self.budget is None:
            if count > self.left:
                raise self._ended()
            self.stream.seek(count, 1)
            self.left -= count
            self.base += count
            return
        while count:
            data = self._fetch(min(count, _SKIPPED))
            if not data:
                raise self._ended()
            count -= len(data)
            self.base += len(data)

    def _fetch(self, count: int) -> bytes:
        if self.budget is None:
            data = self.stream.read1(min(count, self.left))
            self.left -= len(data)
            return data
        if self.budget.unpacked <= 0:
            raise StopError("more unpacked bytes than are read", State.LIMIT)
        data = self.stream.read1(count)
        self.budget.unpacked -= len(data) * self.cost
        return data

    def _ended(self) -> StopError:
        return StopError(f"ends within an opcode, at byte {self.position:,}")
