"""What we tell people. One format, one file."""

import datetime as dt
import enum
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Protocol

from mcpchain import loader
from mcpchain.inventory import Inventory
from mcpchain.policy import Policy
from mcpchain.publisher import Unused
from mcpchain.signature import Status, Subject
from mcpchain.standing import Standing
from mcpchain.verdict import Verdict


@enum.unique
class Signed(enum.Enum):
    """How a package is signed, all of its answers together."""

    VERIFIED = "verified"
    """By whom is expected, and nothing of it is wanting."""
    PARTLY = "partly"
    """The same, but there are files of it that are not signed."""
    REGISTRY = "registry"
    """By the registry alone, which delivers it."""
    UNNAMED = "unnamed"
    """It holds, and nobody says whom to expect."""
    OTHER = "other"
    """It holds, and is somebody else's than who is expected."""
    INVALID = "invalid"
    UNKNOWN = "unknown"
    """That could not be found out."""
    MISSING = "missing"

    @classmethod
    def of(cls, standing: Standing) -> "Signed":
        """Return what the answers come to, the worst first."""
        found = {each.status for each in standing.answers}
        foreign = [e for e in standing.answers if e.status is Status.UNTRUSTED_IDENTITY]
        if Status.INVALID in found:
            return cls.INVALID
        if any(each.expected_by for each in foreign):
            return cls.OTHER
        if found & {Status.ERROR, Status.UNVERIFIABLE}:
            return cls.UNKNOWN
        if foreign:
            return cls.UNNAMED
        if any(e and (e.identity or e.expected_by) for e in standing.answers):
            return cls.PARTLY if Status.MISSING in found else cls.VERIFIED
        return cls.REGISTRY if Status.VERIFIED in found else cls.MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """All that a report may tell of one run of the gate."""

    inventory: Inventory
    verdict: Verdict
    policy: Policy
    now: dt.datetime
    version: str
    """Of mcpchain."""
    subjects: tuple[Subject, ...] = ()
    """What it is about, by digest. Empty: it binds nobody."""
    sources: tuple[str, ...] = ()
    """What answered about advisories, with its age, a line each."""
    downloaded: int | None = None
    """How many files were fetched and hashed; `None` if that was not asked for."""
    standings: Mapping[str, Standing] = field(default_factory=dict)
    """Who stands for the packages, by the refs of components."""
    root: str = ""
    """The trusted root by which that was found out, with its SHA-256. Empty: nobody
    was asked."""
    unused_publishers: tuple[Unused, ...] = ()
    """What the policy names publishers of, and is not there."""
    root_note: str = ""
    """What to know about that root."""

    def signed(self) -> Mapping[Signed, int]:
        """Count the packages that were asked about by how they are signed."""
        counts = Counter(map(Signed.of, self.standings.values()))
        return {each: counts[each] for each in Signed if counts[each]}


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
