"""A model on the disk, and in what it is not what was signed."""

import os
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mcpchain.tree.listing import Entry, Form, entries
from mcpchain.tree.paths import shown
from mcpchain.tree.pieces import Piece, Progress, digest_pieces
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError
from mcpchain.verify.model_signature.loadable import is_loadable
from mcpchain.verify.model_signature.manifest import WHOLE, Manifest, Signed, folded

NEVER: Final = frozenset({".git", ".gitattributes", ".github", ".gitignore"})
"""What the format leaves out at the top of every folder."""
_FORMS: Final = {
    Form.FILE: "",
    Form.LINK: "is a symbolic link that was not signed",
    Form.OTHER: "is no regular file, and was not signed",
}
_LEFT_OUT: Final = (
    "was left out by its signer, and a program may load it (`--ignore` accepts that)"
)
_TOLD: Final = 5
"""How many names are told of many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """A folder, or one file, as it was listed."""

    root: Root
    entries: tuple[Entry, ...]
    whole: bool = False
    """Whether it is one file."""

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return sum(each.size for each in self.entries)


@dataclass(slots=True, kw_only=True)
class Comparison:
    """What came of it. Without problems the files are those that were signed."""

    problems: list[str] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    by_signer: list[str] = field(default_factory=list)
    by_user: list[str] = field(default_factory=list)
    by_format: list[str] = field(default_factory=list)
    empty: list[str] = field(default_factory=list)
    loadable: list[str] = field(default_factory=list)
    """Those of `by_user` that a program may load."""

    def notes(self) -> Iterator[str]:
        """Yield what the signature says nothing of, for a reader."""
        for paths, why in (
            (self.by_signer, "not signed: its signer left out"),
            (self.by_user, "not signed: `--ignore` leaves out"),
            (self.loadable, "not signed, and a program may load it:"),
            (self.by_format, "not signed: no model signature is about"),
            (self.empty, "not signed: shards leave out what is empty:"),
        ):
            if paths:
                yield f"{why} {some(paths)}"


def look(path: Path) -> Model:
    """List the model at *path*, a folder or a file.

    Raises:
        UnreadableError: A part of it cannot be listed.
        OSError: There is none.
    """
    if path.is_dir():
        root = Root(path)
        return Model(root=root, entries=tuple(entries(root)))
    status = path.stat()
    # The user named the file, which may be a link: what is hashed is what it leads to.
    real = Path(os.path.realpath(path))
    form = Form.FILE if stat.S_ISREG(status.st_mode) else Form.OTHER
    entry = Entry(shown(real.name), form, status.st_size)
    return Model(root=Root(real.parent), entries=(entry,), whole=True)


def compare(
    manifest: Manifest,
    model: Model,
    *,
    signatures: Sequence[str] = (),
    ignored: Sequence[str] = (),
) -> Comparison:
    """Compare which files there are with those that were signed.

    Args:
        manifest: What was signed.
        model: What is there.
        signatures: The paths in the folder of what is being verified.
        ignored: What the user leaves out, with all that is below it.
    """
    work = _Work(
        manifest=manifest,
        model=model,
        signatures=frozenset(signatures),
        ignored=frozenset(ignored),
        left_out=frozenset(manifest.ignored),
    )
    work.run()
    return work.found


def changed(
    manifest: Manifest, model: Model, pieces: Sequence[Piece], progress: Progress
) -> tuple[list[str], list[UnreadableError]]:
    """Return the files that have other bytes than were signed, and those not read."""
    found = digest_pieces(model.root, pieces, manifest.algorithm, progress)
    other: dict[str, None] = {}
    unread = [each for each in found.values() if isinstance(each, UnreadableError)]
    files, shard = manifest.files, manifest.shard
    for piece, digest in found.items():
        path = WHOLE if model.whole else piece.path
        signed = files[path].digests[piece.start // shard if shard else 0]
        if digest != signed and isinstance(digest, bytes):
            other[piece.path] = None
    return [*other], unread


def followed(root: Root, path: str) -> int:
    """Return the size of the file that the link *path* leads to.

    Raises:
        ValueError: It leads to none in the model; the message says what is wrong.
    """
    try:
        status = os.stat(os.path.join(root.path, *root.resolve(path)))
    except OSError:
        problem = "is a symbolic link that leads nowhere, or out of the model"
        raise ValueError(problem) from None
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("is a symbolic link to no regular file")
    return status.st_size


def absent(paths: Sequence[str], there: Iterable[str]) -> list[str]:
    """Return those of *paths* at and below which nothing is of what is *there*."""
    if not paths:
        return []
    known = {folder for path in there for folder in above(path)}
    return [each for each in paths if each not in known]


def some(paths: Sequence[str]) -> str:
    """Return the first of *paths* in one phrase, and how many more there are."""
    listed = ", ".join(f"`{each[:140]}`" for each in paths[:_TOLD])
    more = len(paths) - _TOLD
    return f"{listed} and {more:,} more" if more > 0 else listed


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    """One comparison."""

    manifest: Manifest
    model: Model
    signatures: frozenset[str]
    ignored: frozenset[str]
    left_out: frozenset[str]
    found: Comparison = field(default_factory=Comparison)

    def run(self) -> None:
        """Look at everything that is there, and at everything that should be."""
        if self.model.whole != (WHOLE in self.manifest.files):
            signed, there = "a folder", "one file"
            if not self.model.whole:
                signed, there = there, signed
            self.found.problems.append(f"{signed} was signed, and this is {there}")
            return
        there_are = set()
        for entry in self.model.entries:
            path = WHOLE if self.model.whole else entry.path
            there_are.add(path)
            known = self.manifest.files.get(path)
            problem = self._signed(entry, known) if known else self._unsigned(entry)
            if problem:
                self.found.problems.append(f"`{entry.path[:200]}` {problem}")
        self.found.problems += (
            f"`{path[:200]}` was signed, and is not there"
            for path in self.manifest.files
            if path not in there_are
        )

    def _signed(self, entry: Entry, signed: Signed) -> str:
        size = entry.size
        if entry.form is Form.LINK:
            if not self.manifest.links:
                return "is a symbolic link, and none was signed"
            try:
                size = followed(self.model.root, entry.path)
            except ValueError as error:
                return str(error)
        elif entry.form is Form.OTHER:
            return "is no regular file"
        if signed.size is not None and size != signed.size:
            return f"has {size:,} bytes, and {signed.size:,} were signed"
        step = self.manifest.shard or size
        if size <= step:
            self.found.pieces.append(Piece(entry.path, 0, size, size))
            return ""
        self.found.pieces += (
            Piece(entry.path, start, min(start + step, size), size)
            for start in range(0, size, step)
        )
        return ""

    def _unsigned(self, entry: Entry) -> str:
        path, found = entry.path, self.found
        folders = [*above(path)]
        if path in self.signatures:
            return ""
        if folders[0] in NEVER:
            if folders[0] not in found.by_format:
                found.by_format.append(folders[0])
            return ""
        twin = self.manifest.twins.get(folded(path))
        if twin is not None:
            return f"differs only in case or composition from `{twin[:140]}`, signed"
        if not self.ignored.isdisjoint(folders):
            found.by_user.append(path)
            if entry.form is not Form.FILE or self._loadable(entry):
                found.loadable.append(path)
            return ""
        return _FORMS[entry.form] or self._stray(entry, folders)

    def _stray(self, entry: Entry, folders: Sequence[str]) -> str:
        """Say what is wrong with a file that only the signer may have left out."""
        if not self.left_out.isdisjoint(folders):
            if self._loadable(entry):
                return _LEFT_OUT
            self.found.by_signer.append(entry.path)
            return ""
        if self.manifest.shard is not None and not entry.size:
            self.found.empty.append(entry.path)
            return ""
        return "was not signed"

    def _loadable(self, entry: Entry) -> bool:
        try:
            return is_loadable(entry.path, self.model.root.head(entry.path))
        except OSError:
            return True


def above(path: str) -> Iterator[str]:
    """Yield the folders that *path* lies in, the highest first, and itself."""
    at = path.find("/")
    while at > 0:
        yield path[:at]
        at = path.find("/", at + 1)
    yield path
