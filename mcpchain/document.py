"""Read untrusted JSON, JSONC, TOML and YAML without trusting their shape.

Every reader here either returns a value of the promised type or raises
`MalformedError` with the pointer of the value that broke the promise.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Self

from mcpchain.errors import MalformedError

_MISSING: Final = object()
_TWICE: Final = "this key appears twice in one object"
_HALF: Final = "half a character (a lone surrogate), which no text can hold"
_SECRET: Final = re.compile(
    r"(//|%2F%2F)(?:[^/?#\s]*@|(?:(?!%2F)[^/?#\s])*%40)|\?[^#\s]*", re.IGNORECASE
)
_KEY: Final = 140
"""How many characters of a key are kept in a pointer."""


class _Faulty(dict[str, Any]):
    """An object with keys on which two parsers may disagree, and what is wrong."""

    faults: Mapping[str, str] = MappingProxyType({})


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
        return cls._json(decode(data, source=source), str, source=source)

    @classmethod
    def from_jsonc(cls, data: bytes, *, source: str) -> Self:
        """Parse *data* as JSON with comments and trailing commas.

        Raises:
            MalformedError: *data* is not that.
        """
        return cls._json(decode(data, source=source), _plain_json, source=source)

    @classmethod
    def from_toml(cls, data: bytes, *, source: str) -> Self:
        """Parse *data* as TOML 1.0.

        Raises:
            MalformedError: *data* is not TOML.
        """
        import tomllib

        text = decode(data, source=source)
        if _has_long_key(text):
            problem = f"not TOML that we read: a key of more than {_PARTS} parts"
            raise MalformedError(problem, source=source)
        try:
            value = tomllib.loads(text)
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"not TOML: {_why(error)}", source=source) from error
        return cls(value=value, source=source)

    @classmethod
    def from_yaml(cls, data: bytes, *, source: str, merging: bool = False) -> Self:
        """Parse *data* as one YAML document; a file of nothing is null.

        Plain scalars are booleans, null, whole numbers, or text: `1.10`, `2030-01-01`
        and `yes` are text.

        Args:
            data: The file.
            source: What to call it.
            merging: Whether `<<` merges, as the programs do that read this file.

        Raises:
            MalformedError: *data* is not that, or has what `plain_yaml` refuses.
        """
        nodes = cls.all_from_yaml(data, source=source, merging=merging)
        if len(nodes) > 1:
            raise MalformedError(
                "not YAML that we read: several documents", source=source
            )
        return nodes[0] if nodes else cls(value=None, source=source)

    @classmethod
    def all_from_yaml(
        cls, data: bytes, *, source: str, merging: bool = False
    ) -> tuple[Self, ...]:
        """Parse *data* as YAML documents, and fail as `from_yaml` does."""
        from mcpchain.plain_yaml import load_all

        try:
            values = load_all(decode(data, source=source), _table, merging=merging)
        except ValueError as error:
            problem = f"not YAML that we read: {_why(error)}"
            raise MalformedError(problem, source=source) from error
        return tuple(cls(value=each, source=source) for each in values)

    @classmethod
    def _json(cls, text: str, plain: Callable[[str], str], *, source: str) -> Self:
        try:
            value = json.loads(
                plain(text), object_pairs_hook=_table, parse_constant=_constant
            )
        except (ValueError, RecursionError) as error:
            raise MalformedError(f"not JSON: {_why(error)}", source=source) from error
        return cls(value=value, source=source)

    def __contains__(self, key: str) -> bool:
        return isinstance(self.value, dict) and key in self.value

    @property
    def exists(self) -> bool:
        """Whether the document has a value here; `null` counts as none.

        A value that cannot be relied upon is one, so that reading it says so.
        """
        return bool(self.problem) or not (self.value is _MISSING or self.value is None)

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
        if not _is_whole(self.value):
            raise self.malformed(_HALF)
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
        faults = self.value.faults if isinstance(self.value, _Faulty) else {}
        problem = faults.get(key, "")
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


def without_secrets(key: str) -> str:
    """Take user name, password and query from the addresses in *key*."""
    return _SECRET.sub(r"\1", key) if "//" in key or "%2" in key else key


def join(pointer: str, key: str) -> str:
    """Extend a JSON pointer (RFC 6901) by one step; a very long key is cut."""
    key = without_secrets(key)
    key = key if len(key) <= _KEY else f"{key[:_KEY]}…"
    return f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}"


def _table(
    pairs: list[tuple[str, Any]], known: Mapping[str, str] = MappingProxyType({})
) -> dict[str, Any]:
    """Make an object of its members; of those in *known* it is told what is wrong."""
    table = dict(pairs)
    if len(table) == len(pairs) and not known and _is_whole("".join(table)):
        return table
    faulty = _Faulty()
    faults: dict[str, str] = dict(known)
    for key, value in pairs:
        whole = key.encode("utf-8", "backslashreplace").decode()
        if whole != key:
            faults[whole] = _HALF
        elif whole in faulty:
            faults[whole] = _TWICE
        faulty[whole] = value
    faulty.faults = faults
    return faulty


def _is_whole(text: str) -> bool:
    """Say whether *text* can be written as UTF-8, which half a character cannot."""
    if text.isascii():
        return True
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _constant(name: str) -> float:
    raise ValueError(f"`{name}` is no JSON number")


_BLANK: Final = r"(?:\s|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)*+"
_JSONC: Final = re.compile(
    rf"""
      (?P<text>"[^"\\]*+(?:\\.[^"\\]*+)*+")   # nothing inside a string is a comment
    | (?P<comment>//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)
    | (?P<hole>[\[{{,](?={_BLANK},))            # `[,` is an error, and not `[`
    | (?P<comma>,(?={_BLANK}[}}\]]))
    | (?P<endless>"|/\*)
    """,
    re.VERBOSE | re.DOTALL,
)


def _plain_json(text: str) -> str:
    """Blank out comments and trailing commas; linear in the length of *text*.

    Line breaks stay, so that an error names the right line.

    Raises:
        ValueError: A string or comment never ends, or a comma has nothing before it.
    """
    return _JSONC.sub(_blank, text)


def _blank(match: re.Match[str]) -> str:
    kind = match.lastgroup
    if kind == "text":
        return match[0]
    if kind in {"comment", "comma"}:
        return re.sub(r"[^\r\n]", " ", match[0])
    line = match.string.count("\n", 0, match.start()) + 1
    what = "a comma without a value" if kind == "hole" else f"an endless `{match[0]}`"
    raise ValueError(f"{what}: line {line}")


_PARTS: Final = 64
_TOML: Final = re.compile(
    rf"""
      (?P<long>(?:
        (?: [\w-]++ | "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+" | '[^'\n]*+' ) [ \t]*+\.[ \t]*+
      ){{{_PARTS}}})
    | [\w-]++
    | \#[^\n]*+
    | \"""[^"\\]*+(?:(?:\\.|"(?!""))[^"\\]*+)*+\"""
    | \'\'\'[^']*+(?:'(?!'')[^']*+)*+\'\'\'
    | "[^"\\\n]*+(?:\\.[^"\\\n]*+)*+"
    | '[^'\n]*+'
    """,
    re.VERBOSE | re.DOTALL,
)
"""Finds a key of many parts, and passes whatever else a dot may stand in."""


def _has_long_key(text: str) -> bool:
    """Say whether tomllib would take too long: its time grows as the parts squared."""
    if all(line.count(".") < _PARTS for line in text.splitlines()):
        return False
    return any(match.lastgroup == "long" for match in _TOML.finditer(text))


def _why(error: Exception) -> str:
    return str(error)[:140] if isinstance(error, ValueError) else "nested too deeply"


def _kind(value: object) -> str:
    if value is _MISSING:
        return "nothing"
    if value is None:
        return "null"
    for known, name in _KINDS:
        if isinstance(value, known):
            return name
    return "a date or time"


_KINDS: Final[tuple[tuple[type, str], ...]] = (
    (dict, "an object"),
    (list, "a list"),
    (str, "a string"),
    (bool, "a boolean"),
    (int, "a number"),
    (float, "a number"),
)
