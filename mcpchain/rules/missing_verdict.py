"""The verdict of an earlier stage that is missing, or does not count."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule

_HINTS: Final[Mapping[str, str]] = {
    "absent": "give it: `--require-verdict FILE`",
    "unreadable": "give the bundle that `mcpchain gate --verdict` wrote there",
    "untrusted": "find out who signed it; `verifiers` says whose verdicts count",
    "other-subject": "deploy what was judged there, or judge there what is deployed",
    "other-verifier": "give the verdict of the verifier that the policy names",
    "other-stage": "give the verdict of the stage that the policy names",
    "other-policy": "judge it there again, by the policy as it is now",
    "failed": "repair what was denied there, and judge it there again",
    "future": "compare the clocks of both machines, and judge it there again",
    "expired": "judge it there again: what is known has changed since",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingVerdict:
    """An earlier stage has not allowed this, as far as anybody has signed.

    Why it matters: what goes to production should be what staging has judged, to the
    byte. A green job says that something was allowed, and not what.

    Use instead: at the earlier stage `mcpchain gate --stage NAME --verdict OUT`, and
    here `--require-verdict OUT`.

    It looks at nothing unless the stage at which the policy is applied `requires` the
    verdict of another. What no verdict that counts is about is never waived. Of several
    that are given the newest counts.

    Variants:
        absent: none was given.
        unreadable: it is no bundle, or no verification summary.
        untrusted: it is not signed by the verifier, or the signature does not hold.
        other-subject: it is about other bytes.
        other-verifier: its signer gave it under the name of somebody else.
        other-stage: it is of another stage, or about another resource.
        other-policy: another policy, or another version of it, was applied.
        failed: what was judged there was not allowed.
        future: it is of a time that has not come.
        expired: it is older than the policy accepts.
    """

    id: ClassVar[str] = "missing-verdict"
    variants: ClassVar[Mapping[str, Level]] = dict.fromkeys(_HINTS, Level.DENY)

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if there is no verdict that counts."""
        if refused := case.no_verdict:
            yield Finding(
                rule=self.id,
                variant=refused.variant,
                about=case.component,
                message=refused.reason,
                hint=_HINTS.get(refused.variant, _HINTS["absent"]),
            )


RULE: Final[type[Rule]] = MissingVerdict
