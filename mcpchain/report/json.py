"""The verdict for programs: JSON whose format has a version."""

import datetime as dt
import json
from collections.abc import Mapping
from typing import ClassVar, Final

from mcpchain.answer import record, whom
from mcpchain.component import Component
from mcpchain.finding import Finding
from mcpchain.policy import Policy
from mcpchain.report import Account, Format, Signed
from mcpchain.standing import Standing
from mcpchain.verdict import Waiver

FORMAT_VERSION: Final = "mcpchain/verdict/v1"
"""Changes when a field changes its meaning or goes; not when one is added."""


class Json:
    """One object; every list in a total order."""

    id: ClassVar[str] = "json"

    def render(self, account: Account, *, colour: bool) -> str:
        """Return the report; colour has no place in it."""
        del colour
        verdict, policy = account.verdict, account.policy
        findings = [
            *(_finding(each, "denied", policy) for each in verdict.denied),
            *(_finding(each, "warned", policy) for each in verdict.warned),
            *(
                {
                    **_finding(each.finding, "waived", policy),
                    "waiver": _waiver(each.waiver),
                }
                for each in verdict.waived
            ),
            *(_finding(each, "allowed", policy) for each in verdict.allowed),
        ]
        outcomes = ("denied", "warned", "waived", "allowed")
        report = {
            "format": FORMAT_VERSION,
            "decision": verdict.decision.value,
            "target": account.inventory.name,
            "subjects": [
                {"name": each.name, "digest": dict(each.digests)}
                for each in account.subjects
            ],
            "time": f"{account.now.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%SZ}",
            "tool": {"name": "mcpchain", "version": account.version},
            "policy": {
                "name": policy.name,
                "source": policy.source,
                "sha256": policy.sha256,
                "stage": policy.stage.name if policy.stage else None,
            },
            "advisories": list(account.sources),
            "downloaded": account.downloaded,
            "signatures": _signatures(account),
            "counts": {
                "components": len(account.inventory.components),
                **{
                    each: sum(f["outcome"] == each for f in findings)
                    for each in outcomes
                },
                "gaps": sum("gap" in finding for finding in findings),
            },
            "findings": findings,
            "unusedWaivers": [_waiver(each) for each in verdict.unused_waivers],
            "unusedPublishers": [
                {
                    "packages": each.pattern.text,
                    "line": each.line,
                    "near": each.near or None,
                }
                for each in account.unused_publishers
            ],
        }
        return json.dumps(report, indent=2, ensure_ascii=True) + "\n"


def _finding(finding: Finding, outcome: str, policy: Policy) -> dict[str, object]:
    place = policy.ruling(finding)[1]
    found: dict[str, object] = {
        "outcome": outcome,
        "rule": finding.rule,
        "variant": finding.variant,
        "message": finding.message,
        "hint": finding.hint,
        "where": finding.where,
        "component": _component(finding.about),
        "fingerprint": finding.fingerprint,
        "decidedBy": str(place) if place else None,
    }
    if finding.ids:
        found["severity"] = finding.severity.value
        found["advisories"] = sorted(finding.ids)
        found["references"] = list(finding.references)
    if finding.gap:
        found["gap"] = {"stage": finding.gap.stage, "reason": finding.gap.reason}
    return found


def _component(component: Component) -> Mapping[str, object]:
    return {
        "ref": component.ref,
        "kind": component.kind.value,
        "name": component.name,
        "version": component.version,
        "purl": component.purl.to_string() if component.purl else None,
        "pin": component.pin.value if component.pin else None,
        "locations": [str(each) for each in component.locations],
    }


def _signatures(account: Account) -> Mapping[str, object] | None:
    """Tell who stands for what; `None`: nobody was asked."""
    if not account.root:
        return None
    told = account.standings
    stood = [each for each in account.inventory.components if each.ref in told]
    return {
        "root": account.root,
        "note": account.root_note,
        "counts": {each.value: count for each, count in account.signed().items()},
        "components": [_standing(each, told[each.ref]) for each in stood],
    }


def _standing(component: Component, standing: Standing) -> Mapping[str, object]:
    return {
        "ref": component.ref,
        "purl": component.purl.to_string() if component.purl else None,
        "signed": Signed.of(standing).value,
        "named": standing.named,
        "declared": standing.declared,
        "answers": [record(each) for each in standing.answers],
        "earlier": [
            {
                "version": each.version,
                "nearest": each.nearest,
                "identity": whom(each.identity) if each.identity else None,
            }
            for each in standing.earlier
        ],
    }


def _waiver(waiver: Waiver) -> Mapping[str, object]:
    return {
        "rule": waiver.rule,
        "variant": waiver.variant,
        "purl": waiver.purl.to_string(),
        "advisory": waiver.advisory,
        "reason": waiver.reason,
        "owner": waiver.owner,
        "approver": waiver.approver or None,
        "expires": waiver.expires.isoformat(),
        "until": "fixed" if waiver.until_fixed else None,
        "stages": sorted(waiver.stages),
        "source": waiver.source or None,
        "line": waiver.line,
    }


FORMAT: Final[Format] = Json()
