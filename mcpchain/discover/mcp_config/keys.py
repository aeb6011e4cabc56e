"""Find the servers in a document, wherever the client keeps them."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from mcpchain.document import Node
from mcpchain.inventory import Collector


def maps(document: Node, key: str, found: Collector) -> Iterator[Node]:
    """Yield each value that *key* leads to, which is a map or list of servers.

    What cannot be followed leaves a gap in *found*, as does a key that only its case
    makes another one: some clients do not mind.

    Args:
        document: The whole file.
        key: A path; see `Config.keys`.
        found: Where gaps are kept.
    """
    yield from _lead(document, key.split("."), found)


def _lead(node: Node, parts: Sequence[str], found: Collector) -> Iterator[Node]:
    if not parts:
        yield node
        return
    inner: list[tuple[Node, Sequence[str]]] = []
    with found.entry():
        if not node.exists:
            return
        if parts[0] == "*":
            inner = [(each, parts[1:]) for each in _anonymous(node)]
        else:
            inner = [*_members(node, parts, found)]
    for each, rest in inner:
        yield from _lead(each, rest, found)


def _members(
    node: Node, parts: Sequence[str], found: Collector
) -> Iterator[tuple[Node, Sequence[str]]]:
    """Yield each member of *node* that some of *parts* name, and the other parts."""
    fixed = parts.index("*") if "*" in parts else len(parts)
    wanted = {".".join(parts[:count]): count for count in range(1, fixed + 1)}
    folded = {each.lower(): each for each in wanted}
    for name, each in node.items():
        if name in wanted:
            yield each, parts[wanted[name] :]
        elif name.lower() in folded:
            with found.entry():
                raise each.malformed(
                    "some clients read servers from a key that is spelt like this"
                )


def _anonymous(node: Node) -> Iterator[Node]:
    """Yield the values of *node* by number: a key may be the path of a project."""
    values = node.elements() if node.is_list() else (each for _, each in node.items())
    for number, each in enumerate(values):
        yield replace(each, pointer=f"{node.pointer}/{number}")
