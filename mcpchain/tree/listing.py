"""Every entry of a folder: nothing is passed over, and no link is followed.

For whoever has to know that a folder holds this and nothing else. `walk` is for whoever
looks for something, and leaves out what version control and installers keep.
"""

import enum
import itertools
import os
import stat
from collections.abc import Iterator
from operator import attrgetter
from typing import Final, NamedTuple

from mcpchain.errors import State
from mcpchain.tree import beneath
from mcpchain.tree.hashing import stamp
from mcpchain.tree.paths import shown
from mcpchain.tree.root import DEPTH_LIMIT, Root
from mcpchain.tree.unreadable import UnreadableError, refused

LIMIT: Final = 1_000_000
"""How many entries are listed."""
_NAME: Final = attrgetter("name")


@enum.unique
class Form(enum.Enum):
    """What an entry is, folders apart."""

    FILE = "a file"
    LINK = "a symbolic link"
    OTHER = "no regular file"


class Entry(NamedTuple):
    """Something in a folder, however deep."""

    path: str
    """As `File.path` has it."""
    form: Form
    size: int
    """In bytes; of a link, nothing."""
    stamp: tuple[int, ...] = ()
    """Another, once it is replaced or changes."""


def entries(root: Root, *, limit: int = LIMIT) -> tuple[Entry, ...]:
    """Return every entry beneath *root* that is no folder, by its names on the disk.

    Raises:
        UnreadableError: A folder cannot be read, is too deep, or there are too many.
    """
    try:
        place = root.enter()
    except OSError as error:
        raise refused(".", error) from error
    found: list[Entry] = []
    _folder(place, "", 0, itertools.count(limit, -1), found)
    return tuple(found)


def _folder(
    place: beneath.Place,
    path: str,
    depth: int,
    left: Iterator[int],
    found: list[Entry],
) -> None:
    """List the open folder *place* into *found*, and close it.

    Args:
        place: It.
        path: What stands before the names in it.
        depth: In how many folders it lies.
        left: How many entries may follow.
        found: What there is so far.
    """
    try:
        try:
            with os.scandir(place) as listing:
                there = []
                for each in listing:
                    if next(left) <= 0:
                        raise _too_many(path[:-1])
                    there.append(each)
        except OSError as error:
            raise refused(path[:-1] or ".", error) from error
        there.sort(key=_NAME)
        for entry in there:
            inner = path + shown(entry.name)
            if not entry.is_dir(follow_symlinks=False):
                found.append(_entry(entry, inner))
                continue
            if depth >= DEPTH_LIMIT:
                raise _too_deep(inner)
            try:
                below = beneath.step(place, entry.name)
            except OSError as error:
                raise refused(inner, error) from error
            _folder(below, f"{inner}/", depth + 1, left, found)
    finally:
        beneath.leave(place)


def _entry(entry: os.DirEntry[str], path: str) -> Entry:
    try:
        status = entry.stat(follow_symlinks=False)
    except OSError as error:
        raise refused(path, error) from error
    known = (status.st_dev, status.st_ino, *stamp(status))
    if stat.S_ISREG(status.st_mode):
        return Entry(path, Form.FILE, status.st_size, known)
    form = Form.LINK if stat.S_ISLNK(status.st_mode) else Form.OTHER
    return Entry(path, form, 0, known)


def _too_many(path: str) -> UnreadableError:
    return UnreadableError(
        path or ".",
        "more files than are looked at",
        State.LIMIT,
        hint="look at a smaller folder",
    )


def _too_deep(path: str) -> UnreadableError:
    return UnreadableError(
        path,
        f"more than {DEPTH_LIMIT} folders deep",
        State.LIMIT,
        hint="look at this folder by itself",
    )
