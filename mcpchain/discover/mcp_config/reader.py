"""Read a configuration: find the entries of servers in it, whatever its shape."""

import re
from collections.abc import Callable, Mapping
from pathlib import PurePosixPath
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.mcp_config.catalog import Catalog
from mcpchain.discover.mcp_config.code import Project, file_component
from mcpchain.discover.mcp_config.entry import is_server
from mcpchain.discover.mcp_config.keys import maps
from mcpchain.discover.mcp_config.listing import Listing, Owner
from mcpchain.discover.mcp_config.plugins import read_plugins
from mcpchain.discover.mcp_config.recognise import config_of
from mcpchain.discover.mcp_config.shape import Beside, Config
from mcpchain.discover.mcp_config.switches import Switches
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_OTHERS: Final = frozenset({"inputs", "$schema", "sandbox"})
"""Members of a file of servers that name none."""
_UNNAMED: Final = Config(client="unknown", beside=Beside.SETTINGS)
_UNNAMED_MARKS: Final = tuple(f'"{key}"'.encode() for key in _UNNAMED.keys)
_FILES: Final = 50
"""How many other files a manifest may name."""
_ESCAPED: Final = re.compile(rb"\\(?:(?:u00|x)[0-7]|[\r\n\xc2\xe2])|\0")
"""A plain letter in disguise, in lower case, or a line that goes on: any word could
hide behind them."""
_MATTER: Final = re.compile(
    rb"(?:\xef\xbb\xbf)?---[ \t]*\r?\n(.*?)^---", re.DOTALL | re.MULTILINE
)
"""What stands before the text of a Markdown file."""


def _front_matter(data: bytes, *, source: str) -> Node:
    match = _MATTER.match(data)
    return Node.from_yaml(match[1] if match else b"", source=source)


_FORMATS: Final[Mapping[str, Callable[..., Node]]] = {
    ".md": _front_matter,
    ".toml": Node.from_toml,
    ".yaml": Node.from_yaml,
    ".yml": Node.from_yaml,
}


def read_config(
    file: File, config: Config, found: Collector, *, scope: str = "project"
) -> None:
    """Declare every server of *file*, and everything that one of them starts.

    Args:
        file: The configuration.
        config: What kind of configuration it is.
        found: Where servers and gaps are kept.
        scope: Whose servers it configures; see `ServerFacts.scope`.

    Raises:
        MalformedError: The file is not what its name says.
        UnreadableError: It cannot be read.
    """
    if config.opaque:
        found.gap(_opaque(file))
        return
    if config.code:
        found.add(file_component(file))
        return
    data = file.read()
    if config.beside is Beside.ANYTHING and not _may_name(data, config):
        return
    parse = _FORMATS.get(file.suffix, Node.from_jsonc)
    _Reader(file, config, scope, found).read(parse(data, source=file.path))


def read_unnamed(file: File, data: bytes, found: Collector) -> None:
    """Declare the servers of a file that is called as no client calls its own.

    It is known by its content: a map of servers, as JSON. Of another file nothing is
    said.

    Args:
        file: The file.
        data: What is in it.
        found: Where servers and gaps are kept.
    """
    if not any(mark in data for mark in _UNNAMED_MARKS):
        return
    try:
        document = Node.from_jsonc(data, source=file.path)
        if not any(_shows_servers(document.at(key)) for key in _UNNAMED.keys):
            return
    except MalformedError:
        return
    with found.entry():
        _Reader(file, _UNNAMED, "project", found).read(document)


def _shows_servers(node: Node) -> bool:
    return node.is_object() and any(is_server(entry) for _, entry in node.items())


def _may_name(data: bytes, config: Config) -> bool:
    """Say whether the settings of a program can name anything at all."""
    plain = data.lower()
    marked = any(mark in plain for mark in config.marks)
    return config.single or marked or _ESCAPED.search(plain) is not None


class _Reader:
    """Reads the servers of one file."""

    def __init__(
        self, file: File, config: Config, scope: str, found: Collector
    ) -> None:
        self._file = file
        self._config = config
        self._scope = scope
        self._found = found
        self._switches = Switches()
        self._read: set[str] = set()
        self._catalog = Catalog(file) if config.catalog else None
        owner = Owner(client=config.client, scope=scope, dialect=config.dialect)
        project = Project(file, anywhere=scope != "project")
        self._listing = Listing(owner, project, found)

    def read(self, document: Node) -> None:
        """Declare every server in *document*."""
        self._switches = Switches.of(self._file, self._config.client, document)
        if self._config.single:
            name = document.at("name").value
            stem = PurePosixPath(self._file.path).stem
            self._declare(name if isinstance(name, str) else stem, document)
            return
        for key in self._config.keys:
            for node in maps(document, key, self._found):
                with self._found.entry():
                    self._declare_all(node)
        for key in self._config.plugins:
            for node in maps(document, key, self._found):
                with self._found.entry():
                    read_plugins(self._file, node, self._found)
        for key in self._config.commands:
            for node in maps(document, key, self._found):
                with self._found.entry():
                    if node.exists:
                        raise node.malformed("starts a server, and is not read")
        if self._config.beside is not Beside.ANYTHING:
            self._look_beside(document)

    def _declare_all(self, node: Node) -> None:
        """Declare each entry of a map or list of servers."""
        if node.is_list() and self._config.lists:
            for each in node.elements():
                self._declare_element(each)
        elif node.is_list() and self._config.references:
            for each in node.elements():
                if not each.is_text():
                    self._declare_all(each)
        elif self._config.manifest and not node.is_object():
            self._follow(node)
        else:
            for name, entry in node.items():
                self._declare(name, entry)

    def _follow(self, node: Node) -> None:
        """Read the files of servers that the manifest of a plug-in names."""
        for each in node.elements() if node.is_list() else [node]:
            if len(self._read) > _FILES:
                raise node.malformed(f"names more than {_FILES} files of servers")
            with self._found.entry():
                if each.is_object():
                    self._declare_all(each)
                else:
                    self._read_other(each)

    def _declare(self, name: str, entry: Node, problem: str = "") -> None:
        place = Location(path=entry.source, pointer=entry.pointer)
        if self._catalog:
            known = self._catalog.entry(name, entry)
            entry = known or entry
            problem = "" if known else "is in no catalogue that is here"
        disabled = self._switches.disable(name)
        self._listing.declare(
            name, entry, place=place, disabled=disabled, problem=problem
        )

    def _declare_element(self, entry: Node) -> None:
        """Declare an entry of a list, which bears its own name."""
        name = entry.at("name").value if entry.is_object() else None
        if isinstance(name, str) and name:
            self._declare(name, entry)
        else:
            self._declare("", entry, problem="is a server without a name")

    def _read_other(self, node: Node) -> None:
        """Read the file that *node* names, unless it is read anyway."""
        folder = PurePosixPath(self._file.path).parent.name
        up = "../" if folder.startswith(".") else ""
        name = node.text().removeprefix("./")
        if name in self._read:
            return
        self._read.add(name)
        try:
            other = self._file.beside(up + name)
            known = config_of(other.path) if self._scope == "project" else None
            if known is None and other.name != ".mcp.json":
                config = Config(client=self._config.client)
                read_config(other, config, self._found, scope=self._scope)
        except UnreadableError as error:
            raise node.malformed(
                f"names a file of servers that cannot be read: {error.reason}"
            ) from error

    def _look_beside(self, document: Node) -> None:
        """Read a map without a key, and leave a gap for what else may be servers."""
        keys = self._config.keys
        if not any(key in document for key in keys):
            # A plug-in's `.mcp.json` may be the map itself.
            entries = [*document.items()]
            if any(is_server(entry) for _, entry in entries):
                for name, entry in entries:
                    if entry.is_object() and name not in _OTHERS:
                        self._declare(name, entry)
                return
            if document.value and self._config.beside is Beside.NOTHING:
                raise document.malformed(
                    "names no servers in `mcpServers` or `servers`"
                )
        folded = {key.lower() for key in keys}
        for name, entry in document.items():
            # What differs by its case only was told of already.
            if name.lower() in folded or name in _OTHERS:
                continue
            with self._found.entry():
                if self._may_name_servers(entry):
                    raise entry.malformed("this member is not read; servers may be in")

    def _may_name_servers(self, entry: Node) -> bool:
        if self._config.beside is Beside.NOTHING:
            return entry.is_object() or entry.is_list()
        if not entry.is_object():
            return False
        return is_server(entry) or any(is_server(each) for _, each in entry.items())


def _opaque(file: File) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=file.path),
        reason="MCP servers in the configuration of a client that is not read",
        state=State.UNSUPPORTED,
        hint="declare the servers in `.mcp.json`, or check them by other means",
    )
