"""Every object in a JSON document, however deep, within limits."""

from collections.abc import Iterator
from typing import Any, Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, State
from mcpchain.tree import UnreadableError

_VALUES: Final = 1_000_000
"""How many values a document may have: they take far more memory than its text."""


def every_object(
    data: bytes, found: Collector, *, source: str
) -> Iterator[dict[str, Any]]:
    """Yield the objects in *data*, the outermost first.

    Of two members of one name an object has the last. That there were two is a gap,
    since another reader may take the first.

    Args:
        data: The document, which must be an object.
        found: Gets the gap.
        source: The file that it stands in.

    Raises:
        MalformedError: It is no JSON object.
        UnreadableError: It is more than is read.
    """
    if sum(map(data.count, (b",", b"[", b"{"))) > _VALUES:
        raise UnreadableError(
            source,
            f"more than we read: {_VALUES:,} values in JSON",
            State.LIMIT,
            hint="check where the file comes from",
        )
    top = Node.from_json(data, source=source)
    if not top.is_object():
        raise top.unexpected("an object")
    # Not as nodes: the pointers of a deep document take more than the document.
    stack: list[Any] = [top.value]
    twice = False
    while stack:
        value = stack.pop()
        if isinstance(value, list):
            stack += value
        elif isinstance(value, dict):
            inner = Node(value=value, source=source)
            twice |= any(each.problem for _, each in inner.items())
            stack += value.values()
            yield value
    with found.entry():
        if twice:
            problem = "a key is twice in one object, and the last was read"
            raise MalformedError(problem, source=source)
