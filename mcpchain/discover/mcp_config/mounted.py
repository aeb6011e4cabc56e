"""A folder whose files go by another name, so that nobody learns where it lies."""

import os
from io import BufferedReader
from pathlib import Path

from mcpchain.tree import File, Tree, UnreadableError


class Mounted(Tree):
    """A tree whose paths begin with a name of their own: `~/.cursor/mcp.json`.

    Args:
        root: The folder.
        name: What stands in its place, such as `~`.
    """

    def __init__(self, root: Path, name: str) -> None:
        super().__init__(root)
        self._name = f"{name}/"

    def file(self, path: str) -> File:
        """Return the file at *path*, which begins with the name of the tree.

        Raises:
            UnreadableError: It does not lie inside, or is no regular file.
        """
        try:
            inner = super().file(path.removeprefix(self._name))
        except UnreadableError as error:
            raise UnreadableError(
                self._name + error.path, error.reason, error.state, hint=error.hint
            ) from error.__cause__
        return File(tree=self, path=self._name + inner.path, head=inner.head)

    def open(self, path: str) -> BufferedReader:
        """Open a regular file inside the tree; `OSError` if it is anything else."""
        return super().open(path.removeprefix(self._name))


def below(root: Path, folder: str) -> str | None:
    """Return the real place of *folder* in *root*, unless a link leads out of it."""
    home = os.path.realpath(root)
    real = os.path.realpath(os.path.join(home, folder))
    inside = real == home or real.startswith(os.path.join(home, ""))
    return real if inside else None
