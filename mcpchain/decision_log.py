"""A log of decisions, each line of which names the one before by its digest.

A line that is changed, removed from the middle or put elsewhere is found out by what
follows it. That lines are missing at the end only shows to who knows a digest that the
log once ended with; and so does a log that was written anew from the beginning.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from typing import Any, Final, NamedTuple

from mcpchain.document import Node
from mcpchain.errors import MalformedError

LINE: Final = 1 << 20
"""How many bytes a line may have."""
_FIRST: Final = "0" * 64


class Ends(NamedTuple):
    """Where a log stands."""

    lines: int = 0
    head: str = _FIRST
    """The SHA-256 of the last line; zeros before the first."""


def line(before: Ends, entry: Mapping[str, Any]) -> bytes:
    """Return the line for *entry* after what ends at *before*, with its line break."""
    whole = {"number": before.lines + 1, "previous": before.head, **entry}
    return json.dumps(whole, separators=(",", ":"), allow_nan=False).encode() + b"\n"


def follow(data: bytes, source: str, before: Ends | None = None) -> Ends:
    """Return where the log stands after the line in *data*.

    Args:
        data: A line, with its line break.
        source: What the log is called.
        before: What it has to follow; `None`: it is the last, and nothing else of the
            log is looked at.

    Raises:
        MalformedError: It is no line of a log, or does not follow.
    """
    at = f"line {before.lines + 1}" if before else "its last line"
    if not data.endswith(b"\n") or len(data) > LINE:
        raise MalformedError("is cut off, or too long", source=source, pointer=at)
    node = Node.from_json(data, source=f"{source}#{at}")
    number, previous = node.at("number").integer(), node.at("previous").text()
    if before and number != before.lines + 1:
        problem = f"has the number {number}: one was removed, added or moved here"
        raise MalformedError(problem, source=source, pointer=at)
    if before and previous != before.head:
        problem = "was not written after the line before it: one of the two was changed"
        raise MalformedError(problem, source=source, pointer=at)
    return Ends(number, hashlib.sha256(data[:-1]).hexdigest())


def verify(lines: Iterable[bytes], source: str, head: str = "") -> Ends:
    """Return where the log of *lines* ends.

    Args:
        lines: Each with its line break.
        source: What it is called.
        head: What it ended with when somebody looked before; empty: nobody knows.

    Raises:
        MalformedError: It is not what was written; says which line broke.
    """
    ends, met = Ends(), not head or head == _FIRST
    for each in lines:
        ends = follow(each, source, ends)
        met = met or ends.head == head
    if not met:
        problem = f"no line has the digest {head}: it was cut off before, or rewritten"
        raise MalformedError(problem, source=source)
    return ends
