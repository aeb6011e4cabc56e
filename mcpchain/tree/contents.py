"""One digest for all files of a folder, and whether the folder is still the same.

The digest is that of the list that `sha256sum` prints of the files, sorted by path:
in-toto's `dirHash`, which is Go's `h1:`. Anybody can make it with

    find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum

where there are no links. What a repository keeps in `.git` is none of its files.
"""

import hashlib
import os
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.errors import State
from mcpchain.tree import beneath, layout
from mcpchain.tree.listing import Entry, Form, entries
from mcpchain.tree.paths import raw, shown
from mcpchain.tree.pieces import Piece, digest_pieces
from mcpchain.tree.root import Root
from mcpchain.tree.unreadable import UnreadableError, refused

_GIT: Final = ".git"
_ELSE: Final = "say what the verdict is about: `--subject FILE`, or its digest"


@dataclass(frozen=True, slots=True)
class Contents:
    """The files of a folder as they were listed; another, if one of them changes.

    A link stands for the file in the folder that it leads to, under its own name.
    """

    root: Root
    files: tuple[tuple[Entry, str], ...]
    """Each with the path that it leads to."""

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        return sum(each.size for each, _ in self.files)

    def same(self, other: "Contents") -> bool:
        """Say whether nothing has changed, and no file is another."""
        return self.files == other.files

    def digest(self, count: Callable[[int], None]) -> str:
        """Return the digest in hexadecimal.

        Raises:
            UnreadableError: A file cannot be read, or changed since it was listed.
        """
        pieces = {to: Piece(to, 0, e.size, e.size) for e, to in self.files}
        found = digest_pieces(self.root, pieces.values(), "sha256", count)
        lines = []
        for entry, to in self.files:
            digest = found[pieces[to]]
            if isinstance(digest, UnreadableError):
                raise digest
            name = os.fsencode(raw(entry.path))
            lines.append((name, b"%s  %s\n" % (digest.hex().encode(), name)))
        return hashlib.sha256(b"".join(line for _, line in sorted(lines))).hexdigest()


def contents(folder: Path, left_out: Collection[Path] = ()) -> Contents:
    """List the files of *folder*.

    Args:
        folder: Where they are.
        left_out: What is written there meanwhile.

    Raises:
        UnreadableError: There is something of which a digest would say nothing.
    """
    root = Root(folder)
    apart = frozenset(_inside(root, left_out))
    listed = {each.path: each for each in _listed(root) if each.path not in apart}
    files = []
    for path, entry in listed.items():
        to = path
        if entry.form is Form.LINK:
            to = _led(root, path)
            if to not in listed:
                raise _unbound(path, "is a symbolic link to no file of the folder")
        if "\n" in raw(path) or listed[to].form is not Form.FILE:
            raise _unbound(path, f"is {entry.form.value}, of which no list can tell")
        files.append((listed[to]._replace(path=path), to))
    return Contents(root, tuple(files))


def _inside(root: Root, paths: Collection[Path]) -> Iterator[str]:
    for each in paths:
        place = os.path.join(os.path.realpath(each.parent), each.name)
        for real in {place, os.path.realpath(place)}:
            if real.startswith(os.path.join(root.path, "")):
                yield shown(os.path.relpath(real, root.path).replace(os.sep, "/"))


def _listed(root: Root) -> Iterator[Entry]:
    """Yield what is listed, but for what a repository keeps."""
    known: dict[str, bool] = {}
    for each in entries(root):
        names = each.path.split("/")
        if names[-1] == _GIT and each.form is Form.FILE:
            continue  # of a worktree, or of a module
        at = [n for n, name in enumerate(names[:-1], 1) if name == _GIT]
        if not any(_is_repository(root, names[:n], known) for n in at):
            yield each


def _is_repository(root: Root, names: list[str], known: dict[str, bool]) -> bool:
    path = "/".join(names)
    if path not in known:
        try:
            place = root.enter([raw(each) for each in names])
        except OSError as error:
            raise refused(path, error) from error
        try:
            known[path] = layout.is_repository(_GIT, place)
        finally:
            beneath.leave(place)
    return known[path]


def _led(root: Root, path: str) -> str:
    try:
        return shown("/".join(root.resolve(path)))
    except OSError:
        raise _unbound(path, "is a symbolic link that leaves the folder") from None


def _unbound(path: str, problem: str) -> UnreadableError:
    return UnreadableError(path, problem, State.UNREADABLE, hint=_ELSE)
