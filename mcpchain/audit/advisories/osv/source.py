"""Read OSV records from a folder of JSON files, or from a zip like OSV's `all.zip`.

Nothing is unpacked to disk, so names in an archive are labels and lead nowhere.
"""

import hashlib
import io
import os
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Final, Protocol

from mcpchain.errors import UsageError
from mcpchain.inventory import Gap, State
from mcpchain.tree import Tree, UnreadableError

_BLOCK: Final = 1 << 20
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Others need memory that the archive chooses, and OSV uses none of them."""
_REFUSED: Final = 0x1 | 0x20 | 0x40
"""Flags of encrypted, patched and strongly encrypted members (APPNOTE 4.4.4)."""
_DAMAGE: Final = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    OSError,
    RuntimeError,
    ValueError,
)
"""What `zipfile` raises for a member that cannot be unpacked."""
_TAIL: Final = (1 << 16) + 22
_END: Final = b"PK\x05\x06"
_END64: Final = b"PK\x06\x06"
_IN_ZIP64: Final = 0xFFFFFFFF
_DIRECTORY_ENTRY: Final = 200
"""Bytes that a directory entry of an honest archive takes, at most, on average."""
_SQLITE: Final = b"SQLite format 3\x00"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much of a source is read."""

    record_bytes: int = 16 << 20
    records: int = 1_000_000
    total_bytes: int = 8 << 30
    """After decompression."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Flaw:
    """A record, or a part of one, that could not be read."""

    state: State
    problem: str
    purl_type: str | None = None
    name: str | None = None
    """The package that it concerns. `None`: it could be any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One record as it lies in the source, or why it cannot be read."""

    member: str
    """Its name in the source."""
    content: bytes | Flaw


class Source(Protocol):
    """Where records come from."""

    def digest(self) -> str:
        """Return the SHA-256 of everything that `items` depends on, in hex."""
        ...

    def items(self) -> Iterator[Item]:
        """Yield every record, in a stable order."""
        ...

    def is_index(self) -> bool:
        """Say whether it is an SQLite file rather than records."""
        ...

    def close(self) -> None:
        """Close what was opened."""
        ...


def open_source(path: Path, limits: Limits) -> Source:
    """Open a folder or an archive.

    Raises:
        UsageError: There is no such file or folder, or it is something else.
    """
    hint = "name a folder or zip of OSV records, or an index that mcpchain has built"
    try:
        if path.is_dir():
            return Folder(path, limits)
        flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)
        descriptor = os.open(path, flags)
    except FileNotFoundError:
        raise UsageError(f"there is no `{path}`", hint=hint) from None
    except OSError as error:
        return Refused(error.strerror or str(error))
    stream = os.fdopen(descriptor, "rb")
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        stream.close()
        raise UsageError(f"`{path}` is no folder and no regular file", hint=hint)
    return Archive(stream, limits)


class Refused:
    """A file that the system does not let us read."""

    def __init__(self, why: str) -> None:
        self._why = why

    def digest(self) -> str:
        """Return the SHA-256 of the refusal."""
        return hashlib.sha256(f"refused {self._why}".encode()).hexdigest()

    def items(self) -> Iterator[Item]:
        """Yield what stopped us."""
        problem = f"cannot be read: {self._why}"
        yield Item(member="", content=Flaw(state=State.UNREADABLE, problem=problem))

    def is_index(self) -> bool:
        """Say no."""
        return False

    def close(self) -> None:
        """Do nothing: no file is open."""


class Folder:
    """A folder with `*.json` files at any depth.

    Every byte is read on every run: names, sizes and times of files can stay equal
    while their content changes.
    """

    def __init__(self, path: Path, limits: Limits) -> None:
        self._tree = Tree(path)
        self._limits = limits

    def digest(self) -> str:
        """Return the SHA-256 of all names and contents."""
        state = hashlib.sha256(b"folder")
        for item in self.items():
            content = item.content
            data = content if isinstance(content, bytes) else repr(content).encode()
            name = item.member.encode("utf-8", "surrogatepass")
            state.update(b"%d %d %d " % (len(name), len(data), data is content))
            state.update(name)
            state.update(data)
        return state.hexdigest()

    def items(self) -> Iterator[Item]:
        """Yield every record, in the order of their paths."""
        total = count = 0
        for file in self._tree.files():
            if isinstance(file, Gap):
                yield Item(member=file.location.path, content=_flaw(file))
                continue
            if file.suffix != ".json":
                continue
            count += 1
            if count > self._limits.records or total > self._limits.total_bytes:
                yield Item(
                    member=file.path, content=_too_much("the rest of the folder")
                )
                return
            try:
                data = file.read(self._limits.record_bytes)
            except UnreadableError as error:
                yield Item(member=file.path, content=_flaw(error.gap()))
                continue
            total += len(data)
            yield Item(member=file.path, content=data)

    def is_index(self) -> bool:
        """Say no."""
        return False

    def close(self) -> None:
        """Do nothing: no file is kept open."""


class Archive:
    """A zip with one JSON file for each record, such as OSV's `all.zip`."""

    def __init__(self, stream: BinaryIO, limits: Limits) -> None:
        self._stream = stream
        self._limits = limits

    def digest(self) -> str:
        """Return the SHA-256 of the file: 1.4 GB a second, and a time stamp can lie."""
        self._stream.seek(0)
        state = hashlib.sha256(b"archive")
        while block := self._stream.read(_BLOCK):
            state.update(block)
        return state.hexdigest()

    def items(self) -> Iterator[Item]:
        """Yield every record, in the order of the archive's directory."""
        try:
            if _directory_size(self._stream) > self._limits.records * _DIRECTORY_ENTRY:
                yield Item(member="", content=_too_much("the whole archive"))
                return
            archive = zipfile.ZipFile(self._stream)
        # An offset that makes no sense surfaces as an OSError or ValueError.
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            problem = f"not a readable zip archive: {error}"[:280]
            flaw = Flaw(state=State.UNREADABLE, problem=problem)
            yield Item(member="", content=flaw)
            return
        left = self._limits.total_bytes
        for count, info in enumerate(archive.infolist()):
            if count >= self._limits.records or left < 0:
                flaw = _too_much("the rest of the archive")
                yield Item(member=info.filename, content=flaw)
                return
            # `zipfile` ends a name at its first NUL; `.json` may have come after it.
            if "\0" in info.orig_filename or not info.filename:
                flaw = Flaw(state=State.UNREADABLE, problem="its name cannot be read")
                yield Item(member=info.filename, content=flaw)
                continue
            if not info.filename.lower().endswith(".json"):
                continue
            content = self._read(archive, info)
            left -= len(content) if isinstance(content, bytes) else 0
            yield Item(member=info.filename, content=content)

    def _read(self, archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> bytes | Flaw:
        if info.flag_bits & _REFUSED or info.compress_type not in _METHODS:
            problem = "encrypted, or compressed in a way that OSV does not use"
            return Flaw(state=State.UNSUPPORTED, problem=problem)
        limit = self._limits.record_bytes
        try:
            with archive.open(info) as member:
                data = member.read(limit + 1)
        except _DAMAGE as error:
            problem = f"cannot be unpacked: {error}"[:280]
            return Flaw(state=State.UNREADABLE, problem=problem)
        return data if len(data) <= limit else _too_much("the record")

    def is_index(self) -> bool:
        """Say whether it begins as SQLite files do."""
        self._stream.seek(0)
        return self._stream.read(len(_SQLITE)) == _SQLITE

    def close(self) -> None:
        """Close the file."""
        self._stream.close()


def _directory_size(stream: BinaryIO) -> int:
    """Return the size of a zip's directory as its end record claims it; 0 for none.

    `zipfile` reads all of it into memory before it says anything.
    """
    end = stream.seek(0, io.SEEK_END)
    stream.seek(max(0, end - _TAIL))
    tail = stream.read(_TAIL)
    at = tail.rfind(_END)
    if at < 0 or len(tail) < at + 22:
        return 0
    (size,) = struct.unpack_from("<L", tail, at + 12)
    at64 = tail.rfind(_END64, 0, at)
    if at64 >= 0 and at >= at64 + 56:
        (size64,) = struct.unpack_from("<Q", tail, at64 + 40)
        size = size64 if size == _IN_ZIP64 else max(size, size64)
    return int(size)


def _flaw(gap: Gap) -> Flaw:
    return Flaw(state=gap.state, problem=gap.reason[:280])


def _too_much(what: str) -> Flaw:
    problem = f"larger than what is read of advisories; {what} was left out"
    return Flaw(state=State.LIMIT, problem=problem)
