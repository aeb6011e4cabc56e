"""MCP servers that a client is configured to start or reach, from `.mcp.json` and kin.

The file maps a server's name to the command that starts it, or to its address:

    {"mcpServers": {"files": {"command": "npx", "args": ["-y", "files@1.2.0"]}}}

Clients agree on this shape by habit, not by specification: what each of them does in
its own way is data (`clients`), and nothing is assumed. JSON is read with comments,
since several clients accept those.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_SUFFIXES: Final = (
    *(".code-workspace", ".db", ".json", ".jsonc", ".md", ".toml", ".xml"),
    *(".yaml", ".yml"),
)
"""Those of all configurations, so that the table of clients is loaded for no other."""
_CODE: Final = re.compile(r"opencode/(?:plugin|tool)s?/[^/]*\.[jt]s")
"""Code that a client loads into itself because of where it lies."""


class McpConfig:
    """Reads the MCP servers that the clients of a project are told of."""

    id: ClassVar[str] = "mcp-config"

    def wants(self, file: File) -> bool:
        """Say whether the path is one that a client looks for."""
        path = file.path.lower()
        if not path.endswith(_SUFFIXES) and not _CODE.search(path):
            return False
        from mcpchain.discover.mcp_config.recognise import config_of

        return config_of(file.path) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare every server, and everything that one of them starts.

        Raises:
            MalformedError: The file is not what its name says.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.mcp_config.reader import read_config
        from mcpchain.discover.mcp_config.recognise import config_of

        if config := config_of(file.path):
            read_config(file, config, found)


DISCOVERER: Final[Discoverer] = McpConfig()
