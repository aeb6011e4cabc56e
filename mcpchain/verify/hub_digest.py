"""The files of a model, compared with the digests that a hub has of them.

That is no signature: nobody stands for the files but the hub that delivers them, as it
delivers them now. The steps:

1. Of every file here that the hub has too, the bytes are the hub's: by SHA-256 where
   the hub keeps it apart (git LFS), by git's SHA-1 else.
2. Nothing else is here that a program which loads the model may load.
3. At least one file was compared. What the hub has besides is told.
"""

import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain.document import Node
from mcpchain.signature import Check, Status, Verification
from mcpchain.tree.listing import Entry, Form
from mcpchain.tree.pieces import Piece, digest_pieces
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError, refused
from mcpchain.verify.model_signature.folder import absent, some
from mcpchain.verify.model_signature.loadable import is_loadable

KIND: Final = "hub-digest"
NOBODY: Final = "nobody has signed it: these are the digests that the hub gives now"
_SHA1: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_OWN: Final = (".git", ".cache/huggingface")
"""What git and the hub's library keep beside the files, and no program loads."""
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A file as a hub has it."""

    size: int
    git: str
    """SHA-1 of its blob; of a large file, that of the pointer in its place."""
    sha256: str = ""
    """Of a large file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Folder:
    """Where the files of a model are here."""

    root: Root
    """Links may lead anywhere beneath it."""
    entries: tuple[Entry, ...]
    """Of all that is beneath the root."""
    above: str = ""
    """The folder of the model, from the root: empty, or with a slash at its end."""
    ignored: frozenset[str] = frozenset()
    """What the user leaves out, from the folder of the model."""


def read(node: Node) -> Iterator[tuple[str, Kept]]:
    """Yield the files of one page of a hub's answer, by path.

    Raises:
        MalformedError: It is none.
    """
    for each in node.elements():
        kind = each.at("type").text()
        if kind == "directory":
            continue
        if kind != "file":
            raise each.at("type").malformed("is neither a file nor a directory")
        large = each.at("lfs")
        yield (
            each.at("path").text(),
            Kept(
                size=each.at("size").integer(),
                git=_digest(each.at("oid"), _SHA1),
                sha256=_digest(large.at("oid"), _SHA256) if large.exists else "",
            ),
        )


def _digest(node: Node, form: re.Pattern[str]) -> str:
    text = node.text().lower()
    if not form.fullmatch(text):
        raise node.malformed("is no digest of its kind")
    return text


def compare(
    kept: Mapping[str, Kept], folder: Folder, progress: Callable[[int], None]
) -> Verification:
    """Say whether the files in *folder* are those that a hub has.

    Args:
        kept: What the hub has, by path.
        folder: What is here.
        progress: Called with a number of bytes as they are done.
    """
    work = _Work(kept=kept, folder=folder)
    work.look()
    work.hash(progress)
    return work.result()


@dataclass(slots=True, kw_only=True)
class _Work:
    """One comparison. Paths are from the folder of the model."""

    kept: Mapping[str, Kept]
    folder: Folder
    large: list[Piece] = field(default_factory=list)
    small: list[Piece] = field(default_factory=list)
    other: list[str] = field(default_factory=list)
    strange: list[str] = field(default_factory=list)
    unread: list[UnreadableError] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    seen: set[str] = field(default_factory=set)

    def look(self) -> None:
        """Say of every file what it is to be compared with."""
        start = self.folder.above
        for entry in self.folder.entries:
            if not entry.path.startswith(start):
                continue
            path = entry.path[len(start) :]
            if any(path == each or path.startswith(f"{each}/") for each in _OWN):
                continue
            self.seen.add(path)
            if self._is_ignored(path):
                self.left_out.append(path)
            elif path in self.kept:
                self._known(entry, path)
            elif entry.form is not Form.FILE or self._loadable(entry):
                self.strange.append(path)
            else:
                self.unknown.append(path)

    def _known(self, entry: Entry, path: str) -> None:
        kept = self.kept[path]
        try:
            size = self._size(entry)
        except OSError as error:
            self.unread.append(refused(entry.path, error))
            return
        if size != kept.size:
            self.other.append(path)
            return
        piece = Piece(entry.path, 0, size, size)
        (self.large if kept.sha256 else self.small).append(piece)

    def _size(self, entry: Entry) -> int:
        if entry.form is Form.FILE:
            return entry.size
        root = self.folder.root
        names = root.resolve(entry.path)
        status = os.stat(os.path.join(root.path, *names))
        if not stat.S_ISREG(status.st_mode):
            raise PermissionError("it is no regular file")
        return status.st_size

    def _is_ignored(self, path: str) -> bool:
        parts = path.split("/")
        above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
        return not self.folder.ignored.isdisjoint(above)

    def _loadable(self, entry: Entry) -> bool:
        try:
            return is_loadable(entry.path, self.folder.root.head(entry.path))
        except OSError:
            return True

    def hash(self, progress: Callable[[int], None]) -> None:
        """Hash what has the size that the hub says."""
        root, start = self.folder.root, len(self.folder.above)
        found = digest_pieces(root, self.large, "sha256", progress)
        found |= {each: _blob(root, each, progress) for each in self.small}
        for piece, digest in found.items():
            kept = self.kept[piece.path[start:]]
            if isinstance(digest, UnreadableError):
                self.unread.append(digest)
            elif digest.hex() != (kept.sha256 or kept.git):
                self.other.append(piece.path[start:])

    def result(self) -> Verification:
        """Say what came of it."""
        compared = len(self.large) + len(self.small)
        status, reason = Status.VERIFIED, self._told(compared)
        if self.other:
            reason = f"other bytes than the hub has: {some(sorted(self.other))}"
            status = Status.INVALID
        elif self.strange:
            status = Status.INVALID
            reason = (
                "not on the hub, and a program may load it (`--ignore` accepts that): "
                f"{some(self.strange)}"
            )
        elif self.unread:
            first = self.unread[0]
            status, reason = Status.ERROR, f"`{first.path[:200]}`: {first.reason}"
        elif not compared:
            status, reason = Status.MISSING, "no file that the hub has of it is here"
        check = Check(id="bytes", ok=status is Status.VERIFIED, detail=reason)
        return Verification(
            status=status,
            reason=reason,
            checks=(check,),
            kind=KIND,
            expected_by="index",
            notes=tuple(self._notes()),
        )

    def _told(self, compared: int) -> str:
        told = f"{compared:,} file{'s'[: compared != 1]} as the hub has"
        told += " it" if compared == 1 else " them"
        if self.small:
            told += f", {len(self.small):,} of them by git's SHA-1"
        return told

    def _notes(self) -> Iterator[str]:
        yield NOBODY
        away = [each for each in self.kept if each not in self.seen]
        if idle := absent([*self.folder.ignored], self.seen):
            yield f"`--ignore` leaves out nothing: {some(sorted(idle))}"
        if self.left_out:
            yield f"not compared: `--ignore` leaves out {some(self.left_out)}"
        if self.unknown:
            yield f"the hub does not have {some(self.unknown)}"
        if away:
            yield f"not here: {some(away)}"


def _blob(
    root: Root, piece: Piece, progress: Callable[[int], None]
) -> bytes | UnreadableError:
    """Return the SHA-1 that git gives to a file."""
    state = hashlib.sha1(b"blob %d\0" % piece.size, usedforsecurity=False)
    left = piece.size
    try:
        with open(root.descriptor(piece.path), "rb") as stream:
            while data := stream.read(_BLOCK):
                left -= len(data)
                state.update(data)
                progress(len(data))
    except OSError as error:
        return refused(piece.path, error)
    # A file that has grown meanwhile is not the one that was listed.
    return state.digest() if not left else b""
