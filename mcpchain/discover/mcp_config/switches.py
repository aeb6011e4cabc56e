"""Which servers a client is told elsewhere not to start."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Self

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.tree import File, UnreadableError


@dataclass(frozen=True, slots=True, kw_only=True)
class Switches:
    """The servers of one file that are switched off by name.

    What cannot be read switches nothing off.
    """

    off: frozenset[str] = frozenset()
    only: frozenset[str] | None = None
    """The servers that are allowed, if not all of them are."""

    @classmethod
    def of(cls, file: File, client: str, document: Node) -> Self:
        """Return what concerns the servers in *file*, which holds *document*."""
        if client == "gemini-cli":
            excluded = frozenset(_names(document, "mcp", "excluded"))
            allowed = frozenset(_names(document, "mcp", "allowed"))
            return cls(off=excluded, only=allowed or None)
        if client == "claude-code" and file.name.lower() == ".mcp.json":
            return cls(off=frozenset(_beside(file)))
        return cls()

    def disable(self, name: str) -> bool:
        """Say whether the server *name* is switched off."""
        return name in self.off or (self.only is not None and name not in self.only)


def _beside(file: File) -> Iterator[str]:
    """Yield what the settings of Claude Code in the same folder switch off."""
    folder = PurePosixPath(file.path).parent
    for name in ("settings.json", "settings.local.json"):
        try:
            settings = file.tree.file(str(folder / ".claude" / name))
            document = Node.from_jsonc(settings.read(), source=settings.path)
        except (MalformedError, UnreadableError):
            continue
        yield from _names(document, "disabledMcpjsonServers")


def _names(node: Node, *keys: str) -> Iterator[str]:
    """Yield the names in the list at *keys*, as far as there is one."""
    try:
        for key in keys:
            if not node.is_object():
                return
            node = node.at(key)
        yield from node.texts()
    except MalformedError:
        return
