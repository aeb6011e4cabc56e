"""Does the entry of the log speak of our signature, by our key, over our content?

A log takes in whatever is signed: an entry about something else proves nothing
(CVE-2022-36056, CVE-2026-22703). The types are those of Rekor: `hashedrekord` 0.0.1 and
0.0.2, `dsse` 0.0.1, `intoto` 0.0.1 and 0.0.2.
"""

import base64
import binascii
import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.bundle.certificate import load_all
from mcpchain.bundle.parse import Envelope, LogEntry, MessageSignature
from mcpchain.bundle.refusal import RefusedError
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.signature import Status

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_CHECK: Final = "log-entry"
_V2_HASHES: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
    """What the bundle holds, for an entry to agree with."""

    content: Envelope | MessageSignature
    digests: dict[str, bytes]
    """Of the artifact, for a signature over itself; by hashlib's names."""
    certificate: bytes
    """DER; empty where a managed key signed."""
    key: "PublicKeyTypes"


def verify_body(entry: LogEntry, signed: Signed) -> None:
    """Check that *entry* is about what was signed.

    Raises:
        RefusedError: It is about something else, or of a type that is not known.
    """
    reader = _READERS.get((entry.kind, entry.version))
    if reader is None:
        raise RefusedError(
            _CHECK,
            f"entries of type `{entry.kind[:40]}` {entry.version[:20]} are not read",
            Status.UNVERIFIABLE,
        )
    try:
        body = Node.from_json(entry.body, source="log entry")
        kind, version = body.at("kind").text(), body.at("apiVersion").text()
        if (kind, version) != (entry.kind, entry.version):
            raise RefusedError(_CHECK, f"the entry is of type `{kind}` {version}")
        reader(body.at("spec"), signed)
    except MalformedError as error:
        problem = f"the log entry is malformed: {error.pointer} {error.problem}"
        raise RefusedError(_CHECK, problem) from None


def _hashedrekord_1(spec: Node, signed: Signed) -> None:
    if not isinstance(signed.content, MessageSignature):
        raise RefusedError(_CHECK, "the entry is of a file, and the bundle an envelope")
    digest = spec.at("data").at("hash")
    _same_digest(digest.at("algorithm").text(), digest.at("value"), signed.digests)
    signature = spec.at("signature")
    _same_signature(signature.at("content"), signed.content.signature)
    _same_signer(signature.at("publicKey").at("content"), signed)


def _hashedrekord_2(spec: Node, signed: Signed) -> None:
    inner = spec.at("hashedRekordV002")
    data, signature = inner.at("data"), inner.at("signature")
    algorithm = _V2_HASHES.get(data.at("algorithm").text(), "")
    if isinstance(signed.content, Envelope):
        message = signed.content.signed()
        known = (
            {algorithm: hashlib.new(algorithm, message).digest()} if algorithm else {}
        )
    else:
        known = signed.digests
    expected = known.get(algorithm)
    if expected is None or _decoded(data.at("digest")) != expected:
        raise RefusedError(_CHECK, "the entry is about another digest")
    _same_signature(signature.at("content"), signed.content.signature)
    verifier = signature.at("verifier")
    certificate, key = verifier.at("x509Certificate"), verifier.at("publicKey")
    if certificate.exists == key.exists:
        raise RefusedError(_CHECK, "the entry names not one signer")
    raw = _decoded((certificate if certificate.exists else key).at("rawBytes"))
    own = signed.certificate if certificate.exists else keys.spki(signed.key)
    if certificate.exists != bool(signed.certificate) or raw != own:
        raise RefusedError(_CHECK, "the entry is of another signer")


def _dsse(spec: Node, signed: Signed) -> None:
    envelope = _envelope(signed)
    _same_payload(spec.at("payloadHash"), envelope)
    signatures = [*spec.at("signatures").elements()]
    if len(signatures) != 1:
        raise RefusedError(_CHECK, f"the entry has {len(signatures)} signatures")
    _same_signature(signatures[0].at("signature"), envelope.signature)
    _same_signer(signatures[0].at("verifier"), signed)


def _intoto_2(spec: Node, signed: Signed) -> None:
    envelope, content = _envelope(signed), spec.at("content")
    _same_payload(content.at("payloadHash"), envelope)
    logged = content.at("envelope")
    if logged.at("payloadType").text() != envelope.payload_type:
        raise RefusedError(_CHECK, "the entry is of another type of payload")
    signatures = [*logged.at("signatures").elements()]
    if len(signatures) != 1:
        raise RefusedError(_CHECK, f"the entry has {len(signatures)} signatures")
    # Encoded twice: the envelope has base64, and the entry has that as base64.
    sig = signatures[0].at("sig")
    if _base64(_decoded(sig)) != envelope.signature:
        raise RefusedError(_CHECK, "the entry is of another signature")
    _same_signer(signatures[0].at("publicKey"), signed)


def _intoto_1(spec: Node, signed: Signed) -> None:
    """Compare the hash of the envelope, in the forms that signers have written it."""
    envelope, digest = _envelope(signed), spec.at("content").at("hash")
    expected = _hash_value(digest)
    if all(hashlib.sha256(each).digest() != expected for each in _written(envelope)):
        raise RefusedError(_CHECK, "the entry is of another envelope")
    _same_signer(spec.at("publicKey"), signed)


def _written(envelope: Envelope) -> list[bytes]:
    if envelope.written:
        return [envelope.written]
    payload = base64.b64encode(envelope.payload).decode()
    sig = base64.b64encode(envelope.signature).decode()
    forms: list[dict[str, object]] = [
        {"payloadType": envelope.payload_type, "payload": payload, "signatures": [each]}
        for each in ({"keyid": "", "sig": sig}, {"sig": sig})
    ]
    forms += [
        {
            "payload": payload,
            "payloadType": envelope.payload_type,
            "signatures": [each],
        }
        for each in ({"sig": sig, "keyid": ""}, {"keyid": "", "sig": sig}, {"sig": sig})
    ]
    return [json.dumps(each, separators=(",", ":")).encode() for each in forms]


def _envelope(signed: Signed) -> Envelope:
    if isinstance(signed.content, Envelope):
        return signed.content
    raise RefusedError(_CHECK, "the entry is of an envelope, and the bundle has none")


def _same_payload(node: Node, envelope: Envelope) -> None:
    if _hash_value(node) != hashlib.sha256(envelope.payload).digest():
        raise RefusedError(_CHECK, "the entry is of another payload")


def _hash_value(node: Node) -> bytes:
    if node.at("algorithm").text() != "sha256":
        raise node.malformed("is no SHA-256")
    return _hex(node.at("value"))


def _same_digest(algorithm: str, node: Node, digests: dict[str, bytes]) -> None:
    expected = digests.get(algorithm)
    if expected is None or _hex(node) != expected:
        raise RefusedError(_CHECK, "the entry is about another digest")


def _same_signature(node: Node, signature: bytes) -> None:
    if _decoded(node) != signature:
        raise RefusedError(_CHECK, "the entry is of another signature")


def _same_signer(node: Node, signed: Signed) -> None:
    """Compare the signer, base64 of PEM, as DER: its text may be laid out otherwise."""
    from cryptography.hazmat.primitives.serialization import Encoding

    pem = _decoded(node)
    try:
        if signed.certificate:
            (found,) = load_all(pem)
            same = found.public_bytes(Encoding.DER) == signed.certificate
        else:
            same = keys.spki(keys.load(pem)) == keys.spki(signed.key)
    except ValueError:
        same = False
    if not same:
        raise RefusedError(_CHECK, "the entry is of another signer")


def _hex(node: Node) -> bytes:
    try:
        return bytes.fromhex(node.text())
    except ValueError:
        raise node.malformed("is not hexadecimal") from None


def _decoded(node: Node) -> bytes:
    data = _base64(node.text().encode())
    if not data:
        raise node.malformed("is not base64")
    return data


def _base64(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


_READERS: Final[dict[tuple[str, str], Callable[[Node, Signed], None]]] = {
    ("hashedrekord", "0.0.1"): _hashedrekord_1,
    ("hashedrekord", "0.0.2"): _hashedrekord_2,
    ("dsse", "0.0.1"): _dsse,
    ("intoto", "0.0.1"): _intoto_1,
    ("intoto", "0.0.2"): _intoto_2,
}
