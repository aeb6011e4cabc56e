"""Read untrusted YAML into plain values: text, whole numbers, booleans, null.

Of YAML 1.2's core schema only what no two readers take for different things. A plain
scalar that looks like a fraction, a date, an octal or a `yes` stays the text that it
is, so that version `1.10` is not `1.1`.
"""

import re
from collections.abc import Callable
from typing import Any, Final

import yaml

LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's, where there is one: ten times as fast."""
_DEPTH: Final = 100
_SHARED: Final = 100_000
"""How many values aliases may stand for, in all. A few lines can stand for billions."""
_INTEGER: Final = re.compile(r"[-+]?(?:0|[1-9]\d{0,17})", re.ASCII)
_WORDS: Final = {"true": True, "false": False, "null": None, "~": None, "": None}
_CORE: Final = _WORDS | {
    **dict.fromkeys(("True", "TRUE"), True),
    **dict.fromkeys(("False", "FALSE"), False),
    **dict.fromkeys(("Null", "NULL"), None),
}
_MERGE: Final = object()
"""Stands for the key `<<`."""

Table = Callable[[list[tuple[str, Any]], dict[str, str]], dict[str, Any]]
"""Makes an object of its members; those in the second argument have a fault."""


def scalar(event: yaml.ScalarEvent, words: dict[str, bool | None] = _WORDS) -> object:
    """Return what a scalar without a tag says.

    Args:
        event: As the parser has it.
        words: What certain plain words mean.
    """
    text: str = event.value
    if event.style:  # quoted, or a block
        return text
    if text in words:
        return words[text]
    return int(text) if _INTEGER.fullmatch(text) else text


def load_all(text: str, table: Table, *, merging: bool = False) -> list[Any]:
    """Return the documents in *text*.

    An alias is the very value of its anchor; all of them together stand for a bounded
    number of values, and none for a value that it is in.

    Args:
        text: YAML.
        table: Makes an object.
        merging: Whether `<<` puts the members of other objects into its own, for the
            keys that this one does not have itself, as YAML 1.1 has it.

    Raises:
        ValueError: It is not YAML, has tags, merge keys or objects as keys, is nested
            too deeply, or its aliases stand for too much.
    """
    builder = _Builder(table, merging=merging)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            builder.read(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or "a character that may not be there"
        raise ValueError(f"{problem}{_line(mark)}") from error
    return builder.documents


class _Open:
    """A list or an object that is being read."""

    __slots__ = ("anchor", "count", "height", "is_object", "line", "values")

    def __init__(self, event: Any, count: int) -> None:  # noqa: ANN401  (two kinds)
        self.is_object = isinstance(event, yaml.MappingStartEvent)
        self.anchor: str | None = event.anchor
        self.line = _line(event.start_mark)
        self.values: list[Any] = []
        self.count = count
        self.height = 0


class _Builder:
    """Builds values from the parser's events."""

    def __init__(self, table: Table, *, merging: bool) -> None:
        self.documents: list[Any] = []
        self._merging = merging
        self._table = table
        self._open: list[_Open] = []
        self._anchors: dict[str, tuple[Any, int, int]] = {}
        self._count = 0
        self._shared = 0

    def read(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self._read_scalar(event)
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._enter(event)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._leave()
            case yaml.AliasEvent():
                self._repeat(event)
            case yaml.DocumentStartEvent():
                self._anchors.clear()
            case _:
                pass  # the stream and the document end

    def _read_scalar(self, event: yaml.ScalarEvent) -> None:
        if event.tag is not None:
            raise ValueError(f"a tag{_line(event.start_mark)}")
        value = scalar(event, _CORE)
        if value == "<<" and not event.style and self._at_key():
            if not self._merging or event.anchor is not None:
                raise ValueError(f"a merge key, `<<`{_line(event.start_mark)}")
            value = _MERGE
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, 1, 0)
        self._place(value)

    def _at_key(self) -> bool:
        inner = self._open[-1] if self._open else None
        return inner is not None and inner.is_object and len(inner.values) % 2 == 0

    def _enter(self, event: yaml.CollectionStartEvent) -> None:
        if event.tag is not None:
            raise ValueError(f"a tag{_line(event.start_mark)}")
        if self._at_key():
            raise ValueError(f"a key that is no text{_line(event.start_mark)}")
        # From here on the name is this one's, which an alias inside may not mean.
        self._anchors.pop(event.anchor or "", None)
        self._open.append(_Open(event, self._count))
        self._rise(0, event)

    def _leave(self) -> None:
        done = self._open.pop()
        value = self._object(done) if done.is_object else done.values
        if done.anchor is not None:
            size = self._count - done.count + 1
            self._anchors[done.anchor] = (value, size, done.height + 1)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, done.height + 1)
        self._place(value)

    def _repeat(self, event: yaml.AliasEvent) -> None:
        known = self._anchors.get(event.anchor or "")
        if known is None:
            problem = "an alias of nothing, or of what it is in"
            raise ValueError(f"{problem}{_line(event.start_mark)}")
        value, size, height = known
        if height and self._at_key():
            raise ValueError(f"a key that is no text{_line(event.start_mark)}")
        self._count += size - 1
        self._shared += size
        if self._shared > _SHARED:
            problem = f"aliases that stand for more than {_SHARED:,} values"
            raise ValueError(f"{problem}{_line(event.start_mark)}")
        self._rise(height, event)
        if self._open:
            self._open[-1].height = max(self._open[-1].height, height)
        self._place(value)

    def _rise(self, height: int, event: yaml.Event) -> None:
        if len(self._open) + height > _DEPTH:
            raise ValueError(f"more than {_DEPTH} levels{_line(event.start_mark)}")

    def _place(self, value: object) -> None:
        self._count += 1
        (self._open[-1].values if self._open else self.documents).append(value)

    def _object(self, done: _Open) -> dict[str, Any]:
        values, faults = done.values, dict[str, str]()
        if self._merging and _MERGE in values[::2]:
            values, faults = _merged(done)
        keys = values[::2]
        if not all(type(key) is str for key in keys):
            odd = {index for index, key in enumerate(keys) if type(key) is not str}
            for index in odd:
                keys[index] = _written(keys[index])
                faults[keys[index]] = "this key is no text; put it in quotes"
        return self._table(list(zip(keys, values[1::2], strict=True)), faults)


def _merged(done: _Open) -> tuple[list[Any], dict[str, str]]:
    """Return the members of an object with those that `<<` takes from others.

    Of several others, the first that has a key counts. What is wrong with a member
    there is wrong with it here.
    """
    pairs = list(zip(done.values[::2], done.values[1::2], strict=True))
    others = [value for key, value in pairs if key is _MERGE]
    if len(others) > 1:
        raise ValueError(f"two merge keys, `<<`, in one object{done.line}")
    sources = others[0] if isinstance(others[0], list) else others
    if not all(isinstance(each, dict) for each in sources):
        raise ValueError(f"a merge key, `<<`, of what is no object{done.line}")
    own = [pair for pair in pairs if pair[0] is not _MERGE]
    seen = {key for key, _ in own if isinstance(key, str)}
    values, faults = [each for pair in own for each in pair], dict[str, str]()
    for source in sources:
        wrong = getattr(source, "faults", {})
        for key, value in source.items():
            if key not in seen:
                seen.add(key)
                values += (key, value)
                if key in wrong:
                    faults[key] = wrong[key]
    return values, faults


def _written(key: object) -> str:
    """Return how YAML writes a key that is no text."""
    return "null" if key is None else str(key).lower()


def _line(mark: Any) -> str:  # noqa: ANN401  (of either parser, or none)
    return f": line {mark.line + 1}" if mark is not None else ""
