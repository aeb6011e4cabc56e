"""One entry of a configuration: how a client starts or reaches the server."""

import ipaddress
import re
import shlex
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from mcpchain.component import Transport
from mcpchain.discover.mcp_config.shape import Dialect
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import Launch
from mcpchain.naming import bare_url
from mcpchain.secret import is_header, is_random, is_variable

_ADDRESSES: Final = ("url", "serverUrl", "httpUrl", "uri", "remote_url")
_TRANSPORTS: Final = {
    "stdio": Transport.STDIO,
    "local": Transport.STDIO,
    "http": Transport.STREAMABLE_HTTP,
    "streamable-http": Transport.STREAMABLE_HTTP,
    "streamablehttp": Transport.STREAMABLE_HTTP,
    "streamable": Transport.STREAMABLE_HTTP,
    "sse": Transport.SSE,
    "ws": Transport.WEBSOCKET,
    "websocket": Transport.WEBSOCKET,
}
_PLAIN: Final = Dialect()
_SCHEMES: Final = frozenset({"http", "https", "ws", "wss"})
_HERE: Final = frozenset({"", ".", "./", "${workspaceFolder}"})
"""Ways to write the folder that a client starts its servers in anyway."""


_NAME: Final = re.compile(r"[A-Za-z_]\w{0,99}", re.ASCII)
_INHERITED: Final = frozenset(
    {"HOME", "LANG", "LOGNAME", "PATH", "SHELL", "TMPDIR", "TZ", "USER"}
)
"""Variables that every program has from its user, whether a client says so or not."""


@dataclass(slots=True)
class Server:
    """What could be read of one entry. Fields stay empty where it is malformed."""

    dialect: Dialect = _PLAIN
    launch: Launch | None = None
    endpoint: str | None = None
    remote: bool = False
    sound: bool = True
    """Whether all of it could be read."""
    inside: bool = False
    """Whether it is a part of the client itself."""
    disabled: bool = False
    transport: Transport = Transport.UNKNOWN
    env: dict[str, str] = field(default_factory=dict)
    """With values, to read the command; only the names leave this module."""
    headers: set[str] = field(default_factory=set)
    folder: str = ""
    """Where it is started, if the entry says so."""


def is_server(entry: Node) -> bool:
    """Say whether *entry* looks like a server."""
    return any(key in entry for key in ("command", *_ADDRESSES))


def read_server(entry: Node, found: Collector, dialect: Dialect) -> Server:
    """Return what *entry* says. Each part that cannot be read leaves a gap."""
    server = Server(dialect=dialect)
    parts = (
        _read_state,
        _read_env,
        _read_passed,
        _read_headers,
        _read_address,
        _read_command,
        _read_surroundings,
        _read_sign_in,
    )
    inner = _inner(entry, dialect)
    for part in parts:
        sound, server.sound = server.sound, False
        with found.entry():
            part(entry if part is _read_state else inner, server)
            server.sound = sound
    return server


def _inner(entry: Node, dialect: Dialect) -> Node:
    """Return where the client finds all but the state of *entry*."""
    direct = any(key in entry for key in (dialect.command, *_ADDRESSES))
    if direct or not dialect.inner or not entry.is_object():
        return entry
    inner = entry.at(dialect.inner)
    return inner if inner.is_object() else entry


def _read_state(entry: Node, server: Server) -> None:
    """Read whether it is switched off: only a clear word counts."""
    disabled, enabled = entry.at("disabled"), entry.at("enabled")
    off = disabled.value is True and not disabled.problem
    server.disabled = off or (enabled.value is False and not enabled.problem)


def _read_env(entry: Node, server: Server) -> None:
    for key in server.dialect.env:
        _add_variables(_at(entry, key), server)


def _at(entry: Node, path: str) -> Node:
    """Return the member of *entry*, or of its members, at *path*."""
    for key in path.split("."):
        entry = entry.at(key) if entry.exists else entry
    return entry


def _add_variables(node: Node, server: Server) -> None:
    values = dict(node.items())
    named = {name: each for name, each in values.items() if is_variable(name)}
    server.env.update(dict.fromkeys(named, ""))
    for name, value in named.items():
        # A number or `null` chooses no registry; a name that appears twice raises.
        server.env[name] = value.text() if value.is_text() else ""
        _refuse_shell(value, server)
    # Whoever takes the one for the other puts the secret where its name should be.
    if len(named) < len(values):
        raise node.malformed("has a member that is not named like a variable")


def _read_passed(entry: Node, server: Server) -> None:
    """Read the names of variables whose values are kept elsewhere.

    Each stands for itself, so that a command that depends on it is undecidable.
    """
    for key in server.dialect.passed:
        node = _at(entry, key)
        for each in node.elements() if node.is_list() else [node]:
            if not each.exists:
                continue
            name = _variable(each)
            if name in _INHERITED:
                continue
            server.env.setdefault(name, f"${{{name}}}")


def _variable(node: Node) -> str:
    """Return the name of the variable that *node* sets, in any client's way."""
    if node.is_object():
        node = node.at("env" if "env" in node else "name")
    # ToolHive: `secret,target=VARIABLE`.
    name = node.text().rpartition("target=")[2]
    # Whoever takes the one for the other puts the secret where its name should be.
    if not _NAME.fullmatch(name) or is_random(name):
        raise node.malformed("is not the name of a variable")
    return name


def _read_headers(entry: Node, server: Server) -> None:
    for key in server.dialect.headers:
        node = _at(entry, key)
        values = dict(node.items())
        named = {name: each for name, each in values.items() if is_header(name)}
        server.headers.update(named)
        for value in named.values():
            _refuse_shell(value, server)
        if len(named) < len(values):
            raise node.malformed("has a member that is not named like a header")
    helper = entry.at("headersHelper")
    if helper.exists:
        raise helper.malformed("runs a command for its headers, which is not read")


def _refuse_shell(value: Node, server: Server) -> None:
    if (
        server.dialect.substitutes
        and value.is_text()
        and re.search(r"\$\(|`", value.text())
    ):
        raise value.malformed("runs a command for its value, which is not read")


def _read_address(entry: Node, server: Server) -> None:
    server.transport = _TRANSPORTS.get(_kind(entry), Transport.UNKNOWN)
    nodes = [
        node
        for key in _ADDRESSES
        if (node := entry.at(key)).exists and node.value != ""
    ]
    server.remote = bool(nodes)
    for node in nodes:
        _refuse_shell(node, server)
    texts = {node.text() for node in nodes}
    if not texts:
        return
    if server.transport is Transport.STDIO:
        server.transport = Transport.UNKNOWN
    if server.transport is Transport.UNKNOWN:
        streams = entry.at("httpUrl").exists
        server.transport = Transport.STREAMABLE_HTTP if streams else server.dialect.url
    if len(texts) > 1:
        raise entry.malformed("has several addresses, of which a client takes one")
    address = bare_url(texts.pop())
    scheme, _, host = address.partition("://")
    if scheme not in _SCHEMES or not host:
        raise entry.malformed("has an address that is no web address")
    if scheme in {"ws", "wss"}:
        server.transport = Transport.WEBSOCKET
    server.endpoint = address


def _kind(entry: Node) -> str:
    """Return what the entry calls its transport, in one spelling."""
    other = entry.at("transport")
    node = (
        other if other.is_text() and not entry.at("type").exists else entry.at("type")
    )
    return (node.optional_text() or "").lower().replace("_", "-")


def _read_command(entry: Node, server: Server) -> None:
    command, args = _words(entry, server)
    for node in (entry.at("command"), *entry.at("args").elements()):
        _refuse_shell(node, server)
    kind = entry.at("type")
    server.inside = kind.is_text() and kind.value in server.dialect.inside
    if command:
        server.launch = read_launch(command, args, server.env)
        if server.remote:
            raise entry.malformed(
                "has both a command and an address; which one counts depends on the "
                "client"
            )
        # A container may be reached in another way than its command.
        known = server.transport is not Transport.UNKNOWN
        if not (server.dialect.image and known):
            server.transport = Transport.STDIO
        if server.inside:
            raise entry.malformed("has a command, but a type that needs none")
    elif not server.remote and not server.inside:
        raise entry.malformed(_nothing(entry))
    if server.remote and server.inside:
        raise entry.malformed("has an address, but a type that needs none")


def _words(entry: Node, server: Server) -> tuple[str, tuple[str, ...]]:
    """Return the command of *entry* and its arguments."""
    dialect = server.dialect
    if dialect.image and (image := entry.at(dialect.image)).exists:
        return _container(image)
    node = entry.at(dialect.command)
    if dialect.tables and node.is_object():
        if "args" in entry:
            raise entry.at("args").malformed("stands beside a command with its own")
        _add_variables(node.at("env"), server)
        return node.at("path").optional_text() or "", node.at("args").texts()
    if dialect.lists and node.is_list():
        command, *args = node.texts() or ("",)
        return command, (*args, *entry.at("args").texts())
    command, *rest = [node.optional_text() or ""]
    if dialect.splits and command:
        command, *rest = _split(node)
    return command, (*rest, *entry.at("args").texts())


def _split(node: Node) -> list[str]:
    if "\\" in node.text():
        raise node.malformed("has a `\\`, which means something else on each system")
    try:
        return shlex.split(node.text()) or [""]
    except ValueError:
        raise node.malformed("cannot be divided into words") from None


def _container(image: Node) -> tuple[str, tuple[str, ...]]:
    """Return the command that ToolHive, or Docker's toolkit, makes of *image*."""
    text = image.text()
    scheme, mark, package = text.partition("://")
    if mark:
        launcher = {"npx": ("npx",), "uvx": ("uvx",), "go": ("go", "run")}.get(scheme)
        if launcher is None:
            raise image.malformed("has an image of a kind that is not read")
        return launcher[0], (*launcher[1:], package)
    if text.startswith("toolhivelocal/"):
        raise image.malformed("was built on this machine, from what is not said here")
    return ("docker", ("run", text)) if text else ("", ())


def _nothing(entry: Node) -> str:
    if "uses" in entry:
        return "is a block of a hub, which is not looked at"
    if "source" in entry or "settings" in entry:
        return "is started by an extension of the client, which is not looked at"
    return "names neither a command nor an address"


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
