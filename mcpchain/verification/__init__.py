"""What a run of `mcpchain verify` found out, and how it is told."""

import datetime as dt
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from mcpchain.errors import Exit
from mcpchain.signature import Status, Verification

_DENIED: Final = frozenset(
    {Status.INVALID, Status.UNTRUSTED_IDENTITY, Status.MISSING, Status.UNVERIFIABLE}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Every signature that was looked at, in the order of the targets."""

    verifications: tuple[Verification, ...]
    now: dt.datetime
    version: str
    """Of mcpchain."""
    root: str = ""
    """The trusted root that was chosen for all of them."""
    root_age: int | None = None
    """How many days ago the trusted root was taken from its owner, or imported."""
    root_note: str = ""
    """What to know about that root."""
    notes: tuple[str, ...] = ()
    """What of the targets nobody was asked about."""
    offline: bool = False
    """Whether the network was closed."""

    @property
    def exit(self) -> Exit:
        """The exit code: of nothing at all nothing is verified."""
        found = {each.status for each in self.verifications}
        if not found:
            return Exit.NOTHING_TO_CHECK
        if found & _DENIED:
            return Exit.DENIED
        return Exit.UNDECIDED if Status.ERROR in found else Exit.ALLOWED


Renderer = Callable[[Run], str]
"""Returns the report, with a final newline."""


def renderers() -> Mapping[str, Renderer]:
    """Return the ways to tell a run, by id."""
    from mcpchain.verification.render import as_json, as_text

    return {"text": as_text, "json": as_json}
