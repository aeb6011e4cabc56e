"""What one run of the gate shows of the controls of a framework, for an auditor.

Three answers. `not met`: a rule has a finding, whatever the policy makes of it. `met`:
everything that the rules ask was looked at, there was something, and nothing was found.
`no evidence` is all else: no rule looks at it, nothing of that kind is there, or a rule
could not look.
"""

import datetime as dt
import html
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.component import Component, Kind, ServerFacts
from mcpchain.controls import ADVISORIES, FRAMEWORKS, INVENTORY, Control
from mcpchain.finding import Finding
from mcpchain.printable import printable
from mcpchain.report import Account
from mcpchain.rules import all_rules
from mcpchain.rules.low_build_level import LowBuildLevel

FORMAT_VERSION: Final = "mcpchain/compliance/v1"
NOTICE: Final = (
    "This is evidence for an auditor, and no certification. `met` says that what "
    "mcpchain looked at of a control gave no finding; most controls ask for more than "
    "can be seen in what a system is made of."
)
_MET, _NOT_MET, _NO_EVIDENCE = "met", "not met", "no evidence"
_PACKAGES: Final = (Kind.APPLICATION, Kind.LIBRARY)
_KINDS: Final[Mapping[str, tuple[Kind, ...]]] = {
    "unpinned-server": (Kind.MCP_SERVER,),
    "unpinned-dependency": _PACKAGES,
    "unhashed-dependency": _PACKAGES,
    "digest-mismatch": _PACKAGES,
    "withdrawn-release": _PACKAGES,
    "fresh-release": _PACKAGES,
    "known-vulnerability": _PACKAGES,
    "malicious-release": _PACKAGES,
    ADVISORIES: _PACKAGES,
    "untrusted-registry": (*_PACKAGES, Kind.MCP_SERVER, Kind.CONTAINER),
    "unsafe-model-format": (Kind.MODEL,),
    "remote-model-code": (Kind.MODEL, Kind.DATA),
    "unpinned-model": (Kind.MODEL, Kind.DATA),
    "unpinned-build-step": (Kind.BUILD, Kind.CONTAINER),
    "unaccepted-license": (*_PACKAGES, Kind.MODEL, Kind.DATA),
}
_SIGNATURES: Final = frozenset(
    {
        *("invalid-signature", "untrusted-identity", "unsigned-artifact"),
        *("missing-provenance", "provenance-repository-mismatch", "low-build-level"),
        *("provenance-downgrade", "identity-change"),
    }
)
_LOOKED_UP: Final = frozenset({"known-vulnerability", "malicious-release", ADVISORIES})
_ASKED: Final = frozenset({"digest-mismatch", "withdrawn-release", "fresh-release"})


@dataclass(frozen=True, slots=True, kw_only=True)
class _Looked:
    """What one rule looked at."""

    rule: str
    at: int
    blind: str = ""
    """Why it could not look at all of it."""
    findings: tuple[tuple[str, Finding], ...] = ()
    """With what became of each."""


def assess(account: Account) -> dict[str, Any]:
    """Return the report of *account*, as JSON has it."""
    outcomes = [*_outcomes(account)]
    looked = {
        rule: _look(rule, account, outcomes)
        for rule in (*all_rules(), INVENTORY, ADVISORIES)
    }
    looked |= {e.id: _look(e.id, account, outcomes) for e in account.policy.custom}
    policy, verdict = account.policy, account.verdict
    return {
        "format": FORMAT_VERSION,
        "notice": NOTICE,
        "target": account.inventory.name,
        "decision": verdict.decision.value,
        "time": f"{account.now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
        "tool": {"name": "mcpchain", "version": account.version},
        "policy": {
            "name": policy.name,
            "sha256": policy.sha256,
            "stage": policy.stage.name if policy.stage else None,
        },
        "evidence": {
            "components": len(account.inventory.components),
            "advisories": list(account.sources),
            "trustedRoot": account.root or None,
            "attestations": sorted(
                {
                    f"sha256:{answer.sha256}"
                    for standing in account.standings.values()
                    for answer in standing.answers
                    if answer.sha256
                }
            ),
        },
        "frameworks": [
            {
                "id": name,
                "title": framework.title,
                "controls": [
                    _control(each, control, account, looked)
                    for each, control in _controls(name, account).items()
                ],
            }
            for name, framework in FRAMEWORKS.items()
        ],
    }


def _controls(name: str, account: Account) -> dict[str, Control]:
    """Return the controls of a framework, with those that the policy adds."""
    found = dict(FRAMEWORKS[name].controls)
    for rule, controls in account.policy.controls.items():
        for framework, control in controls:
            if framework == name:
                known = found.get(control, Control(title=""))
                rules = tuple(dict.fromkeys((*known.rules, rule)))
                found[control] = Control(
                    title=known.title,
                    rules=rules,
                    refuting=known.refuting,
                    build_level=known.build_level,
                )
    return found


def _control(
    name: str, control: Control, account: Account, looked: Mapping[str, _Looked]
) -> dict[str, Any]:
    asked = [looked[each] for each in control.rules]
    beside = [looked[each] for each in control.refuting if each not in control.rules]
    status, why = _answer(control, account, asked, beside)
    return {
        "id": name,
        "title": control.title,
        "status": status,
        "why": why,
        "rules": [_row(each) for each in (*asked, *beside)],
    }


def _answer(
    control: Control,
    account: Account,
    asked: Sequence[_Looked],
    beside: Sequence[_Looked],
) -> tuple[str, str]:
    found = sum(len(each.findings) for each in (*asked, *beside))
    if found:
        return _NOT_MET, f"{found} finding{'s'[: found != 1]}"
    why = _wanting(control, account, asked) if asked else ""
    if not asked:
        why = "no rule of mcpchain looks at this"
        if beside:
            why = "nothing speaks against it, which is no proof"
    return (_NO_EVIDENCE, why) if why else (_MET, "all that was looked at is in order")


def _wanting(control: Control, account: Account, asked: Sequence[_Looked]) -> str:
    """Say why silence of the rules proves nothing; empty: it does."""
    if blind := next((each for each in asked if each.blind), None):
        return f"`{blind.rule}` could not look at all: {blind.blind}"
    rules = account.policy.rules
    level = max((e.min_level for e in rules if isinstance(e, LowBuildLevel)), default=0)
    if level < control.build_level:
        return f"the policy asks for no build level above {level}"
    return "" if any(each.at for each in asked) else "nothing of that kind is there"


def _row(looked: _Looked) -> dict[str, Any]:
    return {
        "rule": looked.rule,
        "lookedAt": looked.at,
        "couldNotLook": looked.blind or None,
        "findings": [
            {
                "outcome": outcome,
                "variant": each.variant,
                "where": each.where,
                "message": each.message,
                "fingerprint": each.fingerprint,
            }
            for outcome, each in looked.findings
        ],
    }


def _look(
    rule: str, account: Account, outcomes: Sequence[tuple[str, Finding]]
) -> _Looked:
    found = tuple(each for each in outcomes if each[1].rule == rule)
    at = _count(rule, account)
    blind = _blind(rule, account, outcomes) if at else ""
    if rule in {*_KINDS, INVENTORY} | _SIGNATURES and not at:
        # Nothing of that kind is known; that a file was not read may be why.
        blind = _unread(outcomes)
    return _Looked(rule=rule, at=at, blind=blind, findings=found)


def _count(rule: str, account: Account) -> int:
    """Return how many components *rule* is about."""
    components = account.inventory.components
    if rule == "missing-verdict":
        return int(bool(account.policy.stage and account.policy.stage.requires))
    if rule == "unaccepted-license" and account.policy.licenses is None:
        return 0
    if rule == "plaintext-remote-server":
        return sum(map(_is_remote, components))
    if rule in _SIGNATURES:
        kinds: tuple[Kind, ...] = (*_PACKAGES, Kind.CONTAINER)
    elif rule == INVENTORY or rule not in _KINDS:
        return len(components)
    else:
        kinds = _KINDS[rule]
    # The project itself is a package of nobody.
    return sum(
        each.kind in kinds and (each.purl is not None or each.kind not in _PACKAGES)
        for each in components
    )


def _is_remote(component: Component) -> bool:
    facts = component.facts
    return isinstance(facts, ServerFacts) and facts.endpoint is not None


def _blind(rule: str, account: Account, outcomes: Sequence[tuple[str, Finding]]) -> str:
    """Say why *rule* could not look at all that it is about; empty: it could."""
    if unread := _unread(outcomes):
        return unread
    stages = {"resolve"} if rule in _ASKED | _SIGNATURES else set()
    if rule in _SIGNATURES | {"digest-mismatch"}:
        stages.add("verify")
    if rule in _LOOKED_UP:
        stages.add("audit")
        if not account.sources:
            return "no source of advisories answered"
    for _, each in outcomes:
        if each.gap and each.gap.stage in stages:
            return each.gap.reason
    if rule in _SIGNATURES:
        asked = {ref for ref, each in account.standings.items() if each.answers}
        missing = [
            each
            for each in account.inventory.components
            if each.kind in {*_PACKAGES, Kind.CONTAINER}
            and each.purl is not None
            and each.ref not in asked
        ]
        if missing:
            return f"nobody was asked who has signed `{missing[0].title}`"
    return ""


def _unread(outcomes: Sequence[tuple[str, Finding]]) -> str:
    for _, each in outcomes:
        if each.gap and each.gap.stage == "discover":
            return each.gap.reason
    return ""


def _outcomes(account: Account) -> Iterator[tuple[str, Finding]]:
    verdict = account.verdict
    yield from (("denied", each) for each in verdict.denied)
    yield from (("warned", each) for each in verdict.warned)
    yield from (("waived", each.finding) for each in verdict.waived)
    yield from (("allowed", each) for each in verdict.allowed)


def as_json(account: Account) -> str:
    """Return the report as JSON."""
    return json.dumps(assess(account), indent=2, ensure_ascii=True) + "\n"


def as_markdown(account: Account) -> str:
    """Return the report for a reader; nobody's words become more than text in it."""
    report = assess(account)
    policy = report["policy"]
    lines = [
        f"# Compliance evidence: {_text(report['target'])}",
        "",
        f"> {NOTICE}",
        "",
        f"- verdict: {report['decision']}, at {report['time']}",
        f"- policy: {_text(policy['name'])}, sha256:{policy['sha256']}",
        f"- components: {report['evidence']['components']:,}",
        *(f"- advisories: {_text(each)}" for each in report["evidence"]["advisories"]),
        f"- trusted root: {_text(report['evidence']['trustedRoot'] or 'not asked')}",
        f"- attestations: {len(report['evidence']['attestations']):,}",
    ]
    for framework in report["frameworks"]:
        lines += ["", f"## {framework['title']}", ""]
        lines += ["| control | | status | why |", "| --- | --- | --- | --- |"]
        for each in framework["controls"]:
            cells = (each["id"], each["title"], each["status"], each["why"])
            lines.append(f"| {' | '.join(map(_text, cells))} |")
        for each in framework["controls"]:
            lines += _findings(each)
    return "\n".join(lines) + "\n"


def _findings(control: Mapping[str, Any]) -> Iterator[str]:
    found = [(row["rule"], f) for row in control["rules"] for f in row["findings"]]
    if found:
        yield from ("", f"### {_text(control['id'])}", "")
    for rule, each in found:
        said = f"{each['outcome']}[{rule}] {each['message']} ({each['where']})"
        yield f"- {_text(said)}"


def _text(words: str) -> str:
    """Return *words* as one line without markup."""
    text = html.escape(printable(words), quote=False)
    for mark in "\\`|*_[]":
        text = text.replace(mark, f"\\{mark}")
    return text
