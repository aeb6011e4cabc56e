"""Keys in AWS KMS, through botocore: it knows every way of logging in there."""

import re
from typing import TYPE_CHECKING, Final, Protocol, TypedDict

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.sign.remote import (
    CONNECT,
    READ,
    SECONDS,
    RemoteKey,
    accepted,
    lacking,
    malformed,
    unfit,
    within,
)

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_FORM: Final = "awskms:arn:aws:kms:REGION:ACCOUNT:key/ID"
_KEY: Final = re.compile(
    r"awskms:(?:///)?(?P<key>"
    r"(?:arn:aws[a-z-]*:kms:(?P<region>[a-z0-9-]+):[0-9]{12}:(?=key/|alias/))?"
    r"(?:key/)?(?:alias/[A-Za-z0-9/_-]{1,250}|[A-Za-z0-9-]{1,128}))"
)
_LOGIN: Final = (
    "log in to AWS (`aws sts get-caller-identity` shows as whom), and try again"
)
_HINTS: Final = {
    "AccessDeniedException": "allow the caller `kms:GetPublicKey` and `kms:Sign`",
    "NotFoundException": "check the name of the key, its region and its account",
    "DisabledException": "enable the key",
    "KMSInvalidStateException": "check the state of the key in AWS",
    "InvalidKeyUsageException": "name a key that is for `SIGN_VERIFY`",
    "UnsupportedOperationException": "name an asymmetric key",
    "ExpiredTokenException": _LOGIN,
    "InvalidSignatureException": _LOGIN,
    "UnrecognizedClientException": _LOGIN,
    "ThrottlingException": "try again later",
}
"""What AWS answers, of all that it may say, and what to do about it."""


class _Shown(TypedDict):
    """What is answered to GetPublicKey."""

    KeyId: str
    PublicKey: bytes
    KeyUsage: str
    SigningAlgorithms: list[str]


class _Client(Protocol):
    """What we use of the client that botocore makes."""

    def get_public_key(self, *, KeyId: str) -> _Shown: ...  # noqa: N803

    def sign(
        self,
        *,
        KeyId: str,  # noqa: N803
        Message: bytes,  # noqa: N803
        MessageType: str,  # noqa: N803
        SigningAlgorithm: str,  # noqa: N803
    ) -> dict[str, bytes]: ...


def open_aws(
    uri: str, *, region: str | None = None, seconds: float = SECONDS
) -> RemoteKey:
    """Open the key that *uri* names: by id, ARN, alias or the alias's ARN.

    Who asks is what the environment and the files of the AWS command line say.

    Args:
        uri: Its address.
        region: Where it is, if there is no ARN; without it, what those files say.
        seconds: How long each answer may take.

    Raises:
        UsageError: There is no such address, or the key signs nothing of ours.
        UnavailableError: AWS does not answer, or refuses.
    """
    found = _KEY.fullmatch(uri)
    if found is None:
        raise malformed(_FORM)
    title = f"awskms:{found['key']}"
    key, region = found["key"].removeprefix("key/"), found["region"] or region

    def start() -> tuple[_Client, _Shown]:
        try:
            client = _client(region)
            return client, client.get_public_key(KeyId=key)
        except Exception as error:  # noqa: BLE001 - in words of ours
            raise _told(title, "show its public key", error) from None

    try:
        import botocore  # noqa: F401 - before anybody is asked
    except ImportError:
        raise lacking("kms") from None
    client, shown = within(seconds, title, start)
    public = _public(title, key, shown)
    algorithm = _algorithm(title, shown, public)

    def make(digest: bytes) -> bytes:
        try:
            # By the id that was shown: an alias may move on between two questions.
            return client.sign(
                KeyId=shown["KeyId"],
                Message=digest,
                MessageType="DIGEST",
                SigningAlgorithm=algorithm,
            )["Signature"]
        except Exception as error:  # noqa: BLE001 - in words of ours
            raise _told(title, "sign", error) from None

    return RemoteKey(title=title, public=public, make=make, seconds=seconds)


def _client(region: str | None) -> _Client:
    from botocore.config import Config
    from botocore.session import Session

    config = Config(
        connect_timeout=CONNECT,
        read_timeout=READ,
        retries={"mode": "standard", "total_max_attempts": 2},
    )
    client: _Client = Session().create_client("kms", region_name=region, config=config)
    return client


def _public(title: str, key: str, shown: _Shown) -> "PublicKeyTypes":
    try:
        same = "alias/" in key or _id(key) == _id(shown["KeyId"])
        public = keys.load(shown["PublicKey"]) if same else None
    except keys.WeakKeyError as error:
        raise unfit(title, str(error)) from None
    except (KeyError, ValueError):
        public = None
    if public is None or not shown.get("KeyId"):
        raise UnavailableError(
            f"`{title}`: what AWS shows is no public key of that name",
            hint="check who answers in its place (AWS_ENDPOINT_URL)",
        )
    return public


def _id(key: str) -> str:
    return key.rpartition("/")[2]


def _algorithm(title: str, shown: _Shown, public: "PublicKeyTypes") -> str:
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    accepted(title, public)
    bits = keys.hash_of(public).removeprefix("sha")
    if isinstance(public, ec.EllipticCurvePublicKey):
        name = f"ECDSA_SHA_{bits}"
    elif isinstance(public, rsa.RSAPublicKey):
        name = f"RSASSA_PKCS1_V1_5_SHA_{bits}"
    else:
        raise unfit(title, "AWS signs no digest with this key")
    if name not in shown.get("SigningAlgorithms", ()):
        raise unfit(title, f"it is not for `{name}`")
    return name


def _told(title: str, step: str, error: Exception) -> McpchainError:
    """Say what AWS, or its client, refused: in words of ours."""
    from botocore import exceptions

    if isinstance(error, exceptions.NoRegionError):
        return UsageError(
            f"`{title}` is in no region",
            hint="name the key by its ARN, or set AWS_REGION",
        )
    if isinstance(
        error,
        exceptions.NoCredentialsError
        | exceptions.PartialCredentialsError
        | exceptions.CredentialRetrievalError
        | exceptions.TokenRetrievalError
        | exceptions.SSOError,
    ):
        return UnavailableError(f"nobody is logged in for `{title}`", hint=_LOGIN)
    if isinstance(error, exceptions.ClientError):
        code = error.response.get("Error", {}).get("Code", "")
        known = code if code in _HINTS else "an error"
        return UnavailableError(
            f"`{title}`: AWS did not {step}: it answered {known}",
            hint=_HINTS.get(code, "check the key, and who is logged in"),
        )
    if isinstance(error, exceptions.HTTPClientError | exceptions.ConnectionError):
        return UnavailableError(
            f"`{title}`: AWS did not {step}: it cannot be reached, or is late "
            f"({type(error).__name__})",
            hint="try again later, or check proxy and network",
        )
    return UnavailableError(
        f"`{title}`: AWS did not {step}: {type(error).__name__}",
        hint="check the configuration of AWS on this machine",
    )
