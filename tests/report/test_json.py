import json
from typing import Any

from mcpchain.inventory import Inventory, State
from mcpchain.policy import parse
from mcpchain.report import Account, all_formats
from mcpchain.verdict import Verdict, Waived
from tests.making import NOW, component, finding, gap, waiver

POLICY = parse(
    b"apiVersion: mcpchain/policy/v1\nname: acme\nrules: {gap: deny}\n",
    source="acme.yaml",
)


def render(verdict: Verdict) -> dict[str, Any]:
    account = Account(
        inventory=Inventory(name="agent", components=(component(),)),
        verdict=verdict,
        policy=POLICY,
        now=NOW,
        version="1.2.3",
        sources=("OSV",),
    )
    text = all_formats()["json"].render(account, colour=True)
    text.encode("ascii")
    read: dict[str, Any] = json.loads(text)
    return read


def test_these_are_the_formats() -> None:
    assert list(all_formats()) == ["json", "text"]


def test_the_format_has_a_version_and_these_fields() -> None:
    vulnerable = finding(
        "known-vulnerability",
        "high",
        ids=frozenset({"GHSA-b", "CVE-a"}),
        references=("https://a.example",),
    )
    blind = finding("gap", "offline", gap=gap(State.OFFLINE))
    verdict = Verdict(
        denied=(vulnerable,),
        warned=(blind,),
        waived=(Waived(finding=finding(), waiver=waiver(advisory="CVE-1", line=7)),),
        allowed=(finding(),),
        unused_waivers=(waiver(),),
    )
    report = render(verdict)
    findings = report.pop("findings")
    unused = report.pop("unusedWaivers")
    assert report == {
        "format": "mcpchain/verdict/v1",
        "decision": "deny",
        "target": "agent",
        "time": "2030-01-01T12:00:00Z",
        "tool": {"name": "mcpchain", "version": "1.2.3"},
        "policy": {"name": "acme", "source": "acme.yaml", "sha256": POLICY.sha256},
        "advisories": ["OSV"],
        "downloaded": None,
        "counts": {
            "components": 1,
            "denied": 1,
            "warned": 1,
            "waived": 1,
            "allowed": 1,
            "gaps": 1,
        },
    }
    assert [each["outcome"] for each in findings] == [
        "denied",
        "warned",
        "waived",
        "allowed",
    ]
    assert findings[0] == {
        "outcome": "denied",
        "rule": "known-vulnerability",
        "variant": "high",
        "message": "m",
        "hint": "h",
        "where": "package-lock.json#/packages/x",
        "component": {
            "ref": "",
            "kind": "library",
            "name": "files",
            "version": "1.2.0",
            "purl": "pkg:npm/files@1.2.0",
            "pin": None,
            "locations": ["package-lock.json#/packages/x"],
        },
        "fingerprint": vulnerable.fingerprint,
        "severity": "unknown",
        "advisories": ["CVE-a", "GHSA-b"],
        "references": ["https://a.example"],
    }
    assert findings[1]["gap"] == {"stage": "discover", "reason": "not JSON"}
    assert findings[2]["waiver"] == {
        "rule": "unpinned-server",
        "purl": "pkg:npm/files@1.2.0",
        "advisory": "CVE-1",
        "reason": "upstream is fixing it",
        "owner": "platform",
        "expires": "2030-01-02",
        "line": 7,
    }
    assert [each["purl"] for each in unused] == ["pkg:npm/files@1.2.0"]


def test_a_fingerprint_survives_a_new_alias_and_tells_two_places_apart() -> None:
    one = finding("known-vulnerability", ids=frozenset({"CVE-1"}))
    same = finding("known-vulnerability", ids=frozenset({"CVE-1", "GHSA-2"}))
    other = finding("known-vulnerability", ids=frozenset({"CVE-2"}))
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != other.fingerprint
