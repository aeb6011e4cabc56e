"""Keys of every kind, and keys that misbehave."""

import base64
import hashlib
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import (
    PrivateKeyTypes,
    PublicKeyTypes,
)
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from securesystemslib.signer import Signature, SSlibKey

from mcpchain.bundle import keys
from mcpchain.cli import main
from mcpchain.errors import McpchainError
from mcpchain.sign import Key
from mcpchain.sign.local_key import LocalKey

MESSAGE = b"what is signed"
KINDS: dict[str, PrivateKeyTypes] = {
    "P-256": ec.generate_private_key(ec.SECP256R1()),
    "P-384": ec.generate_private_key(ec.SECP384R1()),
    "P-521": ec.generate_private_key(ec.SECP521R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate(),
    "RSA": rsa.generate_private_key(65537, 2048),
}
KEYS = {name: LocalKey(title=name, private=each) for name, each in KINDS.items()}


def lay_key(
    folder: Path, key: PrivateKeyTypes = KINDS["P-256"], passphrase: str | None = None
) -> tuple[Path, Path]:
    """Write a private key and its public key, as their owner should."""
    private, public = folder / "release.key", folder / "release.pub"
    hidden = BestAvailableEncryption(passphrase.encode()) if passphrase else None
    private.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, hidden or NoEncryption())
    )
    private.chmod(0o600)
    public.write_bytes(pem(key.public_key()))
    return private, public


def pem(public: PublicKeyTypes) -> bytes:
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


def check_signatures(key: Key) -> None:
    """Check what *key* signs, by its public half and by somebody else's verifier."""
    made = key.sign(MESSAGE)
    assert keys.holds(key.public, made, MESSAGE)
    assert not keys.holds(key.public, made, b"something else")
    if name := keys.hash_of(key.public):
        digest = hashlib.new(name, MESSAGE).digest()
        assert keys.holds(key.public, key.sign_digest(digest), MESSAGE)
    rsa_key = isinstance(key.public, rsa.RSAPublicKey)
    scheme = "rsa-pkcs1v15-sha256" if rsa_key else None
    theirs = SSlibKey.from_crypto(key.public, scheme=scheme)
    theirs.verify_signature(Signature(theirs.keyid, made.hex()), MESSAGE)


def unsaid(error: McpchainError, *secrets: str) -> str:
    """Return what *error* says; nothing about it holds one of *secrets*."""
    said = "".join(traceback.format_exception(error)) + error.hint
    for secret in secrets:
        assert secret not in said
        assert base64.b64encode(secret.encode()).decode() not in said
    return str(error)


def sign_by_command(folder: Path, key: str, public: PublicKeyTypes) -> str:
    """Sign a file with *key*, verify it with *public*, show that; return all said."""
    target, known = folder / "app.bin", folder / "app.pub"
    target.write_bytes(MESSAGE)
    known.write_bytes(pem(public))
    check = ["--key", str(known), "--no-log"]
    done = [
        CliRunner().invoke(main, [command, str(target), *more])
        for command, more in (("sign", ["--key", key]), ("verify", check))
    ]
    shown = folder / "shown.pub"
    done.append(CliRunner().invoke(main, ["key", "public", key, "-o", str(shown)]))
    said = "".join(each.output for each in done)
    assert [each.exit_code for each in done] == [0, 0, 0], said
    assert shown.read_bytes() == pem(public)
    return said + (folder / "app.bin.sigstore.json").read_text()


@dataclass(kw_only=True)
class OddKey:
    """Does something before it signs."""

    before: Callable[[], object]
    inner: LocalKey = KEYS["P-256"]
    title: str = "odd"

    @property
    def public(self) -> PublicKeyTypes:
        return self.inner.public

    def sign(self, message: bytes) -> bytes:
        self.before()
        return self.inner.sign(message)

    def sign_digest(self, digest: bytes) -> bytes:
        self.before()
        return self.inner.sign_digest(digest)
