"""The tools that a manifest lists, each by the digest of its definition."""

import hashlib
from collections.abc import Iterator
from typing import Any, Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.component import Location, Tool
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State

_TOOLS: Final = 10_000
_DEPTH: Final = 100
_LEFT_OUT: Final = frozenset({"_meta", "icons"})
"""What a model is not told."""


def read_tools(document: Node, found: Collector) -> tuple[Tool, ...]:
    """Return the tools that the manifest *document* lists, sorted by name.

    The list for people has but names and descriptions. Some publishers keep the
    answers of the server in `_meta`, which hold the whole definitions; then these
    count.
    """
    tools: dict[Tool, None] = {}
    with found.entry():
        full = [node for each in _static(document) for node in each.elements()]
        tools |= dict.fromkeys(_read(full, found))
    known = {each.name for each in tools}
    with found.entry():
        short = _read([*document.at("tools").elements()], found)
        tools |= dict.fromkeys(each for each in short if each.name not in known)
    return tuple(sorted(tools, key=lambda each: (each.name, str(each.digest))))


def _static(document: Node) -> Iterator[Node]:
    for _, each in document.at("_meta").items():
        if each.is_object() and each.at("static_responses").is_object():
            answer = each.at("static_responses").at("tools/list")
            if answer.exists:
                yield answer.at("tools")


def _read(nodes: list[Node], found: Collector) -> list[Tool]:
    tools = []
    for node in nodes[:_TOOLS]:
        with found.entry():
            tools.append(_tool(node))
    if len(nodes) > _TOOLS:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=nodes[0].source, pointer=nodes[_TOOLS].pointer),
                reason=f"more than {_TOOLS:,} tools; the rest was not read",
                state=State.LIMIT,
                hint="divide the server",
            )
        )
    return tools


def _tool(node: Node) -> Tool:
    import rfc8785

    name = node.at("name").text()
    if not name:
        raise node.at("name").malformed("is empty")
    kept = {key: each for key, each in node.items() if key not in _LEFT_OUT}
    try:
        data = rfc8785.dumps({key: _value(each) for key, each in kept.items()})
    except ValueError as error:
        raise node.malformed("has no canonical form (RFC 8785)") from error
    digest = Digest(algorithm=Algorithm.SHA256, value=hashlib.sha256(data).hexdigest())
    return Tool(name=name, digest=digest)


def _value(node: Node, depth: int = 0) -> Any:  # noqa: ANN401  (any JSON)
    """Return a value in which no key is there twice.

    Raises:
        MalformedError: One is, or it is nested too deeply.
    """
    if depth > _DEPTH:
        raise node.malformed(f"is nested more than {_DEPTH} deep")
    if node.is_object():
        return {key: _value(each, depth + 1) for key, each in node.items()}
    if node.is_list():
        return [_value(each, depth + 1) for each in node.elements()]
    if node.is_text():
        return node.text()
    if node.problem:
        raise node.malformed(node.problem)
    return node.value
