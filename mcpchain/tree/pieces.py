"""Hash files, or pieces of them, in threads, each byte once.

Small pieces are handed to the threads together: there the handing over costs more than
the hashing.
"""

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Final, NamedTuple, Self

from mcpchain.errors import State
from mcpchain.tree import beneath
from mcpchain.tree.hashing import stamp
from mcpchain.tree.paths import raw
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError, refused

_THREADS: Final = 2
_BLOCK: Final = 1 << 20
_BATCH_BYTES: Final = 4 << 20
_BATCH: Final = 128
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
        pieces: What to hash; of the same folder, best one after the other.
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
        with _Opener(root) as opener:
            return [*_digests(opener, batch, algorithm, count)]

    pool = ThreadPoolExecutor(_THREADS)
    try:
        for done in pool.map(one, _batches(pieces)):
            outcomes.update(done)
    finally:
        # On an interrupt: without this the pool would hash all that is left first.
        stopped.set()
        pool.shutdown(cancel_futures=True)
    return outcomes


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


class _Opener:
    """Opens files one after the other, and keeps the folder of the last one open."""

    def __init__(self, root: Root) -> None:
        self._root = root
        self._folder: str | None = None
        self._place: beneath.Place | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._leave()

    def open(self, path: str) -> int:
        """Open the regular file at *path*, following links that stay inside."""
        folder, _, name = path.rpartition("/")
        try:
            if self._place is None or folder != self._folder:
                self._leave()
                names = raw(folder).split("/") if folder else ()
                self._place, self._folder = self._root.enter(names), folder
            return beneath.open_file(self._place, raw(name))
        except OSError as error:
            if error.errno not in beneath.LINKED:
                raise
            return self._root.descriptor(path)

    def _leave(self) -> None:
        if self._place is not None:
            beneath.leave(self._place)
            self._place = None


def _digests(
    opener: _Opener, batch: Sequence[Piece], algorithm: str, count: Progress
) -> Iterator[tuple[Piece, bytes | UnreadableError]]:
    make: Callable[..., hashlib._Hash] = getattr(hashlib, algorithm)
    small = 0
    for piece in batch:
        try:
            descriptor = opener.open(piece.path)
            try:
                if piece.end - piece.start == piece.size <= _BLOCK:
                    yield piece, _small(descriptor, piece, make)
                    small += piece.size
                else:
                    yield piece, _large(descriptor, piece, make(), count)
            finally:
                os.close(descriptor)
        except OSError as error:
            yield piece, refused(piece.path, error)
        except UnreadableError as error:
            yield piece, error
    if small:
        count(small)


def _small(
    descriptor: int, piece: Piece, make: "Callable[[bytes], hashlib._Hash]"
) -> bytes:
    """Hash a file that is read in one go."""
    data = os.read(descriptor, piece.size + 1)
    if len(data) != piece.size:
        raise _changed(piece)
    return make(data).digest()


def _large(
    descriptor: int, piece: Piece, state: "hashlib._Hash", count: Progress
) -> bytes:
    left = piece.end - piece.start
    view = memoryview(bytearray(min(left, _BLOCK)))
    before = os.fstat(descriptor)
    with os.fdopen(descriptor, "rb", buffering=0, closefd=False) as stream:
        stream.seek(piece.start)
        while left and (done := stream.readinto(view[:left])):
            state.update(view[:done])
            left -= done
            count(done)
    after = os.fstat(descriptor)
    if left or before.st_size != piece.size or stamp(before) != stamp(after):
        raise _changed(piece)
    return state.digest()


def _changed(piece: Piece) -> UnreadableError:
    return UnreadableError(
        piece.path, "it changed while it was hashed", State.UNREADABLE, hint="run again"
    )
