"""Private keys in PEM files: sign with one, make a new one."""

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
        import hashlib

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
        BestAvailableEncryption,
        Encoding,
        KeySerializationEncryption,
        NoEncryption,
        PrivateFormat,
    )

    encryption: KeySerializationEncryption = NoEncryption()
    if passphrase is not None:
        encryption = BestAvailableEncryption(passphrase.encode())
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption)


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
