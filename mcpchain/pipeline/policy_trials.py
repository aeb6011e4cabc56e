"""Try a policy on cases. Nothing is asked of a network, a clock or an environment."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mcpchain import gate
from mcpchain.address import normalise
from mcpchain.case import Case
from mcpchain.component import Component, Kind, Location
from mcpchain.errors import MalformedError, UsageError
from mcpchain.finding import Finding
from mcpchain.inventory import Collector, Gap, Inventory
from mcpchain.pipeline.closure import pulls
from mcpchain.pipeline.policies import at_stage
from mcpchain.pipeline.policy_cases import (
    WAIVED,
    Signature,
    Told,
    Trial,
    Wanted,
    read_cases,
)
from mcpchain.pipeline.registry_signatures.whom import Whom, named
from mcpchain.pipeline.standing import ASKED, Stood, unanswered
from mcpchain.pipeline.target import survey
from mcpchain.pipeline.unasked import unattended
from mcpchain.policy import Policy
from mcpchain.rules import all_rules
from mcpchain.signature import Status, Verification
from mcpchain.standing import Standing
from mcpchain.verdict import Decision, Verdict

_SHOWN: Final = 20
"""How many findings that nobody expected are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of one case."""

    name: str
    line: int
    decision: Decision
    differences: tuple[str, ...]
    """Empty: all is as expected."""


def load_cases(path: Path) -> list[Trial]:
    """Return the cases in a file.

    Raises:
        UsageError: It is not as it has to be.
    """
    try:
        return read_cases(path.read_bytes(), str(path), path.parent)
    except MalformedError as error:
        place = error.pointer.removeprefix("line ")
        hint = "repair the cases; `mcpchain policy test --help` shows some"
        where = f"{error.source}:{place}" if place else error.source
        raise UsageError(f"{where}: {error.problem}", hint=hint) from error


def attempt(policy: Policy, trial: Trial) -> Result:
    """Judge one case, and compare what comes of it with what is expected.

    Raises:
        UsageError: It names a stage, a rule or a target that there is not.
    """
    staged = at_stage(policy, trial.stage)
    _check(staged, trial)
    inventory, told = _inventory(trial)
    findings: list[Finding] = []
    for case in _cases(inventory, told, staged, trial):
        findings += staged.check(case)
    verdict = gate.decide(findings, staged, today=trial.now.date())
    return Result(
        name=trial.name,
        line=trial.line,
        decision=verdict.decision,
        differences=tuple(_differences(trial, staged, verdict)),
    )


def _check(policy: Policy, trial: Trial) -> None:
    rules = {*all_rules(), *(each.id for each in policy.custom)}
    for each in trial.wanted or ():
        if each.rule not in rules:
            raise UsageError(
                f"the case `{trial.name}` expects `{each.rule}`, which is no rule",
                hint="`mcpchain explain` lists the rules",
            )


def _inventory(trial: Trial) -> tuple[Inventory, Mapping[str, Told]]:
    """Return what is judged, and what is known of it by the refs of components."""
    if trial.target is None:
        found = Collector(trial.name)
        refs = {found.add(each): known for each, known in trial.components}
        return found.inventory(), refs
    if not trial.target.exists():
        raise UsageError(
            f"the case `{trial.name}` names `{trial.target}`, which is not there",
            hint="a target is named from the folder of the cases",
        )
    inventory = survey(trial.target, environment=None)
    refs, used = {}, set()
    for each in inventory.components:
        purl = each.purl.to_string() if each.purl else ""
        if purl in trial.told:
            refs[each.ref] = trial.told[purl]
            used.add(purl)
    if lost := sorted(trial.told.keys() - used):
        raise UsageError(
            f"the case `{trial.name}` tells of `{lost[0]}`, which is not in the target",
            hint="name it as the target does: `mcpchain sbom` shows its purl",
        )
    return inventory, refs


def _cases(
    inventory: Inventory, told: Mapping[str, Told], policy: Policy, trial: Trial
) -> Iterator[Case]:
    pulled_in, moving = pulls(inventory)
    gaps = [*inventory.gaps, *trial.gaps]
    standings: dict[str, Standing] = {}
    for each in inventory.components:
        known = told.get(each.ref, Told())
        gaps += (replace(gap, ref=each.ref) for gap in known.gaps)
        if standing := _standing(each, known, policy):
            standings[each.ref] = standing
            gaps += unanswered(each, standing)
    stood = Stood(standings=standings)
    gaps += unattended(inventory.components, policy, stood, gaps, offline=False)
    trusted = frozenset(map(normalise, policy.registries))
    refs = {each.ref for each in inventory.components}
    whole = Component(
        kind=Kind.APPLICATION, name=trial.name, locations=(Location(path="."),)
    )
    for each in (whole, *inventory.components):
        known = told.get(each.ref, Told())
        yield Case(
            component=each,
            now=trial.now,
            trusted_registries=trusted,
            trusted_addresses=trusted,
            pulled_in=each.ref in pulled_in,
            moving=moving.get(each.ref),
            release=known.release,
            evidence=known.evidence,
            advisories=known.advisories,
            standing=standings.get(each.ref),
            builders=policy.builders,
            licenses=policy.licenses,
            gaps=tuple(_of(each, gaps, refs)),
        )


def _of(component: Component, gaps: Sequence[Gap], refs: set[str]) -> Iterator[Gap]:
    """Yield the gaps of *component*; of the whole, which has no ref, all others."""
    for each in dict.fromkeys(gaps):
        if (each.ref if each.ref in refs else "") == component.ref:
            yield each


def _standing(component: Component, known: Told, policy: Policy) -> Standing | None:
    """Return who stands for *component*; nobody, where the case does not say."""
    purl = component.purl
    if purl is None or component.kind is Kind.MCP_SERVER or purl.type not in ASKED:
        return None
    image = purl.type not in {"npm", "pypi"}
    whom = named(component, policy.publishers)
    version = component.version or ""
    if not version or (image and (not whom or ":" not in version)):
        return None  # as the gate, which asks nobody about these
    missing = Signature(status=Status.MISSING)
    answers = [
        _answer(each, component, whom) for each in known.signatures or (missing,)
    ]
    return Standing(
        answers=tuple(answers), named=whom is not None, earlier=known.earlier
    )


def _answer(said: Signature, component: Component, whom: Whom | None) -> Verification:
    by_index = said.by_index and whom is None
    found = Verification(
        status=said.status,
        reason=f"{said.status.value}, as the case says",
        identity=said.identity,
        kind="case",
        subject=component.title,
        expected_by="index" if by_index else "",
    )
    return found if by_index else (whom or Whom()).judge(found)


def _differences(trial: Trial, policy: Policy, verdict: Verdict) -> Iterator[str]:
    if policy.expires and trial.now.date() > policy.expires:
        yield f"the policy has ended on {policy.expires}, and judges nothing then"
    if verdict.decision is not trial.decision:
        yield (
            f"decision is `{verdict.decision.value}`, expected `{trial.decision.value}`"
        )
    found = [
        *(("deny", each) for each in verdict.denied),
        *(("warn", each) for each in verdict.warned),
        *((WAIVED, each.finding) for each in verdict.waived),
        *(("allow", each) for each in verdict.allowed),
    ]
    if trial.wanted is not None:
        for wanted in trial.wanted:
            levels = {level for level, each in found if _fits(each, wanted)}
            if wanted.level not in levels:
                got = " and ".join(f"`{each}`" for each in sorted(levels))
                yield (
                    f"{wanted} is {got}, expected `{wanted.level}`"
                    if got
                    else f"{wanted}: nothing is found, expected `{wanted.level}`"
                )
    elif verdict.decision is trial.decision:
        return
    denied = [each for level, each in found if level == "deny"]
    others = [
        each for each in denied if not any(_fits(each, w) for w in trial.wanted or ())
    ]
    for each in others[:_SHOWN]:
        yield f"denied, and not expected: {each.rule} {each.variant}: {each.message}"
    if len(others) > _SHOWN:
        yield f"and {len(others) - _SHOWN} more that are denied"


def _fits(finding: Finding, wanted: Wanted) -> bool:
    return (
        finding.rule == wanted.rule
        and wanted.variant in {"", finding.variant}
        and wanted.purl in {None, finding.about.purl}
    )
