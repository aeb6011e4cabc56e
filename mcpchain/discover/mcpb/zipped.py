"""The members of a zip archive that every reader reads alike, and doubts of the rest.

Readers of zip files disagree where a file is not as simple as it could be: which of
two directories counts, which of two members of one name, whose size is right. Nothing
is unpacked to disk, and what is unpacked at all has a limit.
"""

import hashlib
import io
import re
import stat
import struct
import unicodedata
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import BinaryIO, Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.inventory import State
from mcpchain.tree.paths import shown

_END: Final = struct.Struct("<4s4H2LH")
_LOCAL: Final = struct.Struct("<4s5H3L2H")
_EXTRA: Final = struct.Struct("<2H")
_LOCATOR: Final = b"PK\x06\x07"
_TAIL: Final = (64 << 10) + _END.size
_DIRECTORY: Final = 16 << 20
_MEMBERS: Final = 50_000
_DOUBTS: Final = 50
_UNPACKED: Final = 512 << 20
_LARGE: Final = 100 << 20
_RATIO: Final = 100
"""Limits: bytes of the directory, members, doubts that are told, bytes unpacked in
all, and from which size and ratio on a member is one to fill a disk."""
_BLOCK: Final = 1 << 20
_WIDE: Final = frozenset({0xFFFF, 0xFFFFFFFF})
"""In place of a number: it does not fit, and stands elsewhere (Zip64)."""
_DESCRIPTORS: Final = frozenset({12, 16, 20, 24})
"""What may follow the bytes of a member whose sizes were not known before."""
_SIGNED: Final = b"MCPB_SIG_V1"
_SIGNED_END: Final = b"MCPB_SIG_END"
_SIGNATURE: Final = 1 << 20
_UNICODE_PATH: Final = 0x7075
_ENCRYPTED: Final = 0x2041
"""Flags: encrypted, strongly encrypted, with a masked header."""
_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for a damaged, encrypted or unknown archive."""


class ArchiveError(Exception):
    """The archive, or a member of it, cannot be read."""

    def __init__(self, reason: str, state: State = State.UNREADABLE) -> None:
        super().__init__(reason)
        self.reason = reason
        self.state = state


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What readers may see differently, or what was not looked at."""

    reason: str
    state: State = State.UNREADABLE
    member: str = ""
    """The member that it is about, as it may be printed."""


@dataclass(slots=True, kw_only=True)
class Archive:
    """An archive, open. Only members that mean one thing are in it."""

    _zip: zipfile.ZipFile
    members: dict[str, zipfile.ZipInfo] = field(default_factory=dict)
    doubts: list[Doubt] = field(default_factory=list)
    _left: int = _UNPACKED

    def read(self, name: str, limit: int) -> bytes:
        """Return the bytes of a member.

        Raises:
            ArchiveError: There are more than *limit*, or they cannot be read.
        """
        return b"".join(self._blocks(name, limit))

    def digest(self, name: str) -> Digest:
        """Return the SHA-256 of a member.

        Raises:
            ArchiveError: It cannot be read.
        """
        state = hashlib.sha256()
        for block in self._blocks(name, _UNPACKED):
            state.update(block)
        return Digest(algorithm=Algorithm.SHA256, value=state.hexdigest())

    def _blocks(self, name: str, limit: int) -> Iterator[bytes]:
        info = self.members[name]
        if info.file_size > limit:
            raise ArchiveError(f"larger than {limit:,} bytes", State.LIMIT)
        try:
            with self._zip.open(info) as stream:
                while block := stream.read(_BLOCK):
                    self._left -= len(block)
                    if self._left < 0:
                        raise ArchiveError("more unpacked than is read", State.LIMIT)
                    yield block
        except _BROKEN as error:
            raise ArchiveError(f"cannot be unpacked: {str(error)[:140]!a}") from error


def is_zip(stream: BinaryIO, size: int) -> bool:
    """Say whether there is the end of a zip archive near the end of the file."""
    return b"PK\x05\x06" in _bytes(stream, max(0, size - _TAIL - _SIGNATURE), size)


def open_archive(stream: BinaryIO, size: int) -> Archive:
    """Open the zip archive in *stream*.

    Raises:
        ArchiveError: There is none, or one that readers may take for different ones.
    """
    end = _unsigned(stream, size)
    doubts: list[Doubt] = []
    stop, count = _directory(stream, end, doubts)
    if stop != end:
        doubts.append(Doubt(reason="bytes follow the archive that do not belong to it"))
    try:
        opened = zipfile.ZipFile(_Window(stream, stop))
    except _BROKEN as error:
        raise ArchiveError(f"not a zip archive: {str(error)[:140]!a}") from error
    archive = Archive(_zip=opened)
    members = opened.infolist()
    if len(members) != count:
        doubts.append(
            Doubt(reason="its directory has more or fewer members than it says")
        )
    doubts += _headers(stream, members, opened.start_dir)
    doubts += _choose(members, archive.members)
    archive.doubts = doubts[:_DOUBTS]
    if len(doubts) > _DOUBTS:
        reason = f"{len(doubts):,} doubts, of which {_DOUBTS} are told"
        archive.doubts.append(Doubt(reason=reason, state=State.LIMIT))
    return archive


def _unsigned(stream: BinaryIO, size: int) -> int:
    """Return where the archive ends: before the signature, if there is one.

    The packer appends `MCPB_SIG_V1`, a length, that many bytes and `MCPB_SIG_END`.
    """
    tail = _bytes(stream, max(0, size - _SIGNATURE), size)
    if not tail.endswith(_SIGNED_END):
        return size
    at = tail.rfind(_SIGNED)
    start = at + len(_SIGNED) + 4
    length = int.from_bytes(tail[start - 4 : start], "little")
    if at < 0 or start + length + len(_SIGNED_END) != len(tail):
        raise ArchiveError("ends with a signature whose beginning cannot be told")
    return size - len(tail) + at


def _directory(stream: BinaryIO, end: int, doubts: list[Doubt]) -> tuple[int, int]:
    """Return where the archive ends, as it says itself, and how many members it has."""
    start = max(0, end - _TAIL)
    tail = _bytes(stream, start, end)
    at = tail.rfind(b"PK\x05\x06")
    if at < 0 or len(tail) - at < _END.size:
        raise ArchiveError("not a zip archive")
    if tail.count(b"PK\x05\x06") > 1:
        doubts.append(Doubt(reason="there is more than one place where it may end"))
    _, disk, other, here, count, length, offset, comment = _END.unpack_from(tail, at)
    if _WIDE & {count, here, length, offset}:
        raise ArchiveError("more members or bytes than are read", State.LIMIT)
    if disk or other or count != here or tail[at - 20 :].startswith(_LOCATOR):
        raise ArchiveError("in several parts, or with two directories")
    if length > _DIRECTORY or count > _MEMBERS:
        raise ArchiveError(f"more than {_MEMBERS:,} members", State.LIMIT)
    if offset + length != start + at:
        doubts.append(Doubt(reason="bytes stand before it, or before its directory"))
    return start + at + _END.size + comment, count


def _headers(
    stream: BinaryIO, members: list[zipfile.ZipInfo], end: int
) -> Iterator[Doubt]:
    """Compare what stands before each member with the directory, and find the rest.

    Readers that do not go by the directory see what stands there.
    """
    expected = 0
    for info in sorted(members, key=lambda each: each.header_offset):
        place = shown(info.filename)[:140]
        if info.header_offset != expected or info.header_offset >= end:
            yield Doubt(reason="bytes before it belong to no member", member=place)
        head = _bytes(stream, info.header_offset, info.header_offset + _LOCAL.size)
        if len(head) < _LOCAL.size or not head.startswith(b"PK\x03\x04"):
            yield Doubt(reason="does not stand where the directory says", member=place)
            continue
        _, _, flags, method, _, _, crc, packed, plain, name, extra = _LOCAL.unpack(head)
        start = info.header_offset + _LOCAL.size
        wanted = _encoded(info)
        text = _bytes(stream, start, start + min(name, len(wanted) + 1))
        told = (info.CRC, info.compress_size, info.file_size)
        known = flags & 8 or (crc, packed, plain) == told
        same = (flags ^ info.flag_bits) & ~8 == 0 and method == info.compress_type
        if not (known and same and text == wanted):
            reason = "its own header and the directory differ"
            yield Doubt(reason=reason, member=place)
        expected = start + name + extra + info.compress_size
        if flags & 8:
            expected += _descriptor(stream, expected, info)
    if expected != end:
        yield Doubt(reason="bytes before its directory belong to no member")


def _descriptor(stream: BinaryIO, at: int, info: zipfile.ZipInfo) -> int:
    """Return how many bytes behind a member repeat its sizes."""
    data = _bytes(stream, at, at + max(_DESCRIPTORS))
    mark = 4 if data.startswith(b"PK\x07\x08") else 0
    if data[mark : mark + 4] != struct.pack("<L", info.CRC):
        return 0
    short = struct.pack("<2L", info.compress_size, info.file_size)
    wide = struct.pack("<2Q", info.compress_size, info.file_size)
    if data[mark + 4 :].startswith(wide):
        return mark + 4 + len(wide)
    return mark + 4 + len(short) if data[mark + 4 :].startswith(short) else 0


def _choose(
    members: list[zipfile.ZipInfo], chosen: dict[str, zipfile.ZipInfo]
) -> Iterator[Doubt]:
    """Put each member that means one thing into *chosen*, and doubt the others."""
    count = Counter(_folded(each.filename) for each in members)
    told: set[str] = set()
    for info in members:
        key = _folded(info.filename)
        place = shown(info.filename)[:140]
        if count[key] > 1:
            if key not in told:
                yield Doubt(
                    reason="there are several members of this name", member=place
                )
            told.add(key)
        elif reason := _odd(info):
            yield Doubt(reason=reason, member=place)
        elif info.file_size > max(_LARGE, info.compress_size * _RATIO):
            reason = f"unpacks to {info.file_size:,} bytes, as if to fill a disk"
            yield Doubt(reason=reason, state=State.LIMIT, member=place)
        elif not info.is_dir():
            chosen[info.filename] = info


def _odd(info: zipfile.ZipInfo) -> str:
    """Say what is wrong with a member, if anything is."""
    name = info.filename
    parts = name.removesuffix("/").split("/")
    windows = re.search(r"\\|^[A-Za-z]:", name)
    wrong = {
        "has a name that leads elsewhere": {"", ".", ".."} & {*parts} or windows,
        "has a name that goes on after its end": info.orig_filename != name,
        "has a name with characters that do not show": not name.isprintable(),
        "has a second name": _UNICODE_PATH in _extras(info.extra),
        "is encrypted": info.flag_bits & _ENCRYPTED,
        "is a link": stat.S_ISLNK(info.external_attr >> 16),
    }
    return next((reason for reason, is_so in wrong.items() if is_so), "")


def _extras(data: bytes) -> Iterator[int]:
    """Yield the kinds of the extra fields of a member."""
    at = 0
    while at + _EXTRA.size <= len(data):
        kind, length = _EXTRA.unpack_from(data, at)
        yield kind
        at += _EXTRA.size + length


def _folded(name: str) -> str:
    """Return a name so that names of one file on some system are equal."""
    return unicodedata.normalize("NFC", name.removesuffix("/")).casefold()


def _encoded(info: zipfile.ZipInfo) -> bytes:
    code = "utf-8" if info.flag_bits & 0x800 else "cp437"
    return info.orig_filename.encode(code, "replace")


def _bytes(stream: BinaryIO, start: int, end: int) -> bytes:
    if start < 0:  # a directory may say so of a member
        return b""
    stream.seek(start)
    return stream.read(max(0, end - start))


class _Window(io.BufferedIOBase):
    """The first bytes of a stream, as a file of their own."""

    def __init__(self, stream: BinaryIO, end: int) -> None:
        super().__init__()
        self._stream = stream
        self._end = end
        self._at = 0

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET, /) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._end}[whence]
        self._at = max(0, base + offset)
        return self._at

    def read(self, size: int | None = -1, /) -> bytes:
        left = max(0, self._end - self._at)
        wanted = left if size is None or size < 0 else min(size, left)
        data = _bytes(self._stream, self._at, self._at + wanted)
        self._at += len(data)
        return data
