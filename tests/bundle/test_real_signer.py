"""What sigstore-python signs, with a Sigstore on loopback, is verified by both."""

import hashlib
from collections.abc import Iterator
from typing import Any

import pytest
from sigstore._internal.fulcio.client import FulcioClientError
from sigstore.errors import Error
from sigstore.models import Bundle as TheirBundle
from sigstore.models import ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity as TheirIdentity

from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.signature import SanKind, Verification
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, statement
from tests.world.sigstore.server import SigstoreServer, open_sigstore

WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})


@pytest.fixture(scope="module")
def sigstore() -> Iterator[SigstoreServer]:
    with open_sigstore() as opened:
        yield opened


def signed(
    sigstore: SigstoreServer,
    token: str,
    *,
    attest: bool = False,
    **config: Any,  # noqa: ANN401 - of the trust configuration
) -> TheirBundle:
    from sigstore.dsse import Statement

    trust = ClientTrustConfig.from_json(sigstore.trust_config(**config))
    with SigningContext.from_trust_config(trust).signer(IdentityToken(token)) as signer:
        if attest:
            return signer.sign_dsse(Statement(statement()))
        return signer.sign_artifact(ARTIFACT)


def ours(sigstore: SigstoreServer, bundle: TheirBundle, **who: Any) -> Verification:  # noqa: ANN401 - of Expected
    root = parse_root(sigstore.instance.trusted_root(), name="loopback")
    expected = Expected(**{"issuer": ISSUER} | who)
    found = parse(bundle.to_json().encode(), source="theirs")
    return verify(found, WHAT, Trust(root=root, expected=expected))


def theirs(sigstore: SigstoreServer, bundle: TheirBundle, san: str) -> None:
    trust = ClientTrustConfig.from_json(sigstore.trust_config())
    verifier = Verifier(trusted_root=trust.trusted_root)
    policy = TheirIdentity(identity=san, issuer=ISSUER)
    if bundle._dsse_envelope is None:  # noqa: SLF001 - they have no other word for it
        verifier.verify_artifact(ARTIFACT, bundle, policy)
    else:
        verifier.verify_dsse(bundle, policy)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("attest", [False, True], ids=["artifact", "statement"])
def test_a_workflow_signs(
    sigstore: SigstoreServer,
    version: int,
    attest: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    bundle = signed(sigstore, sigstore.token(), version=version, attest=attest)
    theirs(sigstore, bundle, WORKFLOW)
    found = ours(sigstore, bundle, repository="acme/files")
    assert found, found.reason
    sources = {time.source.split()[0] for time in found.times}
    assert sources == ({"log", "timestamp"} if version == 1 else {"timestamp"})


def test_a_person_signs(sigstore: SigstoreServer) -> None:
    token = sigstore.token(email="me@acme.example", email_verified=True)
    bundle = signed(sigstore, token)
    theirs(sigstore, bundle, "me@acme.example")
    found = ours(sigstore, bundle, san="me@acme.example", kind=SanKind.EMAIL)
    assert found, found.reason
    assert not ours(sigstore, bundle, san="me@acme.example", kind=SanKind.URI)


def test_without_timestamps_the_log_tells_the_time(sigstore: SigstoreServer) -> None:
    bundle = signed(sigstore, sigstore.token(), stamped=False)
    found = ours(sigstore, bundle, repository="acme/files")
    assert found, found.reason


def test_in_rekor_2_nothing_is_worth_anything_without_a_timestamp(
    sigstore: SigstoreServer,
) -> None:
    try:
        bundle = signed(sigstore, sigstore.token(), version=2, stamped=False)
    except Error:
        return
    found = ours(sigstore, bundle, repository="acme/files")
    assert found.reason == "nobody has signed for when it was made"


@pytest.mark.parametrize(
    "claims",
    [{"aud": "other"}, {"iss": "https://evil.example"}, {"exp": 1}],
    ids=str,
)
def test_fulcio_gives_nothing_for_a_token_that_is_no_good(
    sigstore: SigstoreServer, claims: dict[str, Any]
) -> None:
    with pytest.raises((Error, FulcioClientError)):
        signed(sigstore, sigstore.token(**claims))
