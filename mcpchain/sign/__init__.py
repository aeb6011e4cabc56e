"""Who will stand for it: how signatures are made.

A `Key` makes raw signatures: a file, a token, a service that keeps it. A `Signer` makes
whole bundles, with a key or with a certificate of a Sigstore instance. What comes of
either is verified by our own core before anybody is given it.
"""

from typing import TYPE_CHECKING, Protocol

from mcpchain.bundle.verify import Artifact, Trust

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes


class Key(Protocol):
    """A private key, wherever it is kept. It never leaves that place."""

    @property
    def title(self) -> str:
        """What it is called, for a reader; without anything secret."""

    @property
    def public(self) -> "PublicKeyTypes":
        """The public key that belongs to it, of a kind that `bundle.keys` accepts."""

    def sign(self, message: bytes) -> bytes:
        """Return the signature over *message*.

        Of an ECDSA key in DER, with the hash that belongs to its curve; of an RSA key
        PKCS #1 v1.5 with SHA-256; of an Ed25519 key over the message itself.

        Raises:
            UnavailableError: The place where it is kept did not answer, or refused.
        """

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature over the message that has this *digest*.

        By the hash that `bundle.keys.hash_of` names. An Ed25519 key has none: it is
        never asked.

        Raises:
            UnavailableError: The place where it is kept did not answer, or refused.
        """


class Signer(Protocol):
    """Makes bundles (Sigstore, v0.3, JSON)."""

    @property
    def title(self) -> str:
        """Who signs, for a reader; without anything secret."""

    @property
    def trust(self) -> Trust:
        """By what our own core must find that what it makes holds, and is its own."""

    def sign_artifact(self, artifact: Artifact) -> bytes:
        """Return a bundle with a message signature over *artifact*.

        Raises:
            UnavailableError: A service did not answer, or refused.
            UsageError: It cannot sign this.
        """

    def sign_statement(self, statement: bytes) -> bytes:
        """Return a bundle with a DSSE envelope around the in-toto *statement*.

        Raises:
            UnavailableError: A service did not answer, or refused.
        """
