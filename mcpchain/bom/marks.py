"""The properties of ours on one object of a BOM, as they are written and read."""

import enum
import json
import re
from typing import Any, Final, TypeVar

from mcpchain.bom import properties
from mcpchain.bom.entry import Entry

UNNAMED: Final = "(unnamed)"
"""Stands where CycloneDX wants a name and there is none; a property says so."""

_ENCODE: Final = json.JSONEncoder(ensure_ascii=False).encode
_NUMBER: Final = re.compile("-?[0-9]{1,400}")
_E = TypeVar("_E", bound=enum.Enum)


def property_entry(name: str, value: str) -> dict[str, Any]:
    """Return one property."""
    return {"name": name, "value": value}


def compact(value: object) -> str:
    """Return *value* as JSON text for a property."""
    return _ENCODE(value)


class Properties:
    """The properties of one object whose names are ours.

    Raises:
        MalformedError: A property is no pair of strings.
    """

    def __init__(self, entry: Entry) -> None:
        self._entry = entry
        self._values: dict[str, list[str]] = {}
        for each in entry.entries("properties"):
            name = each.required("name")
            if name.startswith(properties.PREFIX):
                self._values.setdefault(name, []).append(each.text("value") or "")

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def __bool__(self) -> bool:
        return bool(self._values)

    def one(self, name: str) -> str | None:
        """Return the value of the only property *name*.

        Raises:
            MalformedError: There are several.
        """
        values = self._values.get(name)
        if values is None:
            return None
        if len(values) > 1:
            raise self._entry.malformed(f"`{name}` is given {len(values)} times")
        return values[0]

    def many(self, name: str) -> tuple[str, ...]:
        """Return the values of every property *name*, in their order."""
        return tuple(self._values.get(name, ()))

    def true(self, name: str) -> bool:
        """Say whether *name* is `true`, which is all that it may be.

        Raises:
            MalformedError: It is something else.
        """
        value = self.one(name)
        if value not in {None, "true"}:
            raise self._entry.malformed(f"`{name}` is `{value[:40]}`")
        return value is not None

    def number(self, name: str) -> int | None:
        """Return the whole number that *name* spells out.

        Raises:
            MalformedError: It spells something else.
        """
        value = self.one(name)
        if value is None:
            return None
        if not _NUMBER.fullmatch(value):
            raise self._entry.malformed(f"`{name}` is no whole number")
        return int(value)


def member(kind: type[_E], value: str, entry: Entry) -> _E:
    """Return the member of *kind* that *value* names.

    Raises:
        MalformedError: It names none.
    """
    try:
        return kind(value)
    except ValueError:
        raise entry.malformed(
            f"`{value[:40]}` is no {kind.__name__.lower()} that is known here"
        ) from None
