"""Decide. Nothing in this file reads a file, a clock or a network."""

import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from mcpchain.finding import Finding, Level
from mcpchain.policy import Policy
from mcpchain.verdict import Verdict, Waived, Waiver


def decide(findings: Iterable[Finding], policy: Policy, *, today: dt.date) -> Verdict:
    """Say whether *policy* lets a system with these *findings* be deployed.

    Nothing is dropped: each finding ends in exactly one part of the verdict, in an
    order that does not depend on the order in which they came. A waiver that covers
    nothing is handed back.
    """
    heard: dict[Level, list[Finding]] = {level: [] for level in Level}
    waived: list[Waived] = []
    used: set[Waiver] = set()
    waivers: dict[tuple[str, str, str | None], list[Waiver]] = {}
    for waiver in policy.waivers:
        key = (waiver.rule, waiver.purl.name, waiver.purl.version)
        waivers.setdefault(key, []).append(waiver)

    for finding in _ordered(findings):
        level, purl = policy.level(finding), finding.about.purl
        near = waivers.get((finding.rule, purl.name, purl.version), ()) if purl else ()
        covering = [each for each in near if each.covers(finding, today=today)]
        used.update(covering)
        if _accepted(finding, covering) and level is not Level.ALLOW:
            waived.append(Waived(finding=finding, waiver=covering[0]))
        else:
            heard[level].append(finding)

    return Verdict(
        denied=tuple(heard[Level.DENY]),
        warned=tuple(heard[Level.WARN]),
        allowed=tuple(heard[Level.ALLOW]),
        waived=tuple(waived),
        unused_waivers=tuple(each for each in policy.waivers if each not in used),
    )


def _accepted(finding: Finding, covering: Sequence[Waiver]) -> bool:
    """Say whether *covering* accept all of *finding*.

    Records that share an alias are one advisory. Where that ties several CVEs together,
    each has to be accepted by its own name.
    """
    several = {each for each in finding.ids if each.startswith("CVE-")}
    named = {each.advisory for each in covering}
    return bool(covering) and (len(several) <= 1 or several <= named)


def _ordered(findings: Iterable[Finding]) -> Iterator[Finding]:
    """Yield *findings* in a total order; of few alike only, the dear fingerprint."""
    for _, alike in groupby(sorted(findings, key=_order), key=_order):
        some = [*alike]
        yield from some if len(some) == 1 else sorted(some, key=_name)


def _order(finding: Finding) -> tuple[str, str, str]:
    return (finding.rule, finding.where, finding.message)


def _name(finding: Finding) -> str:
    return finding.fingerprint
