"""The operators of a model in TFLite that are not the format's own.

The reference is `tensorflow/compiler/mlir/lite/schema/schema.fbs` and FlatBuffers'
"Internals". Every place in the file is checked against its end before it is read.
"""

import struct
from collections.abc import Iterator
from typing import BinaryIO, Final

from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.tree import UnreadableError

_OPERATORS: Final = 1
"""The field of the model that lists operators; each has its own name in a field of
the same number."""
_DISTINCT: Final = 10_000
_KEPT: Final = 140
"""Limits: operators, characters of a name."""


class _Flat:
    """A FlatBuffer in a stream of *size* bytes."""

    def __init__(self, stream: BinaryIO, size: int, path: str) -> None:
        self.path = path
        self._stream = stream
        self._size = size

    def bytes(self, place: int, count: int) -> bytes:
        if place < 0 or place + count > self._size:
            raise MalformedError(
                f"byte {place:,} is out of a file of {self._size:,}", source=self.path
            )
        self._stream.seek(place)
        return self._stream.read(count)

    def word(self, place: int) -> int:
        return int.from_bytes(self.bytes(place, 4), "little")

    def follow(self, place: int) -> int:
        """Return where the offset at *place* leads."""
        return place + self.word(place)

    def field(self, table: int, number: int) -> int | None:
        """Return where field *number* of the table stands, if it has it."""
        (back,) = struct.unpack("<i", self.bytes(table, 4))
        virtual = table - back
        at = 4 + 2 * number
        if int.from_bytes(self.bytes(virtual, 2), "little") < at + 2:
            return None
        offset = int.from_bytes(self.bytes(virtual + at, 2), "little")
        return table + offset if offset else None


def operators(stream: BinaryIO, size: int, path: str) -> Iterator[str]:
    """Yield the names of the operators that are not the format's own.

    Raises:
        MalformedError: The file is damaged.
        UnreadableError: It has more of them than are read.
    """
    flat = _Flat(stream, size, path)
    listed = flat.field(flat.follow(0), _OPERATORS)
    if listed is None:
        return
    start = flat.follow(listed)
    count = flat.word(start)
    if count > _DISTINCT:
        raise UnreadableError(
            path,
            f"more than we read: `{count}` operators",
            State.LIMIT,
            hint="check where the file comes from",
        )
    for each in range(count):
        table = flat.follow(start + 4 + 4 * each)
        named = flat.field(table, _OPERATORS)
        if named is not None:
            text = flat.follow(named)
            length = min(flat.word(text), _KEPT)
            yield flat.bytes(text + 4, length).decode("utf-8", "replace")
