"""What to do about what is missing, where several profiles miss the same."""

from typing import Final

AUTHOR: Final = "name who made the BOM in `metadata.authors` or `metadata.manufacturer`"
CONTACT: Final = (
    "give `metadata.manufacturer` a `contact` with an address of mail, or a `url`"
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
    "read the installed packages too, with `mcpchain sbom --environment PYTHON`: locks "
    "of Python name no licences"
)
NAME: Final = "correct the entry: nothing can be said of what has no name"
PRODUCER: Final = "name the maker in `metadata.component.manufacturer` or beside it"
SUPPLIER: Final = (
    "name who supplies it in its `supplier` or `manufacturer`, and the maker of your "
    "own in `metadata.manufacturer`"
)
TIMESTAMP: Final = "write `metadata.timestamp` in UTC; `mcpchain sbom` does"
TOOL: Final = "name the tool in `metadata.tools`; `mcpchain sbom` does"
VERSION: Final = (
    "pin what floats: a lock, an exact version for an MCP server, a digest for an image"
)
