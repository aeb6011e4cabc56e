"""Keys in tokens and HSMs, through the module of whoever made them (PKCS #11).

The PIN comes from a variable or a file, is tried once (tokens lock after a few wrong
ones), and is shown nowhere.
"""

import os
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from mcpchain.errors import UnavailableError, UsageError
from mcpchain.printable import printable
from mcpchain.sign.remote import (
    SECONDS,
    RemoteKey,
    accepted,
    der,
    lacking,
    unfit,
    within,
)
from mcpchain.sign.remote.pkcs11_uri import Pkcs11Uri, parse

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from pkcs11 import PrivateKey, Session, Slot, Token

MODULE: Final = "MCPCHAIN_PKCS11_MODULE"
PIN: Final = "MCPCHAIN_PKCS11_PIN"
_MODULE_HINT: Final = (
    f"name it by its whole path in `module-path=` or in the variable {MODULE}"
)
_CHOOSE: Final = "choose one with `token=`, `serial=` or `slot-id=`"
_PIN_LIMIT: Final = 1024
_SHA256: Final = bytes.fromhex("3031300d060960864801650304020105000420")
"""What stands before the digest in PKCS #1 v1.5 (RFC 8017, 9.2)."""


def open_pkcs11(
    uri: str, environ: Mapping[str, str], *, seconds: float = SECONDS
) -> RemoteKey:
    """Open the key that *uri* names (RFC 7512).

    Args:
        uri: Its address.
        environ: Where the module and the PIN are, if the address does not say it.
        seconds: How long the token may take, for this and for each signature.

    Raises:
        UsageError: There is no such key, or it signs nothing of ours.
        UnavailableError: The token does not work.
    """
    try:
        import pkcs11  # noqa: F401 - before anything is asked of the user
    except ImportError:
        raise lacking("pkcs11") from None
    wanted = parse(uri)
    module = _module(wanted, environ)
    pin = _pin(wanted, environ)
    return within(seconds, module.name, lambda: _open(wanted, module, pin, seconds))


def _open(
    wanted: Pkcs11Uri, module: Path, pin: str | None, seconds: float
) -> RemoteKey:
    import pkcs11

    with _told("the module", module.name):
        tokens = list(
            _tokens(pkcs11.lib(os.fspath(module)).get_slots(token_present=True), wanted)
        )
    if len(tokens) != 1:
        many = f"{len(tokens)} tokens fit" if tokens else "no token fits"
        raise UsageError(f"{many} the address of the key", hint=_CHOOSE)
    name = printable(tokens[0].label)
    with _told("the token", name):
        session = _session(tokens[0], name, pin)
    with _told("the key", name):
        private = _private(session, wanted, name)
        title = f"{printable(private.label) or private.id.hex()} in {name}"
        public = accepted(title, _public(session, private, title))
        signs = _signs(private, title, public, pin)
    return RemoteKey(title=title, public=public, make=signs, seconds=seconds)


def _module(wanted: Pkcs11Uri, environ: Mapping[str, str]) -> Path:
    named = wanted.module or environ.get(MODULE)
    if not named:
        raise UsageError("the module of the token is not named", hint=_MODULE_HINT)
    path = Path(named)
    # By a bare name the loader would search, and load whatever it finds first.
    if not path.is_absolute() or not path.is_file():
        raise UsageError(f"there is no module `{printable(named)}`", hint=_MODULE_HINT)
    return path


def _pin(wanted: Pkcs11Uri, environ: Mapping[str, str]) -> str | None:
    if wanted.pin_source is None:
        return environ.get(PIN) or None
    source = wanted.pin_source
    path = Path(urlsplit(source).path if source.startswith("file:") else source)
    hint = f"name a file that only you can read, or use the variable {PIN}"
    try:
        if not path.is_absolute():
            raise UsageError("`pin-source=` is not the whole path of a file", hint=hint)
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(_PIN_LIMIT + 1)
        pin = data.decode().rstrip("\r\n")
    except (OSError, ValueError):
        raise UsageError(
            f"the PIN in `{printable(path.name)}` cannot be read", hint=hint
        ) from None
    others = stat.S_IRWXG | stat.S_IRWXO
    if os.name == "posix" and stat.S_ISREG(mode) and mode & others:
        raise UsageError(
            f"the PIN in `{printable(path.name)}` can be read by others than its owner",
            hint=hint,
        )
    if not pin or len(data) > _PIN_LIMIT:
        raise UsageError(f"`{printable(path.name)}` holds no PIN", hint=hint)
    return pin


def _tokens(slots: "list[Slot]", wanted: Pkcs11Uri) -> "Iterator[Token]":
    from pkcs11 import TokenFlag
    from pkcs11.exceptions import TokenNotPresent, TokenNotRecognised

    for slot in slots:
        try:
            token = slot.get_token()
        except (TokenNotPresent, TokenNotRecognised):
            continue  # a reader, or a card of another kind: no token of this module
        asked = (
            (wanted.token, token.label),
            (wanted.serial, token.serial.decode("ascii", "replace").strip()),
            (wanted.manufacturer, token.manufacturer_id),
            (wanted.model, token.model),
            (wanted.slot, slot.slot_id),
        )
        fits = all(ours is None or ours == theirs for ours, theirs in asked)
        if fits and token.flags & TokenFlag.TOKEN_INITIALIZED:
            yield token


def _session(token: "Token", name: str, pin: str | None) -> "Session":
    from pkcs11 import PROTECTED_AUTH, TokenFlag
    from pkcs11.exceptions import UserAlreadyLoggedIn

    if token.flags & TokenFlag.USER_PIN_LOCKED:
        raise UnavailableError(
            f"the token `{name}` is locked after too many wrong PINs",
            hint="unlock it with its own tool",
        )
    if not token.flags & TokenFlag.LOGIN_REQUIRED:
        return token.open()
    if pin is not None:
        try:
            return token.open(user_pin=pin)
        except UserAlreadyLoggedIn:  # by us: a token has one login for a process
            return token.open()
    if token.flags & TokenFlag.PROTECTED_AUTHENTICATION_PATH:
        return token.open(user_pin=PROTECTED_AUTH)
    raise UsageError(
        f"the token `{name}` wants its PIN",
        hint=f"give it in the variable {PIN}, or name a file in `pin-source=`",
    )


def _private(session: "Session", wanted: Pkcs11Uri, name: str) -> "PrivateKey":
    from pkcs11 import Attribute, KeyType, ObjectClass, PrivateKey

    asked: dict[Attribute, object] = {Attribute.CLASS: ObjectClass.PRIVATE_KEY}
    given = {Attribute.LABEL: wanted.label, Attribute.ID: wanted.id}
    asked |= {key: value for key, value in given.items() if value is not None}
    found = list(session.get_objects(asked))
    if len(found) != 1:
        several = f"{len(found)} private keys in the token `{name}` fit"
        none = f"no private key in the token `{name}` fits"
        raise UsageError(
            f"{several if found else none} the address of the key",
            hint="choose one with `object=` (its label) or `id=`",
        )
    key = found[0]
    if not isinstance(key, PrivateKey) or key.key_type not in {KeyType.EC, KeyType.RSA}:
        raise unfit(name, "the key is neither ECDSA nor RSA")
    return key


def _public(session: "Session", private: "PrivateKey", title: str) -> "PublicKeyTypes":
    """Return what belongs to *private*: of the token's objects, or of a certificate."""
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicNumbers
    from cryptography.hazmat.primitives.serialization import load_der_public_key
    from cryptography.x509 import load_der_x509_certificate
    from pkcs11 import Attribute, KeyType, ObjectClass, PublicKey
    from pkcs11.util.ec import encode_ec_public_key

    same: dict[Attribute, object] = {Attribute.ID: private.id}
    if not private.id:
        same = {Attribute.LABEL: private.label}
    for kind in (ObjectClass.PUBLIC_KEY, ObjectClass.CERTIFICATE):
        for each in session.get_objects({Attribute.CLASS: kind} | same):
            if kind is ObjectClass.CERTIFICATE:
                return load_der_x509_certificate(each[Attribute.VALUE]).public_key()
            if not isinstance(each, PublicKey) or each.key_type != private.key_type:
                continue
            if private.key_type is KeyType.EC:
                return load_der_public_key(encode_ec_public_key(each))
            parts = (each[Attribute.PUBLIC_EXPONENT], each[Attribute.MODULUS])
            return RSAPublicNumbers(*map(int.from_bytes, parts)).public_key()
    raise UsageError(
        f"`{title}` has neither a public key nor a certificate beside it",
        hint="store its public key in the token, under the same id",
    )


def _signs(
    private: "PrivateKey", title: str, public: "PublicKeyTypes", pin: str | None
) -> Callable[[bytes], bytes]:
    from pkcs11 import Attribute, KeyType, Mechanism, SignMixin
    from pkcs11.exceptions import AttributeTypeInvalid

    if not isinstance(private, SignMixin):
        raise unfit(title, "the token does not let this key sign")
    try:
        again = pin if private[Attribute.ALWAYS_AUTHENTICATE] else None
    except AttributeTypeInvalid:
        again = None

    def sign(digest: bytes) -> bytes:
        rsa = private.key_type is KeyType.RSA
        data = _SHA256 + digest if rsa else digest
        kind = Mechanism.RSA_PKCS if rsa else Mechanism.ECDSA
        with _told("the key", title):
            made: bytes = private.sign(data, mechanism=kind, pin=again)
        return der(title, made, public)

    return sign


@contextmanager
def _told(what: str, name: str) -> Iterator[None]:
    """Say what is wrong with a token in words of ours."""
    from pkcs11 import exceptions

    try:
        yield
    except (exceptions.PinIncorrect, exceptions.PinInvalid, exceptions.PinLenRange):
        raise UnavailableError(
            f"the token `{name}` refuses the PIN",
            hint="correct it before you try again: a few wrong ones lock the token",
        ) from None
    except exceptions.PinLocked:
        raise UnavailableError(
            f"the token `{name}` is locked after too many wrong PINs",
            hint="unlock it with its own tool",
        ) from None
    except exceptions.PKCS11Error as error:
        raise UnavailableError(
            f"{what} `{name}` failed: {type(error).__name__}",
            hint="nothing was signed; check that the token is there, and try the key "
            "with a tool of its own",
        ) from None
