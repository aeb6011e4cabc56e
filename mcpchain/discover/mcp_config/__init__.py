"""MCP servers that a client is configured to start or reach, from `.mcp.json` and kin.

The file maps a server's name to the command that starts it, or to its address:

    {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.2.0"]}}}

Clients agree on this shape by habit, not by specification, so nothing is assumed. All
are read as JSON with comments, since several clients accept those.
"""

from dataclasses import replace
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
)
from mcpchain.discover import Discoverer
from mcpchain.discover.mcp_config.code import CodeError, Project
from mcpchain.discover.mcp_config.endpoint import masked
from mcpchain.discover.mcp_config.entry import Server, is_server, read_server
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch import Launch, Requested, undecidable
from mcpchain.tree import File

_KEYS: Final = ("mcpServers", "servers")
_SPELT: Final = frozenset(key.lower() for key in _KEYS)
_NAMES: Final = frozenset({".mcp.json", "mcp.json", "claude_desktop_config.json"})
_CLIENTS: Final = {
    ".vscode/mcp.json": "vscode",
    ".cursor/mcp.json": "cursor",
    ".mcp.json": "claude-code",
    "claude_desktop_config.json": "claude-desktop",
}
"""By the end of the path. `.mcp.json` is read by other clients too."""
_DEDICATED: Final = frozenset({"claude-code", "cursor", "vscode"})
"""Clients whose file has no other use than to name servers."""
_OTHERS: Final = frozenset({"inputs", "$schema", "sandbox"})
"""Members of such a file that name no server."""
_SERVERS: Final = 10_000
_PACKAGES: Final = 20_000
"""How many servers of one file, and packages that they start, are read."""


class McpConfig:
    """Reads the MCP configuration of Claude, VS Code, Cursor and compatible clients."""

    id: ClassVar[str] = "mcp-config"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that clients look for.

        In any case, since that makes no difference to some file systems.
        """
        return file.name.lower() in _NAMES

    def discover(self, file: File, found: Collector) -> None:
        """Declare every server, and everything that one of them starts."""
        document = Node.from_jsonc(file.read(), source=file.path)
        reader = _Reader(file, found)
        for key in _KEYS:
            with found.entry():
                for name, entry in document.at(key).items():
                    reader.declare(name, entry)
        if any(key in document for key in _KEYS):
            reader.look_beside(document)
            return
        # A plug-in's `.mcp.json` may be the map itself.
        entries = [*document.items()]
        if any(is_server(entry) for _, entry in entries):
            for name, entry in entries:
                if entry.is_object() and name not in _OTHERS:
                    reader.declare(name, entry)
            return
        if document.value and reader.client in _DEDICATED:
            raise document.malformed("names no servers in `mcpServers` or `servers`")
        reader.look_beside(document)


def _client(path: str) -> str:
    parts = PurePosixPath("/", path.lower()).parts
    for end, client in _CLIENTS.items():
        wanted = PurePosixPath(end).parts
        if parts[-len(wanted) :] == wanted:
            return client
    return "unknown"


class _Reader:
    """Reads the servers of one file, within limits."""

    def __init__(self, file: File, found: Collector) -> None:
        self.client = _client(file.path)
        self._found = found
        self._project = Project(file)
        self._servers = 0
        self._packages = 0

    def look_beside(self, document: Node) -> None:
        """Leave a gap for each member that may name servers, where none are read."""
        for name, entry in document.items():
            if name in _KEYS:
                continue
            with self._found.entry():
                if name.lower() in _SPELT:
                    raise entry.malformed(
                        "some clients read servers from a key that is spelt like this"
                    )
                if name not in _OTHERS and self._may_name_servers(entry):
                    raise entry.malformed("this member is not read; servers may be in")

    def _may_name_servers(self, entry: Node) -> bool:
        if self.client in _DEDICATED:
            return entry.is_object() or entry.is_list()
        if not entry.is_object():
            return False
        return is_server(entry) or any(is_server(each) for _, each in entry.items())

    def declare(self, name: str, entry: Node) -> None:
        """Declare the server *name*; it is listed whatever is wrong with its entry."""
        self._servers += 1
        if self._servers > _SERVERS or self._packages > _PACKAGES:
            self._found.gap(_too_many(entry))
            return
        place = Location(path=entry.source, pointer=entry.pointer)
        server, sound = read_server(entry, self._found)
        launch = server.launch
        code: list[Component] = []
        doubt: Gap | None = None
        if launch is not None and not launch.problem:
            try:
                code = [*self._project.code(launch, server.folder)]
            except CodeError as error:
                launch = undecidable(launch, f"`{launch.launcher}`: {error}")
                doubt = _undecidable(launch.problem, place, state=error.state)
        elif launch is not None:
            doubt = _undecidable(launch.problem, place)
        component = _component(name, server, launch, place, self.client, sound=sound)
        source = self._found.add(component)
        for each in code:
            self._found.relate(source, self._found.add(each))
        for package in launch.packages if launch else ():
            self._packages += 1
            self._found.relate(source, self._found.add(_package(package, place)))
        if doubt is not None:
            self._found.gap(replace(doubt, ref=source))


def _component(
    name: str,
    server: Server,
    launch: Launch | None,
    place: Location,
    client: str,
    *,
    sound: bool,
) -> Component:
    main = launch.main if launch and sound else None
    pin = Pin.REMOTE if server.remote else launch.pin if launch else None
    endpoint = server.endpoint or (launch.endpoint if launch else None)
    return Component(
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
            endpoint=masked(endpoint) if endpoint else None,
            env=tuple(sorted(server.env)),
            headers=tuple(sorted(server.headers)),
            registry=main.registry if main else None,
            extra_registries=main.extra_registries if main else (),
        ),
        locations=(place,),
    )


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


def _undecidable(
    problem: str, place: Location, state: State = State.UNSUPPORTED
) -> Gap:
    return Gap(
        stage="discover",
        location=place,
        reason=f"it cannot be told what this server runs: {problem}",
        state=state,
        hint="start it from one package with an exact version, or from a file in the "
        "examined folder, without a shell",
    )


def _too_many(entry: Node) -> Gap:
    """Return the gap for all that is too much; once for each map."""
    return Gap(
        stage="discover",
        location=Location(path=entry.source, pointer=entry.pointer.rpartition("/")[0]),
        reason=f"more than {_SERVERS:,} servers, or {_PACKAGES:,} packages that they "
        "start; the rest was not read",
        state=State.LIMIT,
        hint="divide the file",
    )


DISCOVERER: Final[Discoverer] = McpConfig()
