"""Sign with a key, wherever it is kept: bundles without a certificate and a log."""

from collections.abc import Callable
from dataclasses import dataclass

from mcpchain.bundle import keys
from mcpchain.bundle.parse import Bundle, Envelope, MessageSignature
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.statement import PAYLOAD_TYPE
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.errors import UsageError
from mcpchain.sign import Key
from mcpchain.sign.bundle import ALGORITHMS, hint, write


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySigner:
    """Makes bundles with a key (a `Signer`)."""

    key: Key
    root: TrustedRoot
    """Whose timestamps count."""
    stamp: Callable[[bytes], bytes] | None = None
    """Takes a signature, and returns a timestamp for it (RFC 3161)."""

    @property
    def title(self) -> str:
        """Who signs."""
        return f"key {self.key.title} (sha256:{keys.fingerprint(self.key.public)})"

    @property
    def trust(self) -> Trust:
        """By what a bundle of this key has to verify."""
        return Trust(root=self.root, key=self.key.public, log_needed=False)

    def sign_artifact(self, artifact: Artifact) -> bytes:
        """Return a bundle with a message signature over *artifact*.

        Raises:
            UnavailableError: The key or the timestamp authority did not answer.
            UsageError: The key needs another digest than there is, or the file itself.
        """
        name = keys.hash_of(self.key.public)
        if name in artifact.digests:
            hashed, digest = name, artifact.digests[name]
            signature = self.key.sign_digest(digest)
        elif name or artifact.read is None:
            raise UsageError(
                f"this key signs {f'a {name}' if name else 'no digest'}, and there "
                f"is only {', '.join(artifact.digests)}",
                hint="name the file, not its digest, or use a key of ECDSA P-256",
            )
        else:
            hashed, digest = "sha256", artifact.digests["sha256"]
            signature = self.key.sign(artifact.read())
        content = MessageSignature(
            signature=signature, algorithm=ALGORITHMS[hashed], digest=digest
        )
        return self._bundle(content)

    def sign_statement(self, statement: bytes) -> bytes:
        """Return a bundle with a DSSE envelope around the in-toto *statement*.

        Raises:
            UnavailableError: The key or the timestamp authority did not answer.
        """
        bare = Envelope(payload=statement, payload_type=PAYLOAD_TYPE, signature=b"")
        signature = self.key.sign(bare.signed())
        return self._bundle(
            Envelope(payload=statement, payload_type=PAYLOAD_TYPE, signature=signature)
        )

    def _bundle(self, content: Envelope | MessageSignature) -> bytes:
        stamps = (self.stamp(content.signature),) if self.stamp else ()
        return write(
            Bundle(
                version="0.3",
                certificate=b"",
                key_hint=hint(self.key.public),
                content=content,
                timestamps=stamps,
            )
        )
