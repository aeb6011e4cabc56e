"""Tell folders that a tool made from those that only bear its name.

What is passed over must be what it claims to be: names and empty files cost nothing.
"""

import itertools
import os
import stat
from collections.abc import Callable
from typing import Final

from mcpchain.tree import beneath

VENV_FILE: Final = "pyvenv.cfg"
INSTALLED: Final = frozenset(
    {"bin", "etc", "include", "lib", "lib64", "man", "share", "src"}
    | {"Include", "Lib", "Scripts"}
)
"""The folders of a virtual environment (PEP 405), as it is made and packages fill it.
Whatever else lies in one is not theirs."""
_VERSIONS: Final = 100
"""How many folders of `lib` are looked at."""


def is_repository(name: str, place: beneath.Place) -> bool:
    """Say whether the folder *place* is what the version control system keeps there.

    Args:
        name: The folder's name, which says which system.
        place: The folder, open.
    """
    if name == ".git":
        return _is(place, "HEAD", stat.S_ISREG) and _is(place, "objects", stat.S_ISDIR)
    if name == ".hg":
        shared = _is(place, "sharedpath", stat.S_ISREG)
        store = shared or _is(place, "store", stat.S_ISDIR)
        return store and _is(place, "requires", stat.S_ISREG)
    return name == ".svn" and _is(place, "wc.db", stat.S_ISREG)


def is_environment(place: beneath.Place) -> bool:
    """Say whether the folder *place* is a virtual environment with packages in it."""
    if not _is(place, VENV_FILE, stat.S_ISREG):
        return False
    if _within(place, "Scripts", "python.exe") and _within(
        place, "Lib", "site-packages"
    ):
        return True
    return _within(place, "bin", "python") and _libraries(place)


def _libraries(place: beneath.Place) -> bool:
    """Say whether a version of Python keeps packages in `lib`."""
    try:
        library = beneath.step(place, "lib")
    except OSError:
        return False
    try:
        with os.scandir(library) as listing:
            names = [each.name for each in itertools.islice(listing, _VERSIONS)]
        return any(_within(library, each, "site-packages") for each in names)
    except OSError:
        return False
    finally:
        beneath.leave(library)


def _within(place: beneath.Place, folder: str, name: str) -> bool:
    """Say whether *folder* holds *name*, be it a link, as the `python` in `bin` is."""
    try:
        inner = beneath.step(place, folder)
    except OSError:
        return False
    try:
        return _mode(inner, name) is not None
    finally:
        beneath.leave(inner)


def _is(place: beneath.Place, name: str, kind: Callable[[int], bool]) -> bool:
    mode = _mode(place, name)
    return mode is not None and kind(mode)


def _mode(place: beneath.Place, name: str) -> int | None:
    """Return the mode of *name* in *place*, no link followed; `None` if it is not."""
    try:
        if isinstance(place, int):
            return os.stat(name, dir_fd=place, follow_symlinks=False).st_mode
        return os.lstat(os.path.join(place, name)).st_mode
    except OSError:
        return None
