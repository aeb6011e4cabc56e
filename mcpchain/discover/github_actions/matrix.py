"""Images that a job takes from its matrix, if the matrix is written out."""

import re
from collections.abc import Iterator
from typing import Final

from mcpchain.document import Node
from mcpchain.interpolation import UndecidedError

_EXPRESSION: Final = re.compile(r"\$\{\{([^{}]*+)\}\}")
_MATRIX: Final = re.compile(r"\s*+matrix\.([\w-]++)(?:\.([\w-]++))?\s*+", re.ASCII)
_LONGEST: Final = 1000
_MOST: Final = 256
"""How many jobs GitHub makes of one."""
_ELSEWHERE: Final = "it is put together when the workflow runs"


def expanded(text: str, strategy: Node) -> list[str]:
    """Return all that *text* may be in one run of the job; empty values are none.

    Raises:
        UndecidedError: It depends on more than one list of the matrix.
        MalformedError: The matrix is none.
    """
    if len(text) > _LONGEST:
        raise UndecidedError(f"more than {_LONGEST:,} characters")
    parts = _EXPRESSION.split(text)
    expressions = set(parts[1::2])
    if not expressions:
        return [text] if text else []
    named = _MATRIX.fullmatch(expressions.pop())
    if named is None or expressions or not strategy.exists:
        raise UndecidedError(_ELSEWHERE)
    values = dict.fromkeys(_values(strategy.at("matrix"), named[1], named[2]))
    if not values:
        raise UndecidedError("the matrix does not list it")
    if len(values) > _MOST or max(map(len, values)) * len(parts) > _LONGEST:
        raise UndecidedError("the matrix is too large")
    made = (each.join(parts[::2]) for each in values)
    return [each for each in made if each]


def _values(matrix: Node, name: str, member: str | None) -> Iterator[str]:
    if not matrix.is_object():
        raise UndecidedError(_ELSEWHERE)
    lists = [matrix.at(name)] if matrix.at(name).exists else []
    entries = [node for each in lists for node in _listed(each)]
    if matrix.at("include").exists:
        more = [node.at(name) for node in _listed(matrix.at("include"))]
        entries += [each for each in more if each.exists]
    for entry in entries:
        node = entry.at(member) if member and entry.is_object() else entry
        if isinstance(node.value, int) and not isinstance(node.value, bool):
            yield str(node.value)
        elif node.is_text() and "${{" not in node.text():
            yield node.text()
        elif node.exists:
            raise UndecidedError(_ELSEWHERE)


def _listed(node: Node) -> list[Node]:
    if not node.is_list() or len(node.value) > _MOST:
        raise UndecidedError(_ELSEWHERE)
    return list(node.elements())
