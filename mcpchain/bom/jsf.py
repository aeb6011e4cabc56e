"""The signature that a BOM can hold in itself (CycloneDX `signature`).

JSON Signature Format, version 0.82: everything but the value itself is signed, as
canonical JSON (RFC 8785), so that layout and order of members do not matter. It says
that whoever holds the key wrote the BOM, and nothing of when.
"""

import base64
import binascii
from typing import TYPE_CHECKING, Any, Final

from mcpchain.bundle import keys
from mcpchain.sign import Key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

MEMBER: Final = "signature"
_CURVES: Final = {
    "secp256r1": ("ES256", "P-256", 32),
    "secp384r1": ("ES384", "P-384", 48),
    "secp521r1": ("ES512", "P-521", 66),
}
"""Algorithm and curve (RFC 7518), and bytes of a coordinate."""

_Object = dict[str, Any]


class RefusedError(ValueError):
    """The signature does not hold, or is of no kind that is read."""


def sign(document: _Object, key: Key) -> _Object:
    """Return *document* with a signature by *key*, in place of any that it has.

    Raises:
        WeakKeyError: The key is of no kind that is accepted.
    """
    public = key.public
    keys.check(public)
    signature = {"algorithm": _algorithm(public), "publicKey": _jwk(public)}
    signed = {**document, MEMBER: signature}
    value = _signed(key, _canonical(signed))
    return {**document, MEMBER: {**signature, "value": _encoded(value)}}


def verify(document: _Object, key: "PublicKeyTypes") -> None:
    """Check that *key* has signed *document*.

    The key comes from the user: the one in the BOM proves nothing.

    Raises:
        RefusedError: It has not.
    """
    signature = document.get(MEMBER)
    if not isinstance(signature, dict):
        raise RefusedError("the BOM has no signature in it")
    if not isinstance(signature.get("value"), str):
        raise RefusedError("it has several signers, or none, which is not read")
    if unread := sorted(signature.keys() - {"algorithm", "publicKey", "value"}):
        raise RefusedError(f"its signature has `{unread[0][:40]}`, which is not read")
    keys.check(key)
    if signature.get("algorithm") != _algorithm(key):
        raise RefusedError("its signature is of another algorithm than the key's")
    bare = {name: each for name, each in signature.items() if name != "value"}
    message = _canonical({**document, MEMBER: bare})
    if not _holds(key, _decoded(signature["value"]), message):
        raise RefusedError("its signature is by another key, or the BOM was changed")


def is_broken(document: _Object) -> bool:
    """Say whether *document* has a signature that not even its own key has made.

    That it has proves nothing. What is not read is not said to be broken.
    """
    signature = document.get(MEMBER)
    if not isinstance(signature, dict):
        return False
    if signature.keys() != {"algorithm", "publicKey", "value"}:
        return False
    try:
        key = _named(signature["publicKey"])
        if signature["algorithm"] != _algorithm(key):
            return False
    except (AttributeError, KeyError, TypeError, ValueError):
        return False
    try:
        verify(document, key)
    except RefusedError:
        return True
    return False


def _named(jwk: _Object) -> "PublicKeyTypes":
    """Return the key of which `_jwk` makes *jwk*.

    Raises:
        ValueError: It is none that is read; so do the other errors of its parts.
    """
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    names = {"EC": ("x", "y"), "OKP": ("x",), "RSA": ("n", "e")}[jwk["kty"]]
    parts = [_decoded(jwk[name]) for name in names]
    numbers = [int.from_bytes(each) for each in parts]
    found: PublicKeyTypes
    if jwk["kty"] == "OKP":
        found = ed25519.Ed25519PublicKey.from_public_bytes(parts[0])
    elif jwk["kty"] == "RSA":
        found = rsa.RSAPublicNumbers(n=numbers[0], e=numbers[1]).public_key()
    else:
        curves: dict[str, ec.EllipticCurve] = {
            "P-256": ec.SECP256R1(),
            "P-384": ec.SECP384R1(),
            "P-521": ec.SECP521R1(),
        }
        x, y = numbers
        found = ec.EllipticCurvePublicNumbers(x, y, curves[jwk["crv"]]).public_key()
    keys.check(found)
    return found


def _canonical(document: _Object) -> bytes:
    import rfc8785

    try:
        return rfc8785.dumps(document)
    except rfc8785.CanonicalizationError as error:
        raise RefusedError(f"the BOM has no canonical form: {error}") from None


def _algorithm(key: "PublicKeyTypes") -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519

    if isinstance(key, ec.EllipticCurvePublicKey):
        return _CURVES[key.curve.name][0]
    return "Ed25519" if isinstance(key, ed25519.Ed25519PublicKey) else "RS256"


def _jwk(key: "PublicKeyTypes") -> _Object:
    """Return *key* as JSON (RFC 7517, RFC 8037)."""
    from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

    if isinstance(key, ec.EllipticCurvePublicKey):
        _, curve, size = _CURVES[key.curve.name]
        numbers = key.public_numbers()
        pair = {name: getattr(numbers, name).to_bytes(size) for name in ("x", "y")}
        coordinates = {name: _encoded(data) for name, data in pair.items()}
        return {"kty": "EC", "crv": curve} | coordinates
    if isinstance(key, ed25519.Ed25519PublicKey):
        raw = _encoded(key.public_bytes_raw())
        return {"kty": "OKP", "crv": "Ed25519", "x": raw}
    assert isinstance(key, rsa.RSAPublicKey)  # noqa: S101 - `keys.check` has seen it
    public = key.public_numbers()
    return {"kty": "RSA", "n": _number(public.n), "e": _number(public.e)}


def _number(value: int) -> str:
    return _encoded(value.to_bytes((value.bit_length() + 7) // 8))


def _signed(key: Key, message: bytes) -> bytes:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

    signature = key.sign(message)
    if not isinstance(key.public, ec.EllipticCurvePublicKey):
        return signature
    size = _CURVES[key.public.curve.name][2]
    return b"".join(each.to_bytes(size) for each in decode_dss_signature(signature))


def _holds(key: "PublicKeyTypes", value: bytes, message: bytes) -> bool:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if isinstance(key, ec.EllipticCurvePublicKey):
        size = _CURVES[key.curve.name][2]
        if len(value) != 2 * size:
            return False
        pair = (int.from_bytes(value[:size]), int.from_bytes(value[size:]))
        value = encode_dss_signature(*pair)
    return keys.holds(key, value, message)


def _encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _decoded(text: str) -> bytes:
    try:
        padded = text + "=" * (-len(text) % 4)
        data = base64.b64decode(padded, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        raise RefusedError("its signature is not base64url") from None
    if _encoded(data) != text:
        raise RefusedError("its signature is not base64url in its canonical form")
    return data
