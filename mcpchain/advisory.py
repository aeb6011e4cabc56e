"""What is publicly known against a component."""

import enum
from dataclasses import dataclass


@enum.unique
class Severity(enum.Enum):
    """How bad the publisher of an advisory says it is.

    `UNKNOWN` is a value of its own: most advisories of some sources name none, and
    no word must not read as a mild one.
    """

    UNKNOWN = "unknown"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    CRITICAL = "critical"


@dataclass(frozen=True, slots=True, kw_only=True)
class Advisory:
    """A published statement that this version of a package is unsafe.

    Records that are aliases of one another are one advisory.
    """

    id: str
    """The id to show: a CVE where there is one."""
    aliases: tuple[str, ...] = ()
    """All other ids, sorted. A waiver may use any."""
    severity: Severity = Severity.UNKNOWN
    summary: str = ""
    fixed_in: tuple[str, ...] = ()
    """The smallest fixed version of each interval that contains ours, in order."""
    malicious: bool = False
    """The release is malware, not a mistake (`MAL-` records, CWE-506)."""
    sources: tuple[str, ...] = ()
    """Who says so: names of advisory sources, sorted."""
    references: tuple[str, ...] = ()
    modified: str = ""
    """RFC 3339, as published."""
    confidence: str = "high"
    """`high`, or `low` where only the public part of a local version matched."""

    @property
    def ids(self) -> frozenset[str]:
        """Every id that names it."""
        return frozenset({self.id, *self.aliases})
