"""Files and folders that other files name: a wheel in a list, a package of a workspace.

The name is the word of whoever wrote that list. It means something only inside the
examined tree, and a digest beside it is only believed of the bytes that are there.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from typing import Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.tree import File, Tree
from mcpchain.tree.hashing import digest
from mcpchain.tree.unreadable import UnreadableError, guarded

_LIMIT: Final = 1_000
_ABSOLUTE: Final = re.compile(r"[/\\~]|[A-Za-z]:")
_OUTSIDE: Final = "lies outside the examined folder"


class Named:
    """What one list names, each file hashed once.

    Args:
        tree: Where the list is.
        limit: How many names are followed.
    """

    def __init__(self, tree: Tree, *, limit: int = _LIMIT) -> None:
        self._tree = tree
        self._limit = limit
        self._left = limit
        self._digests: dict[tuple[tuple[int, int], Algorithm], Digest] = {}

    def artifact(
        self, path: str, bases: Iterable[str], pinned: Collection[Digest] = ()
    ) -> Artifact:
        """Return the file *path*, with the digests of its bytes.

        Args:
            path: As the list has it.
            bases: The folders from which it may be meant, relative to the root.
            pinned: Digests of which it must have one, if there are any.

        Raises:
            ValueError: There is no such file in the tree, or more than one, or it has
                none of the digests. The message goes on after its name.
        """
        files = self._files(path, bases)
        try:
            found = {each.identity(): each for each in reversed(files)}
            if len(found) > 1:
                raise ValueError("may mean several files, as it depends on the folder")
            ((identity, file),) = found.items()
            kinds = {Algorithm.SHA256, *(each.algorithm for each in pinned)}
            digests = [self._digest(file, identity, a) for a in Algorithm if a in kinds]
        except UnreadableError as error:
            raise ValueError(error.reason) from None
        if pinned and not set(digests) & set(pinned):
            raise ValueError("has other bytes than its digest says")
        return Artifact(name=file.path, digests=tuple(digests))

    def folder(self, path: str, bases: Iterable[str], marks: Sequence[str]) -> None:
        """Make sure that the folder *path* is in the tree.

        Args:
            path: As the list has it.
            bases: The folders from which it may be meant, relative to the root.
            marks: Files of which a folder of this kind holds one.

        Raises:
            ValueError: It is not. The message goes on after its name.
        """
        if _ABSOLUTE.match(path):
            raise ValueError(_OUTSIDE)
        inner = [f"{path or '.'}/{mark}" for mark in marks]
        places = [*bases]
        problem = ""
        for each in inner:
            try:
                self._files(each, places)
            except ValueError as error:
                problem = problem or str(error)
            else:
                return
        raise ValueError(f"is no folder with `{'` or `'.join(marks)}`: {problem}")

    def _files(self, path: str, bases: Iterable[str]) -> list[File]:
        if _ABSOLUTE.match(path):
            raise ValueError(_OUTSIDE)
        found: list[File] = []
        problem = ""
        for base in bases:
            self._left -= 1
            if self._left < 0:
                raise ValueError(f"is one more than the {self._limit:,} that are read")
            try:
                found.append(
                    File(tree=self._tree, path=f"{base or '.'}/x").beside(path)
                )
            except UnreadableError as error:
                problem = problem or error.reason
        if not found:
            raise ValueError(problem)
        return found

    def _digest(
        self, file: File, identity: tuple[int, int], algorithm: Algorithm
    ) -> Digest:
        key = (identity, algorithm)
        if key not in self._digests:
            with file.open() as stream:
                self._digests[key] = guarded(
                    file.path, lambda: digest(stream, file.path, algorithm)
                )
        return self._digests[key]


def folders(path: str) -> list[str]:
    """Return the folder of the file *path* and those around it, nearest first."""
    parts = path.split("/")[:-1]
    return ["/".join(parts[:end]) for end in range(len(parts), -1, -1)]
