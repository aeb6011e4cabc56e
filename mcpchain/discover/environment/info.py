"""The folder in which the metadata of a distribution lie."""

import os
from dataclasses import dataclass
from pathlib import Path

from mcpchain.tree import File, UnreadableError


@dataclass(frozen=True, slots=True)
class Info:
    """Metadata, and what lies beside them."""

    metadata: File
    """METADATA or PKG-INFO."""
    names: frozenset[str] | None = None
    """What the folder holds; `None`: nobody has looked."""

    @classmethod
    def of(cls, metadata: File, folder: Path) -> "Info":
        """Look into the *folder* of *metadata*, which saves looking for each file."""
        try:
            return cls(metadata, frozenset(os.listdir(folder)))
        except OSError:
            return cls(metadata)

    def beside(self, name: str) -> File | None:
        """Return the file *name* in the folder, if there is one.

        One of which only the name is known may turn out to be none when it is read.
        """
        if self.names is None:
            try:
                return self.metadata.beside(name)
            except UnreadableError:
                return None
        if name not in self.names:
            return None
        folder = self.metadata.path.rpartition("/")[0]
        return File(tree=self.metadata.tree, path=f"{folder}/{name}")
