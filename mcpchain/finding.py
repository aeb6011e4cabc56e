"""What a rule has to say about a case."""

import enum
import hashlib
from dataclasses import dataclass

from mcpchain.advisory import Severity
from mcpchain.component import Component
from mcpchain.inventory import Gap


@enum.unique
class Level(enum.Enum):
    """What the policy makes of a rule's findings, mildest first."""

    ALLOW = "allow"
    WARN = "warn"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One reason to worry about one component, or about not having seen something.

    A finding has no level: how much it matters is the policy's business.
    """

    rule: str
    variant: str
    """Which of the rule's cases this is: `critical`, `floating`, `offline`. A policy
    may give each variant a level of its own."""
    about: Component
    message: str
    hint: str
    gap: Gap | None = None
    """What could not be seen, if that is the worry."""
    severity: Severity = Severity.UNKNOWN
    ids: frozenset[str] = frozenset()
    """Every id of the advisory that it rests on, if it rests on one."""
    references: tuple[str, ...] = ()
    fixed: bool = False
    """Whether a version is known in which it is not so."""

    @property
    def open(self) -> bool:
        """Whether it says only that we could not look, and looking again may help."""
        return self.gap is not None and self.gap.state.transient

    @property
    def where(self) -> str:
        """The place to look at, for a reader."""
        return str(self.gap.location if self.gap else self.about.location)

    @property
    def fingerprint(self) -> str:
        """A name for this finding that stays the same from run to run."""
        purl = self.about.purl.to_string() if self.about.purl else self.about.name
        # The shortest id alone: a source that adds an alias must not rename it.
        key = [self.rule, self.variant, purl, self.where, min(self.ids, default="")]
        if self.gap:
            key.append(self.gap.reason)
        return hashlib.sha256("\x1f".join(key).encode()).hexdigest()
