"""The door to the file system: walk, read within limits, hash.

Whoever wrote the tree is not trusted. Nothing outside it is opened, whatever its links
say; only regular files are opened; and every read has a limit.
"""

import hashlib
import os
import stat
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from io import BufferedReader
from pathlib import Path, PurePosixPath
from typing import Final, TypeVar

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import Location
from mcpchain.errors import McpchainError
from mcpchain.inventory import Gap, State

DOCUMENT_LIMIT: Final = 64 << 20
"""How many bytes of a lock or configuration file are read."""
HEAD: Final = 64
"""How many bytes are read of every file to recognise it by content."""
FILES_LIMIT: Final = 1_000_000
_BLOCK: Final = 1 << 20
_T = TypeVar("_T")
_THREADS: Final = 2

SKIPPED: Final = frozenset(
    {
        ".git",
        ".hg",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".svn",
        "__pycache__",
    }
)
"""Folders that hold nothing of the system itself, and are not walked."""
INSTALLED: Final = frozenset({".nox", ".tox", "node_modules"})
"""Folders of installed packages: not walked, and each leaves a gap that says so."""


class UnreadableError(McpchainError):
    """A file of the tree cannot be read.

    Args:
        reason: Why not, for a reader.
        state: The kind of gap that it leaves.
    """

    def __init__(self, path: str, reason: str, state: State, *, hint: str) -> None:
        super().__init__(f"{path}: {reason}", hint=hint)
        self.path = path
        self.reason = reason
        self.state = state

    def gap(self, stage: str = "discover") -> Gap:
        """Return the gap that this leaves."""
        place = Location(path=self.path)
        return Gap(
            stage=stage,
            location=place,
            reason=self.reason,
            state=self.state,
            hint=self.hint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """A file in a tree."""

    tree: "Tree"
    path: str
    """Relative to the root, with forward slashes."""
    head: bytes = b""
    """Its first bytes, at most `HEAD`."""

    @property
    def name(self) -> str:
        """The last part of the path."""
        return PurePosixPath(self.path).name

    @property
    def suffix(self) -> str:
        """The suffix in lower case, with its dot."""
        return PurePosixPath(self.path).suffix.lower()

    def read(self, limit: int = DOCUMENT_LIMIT) -> bytes:
        """Return the whole content.

        Raises:
            UnreadableError: It is larger than *limit* bytes, or cannot be read.
        """
        with self.open() as stream:
            data = _guarded(self.path, lambda: stream.read(limit + 1))
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
        return _guarded(self.path, lambda: self.tree.open(self.path))

    def size(self) -> int:
        """Return the size in bytes.

        Raises:
            UnreadableError: The system refuses.
        """
        with self.open() as stream:
            return os.fstat(stream.fileno()).st_size

    def beside(self, relative: str) -> "File":
        """Return the file that *relative* names, seen from this file's folder.

        Raises:
            UnreadableError: It would lie outside the tree, or is no file.
        """
        folder = PurePosixPath(self.path).parent
        return self.tree.file(str(folder / relative.replace("\\", "/")))

    def digest(self, progress: Callable[[int], None] | None = None) -> Digest:
        """Return the SHA-256 of the content.

        Args:
            progress: Called with the number of bytes after every block.

        Raises:
            UnreadableError: It cannot be read, or changed while it was hashed.
        """
        with self.open() as stream:
            return _guarded(self.path, lambda: _sha256(stream, self.path, progress))


class Tree:
    """A folder, or one file, to be examined.

    Args:
        root: The folder.
        only: Look at nothing but this path in it.
    """

    def __init__(self, root: Path, *, only: str | None = None) -> None:
        self.root = root
        self.only = only

    @cached_property
    def _real_root(self) -> str:
        return os.path.realpath(self.root)

    def file(self, path: str) -> File:
        """Return the file at *path*, which must lie inside the tree.

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
        head = _guarded(clean, lambda: self._head(clean))
        return File(tree=self, path=clean, head=head)

    def files(self) -> Iterator[File | Gap]:
        """Yield every regular file, and a gap for each place we cannot look at.

        In a stable order. Symbolic links to files inside the tree are files; links to
        folders inside it are not followed, since the walk reaches their target.
        """
        if self.only is not None:
            yield self._file_or_gap(self.only)
            return
        pending = [""]
        count = 0
        while pending:
            folder = pending.pop()
            try:
                entries = sorted(
                    os.scandir(self.root / folder), key=lambda e: e.name, reverse=True
                )
            except OSError as error:
                yield _refused(folder or ".", error).gap()
                continue
            found: list[File | Gap] = []
            for entry in entries:
                path = f"{folder}/{entry.name}" if folder else entry.name
                kept = self._entry(entry, path, pending)
                if kept is not None:
                    found.append(kept)
            count += len(found)
            if count > FILES_LIMIT:
                yield Gap(
                    stage="discover",
                    location=Location(path=folder or "."),
                    reason=f"more than {FILES_LIMIT:,} files; the rest was not read",
                    state=State.LIMIT,
                    hint="examine a smaller folder",
                )
                return
            yield from reversed(found)

    def _entry(
        self, entry: os.DirEntry[str], path: str, pending: list[str]
    ) -> File | Gap | None:
        if entry.is_symlink():
            return self._link(path)
        if entry.is_dir(follow_symlinks=False):
            if entry.name in SKIPPED:
                return None
            if entry.name in INSTALLED or _is_environment(entry.path):
                return Gap(
                    stage="discover",
                    location=Location(path=path),
                    reason="a folder of installed packages, which was not walked",
                    state=State.PARTIAL,
                    hint="examine a Python environment with `--environment`; for "
                    "npm the package-lock.json speaks",
                )
            pending.append(path)
            return None
        if entry.is_file(follow_symlinks=False):
            return self._file_or_gap(path)
        # A socket, a pipe, a device: opening one may hang or do something.
        return File(tree=self, path=path)

    def _link(self, path: str) -> File | Gap | None:
        target = os.path.realpath(self.root / path)
        inside = os.path.commonpath([self._real_root, target]) == self._real_root
        if not inside:
            return Gap(
                stage="discover",
                location=Location(path=path),
                reason="a symbolic link that leaves the examined folder",
                state=State.UNREADABLE,
                hint="replace the link by what it points to, or remove it",
            )
        if os.path.isdir(target):
            return None
        if not os.path.exists(target):
            return File(tree=self, path=path)
        return self._file_or_gap(path)

    def _file_or_gap(self, path: str) -> File | Gap:
        try:
            return File(tree=self, path=path, head=self._head(path))
        except OSError as error:
            return _refused(path, error).gap()

    def _head(self, path: str) -> bytes:
        with self.open(path) as stream:
            return stream.read(HEAD)

    def open(self, path: str) -> BufferedReader:
        """Open a regular file inside the tree; `OSError` if it is anything else."""
        full = os.path.realpath(self.root / path)
        if os.path.commonpath([self._real_root, full]) != self._real_root:
            raise PermissionError("it leads out of the examined folder")
        # After realpath no link is left; O_NOFOLLOW closes the race, O_NONBLOCK keeps a
        # pipe from hanging us before we know that it is one.
        flags = (
            os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0)
        )
        flags |= getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
        descriptor = os.open(full, flags)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise PermissionError("it is not a regular file")  # noqa: TRY301 - closes below
            return os.fdopen(descriptor, "rb")
        except BaseException:
            os.close(descriptor)
            raise


def digest_all(
    files: Sequence[File], *, progress: Callable[[int], None] | None = None
) -> dict[str, Digest | Gap]:
    """Return the SHA-256 of each file by path, or the gap that it leaves.

    Two threads, since hashlib releases the interpreter's lock.

    Args:
        files: What to hash.
        progress: Called with a number of bytes as they are done, one call at a time.
    """
    lock = threading.Lock()

    def count(done: int) -> None:
        if progress:
            with lock:
                progress(done)

    def one(file: File) -> Digest | Gap:
        try:
            return file.digest(count)
        except UnreadableError as error:
            return error.gap()

    with ThreadPoolExecutor(_THREADS) as pool:
        return dict(zip([f.path for f in files], pool.map(one, files), strict=True))


def _sha256(
    stream: BufferedReader, path: str, progress: Callable[[int], None] | None
) -> Digest:
    before = os.fstat(stream.fileno())
    state = hashlib.sha256()
    buffer = bytearray(_BLOCK)
    view = memoryview(buffer)
    while done := stream.readinto(buffer):
        state.update(view[:done])
        if progress:
            progress(done)
    after = os.fstat(stream.fileno())
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        raise UnreadableError(
            path, "it changed while it was hashed", State.UNREADABLE, hint="run again"
        )
    return Digest(algorithm=Algorithm.SHA256, value=state.hexdigest())


def _is_environment(folder: str) -> bool:
    return os.path.exists(os.path.join(folder, "pyvenv.cfg"))


def _guarded(path: str, action: Callable[[], _T]) -> _T:
    try:
        return action()
    except OSError as error:
        raise _refused(path, error) from error


def _refused(path: str, error: OSError) -> UnreadableError:
    reason = error.strerror or str(error)
    return UnreadableError(
        path,
        f"cannot be read: {reason}",
        State.UNREADABLE,
        hint="make it a readable, regular file, or leave it out of what is examined",
    )
