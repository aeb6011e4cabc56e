"""Signatures by public keys of the kinds that are in use, and no others."""

import hashlib
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
"""The hash that goes with each curve (Sigstore's algorithm registry)."""
_RSA_BITS: Final = 2048


class WeakKeyError(ValueError):
    """A key of a kind or size that is not accepted."""


def load(data: bytes) -> "PublicKeyTypes":
    """Return the public key in *data*, PEM or DER.

    Raises:
        WeakKeyError: It is of no kind that is accepted.
        ValueError: There is none.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import (
        load_der_public_key,
        load_pem_public_key,
    )

    # Tools write what they know of a key above it, which PEM allows (RFC 7468).
    pem = b"-----BEGIN " in data
    try:
        key = load_pem_public_key(data) if pem else load_der_public_key(data)
    except UnsupportedAlgorithm as error:
        raise WeakKeyError(str(error)) from None
    check(key)
    return key


def check(key: "PublicKeyTypes") -> None:
    """Refuse a key of another kind or size.

    Raises:
        WeakKeyError: It is one.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ed25519.Ed25519PublicKey):
        return
    if isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name in _CURVES:
        return
    if isinstance(key, rsa.RSAPublicKey) and key.key_size >= _RSA_BITS:
        return
    raise WeakKeyError(
        "the key is none of ECDSA P-256, P-384, P-521, Ed25519, or RSA of "
        f"{_RSA_BITS} bits or more"
    )


def spki(key: "PublicKeyTypes") -> bytes:
    """Return *key* as DER SubjectPublicKeyInfo."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def fingerprint(key: "PublicKeyTypes") -> str:
    """Return the SHA-256 of the SubjectPublicKeyInfo in hexadecimal."""
    return hashlib.sha256(spki(key)).hexdigest()


def hash_of(key: "PublicKeyTypes") -> str:
    """Return the algorithm that *key* hashes a message with, as hashlib names it.

    Empty for Ed25519, which signs the message itself.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ed25519.Ed25519PublicKey):
        return ""
    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES[key.curve.name].lower()
    return "sha256"


def holds(key: "PublicKeyTypes", signature: bytes, message: bytes) -> bool:
    """Say whether *signature* over *message* is by *key*."""
    name = hash_of(key)
    if not name:
        return _holds(key, signature, message, "")
    return _holds(key, signature, hashlib.new(name, message).digest(), name)


def holds_digest(
    key: "PublicKeyTypes", signature: bytes, digest: bytes, algorithm: str
) -> bool:
    """Say whether *signature* over what has this *digest* is by *key*.

    Args:
        key: Any key but Ed25519, which has to see the message.
        signature: DER of an ECDSA signature, or PKCS #1 v1.5.
        digest: Of the message.
        algorithm: Which digest, as hashlib names it.
    """
    return _holds(key, signature, digest, algorithm)


def _holds(
    key: "PublicKeyTypes", signature: bytes, data: bytes, algorithm: str
) -> bool:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import (
        ec,
        ed25519,
        padding,
        rsa,
        utils,
    )

    check(key)
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            if algorithm:
                return False
            key.verify(signature, data)
            return True
        kind = {
            "sha256": hashes.SHA256(),
            "sha384": hashes.SHA384(),
            "sha512": hashes.SHA512(),
        }[algorithm]
        digested = utils.Prehashed(kind)
        if isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, data, ec.ECDSA(digested))
        elif isinstance(key, rsa.RSAPublicKey):
            key.verify(signature, data, padding.PKCS1v15(), digested)
        else:
            return False
    except (InvalidSignature, ValueError):
        return False
    return True
