"""A second opinion on signatures, of sigstore-python.

Two programs that were written apart rarely have the same hole. Whom to ask is decided
by the shape of a bundle, before anybody is asked: a failure never means that it was not
for them. They get the same trusted root, byte for byte, and no network.

They look at the signature, the log, the times, the certificate and its log, and the
identity, where it is a subject and an issuer. The statement of an envelope, and what is
said of the identity besides, are ours alone to judge.
"""

import base64
import enum
import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from mcpchain.bundle.certificate import load
from mcpchain.bundle.parse import Bundle, Envelope, LogEntry
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.signature import Check, Demand, Status, Verification

if TYPE_CHECKING:
    from sigstore.verify import Verifier
    from sigstore.verify.policy import VerificationPolicy

CHECK: Final = "second-opinion"
NONE: Final = "no-second-opinion"
"""The check of a bundle that nobody else was asked about."""
_ENVELOPES: Final = frozenset({("dsse", "0.0.1"), ("hashedrekord", "0.0.2")})
_FILES: Final = frozenset({("hashedrekord", "0.0.1"), ("hashedrekord", "0.0.2")})
_BEYOND_EXACT: Final = frozenset({"statement"})
_BEYOND: Final = frozenset({"statement", "identity"})
_GLOB: Final = frozenset("*?[")
_OLD_ISSUER: Final = "1.3.6.1.4.1.57264.1.1"


@enum.unique
class Word(enum.Enum):
    """What came of asking."""

    AGREES = "agrees"
    DISAGREES = "disagrees"
    UNSUPPORTED = "not supported"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What sigstore-python says."""

    word: Word
    detail: str


class SecondOpinion:
    """Asks sigstore-python, which is loaded when the first question comes.

    Args:
        root: The trusted root, as it was read.
        demand: What happens where they cannot be asked.
    """

    def __init__(self, root: bytes, demand: Demand) -> None:
        self._root = root
        self._demand = demand
        self._verifier: Verifier | None = None

    def __call__(
        self, bundle: Bundle, artifact: Artifact, trust: Trust, found: Verification
    ) -> Verification:
        """Return *found*, or a worse one where they do not agree."""
        if self._demand is Demand.OFF:
            return found
        return weigh(found, self.ask(bundle, artifact, trust, found), self._demand)

    def ask(
        self, bundle: Bundle, artifact: Artifact, trust: Trust, found: Verification
    ) -> Answer:
        """Ask about *bundle*, on which our answer is *found*."""
        if hashlib.sha256(self._root).hexdigest() != trust.root.sha256:
            raise ValueError("a second opinion is asked for under the same root")
        if problem := unsupported(bundle, artifact, trust):
            return Answer(word=Word.UNSUPPORTED, detail=problem)
        exact = trust.expected is not None and _is_exact(trust.expected)
        beyond = _BEYOND_EXACT if exact else _BEYOND
        ours = bool(found) or (bool(found.checks) and found.checks[-1].id in beyond)
        wrong = self._refusal(bundle, artifact, _policy(bundle, trust, found))
        if ours == (not wrong):
            return Answer(word=Word.AGREES, detail=wrong or "it holds")
        return Answer(word=Word.DISAGREES, detail=wrong or "it holds")

    def _refusal(
        self, bundle: Bundle, artifact: Artifact, policy: "VerificationPolicy"
    ) -> str:
        """Say why they refuse it; empty: they do not."""
        from sigstore.errors import Error
        from sigstore.hashes import Hashed
        from sigstore.models import Bundle as TheirBundle

        try:
            read = TheirBundle.from_json(_for_them(bundle))
            verifier = self._loaded()
            if isinstance(bundle.content, Envelope):
                verifier.verify_dsse(read, policy)
            else:
                given = {"algorithm": "SHA2_256", "digest": artifact.digests["sha256"]}
                verifier.verify_artifact(Hashed.model_validate(given), read, policy)
        except Error as error:
            return " ".join(str(error).split())[:400] or type(error).__name__
        except Exception as error:  # noqa: BLE001 - whatever they cannot read is no yes
            return f"it cannot be read: {type(error).__name__}"
        return ""

    def _loaded(self) -> "Verifier":
        from sigstore.models import TrustedRoot
        from sigstore.verify import Verifier

        if self._verifier is None:
            with tempfile.TemporaryDirectory(prefix="mcpchain-") as folder:
                file = Path(folder) / "trusted_root.json"
                file.write_bytes(self._root)
                root = TrustedRoot.from_file(str(file))
            self._verifier = Verifier(trusted_root=root)
        return self._verifier


def unsupported(bundle: Bundle, artifact: Artifact, trust: Trust) -> str:
    """Say why sigstore-python is not to be asked about *bundle*; empty: it is.

    By what it is made of alone, and by what the user trusts.
    """
    if not bundle.certificate:
        return "a managed key has signed it, which sigstore-python is not asked about"
    if len(bundle.entries) != 1:
        return f"it has {len(bundle.entries)} log entries, not one"
    (entry,) = bundle.entries
    kind = f"`{entry.kind[:40]}` {entry.version[:20]}"
    content, root = bundle.content, trust.root
    enveloped = isinstance(content, Envelope)
    hint = "" if isinstance(content, Envelope) else content.algorithm
    kinds = _ENVELOPES if enveloped else _FILES
    shapes = (
        (trust.authority is None, "an authority outside of Sigstore is trusted"),
        (root.logs and root.ct_logs, "the trusted root has no logs"),
        (entry.proof and entry.proof.checkpoint, "its proof has no checkpoint"),
        (bundle.version != "0.1" or entry.promise, "its log entry has no promise"),
        (
            bundle.version != "0.3" or not bundle.others,
            "one of version 0.3 has a chain",
        ),
        ((entry.kind, entry.version) in kinds, f"its log entry is of type {kind}"),
        (hint in {"", "SHA2_256"}, "its digest is not SHA-256"),
        (enveloped or "sha256" in artifact.digests, "the SHA-256 is not known"),
        (_is_p256(bundle.certificate), "its key is not ECDSA P-256"),
    )
    return next((why for fits, why in shapes if not fits), "")


def _is_p256(certificate: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec

    try:
        key = load(certificate).public_key()
    except ValueError:
        return True  # no certificate: both have to say so
    return isinstance(key, ec.EllipticCurvePublicKey) and key.curve.name == "secp256r1"


def _is_exact(expected: Expected) -> bool:
    """Say whether *expected* is a whole subject of an issuer, and nothing else."""
    plain = Expected(issuer=expected.issuer, san=expected.san or "-")
    return expected == plain and not _GLOB & set(expected.san)


def _policy(bundle: Bundle, trust: Trust, found: Verification) -> "VerificationPolicy":
    """Return whom they are to expect: the user's word, or else whom we have read."""
    from sigstore.verify import policy

    expected = trust.expected
    if expected is not None and _is_exact(expected):
        san, issuer = expected.san, expected.issuer
    elif found.identity is not None:
        san, issuer = found.identity.san, found.identity.issuer
    else:
        return policy.UnsafeNoOp()
    by: VerificationPolicy = policy.OIDCIssuerV2(issuer)
    if _has_old_issuer(bundle.certificate):
        by = policy.OIDCIssuer(issuer)
    return policy.AllOf([by, policy.Identity(identity=san)])


def _has_old_issuer(certificate: bytes) -> bool:
    try:
        extensions = load(certificate).extensions
    except ValueError:
        return False
    return any(each.oid.dotted_string == _OLD_ISSUER for each in extensions)


def weigh(found: Verification, answer: Answer, demand: Demand) -> Verification:
    """Return *found* in the light of *answer*: as it is, or worse."""
    from importlib.metadata import version

    theirs = f"sigstore-python {version('sigstore')}"
    if answer.word is Word.DISAGREES:
        reason = (
            f"two verifiers disagree: mcpchain says `{found.status.value}` "
            f"({found.reason}), {theirs} says: {answer.detail}"
        )
        return _worse(found, Status.INVALID, reason)
    if not found:
        return found
    if answer.word is Word.AGREES:
        check = Check(id=CHECK, ok=True, detail=f"{theirs} agrees")
        return replace(found, checks=(*found.checks, check))
    return _alone(found, answer.detail, demand)


def demanded(found: Verification, demand: Demand) -> Verification:
    """Return *found*, or what is left of it if nobody was asked who had to be."""
    asked = any(each.id in {CHECK, NONE} for each in found.checks)
    if not found or asked or demand is Demand.OFF:
        return found
    return _alone(found, f"a `{found.kind}` is no Sigstore bundle", demand)


def _alone(found: Verification, why: str, demand: Demand) -> Verification:
    if demand is Demand.REQUIRED:
        reason = f"a second opinion is required, and there is none: {why}"
        return _worse(found, Status.UNVERIFIABLE, reason)
    told = f"nobody else was asked: {why}"
    check = Check(id=NONE, ok=True, detail=told)
    checks, notes = (*found.checks, check), (*found.notes, told)
    return replace(found, checks=checks, notes=notes)


def _worse(found: Verification, status: Status, reason: str) -> Verification:
    check = Check(id=CHECK, ok=False, detail=reason)
    checks = (*found.checks, check)
    return replace(found, status=status, reason=reason, checks=checks)


def _for_them(bundle: Bundle) -> bytes:
    """Return *bundle* as it was read, where that is known and can be read by them."""
    zeros = any(
        not each.index or (each.proof and not each.proof.index)
        for each in bundle.entries
    )
    # JSON of protobuf may leave a zero out, which they do not know.
    return written(bundle) if zeros or not bundle.document else bundle.document


def written(bundle: Bundle) -> bytes:
    """Return *bundle* as a document, where it was part of another one."""
    raw = {"rawBytes": _b64(bundle.certificate)}
    material: dict[str, Any] = {
        "tlogEntries": [_entry(each) for each in bundle.entries],
    }
    if bundle.version == "0.3":
        material["certificate"] = raw
        media = "application/vnd.dev.sigstore.bundle.v0.3+json"
    else:
        material["x509CertificateChain"] = {"certificates": [raw]}
        media = f"application/vnd.dev.sigstore.bundle+json;version={bundle.version}"
    if bundle.timestamps:
        stamps = [{"signedTimestamp": _b64(each)} for each in bundle.timestamps]
        material["timestampVerificationData"] = {"rfc3161Timestamps": stamps}
    document = {"mediaType": media, "verificationMaterial": material}
    return json.dumps({**document, **_content(bundle)}).encode()


def _content(bundle: Bundle) -> Mapping[str, Any]:
    content = bundle.content
    if isinstance(content, Envelope):
        envelope = {
            "payload": _b64(content.payload),
            "payloadType": content.payload_type,
            "signatures": [{"sig": _b64(content.signature)}],
        }
        return {"dsseEnvelope": envelope}
    message: dict[str, Any] = {"signature": _b64(content.signature)}
    if content.digest:
        digest = _b64(content.digest)
        message["messageDigest"] = {"algorithm": content.algorithm, "digest": digest}
    return {"messageSignature": message}


def _entry(entry: LogEntry) -> Mapping[str, Any]:
    found: dict[str, Any] = {
        "logIndex": str(entry.index),
        "logId": {"keyId": _b64(entry.log_id)},
        "kindVersion": {"kind": entry.kind, "version": entry.version},
        "integratedTime": str(entry.time),
        "canonicalizedBody": _b64(entry.body),
    }
    if entry.promise:
        found["inclusionPromise"] = {"signedEntryTimestamp": _b64(entry.promise)}
    if entry.proof is not None:
        found["inclusionProof"] = {
            "logIndex": str(entry.proof.index),
            "treeSize": str(entry.proof.size),
            "rootHash": _b64(entry.proof.root),
            "hashes": [_b64(each) for each in entry.proof.hashes],
            "checkpoint": {"envelope": entry.proof.checkpoint},
        }
    return found


def _b64(data: bytes) -> str:
    return base64.b64encode(data).decode()
