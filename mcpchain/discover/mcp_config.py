"""MCP servers that a client is configured to start or reach, from `.mcp.json` and kin.

The file maps a server's name to the command that starts it, or to its address:

    {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.2.0"]}}}

Clients agree on this shape by habit, not by specification, so nothing is assumed. All
are read as JSON with comments, since several clients accept those.
"""

from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import ClassVar, Final

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover import Discoverer
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch import Launch, Requested, read_launch
from mcpchain.naming import bare_url
from mcpchain.tree import File

_KEYS: Final = ("mcpServers", "servers")
_ADDRESSES: Final = ("url", "serverUrl", "httpUrl", "uri")
_CLIENTS: Final = {
    ".vscode/mcp.json": "vscode",
    ".cursor/mcp.json": "cursor",
    ".mcp.json": "claude-code",
    "claude_desktop_config.json": "claude-desktop",
}
"""By the end of the path. `.mcp.json` is read by other clients too."""
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
_DEDICATED: Final = frozenset({"claude-code", "cursor", "vscode"})
"""Clients whose file has no other use than to name servers."""


class McpConfig:
    """Reads the MCP configuration of Claude, VS Code, Cursor and compatible clients."""

    id: ClassVar[str] = "mcp-config"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that clients look for."""
        return file.name in {".mcp.json", "mcp.json", "claude_desktop_config.json"}

    def discover(self, file: File, found: Collector) -> None:
        """Declare every server, and every package that one of them starts."""
        document = Node.from_jsonc(file.read(), source=file.path)
        client = _client(file.path)
        for key in _KEYS:
            with found.entry():
                for name, entry in document.at(key).items():
                    _declare(name, entry, client, found)
        if any(key in document for key in _KEYS):
            return
        # A plug-in's `.mcp.json` may be the map itself.
        servers = [each for each in document.items() if _is_server(each[1])]
        for name, entry in servers:
            _declare(name, entry, client, found)
        if document.value and not servers and client in _DEDICATED:
            raise document.malformed("names no servers in `mcpServers` or `servers`")


def _client(path: str) -> str:
    parts = PurePosixPath("/", path.lower()).parts
    for end, client in _CLIENTS.items():
        wanted = PurePosixPath(end).parts
        if parts[-len(wanted) :] == wanted:
            return client
    return "unknown"


def _is_server(entry: Node) -> bool:
    return any(key in entry for key in ("command", *_ADDRESSES))


@dataclass(slots=True)
class _Server:
    """What could be read of one entry. Fields stay empty where it is malformed."""

    launch: Launch | None = None
    endpoint: str | None = None
    remote: bool = False
    transport: Transport = Transport.UNKNOWN
    env: dict[str, str] = field(default_factory=dict)
    """With values, to read the command; only the names leave this module."""
    headers: set[str] = field(default_factory=set)


def _declare(name: str, entry: Node, client: str, found: Collector) -> None:
    """Declare the server *name*; it is listed whatever is wrong with its entry."""
    place = Location(path=entry.source, pointer=entry.pointer)
    server = _Server()
    parts = (_read_env, _read_headers, _read_address, _read_command)
    read = []
    for part in parts:
        with found.entry():
            part(entry, server)
            read.append(part)
    sound = len(read) == len(parts)
    launch = server.launch
    main = launch.main if launch and sound else None
    pin = Pin.REMOTE if server.remote else launch.pin if launch else None
    source = found.add(
        Component(
            kind=Kind.MCP_SERVER,
            name=name,
            version=main.version if main else None,
            purl=main.purl if main else None,
            pin=pin if sound else None,
            requested=main.requested if main else "",
            basis=Basis.CONFIGURED,
            artifacts=_artifacts(main) if main else (),
            facts=ServerFacts(
                client=client,
                transport=server.transport,
                launcher=launch.launcher if launch else "",
                endpoint=server.endpoint or (launch.endpoint if launch else None),
                env=tuple(sorted(server.env)),
                headers=tuple(sorted(server.headers)),
                registry=main.registry if main else None,
                extra_registries=main.extra_registries if main else (),
            ),
            locations=(place,),
        )
    )
    for package in launch.packages if launch else ():
        found.relate(source, found.add(_package(package, place)))
    if launch and launch.problem:
        found.gap(_undecidable(launch.problem, place, source))


def _read_env(entry: Node, server: _Server) -> None:
    node = entry.at("env")
    values = dict(node.items())
    server.env.update(dict.fromkeys(values, ""))
    for name, value in values.items():
        # A number or `null` chooses no registry; a name that appears twice raises.
        server.env[name] = value.text() if value.is_text() else ""


def _read_headers(entry: Node, server: _Server) -> None:
    server.headers.update(name for name, _ in entry.at("headers").items())
    helper = entry.at("headersHelper")
    if helper.exists:
        raise helper.malformed("runs a command for its headers, which is not read")


def _read_address(entry: Node, server: _Server) -> None:
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


def _read_command(entry: Node, server: _Server) -> None:
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


def _package(package: Requested, place: Location) -> Component:
    return Component(
        kind=Kind.LIBRARY if package.beside else Kind.APPLICATION,
        name=package.name,
        version=package.version,
        purl=package.purl,
        pin=package.pin,
        requested=package.requested,
        basis=Basis.CONFIGURED,
        artifacts=_artifacts(package),
        facts=PackageFacts(
            origin=package.origin,
            registry=package.registry,
            extra_registries=package.extra_registries,
            alias=package.alias,
        ),
        locations=(place,),
    )


def _artifacts(package: Requested) -> tuple[Artifact, ...]:
    return (Artifact(digests=(package.digest,)),) if package.digest else ()


def _undecidable(problem: str, place: Location, server: str) -> Gap:
    return Gap(
        stage="discover",
        location=place,
        reason=f"it cannot be told what this server runs: {problem}",
        state=State.UNSUPPORTED,
        hint="start it from one package with an exact version, without a shell",
        ref=server,
    )


DISCOVERER: Final[Discoverer] = McpConfig()
