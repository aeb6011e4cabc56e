"""The root of a tree: every path in it is opened here, and none outside it."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mcpchain.tree import beneath
from mcpchain.tree.paths import raw

DEPTH_LIMIT: Final = 100
"""How many folders inside one another are entered."""
HEAD: Final = 64
"""How many bytes are read of every file to recognise it by content."""


class Root:
    """A folder, and what lies in it.

    Args:
        path: The folder, which may be a link.
        at: Whether to go down by descriptor; nothing else is safe where it can be done.
    """

    def __init__(self, path: Path, *, at: bool = beneath.AT) -> None:
        self.path = os.path.realpath(path)
        self.at = at

    def enter(self, names: Sequence[str] = ()) -> beneath.Place:
        """Open the folder that *names* lead to; `OSError` if a link is on the way."""
        return beneath.descend(self.path, names, at=self.at)

    def descriptor(self, path: str) -> int:
        """Open the regular file at *path*, following links that stay inside.

        Args:
            path: As `File.path` has it.

        Raises:
            OSError: It lies outside, is no regular file, or the system refuses.
        """
        names = raw(path).split("/")
        try:
            return self._open(names)
        except OSError as error:
            if error.errno not in beneath.LINKED:
                raise
            resolved = self.resolve(path)
            if resolved in (names, []):
                raise
        return self._open(resolved)

    def head(self, path: str) -> bytes:
        """Return the first bytes of the file at *path*; `OSError` as above."""
        return head(self.descriptor(path))

    def resolve(self, path: str) -> list[str]:
        """Return the names that lead to *path*, all links followed.

        Raises:
            OSError: They lead outside.
        """
        target = self.real(path)
        if target == self.path:
            return []
        inside = os.path.join(self.path, "")
        if not target.startswith(inside):
            raise PermissionError("it leads out of the examined folder")
        return target[len(inside) :].split(os.sep)

    def real(self, path: str) -> str:
        """Return the whole path of *path*, all links followed, wherever it lies."""
        full = os.path.join(self.path, raw(path))
        if "\0" in full:
            raise FileNotFoundError("no file can have this name")
        return os.path.realpath(full)

    def _open(self, names: Sequence[str]) -> int:
        place = self.enter(names[:-1])
        try:
            return beneath.open_file(place, names[-1])
        finally:
            beneath.leave(place)


def head(descriptor: int) -> bytes:
    """Read the first bytes of an open file, and close it."""
    try:
        return os.read(descriptor, HEAD)
    finally:
        os.close(descriptor)
