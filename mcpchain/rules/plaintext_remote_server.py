"""A remote MCP server that anybody on the way can read and change."""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final
from urllib.parse import urlsplit

from mcpchain.case import Case
from mcpchain.component import ServerFacts
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaintextRemoteServer:
    """A remote MCP server is reached without encryption.

    Why it matters: whoever sits on the way reads the tokens and the data, and can
    answer in the server's name with tools and results of their own.

    Use instead: an `https://` address. A server on the same machine
    (`http://localhost`) is fine.

    Variants:
        plaintext: `http://` or `ws://` to another machine, or to a host that is put
            in at run time.
        unknown: all of the address is put in at run time, or it cannot be read.
    """

    id: ClassVar[str] = "plaintext-remote-server"
    variants: ClassVar[Mapping[str, Level]] = {
        "plaintext": Level.DENY,
        "unknown": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a server that is not reached securely."""
        facts = case.component.facts
        if not isinstance(facts, ServerFacts) or facts.endpoint is None:
            return
        variant = _judge(facts.endpoint)
        if variant is None:
            return
        how = (
            "without encryption"
            if variant == "plaintext"
            else "at an address whose security cannot be told"
        )
        yield Finding(
            rule=self.id,
            variant=variant,
            about=case.component,
            message=f"server `{case.component.name}` is reached {how}: "
            f"`{facts.endpoint}`",
            hint="use an `https://` address",
        )


def _judge(endpoint: str) -> str | None:
    try:
        parts = urlsplit(endpoint)
        host = parts.hostname
    except ValueError:
        return "unknown"
    if not host:
        return "unknown"
    match parts.scheme:
        case "https" | "wss":
            return None
        case "http" | "ws":
            filled = any(sign in _PORT.sub("", parts.netloc) for sign in "${")
            return None if not filled and _loopback(host) else "plaintext"
        case _:
            return "unknown"


_PORT: Final = re.compile(r":\$?\{[\w.:-]+\}$")
"""A port that is put in at run time."""


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        # RFC 6761, section 6.3: the name and everything below it is loopback.
        name = host.rstrip(".").lower()
        return name == "localhost" or name.endswith(".localhost")


RULE: Final[type[Rule]] = PlaintextRemoteServer
