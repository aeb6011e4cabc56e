"""Packages that a client loads into itself, from npm or from the project.

opencode installs what `plugin` lists whenever it starts (opencode, Plugins), and newer
versions read `plugins`:

    {"plugin": ["opencode-acme@1.2.0", ["./local.ts", {}], {"package": "other@1.0.0"}]}
"""

from typing import Final

from mcpchain.component import Location, Origin
from mcpchain.discover.mcp_config.code import file_component
from mcpchain.discover.mcp_config.listing import package_component
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.launch.npm_spec import read_npm_spec
from mcpchain.launch.record import UndecidableError
from mcpchain.tree import File, UnreadableError

_PLUGINS: Final = 1_000
"""How many are read of one file."""


def read_plugins(file: File, plugins: Node, found: Collector) -> None:
    """Declare each plug-in of a client. One that may change at every start is a gap.

    Args:
        file: The configuration. The paths in it are seen from its folder.
        plugins: The list in it.
        found: Where components and gaps are kept.

    Raises:
        MalformedError: It is no list.
    """
    for count, each in enumerate(plugins.elements()):
        if count >= _PLUGINS:
            found.gap(_gap(each, f"more than {_PLUGINS:,} plug-ins", State.LIMIT))
            return
        with found.entry():
            _read(file, _named(each), found)


def _named(entry: Node) -> Node:
    """Return what names the plug-in, which may stand beside its options."""
    if entry.is_list():
        return next(entry.elements(), entry)
    return entry.at("package") if entry.is_object() else entry


def _read(file: File, node: Node, found: Collector) -> None:
    try:
        wanted = read_npm_spec(node.text(), {})
    except UndecidableError:
        raise node.malformed("is a plug-in whose package cannot be told") from None
    if wanted.origin is Origin.PATH:
        try:
            found.add(file_component(file.beside(wanted.name)))
        except (UnreadableError, UnicodeEncodeError):
            raise node.malformed(
                "is a plug-in whose code is no file in the examined folder, and was "
                "not looked at"
            ) from None
        return
    place = Location(path=node.source, pointer=node.pointer)
    ref = found.add(package_component(wanted, place))
    if wanted.pin.moves:
        reason = "a plug-in without an exact version, which may change at every start"
        found.gap(_gap(node, reason, State.UNMATCHED, ref))


def _gap(node: Node, reason: str, state: State, ref: str | None = None) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=node.source, pointer=node.pointer),
        reason=reason,
        state=state,
        hint="name exact versions: `plugin@1.2.0`",
        ref=ref,
    )
