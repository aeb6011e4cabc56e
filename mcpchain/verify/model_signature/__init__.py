"""Signatures of models: the OpenSSF Model Signing specification (OMS), 1.0.

A signature names every file of a folder with its digest. The steps:

1. The envelope verifies as any bundle does: by a key, by an authority that the user
   names, or by an identity of Sigstore. Its subject is the list of digests in it.
2. The list is sound: no file twice, none outside, no byte of a file left out.
3. The folder has these files and no others. What the format never signs, what the user
   leaves out, and what the signer left out and nothing loads, is told in the notes.
4. Every file has the bytes that were signed.

The signer's list of what is ignored is the signer's word about which files do not
matter; that of a file which a program may load is not taken.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.bundle.parse import Bundle, Envelope
from mcpchain.bundle.statement import document
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.bundle.verify import verify as verify_bundle
from mcpchain.errors import MalformedError
from mcpchain.signature import Check, Status, Verification
from mcpchain.verify.model_signature import manifest
from mcpchain.verify.model_signature.folder import Model, changed, compare, look, some
from mcpchain.verify.model_signature.manifest import MODEL, OLD, Manifest, UnreadError

__all__ = ["KIND", "Given", "Model", "is_model_signature", "look", "verify"]

KIND: Final = "model-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What is verified: a model, and what of it the signature need not be about."""

    model: Model
    signatures: tuple[str, ...] = ()
    """The paths in the folder of what is being verified."""
    ignored: tuple[str, ...] = ()
    """What the user leaves out, with all that is below it."""


def is_model_signature(bundle: Bundle) -> bool:
    """Say whether *bundle* says that it is one, of whatever version."""
    if not isinstance(bundle.content, Envelope):
        return False
    try:
        node = document(bundle.content.payload, source="statement")
        kind = node.at("predicateType")
        return kind.is_text() and kind.value in {MODEL, OLD}
    except MalformedError:
        return False


def verify(
    bundle: Bundle, given: Given, trust: Trust, progress: Callable[[int], None]
) -> Verification:
    """Say who stands for a model. Never raises for anything in *bundle* or the model.

    Args:
        bundle: Read with `chains`.
        given: The model.
        trust: Whom the user trusts. A key, or an authority, needs no log.
        progress: Called with a number of bytes as they are done.
    """
    content = bundle.content
    if not isinstance(content, Envelope):
        return _refused("it signs bytes, and is no model signature", trust)
    try:
        signed = manifest.read(content.payload, source="statement")  # 2
    except UnreadError as error:
        return _refused(str(error), trust, Status.UNVERIFIABLE)
    except MalformedError as error:
        problem = f"{error.pointer} {error.problem}".strip()
        return _refused(f"the statement is malformed: {problem}", trust)
    if _is_private(bundle) and trust.authority is None and trust.key is None:
        problem = (
            "a certificate of a private authority signed it: name that with `--ca`"
        )
        return _refused(problem, trust, Status.UNTRUSTED_IDENTITY)
    artifact = Artifact(digests={"sha256": signed.root})
    asked = replace(trust, log_needed=False, predicate_types=(MODEL,))
    found = replace(verify_bundle(bundle, artifact, asked), kind=KIND)  # 1
    if found.status is Status.UNTRUSTED_IDENTITY:
        # Whoever signed it: other bytes than they signed are no question of trust.
        other = _compared(found, signed, given, progress)
        found = other if other.status is Status.INVALID else found
    if found.status is not Status.VERIFIED:
        return found
    if trust.authority is not None:
        note = "no time is proven: that its certificate is valid is true of today"
        found = replace(found, notes=(*found.notes, note))
    return _compared(found, signed, given, progress)


def _compared(
    found: Verification,
    signed: Manifest,
    given: Given,
    progress: Callable[[int], None],
) -> Verification:
    files = compare(
        signed, given.model, signatures=given.signatures, ignored=given.ignored
    )  # 3
    if files.problems:
        return _ended(found, "files", Status.INVALID, _several(files.problems))
    count = f"{len(signed.files):,} file{'s'[: len(signed.files) != 1]}"
    found = _went_on(found, "files", f"{count} signed, and no others are there")
    found = replace(found, notes=(*found.notes, *files.notes()))
    other, unread = changed(signed, given.model, files.pieces, progress)  # 4
    if other:
        problem = f"other bytes than were signed: {some(other)}"
        return _ended(found, "bytes", Status.INVALID, problem)
    if unread:
        problem = _several([f"`{each.path[:200]}`: {each.reason}" for each in unread])
        return _ended(found, "bytes", Status.ERROR, problem)
    return _went_on(found, "bytes", f"every byte of {count} is what was signed")


def _is_private(bundle: Bundle) -> bool:
    """Say whether it is of the mode that knows certificates and no log."""
    return bool(bundle.others) and not bundle.entries


def _several(problems: Sequence[str]) -> str:
    first = "; ".join(problems[:3])
    more = len(problems) - 3
    return f"{first}; and {more:,} more" if more > 0 else first


def _refused(
    reason: str, trust: Trust, status: Status = Status.INVALID
) -> Verification:
    check = Check(id="statement", ok=False, detail=reason)
    root = str(trust.authority or trust.root)
    return Verification(
        status=status, reason=reason, checks=(check,), root=root, kind=KIND
    )


def _ended(found: Verification, check: str, status: Status, why: str) -> Verification:
    failed = Check(id=check, ok=False, detail=why)
    return replace(found, status=status, reason=why, checks=(*found.checks, failed))


def _went_on(found: Verification, check: str, detail: str) -> Verification:
    done = Check(id=check, ok=True, detail=detail)
    return replace(found, reason=detail, checks=(*found.checks, done))
