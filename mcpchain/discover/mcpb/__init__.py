"""MCP bundles (`.mcpb`, once `.dxt`), and the `manifest.json` that one is made from.

A bundle is a zip archive with a manifest, which says how to start the server in it, the
server's code, and everything that the code needs. Desktop clients install it with one
click, and without asking any registry: what is in it is what runs.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_SUFFIXES: Final = frozenset({".mcpb", ".dxt"})


class Mcpb:
    """Reads MCP bundles and their manifests."""

    id: ClassVar[str] = "mcpb"

    def wants(self, file: File) -> bool:
        """Say whether it is named like a bundle or a manifest."""
        return file.suffix in _SUFFIXES or file.name.lower() == "manifest.json"

    def discover(self, file: File, found: Collector) -> None:
        """Declare the server, and of a bundle all that is in it.

        Raises:
            MalformedError: It is named like a bundle, and is none.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.mcpb.reader import read_bundle, read_manifest_file

        if file.suffix in _SUFFIXES:
            read_bundle(file, found)
        else:
            read_manifest_file(file, found)


DISCOVERER: Final[Discoverer] = Mcpb()
