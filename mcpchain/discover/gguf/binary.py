"""Read forward through a GGUF file, and believe no length in it."""

import struct
from io import BufferedReader
from typing import Final

from mcpchain.discover.gguf import MAGIC
from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.tree import UnreadableError

STRING: Final = 8
ARRAY: Final = 9
_VERSIONS: Final = (1, 2, 3)
_SCALARS: Final = {
    0: "B",
    1: "b",
    2: "H",
    3: "h",
    4: "I",
    5: "i",
    6: "f",
    7: "?",
    10: "Q",
    11: "q",
    12: "d",
}
"""How a value of each plain type is packed."""
_WIDTHS: Final = {kind: struct.calcsize(f"<{f}") for kind, f in _SCALARS.items()}
_DEPTH: Final = 4
_TEXT: Final = 1 << 20
_TEXTS: Final = 64 << 20
_ELEMENTS: Final = 10_000_000
_NESTED: Final = 10
"""Limits: arrays in arrays, bytes of one text and of all that are read, and elements of
all arrays whose elements differ in length, among which an array counts as several."""
_BLOCK: Final = 1 << 20
_FEW: Final = 100
"""How many texts of an array are kept."""


class Binary:
    """Reads forward through a file of known size, and keeps only what it must."""

    def __init__(self, stream: BufferedReader, size: int, path: str) -> None:
        self.stream = stream
        self.size = size
        self.path = path
        self.data = b""
        self.base = 0
        self.at = 0
        self.texts = _TEXTS
        self.elements = _ELEMENTS
        self.length = struct.Struct("<Q")
        self.order = "<"
        self.word = struct.Struct("<I")
        self.long = struct.Struct("<Q")

    def start(self) -> None:
        """Read magic and version, which decide byte order and width of lengths."""
        if self.take(4) != MAGIC:
            raise self.malformed("does not start with `GGUF`")
        raw = self.take(4)
        little, big = int.from_bytes(raw, "little"), int.from_bytes(raw, "big")
        version = min(little, big)
        if version not in _VERSIONS:
            raise UnreadableError(
                self.path,
                f"GGUF of version `{version}`; 1 to 3 are read",
                State.UNSUPPORTED,
                hint="check that the file is complete",
            )
        order = "<" if little == version else ">"
        self.order = order
        self.word = struct.Struct(order + "I")
        self.long = struct.Struct(order + "Q")
        self.length = self.long if version > 1 else self.word

    def take(self, count: int) -> bytes:
        """Return the next *count* bytes."""
        self.need(count)
        start = self.at
        self.at += count
        return self.data[start : self.at]

    def need(self, count: int) -> None:
        """Hold the next *count* bytes in the buffer."""
        if len(self.data) - self.at >= count:
            return
        self.reserve(count)
        position = self.base + self.at
        self.stream.seek(position)
        self.data = self.stream.read(max(count, _BLOCK))
        self.base, self.at = position, 0
        if len(self.data) < count:
            raise self.malformed(f"ends at byte {position + len(self.data):,}")

    def reserve(self, count: int) -> None:
        """Check that the file has *count* more bytes."""
        if count > self.size - self.base - self.at:
            raise self.malformed(
                f"byte {self.base + self.at:,} promises {count:,} more bytes than "
                f"a file of {self.size:,} can hold"
            )

    def skip(self, count: int) -> None:
        """Go *count* bytes forward without reading them."""
        self.reserve(count)
        self.at += count

    def number(self) -> int:
        """Read a length or count."""
        return int(self.length.unpack(self.take(self.length.size))[0])

    def small(self) -> int:
        """Read an unsigned number of 32 bits."""
        return int(self.word.unpack(self.take(4))[0])

    def offset(self) -> int:
        """Read an offset, of 64 bits in every version."""
        return int(self.long.unpack(self.take(8))[0])

    def text(self) -> str:
        """Read a string."""
        length = self.number()
        self.reserve(length)
        self.texts -= length
        if length > _TEXT or self.texts < 0:
            raise self.limit(f"a text of {length:,} bytes, or {_TEXTS:,} in all")
        return self.take(length).decode("utf-8", "replace")

    def count(self, least: int, limit: int) -> int:
        """Read how many things follow, each of *least* bytes or more."""
        count = self.number()
        self.reserve(count * least)
        if count > limit:
            raise self.limit(f"`{count}` entries, of which {limit:,} are read")
        return count

    def scalar(self, kind: int) -> int | float:
        """Read a value of the plain type *kind*."""
        (value,) = struct.unpack(self.order + _SCALARS[kind], self.take(_WIDTHS[kind]))
        return int(value) if isinstance(value, bool) else value

    def texts_of(self) -> tuple[str, ...]:
        """Read an array of strings, of which the first are kept; others are passed."""
        kind = self.small()
        if kind != STRING:
            self.at -= 4
            self.pass_value(ARRAY)
            return ()
        count = self.count(self.length.size, self.elements)
        self.elements -= count
        kept = tuple(self.text() for _ in range(min(count, _FEW)))
        self._pass_strings(count - len(kept))
        return kept

    def pass_value(self, kind: int, depth: int = 0) -> None:
        """Go past a value of type *kind*."""
        if kind in _WIDTHS:
            self.skip(_WIDTHS[kind])
        elif kind == STRING:
            self.skip(self.number())
        elif kind == ARRAY and depth < _DEPTH:
            self._pass_array(depth)
        else:
            raise self.malformed(f"a value of type `{kind}`, or arrays too deep")

    def _pass_array(self, depth: int) -> None:
        kind = self.small()
        if kind in _WIDTHS:
            self.skip(self.number() * _WIDTHS[kind])
            return
        cost = 1 if kind == STRING else _NESTED
        count = self.count(self.length.size, self.elements // cost)
        self.elements -= count * cost
        if kind == STRING:
            self._pass_strings(count)
            return
        for _ in range(count):
            self.pass_value(kind, depth + 1)

    def _pass_strings(self, count: int) -> None:
        """Go past *count* strings: a vocabulary, so this loop is the whole cost."""
        unpack, width = self.length.unpack_from, self.length.size
        while count:
            self.need(width)
            data, at = self.data, self.at
            last = len(data) - width
            while count and at <= last:
                at += width + unpack(data, at)[0]
                count -= 1
            self.skip(at - self.at)

    def malformed(self, problem: str) -> MalformedError:
        """Make the error that says what is wrong with the file."""
        return MalformedError(problem, source=self.path)

    def limit(self, reason: str) -> UnreadableError:
        """Make the error that says that it is more than we read."""
        return UnreadableError(
            self.path,
            f"more than we read: {reason}",
            State.LIMIT,
            hint="check where the file comes from",
        )
