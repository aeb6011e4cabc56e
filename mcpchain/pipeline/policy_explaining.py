"""Which line of a policy decides, on which evidence, and what would make it pass."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from packageurl import PackageURL

from mcpchain.document import Node
from mcpchain.errors import MalformedError, NothingToCheckError, UsageError
from mcpchain.finding import Level
from mcpchain.pipeline.policies import at_stage
from mcpchain.policy import Policy
from mcpchain.policy.levels import Entry, Key, Place
from mcpchain.policy.scope import Scope
from mcpchain.policy.values import unlike, written
from mcpchain.policy.waivers import UNWAIVABLE
from mcpchain.rules import all_rules, page
from mcpchain.verdict import Waiver

_SHORTEST: Final = 8
"""How much of a fingerprint says which."""
_OUTCOMES: Final = {"denied": "deny", "warned": "warn"}
_ADVISED: Final = frozenset({"known-vulnerability", "malicious-release"})


def explained(
    policy: Policy, text: bytes, what: str, stage: str | None, verdict: Node | None
) -> Iterator[str]:
    """Yield lines about *what*: a rule, a purl, or a finding by its fingerprint.

    Args:
        policy: As it was read from *text*.
        text: For the words of its lines.
        what: What is asked about.
        stage: At which of its stages. `None`: at all of them.
        verdict: What was judged by it. `None`: only what the policy asks is told.

    Raises:
        UsageError: There is no such rule, or it is none of the three.
        NothingToCheckError: The verdict has no finding about it.
    """
    rules = {*all_rules(), *(each.id for each in policy.custom)}
    meant = what.partition("/")[0] if what.startswith("pkg:") else what
    if verdict is None and meant not in rules and not what.startswith("pkg:"):
        raise UsageError(
            unlike(what, rules, "rule"),
            hint="of a finding, give its verdict: `--verdict verdict.json`",
        )
    sources = {policy.source}
    if verdict is not None:
        sources.add(verdict.at("policy").at("source").text())
    told = _Telling(
        sources=sources,
        policy=at_stage(policy, stage) if stage else policy,
        lines=text.decode(errors="replace").splitlines(),
    )
    if verdict is None:
        if what in rules:
            yield from told.rule(what)
        else:
            yield from told.package(_purl(what))
        return
    found = [
        each for each in verdict.at("findings").elements() if _meant(each, what, rules)
    ]
    if not found:
        raise NothingToCheckError(
            f"the verdict has no finding about `{what}`",
            hint="nothing worries there, or it is not in what was judged; the verdict "
            "names rules, purls and fingerprints",
        )
    for each in found:
        yield from told.finding(each, verdict)


def _purl(text: str) -> PackageURL:
    try:
        return PackageURL.from_string(text)
    except ValueError as error:
        hint = "write it as the verdict shows it"
        raise UsageError(f"`{text}` is no purl: {error}", hint=hint) from error


def _meant(finding: Node, what: str, rules: set[str]) -> bool:
    if what in rules:
        return finding.at("rule").text() == what
    if what.startswith("pkg:"):
        purl = finding.at("component").at("purl").optional_text()
        return purl is not None and _purl(purl) == _purl(what)
    return len(what) >= _SHORTEST and finding.at("fingerprint").text().startswith(what)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Telling:
    policy: Policy
    lines: list[str]
    sources: set[str]
    """What the policy is called, here and in the verdict."""

    def rule(self, rule_id: str) -> Iterator[str]:
        """Tell what the policy asks by a rule."""
        policy = self.policy
        known = all_rules().get(rule_id)
        first = page(known).partition("\n")[0] if known else ""
        yield f"{rule_id}: {first}" if first else f"{rule_id}: a rule of the policy"
        yield from self._levels(
            {k: (v, policy.places.get(k)) for k, v in policy.levels.items()}, rule_id
        )
        yield from self._settings(rule_id)
        for entry in policy.scoped.get(rule_id, ()):
            yield from self._entry(rule_id, entry)
        yield from self._stages(rule_id)
        for waiver in policy.waivers:
            if waiver.rule == rule_id:
                yield f"  {self._waiver(waiver)}"
        if why := self._unwaivable(rule_id):
            yield f"  {why}"
        if known:
            yield f"  what to do instead: `mcpchain explain {rule_id}`"

    def _settings(self, rule_id: str) -> Iterator[str]:
        for rule in (each for each in self.policy.rules if each.id == rule_id):
            for each in dataclasses.fields(rule):  # type: ignore[arg-type]  # all are ones
                value = getattr(rule, each.name)
                shown = written(value) if isinstance(value, dt.timedelta) else value
                yield f"  `{each.name.replace('_', '-')}` is `{shown}`"

    def _stages(self, rule_id: str) -> Iterator[str]:
        if self.policy.stage and not self.policy.stage.blocks:
            yield f"  stage `{self.policy.stage.name}`: denials only warn"
        for stage in self.policy.stages if self.policy.stage is None else ():
            told = {k: (v, stage.places.get(k)) for k, v in stage.levels.items()}
            own = [*self._levels(told, rule_id)]
            if own or not stage.blocks:
                warns = "" if stage.blocks else " denials only warn"
                yield f"  at stage `{stage.name}` (line {stage.line}):{warns}"
            yield from (f"  {each}" for each in own)

    def package(self, purl: PackageURL) -> Iterator[str]:
        """Tell what the policy asks of a package, beside what it asks of all."""
        yield purl.to_string()
        named = False
        for each in self.policy.publishers:
            if any(one.fits(purl) for one in each.packages):
                named = True
                yield f"  may stand for it: {self._line(each.line)}"
        if not named:
            yield "  nobody is named who has to stand for it (`publishers`)"
        for rule_id, entries in self.policy.scoped.items():
            for entry in entries:
                packages = entry.scope.packages if entry.scope else ()
                if any(one.fits(purl) for one in packages):
                    yield f"  {rule_id}:"
                    yield from (f"  {each}" for each in self._entry(rule_id, entry))
        for waiver in self.policy.waivers:
            if waiver.purl == purl:
                yield f"  {self._waiver(waiver)}"
        yield "  all else is as of everything: `mcpchain policy explain FILE RULE`"

    def finding(self, finding: Node, verdict: Node) -> Iterator[str]:
        """Tell of a finding why it is what it is, and what would change that."""
        rule, variant = finding.at("rule").text(), finding.at("variant").text()
        outcome = finding.at("outcome").text()
        head = _OUTCOMES.get(outcome, outcome)
        yield f"{head}[{rule} {variant}]: {finding.at('message').text()}"
        yield f"  --> {finding.at('where').text()}"
        place = finding.at("decidedBy").optional_text()
        yield f"  decided by {self._place(place)}"
        if outcome == "waived":
            waiver = finding.at("waiver")
            until = waiver.at("expires").text()
            line = self._line(waiver.at("line").integer())
            yield f"  accepted until {until} by `{waiver.at('owner').text()}`: {line}"
        yield from (f"  evidence: {each}" for each in _evidence(finding, verdict))
        yield f"  fingerprint: {finding.at('fingerprint').text()}"
        if outcome in _OUTCOMES:
            yield f"  to pass: {finding.at('hint').text()}"
            yield from self._accepting(finding, rule, variant)

    def _accepting(self, finding: Node, rule: str, variant: str) -> Iterator[str]:
        """Tell how it could be accepted instead."""
        purl = finding.at("component").at("purl").optional_text()
        why = self._unwaivable(rule)
        if purl is None:
            why = "what has no purl cannot be waived"
        if why:
            yield f"  {why}"
            return
        yield "  or accept it until a day, under `waivers`:"
        yield f"    - rule: {rule}"
        ids = finding.at("advisories").texts()
        if ids and rule in _ADVISED:
            yield f"      advisory: {next((e for e in ids if e[:4] == 'CVE-'), ids[0])}"
        else:
            yield f"      variant: {variant}"
        yield f'      purl: "{purl}"'
        yield "      reason: ..."
        yield "      owner: ..."
        if self.policy.limits.approvers:
            yield "      approver: ..."
        days = self.policy.limits.max_waiver_days
        most = f"  # at most {days} days from today" if days else ""
        yield f"      expires: YYYY-MM-DD{most}"

    def _levels(
        self, levels: Mapping[Key, tuple[Level, Place | None]], rule_id: str
    ) -> Iterator[str]:
        """Yield a line for all variants that one place gives one level."""
        alike: dict[tuple[Level, Place | None], list[str]] = {}
        for (rule, variant), told in levels.items():
            if rule == rule_id:
                alike.setdefault(told, []).append(variant)
        for (level, place), variants in alike.items():
            names = ", ".join(f"`{each}`" for each in variants)
            where = self._place(str(place) if place else None)
            yield f"  {names}: {level.value}, by {where}"

    def _entry(self, rule_id: str, entry: Entry) -> Iterator[str]:
        yield f"  where {_scope(entry.scope)} ({self._line(entry.line)})"
        told = {k: (v, entry.places.get(k)) for k, v in entry.levels.items()}
        yield from (f"  {each}" for each in self._levels(told, rule_id))

    def _waiver(self, waiver: Waiver) -> str:
        place = self._place(f"{waiver.source}:{waiver.line}")
        what = waiver.advisory or waiver.variant or "all of it"
        return (
            f"accepted until {waiver.expires}: `{waiver.rule}` of "
            f"`{waiver.purl.to_string()}` ({what}), by {place}"
        )

    def _unwaivable(self, rule_id: str) -> str:
        if rule_id in UNWAIVABLE:
            return f"cannot be waived: {UNWAIVABLE[rule_id]}"
        if rule_id in self.policy.limits.unwaivable:
            return "cannot be waived: it is listed under `unwaivable`"
        return ""

    def _line(self, number: int) -> str:
        return self._place(f"{self.policy.source}:{number}")

    def _place(self, place: str | None) -> str:
        """Return a place in the policy, with what is written there."""
        if place is None:
            return "mcpchain's own level, of which the policy says nothing"
        source, _, number = place.rpartition(":")
        if source not in self.sources:
            return place
        if not number.isdecimal() or not 0 < int(number) <= len(self.lines):
            return place
        return f"{place}: `{self.lines[int(number) - 1].strip()}`"


def _scope(scope: Scope | None) -> str:
    if scope is None:
        return "nothing else fits"
    parts = {
        "kind": sorted(each.value for each in scope.kinds),
        "package": [
            f"pkg:{e.type}/{f'{e.namespace}/' if e.namespace else ''}{e.name}"
            f"{'*' if e.begins else ''}"
            for e in scope.packages
        ],
        "path": [*scope.paths],
        "stage": sorted(scope.stages),
    }
    return ", ".join(
        f"{name} is {' or '.join(f'`{each}`' for each in some)}"
        for name, some in parts.items()
        if some
    )


def _evidence(finding: Node, verdict: Node) -> Iterator[str]:
    """Yield what a finding rests on, as the verdict tells it."""
    ids = finding.at("advisories").texts()
    if ids:
        severity = finding.at("severity").text()
        yield f"{', '.join(ids)}, of severity `{severity}`"
        yield from finding.at("references").texts()[:3]
    gap = finding.at("gap")
    if gap.exists:
        yield f"`{gap.at('stage').text()}` could not see it: {gap.at('reason').text()}"
    ref = finding.at("component").at("ref").text()
    signatures = verdict.at("signatures")
    if not signatures.exists:
        return
    try:
        for each in signatures.at("components").elements():
            if each.at("ref").text() != ref:
                continue
            for answer in each.at("answers").elements():
                status = answer.at("status").text()
                yield f"signature `{status}`: {answer.at('reason').text()}"
    except MalformedError:
        yield "signatures, which the verdict tells in a form that is not read here"
