"""Who has signed an image? From what is attached to it to the answers. Pure.

Anybody who may push to a repository can attach signatures of their own, so that not
all of them can be asked to hold: *any* that holds, by whom the user expects, is enough,
and the others are counted in the answer. Nothing else is a yes. If none holds, each
says why, and what could not be looked at says so too.

Cosign's own form is read into a bundle of version 0.1, which needs no proof:

1. The signature in the annotations is over the layer, or over the envelope that the
   layer is.
2. The log has signed for an entry about it (`dev.sigstore.cosign/bundle`), or a
   timestamp authority for its time (`.../rfc3161timestamp`).
3. The layer, of the kind "simple signing", names the digest of this very image, and
   the repository that was asked for if one was.

Of the annotations only the leaf of the chain is used. What BuildKit puts into an index
is signed by nobody, and is no evidence.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from mcpchain import image
from mcpchain.bundle.certificate import load_all
from mcpchain.bundle.parse import (
    Bundle,
    Envelope,
    LogEntry,
    MessageSignature,
    binary,
    envelope,
    number,
)
from mcpchain.bundle.parse import parse as parse_bundle
from mcpchain.bundle.verify import Artifact, Trust, another, verify
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.oci.attached import Attached, Form, Piece
from mcpchain.oci.manifest import Manifest
from mcpchain.signature import Check, Status, Verification

KIND: Final = "oci"
_PREFIX: Final = "dev.sigstore.cosign/"
_SIGNATURE: Final = "dev.cosignproject.cosign/signature"
_TYPES: Final = frozenset(
    {
        "cosign container image signature",
        "atomic container signature",
        "https://sigstore.dev/cosign/sign/v1",
    }
)
_LOG_ID: Final = 32
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What signatures should be about."""

    digests: dict[str, bytes]
    """Of the manifest, by hashlib's names."""
    data: bytes
    reference: str = ""
    """The repository that signatures have to name; empty: they may name any, as those
    of a mirror do."""

    @classmethod
    def of(cls, manifest: Manifest, reference: str = "") -> "Image":
        """Hash the bytes of *manifest*."""
        names = {"sha256", manifest.digest.algorithm.value}
        digests = {n: hashlib.new(n, manifest.data).digest() for n in sorted(names)}
        return cls(digests=digests, data=manifest.data, reference=reference)


def verify_image(
    attached: Attached, trust: Trust, reference: str = ""
) -> tuple[Verification, ...]:
    """Return every yes about an image, or else every reason why there is none.

    Args:
        attached: The image and what is attached to it.
        trust: Whom the user trusts.
        reference: The repository that cosign's signatures have to name, if any.
    """
    subject = Image.of(attached.image, reference)
    told = [*_answers(attached, subject, trust)]
    good = [each for each in told if each]
    title = f"{attached.title}@{attached.image.digest}"
    by = "user" if trust.expected or trust.key or trust.authority else ""
    return tuple(
        replace(
            each,
            subject=title,
            expected_by=by,
            root=each.root or str(trust.root),
            notes=(*each.notes, *_aside(attached, told)) if each else each.notes,
        )
        for each in good or told or [_missing(attached)]
    )


def _answers(
    attached: Attached, subject: Image, trust: Trust
) -> Iterator[Verification]:
    for each in attached.pieces:
        yield replace(_verified(each, subject, trust), kind=each.form.value)
    for problem in attached.problems:
        reason = f"{problem.where}: {problem.reason}"
        yield Verification(status=problem.status, reason=reason, kind=KIND)


def _missing(attached: Attached) -> Verification:
    reason = "; ".join(("no signature is attached to it", *_unsigned(attached)))
    if attached.image.is_index:
        reason += "; it is an index, and signatures of the images in it are others"
    return Verification(status=Status.MISSING, reason=reason, kind=KIND)


def _unsigned(attached: Attached) -> Iterator[str]:
    """Say what is there and is no signature."""
    if count := attached.image.claims:
        yield f"what BuildKit attests in it ({count}) is signed by nobody: no evidence"
    if attached.others:
        shown = ", ".join(f"`{each}`" for each in attached.others[:_SHOWN])
        more = " and more" if len(attached.others) > _SHOWN else ""
        yield f"attached are also {shown}{more}, which are no signatures"


def _aside(attached: Attached, told: list[Verification]) -> Iterator[str]:
    """Say what was left aside for a yes."""
    if others := [each for each in told if not each]:
        yield (
            f"{len(told) - len(others)} of {len(told)} signatures hold, and one by "
            f"whom you expect is enough; another: {others[0].reason}"
        )
    yield from _unsigned(attached)


def _verified(piece: Piece, subject: Image, trust: Trust) -> Verification:
    artifact = Artifact(digests=subject.digests, read=lambda: subject.data)
    try:
        if piece.form is Form.BUNDLE:
            bundle = parse_bundle(piece.data, source="bundle")
        elif piece.form is Form.ATTESTATION:
            bundle = _attestation(piece)
        else:
            bundle = _signature(piece)
        if other := another(bundle, trust.predicate_types):
            return Verification(status=Status.MISSING, reason=other)
        if piece.form is Form.SIGNATURE:
            return _simple(piece, bundle, subject, trust)
        return verify(bundle, artifact, trust)
    except MalformedError as error:
        place = f"{error.pointer} " if error.pointer else ""
        reason = f"`{error.source}` is malformed: {place}{error.problem}"
        return Verification(status=Status.INVALID, reason=reason)


def _simple(piece: Piece, bundle: Bundle, subject: Image, trust: Trust) -> Verification:
    """Verify the layer, and then what it says."""
    data = piece.data
    names = ("sha256", "sha384", "sha512")
    layer = {name: hashlib.new(name, data).digest() for name in names}
    found = verify(bundle, Artifact(digests=layer, read=lambda: data), trust)
    if not found:
        return found
    node = Node.from_json(data, source="signature")
    status, detail = _named(node.at("critical"), subject)
    check = Check(id="image", ok=status is Status.VERIFIED, detail=detail)
    return replace(found, status=status, reason=detail, checks=(*found.checks, check))


def _named(critical: Node, subject: Image) -> tuple[Status, str]:
    """Say whether what was signed names the image (simple signing)."""
    kind = critical.at("type").text()
    if kind not in _TYPES:
        return Status.UNVERIFIABLE, f"signatures of type `{kind[:140]}` are not read"
    digest = critical.at("image").at("docker-manifest-digest").text()
    if digest not in {f"{k}:{v.hex()}" for k, v in subject.digests.items()}:
        return Status.INVALID, f"the signature is of the image `{digest[:140]}`"
    said = critical.at("identity").at("docker-reference").optional_text() or ""
    if subject.reference and not _same(said, subject.reference):
        reason = f"the signature is of `{said[:140]}`, not of `{subject.reference}`"
        return Status.INVALID, reason
    return Status.VERIFIED, f"the signature names this image, as `{said[:140]}`"


def _same(said: str, wanted: str) -> bool:
    try:
        return image.parse(said).place == image.parse(wanted).place
    except ValueError:
        return False


def _signature(piece: Piece) -> Bundle:
    signature = binary(_annotation(piece, _SIGNATURE))
    content = MessageSignature(signature=signature, algorithm="", digest=b"")
    return _bundle(piece, content)


def _attestation(piece: Piece) -> Bundle:
    return _bundle(piece, envelope(piece.data, source="envelope"))


def _bundle(piece: Piece, content: Envelope | MessageSignature) -> Bundle:
    """Make a bundle from the annotations of a layer."""
    certificate = _annotation(piece, f"{_PREFIX}certificate")
    logged = _annotation(piece, f"{_PREFIX}bundle")
    stamp = _annotation(piece, f"{_PREFIX}rfc3161timestamp")
    return Bundle(
        version="0.1",
        certificate=_der(certificate) if certificate.value else b"",
        key_hint=None if certificate.value else "",
        content=content,
        entries=(_entry(_inner(logged)),) if logged.value else (),
        timestamps=(
            (binary(_inner(stamp).at("SignedRFC3161Timestamp")),) if stamp.value else ()
        ),
    )


def _annotation(piece: Piece, key: str) -> Node:
    return Node(value=piece.layer.annotations.get(key, ""), source=key)


def _inner(node: Node) -> Node:
    """Read the JSON that an annotation holds."""
    return Node.from_json(node.text().encode(), source=node.source)


def _der(node: Node) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    try:
        found = load_all(node.text().encode())
    except ValueError:
        found = ()
    if len(found) != 1:
        raise node.malformed("holds not one certificate in PEM")
    return found[0].public_bytes(Encoding.DER)


def _entry(node: Node) -> LogEntry:
    """Read an entry of a log, which has a promise and no proof."""
    payload = node.at("Payload")
    body = binary(payload.at("body"))
    inner = Node.from_json(body, source="log entry")
    return LogEntry(
        kind=inner.at("kind").text(),
        version=inner.at("apiVersion").text(),
        log_id=_log_id(payload.at("logID")),
        index=number(payload.at("logIndex")),
        time=number(payload.at("integratedTime")),
        body=body,
        promise=binary(node.at("SignedEntryTimestamp")),
        proof=None,
    )


def _log_id(node: Node) -> bytes:
    try:
        found = bytes.fromhex(node.text())
    except ValueError:
        found = b""
    if len(found) != _LOG_ID:
        raise node.malformed("is no id of a log: 64 hexadecimal digits")
    return found
