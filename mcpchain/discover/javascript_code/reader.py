"""Read code in JavaScript and TypeScript: which services it asks."""

import re
from typing import Final

from mcpchain.ai_providers import by_host
from mcpchain.component import Location
from mcpchain.discover.javascript_code.clients import SCOPES, SPECIFIERS
from mcpchain.discover.javascript_code.tokens import Lines, tokens
from mcpchain.discover.javascript_code.uses import imported, services
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_SPLIT: Final = 2 << 20
"""How many bytes of code are split into words."""
_IMPORTED: Final = re.compile(
    rb"(?:from|import|require)\s{0,20}\(?\s{0,20}[\"'`]([\w@./-]{2,100})[\"'`]"
)
_HOST: Final = re.compile(rb"://([\w.-]{1,255})")


def discover(file: File, found: Collector) -> None:
    """Declare every service that the code asks.

    Raises:
        UnreadableError: It cannot be read.
    """
    data = file.read(_BYTES)
    packages = [
        match[1].decode("ascii")
        for match in _IMPORTED.finditer(data)
        if _is_known(match[1])
    ]
    hosts = {match[1] for match in _HOST.finditer(data)}
    if not packages and not any(by_host(each.decode("ascii")) for each in hosts):
        return
    if len(data) > _SPLIT:
        known = [each.decode("ascii") for each in hosts]
        for component in imported(packages, known, Location(path=file.path)):
            found.add(component)
        found.gap(_large(file))
        return
    text = data.decode("utf-8", "replace")
    components, complete = services(tokens(text), Lines(text), file.path)
    for component in components:
        found.add(component)
    if not complete:
        found.gap(_many(file))


def _is_known(specifier: bytes) -> bool:
    if specifier.startswith(SCOPES):
        return True
    size = 2 if specifier.startswith(b"@") else 1
    return b"/".join(specifier.split(b"/")[:size]) in SPECIFIERS


def _many(file: File) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=file.path),
        reason="asks more services than are listed of one file",
        state=State.LIMIT,
        hint="divide the file",
    )


def _large(file: File) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=file.path),
        reason=f"code of more than {_SPLIT:,} bytes that asks services: only the "
        "packages and hosts that it names were read",
        state=State.PARTIAL,
        hint="examine the sources from which it was bundled, without the bundle",
    )
