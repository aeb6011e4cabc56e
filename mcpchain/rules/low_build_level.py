"""Something whose build anybody could have changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import ClassVar, Final

from mcpchain.build_level import PROVENANCE, BuildLevel, build_level
from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class LowBuildLevel:
    """Its provenance is of a lower build level of SLSA than wanted.

    Why it matters: provenance is as good as the builder that wrote it. On a machine of
    his own, whoever runs the build can write anything into it (level 1). A hosted
    runner writes what it did (2), and a workflow that isolates the build keeps the
    build itself from forging it (3).

    Use instead: a release that was built on hosted runners, or by a workflow that
    isolates the build. Which of your own do so, and whether your own runners are as
    good, the policy says under `signatures`. The level comes from our table of
    builders, never from what a provenance says of itself.

    Example:
        `@acme/files@1.2.0`: its provenance is of build level 1, not 2: the runner is
        `self-hosted`, whose owner can say anything

    If that runner is yours, say `self-hosted-runners: true` under `signatures`.

    Settings:
        min-level: the lowest level that is accepted, 1 to 3.

    Variants:
        low: the level is lower.
        unstated: somebody attests who published it, and nobody how it was built, as
            most attestations on PyPI do.
    """

    id: ClassVar[str] = "low-build-level"
    variants: ClassVar[Mapping[str, Level]] = {
        "low": Level.DENY,
        "unstated": Level.WARN,
    }

    min_level: int = field(default=2, metadata={"range": range(1, 4)})

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for each verified subject of too low a level."""
        best: dict[str, BuildLevel | None] = {}
        for each in case.standing.provenance if case.standing else ():
            found = build_level(each, case.builders) if _states(each) else None
            known = best.setdefault(each.subject, found)
            if found and (known is None or known.level < found.level):
                best[each.subject] = found
        told = (self._told(each) for each in best.values())
        title = case.component.title
        for variant, message in sorted({each for each in told if each}):
            yield Finding(
                rule=self.id,
                variant=variant,
                about=case.component,
                message=f"`{title}`: {message}",
                hint="use a release that was built on hosted runners, or say in the "
                "policy which builders you trust (`signatures`)",
            )

    def _told(self, found: BuildLevel | None) -> tuple[str, str] | None:
        if found is None:
            return "unstated", "nothing verified says how it was built"
        if found.level >= self.min_level:
            return None
        wanted = f"build level {found.level}, not {self.min_level}"
        return "low", f"its provenance is of {wanted}: {found.reason}"


def _states(answer: Verification) -> bool:
    said = answer.statement
    return said is not None and said.predicate_type in PROVENANCE


RULE: Final[type[Rule]] = LowBuildLevel
