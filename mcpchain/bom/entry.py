"""One object of an untrusted BOM.

A leaner `document.Node`, since a BOM has hundreds of thousands of values: it knows the
keys of one object and makes a pointer only for what is wrong.
"""

import json
from collections.abc import Iterator
from typing import Any

from mcpchain.document import Node, join
from mcpchain.errors import MalformedError


class Entry:
    """A JSON object, and where in the document it sits.

    Args:
        value: What should be an object.

    Raises:
        MalformedError: *value* is none, or a key appears in it twice: two readers
            may then see two different things.
    """

    __slots__ = ("_value", "pointer", "source")

    def __init__(self, value: object, source: str, pointer: str) -> None:
        # Exactly `dict`: `document` makes another type of one that repeats a key.
        if type(value) is not dict:
            if isinstance(value, dict):
                raise MalformedError(
                    "a key appears twice in this object", source=source, pointer=pointer
                )
            node = Node(value=value, source=source, pointer=pointer)
            raise node.unexpected("an object")
        self._value: dict[str, Any] = value
        self.source = source
        self.pointer = pointer

    @classmethod
    def from_text(cls, text: str, holder: "Entry") -> "Entry":
        """Read the JSON object that a text inside *holder* spells out.

        Raises:
            MalformedError: It is none.
        """
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            raise holder.malformed(f"`{text[:140]}` is not JSON") from None
        return cls(value, holder.source, holder.pointer)

    def __contains__(self, key: str) -> bool:
        return self._value.get(key) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._value)

    def raw(self) -> dict[str, Any]:
        """Return the object itself, not to be changed."""
        return self._value

    def text(self, key: str) -> str | None:
        """Return the string under *key*; `None` where there is nothing or `null`.

        Raises:
            MalformedError: There is something else.
        """
        value = self._value.get(key)
        if value is None or isinstance(value, str):
            return value
        raise self._unexpected(key, "a string")

    def required(self, key: str) -> str:
        """Return the string under *key*.

        Raises:
            MalformedError: There is none.
        """
        value = self.text(key)
        if value is None:
            raise self.malformed(f"`{key}` is missing")
        return value

    def integer(self, key: str) -> int | None:
        """Return the whole number under *key*; `None` where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        value = self._value.get(key)
        if value is None or type(value) is int:
            return value
        raise self._unexpected(key, "a whole number")

    def entry(self, key: str) -> "Entry | None":
        """Return the object under *key*; `None` where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        value = self._value.get(key)
        if value is None:
            return None
        return Entry(value, self.source, join(self.pointer, key))

    def items(self, key: str) -> list[Any]:
        """Return the list under *key* as it is; empty where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        value = self._value.get(key)
        if value is None:
            return []
        if isinstance(value, list):
            return value
        raise self._unexpected(key, "a list")

    def entries(self, key: str) -> Iterator["Entry"]:
        """Yield the objects in the list under *key*; none where there is nothing.

        Raises:
            MalformedError: There is something else, or one of them is no object.
        """
        for index, value in enumerate(self.items(key)):
            yield Entry(value, self.source, f"{self.pointer}/{key}/{index}")

    def texts(self, key: str) -> list[str]:
        """Return the list of strings under *key*; empty where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        items = self.items(key)
        if all(isinstance(each, str) for each in items):
            return items
        raise self._unexpected(key, "a list of strings")

    def malformed(self, problem: str) -> MalformedError:
        """Make the error that says what is wrong with this object."""
        return MalformedError(problem, source=self.source, pointer=self.pointer)

    def _unexpected(self, key: str, expected: str) -> MalformedError:
        pointer = join(self.pointer, key)
        value = self._value[key]
        return Node(value=value, source=self.source, pointer=pointer).unexpected(
            expected
        )
