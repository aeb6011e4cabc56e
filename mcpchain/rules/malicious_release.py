"""A release that was made to do harm."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class MaliciousRelease:
    """A published record says that this release is malware.

    Why it matters: this is no mistake that might be reachable, it is code that was
    written to steal or destroy. Installing it is enough. No severity applies.

    Use instead: remove it. If it was ever installed, treat every credential of that
    machine as stolen.

    Variants:
        malicious: a `MAL-` record, or an advisory classified as CWE-506.
    """

    id: ClassVar[str] = "malicious-release"
    variants: ClassVar[Mapping[str, Level]] = {"malicious": Level.DENY}

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for every record that calls the release malicious."""
        for advisory in case.advisories:
            if advisory.malicious:
                summary = f": {advisory.summary}" if advisory.summary else ""
                yield Finding(
                    rule=self.id,
                    variant="malicious",
                    about=case.component,
                    message=f"`{case.component.title}` is reported as malware by "
                    f"{advisory.id}{summary}",
                    hint="remove it, and replace every credential of machines that "
                    "installed it",
                    severity=advisory.severity,
                    ids=advisory.ids,
                    references=advisory.references,
                    fixed=bool(advisory.fixed_in),
                )


RULE: Final[type[Rule]] = MaliciousRelease
