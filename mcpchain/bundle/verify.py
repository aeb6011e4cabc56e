"""Verify one signature, without asking anybody.

The rule-keeper: no network, no files, no clock. Which root, which identity or key and
which bytes come from the caller, and never from what is verified. The steps:

1. The signature holds, over the artifact or over an envelope that names it.
2. It is in a transparency log, where the root has logs: the log has signed for the
   entry, and the entry is about this very signature.
3. It existed at a time that the log or a timestamp authority has signed.
4. The certificate was issued by an authority of the root, every certificate valid at
   every such time, and it is for signing code.
5. A certificate transparency log knows the certificate, where the root has such logs.
6. The signer is whom the user expects.
7. The statement, if there is one, is about this artifact.

For a key that the user names, 4 to 6 fall away: the key is the identity. For a private
authority that the user names, 2, 3 and 5 fall away, and in 4 every certificate has to
be valid now: nothing proves another time.

The reference is the Sigstore client specification ("Verification"); the traps are
CVE-2022-23649, CVE-2022-36056, CVE-2026-22703, CVE-2026-24122 and CVE-2026-39984.
"""

import hashlib
import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import chain, keys, private
from mcpchain.bundle.certificate import load
from mcpchain.bundle.certificate import read as read_identity
from mcpchain.bundle.entry import Signed, verify_body
from mcpchain.bundle.log import verify_entry
from mcpchain.bundle.parse import Bundle, Envelope, MessageSignature
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.private import PrivateAuthority
from mcpchain.bundle.refusal import RefusedError
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.statement import PAYLOAD_TYPE, objection
from mcpchain.bundle.statement import parse as parse_statement
from mcpchain.bundle.timestamp import verify_timestamp
from mcpchain.errors import MalformedError
from mcpchain.signature import (
    Check,
    Identity,
    SignedTime,
    Statement,
    Status,
    Verification,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate

_HINTS: Final = {"SHA2_256": "sha256", "SHA2_384": "sha384", "SHA2_512": "sha512"}
_OTHERS: Final = "the statement is about other artifacts"
_SHA256: Final = re.compile("[0-9a-f]{64}")
_IDENTIFYING: Final = ("sha256", "sha384", "sha512")


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """The bytes that a signature should be about."""

    digests: Mapping[str, bytes]
    """By hashlib's names; `sha256` is what most signatures are over."""
    read: Callable[[], bytes] | None = None
    """Return all of them, for a key that signs no digest (Ed25519)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """Whom the user trusts, and for what."""

    root: TrustedRoot
    expected: Expected | None = None
    """Of a signer with a certificate. `None`: nobody in particular is expected, and
    then no certificate verifies anything."""
    key: "PublicKeyTypes | None" = None
    """A key that the user named. A bundle with a certificate is none of its."""
    log_needed: bool = True
    """Whether a signature by that key has to be in a log."""
    authority: PrivateAuthority | None = None
    """An authority that the user named, in place of those of the root and of
    `expected`."""
    predicate_types: tuple[str, ...] = ()
    """What an envelope may say; empty: anything."""
    passed_only: bool = False
    """Whether a verdict that says no is no yes: else the caller reads it."""
    opinion: "Opinion | None" = None
    """Asked at the end; it may take a yes away, and never give one."""


Opinion = Callable[[Bundle, Artifact, Trust, Verification], Verification]
"""Takes our answer as well, and returns it, or one that is worse."""


def verify(bundle: Bundle, artifact: Artifact, trust: Trust) -> Verification:
    """Say who stands for *artifact*. Never raises for anything in *bundle*."""
    found = _verify(bundle, artifact, trust)
    if trust.opinion is not None:
        found = trust.opinion(bundle, artifact, trust, found)
    if not (found and trust.passed_only and (why := objection(found.statement))):
        return found
    checks = (*found.checks, Check(id="verdict", ok=False, detail=why))
    return replace(found, status=Status.INVALID, reason=why, checks=checks)


def another(bundle: Bundle, wanted: tuple[str, ...]) -> str:
    """Say what else *bundle* says than one of *wanted*; empty: it may be one of them.

    That is not believed, and of use only for leaving it aside.
    """
    content = bundle.content
    if not wanted:
        return ""
    if isinstance(content, MessageSignature):
        return "it is a signature over the file, and no statement"
    try:
        kind = parse_statement(content.payload, source="statement").predicate_type
    except MalformedError:
        return ""
    return "" if kind in wanted else f"it is a `{kind[:140]}`"


def _verify(bundle: Bundle, artifact: Artifact, trust: Trust) -> Verification:
    work = _Work(bundle=bundle, artifact=artifact, trust=trust)
    try:
        work.run()
    except RefusedError as refusal:
        failed = Check(id=refusal.check, ok=False, detail=refusal.reason)
        return work.result(refusal.status, refusal.reason, failed)
    except Exception as error:  # noqa: BLE001 - a library met what nobody foresaw
        problem = f"a library could not read it: {type(error).__name__}"
        failed = Check(id="bundle", ok=False, detail=problem)
        return work.result(Status.ERROR, problem, failed)
    return work.result(Status.VERIFIED, work.checks[-1].detail)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One verification, step by step."""

    bundle: Bundle
    artifact: Artifact
    trust: Trust
    checks: list[Check] = field(default_factory=list)
    times: list[SignedTime] = field(default_factory=list)
    identity: Identity | None = None
    statement: Statement | None = None
    certificate: "Certificate | None" = None

    def run(self) -> None:
        """Take the steps in their order; the first that fails ends it."""
        key = self._key()
        self._signature(key)  # 1
        if self.trust.authority is not None and self.certificate is not None:
            self._private(self.certificate, self.trust.authority)  # 4 and 6
        else:
            self._log(key)  # 2
            self._time()  # 3
            if self.certificate is not None:
                self._chain(self.certificate)  # 4 and 5
                self._identity(self.certificate)  # 6
        self._statement()  # 7

    def result(self, status: Status, reason: str, *more: Check) -> Verification:
        """Say what is known so far."""
        key, content = self.trust.key, self.bundle.content
        said = content.payload if isinstance(content, Envelope) else b""
        return Verification(
            status=status,
            reason=reason,
            checks=(*self.checks, *more),
            identity=self.identity,
            key=keys.fingerprint(key) if key is not None else "",
            times=tuple(self.times),
            root=str(self.trust.authority or self.trust.root),
            statement=self.statement,
            sha256=hashlib.sha256(said).hexdigest() if said else "",
        )

    def _done(self, check: str, detail: str) -> None:
        self.checks.append(Check(id=check, ok=True, detail=detail))

    def _key(self) -> "PublicKeyTypes":
        """Return the key that has to have signed."""
        given = self.trust.key
        if not self.bundle.certificate:
            if self.trust.authority is not None:
                raise self._untrusted("a managed key signed it, and no certificate")
            if given is None:
                problem = "a managed key signed it: name the key that you trust"
                raise self._untrusted(problem)
            keys.check(given)
            return given
        if given is not None:
            problem = "a certificate signed it, and not the key that is named"
            raise self._untrusted(problem)
        try:
            self.certificate = load(self.bundle.certificate)
            key = self.certificate.public_key()
            keys.check(key)
        except ValueError as error:
            problem = f"the certificate cannot be used: {error}"
            raise RefusedError("material", problem) from None
        return key

    def _untrusted(self, problem: str) -> RefusedError:
        """Refuse whose key it is, unless it says itself to be about other bytes."""
        content = self.bundle.content
        if isinstance(content, MessageSignature):
            self._hinted(content)
        elif content.payload_type == PAYLOAD_TYPE:
            with suppress(MalformedError):
                said = parse_statement(content.payload, source="statement")
                if not self._names(said):
                    return RefusedError("statement", _OTHERS)
        return RefusedError("material", problem, Status.UNTRUSTED_IDENTITY)

    def _hinted(self, content: MessageSignature) -> None:
        """Refuse what gives the digest of other bytes."""
        if not content.digest:
            return
        name = _HINTS.get(content.algorithm, "")
        ours = self.artifact.digests.get(name, content.digest)
        if name and ours == content.digest:
            return
        told = f": `{name}:{content.digest.hex()[:128]}`, and not `{name}:{ours.hex()}`"
        raise RefusedError(
            "digest", f"the bundle is about another digest{told if name else ''}"
        )

    def _signature(self, key: "PublicKeyTypes") -> None:
        content = self.bundle.content
        if isinstance(content, Envelope):
            holds = keys.holds(key, content.signature, content.signed())
            what = "the envelope"
        else:
            holds = self._holds(key, content)
            what = "the artifact"
        if not holds:
            problem = f"the signature over {what} does not hold{self._by(key)}"
            raise RefusedError("signature", problem)
        self._done("signature", f"the signature over {what} holds")

    def _by(self, key: "PublicKeyTypes") -> str:
        """Say that the bundle names another key, if it does."""
        theirs = self.bundle.key_hint or ""
        if self.trust.key is None or not _SHA256.fullmatch(theirs):
            return ""
        from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

        pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        if theirs == (ours := hashlib.sha256(pem).hexdigest()):
            return ""
        return (
            f": it says that a key made it whose PEM has the SHA-256 `{theirs}`, and "
            f"that of the one you name has `{ours}`"
        )

    def _holds(self, key: "PublicKeyTypes", content: MessageSignature) -> bool:
        digests = self.artifact.digests
        self._hinted(content)
        name = keys.hash_of(key)
        if name in digests:
            return keys.holds_digest(key, content.signature, digests[name], name)
        if self.artifact.read is None:
            problem = f"the key needs the file itself, not only {', '.join(digests)}"
            raise RefusedError("signature", problem, Status.UNVERIFIABLE)
        return keys.holds(key, content.signature, self.artifact.read())

    def _log(self, key: "PublicKeyTypes") -> None:
        entries, logs = self.bundle.entries, self.trust.root.logs
        managed = self.certificate is None
        if managed and not self.trust.log_needed and not entries:
            return
        if not logs and not managed:
            return
        if not entries:
            if self.certificate is not None:
                chain.check_known(self.certificate, self.trust.root.authorities)
            raise RefusedError("log", "it is in no transparency log")
        if len({(each.log_id, each.index) for each in entries}) != len(entries):
            raise RefusedError("log", "an entry of a log is there twice")
        signed = Signed(
            content=self.bundle.content,
            digests=dict(self.artifact.digests),
            certificate=self.bundle.certificate,
            key=key,
        )
        for entry in entries:
            time = verify_entry(entry, logs, proof_needed=self.bundle.version != "0.1")
            verify_body(entry, signed)
            if time is not None:
                self.times.append(time)
        self._done("log", f"{len(entries)} entry of a transparency log is about it")

    def _time(self) -> None:
        signature = self.bundle.content.signature
        stamps = self.bundle.timestamps
        if len(set(stamps)) != len(stamps):
            raise RefusedError("timestamp", "a timestamp is there twice")
        authorities = self.trust.root.timestamp_authorities
        self.times += [verify_timestamp(e, signature, authorities) for e in stamps]
        if self.times:
            self._done("time", f"it existed at {min(e.time for e in self.times)}")
        elif self.certificate is not None:
            raise RefusedError("time", "nobody has signed for when it was made")

    def _chain(self, leaf: "Certificate") -> None:
        root = self.trust.root
        times = [each.time for each in self.times]
        issuer = chain.verify_chain(leaf, root.authorities, times)
        self._done("chain", f"issued by {issuer.subject.rfc4514_string()}")
        if root.ct_logs:
            chain.verify_scts(leaf, issuer, root.ct_logs)
            self._done("sct", "a certificate transparency log has seen the certificate")

    def _private(self, leaf: "Certificate", authority: PrivateAuthority) -> None:
        anchor = private.verify_chain(leaf, self.bundle.others, authority)
        self._done("chain", f"goes back to {anchor}; valid now, no time is proven")
        self.identity = private.read_identity(leaf)
        private.check_subject(leaf, authority)
        self._done("identity", f"signed by `{self.identity.san}`")

    def _identity(self, leaf: "Certificate") -> None:
        try:
            self.identity = read_identity(leaf)
        except ValueError as error:
            raise RefusedError("identity", f"of the certificate: {error}") from None
        expected = self.trust.expected
        if expected is None:
            problem = f"`{self.identity.san}` signed it; nobody says whom to expect"
            raise RefusedError("identity", problem, Status.UNTRUSTED_IDENTITY)
        if wrong := [*expected.differences(self.identity)]:
            raise RefusedError("identity", "; ".join(wrong), Status.UNTRUSTED_IDENTITY)
        self._done("identity", f"signed by `{self.identity.san}`")

    def _statement(self) -> None:
        content, wanted = self.bundle.content, self.trust.predicate_types
        if isinstance(content, MessageSignature):
            if wanted:
                raise RefusedError("statement", another(self.bundle, wanted))
            return
        if content.payload_type != PAYLOAD_TYPE:
            problem = f"an envelope of `{content.payload_type[:140]}` is not read"
            raise RefusedError("statement", problem, Status.UNVERIFIABLE)
        try:
            self.statement = parse_statement(content.payload, source="statement")
        except MalformedError as error:
            problem = f"the statement is malformed: {error.pointer} {error.problem}"
            raise RefusedError("statement", problem) from None
        if wanted and self.statement.predicate_type not in wanted:
            raise RefusedError("statement", another(self.bundle, wanted))
        if not self._names(self.statement):
            raise RefusedError("statement", _OTHERS)
        kind = self.statement.predicate_type
        self._done("statement", f"a `{kind}` about this artifact")

    def _names(self, statement: Statement) -> bool:
        """Say whether a subject has a digest of the artifact, and none that differs."""
        for subject in statement.subjects:
            same = [
                subject.digests[name].lower() == self.artifact.digests[name].hex()
                for name in _IDENTIFYING
                if name in subject.digests and self.artifact.digests.get(name)
            ]
            if same and all(same):
                return True
        return False
