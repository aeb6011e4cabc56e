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
_FIELDS: Final = 4_000_000
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
_FIRST: Final = 1 << 3
"""The least that a key can be: fields are numbered from one on."""
_MORE: Final = 0x80
"""The bit of a byte that says that more follow."""
_SHORT: Final = frozenset(
    key for key in range(_FIRST, _MORE) if key & 7 in {_NUMBER, _SIZED}
)
"""The keys of one byte whose field has a value or a length behind it."""


class Field:
    """One field of a message, valid until the next one is asked for."""

    __slots__ = ("_depth", "_end", "_walk", "number", "sized", "value")

    def __init__(
        self, walk: "Walk", key: int, value: int, end: int, depth: int
    ) -> None:
        self.number = key >> 3
        self.value = value
        """The number that it holds, without its sign; of what is sized, its length."""
        self.sized = key & 7 == _SIZED
        """Whether it holds text, bytes, numbers in a row, or another message."""
        self._walk = walk
        self._end = end
        self._depth = depth

    def fields(self) -> Iterator["Field"]:
        """Yield the fields of the message that it holds; none if it holds a number.

        Raises:
            MalformedError: It is no message.
            UnreadableError: It is more, or deeper, than is read.
        """
        end = self._end if self.sized else 0
        return self._walk.within(end, self._depth + 1)

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
        self._stream = stream
        self._data = b""
        self._base = 0
        self._at = 0
        self._left = _FIELDS
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
        return self.within(self.size, 0)

    def within(self, end: int, depth: int) -> Iterator[Field]:
        """Yield the fields of the message from here to *end*."""
        if depth > DEPTH:
            raise self.limit(f"more than {DEPTH} messages inside one another")
        at = self.position
        while at < end:
            self._left -= 1
            if self._left < 0:
                raise self.limit(f"more than {_FIELDS:,} fields")
            data, start = self._data, at - self._base
            if 0 <= start < len(data) - 1 and (
                data[start] in _SHORT and data[start + 1] < _MORE
            ):
                # So it is with nearly all there are.
                key, value, self._at = data[start], data[start + 1], start + 2
            else:
                key, value = self._start(at, end)
            at = self._base + self._at
            at += value if key & 7 == _SIZED else _WIDTHS.get(key & 7, 0)
            if at > end:
                raise self._malformed(f"a field that ends at byte {at:,} of {end:,}")
            yield Field(self, key, value, at, depth)

    def _start(self, at: int, end: int) -> tuple[int, int]:
        """Read number and type, and value or length, of the field at byte *at*."""
        self._seek(at)
        key = self.varint(end)
        wire = key & 7
        if key < _FIRST or wire not in (_NUMBER, _SIZED, *_WIDTHS):
            raise self._malformed(f"a field of the wire type `{wire}`, or no number")
        return key, 0 if wire in _WIDTHS else self.varint(end)

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
            if byte < _MORE:
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
