"""The text attributes of the root group of a file in HDF5.

Section numbers are those of the "HDF5 File Format Specification", version 3. Every
length in the file is checked against its end before anything is done with it.
"""

from collections.abc import Collection, Iterator
from typing import BinaryIO, Final

from mcpchain.discover.hdf5 import MAGIC
from mcpchain.inventory import State

TEXT: Final = 16 << 20
_MESSAGES: Final = 10_000
_BLOCKS: Final = 1_000
_TEXTS: Final = 10
_OBJECTS: Final = 100_000
_BLOCK: Final = 1 << 20
"""Limits: bytes of one text, messages of the root group, blocks that they are in,
texts that are read, objects that are passed over to find them, bytes of a block."""
_OLD: Final = (0, 1)
_NEW: Final = (2, 3)
_ATTRIBUTE: Final = 0x0C
_CONTINUED: Final = 0x10
_INFORMATION: Final = 0x15
_SHARED: Final = 0x02
_STRING: Final = 3
_VARIABLE: Final = 9


class HdfError(Exception):
    """The attributes, or some of them, cannot be read."""

    def __init__(self, reason: str, state: State = State.UNREADABLE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state


def start_of(stream: BinaryIO, size: int) -> int | None:
    """Return where the superblock stands: at 0, 512, 1024, and so on (section II.A)."""
    at = 0
    while at + len(MAGIC) <= size:
        stream.seek(at)
        if stream.read(len(MAGIC)) == MAGIC:
            return at
        at = at * 2 or 512
    return None


class Root:
    """The root group of a file, whose superblock stands at *start*."""

    def __init__(self, stream: BinaryIO, size: int, start: int) -> None:
        self._stream = stream
        self._size = size
        self._blocks = 0
        self._messages = 0
        self._texts = _TEXTS
        self._objects = _OBJECTS
        head = self._bytes(start + len(MAGIC), 16)
        self._version = head[0]
        wide, long = (5, 6) if self._version in _OLD else (1, 2)
        if self._version not in _OLD + _NEW:
            raise HdfError(f"a superblock of version `{head[0]}`", State.UNSUPPORTED)
        self._wide, self._long = head[wide], head[long]
        if {self._wide, self._long} - {2, 4, 8}:
            raise HdfError("offsets of an unusual width", State.UNSUPPORTED)
        # In front of the addresses: two numbers for groups, flags, and in version 1
        # two more; after them in the old ones an entry with a name, then the header.
        first = {0: 24, 1: 28}.get(self._version, 12)
        order = 5 if self._version in _OLD else 3
        self._base = 0
        self._base = self._offset(self._bytes(start + first, self._wide))
        place = start + first + order * self._wide
        self._root = self._offset(self._bytes(place, self._wide))

    def attributes(
        self, wanted: Collection[str]
    ) -> Iterator[tuple[str, bytes | HdfError | None]]:
        """Yield the name of each attribute, and the text of those that are wanted.

        An error stands for a text that cannot be read, and `None` for what is not
        wanted.

        Raises:
            HdfError: There are, or may be, others that cannot be read.
        """
        problem: HdfError | None = None
        for kind, flags, data in self._all_messages():
            if kind == _INFORMATION and self._is_dense(data):
                problem = HdfError("attributes in a heap of their own", State.PARTIAL)
            if kind != _ATTRIBUTE:
                continue
            try:
                yield self._attribute(data, wanted, shared=bool(flags & _SHARED))
            except HdfError as error:
                problem = error
        if problem is not None:
            raise problem

    def _all_messages(self) -> Iterator[tuple[int, int, bytes]]:
        """Yield type, flags and content of each message (section IV.A)."""
        head = self._bytes(self._root, 16)
        if head.startswith(b"OHDR"):
            flags = head[5]
            width = 1 << (flags & 3)
            at = 6 + (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
            length = self._number(self._bytes(self._root + at, width))
            at += self._root + width
            front = 6 if flags & 4 else 4
            yield from self._block(at, length, front, new=True)
            return
        if head[0] != 1:
            raise HdfError(f"a root group of version `{head[0]}`", State.UNSUPPORTED)
        length = self._number(head[8:12])
        yield from self._block(self._root + 16, length, 8, new=False)

    def _block(
        self, at: int, length: int, front: int, *, new: bool
    ) -> Iterator[tuple[int, int, bytes]]:
        """Yield the messages of a block, then those of the blocks that it names."""
        waiting = [(at, length)]
        while waiting:
            place, length = waiting.pop()
            self._blocks += 1
            if self._blocks > _BLOCKS or length > _BLOCK:
                raise HdfError("more of a root group than is read", State.LIMIT)
            data = self._bytes(place, length)
            at = 0
            while at + front <= len(data):
                self._messages += 1
                if self._messages > _MESSAGES:
                    raise HdfError("more messages than are read", State.LIMIT)
                kind = data[at] if new else self._number(data[at : at + 2])
                short = at + 1 if new else at + 2
                size = self._number(data[short : short + 2])
                flags = data[short + 2]
                at += front + size
                if at > len(data):
                    raise HdfError("a message that goes beyond its block")
                content = data[at - size : at]
                if kind == _CONTINUED:
                    waiting.append(self._continued(content, new=new))
                yield kind, flags, content

    def _continued(self, data: bytes, *, new: bool) -> tuple[int, int]:
        """Return where more messages stand; the new blocks have a mark and a sum."""
        place = self._offset(data[: self._wide])
        length = self._number(data[self._wide : self._wide + self._long])
        return (place + 4, max(0, length - 8)) if new else (place, length)

    def _is_dense(self, data: bytes) -> bool:
        """Say whether attributes stand elsewhere (section IV.A.2.v)."""
        at = 4 if data[1:2] and data[1] & 1 else 2
        return data[at : at + self._wide] != b"\xff" * self._wide

    def _attribute(
        self, data: bytes, wanted: Collection[str], *, shared: bool
    ) -> tuple[str, bytes | HdfError | None]:
        """Read one attribute (section IV.A.2.m)."""
        if shared:
            raise HdfError("an attribute that is shared", State.PARTIAL)
        version = data[0] if data else 0
        if version not in {1, 2, 3} or len(data) < 9:  # noqa: PLR2004 - its front
            raise HdfError(f"an attribute of version `{version}`", State.PARTIAL)
        if version > 1 and data[1] & 3:
            raise HdfError("an attribute whose type is shared", State.PARTIAL)
        at = 9 if version > 2 else 8  # noqa: PLR2004 - with a number for the encoding
        parts: list[bytes] = []
        for place in (2, 4, 6):
            length = self._number(data[place : place + 2])
            parts.append(data[at : at + length])
            at += length + (-length % 8 if version == 1 else 0)
        if at > len(data):
            raise HdfError("an attribute that goes beyond its message")
        name, kind, space = parts
        shown = name.partition(b"\0")[0].decode("utf-8", "replace")
        if shown not in wanted:
            return shown, None
        try:
            return shown, self._text(kind, space, data[at:])
        except HdfError as error:
            return shown, error

    def _text(self, kind: bytes, space: bytes, data: bytes) -> bytes:
        """Return the text of an attribute, which ends at its first zero."""
        self._texts -= 1
        if self._texts < 0:
            raise HdfError("more texts than are read", State.LIMIT)
        if len(kind) < 8 or len(space) < 2 or space[1]:  # noqa: PLR2004 - their fronts
            raise HdfError("no single text", State.PARTIAL)
        if kind[0] & 15 == _STRING:
            length = self._number(kind[4:8])
            if length > len(data):
                raise HdfError("a text that goes beyond its attribute")
            return data[:length].partition(b"\0")[0]
        if kind[0] & 15 != _VARIABLE or kind[1] & 15 != 1:
            raise HdfError("no text", State.PARTIAL)
        length = self._number(data[:4])
        place = self._offset(data[4 : 4 + self._wide])
        at = 4 + self._wide
        index = self._number(data[at : at + 4])
        return self._from_heap(place, index, length).partition(b"\0")[0]

    def _from_heap(self, place: int, wanted: int, length: int) -> bytes:
        """Return an object of a global heap (section III.E)."""
        front = 8 + self._long
        head = self._bytes(place, front)
        if not head.startswith(b"GCOL"):
            raise HdfError("a text in a heap that is none")
        end = place + self._number(head[8:])
        at = place + front
        while at + front <= end:
            self._objects -= 1
            if self._objects < 0:
                raise HdfError("more of a heap than is read", State.LIMIT)
            each = self._bytes(at, front)
            index, size = self._number(each[:2]), self._number(each[8:])
            if index == wanted and index:
                if max(size, length) > TEXT:
                    raise HdfError(f"a text of {size:,} bytes", State.LIMIT)
                return self._bytes(at + front, size)[:length]
            if not index:
                break
            at += front + size + -size % 8
        raise HdfError("a text that its heap does not have")

    def _bytes(self, place: int, count: int) -> bytes:
        if place < 0 or place + count > self._size:
            raise HdfError(
                f"byte {place:,} promises {count:,} more bytes than a file of "
                f"{self._size:,} can hold"
            )
        self._stream.seek(place)
        return self._stream.read(count)

    def _offset(self, data: bytes) -> int:
        return self._base + self._number(data)

    @staticmethod
    def _number(data: bytes) -> int:
        return int.from_bytes(data, "little")
