"""Programs that stand between the client and the real server."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from mcpchain.launch.record import Launch
from mcpchain.naming import bare_url

_BRIDGES: Final = frozenset(
    {
        *("mcp-remote", "mcp-proxy", "supergateway", "@smithery/cli", "mcpo"),
        *("@modelcontextprotocol/inspector", "mcp-inspector", "fastmcp"),
    }
)
_ADDRESS_OPTIONS: Final = frozenset({"--sse", "--streamableHttp"})


def bridged(launch: Launch, args: Sequence[str]) -> Launch:
    """Add to *launch* what the bridge in it connects to, if it is one.

    A bridge that starts a further server hides it, so that the launch is undecidable;
    the bridge stays listed.

    Args:
        launch: What is started.
        args: The arguments that it is started with.
    """
    if launch.main is None or launch.main.name not in _BRIDGES:
        return launch
    words = args[1:] if args and args[0] in _ADDRESS_OPTIONS else args
    if words and words[0].lower().startswith(("http://", "https://")):
        return replace(launch, endpoint=bare_url(words[0]))
    return replace(
        launch,
        main=None,
        pin=None,
        problem=f"`{launch.main.name}` starts or reaches a server that its "
        "arguments name in a way that is not read here",
    )
