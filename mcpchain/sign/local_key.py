"""Private keys in PEM files: sign with one, make a new one."""

import base64
import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain import private_key
from mcpchain.bundle import keys

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import (
        PrivateKeyTypes,
        PublicKeyTypes,
    )
    from cryptography.hazmat.primitives.hashes import HashAlgorithm

_EXPONENT: Final = 65537
_ROUNDS: Final = 600_000
"""Of PBKDF2 with SHA-256, as OWASP has it: a fraction of a second for each use."""
_PBES2, _PBKDF2, _HMAC_SHA256, _AES256_CBC = (
    bytes.fromhex(each)
    for each in (
        "06092a864886f70d01050d",
        "06092a864886f70d01050c",
        "06082a864886f70d0209",
        "060960864801650304012a",
    )
)
"""Their names, in DER."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalKey:
    """A private key in the memory of this process (a `Key`)."""

    title: str
    private: "PrivateKeyTypes" = field(repr=False)
    """Of a kind that `bundle.keys` accepts."""

    @property
    def public(self) -> "PublicKeyTypes":
        """The public key that belongs to it."""
        return self.private.public_key()

    def sign(self, message: bytes) -> bytes:
        """Return the signature over *message*."""
        from cryptography.hazmat.primitives.asymmetric import ed25519

        if isinstance(self.private, ed25519.Ed25519PrivateKey):
            return self.private.sign(message)
        name = keys.hash_of(self.public)
        return self.sign_digest(hashlib.new(name, message).digest())

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature over the message that has this *digest*."""
        from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa, utils

        hashed = utils.Prehashed(_hashes()[keys.hash_of(self.public)])
        if isinstance(self.private, ec.EllipticCurvePrivateKey):
            return self.private.sign(digest, ec.ECDSA(hashed))
        assert isinstance(self.private, rsa.RSAPrivateKey)  # noqa: S101 - `keys.check`
        return self.private.sign(digest, padding.PKCS1v15(), hashed)


def load(path: Path, passphrase: Callable[[], str | None]) -> LocalKey:
    """Return the private key in *path*.

    Args:
        path: A PEM file that nobody but its owner may read.
        passphrase: Asked for the passphrase of an encrypted one; it may have none.

    Raises:
        UsageError: It cannot be read or used, and why.
    """
    return LocalKey(title=path.name, private=private_key.load(path, passphrase))


def kinds() -> Mapping[str, "Callable[[], PrivateKeyTypes]"]:
    """Return what keys can be made, the usual one first."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    return {
        "ecdsa-p256": lambda: ec.generate_private_key(ec.SECP256R1()),
        "ecdsa-p384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "ecdsa-p521": lambda: ec.generate_private_key(ec.SECP521R1()),
        "ed25519": ed25519.Ed25519PrivateKey.generate,
        "rsa-3072": lambda: rsa.generate_private_key(_EXPONENT, 3072),
        "rsa-4096": lambda: rsa.generate_private_key(_EXPONENT, 4096),
    }


def as_pem(key: "PrivateKeyTypes", passphrase: str | None) -> bytes:
    """Return *key* as PKCS #8, encrypted where there is a *passphrase*."""
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    pkcs8 = PrivateFormat.PKCS8
    if passphrase is None:
        return key.private_bytes(Encoding.PEM, pkcs8, NoEncryption())
    inner = key.private_bytes(Encoding.DER, pkcs8, NoEncryption())
    body = base64.b64encode(_encrypted(inner, passphrase.encode()))
    lines = b"".join(body[i : i + 64] + b"\n" for i in range(0, len(body), 64))
    kind = b"ENCRYPTED PRIVATE KEY-----\n"
    return b"-----BEGIN " + kind + lines + b"-----END " + kind


def _encrypted(data: bytes, passphrase: bytes) -> bytes:
    """Return *data* as EncryptedPrivateKeyInfo (RFC 5958, PBES2 of RFC 8018).

    By PBKDF2 with many rounds: cryptography itself writes 2,048, which are soon tried.
    """
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
    from cryptography.hazmat.primitives.padding import PKCS7

    salt, start = os.urandom(16), os.urandom(16)
    secret = hashlib.pbkdf2_hmac("sha256", passphrase, salt, _ROUNDS, 32)
    padder = PKCS7(128).padder()
    padded = padder.update(data) + padder.finalize()
    encryptor = Cipher(algorithms.AES256(secret), modes.CBC(start)).encryptor()
    prf = _der(0x30, _HMAC_SHA256, _der(0x05))
    rounds = _der(0x02, _ROUNDS.to_bytes(3, "big"))
    derivation = _der(0x30, _PBKDF2, _der(0x30, _der(0x04, salt), rounds, prf))
    cipher = _der(0x30, _AES256_CBC, _der(0x04, start))
    scheme = _der(0x30, _PBES2, _der(0x30, derivation, cipher))
    sealed = encryptor.update(padded) + encryptor.finalize()
    return _der(0x30, scheme, _der(0x04, sealed))


def _der(tag: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    size = len(body)
    if size < 0x80:  # noqa: PLR2004 - what one byte holds
        return bytes((tag, size)) + body
    length = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(length))) + length + body


def public_pem(key: "PublicKeyTypes") -> bytes:
    """Return *key* as whoever verifies names it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def _hashes() -> Mapping[str, "HashAlgorithm"]:
    from cryptography.hazmat.primitives import hashes

    return {
        "sha256": hashes.SHA256(),
        "sha384": hashes.SHA384(),
        "sha512": hashes.SHA512(),
    }
