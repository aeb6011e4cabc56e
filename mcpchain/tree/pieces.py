"""Hash files, or pieces of them, in threads, each byte once.

Small pieces are handed to the threads together: there the handing over costs more than
the hashing.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple

from mcpchain.inventory import State
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError, guarded

_THREADS: Final = 2
_BLOCK: Final = 1 << 20
_BATCH_BYTES: Final = 4 << 20
_BATCH: Final = 128
_LEAST: Final = 1 << 12
Progress = Callable[[int], None]


class Piece(NamedTuple):
    """Some bytes of a file."""

    path: str
    """As `File.path` has it."""
    start: int
    end: int
    """The first byte that belongs to it no more."""
    size: int
    """How many bytes the file had when it was listed."""


def digest_pieces(
    root: Root, pieces: Iterable[Piece], algorithm: str, progress: Progress
) -> dict[Piece, bytes | UnreadableError]:
    """Return the digest of each piece, or why there is none.

    Args:
        root: Where the files are; links that stay inside are followed.
        pieces: What to hash.
        algorithm: As hashlib names it.
        progress: Called with a number of bytes as they are done, one call at a time.
    """
    lock, stopped = threading.Lock(), threading.Event()
    outcomes: dict[Piece, bytes | UnreadableError] = {}

    def count(done: int) -> None:
        if stopped.is_set():
            raise InterruptedError("nobody waits for the digest any more")
        with lock:
            progress(done)

    def one(batch: tuple[Piece, ...]) -> list[tuple[Piece, bytes | UnreadableError]]:
        sizes = [each.end - each.start for each in batch]
        buffer = bytearray(min(_BLOCK, max(_LEAST, *sizes)))
        told = count if len(batch) == 1 else _untold
        found = [
            (each, _outcome(root, each, algorithm, buffer, told)) for each in batch
        ]
        if told is not count:
            count(sum(sizes))
        return found

    pool = ThreadPoolExecutor(_THREADS)
    try:
        for done in pool.map(one, _batches(pieces)):
            outcomes.update(done)
    finally:
        # On an interrupt: without this the pool would hash all that is left first.
        stopped.set()
        pool.shutdown(cancel_futures=True)
    return outcomes


def _untold(_: int) -> None:
    """Say nothing: the batch is told of as a whole."""


def _batches(pieces: Iterable[Piece]) -> Iterator[tuple[Piece, ...]]:
    batch: list[Piece] = []
    size = 0
    for each in pieces:
        batch.append(each)
        size += each.end - each.start
        if size >= _BATCH_BYTES or len(batch) == _BATCH:
            yield tuple(batch)
            batch, size = [], 0
    if batch:
        yield tuple(batch)


def _outcome(
    root: Root, piece: Piece, algorithm: str, buffer: bytearray, count: Progress
) -> bytes | UnreadableError:
    try:
        return guarded(
            piece.path, lambda: _digest(root, piece, algorithm, buffer, count)
        )
    except UnreadableError as error:
        return error


def _digest(
    root: Root, piece: Piece, algorithm: str, buffer: bytearray, count: Progress
) -> bytes:
    state = hashlib.new(algorithm, usedforsecurity=False)
    view = memoryview(buffer)
    descriptor = root.descriptor(piece.path)
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        before = os.fstat(descriptor)
        if piece.start:
            stream.seek(piece.start)
        left = piece.end - piece.start
        while left and (done := stream.readinto(view[: min(left, len(view))])):
            state.update(view[:done])
            left -= done
            count(done)
        after = os.fstat(descriptor)
    if left or before.st_size != piece.size or _stamp(before) != _stamp(after):
        raise UnreadableError(
            piece.path,
            "it changed while it was hashed",
            State.UNREADABLE,
            hint="run again",
        )
    return state.digest()


def _stamp(status: os.stat_result) -> tuple[int, int, int]:
    """Return what a change leaves behind. Anybody can set the mtime, but no ctime."""
    return (status.st_size, status.st_mtime_ns, status.st_ctime_ns)
