"""Read untrusted JSON, JSONC and TOML without trusting their shape.

Every reader here either returns a value of the promised type or raises
`MalformedError` with the pointer of the value that broke the promise.
"""

import json
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self

from mcpchain.errors import MalformedError

_MISSING: Final = object()


class _Duplicated(dict[str, Any]):
    """An object in which keys appear twice: two parsers may keep different ones."""

    twice: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A value from an untrusted document, and where in the document it sits."""

    value: Any
    source: str
    pointer: str = ""
    problem: str = ""
    """Why the value cannot be relied upon, whatever it is."""

    @classmethod
    def from_json(cls, data: bytes, *, source: str) -> Self:
        """Parse *data* as JSON (RFC 8259, UTF-8).

        Raises:
            MalformedError: *data* is not JSON.
        """
        return cls._json(decode(data, source=source), source=source)

    @classmethod
    def from_jsonc(cls, data: bytes, *, source: str) -> Self:
        """Parse *data* as JSON with comments and trailing commas.

        Raises:
            MalformedError: *data* is not that.
        """
        return cls._json(_plain_json(decode(data, source=source)), source=source)

    @classmethod
    def from_toml(cls, data: bytes, *, source: str) -> Self:
        """Parse *data* as TOML 1.0.

        Raises:
            MalformedError: *data* is not TOML.
        """
        text = decode(data, source=source)
        try:
            value = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"not TOML: {_why(error)}", source=source) from error
        return cls(value=value, source=source)

    @classmethod
    def _json(cls, text: str, *, source: str) -> Self:
        try:
            value = json.loads(text, object_pairs_hook=_table)
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"not JSON: {_why(error)}", source=source) from error
        return cls(value=value, source=source)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    @property
    def exists(self) -> bool:
        """Whether the document has a value here; `null` counts as none."""
        return self.value is not _MISSING and self.value is not None

    def at(self, key: str) -> Self:
        """Return the member *key* of this object, which may not exist.

        Raises:
            MalformedError: This is not an object, or *key* is in it twice.
        """
        return self._child(key, self._object().get(key, _MISSING))

    def items(self) -> Iterator[tuple[str, Self]]:
        """Yield the members of this object; none if it does not exist.

        A key that appears twice is yielded once, and reading its value raises.

        Raises:
            MalformedError: This is something else than an object.
        """
        if not self.exists:
            return
        for key, value in self._object().items():
            yield key, self._child(key, value)

    def elements(self) -> Iterator[Self]:
        """Yield the elements of this list; none if it does not exist.

        Raises:
            MalformedError: This is something else than a list.
        """
        if not self.exists:
            return
        self._sound()
        if not isinstance(self.value, list):
            raise self.unexpected("a list")
        for index, value in enumerate(self.value):
            yield self._make(value, f"{self.pointer}/{index}")

    def text(self) -> str:
        """Return the string here.

        Raises:
            MalformedError: There is none.
        """
        self._sound()
        if not isinstance(self.value, str):
            raise self.unexpected("a string")
        return self.value

    def optional_text(self) -> str | None:
        """Return the string here, or `None` where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        return self.text() if self.exists else None

    def texts(self) -> tuple[str, ...]:
        """Return the list of strings here; empty where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        return tuple(each.text() for each in self.elements())

    def integer(self) -> int:
        """Return the whole number here.

        Raises:
            MalformedError: There is none.
        """
        self._sound()
        if not isinstance(self.value, int) or isinstance(self.value, bool):
            raise self.unexpected("a whole number")
        return self.value

    def flag(self) -> bool:
        """Return the boolean here; false where there is nothing.

        Raises:
            MalformedError: There is something else.
        """
        self._sound()
        if self.exists and not isinstance(self.value, bool):
            raise self.unexpected("true or false")
        return self.value is True

    def is_object(self) -> bool:
        """Say whether this is an object (a table)."""
        return isinstance(self.value, dict)

    def is_list(self) -> bool:
        """Say whether this is a list (an array)."""
        return isinstance(self.value, list)

    def is_text(self) -> bool:
        """Say whether this is a string."""
        return isinstance(self.value, str)

    def unexpected(self, expected: str) -> MalformedError:
        """Make the error that says what should be here and what is."""
        return self.malformed(f"expected {expected}, got {_kind(self.value)}")

    def malformed(self, problem: str) -> MalformedError:
        """Make the error that says what is wrong with the value here."""
        return MalformedError(problem, source=self.source, pointer=self.pointer)

    def _object(self) -> dict[str, Any]:
        self._sound()
        if not isinstance(self.value, dict):
            raise self.unexpected("an object")
        return self.value

    def _sound(self) -> None:
        if self.problem:
            raise self.malformed(self.problem)

    def _child(self, key: str, value: object) -> Self:
        twice = isinstance(self.value, _Duplicated) and key in self.value.twice
        problem = "this key appears twice in one object" if twice else ""
        return self._make(value, join(self.pointer, key), problem)

    def _make(self, value: object, pointer: str, problem: str = "") -> Self:
        return type(self)(
            value=value, source=self.source, pointer=pointer, problem=problem
        )


def decode(data: bytes, *, source: str) -> str:
    """Decode *data* as UTF-8, with or without a byte order mark.

    Raises:
        MalformedError: It is something else, named where that can be told.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        wide = data.startswith((b"\xff\xfe", b"\xfe\xff"))
        problem = "UTF-16" if wide else f"invalid at byte {error.start}"
        raise MalformedError(
            f"not UTF-8 text ({problem}); save it as UTF-8", source=source
        ) from error


def join(pointer: str, key: str) -> str:
    """Extend a JSON pointer (RFC 6901) by one step."""
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def _table(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    table = dict(pairs)
    if len(table) == len(pairs):
        return table
    counts = Counter(key for key, _ in pairs)
    duplicated = _Duplicated(table)
    duplicated.twice = frozenset(key for key, count in counts.items() if count > 1)
    return duplicated


_JSONC = re.compile(
    r"""
      (?P<string>"(?:[^"\\]|\\.)*+")   # nothing inside a string is a comment
    | (?P<line>//[^\r\n]*+)
    | (?P<block>/\*)
    | (?P<comma>,)
    | (?P<close>[}\]])
    | (?P<quote>")                      # a string that never ends
    | (?P<other>[^\s"/,}\]]++|/)
    """,
    re.VERBOSE | re.DOTALL,
)


def _plain_json(text: str) -> str:
    """Blank out comments and trailing commas; linear in the length of *text*.

    Line breaks stay, so that an error names the right line.
    """
    spans: list[tuple[int, int]] = []
    comma: int | None = None
    at = 0
    while match := _JSONC.search(text, at):
        kind, start, at = match.lastgroup, match.start(), match.end()
        if kind == "quote":
            break
        if kind == "block":
            end = text.find("*/", at)
            at = len(text) if end < 0 else end + 2
        if kind in {"line", "block"}:
            spans.append((start, at))
            continue
        if kind == "close" and comma is not None:
            spans.append((comma, comma + 1))
        comma = start if kind == "comma" else None
    out: list[str] = []
    kept = 0
    for start, end in sorted(spans):
        out += text[kept:start], re.sub(r"[^\r\n]", " ", text[start:end])
        kept = end
    return "".join([*out, text[kept:]])


def _why(error: Exception) -> str:
    return "nested too deeply" if isinstance(error, RecursionError) else str(error)


def _kind(value: object) -> str:
    if value is _MISSING:
        return "nothing"
    if value is None:
        return "null"
    names = {dict: "an object", list: "a list", str: "a string", bool: "a boolean"}
    return names.get(
        type(value), "an object" if isinstance(value, dict) else "a number"
    )
