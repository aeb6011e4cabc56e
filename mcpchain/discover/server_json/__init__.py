"""What a publisher says of an MCP server, in the `server.json` of the MCP registry.

The file names the packages that hold the server, and the addresses where it runs
already (modelcontextprotocol/registry, server.json):

    {"name": "io.github.acme/files", "packages": [{"registryType": "npm",
     "identifier": "@acme/files", "version": "1.2.0", "transport": {"type": "stdio"}}]}

A client chooses one of them, so each is a server of its own here. All published
versions of the format are read, the first of which wrote `registry_type`.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class ServerJson:
    """Reads `server.json`, also in a folder `.mcp`."""

    id: ClassVar[str] = "server-json"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that the MCP registry asks for."""
        return file.name.lower() == "server.json"

    def discover(self, file: File, found: Collector) -> None:
        """Declare a server for each package and address, and each package.

        A file of that name that has nothing to do with MCP declares nothing.

        Raises:
            MalformedError: It is not JSON.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.server_json.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = ServerJson()
