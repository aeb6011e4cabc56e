"""Real bundles with known outcomes: every good one verified, every bad one refused."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest

from mcpchain.bundle import keys
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification

ROOT = Path(__file__).resolve().parents[2].parent
CORPUS = ROOT / "shared" / "corpus" / "attestations"
SUITE = "sigstore-conformance"
REASONS = {
    "bundle-empty-certificate-chain_fail": "the chain has no certificate",
    "bundle-from-wrong-instance_fail": "does not know the log",
    "bundle-malformed-json_fail": "not JSON",
    "bundle-unknown-version_fail": "no media type of a Sigstore bundle",
    "checkpoint-wrong-roothash_fail": "the checkpoint is of a tree",
    "dsse-mismatch-sig_fail": "the entry is of another signature",
    "inclusion-proof-corrupted-hash_fail": "leads to another root",
    "incorrect-public-key_fail": "the log has not signed this entry",
    "integrated-time-in-future_fail": "it was not valid at",
    "intoto-expired-certificate_fail": "it was not valid at",
    "intoto-missing-inclusion-proof_fail": "no inclusion proof",
    "invalid-ct-key_fail": "does not know the log that promised",
    "managed-key-wrong-key_fail": "PEM",
    "rekor2-checkpoint-missing-log-signature_fail": "has not signed the checkpoint",
    "rekor2-checkpoint-missing-size_fail": "no signed note",
    "rekor2-checkpoint-no-matching-signature_fail": "signature of the checkpoint is",
    "rekor2-dsse-mismatch-envelope_fail": "the entry is about another digest",
    "rekor2-no-timestamp_fail": "nobody has signed for when it was made",
    "rekor2-timestamp-outside-trust-root-tsa-validity_fail": "was not valid at",
    "rekor2-timestamp-payload-mismatch_fail": "timestamp is of another signature",
    "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail": "it is no timestamp",
    "set-invalid-signature_fail": "the log has not signed this entry",
    "wrong-hashedrekord-entry_fail": "the entry is about another digest",
    "wrong-material_fail": "the bundle is about another digest",
    "github_provenance_demo-0.0.12-py3-none-any-bundle-missing-cert.jsonl": (
        "one of `messageSignature` and `dsseEnvelope` is needed"
    ),
}
"""Why each bad case is refused, so that it is not refused for something else."""
Case = dict[str, Any]


def cases(expected: str) -> list[Case]:
    if not CORPUS.is_dir():
        return []
    listed = json.loads((CORPUS / "index.json").read_bytes())
    return [
        each
        for each in listed
        if each["kind"] == "sigstore-bundle" and each["expect"] == expected
    ]


@pytest.fixture(autouse=True)
def corpus() -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the bundles with known outcomes are not at {CORPUS}")


def root_of(case: Case) -> TrustedRoot:
    path = case.get("trusted_root") or "trust/public-good-trusted-root.json"
    return parse_root((CORPUS / path).read_bytes(), name=Path(path).name)


def answer(case: Case, **changes: Any) -> Verification | str:  # noqa: ANN401 - of Trust
    path = CORPUS / case["path"]
    file = path / "bundle.sigstore.json" if path.is_dir() else path
    data = file.read_bytes()
    if file.suffix == ".jsonl":
        (data,) = data.splitlines()
    what = changes.pop("what", None) or artifact_of(case)
    try:
        key = keys.load((CORPUS / case["key"]).read_bytes()) if "key" in case else None
        expected = None
        if case.get("issuer"):
            expected = Expected(issuer=case["issuer"], san=case["identity"])
        given = {"root": root_of(case), "expected": expected, "key": key} | changes
        return verify(parse(data, source=case["path"]), what, Trust(**given))
    except (MalformedError, ValueError) as error:
        return str(error)


def artifact_of(case: Case) -> Artifact:
    if "artifact" not in case:
        return Artifact(digests={"sha256": bytes.fromhex(case["digest"][-64:])})
    data = (CORPUS / case["artifact"]).read_bytes()
    return Artifact(
        digests={"sha256": hashlib.sha256(data).digest()}, read=lambda: data
    )


def name_of(case: Case) -> str:
    path: str = case["path"]
    return path.removeprefix(f"{SUITE}/").removesuffix("/bundle.sigstore.json")


GOOD = [pytest.param(each, id=name_of(each)) for each in cases("verifies")]
BAD = [pytest.param(each, id=name_of(each)) for each in cases("must fail")]


@pytest.mark.parametrize("case", GOOD)
def test_a_good_bundle_is_verified(case: Case) -> None:
    found = answer(case)
    assert isinstance(found, Verification), found
    assert found.status is Status.VERIFIED, found.reason
    if "source_repo" in case:
        assert found.identity is not None
        assert case["source_repo"] in found.identity.repository


@pytest.mark.parametrize("case", GOOD)
def test_a_good_bundle_is_good_for_nothing_else(case: Case) -> None:
    other = Artifact(
        digests={"sha256": hashlib.sha256(b"other").digest()}, read=lambda: b"other"
    )
    found = answer(case, what=other)
    assert isinstance(found, Verification)
    assert found.status is Status.INVALID
    if "issuer" not in case:
        return
    for expected in (
        Expected(issuer="https://issuer.example", san=case["identity"]),
        Expected(issuer=case["issuer"], san=f"{case['identity']}x"),
    ):
        found = answer(case, expected=expected)
        assert isinstance(found, Verification)
        assert found.status is Status.UNTRUSTED_IDENTITY
    for path in ("public-good", "staging", "github"):
        file = CORPUS / "trust" / f"{path}-trusted-root.json"
        root = parse_root(file.read_bytes(), name=path)
        if root.sha256 == root_of(case).sha256:
            continue
        found = answer(case, root=root)
        assert isinstance(found, Verification)
        same = "trusted_root" in case and SUITE in case["trusted_root"]
        assert found.status is not Status.VERIFIED or same


@pytest.mark.parametrize("case", BAD)
def test_a_bad_bundle_is_refused_for_the_right_reason(case: Case) -> None:
    found = answer(case)
    if isinstance(found, Verification):
        assert found.status in {Status.INVALID, Status.UNVERIFIABLE}
        found = found.reason
    assert REASONS[name_of(case).rpartition("/")[2]] in found


def test_every_bad_case_has_its_reason() -> None:
    assert {name_of(each).rpartition("/")[2] for each in cases("must fail")} == {
        *REASONS
    }
