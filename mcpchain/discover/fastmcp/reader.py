"""Read FastMCP's manifest."""

import re
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.command import read_launch
from mcpchain.requirement import Request
from mcpchain.secret import is_variable
from mcpchain.tree import File
from mcpchain.tree.named import Named

_BYTES: Final = 1 << 20
_PACKAGES: Final = 1_000
_TRANSPORTS: Final = {
    "stdio": Transport.STDIO,
    "http": Transport.STREAMABLE_HTTP,
    "streamable-http": Transport.STREAMABLE_HTTP,
    "sse": Transport.SSE,
}
_LISTS: Final = re.compile(
    r"(?:.*/)?(?:requirements[^/]*|[^/]*requirements)\.txt", re.IGNORECASE
)
"""Lists of requirements that are read wherever they lie."""
_PROJECT: Final = ("pyproject.toml",)
_PACKAGE: Final = ("pyproject.toml", "setup.py", "setup.cfg")


def discover(file: File, found: Collector) -> None:
    """Declare the server, its code, and every package that it asks for.

    Raises:
        MalformedError: It is not JSON, or no object.
        UnreadableError: It cannot be read.
    """
    document = Node.from_json(file.read(_BYTES), source=file.path)
    reader = _Reader(file, found)
    for key, read in (
        ("source", reader.source),
        ("environment", reader.environment),
        ("deployment", reader.deployment),
    ):
        with found.entry():
            read(document.at(key))
    with found.entry():
        servers = document.at("mcpServers")
        if servers.exists:
            raise servers.malformed("names servers, which are not read here")
    reader.declare()


@dataclass(slots=True, kw_only=True)
class _Server:
    """What could be read of the manifest."""

    name: str = "unnamed"
    code: Component | None = None
    packages: list[Component] = field(default_factory=list)
    transport: Transport = Transport.STDIO
    env: dict[str, str] = field(default_factory=dict)
    """With values, to see what they change; only the names leave this module."""
    sound: bool = True
    swayed_by: tuple[str, ...] = ()


class _Reader:
    def __init__(self, file: File, found: Collector) -> None:
        self._file = file
        self._found = found
        self._named = Named(file.tree)
        self._folder = file.path.rpartition("/")[0]
        self._server = _Server()

    def source(self, node: Node) -> None:
        """Read where the code is; nothing but a file is a source of FastMCP's own."""
        self._server.sound = False
        path = node.at("path")
        kind = node.at("type")
        if (kind.optional_text() or "filesystem") != "filesystem":
            raise kind.malformed("is a kind of source that is not known here")
        text = path.text()
        try:
            artifact = self._named.artifact(text, [self._folder])
        except ValueError as error:
            raise path.malformed(f"the code that it runs {error}") from None
        self._server.name = artifact.name.rpartition("/")[2]
        self._server.code = Component(
            kind=Kind.APPLICATION,
            name=artifact.name,
            pin=Pin.LOCAL,
            basis=Basis.CONFIGURED,
            artifacts=(artifact,),
            facts=PackageFacts(origin=Origin.PATH),
            locations=(Location(path=artifact.name),),
        )
        self._server.sound = True

    def environment(self, node: Node) -> None:
        """Read what is installed for it."""
        if not node.exists:
            return
        kind = node.at("type")
        if (kind.optional_text() or "uv") != "uv":
            raise kind.malformed("is a kind of environment that is not known here")
        if node.at("python").exists:
            self._server.swayed_by = ("python",)
        with self._found.entry():
            for count, each in enumerate(node.at("dependencies").elements()):
                if count >= _PACKAGES:
                    raise each.malformed(
                        f"one more than the {_PACKAGES:,} that are read"
                    )
                with self._found.entry():
                    self._server.packages.append(_package(each))
        with self._found.entry():
            self._requirements(node.at("requirements"))
        with self._found.entry():
            self._project(node.at("project"), _PROJECT)
        with self._found.entry():
            for each in node.at("editable").elements():
                with self._found.entry():
                    self._project(each, _PACKAGE)

    def deployment(self, node: Node) -> None:
        """Read how it is reached, and with which variables it is started."""
        if not node.exists:
            return
        with self._found.entry():
            transport = node.at("transport")
            text = transport.optional_text() or "stdio"
            self._server.transport = _TRANSPORTS.get(text, Transport.UNKNOWN)
            if self._server.transport is Transport.UNKNOWN:
                raise transport.malformed("is not a transport that is known here")
        nameless = False
        for name, each in node.at("env").items():
            if is_variable(name):
                self._server.env[name] = each.text() if each.is_text() else ""
            else:
                self._server.sound = False
                nameless = True
        if nameless:
            raise node.at("env").malformed(
                "has a member that is not named like a variable"
            )

    def declare(self) -> None:
        """Declare the server, and what belongs to it."""
        server = self._server
        launch = read_launch("./fastmcp", (), server.env)
        place = Location(path=self._file.path)
        decided = server.sound and not launch.problem
        ref = self._found.add(
            Component(
                kind=Kind.MCP_SERVER,
                name=server.name,
                pin=Pin.LOCAL if decided else None,
                facts=ServerFacts(
                    client="fastmcp",
                    transport=server.transport,
                    launcher="fastmcp",
                    env=tuple(sorted(server.env)),
                    swayed_by=server.swayed_by,
                ),
                locations=(place,),
            )
        )
        for each in (*([server.code] if server.code else []), *server.packages):
            self._found.relate(ref, self._found.add(each))
        if launch.problem:
            self._found.gap(
                Gap(
                    stage="discover",
                    location=place,
                    reason=f"it cannot be told what this server runs: {launch.problem}",
                    state=State.UNSUPPORTED,
                    hint="leave such variables out",
                    ref=ref,
                )
            )

    def _requirements(self, node: Node) -> None:
        """Make sure that a list of requirements is one that is read by itself."""
        if not node.exists:
            return
        text = node.text()
        try:
            artifact = self._named.artifact(text, [self._folder])
        except ValueError as error:
            raise node.malformed(f"the list of packages {error}") from None
        if not _LISTS.fullmatch(artifact.name):
            raise node.malformed(
                "the list of packages has another name than `requirements.txt`"
            )

    def _project(self, node: Node, marks: tuple[str, ...]) -> None:
        """Make sure that a project is one whose files are read by themselves."""
        if not node.exists:
            return
        text = node.text()
        try:
            self._named.folder(text, [self._folder], marks)
        except ValueError as error:
            raise node.malformed(f"the project {error}") from None


def _package(node: Node) -> Component:
    place = Location(path=node.source, pointer=node.pointer)
    try:
        request = Request.parse(node.text(), place)
        component = request.component()
    except ValueError as error:
        raise node.malformed(str(error)) from None
    if isinstance(component.facts, PackageFacts):
        facts = replace(component.facts, with_extras=request.extras)
        component = replace(component, facts=facts)
    return component
