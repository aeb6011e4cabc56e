"""Was the certificate issued by an authority of the trusted root, and logged?

Chains are short and known: the root names every certificate of one, so that none has
to be found. What a bundle brings besides its leaf is not looked at.
"""

import datetime as dt
import hashlib
from collections.abc import Iterable
from typing import TYPE_CHECKING, Final, TypeVar

from mcpchain.bundle import keys
from mcpchain.bundle.refusal import RefusedError
from mcpchain.bundle.root import Authority, Log
from mcpchain.signature import Status

if TYPE_CHECKING:
    from cryptography.x509 import Certificate, Extensions
    from cryptography.x509.certificate_transparency import SignedCertificateTimestamp

_CHAIN: Final = "chain"
_SCT: Final = "sct"
_KNOWN: Final = frozenset(
    {
        "2.5.29.15",  # key usage
        "2.5.29.17",  # subject alternative name
        "2.5.29.19",  # basic constraints
        "2.5.29.37",  # extended key usage
    }
)
"""The extensions that may be critical; RFC 5280 wants the others refused."""
_HASH_ALGORITHM: Final = 4
"""SHA-256 (RFC 5246, section 7.4.1.4.1)."""


def verify_chain(
    leaf: "Certificate",
    authorities: Iterable[Authority],
    times: Iterable[dt.datetime],
) -> "Certificate":
    """Return the certificate that issued *leaf*.

    Every certificate has to be valid at every one of *times* (CVE-2026-24122).

    Raises:
        RefusedError: No authority of the trusted root did, or not at that time, or it
            is no certificate to sign code with.
    """
    times = tuple(times)
    if not times:
        raise RefusedError(_CHAIN, "no time is known at which it has to be valid")
    check_leaf(leaf)
    problem = "no certificate authority of the trusted root has issued it"
    for authority in authorities:
        if not issues(authority.chain[0], leaf):
            continue
        found = _flaw(authority, leaf, times)
        if not found:
            return authority.chain[0]
        problem = found
    raise RefusedError(_CHAIN, problem)


def check_known(leaf: "Certificate", authorities: Iterable[Authority]) -> None:
    """Check that an authority of the root issued *leaf*, whenever that was.

    Raises:
        RefusedError: None did: it is of another instance, or of nobody.
    """
    if not any(issues(each.chain[0], leaf) for each in authorities):
        raise RefusedError(
            _CHAIN,
            "its certificate is of no authority that the trusted root knows: it was "
            "signed under another one, which has to be named",
            Status.UNVERIFIABLE,
        )


def check_leaf(leaf: "Certificate", *, of_authority: bool = False) -> None:
    """Check that *leaf* is for signing code.

    Args:
        leaf: The certificate.
        of_authority: Whether it may be one of an authority as well.

    Raises:
        RefusedError: It is not.
    """
    from cryptography.x509 import BasicConstraints, ExtendedKeyUsage, KeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        extensions = leaf.extensions
    except ValueError as error:
        raise RefusedError(_CHAIN, f"its extensions cannot be read: {error}") from None
    usages = value(extensions, ExtendedKeyUsage)
    if usages is None or ExtendedKeyUsageOID.CODE_SIGNING not in usages:
        raise RefusedError(_CHAIN, "the certificate is not for signing code")
    usage = value(extensions, KeyUsage)
    if usage is None or not usage.digital_signature:
        raise RefusedError(_CHAIN, "its key is not for signatures")
    constraints = value(extensions, BasicConstraints)
    if constraints is not None and constraints.ca and not of_authority:
        raise RefusedError(_CHAIN, "the certificate is that of an authority")
    _check_critical(leaf)


def _check_critical(certificate: "Certificate") -> None:
    for extension in certificate.extensions:
        if extension.critical and extension.oid.dotted_string not in _KNOWN:
            raise RefusedError(
                _CHAIN,
                f"a critical extension is not known: {extension.oid.dotted_string}",
            )


def issues(issuer: "Certificate", subject: "Certificate") -> bool:
    """Say whether *issuer* has signed *subject*."""
    from cryptography.exceptions import InvalidSignature

    try:
        subject.verify_directly_issued_by(issuer)
    except (InvalidSignature, TypeError, ValueError):
        return False
    return True


def _flaw(
    authority: Authority, leaf: "Certificate", times: tuple[dt.datetime, ...]
) -> str:
    """Say what is wrong with the chain from *leaf* up; empty if nothing is."""
    for time in times:
        if time not in authority.window:
            return f"its authority was not valid at {time}"
        for each in (leaf, *authority.chain):
            if not each.not_valid_before_utc <= time <= each.not_valid_after_utc:
                whose = "it" if each is leaf else "a certificate of its authority"
                return f"{whose} was not valid at {time}"
    for depth, each in enumerate(authority.chain):
        if problem := no_authority(each, depth):
            return problem
    for subject, issuer in zip(authority.chain, authority.chain[1:], strict=False):
        if not issues(issuer, subject):
            return "the certificates of its authority are no chain"
    return ""


def no_authority(certificate: "Certificate", below: int) -> str:
    """Say why *certificate* cannot issue others, *below* authorities down the chain.

    Raises:
        RefusedError: It holds what has to be understood, and is not.
    """
    from cryptography.x509 import BasicConstraints, KeyUsage

    _check_critical(certificate)
    constraints = value(certificate.extensions, BasicConstraints)
    if constraints is None or not constraints.ca:
        return "a certificate of its authority is none of an authority"
    if constraints.path_length is not None and constraints.path_length < below:
        return "the chain is longer than its authority allows"
    usage = value(certificate.extensions, KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return "a certificate of its authority may not sign certificates"
    return ""


_T = TypeVar("_T")


def value(extensions: "Extensions", kind: type[_T]) -> _T | None:
    """Return the extension of this *kind*, if there is one."""
    return next((e.value for e in extensions if isinstance(e.value, kind)), None)


def verify_scts(
    leaf: "Certificate", issuer: "Certificate", logs: tuple[Log, ...]
) -> None:
    """Check that a certificate transparency log has seen *leaf* (RFC 6962, 3.2).

    Raises:
        RefusedError: No log of the trusted root has promised to take it in.
    """
    from cryptography.x509 import PrecertificateSignedCertificateTimestamps

    found = value(leaf.extensions, PrecertificateSignedCertificateTimestamps)
    scts = [*found] if found is not None else []
    if not scts:
        raise RefusedError(_SCT, "the certificate has no promise of a log")
    known = {log.id: log for log in logs}
    ours = [(known[each.log_id], each) for each in scts if each.log_id in known]
    if not ours:
        raise RefusedError(
            _SCT,
            "the trusted root does not know the log that promised to take the "
            "certificate in: it may be older than the log",
            Status.UNVERIFIABLE,
        )
    if not any(_promised(sct, log, leaf, issuer) for log, sct in ours):
        raise RefusedError(_SCT, "no log has promised to take this certificate in")


def _promised(
    sct: "SignedCertificateTimestamp",
    log: Log,
    leaf: "Certificate",
    issuer: "Certificate",
) -> bool:
    time = sct.timestamp.replace(tzinfo=dt.UTC)
    if time not in log.window:
        return False
    tbs = leaf.tbs_precertificate_bytes
    extensions = sct.extension_bytes
    milliseconds = round(time.timestamp() * 1000)
    signed = b"".join(
        (
            b"\0\0",  # version 1, of a certificate
            milliseconds.to_bytes(8),
            b"\0\1",  # a certificate that is not issued yet
            hashlib.sha256(keys.spki(issuer.public_key())).digest(),
            len(tbs).to_bytes(3),
            tbs,
            len(extensions).to_bytes(2),
            extensions,
        )
    )
    return keys.holds(log.key, sct.signature, signed)
