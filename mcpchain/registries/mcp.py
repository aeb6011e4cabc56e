"""MCP registries: the entry of one server, as its publisher wrote it (API v0.1).

No address is known here: which registry is asked, the user says.
"""

from typing import Final
from urllib.parse import quote

from mcpchain.address import is_http
from mcpchain.fetch import Fetcher, Request

_LIMIT: Final = 4 << 20


def request(name: str, version: str, registry: str) -> Request:
    """Return the request for the entry of a server.

    Args:
        name: Of the server.
        version: Of the server; empty: the newest.
        registry: The address of the registry.

    Raises:
        ValueError: *registry* is no address.
    """
    if not is_http(registry):
        raise ValueError(f"`{registry[:140]}` is no web address")
    server, release = quote(name, safe=""), quote(version or "latest", safe="")
    base = registry.rstrip("/")
    url = f"{base}/v0.1/servers/{server}/versions/{release}"
    # What an entry says may change under the same version.
    return Request(url=url, limit=_LIMIT, keep=False)


def fetch(fetcher: Fetcher, asked: Request) -> bytes:
    """Return the answer of a registry, as `read_server` reads it.

    Raises:
        FetchError: There is none.
    """
    response = fetcher.fetch(asked)
    response.document()
    return response.body
