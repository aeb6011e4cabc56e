"""Keys that are kept elsewhere: in a token, in an HSM, by a service.

What comes back from there is not believed: a signature is given to nobody before it
holds with the public key that was shown when the key was opened. Nothing that a place
says in its own words is repeated, so that it cannot make us say our secrets.
"""

import hashlib
import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeVar

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

CONNECT: Final = 10.0
"""Seconds in which a service has to be reached."""
READ: Final = 20.0
"""Seconds without a single byte after which a service is given up."""
SECONDS: Final = 60.0
"""For everything that one signature takes: attempts, logins, somebody's touch."""
_T = TypeVar("_T")
for _client in ("azure", "botocore", "google", "msal", "urllib3"):
    logging.getLogger(_client).addHandler(logging.NullHandler())  # not to a terminal


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteKey:
    """A private key that somebody else keeps (a `Key`)."""

    title: str
    public: "PublicKeyTypes"
    make: Callable[[bytes], bytes] = field(repr=False)
    """Return the signature over what has this digest; of an Ed25519 key, over this."""
    seconds: float = SECONDS

    def sign(self, message: bytes) -> bytes:
        """Return the signature over *message*."""
        name = keys.hash_of(self.public)
        if name:
            return self.sign_digest(hashlib.new(name, message).digest())
        signature = self._made(message)
        return self._checked(signature, keys.holds(self.public, signature, message))

    def sign_digest(self, digest: bytes) -> bytes:
        """Return the signature over the message that has this *digest*."""
        name = keys.hash_of(self.public)
        signature = self._made(digest)
        held = keys.holds_digest(self.public, signature, digest, name)
        return self._checked(signature, held)

    def _made(self, data: bytes) -> bytes:
        return within(self.seconds, self.title, lambda: self.make(data))

    def _checked(self, signature: bytes, held: bool) -> bytes:  # noqa: FBT001 - private
        if held:
            return signature
        raise UnavailableError(
            f"`{self.title}`: what came back is no signature by the key that it showed",
            hint="nothing was signed; check which version of the key is meant",
        )


def accepted(title: str, public: "PublicKeyTypes") -> "PublicKeyTypes":
    """Return *public* if signatures by it can be verified.

    Raises:
        UsageError: It is of a kind that is not accepted.
    """
    try:
        keys.check(public)
    except keys.WeakKeyError as error:
        raise unfit(title, str(error)) from None
    return public


def unfit(title: str, problem: str) -> UsageError:
    """Make the error for a key that signs nothing of ours."""
    return UsageError(
        f"`{title}`: {problem}",
        hint="name a key for signatures: ECDSA P-256, or RSA PKCS #1 v1.5 with SHA-256",
    )


def malformed(form: str) -> UsageError:
    """Make the error for an address of a key, which it does not repeat."""
    kind = form.partition(":")[0]
    return UsageError(
        f"the address of the key is not one of `{kind}:`", hint=f"write it as `{form}`"
    )


def lacking(extra: str) -> UsageError:
    """Make the error for a library that is not installed."""
    return UsageError(
        f"keys of this kind need more than mcpchain alone: its extra `{extra}`",
        hint=f"pip install 'mcpchain[{extra}]'",
    )


def within(seconds: float, title: str, call: Callable[[], _T]) -> _T:
    """Return what *call* returns, if it does so in time.

    A driver or a client of somebody else's knows no limit that holds whatever its
    other side does; left behind, it ends with the process.

    Raises:
        UnavailableError: It did not return.
    """
    done: list[_T] = []
    failed: list[BaseException] = []

    def run() -> None:
        try:
            done.append(call())
        except BaseException as error:  # noqa: BLE001 - raised where it was asked for
            failed.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if thread.is_alive():
        raise UnavailableError(
            f"`{title}` did not answer within {seconds:g} s",
            hint="nothing was signed; check that it can be reached, then try again",
        )
    if not failed:
        return done[0]
    error = failed[0]
    if isinstance(error, McpchainError) or not isinstance(error, Exception):
        raise error
    raise UnavailableError(
        f"`{title}` failed: {type(error).__name__}",
        hint="nothing was signed; try the same key with a tool of its own",
    ) from None


def der(title: str, signature: bytes, public: "PublicKeyTypes") -> bytes:
    """Return an ECDSA *signature* of two numbers side by side in DER.

    Raises:
        UnavailableError: It has not the length that *public* asks for.
    """
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
    from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature

    if not isinstance(public, EllipticCurvePublicKey):
        return signature
    size = (public.curve.key_size + 7) // 8
    if len(signature) != 2 * size:
        raise UnavailableError(
            f"`{title}`: a signature of {len(signature)} bytes came back, not of "
            f"{2 * size}",
            hint="nothing was signed; check which version of the key is meant",
        )
    numbers = (int.from_bytes(signature[at : at + size]) for at in (0, size))
    return encode_dss_signature(*numbers)
