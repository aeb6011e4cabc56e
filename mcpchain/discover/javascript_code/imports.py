"""What code in JavaScript imports, and under which names."""

from typing import Final, NamedTuple

from mcpchain.discover.javascript_code.tokens import Token

_REACH: Final = 2_000
"""How many tokens an import or a call is looked through."""
_BACK: Final = 200
_OPENING: Final = {"(": ")", "{": "}", "[": "]"}
_CLOSING: Final = frozenset(_OPENING.values())


class Bound(NamedTuple):
    """A local name, and what it means."""

    local: str
    specifier: str
    name: str
    """What of the package; `*` for all of it, `default` for its default."""
    at: int


def bindings(found: list[Token]) -> list[Bound]:
    """Return what is imported, statically, by `require` and by `import(…)`."""
    bound: list[Bound] = []
    for index, token in enumerate(found):
        if token.kind != "word" or _text(found, index - 1) == ".":
            continue
        if token.text == "import" and _text(found, index + 1) != "(":
            bound += _declared(found, index)
        elif token.text in {"require", "import"}:
            bound += _called(found, index)
    return bound


def closing(found: list[Token], start: int) -> int:
    """Return the index of the mark that closes the one at *start*, or a bound."""
    depth = 0
    end = min(len(found), start + _REACH)
    for index in range(start, end):
        token = found[index]
        if token.kind != "mark":
            continue
        if token.text in _OPENING:
            depth += 1
        elif token.text in _CLOSING:
            depth -= 1
            if depth <= 0:
                return index
    return end


def _text(found: list[Token], index: int) -> str:
    return found[index].text if 0 <= index < len(found) else ""


def _declared(found: list[Token], start: int) -> list[Bound]:
    """Read `import … from "…"`; nothing of what is only a type."""
    index = start + 1
    if index < len(found) and found[index].kind == "text":
        return [Bound("", found[index].text, "*", found[start].at)]
    if _text(found, index) == "type" and _text(found, index + 1) not in {"from", ","}:
        return []
    end = min(len(found) - 1, start + _REACH)
    while index < end and _text(found, index) != "from":
        if found[index].text in {";", "=", "import"} or found[index].kind == "text":
            return []
        index += 1
    if index >= end or found[index + 1].kind != "text":
        return []
    return _names(found, start + 1, index, found[index + 1].text)


def _names(found: list[Token], start: int, end: int, specifier: str) -> list[Bound]:
    """Read `A, {B as C}` or `* as D` between two places."""
    bound: list[Bound] = []
    inner, index = False, start
    while index < end:
        token = found[index]
        if token.text in {"{", "}"} and token.kind == "mark":
            inner = token.text == "{"
        elif token.text == "*" and _text(found, index + 1) == "as":
            bound.append(Bound(_text(found, index + 2), specifier, "*", token.at))
            index += 2
        elif token.text == "type" and found[index + 1].kind == "word" and inner:
            while index < end and _text(found, index + 1) not in {",", "}"}:
                index += 1
        elif token.kind in {"word", "text"}:
            name, local = token.text, token.text
            if _text(found, index + 1) in {"as", ":"}:
                local = _text(found, index + 2)
                index += 2
            bound.append(
                Bound(local, specifier, name if inner else "default", token.at)
            )
        index += 1
    return bound


def _called(found: list[Token], start: int) -> list[Bound]:
    """Read `const {A: B} = require("…")` and `await import("…")`."""
    if _text(found, start + 1) != "(" or start + 3 >= len(found):
        return []
    argument = found[start + 2]
    if argument.kind != "text" or _text(found, start + 3) not in {")", ","}:
        return []
    specifier = argument.text
    index = start - 1
    while _text(found, index) in {"await", "("}:
        index -= 1
    after = start + 4
    part = "*"
    if _text(found, after) == "." and after + 1 < len(found):
        part = _text(found, after + 1)
    if _text(found, index) != "=" or index < 1:
        return [Bound("", specifier, part, found[start].at)]
    before = found[index - 1]
    if before.kind == "word":
        return [Bound(before.text, specifier, part, found[start].at)]
    if before.text == "}":
        opening = index - 1
        while opening > max(0, index - _BACK) and _text(found, opening) != "{":
            opening -= 1
        if _text(found, opening) == "{":
            return _names(found, opening, index - 1, specifier)
    return [Bound("", specifier, part, found[start].at)]
