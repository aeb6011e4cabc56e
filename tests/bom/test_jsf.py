"""A BOM that is signed in itself."""

import json
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

from mcpchain.bom import jsf
from mcpchain.bom.validate import validate
from mcpchain.bundle.keys import WeakKeyError
from mcpchain.sign.local_key import LocalKey

KEYS: dict[str, Any] = {
    "ES256": ec.generate_private_key(ec.SECP256R1()),
    "ES384": ec.generate_private_key(ec.SECP384R1()),
    "ES512": ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "RS256": rsa.generate_private_key(65537, 2048),
}
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [{"type": "library", "name": "é", "version": "1.0"}],
}


def sign(document: dict[str, Any], key: PrivateKeyTypes) -> dict[str, Any]:
    return jsf.sign(document, LocalKey(title="key.pem", private=key))


@pytest.mark.parametrize("algorithm", KEYS)
def test_what_is_signed_is_valid_and_verified(algorithm: str) -> None:
    key = KEYS[algorithm]
    signed = sign(BOM, key)
    assert signed["signature"]["algorithm"] == algorithm
    validate(signed, source="signed")
    jsf.verify(signed, key.public_key())
    again = json.loads(json.dumps(signed, indent=3, sort_keys=True))
    jsf.verify(again, key.public_key())


def test_a_new_signature_replaces_the_old() -> None:
    signed = sign(sign(BOM, KEYS["RS256"]), KEYS["ES256"])
    jsf.verify(signed, KEYS["ES256"].public_key())
    with pytest.raises(jsf.RefusedError, match="another algorithm"):
        jsf.verify(signed, KEYS["RS256"].public_key())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"version": 2}, "the BOM was changed"),
        ({"components": []}, "the BOM was changed"),
        ({"metadata": {}}, "the BOM was changed"),
        ({"signature": None}, "no signature"),
        ({"signature": {"signers": []}}, "several signers"),
        ({"components": [{"name": float("inf")}]}, "no canonical form"),
    ],
    ids=str,
)
def test_a_bom_that_was_changed_is_refused(change: dict[str, Any], reason: str) -> None:
    signed = sign(BOM, KEYS["ES256"])
    with pytest.raises(jsf.RefusedError, match=reason):
        jsf.verify(signed | change, KEYS["ES256"].public_key())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"algorithm": "ES384"}, "another algorithm"),
        ({"algorithm": "none"}, "another algorithm"),
        ({"value": ""}, "by another key"),
        ({"value": "AAAA"}, "by another key"),
        ({"value": "A" * 86}, "by another key"),
        ({"value": "*"}, "not base64url"),
        ({"value": "AB"}, "canonical form"),
        ({"excludes": ["components"]}, "`excludes`, which is not read"),
        ({"certificatePath": ["x"]}, "`certificatePath`, which is not read"),
        ({"publicKey": {}}, "by another key"),
    ],
    ids=str,
)
def test_a_signature_that_was_changed_is_refused(
    change: dict[str, Any], reason: str
) -> None:
    signed = sign(BOM, KEYS["ES256"])
    signed["signature"] |= change
    with pytest.raises(jsf.RefusedError, match=reason):
        jsf.verify(signed, KEYS["ES256"].public_key())


def test_the_key_in_the_bom_proves_nothing() -> None:
    other = ec.generate_private_key(ec.SECP256R1())
    with pytest.raises(jsf.RefusedError, match="another key"):
        jsf.verify(sign(BOM, other), KEYS["ES256"].public_key())


def test_a_weak_key_signs_nothing() -> None:
    weak = rsa.generate_private_key(65537, 1024)  # noqa: S505 - refused
    with pytest.raises(WeakKeyError):
        sign(BOM, weak)
