"""Find the terms of Croissant in JSON-LD, as those who write it by hand do.

JSON-LD allows any prefix for a vocabulary. No context is fetched or applied: the
prefixes are those of the specification's own context.
"""

from typing import Final

from mcpchain.document import Node

_PREFIXES: Final = ("", "cr:", "sc:", "schema:", "dct:", "rai:")
_ELEMENTS: Final = 20_000


def term(node: Node, name: str) -> Node:
    """Return the member of *node* that is called *name*, with or without prefix.

    Raises:
        MalformedError: *node* is no object.
    """
    for prefix in _PREFIXES:
        if prefix + name in node:
            return node.at(prefix + name)
    return node.at(name)


def elements(node: Node) -> list[Node]:
    """Return what is here: in JSON-LD one value and a list of it are the same.

    Raises:
        MalformedError: There are too many.
    """
    if not node.exists:
        return []
    if not node.is_list():
        return [node]
    if len(node.value) > _ELEMENTS:
        raise node.malformed(f"more than {_ELEMENTS:,} elements")
    return list(node.elements())


def identity(node: Node) -> str:
    """Return the id of an object, or the one that a reference names; empty if none.

    Raises:
        MalformedError: It is no text.
    """
    own = node.at("@id") if node.is_object() else node
    return own.optional_text() or ""
