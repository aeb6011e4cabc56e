"""What a registry's page about one package is asked for, and what it answers."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final
from urllib.parse import urljoin

from mcpchain.address import is_http
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.naming import bare_url
from mcpchain.release import Release

_LARGEST: Final = 1 << 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Want:
    """Which release of a package a component means."""

    version: str | None
    requested: str = ""
    """Where *version* is `None`: a tag, a range, or nothing for the newest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """What one registry says about one want."""

    release: Release | None
    """`None`: it cannot be told which release is meant."""
    problems: tuple[str, ...] = ()
    """What of it could not be read, each with a pointer."""


class Problems:
    """Gathers what could not be read, so that one bad value never loses the rest."""

    def __init__(self) -> None:
        self._found: list[str] = []

    def note(self, error: MalformedError) -> None:
        """Keep what is wrong where."""
        self._found.append(f"{error.pointer}: {error.problem}"[:300])

    def __iter__(self) -> Iterator[str]:
        return iter(self._found)


def instant(node: Node) -> dt.datetime | None:
    """Return the time here, in UTC; `None` where there is nothing.

    Raises:
        MalformedError: It is no ISO 8601 time with an offset.
    """
    text = node.optional_text()
    if text is None:
        return None
    try:
        time = dt.datetime.fromisoformat(text)
        if time.tzinfo is None:
            raise node.malformed(f"`{text[:140]}` names no time zone")
        return time.astimezone(dt.UTC)
    except (ValueError, OverflowError):
        raise node.malformed(f"`{text[:140]}` is not a time") from None


def size(node: Node) -> int | None:
    """Return the number of bytes here; `None` where there is nothing.

    Raises:
        MalformedError: It is no size that a file can have.
    """
    if not node.exists:
        return None
    number = node.integer()
    if not 0 <= number <= _LARGEST:
        raise node.malformed(f"`{str(number)[:40]}` is not the size of a file")
    return number


def link(node: Node, base: str) -> str:
    """Return the address here, absolute, without user name, password and query.

    Raises:
        MalformedError: It is not an HTTP address.
    """
    text = node.text()
    try:
        absolute = bare_url(urljoin(base, text))
    except ValueError:
        absolute = ""
    if not is_http(absolute):
        raise node.malformed(f"`{bare_url(text)[:140]}` is not an HTTP address")
    return absolute
