"""The signature in an MCP bundle (`.mcpb`), and whether it is of whom the user trusts.

The steps:

1. The signature stands at the end of the bundle, and the zip right before it.
2. It is a PKCS #7 signature of one signer, over SHA-256 and attributes.
3. The attributes have the SHA-256 of the zip, and the signature over them holds.
4. The certificate is valid now: nothing proves when it was made.
5. The user has named the certificate, its key, or an authority that issued it to sign
   code with. Without that it is anybody's: anybody can make a certificate.
"""

import datetime as dt
import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, BinaryIO, Final

from mcpchain.bundle import chain, keys, private
from mcpchain.bundle.certificate import load
from mcpchain.bundle.private import PrivateAuthority
from mcpchain.bundle.refusal import RefusedError
from mcpchain.signature import Check, Identity, Status, Verification
from mcpchain.verify.mcpb_signature import cms, frame

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate

KIND: Final = "mcpb-signature"


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleTrust:
    """Whom the user trusts to sign bundles."""

    now: dt.datetime
    authority: PrivateAuthority | None = None
    certificates: tuple["Certificate", ...] = ()
    """Those that the user named, each for itself."""
    key: "PublicKeyTypes | None" = None

    @property
    def named(self) -> bool:
        """Whether the user named anybody."""
        return bool(self.authority or self.certificates or self.key)


def verify(
    stream: BinaryIO,
    size: int,
    trust: BundleTrust,
    subject: str,
    count: Callable[[int], None] | None = None,
) -> Verification:
    """Say who signed a bundle. Never raises for anything in it.

    Args:
        stream: The bundle.
        size: How many bytes it has.
        trust: Whom the user trusts.
        subject: What to call it.
        count: Called with how many more bytes were hashed.

    Raises:
        OSError: It cannot be read.
    """
    told = Verification(
        status=Status.MISSING,
        reason="no signature is in the bundle",
        kind=KIND,
        subject=subject,
        expected_by="user" if trust.named else "",
    )
    work = _Work(trust=trust)
    try:
        found = frame.find(stream, size)  # 1
        if found is None:
            return told
        work.run(found, frame.digests(stream, found, count))
    except RefusedError as refusal:
        failed = Check(id=refusal.check, ok=False, detail=refusal.reason)
        return work.result(told, refusal.status, failed)
    except OSError:
        raise
    except Exception as error:  # noqa: BLE001 - a library met what nobody foresaw
        problem = f"a library could not read it: {type(error).__name__}"
        failed = Check(id="bundle", ok=False, detail=problem)
        return work.result(told, Status.ERROR, failed)
    return work.result(told, Status.VERIFIED)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One verification, step by step."""

    trust: BundleTrust
    checks: list[Check] = field(default_factory=list)
    identity: Identity | None = None
    key: str = ""
    root: str = ""

    def run(self, found: frame.Frame, digests: tuple[bytes, ...]) -> None:
        """Take the steps in their order; the first that fails ends it."""
        self._done("frame", "the signature stands right behind the zip, and ends it")
        message = cms.parse(found.message)  # 2
        self._done("message", "it is a PKCS #7 signature of one signer")
        certificate = _certificate(message.certificate)
        for each in message.others:
            _certificate(each)
        self._signature(certificate, message, digests)  # 3
        self.identity = private.read_identity(certificate)
        self._time(certificate)  # 4
        self._trusted(certificate, message.others)  # 5

    def result(self, told: Verification, status: Status, *more: Check) -> Verification:
        """Say what is known so far."""
        checks = (*self.checks, *more)
        return replace(
            told,
            status=status,
            reason=checks[-1].detail,
            checks=checks,
            identity=self.identity,
            key=self.key,
            root=self.root,
        )

    def _done(self, check: str, detail: str) -> None:
        self.checks.append(Check(id=check, ok=True, detail=detail))

    def _signature(
        self,
        certificate: "Certificate",
        message: cms.Message,
        digests: tuple[bytes, ...],
    ) -> None:
        from cryptography.hazmat.primitives.asymmetric import ec, rsa

        if message.digest not in digests:
            raise RefusedError("signature", "it is about another zip")
        key = certificate.public_key()
        fits = {
            "RSA": isinstance(key, rsa.RSAPublicKey),
            "EC": isinstance(key, ec.EllipticCurvePublicKey),
        }
        if not fits[message.kind]:
            problem = f"the key of its certificate is not one of {message.kind}"
            raise RefusedError("signature", problem)
        try:
            keys.check(key)
        except keys.WeakKeyError as error:
            raise RefusedError("signature", str(error)) from None
        signed = hashlib.sha256(message.signed).digest()
        if not keys.holds_digest(key, message.signature, signed, "sha256"):
            raise RefusedError("signature", "the signature does not hold")
        self.key = keys.fingerprint(key)
        self._done("signature", "the signature over the zip holds")

    def _time(self, certificate: "Certificate") -> None:
        start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
        if not start <= self.trust.now <= end:
            problem = (
                f"its certificate is valid from {start} to {end}, and not now; nothing "
                "proves that it was made then"
            )
            raise RefusedError("time", problem)
        self._done("time", "its certificate is valid now; no time is proven")

    def _trusted(self, certificate: "Certificate", others: tuple[bytes, ...]) -> None:
        trust = self.trust
        if certificate in trust.certificates:
            self.root = f"the certificate sha256:{_fingerprint(certificate)}"
            self._done("identity", "by the certificate that you name")
            return
        if trust.key and keys.fingerprint(trust.key) == self.key:
            self.root = f"the key sha256:{self.key}"
            self._done("identity", "by the key that you name")
            return
        name = certificate.subject.rfc4514_string()
        if certificate.subject == certificate.issuer:
            self._self_signed(certificate, name)
        if trust.authority is None:
            issuer = certificate.issuer.rfc4514_string()
            problem = f"`{issuer}` says it is `{name}`; you name nobody who may say so"
            raise RefusedError("identity", problem, Status.UNTRUSTED_IDENTITY)
        self.root = str(trust.authority)
        anchor = private.verify_chain(certificate, others, trust.authority)
        self._done("chain", f"goes back to {anchor}; valid now, no time is proven")
        private.check_subject(certificate, trust.authority)
        self._done("identity", f"signed by `{name}`")

    def _self_signed(self, certificate: "Certificate", name: str) -> None:
        if not chain.issues(certificate, certificate):
            problem = "its certificate says that it signed itself, and did not"
            raise RefusedError("chain", problem)
        problem = (
            f"it is self-signed: nobody but the certificate itself says it is `{name}`"
        )
        raise RefusedError("identity", problem, Status.UNTRUSTED_IDENTITY)


def _certificate(data: bytes) -> "Certificate":
    """Read a certificate, and all of it that is looked at later."""
    try:
        return load(data)
    except keys.WeakKeyError as error:
        status, problem = Status.UNVERIFIABLE, str(error)
    except ValueError as error:
        status, problem = Status.INVALID, str(error)
    raise RefusedError("message", f"a certificate cannot be used: {problem}", status)


def _fingerprint(certificate: "Certificate") -> str:
    from cryptography.hazmat.primitives.hashes import SHA256

    return certificate.fingerprint(SHA256()).hex()
