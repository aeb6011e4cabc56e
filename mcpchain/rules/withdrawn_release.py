"""A release that its registry or publisher took back."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.release import Withdrawal
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class WithdrawnRelease:
    """The registry no longer stands by this release.

    Why it matters: a release is taken back because it is broken, abandoned or
    dangerous. A version that the registry does not know at all may have been removed
    as malware, or may come from somewhere else than you think.

    Use instead: a release that is still offered.

    Variants:
        yanked: its publisher asks not to install it (PyPI, PEP 592).
        deprecated: its publisher advises against it (npm), or against the whole
            project (PyPI, PEP 792).
        quarantined: the registry holds the project back (PyPI, PEP 792).
        missing: the registry knows the package, but not this version.
    """

    id: ClassVar[str] = "withdrawn-release"
    variants: ClassVar[Mapping[str, Level]] = {
        "yanked": Level.DENY,
        "deprecated": Level.DENY,
        "quarantined": Level.DENY,
        "missing": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the release is withdrawn."""
        release = case.release
        if release is None or release.withdrawal is None:
            return
        what = _WHAT[release.withdrawal]
        reason = f": {release.reason}" if release.reason else ""
        yield Finding(
            rule=self.id,
            variant=release.withdrawal.value,
            about=case.component,
            message=f"`{case.component.title}` {what}{reason}",
            hint="use a version that is still offered",
        )


_WHAT: Final = {
    Withdrawal.YANKED: "was yanked by its publisher",
    Withdrawal.DEPRECATED: "is deprecated",
    Withdrawal.QUARANTINED: "is in quarantine at its registry",
    Withdrawal.MISSING: "was removed from its registry, or never published there",
}

RULE: Final[type[Rule]] = WithdrawnRelease
