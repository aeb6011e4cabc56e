"""FastMCP's own manifest, `fastmcp.json`: where a server's code is, and what it needs.

The packages that it names are installed by uv when the server starts, whatever a lock
beside it says (FastMCP, project configuration):

    {"source": {"path": "server.py"}, "environment": {"dependencies": ["httpx>=0.28"]}}
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Fastmcp:
    """Reads `fastmcp.json`, and `NAME.fastmcp.json` beside it."""

    id: ClassVar[str] = "fastmcp"

    def wants(self, file: File) -> bool:
        """Say whether it is named like FastMCP's manifest."""
        name = file.name.lower()
        return name == "fastmcp.json" or name.endswith(".fastmcp.json")

    def discover(self, file: File, found: Collector) -> None:
        """Declare the server, its code, and every package that it asks for.

        Raises:
            MalformedError: It is not JSON, or no object.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.fastmcp.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Fastmcp()
