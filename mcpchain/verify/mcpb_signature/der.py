"""Strict DER, as much of it as a signature needs (X.690).

What has two spellings is refused, so that no byte can change unnoticed: lengths are
definite and as short as can be, tags are of one byte, and nothing follows a value.
"""

from dataclasses import dataclass
from typing import Final

INTEGER: Final = 0x02
BITS: Final = 0x03
OCTETS: Final = 0x04
NULL: Final = 0x05
OID: Final = 0x06
SEQUENCE: Final = 0x30
SET: Final = 0x31
_LONG: Final = 0x80
_HIGH: Final = 0x1F
"""A tag of more than one byte."""
_WIDTH: Final = 4
_ELEMENTS: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """A value with its tag."""

    tag: int
    content: bytes
    raw: bytes
    """Tag and length included."""

    def elements(self, tag: int) -> list["Value"]:
        """Return what a value with this *tag* holds.

        Raises:
            ValueError: It has another tag, or holds no values, or too many.
        """
        self._check(tag)
        found: list[Value] = []
        at = 0
        while at < len(self.content):
            value = _value(self.content, at)
            found.append(value)
            at += len(value.raw)
            if len(found) > _ELEMENTS:
                raise ValueError(f"more than {_ELEMENTS} values in one")
        return found

    def bytes_of(self, tag: int) -> bytes:
        """Return the content of a value with this *tag*.

        Raises:
            ValueError: It has another one.
        """
        self._check(tag)
        return self.content

    def _check(self, tag: int) -> None:
        if self.tag != tag:
            raise ValueError(f"a value has the tag {self.tag:#04x}, not {tag:#04x}")


def read(data: bytes) -> Value:
    """Return the one value that *data* is.

    Raises:
        ValueError: It is none, or more.
    """
    value = _value(data, 0)
    if len(value.raw) != len(data):
        raise ValueError("something follows the value")
    return value


def _value(data: bytes, start: int) -> Value:
    head = data[start : start + 2]
    if len(head) < 2:  # noqa: PLR2004 - a tag and a length
        raise ValueError("a value is cut off")
    tag, length = head
    if tag & _HIGH == _HIGH:
        raise ValueError("a tag has more than one byte")
    at = start + 2
    if length & _LONG:
        width = length & ~_LONG
        written = data[at : at + width]
        if not 1 <= width <= _WIDTH or len(written) != width:
            raise ValueError("a length is not definite, or is cut off")
        length, at = int.from_bytes(written), at + width
        if length < _LONG or not written[0]:
            raise ValueError("a length is longer than it has to be")
    end = at + length
    if end > len(data):
        raise ValueError("a value is cut off")
    return Value(tag=tag, content=data[at:end], raw=data[start:end])
