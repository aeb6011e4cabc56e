"""An authority that the user names: what it certified verifies, and nothing else."""

import datetime as dt
import hashlib
import json
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA224
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from mcpchain.bundle import private
from mcpchain.bundle.parse import parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.signature import Status, Verification
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, Minter, statement
from tests.world.sigstore.models import PrivateCa

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
NOW = INSTANCE.now
CA = PrivateCa(NOW)
WHAT = Artifact(digests={"sha256": hashlib.sha256(ARTIFACT).digest()})
KEY = ec.generate_private_key(ec.SECP256R1())
OTHER = ec.generate_private_key(ec.SECP256R1())
WEAK = 1024
Json = dict[str, Any]


def authority(
    pem: bytes | None = None, *, time: dt.datetime = NOW, subject: str = ""
) -> private.PrivateAuthority:
    data = CA.pem if pem is None else pem
    return private.load(data, name="ca.pem", time=time, subject=subject)


def bundle(material: Json | None = None) -> Json:
    minter = Minter(instance=INSTANCE, key=KEY, managed=True, entries=())
    made = minter.attest(statement())
    made["verificationMaterial"] = material or CA.material(CA.leaf(KEY))
    return made


def check(
    made: Json | None = None,
    trusted: private.PrivateAuthority | None = None,
    what: Artifact = WHAT,
    **trust: Any,  # noqa: ANN401 - of Trust
) -> Verification:
    data = json.dumps(made or bundle()).encode()
    given: Json = {"root": ROOT, "authority": trusted or authority()}
    return verify(parse(data, source="b", chains=True), what, Trust(**(given | trust)))


def test_what_it_has_certified_is_verified_now_and_at_no_other_time() -> None:
    found = check()
    assert found.status is Status.VERIFIED, found.reason
    assert [each.id for each in found.checks] == [
        *("signature", "chain", "identity", "statement"),
    ]
    assert (
        found.checks[1].detail == "goes back to CN=root; valid now, no time is proven"
    )
    assert found.identity is not None
    assert (found.identity.san, found.identity.issuer) == ("CN=acme", "CN=models")
    assert found.root.startswith("ca.pem (sha256:")
    assert found.times == ()


def test_each_certificate_that_is_named_is_an_anchor() -> None:
    lower = authority(CA.lower.public_bytes(Encoding.PEM))
    assert check(bundle(CA.material(CA.leaf(KEY), [])), lower).status is Status.VERIFIED


def test_the_leaf_of_the_reference_tool_is_one_of_an_authority_too() -> None:
    assert check(bundle(CA.material(CA.leaf(KEY, ca=True)))).status is Status.VERIFIED


CODE = ExtendedKeyUsageOID.CODE_SIGNING
TLS = ExtendedKeyUsageOID.SERVER_AUTH
LEAVES: dict[str, tuple[Json, Status, str]] = {
    "by nobody": (
        {"by": ("models", OTHER)},
        Status.UNTRUSTED_IDENTITY,
        "no authority that is named has issued its certificate",
    ),
    "for servers": ({"usage": TLS}, Status.INVALID, "not for signing code"),
    "for nothing": ({"usage": None}, Status.INVALID, "not for signing code"),
    "no signatures": (
        {"signs": False},
        Status.INVALID,
        "its key is not for signatures",
    ),
    "expired": (
        {"valid": (-9, -1)},
        Status.INVALID,
        "and not now; nothing proves that",
    ),
    "not yet": ({"valid": (1, 9)}, Status.INVALID, "and not now; nothing proves that"),
    "something critical": (
        {"more": x509.InhibitAnyPolicy(1)},
        Status.INVALID,
        "a critical extension is not known",
    ),
}


@pytest.mark.parametrize("flaw", LEAVES)
def test_a_certificate_of_another_kind_signs_nothing(flaw: str) -> None:
    changes, status, reason = LEAVES[flaw]
    found = check(bundle(CA.material(CA.leaf(KEY, **changes))))
    assert (found.status, reason in found.reason) == (status, True), found.reason


LOWER: dict[str, tuple[Json, str]] = {
    "no authority": ({"ca": False}, "is none of an authority"),
    "may not sign certificates": ({"signs": True}, "may not sign certificates"),
    "for servers only": ({"usage": TLS}, "of its authority is not for signing code"),
    "expired": ({"valid": (-9, -1)}, "of its authority is not valid now"),
    "not yet": ({"valid": (1, 9)}, "of its authority is not valid now"),
}


@pytest.mark.parametrize("flaw", LOWER)
def test_every_certificate_up_to_the_anchor_counts(flaw: str) -> None:
    changes, reason = LOWER[flaw]
    lower = CA.issue("models", CA.key, by=("root", CA.root_key), **changes)
    found = check(bundle(CA.material(CA.leaf(KEY), [lower])))
    assert (found.status, reason in found.reason) == (Status.INVALID, True), (
        found.reason
    )


def test_a_certificate_over_a_weak_hash_could_be_forged() -> None:
    weak = CA.leaf(KEY, over=SHA224())
    found = check(bundle(CA.material(weak)))
    assert (found.status, found.reason) == (
        Status.INVALID,
        "a certificate is signed over sha224, which can be forged",
    )
    lower = CA.issue("models", CA.key, by=("root", CA.root_key), over=SHA224())
    assert check(bundle(CA.material(CA.leaf(KEY), [lower]))).status is Status.INVALID


def test_an_authority_with_a_weak_key_issues_nothing() -> None:
    weak = rsa.generate_private_key(public_exponent=65537, key_size=WEAK)
    lower = CA.issue("models", weak, by=("root", CA.root_key))
    leaf = CA.leaf(KEY, by=("models", weak))
    found = check(bundle(CA.material(leaf, [lower])))
    assert found.status is Status.INVALID
    assert "a certificate of its authority is not accepted: the key is" in found.reason


def test_an_anchor_says_how_long_a_chain_may_be() -> None:
    short = CA.issue("root", CA.root_key, by=("root", CA.root_key), length=0)
    found = check(trusted=authority(short.public_bytes(Encoding.PEM)))
    assert "longer than its authority allows" in found.reason
    assert found.status is Status.INVALID


def test_what_comes_with_a_bundle_is_no_anchor() -> None:
    evil = PrivateCa(NOW)
    material = evil.material(evil.leaf(KEY), [evil.lower, evil.root])
    found = check(bundle(material))
    assert found.status is Status.UNTRUSTED_IDENTITY
    found = check(bundle(CA.material(CA.leaf(KEY), [])))
    assert found.status is Status.UNTRUSTED_IDENTITY


def test_certificates_beside_it_may_be_many_and_in_any_order() -> None:
    evil = PrivateCa(NOW)
    crowd = [evil.lower, evil.root, CA.root, CA.lower]
    assert check(bundle(CA.material(CA.leaf(KEY), crowd))).status is Status.VERIFIED


def test_a_certificate_beside_it_that_is_none_is_refused() -> None:
    material = CA.material(CA.leaf(KEY))
    listed = material["x509CertificateChain"]["certificates"]
    listed[1]["rawBytes"] = "AAAA"
    found = check(bundle(material))
    assert found.status is Status.INVALID
    assert "a certificate beside it cannot be read" in found.reason


def test_other_bytes_and_other_keys_are_refused() -> None:
    other = Artifact(digests={"sha256": hashlib.sha256(b"other").digest()})
    assert check(what=other).reason == "the statement is about other artifacts"
    found = check(bundle(CA.material(CA.leaf(OTHER))))
    assert (found.status, found.checks[0].id) == (Status.INVALID, "signature")


@pytest.mark.parametrize(
    ("subject", "status"),
    [
        ("CN=acme", Status.VERIFIED),
        ("models@acme.example", Status.VERIFIED),
        ("acme", Status.UNTRUSTED_IDENTITY),
        ("CN=Acme", Status.UNTRUSTED_IDENTITY),
        ("models@acme.example.evil.example", Status.UNTRUSTED_IDENTITY),
    ],
)
def test_it_may_have_to_be_of_somebody(subject: str, status: Status) -> None:
    leaf = CA.leaf(KEY, san=x509.RFC822Name("models@acme.example"))
    found = check(bundle(CA.material(leaf)), authority(subject=subject))
    assert found.status is status, found.reason


def test_a_key_is_no_certificate_of_it() -> None:
    found = check(bundle({"publicKey": {"hint": "x"}}))
    assert found.status is Status.UNTRUSTED_IDENTITY
    assert found.reason == "a managed key signed it, and no certificate"


def test_a_certificate_of_sigstore_is_none_of_it() -> None:
    found = check(Minter(instance=INSTANCE).attest(statement()))
    assert found.status is Status.UNTRUSTED_IDENTITY


def test_what_it_has_certified_is_nothing_to_sigstore() -> None:
    expected = Expected(issuer=ISSUER, repository="acme/files")
    found = check(authority=None, expected=expected)
    assert found.status is Status.UNVERIFIABLE
    assert "no authority that the trusted root knows" in found.reason


def test_no_certificate_is_no_authority() -> None:
    with pytest.raises(ValueError, match="PEM"):
        private.load(b"nothing", name="x", time=NOW)
