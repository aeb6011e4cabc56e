"""Signing with an identity, against a Sigstore on loopback; both verifiers agree."""

import datetime as dt
import hashlib
import json
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from mcpchain.bundle.parse import parse
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, verify
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.sign.keyless import Instance, Keyless, read_instance
from mcpchain.signature import Status, Verification
from tests.world.sigstore.instance import Instance as World
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, statement
from tests.world.sigstore.server import SigstoreServer, open_sigstore

WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
CLAIMS = {"job_workflow_ref": WORKFLOW.removeprefix("https://github.com/")}
REKOR = "/api/v1/log/entries"
FULCIO = "/api/v2/signingCert"
TSA = "/api/v1/timestamp"


@pytest.fixture
def sigstore() -> Iterator[SigstoreServer]:
    with open_sigstore() as opened:
        yield opened


def instance(
    sigstore: SigstoreServer,
    **config: Any,  # noqa: ANN401 - of the trust configuration
) -> Instance:
    return read_instance(sigstore.trust_config(**config).encode(), name="trust.json")


def check(keyless: Keyless, bundle: bytes) -> Verification:
    return verify(parse(bundle, source="made"), WHAT, keyless.trust)


def theirs(sigstore: SigstoreServer, made: bytes, who: str) -> None:
    config = ClientTrustConfig.from_json(sigstore.trust_config())
    verifier, bundle = (
        Verifier(trusted_root=config.trusted_root),
        Bundle.from_json(made),
    )
    policy = Identity(identity=who, issuer=ISSUER)
    if "dsseEnvelope" in json.loads(made):
        verifier.verify_dsse(bundle, policy)
    else:
        verifier.verify_artifact(ARTIFACT, bundle, policy)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", ["artifact", "statement"])
@pytest.mark.parametrize(
    ("claims", "who"),
    [(CLAIMS, WORKFLOW), ({"email": "me@acme.example"}, "me@acme.example")],
    ids=["workflow", "person"],
)
def test_both_verifiers_know_who_signed(
    sigstore: SigstoreServer, version: int, what: str, claims: dict[str, str], who: str
) -> None:
    given = instance(sigstore, version=version)
    keyless = Keyless.open(given, sigstore.token(**claims))
    if what == "artifact":
        made = keyless.sign_artifact(WHAT)
    else:
        made = keyless.sign_statement(statement())
    found = check(keyless, made)
    assert found, found.reason
    assert found.identity is not None
    assert found.identity.san == who
    assert keyless.title == f"{who} ({ISSUER})"
    theirs(sigstore, made, who)


def test_one_certificate_serves_for_many(sigstore: SigstoreServer) -> None:
    keyless = Keyless.open(instance(sigstore), sigstore.token(**CLAIMS))
    made = {keyless.sign_artifact(WHAT) for _ in range(3)}
    assert len(made) == 3
    assert all(check(keyless, each) for each in made)
    assert sigstore.asked.count(FULCIO) == 1


NOW = dt.datetime.now(dt.UTC)
TOKENS: dict[str, tuple[dict[str, Any], str]] = {
    "expired": ({"exp": NOW - dt.timedelta(minutes=1)}, "it has expired"),
    "not-yet": ({"nbf": NOW + dt.timedelta(hours=1)}, "it is not valid now, or"),
    "audience": ({"aud": "npm"}, "it is for another audience than `sigstore`"),
    "wildcard": (
        {"job_workflow_ref": "acme/*"},
        "the identity `https://github.com/acme/*` has a wildcard in it",
    ),
    "wild-email": (
        {"email": "*@acme.example"},
        "the identity `*@acme.example` has a wildcard in it",
    ),
}


@pytest.mark.parametrize("case", TOKENS)
def test_a_token_that_cannot_be_used_is_not_sent(
    sigstore: SigstoreServer, case: str
) -> None:
    claims, why = TOKENS[case]
    token = sigstore.token(**claims)
    with pytest.raises(UsageError) as refused:
        Keyless.open(instance(sigstore), token)
    assert why in str(refused.value)
    assert token not in str(refused.value) + refused.value.hint
    assert sigstore.asked == []


@pytest.mark.parametrize(
    "token", ["", "x", "a.b.c", "e30.e30.e30", "....", "a." * 9999]
)
def test_what_is_no_token_is_refused(sigstore: SigstoreServer, token: str) -> None:
    with pytest.raises(UsageError, match="the identity token cannot be used"):
        Keyless.open(instance(sigstore), token)


def test_a_forged_token_gets_no_certificate(sigstore: SigstoreServer) -> None:
    with open_sigstore() as other:
        token = other.token(**CLAIMS)
    refusal = "the certificate authority of Sigstore gave nothing that holds: "
    with pytest.raises(UnavailableError, match=refusal) as refused:
        Keyless.open(instance(sigstore), token)
    assert token not in str(refused.value)


def sign(given: Instance, token: str) -> Keyless:
    keyless = Keyless.open(given, token)
    keyless.sign_artifact(WHAT)
    return keyless


@pytest.mark.parametrize(
    ("path", "whom"),
    [(FULCIO, "certificate authority"), (REKOR, "transparency log")],
    ids=["ca", "log"],
)
@pytest.mark.parametrize("status", [400, 403, 500, 503])
def test_a_service_that_refuses_is_named(
    sigstore: SigstoreServer, path: str, whom: str, status: int
) -> None:
    sigstore.failing[path] = status
    token = sigstore.token(**CLAIMS)
    with pytest.raises(UnavailableError, match=f"the {whom} of Sigstore") as refused:
        sign(instance(sigstore), token)
    assert "nothing was signed" in refused.value.hint
    assert token not in str(refused.value)


@pytest.mark.parametrize(
    ("path", "whom"),
    [(FULCIO, "certificate authority"), (REKOR, "transparency log")],
    ids=["ca", "log"],
)
def test_a_service_that_does_not_answer_is_not_waited_for(
    sigstore: SigstoreServer, path: str, whom: str
) -> None:
    sigstore.late[path] = threading.Event()
    config = ClientTrustConfig.from_json(sigstore.trust_config())
    root = parse_root(sigstore.instance.trusted_root(), name="trust.json")
    given = Instance(config=config, root=root, patience=0.5)
    try:
        with pytest.raises(
            UnavailableError, match=f"the {whom} .* no answer within 0.5 seconds"
        ):
            sign(given, sigstore.token(**CLAIMS))
    finally:
        sigstore.late[path].set()


def test_an_entry_of_something_else_is_no_entry(sigstore: SigstoreServer) -> None:
    keyless = Keyless.open(instance(sigstore), sigstore.token(**CLAIMS))
    first = json.loads(keyless.sign_artifact(WHAT))
    (entry,) = first["verificationMaterial"]["tlogEntries"]
    sigstore.entry = entry
    try:
        found = check(keyless, keyless.sign_artifact(WHAT))
    except UnavailableError:
        return  # sigstore-python has seen it first
    assert found.status is Status.INVALID
    assert found.checks[-1].id == "log-entry"


@pytest.mark.parametrize("version", [1, 2])
def test_without_a_timestamp_that_holds_the_log_is_not_asked(
    sigstore: SigstoreServer, version: int
) -> None:
    given = instance(sigstore, version=version)
    keyless = Keyless.open(given, sigstore.token(**CLAIMS))
    sigstore.stamper = World()
    with pytest.raises(UnavailableError, match="the timestamp authority of Sigstore"):
        keyless.sign_artifact(WHAT)
    sigstore.failing[TSA] = 500
    with pytest.raises(UnavailableError, match="the timestamp authority of Sigstore"):
        keyless.sign_artifact(WHAT)
    assert sigstore.asked == [FULCIO, TSA, TSA]


def ended(sigstore: SigstoreServer, renew: Callable[[], str]) -> Keyless:
    sigstore.lifetimes.append(dt.timedelta(seconds=-1))
    return Keyless.open(instance(sigstore), sigstore.token(**CLAIMS), renew)


def test_a_certificate_that_ended_while_was_hashed_is_renewed(
    sigstore: SigstoreServer,
) -> None:
    keyless = ended(sigstore, lambda: sigstore.token(**CLAIMS))
    assert check(keyless, keyless.sign_artifact(WHAT))
    assert check(keyless, keyless.sign_artifact(WHAT))
    assert sigstore.asked.count(FULCIO) == 2


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"exp": NOW - dt.timedelta(minutes=1)} | CLAIMS, "it has expired"),
        ({"email": "you@acme.example"}, "the new token is of `you@acme.example"),
    ],
    ids=["expired", "of somebody else"],
)
def test_a_certificate_is_renewed_for_the_same_identity_only(
    sigstore: SigstoreServer, claims: dict[str, Any], why: str
) -> None:
    keyless = ended(sigstore, lambda: sigstore.token(**claims))
    with pytest.raises(UsageError, match=why):
        keyless.sign_artifact(WHAT)
    assert REKOR not in sigstore.asked


def test_another_certificate_than_was_asked_for_is_not_ours(
    sigstore: SigstoreServer,
) -> None:
    claims = {"job_workflow_ref": "acme/other/.github/workflows/r.yml@refs/tags/v1"}
    keyless = Keyless.open(instance(sigstore), sigstore.token(**claims))
    found = check(keyless, keyless.sign_artifact(WHAT))
    assert found.status is Status.UNTRUSTED_IDENTITY


def test_an_instance_whose_root_is_anothers_gives_no_certificate(
    sigstore: SigstoreServer,
) -> None:
    config = json.loads(sigstore.trust_config())
    config["trustedRoot"] = json.loads(World().trusted_root())
    given = read_instance(json.dumps(config).encode(), name="trust.json")
    with pytest.raises(McpchainError):
        sign(given, sigstore.token(**CLAIMS))


@pytest.mark.parametrize(
    "data",
    [b"", b"[]", b"{}", b"\xff", b'{"trustedRoot": {}}', b'{"trustedRoot": []}'],
    ids=["empty", "list", "object", "bytes", "no-root", "a-list"],
)
def test_what_is_no_configuration_is_refused(data: bytes) -> None:
    with pytest.raises(UsageError, match="is no trust configuration"):
        read_instance(data, name="trust.json")
