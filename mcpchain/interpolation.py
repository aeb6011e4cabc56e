"""Put variables into a text, as far as the files themselves say what they are."""

import re
from collections.abc import Mapping
from typing import Final

LONGEST: Final = 4096
"""How many characters a text has at most, before and after."""
_DEPTH: Final = 10
"""How many defaults inside one another are followed."""
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*+")


class UndecidedError(ValueError):
    """What a text says depends on something that no file here says.

    Args:
        problem: On what, for a reader.
    """


def interpolate(text: str, values: Mapping[str, str | None], *, escape: str) -> str:
    r"""Return *text* with its variables replaced.

    `$X`, `${X}`, `${X-d}`, `${X:-d}`, `${X+d}` and `${X:+d}`. A variable that is not in
    *values* counts as not set where the text says what to do then.

    Args:
        text: What a file says.
        values: The variables that have a value or a default; `None`: nobody knows it.
        escape: What makes a dollar mean itself: `\`, or `$` for a second dollar.

    Raises:
        UndecidedError: A variable has no value, or the form is another one.
    """
    return _replaced(text, values, escape, 0)


def _replaced(
    text: str, values: Mapping[str, str | None], escape: str, depth: int
) -> str:
    if len(text) > LONGEST:
        raise UndecidedError(f"more than {LONGEST:,} characters")
    parts: list[str] = []
    length = at = 0
    while at < len(text):
        part, at = _next(text, at, values, escape, depth)
        length += len(part)
        if length > LONGEST:
            raise UndecidedError(f"more than {LONGEST:,} characters")
        parts.append(part)
    return "".join(parts)


def _next(
    text: str, at: int, values: Mapping[str, str | None], escape: str, depth: int
) -> tuple[str, int]:
    """Return what begins at *at*, replaced, and where the rest begins."""
    if text[at] == escape and text[at + 1 : at + 2] in {"$", escape}:
        return text[at + 1], at + 2
    if text[at] != "$":
        ends = [each for each in (text.find("$", at), text.find(escape, at + 1))
                if each >= 0]  # fmt: skip
        end = min(ends, default=len(text))
        return text[at:end], end
    if name := _NAME.match(text, at + 1):
        return _value(name[0], values), name.end()
    if not text.startswith("${", at):
        raise UndecidedError("a `$` that begins no variable")
    end = _closing(text, at + 2)
    inner = _braced(text[at + 2 : end], values, escape, depth)
    return inner, end + 1


def _closing(text: str, at: int) -> int:
    """Return where the brace is closed that was opened before *at*."""
    open_braces = 1
    for index in range(at, len(text)):
        if text.startswith("${", index):
            open_braces += 1
        elif text[index] == "}":
            open_braces -= 1
            if not open_braces:
                return index
    raise UndecidedError("a `${` that is never closed")


def _braced(
    inner: str, values: Mapping[str, str | None], escape: str, depth: int
) -> str:
    name = _NAME.match(inner)
    if name is None or depth >= _DEPTH:
        raise UndecidedError("a variable in a form that is not read")
    rest = inner[name.end() :]
    if not rest:
        return _value(name[0], values)
    operator = re.match(r":?[-+]", rest)
    if operator is None or (name[0] in values and values[name[0]] is None):
        if operator or rest.lstrip(":").startswith("?"):
            return _value(name[0], values)
        raise UndecidedError("a variable in a form that is not read")
    known = values.get(name[0])
    given = known is not None and (known != "" or ":" not in operator[0])
    word = rest[operator.end() :]
    if operator[0].endswith("-"):
        return str(known) if given else _replaced(word, values, escape, depth + 1)
    return _replaced(word, values, escape, depth + 1) if given else ""


def _value(name: str, values: Mapping[str, str | None]) -> str:
    value = values.get(name)
    if value is None:
        raise UndecidedError(f"the variable `{name[:140]}`, which has no value here")
    return value
