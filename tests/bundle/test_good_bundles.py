"""Every shape of bundle that is in use is verified, and for what it says."""

import hashlib
import json
from typing import Any

import pytest

from mcpchain.bundle.keys import fingerprint
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.signature import SanKind, Status, Verification
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import (
    ARTIFACT,
    CLAIMS,
    ISSUER,
    REPOSITORY,
    WORKFLOW,
    Minter,
)

INSTANCE = Instance()
EXPECTED = Expected(issuer=ISSUER, repository="acme/files")
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})


def check(bundle: dict[str, Any], **trust: Any) -> Verification:  # noqa: ANN401 - of Trust
    root = parse_root(INSTANCE.trusted_root(), name="test")
    given = {"root": root, "expected": None if "key" in trust else EXPECTED} | trust
    found = parse(json.dumps(bundle).encode(), source="bundle")
    return verify(found, WHAT, Trust(**given))


@pytest.mark.parametrize(
    "shape",
    [
        {},
        {"version": "0.1"},
        {"version": "0.2"},
        {"stamped": True},
        {"entries": ("hashedrekord/0.0.2",), "stamped": True},
        {"entries": ("hashedrekord/0.0.1", "hashedrekord/0.0.2")},
    ],
    ids=str,
)
def test_a_signature_over_the_artifact_is_verified(shape: dict[str, Any]) -> None:
    result = check(Minter(instance=INSTANCE, **shape).sign())
    assert result.status is Status.VERIFIED, result.reason
    assert [each.id for each in result.checks] == [
        *("signature", "log", "time", "chain", "sct", "identity"),
    ]
    assert result.identity is not None
    assert (result.identity.san, result.identity.kind) == (WORKFLOW, SanKind.URI)
    assert result.identity.repository == REPOSITORY
    assert result.identity.signer_repository == REPOSITORY
    assert result.identity.signer_path == ".github/workflows/release.yml"
    assert result.identity.signer_ref == result.identity.ref == CLAIMS[14]
    assert result.identity.runner == "github-hosted"
    assert {each.time for each in result.times} == {INSTANCE.now}


@pytest.mark.parametrize(
    "shape",
    [
        {"entries": ("dsse/0.0.1",)},
        {"entries": ("intoto/0.0.2",)},
        {"entries": ("intoto/0.0.2",), "version": "0.2"},
        {"entries": ("intoto/0.0.1",), "version": "0.1"},
        {"entries": ("hashedrekord/0.0.2",), "stamped": True},
    ],
    ids=str,
)
def test_an_envelope_about_the_artifact_is_verified(shape: dict[str, Any]) -> None:
    result = check(Minter(instance=INSTANCE, **shape).attest())
    assert result.status is Status.VERIFIED, result.reason
    assert result.checks[-1].id == "statement"
    assert result.statement is not None
    assert result.statement.predicate_type == "https://slsa.dev/provenance/v1"


@pytest.mark.parametrize("entries", [("hashedrekord/0.0.1",), ()], ids=str)
def test_a_key_that_the_user_names_is_its_own_identity(
    entries: tuple[str, ...],
) -> None:
    minter = Minter(instance=INSTANCE, managed=True, entries=entries)
    public = minter.key.public_key()
    result = check(minter.sign(), key=public, log_needed=bool(entries))
    assert result.status is Status.VERIFIED, result.reason
    assert result.key == fingerprint(public)
    assert result.identity is None
