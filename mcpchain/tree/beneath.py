"""Open what lies beneath a folder, and nothing else, whatever its links say.

Every step down starts at an open folder and follows no link (openat, O_NOFOLLOW), so
that nobody can swap a folder for a link between a check and its use. Where the system
has no openat each step is checked by path, and that race stays open.
"""

import errno
import os
import stat
from collections.abc import Iterable
from typing import Final

Place = int | str
"""An open folder: a descriptor, or its path where the system has no openat."""

AT: Final = os.open in os.supports_dir_fd and os.scandir in os.supports_fd
_CLOSED: Final = getattr(os, "O_CLOEXEC", 0)
_NO_LINK: Final = getattr(os, "O_NOFOLLOW", 0)
_FOLDER: Final = os.O_RDONLY | getattr(os, "O_DIRECTORY", 0) | _CLOSED
# O_NONBLOCK keeps a pipe from hanging us before we know that it is one.
_FILE: Final = (
    os.O_RDONLY
    | _NO_LINK
    | _CLOSED
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_BINARY", 0)
)
LINKED: Final = frozenset({errno.ELOOP, errno.EMLINK, errno.ENOTDIR})
"""What the systems answer where a step meets a link."""


def enter(root: str, *, at: bool = AT) -> Place:
    """Open the folder *root*, which may be a link: the user named it.

    Raises:
        OSError: It is no folder, or the system refuses.
    """
    if at:
        return os.open(root, _FOLDER)
    real = os.path.realpath(root)
    if not os.path.isdir(real):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return real


def step(place: Place, name: str) -> Place:
    """Open the folder *name* in *place*.

    Raises:
        OSError: It is a link or no folder, or the system refuses.
    """
    _check(name)
    if isinstance(place, int):
        return os.open(name, _FOLDER | _NO_LINK, dir_fd=place)
    full = os.path.join(place, name)
    if os.path.islink(full) or not os.path.isdir(full):
        raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
    return full


def leave(place: Place) -> None:
    """Close a folder."""
    if isinstance(place, int):
        os.close(place)


def descend(root: str, names: Iterable[str], *, at: bool = AT) -> Place:
    """Open the folder that *names* lead to from *root*, step by step.

    Raises:
        OSError: As for `step`.
    """
    place = enter(root, at=at)
    for name in names:
        try:
            inner = step(place, name)
        finally:
            leave(place)
        place = inner
    return place


def open_file(place: Place, name: str) -> int:
    """Open the regular file *name* in *place* and return its descriptor.

    Raises:
        OSError: It is a link or no regular file, or the system refuses.
    """
    _check(name)
    if isinstance(place, int):
        descriptor = os.open(name, _FILE, dir_fd=place)
    else:
        full = os.path.join(place, name)
        if os.path.islink(full):
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
        descriptor = os.open(full, _FILE)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        return descriptor
    os.close(descriptor)
    raise PermissionError(errno.EPERM, "it is not a regular file")


def _check(name: str) -> None:
    """Refuse what is no name of an entry: it could lead anywhere."""
    if name in {"", ".", ".."} or "\0" in name or os.sep in name:
        raise OSError(errno.EINVAL, os.strerror(errno.EINVAL))
