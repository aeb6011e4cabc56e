"""What an entry of `packages` or `remotes` says beside what it names."""

import re
from collections.abc import Callable
from typing import Final

from mcpchain.component import Transport
from mcpchain.discover.server_json.member import member
from mcpchain.document import Node
from mcpchain.naming import bare_url

_TRANSPORTS: Final = {
    "stdio": Transport.STDIO,
    "http": Transport.STREAMABLE_HTTP,
    "streamable-http": Transport.STREAMABLE_HTTP,
    "streamable": Transport.STREAMABLE_HTTP,
    "sse": Transport.SSE,
}
_PORT: Final = re.compile(r":(\{[\w.-]{1,60}\})(?=[/?#]|$)", re.ASCII)
_TEMPLATE: Final = re.compile(r"\{[\w.-]{1,60}\}(?:/[\w.{}/-]*)?", re.ASCII)
_ASKED: Final = "{input}"
"""Stands for a word that the user is asked for."""


def read_transport(node: Node) -> tuple[Transport, str | None]:
    """Return how the server is talked to, and where, if that is said.

    Args:
        node: The transport; in `remotes` that is the entry.

    Raises:
        MalformedError: It says something else.
    """
    kind = member(node, "type", "transportType")
    text = (kind.optional_text() or "").strip().lower().replace("_", "-")
    transport = _TRANSPORTS.get(text)
    if transport is None:
        raise kind.malformed("is not a transport that is known here")
    url = member(node, "url")
    return transport, _endpoint(url) if url.exists and url.value != "" else None


def _endpoint(url: Node) -> str:
    """Return an address that may hold templates, which are kept."""
    text = url.text()
    if match := _TEMPLATE.fullmatch(re.split(r"[?#]", text, maxsplit=1)[0]):
        return match[0]
    ports = _PORT.findall(text)
    address = bare_url(_PORT.sub(":0", text, count=1) if len(ports) == 1 else text)
    scheme, _, rest = address.partition("://")
    host = rest.partition("/")[0]
    if scheme not in {"http", "https"} or not host or not address.isprintable():
        raise url.malformed("is no web address")
    if len(ports) == 1 and host.endswith(":0"):
        return address.replace(":0", f":{ports[0]}", 1)
    return address


def read_names(
    node: Node, found: dict[str, str], is_name: Callable[[str], bool]
) -> None:
    """Add variables or headers, with the value that is set if the user sets none.

    Only the names may leave the discoverer.

    Args:
        node: The list of them.
        found: Where they are kept.
        is_name: Says whether they can be called so.

    Raises:
        MalformedError: One of them has no name, or two values.
    """
    nameless: list[Node] = []
    for each in node.elements():
        name, value = member(each, "name").text(), _value(each) or ""
        if not is_name(name):
            # Whoever takes the one for the other puts the secret in its place.
            nameless.append(each)
        elif found.setdefault(name, value) != value:
            raise each.malformed("has the name of another one, and another value")
    if nameless:
        raise nameless[0].malformed("has a name that can be none")


def read_arguments(node: Node) -> list[str]:
    """Return the words that a list of arguments puts on the command line.

    An option and its value are two words, unless it is said to be a switch: that is
    the reading in which an option that takes none lets its value name what is run.

    Raises:
        MalformedError: An argument is none.
    """
    words: list[str] = []
    for each in node.elements():
        kind = member(each, "type").text().lower()
        value = _value(each)
        if kind == "named":
            switch = member(each, "format").optional_text() == "boolean"
            if not (switch and value == "false"):
                words.append(member(each, "name").text())
            words += [] if switch or value is None else [value]
        elif kind == "positional":
            words.append(_ASKED if value is None else value)
        else:
            raise each.malformed("is neither a positional nor a named argument")
    return words


def _value(node: Node) -> str | None:
    fixed = member(node, "value").optional_text()
    return member(node, "default").optional_text() if fixed is None else fixed
