"""Read a Sigstore bundle, versions 0.1 to 0.3 (sigstore protobuf-specs, JSON mapping).

Strict: a field of the wrong type, an encoding that is not the only one, two things
where one belongs, or none, make it no bundle. Nothing is verified here.
"""

import base64
import binascii
import re
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.document import Node

VERSIONS: Final = {
    "application/vnd.dev.sigstore.bundle+json;version=0.1": "0.1",
    "application/vnd.dev.sigstore.bundle+json;version=0.2": "0.2",
    "application/vnd.dev.sigstore.bundle+json;version=0.3": "0.3",
    "application/vnd.dev.sigstore.bundle.v0.3+json": "0.3",
}
LIMIT: Final = 32
"""How many log entries, timestamps or certificates a bundle may have."""
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_HASHES: Final = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """That an entry is in a log (RFC 6962, section 2.1.1)."""

    index: int
    """In the tree; the index of the entry counts over all trees of the log."""
    size: int
    root: bytes
    hashes: tuple[bytes, ...]
    checkpoint: str
    """A signed note; empty in old bundles."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """An entry of a transparency log, as the bundle has it."""

    kind: str
    version: str
    log_id: bytes
    index: int
    time: int
    """When it was integrated, in seconds; 0 where the log does not say."""
    body: bytes
    promise: bytes
    """The signed entry timestamp; empty if there is none."""
    proof: Proof | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """A DSSE envelope with one signature (DSSE v1)."""

    payload: bytes
    payload_type: str
    signature: bytes
    written: bytes = b""
    """The envelope as it was written, where that is known: some logs keep its hash."""

    def signed(self) -> bytes:
        """Return what is signed: the pre-authentication encoding."""
        kind = self.payload_type.encode()
        return b"DSSEv1 %d %b %d %b" % (
            len(kind),
            kind,
            len(self.payload),
            self.payload,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageSignature:
    """A signature over the artifact itself."""

    signature: bytes
    algorithm: str
    """Of the digest that the bundle gives as a hint: `SHA2_256`. Empty: no hint."""
    digest: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """A signature, and what is needed to verify it without asking anybody."""

    version: str
    certificate: bytes
    """DER of the leaf; empty where a managed key signed."""
    key_hint: str | None
    content: Envelope | MessageSignature
    entries: tuple[LogEntry, ...] = ()
    timestamps: tuple[bytes, ...] = ()
    """RFC 3161 responses, DER."""
    others: tuple[bytes, ...] = ()
    """DER of what else a chain holds. Never an anchor, and nothing at all where the
    trusted root has its own chain."""
    document: bytes = field(default=b"", repr=False, compare=False)
    """What it was read from, where that held nothing else."""


def parse(data: bytes, *, source: str, chains: bool = False) -> Bundle:
    """Read a bundle.

    Args:
        data: JSON.
        source: What to call it.
        chains: Whether one of version 0.3 may have a chain of certificates, as model
            signatures have.

    Raises:
        MalformedError: It is none, or of a version that is not known.
    """
    found = bundle(Node.from_json(data, source=source), chains=chains)
    return replace(found, document=data)


def bundle(node: Node, *, chains: bool = False) -> Bundle:
    """Read a bundle that is part of another document.

    Raises:
        MalformedError: It is none, or of a version that is not known.
    """
    kind = node.at("mediaType").text()
    version = VERSIONS.get(kind)
    if version is None:
        raise node.malformed(f"`{kind[:140]}` is no media type of a Sigstore bundle")
    material = node.at("verificationMaterial")
    (certificate, *others), hint = _signer(material, version, chains=chains)
    stamps = material.at("timestampVerificationData")
    listed = _several(stamps, "rfc3161Timestamps") if stamps.exists else ()
    return Bundle(
        version=version,
        certificate=certificate,
        key_hint=hint,
        content=_content(node),
        entries=entries(material, "tlogEntries"),
        timestamps=tuple(binary(each.at("signedTimestamp")) for each in listed),
        others=tuple(others),
    )


def entries(material: Node, key: str) -> tuple[LogEntry, ...]:
    """Read the entries of logs under *key* of *material*.

    Raises:
        MalformedError: One is none, or there are too many.
    """
    return tuple(_entry(each) for each in _several(material, key))


def binary(node: Node) -> bytes:
    """Decode base64 of the one form that encodes these bytes, and not of nothing.

    Raises:
        MalformedError: It is in another form.
    """
    text = node.text()
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise node.malformed("is not base64") from None
    if base64.b64encode(data).decode() != text:
        raise node.malformed("is not base64 in its canonical form")
    if not data:
        raise node.malformed("is empty")
    return data


def _signer(
    material: Node, version: str, *, chains: bool
) -> tuple[tuple[bytes, ...], str | None]:
    kinds = ("certificate", "x509CertificateChain", "publicKey")
    given = [each for each in kinds if material.at(each).exists]
    if len(given) != 1:
        said = f"both {' and '.join(given)}" if given else "neither of them"
        raise material.malformed(
            f"one of {', '.join(kinds)} is needed, there is {said}"
        )
    if given[0] == "certificate":
        return (binary(material.at("certificate").at("rawBytes")),), None
    if given[0] == "publicKey":
        hint = material.at("publicKey").at("hint")
        return (b"",), hint.text() if hint.exists else ""
    chain = _several(material.at("x509CertificateChain"), "certificates")
    if not chain:
        raise material.malformed("the chain has no certificate")
    if version == "0.3" and not chains:
        raise material.malformed(
            "a bundle of version 0.3 has one certificate, no chain"
        )
    return tuple(binary(each.at("rawBytes")) for each in chain), None


def _content(node: Node) -> Envelope | MessageSignature:
    message, inner = node.at("messageSignature"), node.at("dsseEnvelope")
    if message.exists == inner.exists:
        raise node.malformed("one of `messageSignature` and `dsseEnvelope` is needed")
    if message.exists:
        hint = message.at("messageDigest")
        return MessageSignature(
            signature=binary(message.at("signature")),
            algorithm=hint.at("algorithm").text() if hint.exists else "",
            digest=binary(hint.at("digest")) if hint.exists else b"",
        )
    return _envelope(inner)


def envelope(data: bytes, *, source: str) -> Envelope:
    """Read an envelope that stands by itself (DSSE v1).

    Raises:
        MalformedError: It is none, or has not one signature.
    """
    return _envelope(Node.from_json(data, source=source), data)


def _envelope(node: Node, written: bytes = b"") -> Envelope:
    signatures = [*node.at("signatures").elements()]
    if len(signatures) != 1:
        raise node.malformed(f"{len(signatures)} signatures; a bundle has one")
    return Envelope(
        payload=binary(node.at("payload")),
        payload_type=node.at("payloadType").text(),
        signature=binary(signatures[0].at("sig")),
        written=written,
    )


def _entry(node: Node) -> LogEntry:
    kind, proof = node.at("kindVersion"), node.at("inclusionProof")
    promise = node.at("inclusionPromise")
    signed = promise.at("signedEntryTimestamp") if promise.exists else promise
    return LogEntry(
        kind=kind.at("kind").text(),
        version=kind.at("version").text(),
        log_id=binary(node.at("logId").at("keyId")),
        index=number(node.at("logIndex")),
        time=number(node.at("integratedTime")),
        body=binary(node.at("canonicalizedBody")),
        promise=binary(signed) if signed.exists else b"",
        proof=_proof(proof) if proof.exists else None,
    )


def _proof(node: Node) -> Proof:
    checkpoint = node.at("checkpoint")
    hashes = [*node.at("hashes").elements()] if node.at("hashes").exists else []
    if len(hashes) > _HASHES:
        raise node.malformed(f"{len(hashes)} hashes; no tree is so high")
    return Proof(
        index=number(node.at("logIndex")),
        size=number(node.at("treeSize")),
        root=binary(node.at("rootHash")),
        hashes=tuple(binary(each) for each in hashes),
        checkpoint=checkpoint.at("envelope").text() if checkpoint.exists else "",
    )


def number(node: Node) -> int:
    """Read a 64-bit integer, a string in the JSON of protobuf; absent means 0.

    Raises:
        MalformedError: It is none, or negative.
    """
    if not node.exists:
        return 0
    if node.is_text():
        text = node.text()
        if not _NUMBER.fullmatch(text) or int(text) >= 1 << 63:
            raise node.malformed(f"`{text[:40]}` is no number of 64 bits")
        return int(text)
    value = node.integer()
    if not 0 <= value < 1 << 63:
        raise node.malformed(f"`{value}` is no number of 64 bits")
    return value


def _several(node: Node, key: str) -> tuple[Node, ...]:
    listed = node.at(key)
    if not listed.exists:
        return ()
    found = tuple(listed.elements())
    if len(found) > LIMIT:
        raise node.malformed(f"{len(found)} `{key}`, of which {LIMIT} are read")
    return found
