"""The door to the file system: walk, read within limits, hash.

Whoever wrote the tree is not trusted. Nothing outside it is opened, whatever its links
say; only regular files are opened; and every read has a limit.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.errors import State
from mcpchain.tree.hashing import digest, sha256
from mcpchain.tree.paths import shown
from mcpchain.tree.root import HEAD, Root
from mcpchain.tree.unreadable import UnreadableError, guarded

if TYPE_CHECKING:
    from mcpchain.inventory import Gap

__all__ = ["HEAD", "File", "Tree", "UnreadableError", "digest_all"]

DOCUMENT_LIMIT: Final = 64 << 20
"""How many bytes of a lock or configuration file are read."""
FILES_LIMIT: Final = 1_000_000
"""How many files, folders and links are looked at."""
_THREADS: Final = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in a tree."""

    tree: "Tree"
    path: str
    """Relative to the root, with forward slashes, and printable: see `paths.shown`."""
    head: bytes = b""
    """Its first bytes, at most `HEAD`; none of what is no regular file."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        # Each part asks this of each file, and `PurePosixPath` takes 20 times as long.
        return self.path.rpartition("/")[2]

    @property
    def suffix(self) -> str:
        """The suffix in lower case, with its dot."""
        name = self.name
        dot = name.rfind(".")
        return name[dot:].lower() if 0 < dot < len(name) - 1 else ""

    def read(self, limit: int = DOCUMENT_LIMIT) -> bytes:
        """Return the whole content.

        Raises:
            UnreadableError: It is larger than *limit* bytes, or cannot be read.
        """
        with self.open() as stream:
            data = guarded(self.path, lambda: stream.read(limit + 1))
        if len(data) > limit:
            raise UnreadableError(
                self.path,
                f"larger than {limit:,} bytes",
                State.LIMIT,
                hint="check that it is what its name says",
            )
        return data

    def open(self) -> BufferedReader:
        """Open the file for reading bytes.

        Raises:
            UnreadableError: It is not a regular file inside the tree, or the system
                refuses.
        """
        return guarded(self.path, lambda: self.tree.open(self.path))

    def size(self) -> int:
        """Return the size in bytes.

        Raises:
            UnreadableError: The system refuses.
        """
        with self.open() as stream:
            return os.fstat(stream.fileno()).st_size

    def beside(self, relative: str) -> "File":
        r"""Return the file that *relative* names, seen from this file's folder.

        A `\` may stand between folders, as on Windows, or be part of a name.

        Raises:
            UnreadableError: It would lie outside the tree, or is no file; or there are
                files for both readings.
        """
        found: list[File] = []
        failures: list[UnreadableError] = []
        for spelling in dict.fromkeys([relative, relative.replace("\\", "/")]):
            try:
                found.append(self._beside(spelling))
            except UnreadableError as error:
                failures.append(error)
        if not found:
            raise failures[-1]
        if len(found) > 1:
            raise UnreadableError(
                found[0].path,
                f"`{found[0].path[:140]}` and `{found[1].path[:140]}` both exist",
                State.UNREADABLE,
                hint="remove one of them, so that the name means one file",
            )
        return found[0]

    def _beside(self, relative: str) -> "File":
        try:
            name = shown(relative)
        except UnicodeEncodeError:
            raise UnreadableError(
                self.path,
                f"names a file `{relative[:140]!a}`, which no file can be called",
                State.UNREADABLE,
                hint="write the name in UTF-8",
            ) from None
        return self.tree.file(str(PurePosixPath(self.path).parent / name))

    def digest(self, progress: Callable[[int], None] | None = None) -> Digest:
        """Return the SHA-256 of the content.

        Args:
            progress: Called with the number of bytes after every block.

        Raises:
            UnreadableError: It cannot be read, or changed while it was hashed.
        """
        with self.open() as stream:
            return guarded(self.path, lambda: sha256(stream, self.path, progress))

    def identity(self) -> tuple[int, int]:
        """Return device and inode: equal for two names of the same bytes.

        Raises:
            UnreadableError: The system refuses.
        """
        with self.open() as stream:
            status = os.fstat(stream.fileno())
        return (status.st_dev, status.st_ino)


class Tree:
    """A folder, or one file, to be examined.

    Args:
        root: The folder.
        only: Look at nothing but the file of this name in it.
        limit: How many files, folders and links to look at.
    """

    def __init__(
        self, root: Path, *, only: str | None = None, limit: int = FILES_LIMIT
    ) -> None:
        self._root = Root(root)
        self._only = None if only is None else shown(only)
        self._limit = limit

    @property
    def only(self) -> str | None:
        """The one file that is looked at; `None` if it is all of them."""
        return self._only

    def file(self, path: str) -> File:
        """Return the file at *path*, which must lie inside the tree.

        Args:
            path: As `File.path` has it.

        Raises:
            UnreadableError: It does not, or is no regular file.
        """
        clean = os.path.normpath(path).replace(os.sep, "/")
        if os.path.isabs(clean) or clean.split("/")[0] == "..":
            raise UnreadableError(
                path,
                "lies outside the examined folder",
                State.UNREADABLE,
                hint="examine a folder that holds both files",
            )
        real = self._root.real
        if ".." in path and not guarded(clean, lambda: real(path) == real(clean)):
            raise UnreadableError(
                path,
                "goes up through a symbolic link, which readers follow differently",
                State.UNREADABLE,
                hint="name the file without `..`",
            )
        head = guarded(clean, lambda: self._root.head(clean))
        return File(tree=self, path=clean, head=head)

    def files(self) -> "Iterator[File | Gap]":
        """Yield every regular file, and a gap for each place we cannot look at.

        In a stable order. A symbolic link to something inside the tree is what it
        points to, under its own name; what else is no regular file comes without head,
        so that whoever wants it by name meets the refusal.
        """
        from mcpchain.tree.walk import Found, Walk, found

        only = self._only
        if only is None:
            entries = Walk(self._root, self._limit).all()
        else:
            entries = iter([found(only, lambda: self._root.head(only))])
        for each in entries:
            if isinstance(each, Found):
                yield File(tree=self, path=each.path, head=each.head)
            else:
                yield each

    def digest(self, path: str, algorithm: Algorithm) -> Digest | None:
        """Return another digest of the file at *path* than the usual one.

        For a comparison only. `None`: it cannot be read, or changes meanwhile.
        """
        try:
            with self.file(path).open() as stream:
                return guarded(path, lambda: digest(stream, path, algorithm))
        except UnreadableError:
            return None

    def open(self, path: str) -> BufferedReader:
        """Open a regular file inside the tree; `OSError` if it is anything else."""
        return os.fdopen(self._root.descriptor(path), "rb")


def digest_all(
    files: Sequence[File], *, progress: Callable[[int], None] | None = None
) -> "dict[str, Digest | Gap]":
    """Return the SHA-256 of each file by path, or the gap that it leaves.

    Two threads, since hashlib releases the interpreter's lock. Several names of the
    same bytes, as in the cache of a model hub, are hashed once.

    Args:
        files: What to hash.
        progress: Called with a number of bytes as they are done, one call at a time.
    """
    from concurrent.futures import ThreadPoolExecutor

    lock, stopped = threading.Lock(), threading.Event()
    outcomes: dict[str, Digest | Gap] = {}
    names: dict[tuple[int, int], list[File]] = {}
    for file in files:
        try:
            names.setdefault(file.identity(), []).append(file)
        except UnreadableError as error:
            outcomes[file.path] = error.gap()

    def count(done: int) -> None:
        if stopped.is_set():
            raise InterruptedError("nobody waits for the digest any more")
        if progress:
            with lock:
                progress(done)

    def one(group: Sequence[File]) -> Digest | UnreadableError:
        try:
            return group[0].digest(count)
        except UnreadableError as error:
            return error

    pool = ThreadPoolExecutor(_THREADS)
    try:
        done = pool.map(one, names.values())
        for group, outcome in zip(names.values(), done, strict=True):
            for file in group:
                outcomes[file.path] = (
                    outcome
                    if isinstance(outcome, Digest)
                    else UnreadableError(
                        file.path, outcome.reason, outcome.state, hint=outcome.hint
                    ).gap()
                )
    finally:
        # On an interrupt: without this the pool would hash all that is left first.
        stopped.set()
        pool.shutdown(cancel_futures=True)
    return outcomes
