"""Open a zip in which a model stands, and read small members of it, within limits."""

import lzma
import struct
import zipfile
import zlib
from typing import BinaryIO, Final

from mcpchain.errors import MalformedError
from mcpchain.inventory import State
from mcpchain.tree import File, UnreadableError
from mcpchain.zip_directory import directory_size

MEMBER: Final = 16 << 20
_DIRECTORY: Final = 4 << 20
"""Limits: bytes of one member, and of the directory."""
_METHODS: Final = frozenset({zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED})
"""Others unpack without a bound, in the standard library."""
_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for a damaged, encrypted or unknown archive."""


def open_zip(file: File, stream: BinaryIO, size: int) -> zipfile.ZipFile:
    """Open the zip that is all of *stream*.

    Raises:
        MalformedError: It is none.
        UnreadableError: Its directory is larger than is read.
    """
    try:
        length = directory_size(stream, size)
        if length > _DIRECTORY:
            raise _limit(file, f"a directory of {length:,} bytes")
        stream.seek(0)
        return zipfile.ZipFile(stream)
    except _BROKEN as error:
        problem = f"not a zip that can be read: {str(error)[:140]!a}"
        raise MalformedError(problem, source=file.path) from error


def read_member(file: File, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    """Return the content of *member*.

    Raises:
        MalformedError: It cannot be unpacked.
        UnreadableError: It is larger than is read.
    """
    shown = member.filename[:140]
    try:
        if member.compress_type not in _METHODS:
            raise NotImplementedError("compressed in a way that is not read")
        with archive.open(member) as stream:
            data = stream.read(MEMBER + 1)
    except _BROKEN as error:
        problem = f"`{shown}` cannot be unpacked: {str(error)[:140]!a}"
        raise MalformedError(problem, source=file.path) from error
    if len(data) > MEMBER:
        raise _limit(file, f"`{shown}` has more than {MEMBER:,} bytes")
    return data


def _limit(file: File, what: str) -> UnreadableError:
    return UnreadableError(
        file.path,
        f"more than we read: {what}",
        State.LIMIT,
        hint="check where the file comes from",
    )
