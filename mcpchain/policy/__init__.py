"""What an organisation asks of the systems that it deploys.

A policy file is read as strictly as code: a key that is misspelt, given twice or of the
wrong type is an error with its line, since a policy that was read in part would allow
what its author forbids.
"""

import datetime as dt
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from mcpchain.case import Case
from mcpchain.component import Component
from mcpchain.finding import Finding, Level
from mcpchain.license_terms import LicenseTerms
from mcpchain.policy.custom import CustomRule
from mcpchain.policy.levels import Entry, Key, Place, default_levels
from mcpchain.policy.limits import Limits
from mcpchain.policy.stages import Stage, Verifier
from mcpchain.publisher import Publisher
from mcpchain.rules import Rule
from mcpchain.signature import Demand
from mcpchain.standing import Builders
from mcpchain.verdict import Waiver

__all__ = ["Policy", "default_levels"]

_STRICT = [*Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which rules apply with which settings, and how much their findings matter.

    Every rule of mcpchain always runs. A policy that does not name one leaves it at
    its own levels.
    """

    name: str
    rules: tuple[Rule, ...]
    levels: Mapping[Key, Level] = field(default_factory=dict)
    """By rule and variant."""
    places: Mapping[Key, Place] = field(default_factory=dict)
    """Where the policy gives them; the others are mcpchain's own."""
    scoped: Mapping[str, tuple[Entry, ...]] = field(default_factory=dict)
    """By rule: what is asked otherwise of what is in a scope. The first that fits."""
    custom: tuple[CustomRule, ...] = ()
    """Rules of its own, after those of mcpchain."""
    registries: tuple[str, ...] = ()
    """Registries that are trusted beside those that the user has configured."""
    max_advisory_age: dt.timedelta | None = None
    """How old an advisory source may be."""
    licenses: LicenseTerms | None = None
    waivers: tuple[Waiver, ...] = ()
    limits: Limits = Limits()  # noqa: RUF009 - frozen, like every value here
    controls: Mapping[str, tuple[tuple[str, str], ...]] = field(default_factory=dict)
    """By rule: the framework and control that it speaks of, beside mcpchain's own."""
    publishers: tuple[Publisher, ...] = ()
    """Who has to stand for what. Of several that fit a component, any one."""
    second_opinion: Demand = Demand.OFF
    builders: Builders = Builders()  # noqa: RUF009 - frozen, like every value here
    stages: tuple[Stage, ...] = ()
    stage: Stage | None = None
    """At which it is judged."""
    verifiers: tuple[Verifier, ...] = ()
    """Whose verdicts count."""
    expires: dt.date | None = None
    """The last day on which it holds, in UTC."""
    loosened_by: frozenset[str] = frozenset()
    """What a policy that extends it may loosen: rules, and keys of the file."""
    source: str = ""
    sha256: str = ""
    """Of the file's bytes; where it names keys, or extends a policy, followed by their
    digests, each after a zero byte."""

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield what every rule has to say of *case*."""
        for rule in self.rules:
            entries = self.scoped.get(rule.id)
            if entries is None:
                yield from rule.check(case)
                continue
            asked = {e.rule if e else rule for e in _fitting(entries, case.component)}
            if len(asked) == 1:
                yield from asked.pop().check(case)
                continue
            found: list[Finding] = []
            for each in asked:
                found += (new for new in each.check(case) if new not in found)
            yield from found
        for custom in self.custom:
            yield from custom.check(case)

    def level(self, finding: Finding) -> Level:
        """Return what this policy makes of *finding*.

        A finding of a rule or variant that nobody knows is denied.
        """
        return self.ruling(finding)[0]

    def ruling(self, finding: Finding) -> tuple[Level, Place | None]:
        """Return the level of *finding*, and where the policy says so.

        Of what is found in several places, the strictest level holds.
        """
        key = (finding.rule, finding.variant)
        level, place = self.levels.get(key, Level.DENY), self.places.get(key)
        if entries := self.scoped.get(finding.rule):
            rulings = [
                (e.levels[key], e.places.get(key))
                if e and key in e.levels
                # What an entry does not say holds as it does everywhere.
                else (level, place)
                for e in _fitting(entries, finding.about)
            ]
            level, place = max(rulings, key=lambda each: _STRICT.index(each[0]))
        if level is Level.DENY and self.stage and not self.stage.blocks:
            line = self.stage.line
            return Level.WARN, Place(source=self.source, line=line)
        return level, place

    def staged(self, stage: Stage) -> "Policy":
        """Return what it asks at *stage*, which is one of its own."""
        return replace(
            self,
            stage=stage,
            levels={**self.levels, **stage.levels},
            places={**self.places, **stage.places},
            scoped={
                rule: kept
                for rule, entries in self.scoped.items()
                if (kept := tuple(_at(entries, stage)))
            },
            custom=tuple(
                each
                for each in self.custom
                if each.scope is None
                or not each.scope.stages
                or stage.name in each.scope.stages
            ),
            waivers=tuple(
                each
                for each in self.waivers
                if not each.stages or stage.name in each.stages
            ),
        )


def _at(entries: Iterable[Entry], stage: Stage) -> Iterator[Entry]:
    """Yield what holds at *stage*, whose levels go before those for every stage."""
    for each in entries:
        if each.scope is None or not each.scope.stages:
            levels = {**each.levels, **stage.levels}
            yield replace(each, levels=levels, places={**each.places, **stage.places})
        elif stage.name in each.scope.stages:
            yield each


def _fitting(entries: Sequence[Entry], component: Component) -> list[Entry | None]:
    """Return the first of *entries* that fits, for each place of *component*."""
    found: list[Entry | None] = []
    for path in {each.path for each in component.locations}:
        first = None
        for entry in entries:
            if entry.scope is None or entry.scope.fits(component, path):
                first = entry
                break
        if not any(first is each for each in found):
            found.append(first)
    return found
