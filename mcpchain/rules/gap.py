"""Something that could not be looked at."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.inventory import State
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Unseen:
    """A part of the target, or of what is known about it, could not be seen.

    Why it matters: what was not looked at was not checked. Silence about it would read
    as if all were well.

    Use instead: repair the input, give mcpchain the source that it lacks, or say in
    the policy which kinds of blindness you accept.

    Variants:
        unreadable: malformed, wrongly encoded, locked away, outside the target, or not
            there, as a part of a model that was not fetched.
        unsupported: a format or version that mcpchain does not read.
        partial: read in part.
        conflict: two places in the target say different things of the same.
        limit: larger, deeper or more than mcpchain reads of an untrusted file.
        missing: a registry does not know the package.
        unmatched: it names nothing that can be looked up.
        no-source: nothing that could answer is configured.
        stale: the source that answered is older than the policy accepts.
        offline: mcpchain was told not to use the network.
        unasked: the policy or a lock names who has to stand for it, and offline or
            without an answer that could not be found out.
        unreachable: the network, the registry or a tool failed.

    Where nothing but the last five is denied, the verdict is `undecided`: looking
    again, with the network or the source at hand, can settle it.
    """

    id: ClassVar[str] = "gap"
    variants: ClassVar[Mapping[str, Level]] = {
        state.value: Level.DENY for state in State
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for every gap of the case."""
        for gap in case.gaps:
            yield Finding(
                rule=self.id,
                variant=gap.state.value,
                about=case.component,
                message=f"{_STAGE.get(gap.stage, gap.stage)}: {gap.reason}",
                hint=gap.hint
                or "repair the input, or give `gap` a level in the policy",
                gap=gap,
            )


_STAGE: Final = {
    "discover": "not read",
    "resolve": "registry",
    "verify": "not verified",
    "audit": "advisories",
}

RULE: Final[type[Rule]] = Unseen
