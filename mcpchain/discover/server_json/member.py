"""Members of an object, in whatever spelling.

The first versions of the format wrote `registry_type`, later ones write `registryType`,
and readers written in Go take either letter case. What one reader sees and another
does not must not be what runs.
"""

from mcpchain.document import Node


def member(node: Node, *names: str) -> Node:
    """Return the member of the object *node* that is called one of *names*.

    Raises:
        MalformedError: *node* is no object, or has it in several spellings.
    """
    wanted = {folded(each) for each in names}
    found = [child for key, child in node.items() if folded(key) in wanted]
    if len(found) > 1:
        raise node.malformed(
            f"has `{names[0]}` in several spellings, of which a client takes one"
        )
    return found[0] if found else node.at(names[0])


def folded(key: str) -> str:
    """Return *key* so that all its spellings are equal."""
    return key.replace("_", "").lower()
