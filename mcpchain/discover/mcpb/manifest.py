"""The manifest of an MCP bundle: what it is called, starts and offers.

Versions 0.1 to 0.4 (modelcontextprotocol/mcpb, MANIFEST.md), the first of which wrote
`dxt_version`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain import supplier
from mcpchain.component import Location, Pin, Tool
from mcpchain.discover.mcpb.tools import read_tools
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import Code, Launch, undecidable
from mcpchain.secret import is_variable

_VERSIONS: Final = frozenset({"0.1", "0.2", "0.3", "0.4"})
_TYPES: Final = frozenset({"node", "python", "binary", "uv"})
_HERE: Final = re.compile(r"\$\{__dirname\}")
_SLASH: Final = re.compile(r"\$\{(?:/|pathSeparator)\}")
_SEARCHED: Final = frozenset({"PYTHONPATH", "NODE_PATH"})
"""Variables that name folders in which modules are found."""
_INSIDE: Final = re.compile(r"\$\{__dirname\}(?:/(?!\.\.)[\w.@-]+)*/?", re.ASCII)
_LONGEST: Final = 255
_PLATFORMS: Final = 20
_WEAKEST: Final = (
    *(Pin.FLOATING, Pin.RANGE, Pin.TAG, Pin.REMOTE),
    *(Pin.LOCAL, Pin.EXACT, Pin.COMMIT, Pin.DIGEST),
)


@dataclass(slots=True, kw_only=True)
class Manifest:
    """What could be read of a manifest. Fields stay empty where it is malformed."""

    name: str = ""
    version: str | None = None
    license: str = ""
    supplier: str = ""
    type: str = ""
    launches: list[Launch] = field(default_factory=list)
    """How it is started, on any of its platforms."""
    folders: list[str] = field(default_factory=list)
    """Folders of the bundle in which its modules are found."""
    env: set[str] = field(default_factory=set)
    tools: tuple[Tool, ...] = ()
    sound: bool = False
    """Whether all that says what it starts could be read."""

    @property
    def problem(self) -> str:
        """Why it cannot be told what it starts; empty if it can."""
        return next((each.problem for each in self.launches if each.problem), "")

    @property
    def pin(self) -> Pin | None:
        """How firmly the commands say what they start; the weakest of them counts."""
        pins = {each.pin for each in self.launches}
        if not self.sound or self.problem or None in pins or not pins:
            return None
        return next(each for each in _WEAKEST if each in pins)


def is_manifest(document: Node) -> bool:
    """Say whether *document* is the manifest of a bundle, and not of something else.

    Many tools call a file `manifest.json`; those of browsers have a number for a
    version, and no server.
    """
    if not document.is_object():
        return False
    server = document.value.get("server")
    started = isinstance(server, dict) and {"mcp_config", "entry_point"} & set(server)
    told = isinstance(document.value.get("manifest_version"), str) and server
    return bool("dxt_version" in document.value or started or told)


def read_manifest(document: Node, found: Collector) -> Manifest:
    """Return what *document* says. Each part that cannot be read leaves a gap."""
    manifest = Manifest()
    with found.entry():
        _read_server(document, manifest)
        manifest.sound = True
    for part in (_read_name, _read_version, _read_format, _read_user_config):
        with found.entry():
            part(document, manifest)
    manifest.tools = read_tools(document, found)
    with found.entry():
        if document.at("tools_generated").flag():
            found.gap(
                Gap(
                    stage="discover",
                    location=_place(document.at("tools_generated")),
                    reason="the server makes up further tools when it runs, which are "
                    "not listed here",
                    state=State.PARTIAL,
                    hint="look at the tools of the running server",
                )
            )
    return manifest


def _read_name(document: Node, manifest: Manifest) -> None:
    node = document.at("name")
    manifest.name = node.text()[:_LONGEST]
    if not manifest.name.strip() or not node.text().isprintable():
        raise node.malformed("is no name that can be shown")
    if len(node.text()) > _LONGEST:
        raise node.malformed(f"is longer than {_LONGEST} characters")


def _read_version(document: Node, manifest: Manifest) -> None:
    node = document.at("version")
    text = node.text()
    if not 0 < len(text) <= _LONGEST or not text.isprintable() or " " in text:
        raise node.malformed("is no version")
    manifest.version = text


def _read_format(document: Node, manifest: Manifest) -> None:
    manifest.license = (document.at("license").optional_text() or "")[:_LONGEST]
    manifest.supplier = supplier.of_member(document.value.get("author"))
    for key in ("manifest_version", "dxt_version"):
        node = document.at(key)
        text = node.optional_text()
        if text is not None and text not in _VERSIONS:
            raise node.malformed("is a version of the format that is not known here")


def _read_user_config(document: Node, manifest: Manifest) -> None:
    """Note what the user is asked for and must be kept secret, by name."""
    settings, nameless = document.at("user_config"), False
    for name, node in settings.items():
        if not is_variable(name.replace("-", "_")):
            nameless = True
        elif node.at("sensitive").flag():
            manifest.env.add(f"user_config.{name}")
    if nameless:
        raise settings.malformed("has a member that is not named like a setting")


def _read_server(document: Node, manifest: Manifest) -> None:
    server = document.at("server")
    kind = server.at("type")
    manifest.type = kind.text()
    if manifest.type not in _TYPES:
        raise kind.malformed("is a kind of server that is not known here")
    entry = server.at("entry_point").optional_text()
    config = server.at("mcp_config")
    if not config.exists and manifest.type == "uv" and entry:
        manifest.launches.append(Launch(launcher="uv", pin=Pin.LOCAL))
    else:
        for each in _variants(config):
            manifest.launches.append(_launch(each, manifest))
    if entry is not None and manifest.launches:
        first = manifest.launches[0]
        code = (*first.code, Code(path=_plain(entry)))
        manifest.launches[0] = replace(first, code=code)


def _variants(config: Node) -> Iterator[tuple[Node, Node, Node]]:
    """Yield command, arguments and variables as they are on each platform."""
    plain = (config.at("command"), config.at("args"), config.at("env"))
    yield plain
    overrides = [*config.at("platform_overrides").items()]
    if len(overrides) > _PLATFORMS:
        raise config.malformed(f"has more than {_PLATFORMS} platforms")
    for _, each in overrides:
        command, args, env = each.at("command"), each.at("args"), each.at("env")
        yield (
            command if command.exists and command.value != "" else plain[0],
            args if args.exists else plain[1],
            env if env.exists else plain[2],
        )


def _launch(variant: tuple[Node, Node, Node], manifest: Manifest) -> Launch:
    command, args, env = variant
    values: dict[str, str] = {}
    nameless = False
    for name, node in env.items():
        if not is_variable(name):
            nameless = True
            continue
        manifest.env.add(name)
        value = node.text()
        if name.upper() in _SEARCHED and (folders := _folders(value)) is not None:
            manifest.folders += folders
        else:
            values[name] = _plain(value)
    words = [_plain(each) for each in args.texts()]
    launch = read_launch(_plain(command.text()), words, values)
    if nameless and not launch.problem:
        problem = "a variable that is set for it has a name that can be none"
        return undecidable(launch, problem)
    return launch


def _folders(value: str) -> list[str] | None:
    """Return the folders in *value* if all are in the bundle, or the user's own."""
    parts = [each for each in re.split(r"[:;]", value.replace("\\", "/")) if each]
    ours = [each for each in parts if _INSIDE.fullmatch(each)]
    if set(parts) - {*ours, "${PYTHONPATH}", "${NODE_PATH}"}:
        return None
    return [_plain(each) for each in ours]


def _plain(text: str) -> str:
    """Return *text* with the bundle's folder as `.`, from which it is started."""
    return _SLASH.sub("/", _HERE.sub(".", text))


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)
