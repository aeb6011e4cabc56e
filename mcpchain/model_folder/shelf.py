"""Read the documents of a tree again, once each, and keep what could not be read."""

import re
from collections.abc import Iterable
from typing import Final

from mcpchain.component import Location
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import Tree, UnreadableError

_CONSTANT: Final = re.compile(
    rb'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?\b(?:Infinity|NaN)\b', re.DOTALL
)
_SHOWN: Final = 140


class Shelf:
    """The documents of one folder.

    Args:
        tree: Where they are.
        name: Of the root of the tree.
        ref: The model that they are about, for gaps.
    """

    def __init__(self, tree: Tree, name: str, ref: str | None = None) -> None:
        self.tree = tree
        self.name = name
        self.ref = ref
        self.found = Collector("")

    def data(self, path: str, limit: int | None = None) -> bytes | None:
        """Return the content of a file; `None`, and a gap, if it cannot be read."""
        try:
            file = self.tree.file(path)
            return file.read() if limit is None else file.read(limit)
        except UnreadableError as error:
            self.found.gap(error.gap())
            return None

    def json(self, path: str) -> Node | None:
        """Return the object in a file; `None`, and a gap, if there is none.

        Python's own JSON has numbers that JSON has not, and writes them into
        configurations: they count as nothing here.
        """
        data = self.data(path)
        if data is None:
            return None
        with self.found.entry():
            try:
                node = Node.from_json(data, source=path)
            except MalformedError as error:
                if "is no JSON number" not in error.problem:
                    raise
                plain = _CONSTANT.sub(_finite, data)
                node = Node.from_json(plain, source=path)
            if not node.is_object():
                raise node.unexpected("an object")
            return node
        return None

    def exists(self, path: str) -> bool:
        """Say whether there is a file at *path* that can be opened."""
        try:
            self.tree.file(path)
        except UnreadableError:
            return False
        return True

    def gap(
        self, location: Location, reason: str, state: State, hint: str = ""
    ) -> None:
        """Keep what is wrong at *location*."""
        self.found.gap(
            Gap(
                stage="discover",
                location=location,
                reason=reason,
                state=state,
                hint=hint,
                ref=self.ref,
            )
        )

    def gaps(self) -> Iterable[Gap]:
        """Return the gaps, each about the model."""
        for each in self.found.inventory().gaps:
            yield (
                each
                if each.ref
                else Gap(
                    stage=each.stage,
                    location=each.location,
                    reason=each.reason,
                    state=each.state,
                    hint=each.hint,
                    ref=self.ref,
                )
            )


def _finite(match: re.Match[bytes]) -> bytes:
    return match[0] if match[0].startswith(b'"') else b"null"


def shown(text: str) -> str:
    """Return *text* as far as it is kept."""
    return text[:_SHOWN]
