"""Keys in Google Cloud KMS: logins by google-auth, questions by plain HTTP."""

import base64
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.document import Node
from mcpchain.errors import UnavailableError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote import (
    SECONDS,
    RemoteKey,
    accepted,
    lacking,
    malformed,
    unfit,
    within,
)
from mcpchain.sign.remote.service import Service, data, public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from google.auth.credentials import Credentials

_FORM: Final = (
    "gcpkms://projects/P/locations/L/keyRings/R/cryptoKeys/K/cryptoKeyVersions/V"
)
_PART: Final = r"(?!\.{1,2}/)[A-Za-z0-9_.:-]{1,63}"
_KEY: Final = re.compile(
    rf"gcpkms:(?://)?(?P<key>projects/{_PART}/locations/{_PART}/keyRings/{_PART}"
    rf"/cryptoKeys/{_PART})/(?:cryptoKeyVersions|versions)/(?P<version>[0-9]{{1,9}})"
)
_SCOPE: Final = "https://www.googleapis.com/auth/cloudkms"
_BASE: Final = "https://cloudkms.googleapis.com/v1/"
_ALGORITHMS: Final = frozenset(
    {"EC_SIGN_P256_SHA256", "EC_SIGN_P384_SHA384"}
    | {f"RSA_SIGN_PKCS1_{bits}_SHA256" for bits in (2048, 3072, 4096)}
)


def open_gcp(
    uri: str,
    fetcher: Fetcher,
    *,
    token: Callable[[], str] | None = None,
    base: str = _BASE,
    seconds: float = SECONDS,
) -> RemoteKey:
    """Open the key that *uri* names, with its version.

    Args:
        uri: Its address.
        fetcher: By which Google is asked.
        token: Returns what to present there. Without it that is what the environment
            and the files of Google's command line say.
        base: Where Google is asked.
        seconds: How long each answer may take.

    Raises:
        UsageError: There is no such address, or the key signs nothing of ours.
        UnavailableError: Google does not answer, or refuses.
    """
    found = _KEY.fullmatch(uri)
    if found is None:
        raise malformed(_FORM)
    name = f"{found['key']}/cryptoKeyVersions/{found['version']}"
    title = f"gcpkms:{name}"
    service = Service(
        title=title,
        base=base,
        token=token or _login(title, seconds),
        fetcher=fetcher,
        needs="`roles/cloudkms.signer` and `roles/cloudkms.publicKeyViewer`",
        seconds=seconds,
    )
    public = service.ask(
        f"{name}/publicKey", None, lambda node: _shown(title, node, name)
    )
    kind = keys.hash_of(accepted(title, public))

    def make(digest: bytes) -> bytes:
        body: Mapping[str, object] = {
            "digest": {kind: base64.b64encode(digest).decode()}
        }
        return service.ask(
            f"{name}:asymmetricSign", body, lambda node: data(node.at("signature"))
        )

    return RemoteKey(title=title, public=public, make=make, seconds=seconds)


def _shown(title: str, answer: Node, name: str) -> "PublicKeyTypes":
    if answer.at("algorithm").text() not in _ALGORITHMS:
        raise unfit(title, "it is for another algorithm")
    if answer.at("name").text() != name:
        raise answer.at("name").malformed("the name of another key")
    return public_key(title, answer.at("pem"))


def _login(title: str, seconds: float) -> Callable[[], str]:
    """Return what asks for a token, or hands out the one that still holds."""
    try:
        import google.auth
        from google.auth.exceptions import GoogleAuthError
        from google.auth.transport.requests import Request
    except ImportError:
        raise lacking("kms") from None

    @contextmanager
    def told() -> Iterator[None]:
        try:
            yield
        except GoogleAuthError as error:
            raise UnavailableError(
                f"nobody is logged in for `{title}` ({type(error).__name__})",
                hint="`gcloud auth application-default login`, or name a credential "
                "in GOOGLE_APPLICATION_CREDENTIALS",
            ) from None

    def find() -> "Credentials":
        # Whom it advises another kind of login is no matter of a signature.
        warnings.filterwarnings("ignore", module="google.auth")
        with told():
            return google.auth.default(scopes=[_SCOPE])[0]

    def refresh() -> None:
        with told():
            credentials.refresh(Request())  # type: ignore[no-untyped-call]

    credentials = within(seconds, title, find)

    def token() -> str:
        if not credentials.valid:
            within(seconds, title, refresh)
        return str(credentials.token)

    return token
