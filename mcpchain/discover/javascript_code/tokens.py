"""Split JavaScript and TypeScript into words, texts and marks; never into meaning."""

import re
from bisect import bisect_right
from typing import Final, NamedTuple

_BLANK: Final = r"[\s\ufeff]++|//[^\r\n]*+|/\*(?:[^*]|\*(?!/))*+(?:\*/|\Z)|\#![^\n]*+"
_TOKEN: Final = re.compile(
    rf"""
      (?P<blank>{_BLANK})
    | (?P<word>[^\W\d][\w$]*+|\$[\w$]*+)
    | (?P<text>"(?:[^"\\\r\n]|\\.)*+"|'(?:[^'\\\r\n]|\\.)*+')
    | (?P<template>`)
    | (?P<number>\d[\w.]*+)
    | (?P<mark>=>|\?\?|\|\||&&|\?\.|[^\s])
    """,
    re.VERBOSE | re.DOTALL,
)
_TEMPLATE: Final = re.compile(r"(?:[^`\\$]|\\.|\$(?!\{))*+(?P<end>`|\$\{)?", re.DOTALL)
_REGEX: Final = re.compile(
    r"/(?![*/])(?:[^/\\\[\r\n]|\\.|\[(?:[^\]\\\r\n]|\\.)*+\])++/\w*+"
)
_BEFORE_VALUE: Final = frozenset(
    {"return", "typeof", "case", "in", "of", "delete", "void", "throw", "new", "await"}
    | {"yield", "else", "do", "instanceof", "default"}
)
"""Words after which a value comes, so that `/` begins a regular expression."""
_ESCAPE: Final = re.compile(r"\\(?:\r\n|.)", re.DOTALL)
_NESTED: Final = 200


class Token(NamedTuple):
    """One token: its kind, its text (of a literal what it says), and where it is."""

    kind: str
    """`word`, `text`, `open` (a text of which only the beginning is known), `mark`."""
    text: str
    at: int


class Lines:
    """Where the lines of a text begin."""

    def __init__(self, text: str) -> None:
        self._starts = [match.end() for match in re.finditer(r"\r\n?|\n", text)]

    def of(self, at: int) -> int:
        """Return the number of the line at *at*, from one."""
        return bisect_right(self._starts, at) + 1


def tokens(text: str) -> list[Token]:
    """Return the tokens of *text*, without blanks, comments and numbers.

    Whatever is no code, such as the text between tags, gives tokens that mean nothing.
    """
    return _Splitter(text).all()


class _Splitter:
    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._found: list[Token] = []
        self._braces: list[int] = []
        """Of each template that is open, how many braces are open in it."""

    def all(self) -> list[Token]:
        end = len(self._text)
        while self._at < end:
            self._next()
        return self._found

    def _next(self) -> None:
        text, at = self._text, self._at
        if text[at] == "/" and self._may_be_value() and (m := _REGEX.match(text, at)):
            self._at = m.end()
            self._add("mark", "/", at)
            return
        match = _TOKEN.match(text, at)
        if match is None:  # cannot be: any character is a mark
            self._at += 1
            return
        self._at = match.end()
        kind, value = match.lastgroup, match[0]
        if kind == "text":
            self._add("text", _said(value[1:-1]), at)
        elif kind == "template":
            self._template(at)
        elif kind == "mark":
            self._mark(value, at)
        elif kind == "word":
            self._add("word", value, at)
        elif kind == "number":
            self._add("number", value, at)

    def _mark(self, value: str, at: int) -> None:
        if self._braces:
            if value == "{":
                self._braces[-1] += 1
            elif value == "}":
                self._braces[-1] -= 1
                if self._braces[-1] < 0:
                    self._braces.pop()
                    self._add("mark", ")", at)
                    self._rest_of_template()
                    return
        self._add("mark", value, at)

    def _template(self, at: int) -> None:
        """Read a template: its beginning is a text, what is put in is code."""
        match = _TEMPLATE.match(self._text, self._at)
        if match is None:
            return
        said = _said(self._text[self._at : match.start("end")] if match["end"] else "")
        self._at = match.end()
        if match["end"] == "${" and len(self._braces) < _NESTED:
            self._braces.append(0)
            self._add("open", said, at)
            self._add("mark", "(", at)
        else:
            self._add("text" if match["end"] == "`" else "open", said, at)

    def _rest_of_template(self) -> None:
        match = _TEMPLATE.match(self._text, self._at)
        if match is None:
            return
        at, self._at = self._at, match.end()
        if match["end"] == "${" and len(self._braces) < _NESTED:
            self._braces.append(0)
            self._add("mark", "(", at)

    def _may_be_value(self) -> bool:
        if not self._found:
            return True
        last = self._found[-1]
        if last.kind == "word":
            return last.text in _BEFORE_VALUE
        return last.kind == "mark" and last.text not in {")", "]", "}"}

    def _add(self, kind: str, text: str, at: int) -> None:
        self._found.append(Token(kind, text, at))


def _said(text: str) -> str:
    """Return what a literal says, as far as that matters for names and addresses."""
    if "\\" not in text:
        return text
    return _ESCAPE.sub(lambda m: m[0][1:] if m[0][1:] in "\"'`\\/" else "\0", text)
