"""For which machines a package is: npm's `os`, `cpu` and `libc`."""

import re
from typing import Final

from mcpchain.document import Node

KEYS: Final = ("os", "cpu", "libc")
_WORD: Final = re.compile(r"!?[\w.-]{1,40}", re.ASCII)
_MOST: Final = 40
"""How many of each are told."""


def marker_of(node: Node) -> str:
    """Return for which machines the package at *node* is; empty: for all.

    Written as yarn does it: `os=linux & (cpu=x64 | cpu=arm64)`, `os=!win32`.

    Raises:
        MalformedError: One of the keys has no text and no list of texts.
    """
    parts = []
    for key in KEYS:
        if key not in node:
            continue
        value = node.at(key)
        words = value.texts() if value.is_list() else (value.optional_text(),)
        if not all(_WORD.fullmatch(word) for word in words if word):
            raise value.malformed(f"names no `{key}`")
        choices = [f"{key}={word}" for word in words[:_MOST] if word]
        whole = " | ".join(choices)
        parts.append(f"({whole})" if len(choices) > 1 else whole)
    return " & ".join(filter(None, parts))
