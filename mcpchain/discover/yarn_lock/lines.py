"""The format of yarn 1: lines, of which two spaces more belong to the one above.

yarn reads it word by word, and takes more for an entry than it ever writes: several
members on one line, or on one that ends with nothing but a carriage return. What it
does not write is refused here, so that nobody sees another package than yarn does.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain.document import Node, join

_INDENT: Final = 2
_TEXT: Final = r'"(?:[^"\\\n]|\\.)*+"'
_BARE: Final = r'(?!true|false)[A-Za-z/-][^\s:,"]*+'
_HEAD: Final = re.compile(rf"(?P<word>{_TEXT}|{_BARE})(?P<end>, *|:$)")
_MEMBER: Final = re.compile(
    rf"(?P<key>{_TEXT}|{_BARE})"
    rf"(?: +(?P<value>{_TEXT}|{_BARE}|[0-9]++|true|false)|(?P<open>:))"
)


@dataclass(slots=True)
class Block:
    """What was asked for in one entry, and what is said of it."""

    patterns: tuple[str, ...]
    node: Node
    problem: str = ""
    """Why it cannot be relied upon."""
    members: dict[str, Any] = field(default_factory=dict)


def blocks(text: str, source: str) -> Iterator[Block]:
    """Yield the entries of a lock, also those that cannot be read."""
    block: Block | None = None
    inner: dict[str, Any] | None = None
    apart = False
    for number, ended in enumerate(text.split("\n"), 1):
        line = ended.removesuffix("\r").rstrip(" ")
        words = line.lstrip(" ")
        if "\r" not in line and (not words or words.startswith("#")):
            apart = True
            continue
        depth = len(line) - len(words)
        if block is None or depth == 0:
            if block is not None:
                yield block
            block, inner, apart = _begin(line, number, source), None, False
            continue
        if depth == _INDENT:
            inner, problem = _put(words, block.members)
        elif depth == 2 * _INDENT and inner is not None:
            _, problem = _put(words, inner)
        else:
            problem = "is indented as nothing above it allows"
        if apart:
            problem = "stands apart from its entry"
        if problem and not block.problem:
            block.problem = f"line {number} {problem}"
    if block is not None:
        yield block


def _begin(line: str, number: int, source: str) -> Block:
    patterns: list[str] = []
    problem, at = "", 0
    while at < len(line):
        match = _HEAD.match(line, at)
        word = _unquoted(match["word"]) if match else None
        if match is None or word is None:
            problem = f"line {number} begins no entry"
            break
        patterns.append(word)
        at = match.end()
    if not line.endswith(":"):
        problem = f"line {number} begins no entry"
    pointer = join("", patterns[0]) if patterns else f"line {number}"
    members: dict[str, Any] = {}
    node = Node(value=members, source=source, pointer=pointer)
    return Block(tuple(patterns), node, problem, members)


def _put(line: str, members: dict[str, Any]) -> tuple[dict[str, Any] | None, str]:
    """Add a member; return its own members, if it begins some, and what is wrong."""
    match = _MEMBER.fullmatch(line)
    key = _unquoted(match["key"]) if match else None
    if match is None or key is None:
        return None, "is no member of an entry"
    if key in members:
        return None, "repeats a member of its entry"
    if match["open"]:
        inner: dict[str, Any] = {}
        members[key] = inner
        return inner, ""
    value = _unquoted(match["value"])
    members[key] = value
    return None, "" if value is not None else "has a text that never ends"


def _unquoted(word: str) -> str | None:
    """Return what a word says; `None`: it is a text that is none."""
    if not word.startswith('"'):
        return word
    try:
        text = json.loads(word)
    except ValueError:
        return None
    return text if isinstance(text, str) else None
