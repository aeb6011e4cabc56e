"""Semantic Versioning 2.0.0 as npm reads it, which is loosely.

A leading `v` or `=`, missing and extra parts, and numbers of any size are accepted;
build metadata never counts.
"""

import re
from functools import lru_cache
from typing import Final

from mcpchain.audit.versions import checked, number

Identifier = tuple[int, int, str]
Key = tuple[tuple[tuple[int, str], ...], int, tuple[Identifier, ...]]

_LOOSE: Final = re.compile(
    r"[v=]*+(?P<release>[0-9]++(?:\.[0-9]++)*+)"
    r"(?:-(?P<pre>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)"
    r"|(?P<glued>[A-Za-z][0-9A-Za-z-]*+(?:\.[0-9A-Za-z-]++)*+))?"
    r"(?:\+[0-9A-Za-z.-]*+)?"
)
_PARTS: Final = 3


class Npm:
    """The rules of npm."""

    def key(self, version: str) -> Key:
        """Return a value that compares as *version* does."""
        return _key(version)

    def canonical(self, version: str) -> str:
        """Return a text that is equal for equal versions only."""
        release, _, pre = _key(version)
        numbers = ".".join(digits or "0" for _, digits in release)
        words = ".".join(text or "0" for _, _, text in pre)
        return f"{numbers}-{words}" if words else numbers

    def public(self, version: str) -> str:
        """Return *version*: npm has no local versions."""
        return version

    def is_exact(self, version: str) -> bool:
        """Say whether *version* names one release. `1.2` is a range to npm."""
        try:
            release = _match(version)["release"]
        except ValueError:
            return False
        return release.count(".") + 1 >= _PARTS


def _match(version: str) -> "re.Match[str]":
    match = _LOOSE.fullmatch(checked(version))
    if match is None:
        raise ValueError(f"`{version[:140]}` is no npm version")
    return match


@lru_cache(maxsize=1 << 16)
def _key(version: str) -> Key:
    match = _match(version)
    parts = [number(part) for part in match["release"].split(".")]
    while parts and not parts[-1][0]:
        parts.pop()
    pre = match["pre"] or match["glued"] or ""
    identifiers = tuple(map(_identifier, pre.split("."))) if pre else ()
    return (tuple(parts), 0 if pre else 1, identifiers)


def _identifier(text: str) -> Identifier:
    return (0, *number(text)) if text.isdigit() else (1, 0, text)
