"""A release that nobody has had time to look at."""

import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.release import Withdrawal
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshRelease:
    """The release was uploaded only a short while ago.

    Why it matters: hijacked releases are as a rule found and removed within hours or
    days. Who waits is not among the first to run them.

    Use instead: an older release, or wait. A fix that cannot wait is what a waiver is
    for.

    Settings:
        min-age: how old the newest file of a release must be, such as `72h` or `7d`.

    Variants:
        fresh: younger than `min-age`, or dated in the future.
        undated: the registry does not say when it was uploaded.
    """

    id: ClassVar[str] = "fresh-release"
    variants: ClassVar[Mapping[str, Level]] = {
        "fresh": Level.DENY,
        "undated": Level.DENY,
    }

    min_age: dt.timedelta = dt.timedelta(hours=72)

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the release is too young, or of unknown age."""
        release = case.release
        if release is None or release.withdrawal is Withdrawal.MISSING:
            return
        title = case.component.title
        if case.component.version is None:
            title = f"{title} {release.version}"
        published = release.published
        if published is None or any(a.published is None for a in release.artifacts):
            yield Finding(
                rule=self.id,
                variant="undated",
                about=case.component,
                message=f"`{title}`: `{release.registry}` does not say when it was "
                "uploaded",
                hint="ask a registry that gives upload times",
            )
        elif case.now - published < self.min_age:
            yield Finding(
                rule=self.id,
                variant="fresh",
                about=case.component,
                message=f"`{title}` was uploaded {published:%Y-%m-%d %H:%M} UTC, less "
                f"than {_words(self.min_age)} ago",
                hint="use an older release, or wait until "
                f"{published + self.min_age:%Y-%m-%d %H:%M} UTC",
            )


def _words(age: dt.timedelta) -> str:
    hours = int(age.total_seconds() // 3600)
    return f"{hours // 24} days" if hours % 24 == 0 else f"{hours} hours"


RULE: Final[type[Rule]] = FreshRelease
