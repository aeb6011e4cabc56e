"""For which machines a package is: npm's `os`, `cpu` and `libc`."""

from mcpchain.document import Node

_KEYS = ("os", "cpu", "libc")


def marker_of(node: Node) -> str:
    """Return for which machines the package at *node* is; empty: for all.

    Written as yarn does it: `os=linux & (cpu=x64 | cpu=arm64)`, `os=!win32`.

    Raises:
        MalformedError: One of the keys has no text and no list of texts.
    """
    parts = []
    for key in _KEYS:
        if key not in node:
            continue
        value = node.at(key)
        words = value.texts() if value.is_list() else (value.optional_text(),)
        choices = [f"{key}={word}" for word in words if word]
        whole = " | ".join(choices)
        parts.append(f"({whole})" if len(choices) > 1 else whole)
    return " & ".join(filter(None, parts))
