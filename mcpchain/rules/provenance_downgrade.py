"""A release without the provenance that others before it had."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceDowngrade:
    """An earlier release of the same line has provenance, and this one has not.

    Why it matters: whoever publishes from a workflow does so for every release. A
    stolen token, used from another machine, leaves exactly this gap.

    Use instead: the earlier release, until its maker says why this one was published
    otherwise.

    Example:
        `acme-files==1.2.0` has no verified provenance, and its release 1.1.0 has some

    All releases up to 1.1.0 came from a workflow; 1.2.0 was uploaded with a token.

    Variants:
        nearest: the release just before it has provenance.
        earlier: one before that has, and those between have none either.
    """

    id: ClassVar[str] = "provenance-downgrade"
    variants: ClassVar[Mapping[str, Level]] = {
        "nearest": Level.DENY,
        "earlier": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if it is known to have none, and one before it has."""
        standing = case.standing
        if standing is None or not standing.earlier or not standing.lacks_provenance:
            return
        before = standing.earlier[0]
        version = before.version[:140]
        yield Finding(
            rule=self.id,
            variant="nearest" if before.nearest else "earlier",
            about=case.component,
            message=f"`{case.component.title}` has no verified provenance, and its "
            f"release {version} has some",
            hint=f"use {version}, or ask its maker how this one was published",
        )


RULE: Final[type[Rule]] = ProvenanceDowngrade
