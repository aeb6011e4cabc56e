"""Read YAML in which everything means what it looks like.

YAML lets a file say one thing to its reader and another to a program: a key given
twice, an anchor that changes a distant place, a tag that makes an object, `NO` that is
a boolean, `1.10` that is a number. For a file that decides what may be deployed, only
the plain part is accepted, and every value keeps its line.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Self

import yaml

from mcpchain.document import Node, decode, join
from mcpchain.errors import MalformedError
from mcpchain.plain_yaml import LOADER, scalar

LIMIT: Final = 1 << 20
"""How many bytes such a file may have."""
_DEPTH: Final = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class YamlNode(Node):
    """A value from a YAML file, which knows its line."""

    lines: Mapping[str, int] = field(default_factory=dict, repr=False)
    """The line of each value in the file, by its pointer."""

    @property
    def line(self) -> int:
        """The line on which the value, or the nearest value around it, begins."""
        pointer = self.pointer
        while pointer and pointer not in self.lines:
            pointer = pointer.rpartition("/")[0]
        return self.lines.get(pointer, 1)

    def unexpected(self, expected: str) -> MalformedError:
        """Make the error that says what should be here and what is."""
        if self.exists or self.problem or not self.pointer:
            return Node.unexpected(self, expected)  # slots take `super` away
        return self.malformed(f"is missing; expected {expected}")

    def malformed(self, problem: str) -> MalformedError:
        """Make the error that says what is wrong with the value here."""
        # The line tells which of several; their numbers would count from zero.
        steps = [each for each in self.pointer.split("/")[1:] if not each.isdigit()]
        name = f"`{'.'.join(steps)}`: " if steps else ""
        return _malformed(f"{name}{problem}", self.source, self.line)

    def _make(self, value: object, pointer: str, problem: str = "") -> Self:
        return type(self)(
            value=value,
            source=self.source,
            pointer=pointer,
            problem=problem,
            lines=self.lines,
        )


def load(data: bytes, *, source: str) -> YamlNode:
    """Parse *data* as one YAML document of mappings, lists and scalars.

    A plain scalar is a boolean (`true`, `false`), null, a whole number, or else a
    string; a quoted one is a string.

    Raises:
        MalformedError: It is not YAML, or uses duplicate keys, anchors, aliases, tags,
            merge keys, several documents, or more than 32 levels.
    """
    if len(data) > LIMIT:
        raise _malformed(f"larger than {LIMIT:,} bytes", source, 1)
    reader = _Reader(source)
    text = decode(data, source=source)
    try:
        for event in yaml.parse(text, Loader=LOADER):
            reader.read(event)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        problem = getattr(error, "problem", None) or str(error)
        line = mark.line + 1 if mark else 1
        raise _malformed(f"not YAML: {problem}", source, line) from error
    return YamlNode(value=reader.value, source=source, lines=reader.lines)


class _Reader:
    """Builds plain values from the parser's events."""

    def __init__(self, source: str) -> None:
        self.value: Any = None
        self.lines: dict[str, int] = {}
        self._source = source
        self._documents = 0
        self._open: list[_Collection] = []

    def read(self, event: yaml.Event) -> None:
        line = event.start_mark.line + 1 if event.start_mark else 1
        match event:
            case yaml.DocumentStartEvent():
                self._documents += 1
                if self._documents > 1:
                    raise _malformed("a second document", self._source, line)
            case yaml.AliasEvent():
                raise _malformed(f"an alias, `*{event.anchor}`", self._source, line)
            case yaml.ScalarEvent():
                self._refuse_magic(event, line)
                self._place(scalar(event), line, is_text=_is_text(event))
            case yaml.MappingStartEvent() | yaml.SequenceStartEvent():
                self._refuse_magic(event, line)
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                value: Any = {} if is_mapping else []
                pointer = self._place(value, line, is_text=False)
                self._open.append(_Collection(value, pointer))
                if len(self._open) > _DEPTH:
                    raise _malformed(f"more than {_DEPTH} levels", self._source, line)
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self._open.pop()
            case _:
                pass  # the stream and the document begin and end

    def _refuse_magic(
        self, event: "yaml.ScalarEvent | yaml.CollectionStartEvent", line: int
    ) -> None:
        if event.anchor is not None:
            raise _malformed(f"an anchor, `&{event.anchor}`", self._source, line)
        if event.tag is not None:
            raise _malformed(f"a tag, `{event.tag}`", self._source, line)

    def _place(self, value: object, line: int, *, is_text: bool) -> str:
        """Put *value* where the open collection expects it; return its pointer."""
        if not self._open:
            self.value = value
            self.lines[""] = line
            return ""
        parent = self._open[-1]
        if isinstance(parent.value, list):
            pointer = f"{parent.pointer}/{len(parent.value)}"
            parent.value.append(value)
        elif parent.key is None:
            if not is_text or not isinstance(value, str):
                raise _malformed("a key that is no string", self._source, line)
            if value == "<<":
                raise _malformed("a merge key, `<<`", self._source, line)
            if value in parent.value:
                raise _malformed(f"the key `{value}` twice", self._source, line)
            parent.key = value
            return parent.pointer
        else:
            pointer = join(parent.pointer, parent.key)
            parent.value[parent.key] = value
            parent.key = None
        self.lines[pointer] = line
        return pointer


@dataclass(slots=True)
class _Collection:
    value: Any
    pointer: str
    key: str | None = None


def _is_text(event: yaml.ScalarEvent) -> bool:
    return isinstance(scalar(event), str)


def _malformed(problem: str, source: str, line: int) -> MalformedError:
    return MalformedError(problem, source=source, pointer=f"line {line}")
