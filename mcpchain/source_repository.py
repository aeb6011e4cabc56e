"""Where source code lies: addresses of repositories, compared as their hosts do."""

import re
from typing import Final

from mcpchain.naming import bare_url

_ADDRESS: Final = re.compile(
    r"(?:git\+)?(?:https?|ssh|git)://(?P<host>[a-z0-9.-]+)/"
    r"(?P<path>[A-Za-z0-9_.-]+(?:/[A-Za-z0-9_.-]+)+?)(?:\.git)?/?"
)
_FOLDED: Final = frozenset({"github.com", "gitlab.com"})
"""Hosts on which the names of owners and repositories have no case."""
_PAIR: Final = 2


def place(address: str) -> tuple[str, str]:
    """Return host and path of a repository, so that two spellings are equal.

    Both are empty if it is not clearly the address of one.
    """
    found = _ADDRESS.fullmatch(bare_url(address.strip()))
    if found is None:
        return "", ""
    host, path = found["host"], found["path"].removesuffix(".git")
    parts = path.split("/")
    if {".", "..", ""} & {*parts} or (host == "github.com" and len(parts) != _PAIR):
        return "", ""
    return host, path.lower() if host in _FOLDED else path
