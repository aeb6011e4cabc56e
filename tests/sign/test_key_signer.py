"""What a key signs is verified by our core, by `cryptography`, and by another DSSE."""

import base64
import hashlib
import json
from typing import Any

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from hypothesis import given
from hypothesis import strategies as st
from securesystemslib.dsse import Envelope as TheirEnvelope

from mcpchain import trust
from mcpchain.bundle.parse import Bundle, Envelope, MessageSignature, parse
from mcpchain.bundle.verify import Artifact, verify
from mcpchain.errors import UsageError
from mcpchain.sign.bundle import write
from mcpchain.sign.key_signer import KeySigner
from mcpchain.signature import Status
from tests.sign.keys import KEYS
from tests.world.sigstore.minting import statement

ROOT = trust.public_root()
DATA = b"the bytes of a release\n"
HASHES: dict[str, Any] = {
    "P-256": ("SHA2_256", hashes.SHA256()),
    "P-384": ("SHA2_384", hashes.SHA384()),
    "P-521": ("SHA2_512", hashes.SHA512()),
    "Ed25519": ("SHA2_256", None),
    "RSA": ("SHA2_256", hashes.SHA256()),
}


def signer(kind: str) -> KeySigner:
    return KeySigner(key=KEYS[kind], root=ROOT)


def artifact(data: bytes = DATA) -> Artifact:
    names = ("sha256", "sha384", "sha512")
    return Artifact(
        digests={each: hashlib.new(each, data).digest() for each in names},
        read=lambda: data,
    )


def holds(kind: str, signature: bytes, message: bytes) -> None:
    """Ask `cryptography` itself."""
    key, over = KEYS[kind].public, HASHES[kind][1]
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(over))
    elif isinstance(key, rsa.RSAPublicKey):
        key.verify(signature, message, padding.PKCS1v15(), over)
    else:
        assert isinstance(key, ed25519.Ed25519PublicKey)
        key.verify(signature, message)


@pytest.mark.parametrize("kind", KEYS)
def test_a_file_is_signed_by_every_kind_of_key(kind: str) -> None:
    made = signer(kind)
    data = made.sign_artifact(artifact())
    bundle = parse(data, source="made")
    found = verify(bundle, artifact(), made.trust)
    assert found.status is Status.VERIFIED, found.reason
    document = json.loads(data)
    content = document["messageSignature"]
    assert content["messageDigest"]["algorithm"] == HASHES[kind][0]
    holds(kind, base64.b64decode(content["signature"]), DATA)
    other = verify(bundle, artifact(b"other"), made.trust)
    assert other.status is Status.INVALID


@pytest.mark.parametrize("kind", KEYS)
def test_a_statement_is_signed_by_every_kind_of_key(kind: str) -> None:
    made, payload = signer(kind), statement(DATA)
    data = made.sign_statement(payload)
    found = verify(parse(data, source="made"), artifact(), made.trust)
    assert found.status is Status.VERIFIED, found.reason
    envelope = json.loads(data)["dsseEnvelope"]
    signature = envelope["signatures"][0]
    theirs = TheirEnvelope.from_dict(
        envelope | {"signatures": [signature | {"keyid": ""}]}
    )
    assert theirs.payload == payload
    holds(kind, base64.b64decode(signature["sig"]), theirs.pae())


@pytest.mark.parametrize("kind", KEYS)
def test_nobody_elses_key_verifies_it(kind: str) -> None:
    others = {name: key for name, key in KEYS.items() if name != kind}
    bundle = parse(signer(kind).sign_artifact(artifact()), source="made")
    for each in others.values():
        trusted = KeySigner(key=each, root=ROOT).trust
        assert verify(bundle, artifact(), trusted).status is Status.INVALID


@pytest.mark.parametrize(
    ("kind", "algorithm", "reason"),
    [
        ("P-384", "sha256", "signs a sha384, and there is only sha256"),
        ("P-521", "sha384", "signs a sha512, and there is only sha384"),
        ("P-256", "sha512", "signs a sha256, and there is only sha512"),
        ("Ed25519", "sha256", "signs no digest, and there is only sha256"),
    ],
)
def test_a_digest_that_the_key_does_not_sign_is_refused(
    kind: str, algorithm: str, reason: str
) -> None:
    digest = Artifact(digests={algorithm: hashlib.new(algorithm, DATA).digest()})
    with pytest.raises(UsageError, match=reason):
        signer(kind).sign_artifact(digest)


def test_a_bundle_is_these_bytes() -> None:
    made = Bundle(
        version="0.3",
        certificate=b"",
        key_hint="ab" * 32,
        content=Envelope(payload=b'{"a":1}', payload_type="x", signature=b"\0\1"),
        timestamps=(b"\2",),
    )
    assert write(made) == (
        b'{"dsseEnvelope":{"payload":"eyJhIjoxfQ==","payloadType":"x",'
        b'"signatures":[{"sig":"AAE="}]},'
        b'"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",'
        b'"verificationMaterial":{"publicKey":{"hint":"' + b"ab" * 32 + b'"},'
        b'"timestampVerificationData":{"rfc3161Timestamps":'
        b'[{"signedTimestamp":"Ag=="}]}}}\n'
    )


_BYTES = st.binary(min_size=1, max_size=40)


@given(
    content=st.one_of(
        st.builds(Envelope, payload=_BYTES, payload_type=st.text(), signature=_BYTES),
        st.builds(
            MessageSignature,
            signature=_BYTES,
            algorithm=st.sampled_from(["SHA2_256", "SHA2_384"]),
            digest=_BYTES,
        ),
    ),
    stamps=st.lists(_BYTES, max_size=3),
)
def test_what_is_written_is_read_back(
    content: Envelope | MessageSignature, stamps: list[bytes]
) -> None:
    made = Bundle(
        version="0.3",
        certificate=b"",
        key_hint="hint",
        content=content,
        timestamps=tuple(stamps),
    )
    assert parse(write(made), source="made") == made


@pytest.mark.parametrize("kind", KEYS)
def test_a_key_shows_nothing_of_itself(kind: str) -> None:
    key = KEYS[kind]
    shown = repr(key) + str(key) + repr(signer(kind)) + signer(kind).title
    assert "rivate" not in shown
