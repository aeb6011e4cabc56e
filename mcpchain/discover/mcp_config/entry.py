"""One entry of a configuration: how a client starts or reaches the server."""

import ipaddress
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mcpchain.component import Transport
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.launch import Launch, read_launch
from mcpchain.naming import bare_url

_ADDRESSES: Final = ("url", "serverUrl", "httpUrl", "uri")
_TRANSPORTS: Final = {
    "stdio": Transport.STDIO,
    "http": Transport.STREAMABLE_HTTP,
    "streamable-http": Transport.STREAMABLE_HTTP,
    "streamablehttp": Transport.STREAMABLE_HTTP,
    "sse": Transport.SSE,
    "ws": Transport.WEBSOCKET,
    "websocket": Transport.WEBSOCKET,
}
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
_HERE: Final = frozenset({"", ".", "./", "${workspaceFolder}"})
"""Ways to write the folder that a client starts its servers in anyway."""


@dataclass(slots=True)
class Server:
    """What could be read of one entry. Fields stay empty where it is malformed."""

    launch: Launch | None = None
    endpoint: str | None = None
    remote: bool = False
    transport: Transport = Transport.UNKNOWN
    env: dict[str, str] = field(default_factory=dict)
    """With values, to read the command; only the names leave this module."""
    headers: set[str] = field(default_factory=set)
    folder: str = ""
    """Where it is started, if the entry says so."""


def is_server(entry: Node) -> bool:
    """Say whether *entry* looks like a server."""
    return any(key in entry for key in ("command", *_ADDRESSES))


def read_server(entry: Node, found: Collector) -> tuple[Server, bool]:
    """Return what *entry* says, and whether all of it could be read.

    Each part that could not leaves a gap in *found*.
    """
    server = Server()
    parts = (
        _read_env,
        _read_headers,
        _read_address,
        _read_command,
        _read_surroundings,
        _read_sign_in,
    )
    read = []
    for part in parts:
        with found.entry():
            part(entry, server)
            read.append(part)
    return server, len(read) == len(parts)


def _read_env(entry: Node, server: Server) -> None:
    node = entry.at("env")
    values = dict(node.items())
    server.env.update(dict.fromkeys(values, ""))
    for name, value in values.items():
        # A number or `null` chooses no registry; a name that appears twice raises.
        server.env[name] = value.text() if value.is_text() else ""


def _read_headers(entry: Node, server: Server) -> None:
    server.headers.update(name for name, _ in entry.at("headers").items())
    helper = entry.at("headersHelper")
    if helper.exists:
        raise helper.malformed("runs a command for its headers, which is not read")


def _read_address(entry: Node, server: Server) -> None:
    kind = (entry.at("type").optional_text() or "").lower().replace("_", "-")
    server.transport = _TRANSPORTS.get(kind, Transport.UNKNOWN)
    nodes = [
        node
        for key in _ADDRESSES
        if (node := entry.at(key)).exists and node.value != ""
    ]
    server.remote = bool(nodes)
    texts = {node.text() for node in nodes}
    if not texts:
        return
    if server.transport is Transport.STDIO:
        server.transport = Transport.UNKNOWN
    if server.transport is Transport.UNKNOWN and entry.at("httpUrl").exists:
        server.transport = Transport.STREAMABLE_HTTP
    if len(texts) > 1:
        raise entry.malformed("has several addresses, of which a client takes one")
    address = bare_url(texts.pop())
    scheme, _, host = address.partition("://")
    if scheme not in _SCHEMES or not host:
        raise entry.malformed("has an address that is no web address")
    if scheme in {"ws", "wss"}:
        server.transport = Transport.WEBSOCKET
    server.endpoint = address


def _read_command(entry: Node, server: Server) -> None:
    command = entry.at("command").optional_text()
    args = entry.at("args").texts()
    if command:
        server.launch = read_launch(command, args, server.env)
        if server.remote:
            raise entry.malformed(
                "has both a command and an address; which one counts depends on the "
                "client"
            )
        server.transport = Transport.STDIO
    elif not server.remote:
        raise entry.malformed("names neither a command nor an address")


def _read_surroundings(entry: Node, server: Server) -> None:
    """Read where the command starts, and with whose variables."""
    for key in ("envFile", "env_file"):
        if (node := entry.at(key)).exists and node.value != "":
            raise node.malformed("takes variables from a file that is not read")
    folder = entry.at("cwd").optional_text() or ""
    if folder in _HERE:
        return
    if server.launch is not None and server.launch.packages:
        raise entry.at("cwd").malformed(
            "starts a package in another folder, whose settings may choose another one"
        )
    server.folder = folder


def _read_sign_in(entry: Node, server: Server) -> None:
    """Check that nobody else is shown the credentials for the server."""
    host = urlsplit(server.endpoint or "").hostname
    for key in ("oauth", "auth"):
        node = entry.at(key)
        if not node.is_object():
            continue
        for _, each in node.items():
            if each.is_text() and ":" in each.text():
                _check_address(each, host)


def _check_address(node: Node, host: str | None) -> None:
    try:
        parts = urlsplit(node.text().strip())
        named = parts.hostname
    except ValueError:
        raise node.malformed("is an address that cannot be read") from None
    if not named or parts.scheme not in {"", "http", "https"}:
        return  # a scope may look like an address, too
    if parts.scheme != "https" and not _is_loopback(named):
        raise node.malformed("is an address for signing in without encryption")
    if named != host and not _is_loopback(named):
        raise node.malformed(
            "is an address for signing in on another host than the server's, which is "
            "not looked at"
        )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
