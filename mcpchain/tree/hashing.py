"""Hash a stream once, at the speed of the processor."""

import hashlib
import os
from collections.abc import Callable, Iterable
from io import BufferedReader
from typing import Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.errors import State
from mcpchain.tree.unreadable import UnreadableError

_BLOCK: Final = 1 << 20
_LEAST: Final = 1 << 12


def sha256(
    stream: BufferedReader, path: str, progress: Callable[[int], None] | None = None
) -> Digest:
    """Return the SHA-256 of what is left of *stream*; see `digest`."""
    return digest(stream, path, Algorithm.SHA256, progress)


def digest(
    stream: BufferedReader,
    path: str,
    algorithm: Algorithm,
    progress: Callable[[int], None] | None = None,
) -> Digest:
    """Return the digest of what is left of *stream*; see `digests`.

    Args:
        stream: An open file, not yet read from.
        path: Its name in an error.
        algorithm: Which digest; a weak one only to compare with a pin that is weak.
        progress: Called with the number of bytes after every block.

    Raises:
        UnreadableError: The file changed while it was hashed.
        OSError: It cannot be read.
    """
    (found,) = digests(stream, path, (algorithm.value,), progress).values()
    return Digest(algorithm=algorithm, value=found.hex())


def digests(
    stream: BufferedReader,
    path: str,
    names: Iterable[str],
    progress: Callable[[int], None] | None = None,
) -> dict[str, bytes]:
    """Return several digests of what is left of *stream*, by name.

    Args:
        stream: An open file, not yet read from.
        path: Its name in an error.
        names: Of the algorithms, as hashlib has them.
        progress: Called with the number of bytes after every block.

    Raises:
        UnreadableError: The file changed while it was hashed.
        OSError: It cannot be read.
    """
    before = os.fstat(stream.fileno())
    states = {each: hashlib.new(each, usedforsecurity=False) for each in names}
    buffer = bytearray(min(_BLOCK, max(_LEAST, before.st_size + 1)))
    view = memoryview(buffer)
    hashed = 0
    while done := stream.readinto(buffer):
        for state in states.values():
            state.update(view[:done])
        hashed += done
        if progress:
            progress(done)
    after = os.fstat(stream.fileno())
    if hashed != before.st_size or stamp(before) != stamp(after):
        raise UnreadableError(
            path, "it changed while it was hashed", State.UNREADABLE, hint="run again"
        )
    return {name: state.digest() for name, state in states.items()}


def stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return what a change leaves behind. Anybody can set the mtime, but no ctime."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
