"""Times that an authority of the trusted root has signed (RFC 3161)."""

import hashlib
from typing import TYPE_CHECKING, Final

from mcpchain.bundle.refusal import RefusedError
from mcpchain.bundle.root import Authority
from mcpchain.signature import SignedTime, Status

if TYPE_CHECKING:
    from rfc3161_client import TimeStampResponse

_CHECK: Final = "timestamp"
_HASHES: Final = {
    "2.16.840.1.101.3.4.2.1": "sha256",
    "2.16.840.1.101.3.4.2.2": "sha384",
    "2.16.840.1.101.3.4.2.3": "sha512",
}


def verify_timestamp(
    data: bytes, signature: bytes, authorities: tuple[Authority, ...]
) -> SignedTime:
    """Return when *signature* existed, as an authority of the root says.

    The certificate that signs is the one that the root names. One that comes with the
    reply is no reason to believe anything (CVE-2026-39984).

    Raises:
        RefusedError: No authority of the root has said so.
    """
    from rfc3161_client import decode_timestamp_response

    try:
        response = decode_timestamp_response(data)
        info = response.tst_info
        imprint = info.message_imprint
        name = _HASHES.get(imprint.hash_algorithm.dotted_string)
        time = info.gen_time
    except ValueError as error:
        raise RefusedError(_CHECK, f"it is no timestamp: {error}") from None
    if name is None or imprint.message != hashlib.new(name, signature).digest():
        raise RefusedError(_CHECK, "the timestamp is of another signature")
    trusted = [each for each in authorities if _signs(each, response, imprint.message)]
    if not trusted:
        raise RefusedError(
            _CHECK,
            "no timestamp authority of the trusted root has signed it",
            Status.INVALID if authorities else Status.UNVERIFIABLE,
        )
    for authority in trusted:
        if time in authority.window:
            return SignedTime(source=f"timestamp {authority.uri}", time=time)
    raise RefusedError(_CHECK, f"the authority was not valid at {time}")


def _signs(authority: Authority, response: "TimeStampResponse", imprint: bytes) -> bool:
    from rfc3161_client import VerificationError, VerifierBuilder

    leaf, *others = authority.chain
    verifier = VerifierBuilder(
        tsa_certificate=leaf,
        intermediates=others[:-1],
        roots=others[-1:] or [leaf],
    ).build()
    try:
        return verifier.verify(response, imprint)
    except VerificationError:
        return False
