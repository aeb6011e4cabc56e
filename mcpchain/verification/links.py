"""An entry of an MCP registry for a reader: every link, whatever came of it."""

from collections.abc import Iterator
from typing import Final

from mcpchain.signature import Status, Verification

KIND: Final = "mcp-registry"
_HINTS: Final = {
    Status.INVALID: "do not use it: the entry and the file contradict each other",
    Status.UNTRUSTED_IDENTITY: "do not use it: somebody else built it than the entry "
    "says; ask the maker of the server",
    Status.UNVERIFIABLE: "see to what was not looked at, or decide without it",
    Status.MISSING: "ask the maker of the server to say it: in the entry, the package, "
    "or by an attestation of the build",
    Status.ERROR: "nothing was decided; see to this and run again",
}


def hint(each: Verification) -> str:
    """Say what to do about an answer that is no yes."""
    return _HINTS[each.status]


def details(each: Verification) -> Iterator[str]:
    """Yield the lines about an entry."""
    if each.status is not Status.VERIFIED:
        yield f"why: {each.reason}"
        yield f"hint: {hint(each)}"
    yield from (f"{check.id}: {check.detail}" for check in each.checks)
