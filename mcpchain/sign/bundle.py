"""Write a Sigstore bundle of a key (version 0.3): what `bundle.parse` reads.

The same bundle is the same bytes: members in one order, no blanks, UTF-8.
"""

import base64
import hashlib
import json
from typing import TYPE_CHECKING, Any, Final

from mcpchain.bundle.parse import Bundle, Envelope

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MEDIA_TYPE: Final = "application/vnd.dev.sigstore.bundle.v0.3+json"
ALGORITHMS: Final = {"sha256": "SHA2_256", "sha384": "SHA2_384", "sha512": "SHA2_512"}
"""How a bundle names a digest, by hashlib's names."""


def write(bundle: Bundle) -> bytes:
    """Return *bundle*, which a key has signed and no log holds, as JSON."""
    content = bundle.content
    material: dict[str, Any] = {"publicKey": {"hint": bundle.key_hint}}
    if bundle.timestamps:
        listed = [{"signedTimestamp": _encoded(each)} for each in bundle.timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": listed}
    document: dict[str, Any] = {
        "mediaType": MEDIA_TYPE,
        "verificationMaterial": material,
    }
    if isinstance(content, Envelope):
        document["dsseEnvelope"] = {
            "payload": _encoded(content.payload),
            "payloadType": content.payload_type,
            "signatures": [{"sig": _encoded(content.signature)}],
        }
    else:
        digest = {"algorithm": content.algorithm, "digest": _encoded(content.digest)}
        signature = {"signature": _encoded(content.signature)}
        document["messageSignature"] = {"messageDigest": digest} | signature
    return canonical(document) + b"\n"


def canonical(document: dict[str, Any]) -> bytes:
    """Return *document* as JSON of one form: keys sorted, no blanks, UTF-8.

    Raises:
        ValueError: A number is none that JSON has, or a text has half a character.
    """
    text = json.dumps(
        document,
        ensure_ascii=False,
        allow_nan=False,
        sort_keys=True,
        separators=(",", ":"),
    )
    return text.encode()


def hint(key: "PublicKeyTypes") -> str:
    """Return by what a bundle names *key*: the SHA-256 of its PEM.

    The reference tool for model signatures refuses any other; nobody else looks.
    """
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


def _encoded(data: bytes) -> str:
    return base64.b64encode(data).decode()
