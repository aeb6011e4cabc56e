"""Certificates of an authority that a user names, outside of any Sigstore.

Nobody has signed for when such a signature was made. All that can be said is whether
every certificate is valid now; who wants more has to ask for a timestamp.
"""

import datetime as dt
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import certificate, chain, keys
from mcpchain.bundle.refusal import RefusedError
from mcpchain.signature import Identity, SanKind, Status

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_CHAIN: Final = "chain"
_ANCHORS: Final = 1_000
_DEPTH: Final = 8
_HASHES: Final = frozenset({"sha256", "sha384", "sha512"})


@dataclass(frozen=True, slots=True, kw_only=True)
class PrivateAuthority:
    """Whose certificates the user trusts to sign."""

    name: str
    sha256: str
    """Of the file that it was read from, in hexadecimal."""
    anchors: tuple["Certificate", ...]
    """Each is trusted by itself, be it a root or not."""
    time: dt.datetime
    """Now."""
    subject: str = ""
    """Whom the certificate has to be of: its distinguished name (RFC 4514), or one of
    its subject alternative names. Empty: anybody whom the authority certifies."""

    def __str__(self) -> str:
        return f"{self.name} (sha256:{self.sha256})"


def load(
    data: bytes, *, name: str, time: dt.datetime, subject: str = ""
) -> PrivateAuthority:
    """Read the certificates in *data*, PEM.

    Raises:
        ValueError: There is none, or more than anybody names one by one.
    """
    anchors = certificate.load_all(data)
    if len(anchors) > _ANCHORS:
        raise ValueError(f"more than {_ANCHORS:,} certificates")
    return PrivateAuthority(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        anchors=anchors,
        time=time,
        subject=subject,
    )


def verify_chain(
    leaf: "Certificate", others: Sequence[bytes], authority: PrivateAuthority
) -> str:
    """Return the name of the anchor that *leaf* goes back to.

    Args:
        leaf: The certificate that signed. It may be one of an authority, as that of the
            reference tool is; it has to be for signing code.
        others: DER of certificates that came with it. They may lead to an anchor, and
            are none.
        authority: Whom the user trusts.

    Raises:
        RefusedError: It goes back to none, or not now.
    """
    chain.check_leaf(leaf, of_authority=True)
    _check_time(leaf, authority.time)
    anchors = authority.anchors
    known = [*anchors, *_parsed(others)]
    level, seen = [leaf], {leaf}
    problem = ""
    for depth in range(_DEPTH):
        above = []
        for lower in level:
            for upper in known:
                if upper in seen or not chain.issues(upper, lower):
                    continue
                seen.add(upper)
                flaw = _flaw(upper, depth, authority.time) or _weakness(lower)
                if flaw:
                    problem = flaw
                elif upper in anchors:
                    return upper.subject.rfc4514_string()
                else:
                    above.append(upper)
        level = above
    if problem:
        raise RefusedError(_CHAIN, problem)
    raise RefusedError(
        _CHAIN,
        "no authority that is named has issued its certificate",
        Status.UNTRUSTED_IDENTITY,
    )


def read_identity(leaf: "Certificate") -> Identity:
    """Return whom *leaf* names: its subject, vouched for by its issuer."""
    return Identity(
        issuer=leaf.issuer.rfc4514_string(),
        san=leaf.subject.rfc4514_string() or ", ".join(_names(leaf)),
        kind=SanKind.OTHER,
    )


def check_subject(leaf: "Certificate", authority: PrivateAuthority) -> None:
    """Make sure that *leaf* is of whom the user expects.

    Raises:
        RefusedError: It is somebody else's.
    """
    wanted = authority.subject
    names = [leaf.subject.rfc4514_string(), *_names(leaf)]
    if wanted and wanted not in names:
        got = ", ".join(f"`{each[:140]}`" for each in names if each)
        problem = f"the certificate is of {got or 'nobody'}, not of `{wanted[:140]}`"
        raise RefusedError("identity", problem, Status.UNTRUSTED_IDENTITY)


def _parsed(others: Sequence[bytes]) -> list["Certificate"]:
    try:
        return [*map(certificate.load, others)]
    except ValueError as error:
        problem = f"a certificate beside it cannot be read: {error}"
        raise RefusedError(_CHAIN, problem) from None


def _names(leaf: "Certificate") -> list[str]:
    from cryptography.x509 import (
        DNSName,
        ExtensionNotFound,
        RFC822Name,
        SubjectAlternativeName,
        UniformResourceIdentifier,
    )

    kinds = (DNSName, RFC822Name, UniformResourceIdentifier)
    try:
        found = leaf.extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        return []
    return [each.value for each in found.value if isinstance(each, kinds)]


def _check_time(certificate: "Certificate", time: dt.datetime) -> None:
    start, end = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    if not start <= time <= end:
        raise RefusedError(
            _CHAIN,
            f"its certificate is valid from {start} to {end}, and not now; nothing "
            "proves that it was made then",
        )


def _flaw(upper: "Certificate", below: int, time: dt.datetime) -> str:
    """Say why *upper* cannot stand for a certificate, *below* authorities under it."""
    from cryptography.x509 import ExtendedKeyUsage
    from cryptography.x509.oid import ExtendedKeyUsageOID

    try:
        if problem := chain.no_authority(upper, below):
            return problem
        keys.check(upper.public_key())
        usages = chain.value(upper.extensions, ExtendedKeyUsage)
    except ValueError as error:
        return f"a certificate of its authority is not accepted: {error}"
    allowed = {
        ExtendedKeyUsageOID.CODE_SIGNING,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    }
    if usages is not None and allowed.isdisjoint(usages):
        return "a certificate of its authority is not for signing code"
    if not upper.not_valid_before_utc <= time <= upper.not_valid_after_utc:
        return "a certificate of its authority is not valid now"
    return ""


def _weakness(certificate: "Certificate") -> str:
    """Say whether *certificate* is signed over a hash that can be forged."""
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        kind = certificate.signature_hash_algorithm
    except UnsupportedAlgorithm:
        return "a certificate is signed in a way that is not accepted"
    if kind is not None and kind.name not in _HASHES:
        return f"a certificate is signed over {kind.name}, which can be forged"
    return ""
