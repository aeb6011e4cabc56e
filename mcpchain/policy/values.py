"""Values in a policy file, and what is said of those that are none."""

import datetime as dt
import difflib
import re
from collections.abc import Iterable
from typing import Final

from mcpchain.strict_yaml import YamlNode

AGE: Final = re.compile(r"([1-9]\d{0,5})([hd])")

DAY: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


def known(node: YamlNode, keys: Iterable[str], *, what: str = "key") -> None:
    """Refuse every key of *node* that is none of *keys*."""
    given = frozenset(keys)
    for key, value in node.items():
        if key not in given:
            raise value.malformed(unlike(key, given, what))


def unlike(word: str, among: Iterable[str], what: str) -> str:
    """Say that *word* is none of those that are known, and which are."""
    names = sorted(among)
    near = difflib.get_close_matches(word, names, n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    words = ", ".join(f"`{each}`" for each in names)
    return f"`{word[:140]}` is no {what} here; {guess}known are {words}"


def words(node: YamlNode) -> str:
    """Return a text that is not empty."""
    text = node.text().strip()
    if not text:
        raise node.malformed("is empty")
    return text


def age(node: YamlNode) -> dt.timedelta:
    """Return hours or days."""
    # `7` alone is a number in YAML, and of nothing.
    text = str(node.value) if node.exists else node.text()
    try:
        return read_age(text)
    except ValueError as error:
        raise node.malformed(str(error)) from None


def read_age(text: str) -> dt.timedelta:
    """Return hours or days, as text has them.

    Raises:
        ValueError: It has neither.
    """
    match = AGE.fullmatch(text)
    if match is None:
        problem = f"`{text[:40]}` is no age; write hours or days, such as `72h` or `7d`"
        raise ValueError(problem)
    count = int(match[1])
    return dt.timedelta(hours=count) if match[2] == "h" else dt.timedelta(days=count)


def written(length: dt.timedelta) -> str:
    """Return hours or days as they are written."""
    hours = length // dt.timedelta(hours=1)
    return f"{hours}h" if hours % 24 else f"{hours // 24}d"


def whole(node: YamlNode, allowed: range) -> int:
    """Return a whole number out of *allowed*."""
    number = node.integer()
    if number not in allowed:
        first, last = allowed[0], allowed[-1]
        raise node.malformed(f"`{number}` is not one of {first} to {last}")
    return number


def day(node: YamlNode) -> dt.date:
    """Return a date."""
    text = node.text()
    try:
        # Weeks, and dates without dashes, are ISO's too, and no one writes them here.
        return dt.date.fromisoformat(text if DAY.fullmatch(text) else "")
    except ValueError:
        raise node.malformed(f"`{text}` is no day; write it as 2027-01-31") from None
