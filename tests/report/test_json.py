import json
from typing import Any

import pytest

from mcpchain.inventory import Inventory, State
from mcpchain.policy.reading import parse
from mcpchain.report import Account, Signed, all_formats
from mcpchain.signature import (
    Check,
    Identity,
    SanKind,
    SignedTime,
    Status,
    Verification,
)
from mcpchain.standing import Earlier, Standing
from mcpchain.verdict import Verdict, Waived
from tests.making import NOW, component, finding, gap, waiver

POLICY = parse(
    b"apiVersion: mcpchain/policy/v1\nname: acme\nrules: {gap: deny}\n",
    source="acme.yaml",
)


REPOSITORY = "https://github.com/acme/files"
BUILDER = Identity(
    issuer="https://issuer.example",
    san=f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1",
    kind=SanKind.URI,
    repository=REPOSITORY,
)


def answer(status: Status = Status.VERIFIED, **more: Any) -> Verification:  # noqa: ANN401 - its fields
    about = {"reason": "", "subject": "files@1.2.0"} | more
    return Verification(status=status, kind="npm-attestation-provenance", **about)


def render(verdict: Verdict, **more: Any) -> dict[str, Any]:  # noqa: ANN401 - its fields
    account = Account(
        inventory=Inventory(name="agent", components=(component(),)),
        verdict=verdict,
        policy=POLICY,
        now=NOW,
        version="1.2.3",
        sources=("OSV",),
        **more,
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
    assert report.pop("unusedPublishers") == []
    assert report == {
        "format": "mcpchain/verdict/v1",
        "decision": "deny",
        "target": "agent",
        "subjects": [],
        "time": "2030-01-01T12:00:00Z",
        "tool": {"name": "mcpchain", "version": "1.2.3"},
        "policy": {
            "name": "acme",
            "source": "acme.yaml",
            "sha256": POLICY.sha256,
            "stage": None,
        },
        "advisories": ["OSV"],
        "downloaded": None,
        "signatures": None,
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
        "decidedBy": None,
        "severity": "unknown",
        "advisories": ["CVE-a", "GHSA-b"],
        "references": ["https://a.example"],
    }
    assert findings[1]["decidedBy"] == "acme.yaml:3"
    assert findings[1]["gap"] == {"stage": "discover", "reason": "not JSON"}
    assert findings[2]["waiver"] == {
        "rule": "unpinned-server",
        "variant": None,
        "purl": "pkg:npm/files@1.2.0",
        "advisory": "CVE-1",
        "reason": "upstream is fixing it",
        "owner": "platform",
        "approver": None,
        "expires": "2030-01-02",
        "until": None,
        "stages": [],
        "source": None,
        "line": 7,
    }
    assert [each["purl"] for each in unused] == ["pkg:npm/files@1.2.0"]


def test_who_stands_for_a_package_is_told_with_each_check() -> None:
    answers = (
        answer(
            reason="it holds",
            checks=(Check(id="log", ok=True, detail="an entry is about it"),),
            identity=BUILDER,
            times=(SignedTime(source="log", time=NOW),),
            root="sigstore (sha256:1)",
            expected_by="index",
        ),
    )
    earlier = (
        Earlier(version="1.1.0", nearest=True, identity=BUILDER),
        Earlier(version="1.0.0"),
    )
    standing = Standing(answers=answers, declared=REPOSITORY, earlier=earlier)
    report = render(Verdict(), standings={"": standing}, root="sigstore (sha256:1)")
    whom = report["signatures"]["components"][0]["answers"][0].pop("identity")
    assert (whom["san"], whom["kind"]) == (BUILDER.san, "uri")
    assert report["signatures"] == {
        "root": "sigstore (sha256:1)",
        "note": "",
        "counts": {"verified": 1},
        "components": [
            {
                "ref": "",
                "purl": "pkg:npm/files@1.2.0",
                "signed": "verified",
                "named": False,
                "declared": REPOSITORY,
                "answers": [
                    {
                        "status": "verified",
                        "subject": "files@1.2.0",
                        "kind": "npm-attestation-provenance",
                        "reason": "it holds",
                        "expectedBy": "index",
                        "root": "sigstore (sha256:1)",
                        "notes": [],
                        "checks": [
                            {"id": "log", "ok": True, "detail": "an entry is about it"}
                        ],
                        "times": [
                            {"source": "log", "time": "2030-01-01T12:00:00+00:00"}
                        ],
                    }
                ],
                "earlier": [
                    {"version": "1.1.0", "nearest": True, "identity": whom},
                    {"version": "1.0.0", "nearest": False, "identity": None},
                ],
            }
        ],
    }


def test_a_fingerprint_survives_a_new_alias_and_tells_two_places_apart() -> None:
    one = finding("known-vulnerability", ids=frozenset({"CVE-1"}))
    same = finding("known-vulnerability", ids=frozenset({"CVE-1", "GHSA-2"}))
    other = finding("known-vulnerability", ids=frozenset({"CVE-2"}))
    assert one.fingerprint == same.fingerprint
    assert one.fingerprint != other.fingerprint


BY_REGISTRY = answer(key="1" * 64)
OTHER = answer(Status.UNTRUSTED_IDENTITY, identity=BUILDER, expected_by="user")
UNNAMED = answer(Status.UNTRUSTED_IDENTITY, identity=BUILDER)
BUILT = answer(identity=BUILDER)


@pytest.mark.parametrize(
    ("answers", "signed"),
    [
        ((), Signed.MISSING),
        ((answer(Status.MISSING),), Signed.MISSING),
        ((BY_REGISTRY,), Signed.REGISTRY),
        ((BY_REGISTRY, answer(Status.MISSING)), Signed.REGISTRY),
        ((BY_REGISTRY, BUILT), Signed.VERIFIED),
        ((BUILT, answer(Status.MISSING)), Signed.PARTLY),
        ((BUILT, UNNAMED), Signed.UNNAMED),
        ((BUILT, answer(Status.ERROR)), Signed.UNKNOWN),
        ((BUILT, answer(Status.UNVERIFIABLE)), Signed.UNKNOWN),
        ((answer(Status.ERROR), OTHER), Signed.OTHER),
        ((BUILT, OTHER), Signed.OTHER),
        ((BUILT, OTHER, answer(Status.INVALID)), Signed.INVALID),
    ],
)
def test_all_answers_together_are_what_the_worst_is(
    answers: tuple[Verification, ...], signed: Signed
) -> None:
    assert Signed.of(Standing(answers=answers)) is signed
