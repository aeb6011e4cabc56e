"""Who signed, as the certificate of Fulcio says it.

The extensions are those of Fulcio's `docs/oid-info.md`: 1.3.6.1.4.1.57264.1.N, of which
1 to 6 are raw text and 8 to 24 are DER UTF8Strings.
"""

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final

from mcpchain.bundle.keys import WeakKeyError
from mcpchain.signature import Identity, SanKind

if TYPE_CHECKING:
    from cryptography.x509 import Certificate

_PREFIX: Final = "1.3.6.1.4.1.57264.1."
_OTHER_NAME: Final = "1.3.6.1.4.1.57264.1.7"
_UTF8: Final = 0x0C
_LONG: Final = 0x80
_RAW: Final = range(1, 7)


def load(data: bytes) -> "Certificate":
    """Return the certificate in *data*, DER, of which all can be read that is signed.

    Raises:
        WeakKeyError: It has a key of a kind that is not known.
        ValueError: There is none.
    """
    from cryptography.x509 import load_der_x509_certificate

    return _whole(lambda: [load_der_x509_certificate(data)])[0]


def load_all(data: bytes) -> tuple["Certificate", ...]:
    """Return the certificates in *data*, PEM, as `load` does.

    Raises:
        WeakKeyError: One has a key of a kind that is not known.
        ValueError: There is none, or one that cannot be read.
    """
    from cryptography.x509 import load_pem_x509_certificates

    return tuple(_whole(lambda: load_pem_x509_certificates(data)))


def _whole(read: "Callable[[], list[Certificate]]") -> "list[Certificate]":
    """Read certificates to the end, which the library does only when it is asked."""
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.utils import CryptographyDeprecationWarning
    from cryptography.x509 import (
        DuplicateExtension,
        InvalidVersion,
        UnsupportedGeneralNameType,
    )

    try:
        with warnings.catch_warnings():
            # Of what is odd, such as a serial number of 0: who reads it would print it.
            warnings.simplefilter("ignore", CryptographyDeprecationWarning)
            found = read()
            for each in found:
                each.public_key()
                each.subject.rfc4514_string()
                each.issuer.rfc4514_string()
                _ = each.extensions, each.signature_algorithm_parameters
    except UnsupportedAlgorithm as error:
        raise WeakKeyError(str(error)) from None
    except (DuplicateExtension, InvalidVersion, UnsupportedGeneralNameType) as error:
        raise ValueError(str(error)) from None
    return found


def read(certificate: "Certificate") -> Identity:
    """Return whom *certificate* names.

    Raises:
        ValueError: It names nobody, or several, or says a thing in two ways.
    """
    values = _values(certificate)
    san, kind = _san(certificate)
    old, new = values.get(1, ""), values.get(8, "")
    if old and new and old != new:
        raise ValueError(f"it names two issuers, `{old[:140]}` and `{new[:140]}`")
    if not (old or new):
        raise ValueError("it names no issuer")
    return Identity(
        issuer=new or old,
        san=san,
        kind=kind,
        repository=values.get(12, ""),
        commit=values.get(13, ""),
        ref=values.get(14, "") or values.get(6, ""),
        repository_id=values.get(15, ""),
        owner=values.get(16, ""),
        owner_id=values.get(17, ""),
        signer_workflow=values.get(9, ""),
        signer_digest=values.get(10, ""),
        build_config=values.get(18, ""),
        build_config_digest=values.get(19, ""),
        runner=values.get(11, ""),
        trigger=values.get(20, "") or values.get(2, ""),
        run=values.get(21, ""),
        visibility=values.get(22, ""),
        environment=values.get(23, ""),
    )


def _values(certificate: "Certificate") -> Mapping[int, str]:
    from cryptography.x509 import UnrecognizedExtension

    values: dict[int, str] = {}
    for extension in certificate.extensions:
        oid = extension.oid.dotted_string
        if not oid.startswith(_PREFIX):
            continue
        number = oid.removeprefix(_PREFIX)
        if not number.isdigit() or not isinstance(
            extension.value, UnrecognizedExtension
        ):
            continue
        raw = extension.value.value
        data = raw if int(number) in _RAW else _utf8_string(raw)
        values[int(number)] = data.decode()
    return values


def _utf8_string(der: bytes) -> bytes:
    """Return the content of a DER UTF8String, which must be all there is."""
    if len(der) < 2 or der[0] != _UTF8:  # noqa: PLR2004 - a tag and a length
        raise ValueError("an extension of Fulcio is no UTF8String")
    length, at = der[1], 2
    if length & _LONG:
        size = length & ~_LONG
        if not 1 <= size <= 4 or len(der) < 2 + size:  # noqa: PLR2004 - 32 bits
            raise ValueError("an extension of Fulcio has no sound length")
        length, at = int.from_bytes(der[2 : 2 + size]), 2 + size
    if len(der) != at + length:
        raise ValueError("an extension of Fulcio is longer than it says, or shorter")
    return der[at:]


def _san(certificate: "Certificate") -> tuple[str, SanKind]:
    from cryptography.x509 import (
        ExtensionNotFound,
        OtherName,
        RFC822Name,
        SubjectAlternativeName,
        UniformResourceIdentifier,
    )

    try:
        found = certificate.extensions.get_extension_for_class(SubjectAlternativeName)
    except ExtensionNotFound:
        raise ValueError("it has no subject alternative name") from None
    names = [*found.value]
    if len(names) != 1:
        raise ValueError(f"it has {len(names)} subject alternative names, not one")
    (name,) = names
    if isinstance(name, RFC822Name):
        return name.value, SanKind.EMAIL
    if isinstance(name, UniformResourceIdentifier):
        return name.value, SanKind.URI
    if isinstance(name, OtherName) and name.type_id.dotted_string == _OTHER_NAME:
        return _utf8_string(name.value).decode(), SanKind.OTHER
    raise ValueError("its subject alternative name is of no kind that Fulcio gives")
