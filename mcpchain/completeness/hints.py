"""What to do about what is missing, where several profiles miss the same."""

from typing import Final

AUTHOR: Final = "name who stands for the BOM: `mcpchain sbom --manufacturer NAME`"
CONTACT: Final = (
    "say where to reach them: `mcpchain sbom --manufacturer 'NAME <ADDRESS>'`"
)
CONTEXT: Final = "say in `metadata.lifecycles` when it was made; `mcpchain sbom` does"
DEPENDENCY: Final = (
    "make the BOM from a lock, which knows what needs what, or with `mcpchain sbom "
    "--resolve` for MCP servers"
)
HASH: Final = (
    "make the BOM from a lock with hashes, or with `mcpchain sbom --resolve` for MCP "
    "servers"
)
IDENTIFIER: Final = (
    "a purl names a package, at its registry or where it is fetched from; what has "
    "none is local or not known"
)
LICENSE: Final = (
    "ask the registries with `mcpchain sbom --resolve`, or read the installed packages "
    "with `--environment PYTHON`: locks of Python name no licences"
)
NAME: Final = "correct the entry: nothing can be said of what has no name"
PRODUCER: Final = "name who makes it: `mcpchain sbom --manufacturer NAME`"
SUPPLIER: Final = (
    "ask the registries with `mcpchain sbom --resolve`, since locks do not say it, or "
    "write it into its `supplier`"
)
TIMESTAMP: Final = "write `metadata.timestamp` in UTC; `mcpchain sbom` does"
TOOL: Final = "name the tool in `metadata.tools`; `mcpchain sbom` does"
VERSION: Final = (
    "pin what floats: a lock, an exact version for an MCP server, a digest for an image"
)
