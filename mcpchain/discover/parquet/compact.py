"""Read Thrift's compact protocol, in which the footer of a Parquet file is written.

The reference is Apache Thrift's `thrift-compact-protocol.md`. Nothing is made of what
is passed over, and what that costs is bounded.
"""

from collections.abc import Iterator
from typing import Final

_VARINT: Final = 10
_DEPTH: Final = 32
_STEPS: Final = 1_000_000
"""Limits: bytes of a number, structures in one another, and values in all."""
BOOLEANS: Final = (1, 2)
BYTE: Final = 3
INTEGERS: Final = (4, 5, 6)
DOUBLE: Final = 7
BINARY: Final = 8
LISTS: Final = (9, 10)
MAP: Final = 11
STRUCT: Final = 12
_UUID: Final = 13
_WIDTHS: Final = {BYTE: 1, DOUBLE: 8, _UUID: 16}
_LONG: Final = 15
"""In place of a size or of the distance to the last field: it follows in full."""


class CutError(Exception):
    """The bytes end before the value does."""


class LongError(Exception):
    """There are more values than are read."""


class Compact:
    """Reads forward through bytes.

    Its methods raise `CutError` and `LongError`, and `ValueError` for what no writer
    writes.
    """

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0
        self._steps = _STEPS

    def fields(self) -> Iterator[tuple[int, int]]:
        """Yield number and type of each field of a structure, until it ends.

        Whoever asks for the next one has read or passed the value of the last.
        """
        number = 0
        while head := self._byte():
            self._step()
            distance, kind = head >> 4, head & 0x0F
            number = number + distance if distance else self.integer()
            yield number, kind

    def integer(self) -> int:
        """Read a number with its sign (zigzag)."""
        value = self._varint()
        return (value >> 1) ^ -(value & 1)

    def binary(self) -> bytes:
        """Read some bytes."""
        length = self._varint()
        start = self._at
        self._pass(length)
        return self._data[start : self._at]

    def list_head(self) -> tuple[int, int]:
        """Read how many elements a list has, and their type."""
        head = self._byte()
        size = head >> 4
        return (self._varint() if size == _LONG else size), head & 0x0F

    def skip(self, kind: int, depth: int = 0) -> None:
        """Pass a value of type *kind*, which is no boolean of a list."""
        self._step()
        if depth > _DEPTH:
            raise ValueError(f"more than {_DEPTH} structures in one another")
        if kind in BOOLEANS:
            return  # the type is the value
        if kind in INTEGERS:
            self._varint()
        elif kind in _WIDTHS:
            self._pass(_WIDTHS[kind])
        elif kind == BINARY:
            self._pass(self._varint())
        elif kind in LISTS or kind == MAP:
            self._skip_elements(kind, depth)
        elif kind == STRUCT:
            for _, inner in self.fields():
                self.skip(inner, depth + 1)
        else:
            raise ValueError(f"a value of type `{kind}`")

    def _skip_elements(self, kind: int, depth: int) -> None:
        if kind == MAP:
            size = self._varint()
            both = self._byte() if size else 0
            kinds = [both >> 4, both & 0x0F]
        else:
            size, inner = self.list_head()
            kinds = [inner]
        # In here a boolean takes a byte.
        kinds = [BYTE if each in BOOLEANS else each for each in kinds]
        for _ in range(size):
            for each in kinds:
                self.skip(each, depth + 1)

    def _varint(self) -> int:
        value = 0
        for index in range(_VARINT):
            byte = self._byte()
            value |= (byte & 0x7F) << (7 * index)
            if byte < 0x80:  # noqa: PLR2004  (the bit that says that more follows)
                return value
        raise ValueError(f"a number of more than {_VARINT} bytes")

    def _byte(self) -> int:
        self._pass(1)
        return self._data[self._at - 1]

    def _pass(self, count: int) -> None:
        if count > len(self._data) - self._at:
            raise CutError
        self._at += count

    def _step(self) -> None:
        self._steps -= 1
        if self._steps < 0:
            raise LongError
