"""Which folders are the members of a project: `workspaces` in `package.json`."""

from collections.abc import Iterable
from fnmatch import fnmatchcase
from typing import Final

from mcpchain.document import Node

_PATTERNS: Final = 200
_SEGMENTS: Final = 30
"""How many patterns count, of how many folders each: more of them take too long."""


class Members:
    """The members that patterns name, seen from the folder of the project.

    Args:
        patterns: As written: `packages/*`, `apps/**`, `!apps/old`.
    """

    def __init__(self, patterns: Iterable[str] = ()) -> None:
        self._patterns = [
            (text.startswith("!"), _segments(text.removeprefix("!")))
            for text in [*patterns][:_PATTERNS]
        ]

    def __contains__(self, folder: str) -> bool:
        """Say whether *folder* is one; of the patterns the last that fits counts."""
        parts = folder.split("/")
        member = False
        for negated, pattern in self._patterns:
            if member is negated and _fits(pattern, parts):
                member = not negated
        return member


def members_of(manifest: Node) -> Members:
    """Return the members that *manifest*, or the entry of a project, names.

    Raises:
        MalformedError: It names them in no way that npm or yarn knows.
    """
    workspaces = manifest.at("workspaces")
    if workspaces.is_object():
        workspaces = workspaces.at("packages")
    return Members(workspaces.texts())


def _segments(pattern: str) -> list[str]:
    parts = pattern.removeprefix("./").rstrip("/").split("/")
    return parts if len(parts) <= _SEGMENTS else []


def _fits(pattern: list[str], parts: list[str]) -> bool:
    """Say whether folders fit a pattern; `**` stands for any number of them."""
    places = {0}
    for part in parts:
        ahead: set[int] = set()
        for place in places:
            at = place
            while at < len(pattern) and pattern[at] == "**":
                ahead.add(at)
                at += 1
            if at < len(pattern) and fnmatchcase(part, pattern[at]):
                ahead.add(at + 1)
        places = ahead
    return any({*pattern[place:]} <= {"**"} for place in places)
