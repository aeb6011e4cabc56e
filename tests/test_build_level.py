"""Levels of builds: what may be believed of a builder, and what anybody can write."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpchain.build_level import build_level, builder_id
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError
from mcpchain.signature import Identity, SanKind, Statement, Status, Verification
from mcpchain.standing import Builders

GITHUB = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/files/.github/workflows/release.yml@refs/tags/v1"
SLSA = "https://github.com/slsa-framework/slsa-github-generator/.github/workflows"
TAG = "refs/tags/v2.1.0"
GENERIC = f"{SLSA}/generator_generic_slsa3.yml@{TAG}"
NODE_SIGNER = f"{SLSA}/delegator_lowperms-generic_slsa3.yml@{TAG}"
NODE = f"{SLSA}/builder_nodejs_slsa3.yml@{TAG}"
RUNNER = "https://github.com/actions/runner/github-hosted"
COMMIT = "1" * 40
SHARED = f"https://github.com/acme/shared/.github/workflows/build.yml@{COMMIT}"
V1, V0_2 = "https://slsa.dev/provenance/v1", "https://slsa.dev/provenance/v0.2"
PINNED = Builders(isolating=frozenset({SHARED}))
OWN = Builders(self_hosted=True)


def identity(san: str = WORKFLOW, **more: Any) -> Identity:  # noqa: ANN401 - fields
    made = Identity(
        issuer=GITHUB,
        san=san,
        kind=SanKind.URI,
        repository="https://github.com/acme/files",
        signer_workflow=san,
        signer_digest=COMMIT,
        runner="github-hosted",
    )
    return replace(made, **more)


def statement(predicate: Any, kind: str = V1) -> Statement:  # noqa: ANN401 - JSON
    return Statement(
        type="https://in-toto.io/Statement/v1",
        predicate_type=kind,
        subjects=(),
        predicate=predicate,
    )


def built(builder: str, kind: str = V1) -> Statement:
    inner = {"builder": {"id": builder}}
    return statement({"runDetails": inner} if kind == V1 else inner, kind)


def signed(
    who: Identity | None, builder: str, status: Status = Status.VERIFIED
) -> Verification:
    return Verification(
        status=status, reason="so", identity=who, statement=built(builder)
    )


@pytest.mark.parametrize(
    ("who", "builder", "builders", "level"),
    [
        (identity(GENERIC), GENERIC, None, 3),
        (identity(NODE_SIGNER), NODE, None, 3),
        (identity(GENERIC, signer_workflow=""), GENERIC, None, 3),
        (identity(SHARED), SHARED, PINNED, 3),
        (identity(SHARED), RUNNER, PINNED, 3),
        (identity(SHARED), SHARED, None, 2),
        (identity(), WORKFLOW, None, 2),
        (identity(issuer=f"{GITHUB}/acme"), WORKFLOW, None, 2),
        (identity(), RUNNER, None, 2),
        (identity(), "https://github.com/actions/runner", None, 2),
        (identity(runner="self-hosted"), WORKFLOW, None, 1),
        (identity(runner="self-hosted"), WORKFLOW, OWN, 2),
        (None, WORKFLOW, None, 1),
    ],
    ids=[
        "a generator",
        "a generator for npm",
        "a generator with an old certificate",
        "a workflow that the user names",
        "a workflow that the user names on a runner",
        "the same without that",
        "a workflow itself",
        "a workflow of an enterprise",
        "npm",
        "npm once",
        "a runner of one's own",
        "a runner of one's own that the user trusts",
        "a key",
    ],
)
def test_a_known_pair_has_its_level(
    who: Identity | None, builder: str, builders: Builders | None, level: int
) -> None:
    found = build_level(signed(who, builder), builders)
    assert (found.level, found.builder) == (level, builder)


EVIL = (
    f"https://github.com/evil/slsa-github-generator/{SLSA.partition('generator/')[2]}"
)


@pytest.mark.parametrize(
    ("who", "builder", "builders", "level"),
    [
        (identity(), GENERIC, None, 1),
        (identity(), NODE, None, 1),
        (identity(GENERIC), NODE, None, 1),
        (identity(GENERIC), "https://example.com/builder", None, 1),
        (
            identity(f"{SLSA}/generator_generic_slsa3.yml@refs/heads/main"),
            f"{SLSA}/generator_generic_slsa3.yml@refs/heads/main",
            None,
            2,
        ),
        (
            identity(f"{SLSA}/generator_generic_slsa3.yml@refs/tags/v2.1.0-rc.1"),
            f"{SLSA}/generator_generic_slsa3.yml@refs/tags/v2.1.0-rc.1",
            None,
            2,
        ),
        (identity(GENERIC), GENERIC.replace(TAG, "refs/tags/v2.0.0"), None, 1),
        (
            identity(f"{EVIL}/generator_generic_slsa3.yml@{TAG}"),
            f"{EVIL}/generator_generic_slsa3.yml@{TAG}",
            None,
            2,
        ),
        (
            identity(f"{EVIL}/generator_generic_slsa3.yml@{TAG}"),
            GENERIC,
            None,
            1,
        ),
        (
            identity(f"{SLSA}/other_slsa3.yml@{TAG}"),
            f"{SLSA}/other_slsa3.yml@{TAG}",
            None,
            2,
        ),
        (identity(GENERIC, runner="self-hosted"), GENERIC, None, 1),
        (identity(GENERIC, runner="self-hosted"), GENERIC, OWN, 2),
        (identity(GENERIC, runner=""), GENERIC, None, 1),
        (identity(SHARED, runner="self-hosted"), SHARED, PINNED, 1),
        (identity(SHARED, signer_digest="2" * 40), SHARED, PINNED, 2),
        (identity(SHARED), WORKFLOW, PINNED, 1),
        (identity(runner=""), WORKFLOW, None, 1),
        (identity(runner="GitHub-Hosted"), WORKFLOW, None, 1),
        (identity(issuer="https://evil.example"), WORKFLOW, None, 1),
        (identity(GENERIC, issuer="https://evil.example"), GENERIC, None, 1),
        (identity(issuer=f"{GITHUB}.evil.example"), WORKFLOW, None, 1),
        (identity(signer_workflow=GENERIC), GENERIC, None, 1),
        (identity(GENERIC, signer_workflow=WORKFLOW), GENERIC, None, 1),
        (identity("me@acme.example", signer_workflow=""), RUNNER, None, 1),
        (
            identity("https://gitlab.com/acme/files//.gitlab-ci.yml@refs/tags/v1"),
            "https://gitlab.com/acme/files//.gitlab-ci.yml@refs/tags/v1",
            None,
            1,
        ),
        (identity(), f"{RUNNER}/x", None, 1),
        (identity(), RUNNER.replace("github-hosted", "self-hosted"), None, 1),
        (identity(), WORKFLOW.replace("v1", "v2"), None, 1),
    ],
    ids=[
        "a workflow that calls itself a generator",
        "a workflow that calls itself npm's builder",
        "a generator for the builder of another",
        "a generator for a stranger",
        "a generator at a branch",
        "a generator before its release",
        "a generator for another release",
        "a fork of the generator",
        "a fork that names the generator",
        "a workflow of the generator's that is none",
        "a generator on a runner of one's own",
        "the same where such runners are trusted",
        "a generator on no runner",
        "a named workflow on a runner of one's own",
        "a named workflow at another commit",
        "a named workflow for another builder",
        "no runner",
        "a runner in another spelling",
        "another issuer",
        "a generator by another issuer",
        "an issuer that begins alike",
        "a generator in one field only",
        "a generator in the other only",
        "a person",
        "another platform",
        "more than a runner",
        "a self-hosted runner",
        "another ref",
    ],
)
def test_who_signs_does_not_speak_for_every_builder(
    who: Identity, builder: str, builders: Builders | None, level: int
) -> None:
    assert build_level(signed(who, builder), builders).level == level


@pytest.mark.parametrize("status", [e for e in Status if e is not Status.VERIFIED])
def test_what_is_not_verified_has_no_level(status: Status) -> None:
    found = build_level(signed(identity(GENERIC), GENERIC, status))
    assert (found.level, found.builder) == (0, "")
    assert found.reason == f"its provenance is {status.value}"


def test_a_signature_without_provenance_has_no_level() -> None:
    found = Verification(status=Status.VERIFIED, reason="so", identity=identity())
    assert build_level(found).level == 0
    publish = statement(None, "https://example.com/publish/v1")
    assert build_level(replace(found, statement=publish)).level == 0


@pytest.mark.parametrize("kind", [V1, V0_2])
def test_the_builder_is_read_from_both_versions(kind: str) -> None:
    assert builder_id(built(RUNNER, kind)) == RUNNER


@pytest.mark.parametrize(
    "predicate",
    [
        None,
        [],
        "x",
        {},
        {"runDetails": None},
        {"runDetails": {"builder": "x"}},
        {"runDetails": {"builder": {"id": 1}}},
        {"runDetails": {"builder": {"id": ""}}},
        {"runDetails": {"builder": {"id": "x" * 2049}}},
        {"runDetails": {"builder": {"id": "a\nb"}}},
        {"runDetails": {"builder": {"id": "https://gіthub.com/x"}}},  # noqa: RUF001 - a Cyrillic letter
        {"builder": {"id": RUNNER}},
    ],
    ids=lambda each: json.dumps(each)[:40],
)
def test_a_provenance_that_names_no_builder_has_no_level(predicate: object) -> None:
    made = statement(predicate)
    with pytest.raises(MalformedError):
        builder_id(made)
    found = Verification(
        status=Status.VERIFIED, reason="so", identity=identity(), statement=made
    )
    assert build_level(found).level == 0


def test_the_builder_of_one_version_is_not_read_from_another() -> None:
    with pytest.raises(MalformedError):
        builder_id(statement({"runDetails": {"builder": {"id": RUNNER}}}, V0_2))
    with pytest.raises(MalformedError):
        builder_id(statement({"builder": {"id": RUNNER}}, "https://slsa.dev/x"))


CORPUS = Path(__file__).resolve().parents[2] / "shared" / "corpus" / "attestations"
HOSTED_SHARED = (
    "https://github.com/github/artifact-attestations-workflows/.github/workflows/"
    "attest.yml@09b495c3f12c7881b3cc17209a327792065c1a1d"
)


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_a_real_reusable_workflow_has_level_3_if_the_user_names_it() -> None:
    github = CORPUS / "github"
    bundle = (github / "reusable-workflow-attestation.sigstore.json").read_bytes()
    data = (github / "reusable-workflow-artifact").read_bytes()
    root = (CORPUS / "trust" / "public-good-trusted-root.json").read_bytes()
    found = verify(
        parse(bundle, source="bundle"),
        Artifact(digests={"sha256": hashlib.sha256(data).digest()}),
        Trust(
            root=parse_root(root, name="root"),
            expected=Expected(issuer=GITHUB, repository="malancas/attest-demo"),
        ),
    )
    assert found.status is Status.VERIFIED
    assert build_level(found).level == 2
    named = Builders(isolating=frozenset({HOSTED_SHARED}))
    assert build_level(found, named).level == 3
