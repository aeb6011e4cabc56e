"""PKCS #7 signatures in the one form that MCP bundles have (RFC 5652).

The signed bytes lie elsewhere; one signer, who is named by issuer and serial number;
SHA-256; and attributes that are signed. Whatever else a message could hold is refused:
what nobody looks at can be anything.
"""

from dataclasses import dataclass
from typing import Final

from mcpchain.bundle.refusal import RefusedError
from mcpchain.signature import Status
from mcpchain.verify.mcpb_signature import der

_CHECK: Final = "message"
_SIGNED_DATA: Final = bytes.fromhex("2a864886f70d010702")
_DATA: Final = bytes.fromhex("2a864886f70d010701")
_CONTENT_TYPE: Final = bytes.fromhex("2a864886f70d010903")
_MESSAGE_DIGEST: Final = bytes.fromhex("2a864886f70d010904")
_SHA256: Final = bytes.fromhex("608648016503040201")
_KINDS: Final = {
    bytes.fromhex("2a864886f70d010101"): "RSA",  # rsaEncryption
    bytes.fromhex("2a864886f70d01010b"): "RSA",  # sha256WithRSAEncryption
    bytes.fromhex("2a8648ce3d040302"): "EC",  # ecdsa-with-SHA256
}
_TAGGED: Final = 0xA0
_TAGGED_1: Final = 0xA1
_VERSION: Final = b"\x01"
_SHA256_SIZE: Final = 32
_CERTIFICATES: Final = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A signature with all that is needed to verify it."""

    certificate: bytes
    """DER of the signer's."""
    others: tuple[bytes, ...]
    """DER of the certificates beside it."""
    digest: bytes
    """SHA-256 of what is signed, as the attributes say."""
    signed: bytes
    """What the signature is over: the attributes."""
    kind: str
    """The kind of key: `RSA` or `EC`."""
    signature: bytes


def parse(data: bytes) -> Message:
    """Read a detached signature.

    Raises:
        RefusedError: It is none, or not of this form.
    """
    try:
        return _message(data)
    except ValueError as error:
        raise RefusedError(
            _CHECK, f"it is not such PKCS #7 as bundles have: {error}"
        ) from None


def _message(data: bytes) -> Message:
    kind, wrapped = _several(der.read(data), der.SEQUENCE, 2)
    if kind.bytes_of(der.OID) != _SIGNED_DATA:
        raise ValueError("its content is not signed data")
    (body,) = _several(wrapped, _TAGGED, 1)
    parts = body.elements(der.SEQUENCE)
    if len(parts) != 5 or parts[3].tag != _TAGGED:  # noqa: PLR2004 - as RFC 5652 has it
        raise ValueError("it has no certificate in it, or lists of revoked ones")
    version, algorithms, content, bag, signers = parts
    if version.bytes_of(der.INTEGER) != _VERSION:
        raise ValueError("its version is not 1")
    (algorithm,) = _several(algorithms, der.SET, 1)
    _check_sha256(algorithm)
    (what,) = _several(content, der.SEQUENCE, 1)
    if what.bytes_of(der.OID) != _DATA:
        raise ValueError("what is signed is not plain data")
    (signer,) = _several(signers, der.SET, 1)
    return _signed(signer, _certificates(bag))


def _several(value: der.Value, tag: int, count: int) -> list[der.Value]:
    found = value.elements(tag)
    if len(found) != count:
        raise ValueError(f"{len(found)} values stand where {count} should")
    return found


def _check_sha256(value: der.Value) -> None:
    if _algorithm(value) != _SHA256:
        reason = "it is not made with SHA-256, which MCP bundles are signed with"
        raise RefusedError(_CHECK, reason, Status.UNVERIFIABLE)


def _algorithm(value: der.Value) -> bytes:
    """Return the identifier of an algorithm that takes no parameters."""
    name, *parameters = value.elements(der.SEQUENCE)
    if any(each.tag != der.NULL or each.content for each in parameters[:1]):
        reason = "it is made by an algorithm with parameters, which is not read"
        raise RefusedError(_CHECK, reason, Status.UNVERIFIABLE)
    if len(parameters) > 1:
        raise ValueError("an algorithm has several parameters")
    return name.bytes_of(der.OID)


def _certificates(bag: der.Value) -> dict[bytes, bytes]:
    """Return the certificates, by issuer and serial number."""
    found: dict[bytes, bytes] = {}
    for each in bag.elements(_TAGGED):
        name = _issuer_and_serial(each)
        if name in found:
            raise ValueError("two certificates have one issuer and serial number")
        found[name] = each.raw
        if len(found) > _CERTIFICATES:
            raise ValueError(f"more than {_CERTIFICATES} certificates")
    return found


def _issuer_and_serial(certificate: der.Value) -> bytes:
    """Return both as a signer writes them (RFC 5280, section 4.1)."""
    body, outer, signature = _several(certificate, der.SEQUENCE, 3)
    if not signature.bytes_of(der.BITS).startswith(b"\0"):
        raise ValueError("the signature of a certificate is no whole number of bytes")
    fields = body.elements(der.SEQUENCE)
    if fields and fields[0].tag == _TAGGED:
        del fields[0]
    if len(fields) < 3:  # noqa: PLR2004 - number, algorithm, issuer
        raise ValueError("a certificate names no issuer")
    serial, inner, issuer, *_ = fields
    issuer.elements(der.SEQUENCE)
    number = int.from_bytes(serial.bytes_of(der.INTEGER), signed=True)
    if number <= 0:
        raise ValueError("the serial number of a certificate is not positive")
    if inner.raw != outer.raw:
        raise ValueError("a certificate names two algorithms for its signature")
    return issuer.raw + serial.raw


def _signed(signer: der.Value, certificates: dict[bytes, bytes]) -> Message:
    parts = signer.elements(der.SEQUENCE)
    if len(parts) == 7 and parts[-1].tag == _TAGGED_1:  # noqa: PLR2004 - RFC 5652
        reason = "it has attributes that nobody signed, which are not read"
        raise RefusedError(_CHECK, reason, Status.UNVERIFIABLE)
    if len(parts) != 6:  # noqa: PLR2004 - as RFC 5652 has it, all of them
        raise ValueError("its signer has no signed attributes")
    version, named, hashed, attributes, algorithm, signature = parts
    if version.bytes_of(der.INTEGER) != _VERSION:
        raise ValueError("its signer is not named by issuer and serial number")
    issuer, serial = _several(named, der.SEQUENCE, 2)
    _check_sha256(hashed)
    certificate = certificates.pop(issuer.raw + serial.raw, None)
    if certificate is None:
        raise ValueError("the certificate of its signer is not in it")
    kind = _KINDS.get(_algorithm(algorithm))
    if kind is None:
        reason = "it is made by an algorithm that is not read"
        raise RefusedError(_CHECK, reason, Status.UNVERIFIABLE)
    return Message(
        certificate=certificate,
        others=tuple(certificates.values()),
        digest=_digest(attributes),
        # They are signed as the SET that they are, and not with the tag they have here.
        signed=bytes([der.SET]) + attributes.raw[1:],
        kind=kind,
        signature=signature.bytes_of(der.OCTETS),
    )


def _digest(attributes: der.Value) -> bytes:
    """Return the digest that the attributes sign, next to the kind of content."""
    found: dict[bytes, list[der.Value]] = {}
    for each in attributes.elements(_TAGGED):
        name, values = _several(each, der.SEQUENCE, 2)
        if found.setdefault(name.bytes_of(der.OID), values.elements(der.SET)) == []:
            raise ValueError("an attribute has no value")
    if len(found) != len(attributes.elements(_TAGGED)):
        raise ValueError("an attribute is there twice")
    kinds = found.get(_CONTENT_TYPE, [])
    digests = found.get(_MESSAGE_DIGEST, [])
    if [each.bytes_of(der.OID) for each in kinds] != [_DATA]:
        raise ValueError("it does not sign what kind of content it is about")
    if len(digests) != 1 or len(digests[0].content) != _SHA256_SIZE:
        raise ValueError("it does not sign one digest")
    return digests[0].bytes_of(der.OCTETS)
