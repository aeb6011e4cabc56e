"""May it be deployed?"""

import datetime as dt
import enum
from dataclasses import dataclass

from packageurl import PackageURL

from mcpchain.component import Kind
from mcpchain.finding import Finding


@enum.unique
class Decision(enum.Enum):
    """The gate's one-word answer."""

    ALLOW = "allow"
    UNDECIDED = "undecided"
    """Nothing that we saw is denied, but we could not look everywhere."""
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiver:
    """A finding that somebody has agreed to live with, for now."""

    rule: str
    purl: PackageURL
    """Exactly this package in exactly this version."""
    reason: str
    owner: str
    expires: dt.date
    """The last day on which it counts, in UTC."""
    advisory: str | None = None
    """The advisory that it accepts, by any of its ids; needed where a rule speaks of
    advisories, so that it cannot hide the next one."""
    variant: str | None = None
    """The variant that it accepts; `None` accepts any."""
    name: str = ""
    """The name of an npm package as it is written: the registry tells `JSONStream` from
    `jsonstream`, while a purl does not."""
    approver: str = ""
    """Who else agreed."""
    until_fixed: bool = False
    """Whether it ends as soon as a fixed version exists."""
    stages: frozenset[str] = frozenset()
    """Where it counts; empty: everywhere."""
    source: str = ""
    line: int = 0
    """Where it stands in the policy file."""

    def covers(self, finding: Finding, *, today: dt.date) -> bool:
        """Say whether this waiver accepts *finding* on the day *today*."""
        named = self.name and finding.about.kind is not Kind.MCP_SERVER
        return (
            self.rule == finding.rule
            and today <= self.expires
            and self.variant in {None, finding.variant}
            and finding.about.purl == self.purl
            and (not named or self.name == finding.about.name)
            and self.advisory in (finding.ids or {None})
            and not (self.until_fixed and finding.fixed)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Waived:
    """A finding together with the waiver that accepts it."""

    finding: Finding
    waiver: Waiver


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The decision, and every finding that led to it."""

    denied: tuple[Finding, ...] = ()
    warned: tuple[Finding, ...] = ()
    allowed: tuple[Finding, ...] = ()
    waived: tuple[Waived, ...] = ()
    unused_waivers: tuple[Waiver, ...] = ()
    """Waivers that cover nothing, to be removed before they hide something new."""

    @property
    def decision(self) -> Decision:
        """Computed, so that it cannot disagree with what it rests on."""
        if not self.denied:
            return Decision.ALLOW
        if all(finding.open for finding in self.denied):
            return Decision.UNDECIDED
        return Decision.DENY
