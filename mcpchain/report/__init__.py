"""What we tell people. One format, one file."""

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from mcpchain import loader
from mcpchain.inventory import Inventory
from mcpchain.policy import Policy
from mcpchain.standing import Standing
from mcpchain.verdict import Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that a report may tell of one run of the gate."""

    inventory: Inventory
    verdict: Verdict
    policy: Policy
    now: dt.datetime
    version: str
    """Of mcpchain."""
    sources: tuple[str, ...] = ()
    """What answered about advisories, with its age, a line each."""
    downloaded: int | None = None
    """How many files were fetched and hashed; `None` if that was not asked for."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Who stands for the packages, by the refs of components."""
    root: str = ""
    """The trusted root by which that was found out, with its SHA-256. Empty: nobody
    was asked."""
    root_note: str = ""
    """What to know about that root."""


class Format(Protocol):
    """Renders an account."""

    id: ClassVar[str]

    def render(self, account: Account, *, colour: bool) -> str:
        """Return the report, with a final newline.

        Args:
            account: What to tell.
            colour: Whether the reader's terminal shows colour.
        """
        ...


def all_formats() -> Mapping[str, Format]:
    """Return the formats in this package by id, sorted."""
    return {part.id: part for part in loader.parts(__name__, "FORMAT")}
