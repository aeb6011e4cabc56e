"""Walk a protobuf message without its schema, within limits.

The reference is protobuf's own description ("Encoding"). A field that nobody asks for
is passed over by seeking, so that gigabytes of weights cost nothing.
"""

from collections.abc import Iterator
from typing import BinaryIO, Final

from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.tree import UnreadableError

DEPTH: Final = 100
"""How many messages inside one another are entered: as many as protobuf's own parser
does (`CodedInputStream`)."""
_FIELDS: Final = 2_000_000
_BYTES: Final = 64 << 20
_TEXT: Final = 1 << 20
_PACKED: Final = 1 << 10
"""Limits: fields, bytes of all texts, of one, and of one packed list of numbers."""
_BLOCK: Final = 64 << 10
_VARINT: Final = 10
_WORD: Final = (1 << 64) - 1

_NUMBER: Final = 0
_SIZED: Final = 2
_WIDTHS: Final = {1: 8, 5: 4}
"""Bytes of the values of fixed width, by wire type."""


class Field:
    """One field of a message, valid until the next one is asked for."""

    __slots__ = ("_depth", "_end", "_walk", "number", "sized", "value")

    def __init__(self, walk: "Walk", number: int, value: int, *, sized: bool) -> None:
        self.number = number
        self.value = value
        """The number that it holds, without its sign; of what is sized, its length."""
        self.sized = sized
        """Whether it holds text, bytes, numbers in a row, or another message."""
        self._walk = walk
        self._depth = walk.depth
        self._end = walk.position + value if sized else walk.position

    def fields(self) -> Iterator["Field"]:
        """Yield the fields of the message that it holds; none if it holds a number.

        Raises:
            MalformedError: It is no message.
            UnreadableError: It is more, or deeper, than is read.
        """
        if self.sized:
            yield from self._walk.within(self._end, self._depth + 1)

    def text(self) -> str:
        """Return the text that it holds; empty if it holds a number.

        Raises:
            UnreadableError: It is longer than is read.
        """
        data = self._walk.take(self.value, _TEXT) if self.sized else b""
        return data.decode("utf-8", "replace")

    def numbers(self) -> list[int]:
        """Return the whole numbers that it holds, signed, one or packed.

        Raises:
            MalformedError: It holds something else.
            UnreadableError: They are more than are read.
        """
        if not self.sized:
            return [_signed(self.value)]
        if self.value > _PACKED:
            raise self._walk.limit(f"a list of numbers of {self.value:,} bytes")
        found: list[int] = []
        while self._walk.position < self._end:
            found.append(_signed(self._walk.varint(self._end)))
        return found


class Walk:
    """A message in a stream, whose fields are met once and in their order.

    Args:
        stream: Where it stands, from the start to the end.
        size: How many bytes it has.
        path: What it is called, for whoever reads the errors.
    """

    def __init__(self, stream: BinaryIO, size: int, path: str) -> None:
        self.path = path
        self.size = size
        self.depth = 0
        self._stream = stream
        self._data = b""
        self._base = 0
        self._at = 0
        self._fields = _FIELDS
        self._bytes = _BYTES

    @property
    def position(self) -> int:
        """Where the next byte stands."""
        return self._base + self._at

    def fields(self) -> Iterator[Field]:
        """Yield the fields of the whole message.

        Raises:
            MalformedError: It is no message.
            UnreadableError: It is more than is read.
        """
        yield from self.within(self.size, 0)

    def within(self, end: int, depth: int) -> Iterator[Field]:
        """Yield the fields of the message from here to *end*."""
        if depth > DEPTH:
            raise self.limit(f"more than {DEPTH} messages inside one another")
        at = self.position
        while at < end:
            self._seek(at)
            self._fields -= 1
            if self._fields < 0:
                raise self.limit(f"more than {_FIELDS:,} fields")
            number, wire = divmod(self.varint(end), 8)
            if not number:
                raise self._malformed("a field without a number")
            self.depth = depth
            if wire == _NUMBER:
                value = self.varint(end)
                at = self.position
            elif wire == _SIZED:
                value = self.varint(end)
                at = self.position + value
            elif wire in _WIDTHS:
                value = 0
                at = self.position + _WIDTHS[wire]
            else:
                raise self._malformed(f"a field of the wire type `{wire}`")
            if at > end:
                raise self._malformed(f"a field that ends at byte {at:,} of {end:,}")
            yield Field(self, number, value, sized=wire == _SIZED)

    def varint(self, end: int) -> int:
        """Read a number of variable length, which must not go beyond *end*."""
        value = shift = 0
        for _ in range(_VARINT):
            if self._at >= len(self._data):
                self._fill()
            if self._at >= len(self._data) or self.position >= end:
                raise self._malformed("a number that does not end")
            byte = self._data[self._at]
            self._at += 1
            value |= (byte & 0x7F) << shift
            if byte < 0x80:  # noqa: PLR2004 - the bit that says that more follow
                return value & _WORD
            shift += 7
        raise self._malformed(f"a number of more than {_VARINT} bytes")

    def take(self, count: int, limit: int) -> bytes:
        """Return the next *count* bytes."""
        self._bytes -= count
        if count > limit or self._bytes < 0:
            raise self.limit(f"a text of {count:,} bytes, or {_BYTES:,} in all")
        if len(self._data) - self._at < count:
            self._fill(count)
        data = self._data[self._at : self._at + count]
        self._at += len(data)
        if len(data) < count:
            raise self._malformed("ends within a text")
        return data

    def limit(self, what: str) -> UnreadableError:
        """Make the error that says that it is more than we read."""
        return UnreadableError(
            self.path,
            f"more than we read: {what}",
            State.LIMIT,
            hint="check where the file comes from",
        )

    def _seek(self, position: int) -> None:
        at = position - self._base
        if 0 <= at <= len(self._data):
            self._at = at
        else:
            self._data, self._base, self._at = b"", position, 0

    def _fill(self, count: int = 1) -> None:
        self._base, self._at = self.position, 0
        self._stream.seek(self._base)
        self._data = self._stream.read(max(count, _BLOCK))

    def _malformed(self, problem: str) -> MalformedError:
        return MalformedError(
            f"not a message of its format, at byte {self.position:,}: {problem}",
            source=self.path,
        )


def _signed(value: int) -> int:
    return value - (1 << 64) if value >> 63 else value
