"""Read HCL without evaluating it: blocks, and attributes that are written out.

The reference is the specification of the native syntax (hashicorp/hcl, hclsyntax). An
attribute that has to be computed is there, and nobody knows its value.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

_DEPTH: Final = 60
_SKIPPED: Final = re.compile(
    r"(?:[ \t\r]|#[^\n]*+|//[^\n]*+|/\*(?:[^*]|\*(?!/))*+\*/)++"
)
_NAME: Final = re.compile(r"[^\W\d][\w-]*+")
_HEREDOC: Final = re.compile(r"<<-?([^\W\d][\w-]*+)[ \t\r]*+\n")
_OTHER: Final = re.compile(r'[0-9][\w.]*+|[^\s\w"{}\[\](),=:#/]++|.', re.DOTALL)
_PLAIN: Final = re.compile(r'[^"\\$%\n]++')
_ESCAPES: Final = {"n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\"}
_MARK: Final = re.compile(r'["{}]')
_ENDS: Final = frozenset({"end", ",", "]", "}", ")"})
"""Where an expression ends, outside of brackets."""

Value = str | list["Value"] | dict[str, "Value"] | None
"""`None`: it has to be computed."""


@dataclass(slots=True, kw_only=True)
class Block:
    """A block: `type "label" { ... }`."""

    type: str
    labels: tuple[str, ...]
    line: int
    attributes: dict[str, Value] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    """Where each attribute stands."""
    repeated: set[str] = field(default_factory=set)
    """Attributes that are there twice, of which nobody knows the value."""
    blocks: list["Block"] = field(default_factory=list)


class SyntaxProblemError(ValueError):
    """It is not HCL from a certain line on.

    Args:
        problem: What is wrong.
        line: Where.
    """

    def __init__(self, problem: str, line: int) -> None:
        super().__init__(problem)
        self.line = line


@dataclass(slots=True)
class _Token:
    kind: str
    """`name`, `text`, `end` of a line, `other`, or the mark that it is."""
    value: str | None
    line: int


def blocks(text: str) -> tuple[list[Block], SyntaxProblemError | None]:
    """Return the blocks of *text*, as far as it can be read, and why not further."""
    root = Block(type="", labels=(), line=1)
    problem = None
    try:
        _Parser(text).body(root, 0)
    except SyntaxProblemError as error:
        problem = error
    return root.blocks, problem


def _tokens(text: str) -> Iterator[_Token]:
    at, line = 0, 1
    while at < len(text):
        start = at
        if skipped := _SKIPPED.match(text, at):
            at = skipped.end()
        elif text[at] == "\n":
            at += 1
            yield _Token("end", None, line)
        elif text[at] == '"':
            value, at = _text(text, at + 1, line, 0)
            yield _Token("text", value, line)
        elif heredoc := _HEREDOC.match(text, at):
            at = _past(text, heredoc, line)
            yield _Token("other", None, line)
        elif name := _NAME.match(text, at):
            at = name.end()
            yield _Token("name", name[0], line)
        elif text[at] in "{}[](),=:" and not text.startswith("==", at):
            at += 1
            yield _Token(text[start], None, line)
        else:
            other = _OTHER.match(text, at)
            at = other.end() if other else at + 1
            yield _Token("other", None, line)
        line += text.count("\n", start, at)


def _past(text: str, heredoc: re.Match[str], line: int) -> int:
    """Return where a heredoc ends: before the end of the line with its word."""
    end = re.compile(rf"^[ \t]*+{re.escape(heredoc[1])}[ \t\r]*+$", re.MULTILINE)
    found = end.search(text, heredoc.end())
    if found is None:
        raise SyntaxProblemError(f"`<<{heredoc[1][:140]}` never ends", line)
    return found.end()


def _text(text: str, at: int, line: int, depth: int) -> tuple[str | None, int]:
    """Return what a string says that begins before *at*, and where it ends."""
    parts: list[str] | None = []
    while at < len(text):
        if plain := _PLAIN.match(text, at):
            at = plain.end()
            part = plain[0]
        elif text[at] == '"':
            return None if parts is None else "".join(parts), at + 1
        elif text[at] == "\n":
            break
        elif text[at] == "\\":
            part = _ESCAPES.get(text[at + 1 : at + 2], "\N{REPLACEMENT CHARACTER}")
            at += 2
        elif text.startswith(("${", "%{"), at):
            at = _template(text, at + 2, line, depth + 1)
            parts, part = None, ""
        else:
            doubled = text.startswith(("$${", "%%{"), at)
            part = text[at + doubled : at + 1 + 2 * doubled]
            at += 1 + 2 * doubled
        if parts is not None:
            parts.append(part)
    raise SyntaxProblemError("a string that never ends", line)


def _template(text: str, at: int, line: int, depth: int) -> int:
    """Return where a template ends that begins before *at*."""
    if depth > _DEPTH:
        raise SyntaxProblemError("nested too deeply", line)
    inside = 1
    while mark := _MARK.search(text, at):
        at = mark.end()
        if mark[0] == '"':
            _, at = _text(text, at, line, depth)
            continue
        inside += 1 if mark[0] == "{" else -1
        if not inside:
            return at
    raise SyntaxProblemError("a template that never ends", line)


class _Parser:
    """Reads blocks and attributes from the tokens of one file."""

    def __init__(self, text: str) -> None:
        self._tokens = _tokens(text)
        self._token = _Token("", None, 1)
        self._read()

    def _read(self) -> None:
        self._token = next(self._tokens, _Token("", None, self._token.line))

    def _taken(self) -> _Token:
        token = self._token
        self._read()
        return token

    def body(self, block: Block, depth: int) -> None:
        """Read what is in *block*, up to its brace or the end of the file."""
        if depth > _DEPTH:
            raise SyntaxProblemError("nested too deeply", block.line)
        while self._token.kind not in {"", "}"}:
            if self._token.kind == "end":
                self._read()
            else:
                self._member(block, depth)
        if self._token.kind != ("}" if depth else ""):
            problem = "a block that never ends" if depth else "a brace without a block"
            raise SyntaxProblemError(problem, self._token.line)
        self._read()

    def _member(self, block: Block, depth: int) -> None:
        name = self._taken()
        if name.kind != "name" or name.value is None:
            raise SyntaxProblemError("no name of a block or an attribute", name.line)
        if self._token.kind == "=":
            self._read()
            value = self._value(depth + 1)
            if name.value in block.attributes:
                block.repeated.add(name.value)
            block.attributes[name.value] = value
            block.lines[name.value] = name.line
            return
        labels = []
        while self._token.kind in {"text", "name"}:
            labels.append(self._taken().value or "")
        if self._token.kind != "{":
            raise SyntaxProblemError("neither a block nor an attribute", name.line)
        self._read()
        inner = Block(type=name.value, labels=tuple(labels), line=name.line)
        # Kept before it is read, so that it is there if it cannot be read to its end.
        block.blocks.append(inner)
        self.body(inner, depth + 1)

    def _value(self, depth: int) -> Value:
        """Read an expression; of what has to be computed only where it ends."""
        if depth > _DEPTH:
            raise SyntaxProblemError("nested too deeply", self._token.line)
        value: Value = None
        if self._token.kind == "text":
            value = self._taken().value
        elif self._token.kind == "[":
            self._read()
            value = self._list(depth)
        elif self._token.kind == "{":
            self._read()
            value = self._object(depth)
        return value if self._rest() else None

    def _rest(self) -> bool:
        """Pass what is left of an expression, and say whether there was nothing."""
        nothing, inside = True, 0
        while self._token.kind and (inside or self._token.kind not in _ENDS):
            inside += self._token.kind in {"(", "[", "{"}
            inside -= self._token.kind in {")", "]", "}"}
            nothing = False
            self._read()
        return nothing

    def _list(self, depth: int) -> list[Value]:
        values: list[Value] = []
        while self._token.kind != "]":
            if self._token.kind in {"end", ","}:
                self._read()
            elif self._token.kind in _ENDS or not self._token.kind:
                raise SyntaxProblemError("a list that never ends", self._token.line)
            else:
                values.append(self._value(depth + 1))
        self._read()
        return values

    def _object(self, depth: int) -> dict[str, Value]:
        values: dict[str, Value] = {}
        while self._token.kind != "}":
            if self._token.kind in {"end", ","}:
                self._read()
                continue
            key = self._taken()
            if not key.kind or key.kind in _ENDS:
                raise SyntaxProblemError("an object that never ends", key.line)
            if self._token.kind not in {"=", ":"}:
                self._rest()
                continue
            self._read()
            value = self._value(depth + 1)
            if key.kind in {"name", "text"} and key.value is not None:
                values[key.value] = None if key.value in values else value
        self._read()
        return values
