"""Keys in Azure Key Vault, or a managed HSM, through Microsoft's own client.

Its client checks that the token is asked for by the vault's own domain, and sends none
before it knows for what; who asks is the caller's choice.
"""

import re
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError
from mcpchain.sign.remote import (
    CONNECT,
    READ,
    SECONDS,
    RemoteKey,
    accepted,
    der,
    lacking,
    malformed,
    unfit,
    within,
)

if TYPE_CHECKING:
    from azure.core.credentials import TokenCredential
    from azure.keyvault.keys import JsonWebKey, KeyVaultKey
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_FORM: Final = "azurekms://VAULT.vault.azure.net/keys/NAME/VERSION"
_KEY: Final = re.compile(
    r"azurekms://(?P<vault>[a-z0-9-]+(?:\.[a-z0-9-]+)+(?::[0-9]{1,5})?)"
    r"/(?:keys/)?(?P<name>[A-Za-z0-9-]{1,127})/(?P<version>[a-f0-9]{32})"
)
_REFUSED: Final = (400, 401, 403, 404)
_OPTIONS: Final = {
    "connection_timeout": CONNECT,
    "read_timeout": READ,
    "retry_total": 1,
    "retry_read": 0,
    "verify_challenge_resource": True,
    "permit_redirects": False,
}


def open_azure(
    uri: str, credential: "TokenCredential | None" = None, *, seconds: float = SECONDS
) -> RemoteKey:
    """Open the key that *uri* names, in the version that it names.

    Args:
        uri: Its address. Without a version it would be another key tomorrow.
        credential: Who asks. Without it that is what `azure-identity` finds: variables,
            a workload or managed identity, the login of a command line.
        seconds: How long each answer may take.

    Raises:
        UsageError: There is no such address, or the key signs nothing of ours.
        UnavailableError: Azure does not answer, or refuses.
    """
    found = _KEY.fullmatch(uri)
    if found is None:
        raise malformed(_FORM)
    try:
        from azure.keyvault.keys import KeyClient
        from azure.keyvault.keys.crypto import CryptographyClient, SignatureAlgorithm
    except ImportError:
        raise lacking("azure") from None
    vault = f"https://{found['vault']}"
    name, version = found["name"], found["version"]
    title = f"azurekms://{found['vault']}/keys/{name}/{version}"

    def show() -> "tuple[TokenCredential, KeyVaultKey]":
        who = credential or _credential()
        try:
            with KeyClient(vault, who, **_OPTIONS) as client:
                return who, client.get_key(name, version)
        except Exception as error:  # noqa: BLE001 - in words of ours
            raise _told(title, "show its public key", error) from None

    who, shown = within(seconds, title, show)
    public = accepted(title, _public(title, shown, f"{vault}/keys/{name}/{version}"))
    letters = "RS" if shown.key_type.startswith("RSA") else "ES"
    algorithm = SignatureAlgorithm(letters + keys.hash_of(public).removeprefix("sha"))

    def make(digest: bytes) -> bytes:
        try:
            with CryptographyClient(shown, who, **_OPTIONS) as client:
                made = client.sign(algorithm, digest).signature
        except Exception as error:  # noqa: BLE001 - in words of ours
            raise _told(title, "sign", error) from None
        return der(title, made, public)

    return RemoteKey(title=title, public=public, make=make, seconds=seconds)


def _credential() -> "TokenCredential":
    from azure.identity import DefaultAzureCredential

    return DefaultAzureCredential()


def _public(title: str, shown: "KeyVaultKey", asked: str) -> "PublicKeyTypes":
    from cryptography.hazmat.primitives.asymmetric import ec, rsa

    # Hosts are compared as they were written: the address has them in lower case.
    if shown.id != asked:
        raise UnavailableError(
            f"`{title}`: the vault shows another key than the one that was asked for",
            hint="nothing was signed; check who answers in the vault's place",
        )
    key: JsonWebKey = shown.key
    kind, curve = shown.key_type, getattr(key, "crv", None)
    curves: dict[str, ec.EllipticCurve] = {
        "P-256": ec.SECP256R1(),
        "P-384": ec.SECP384R1(),
        "P-521": ec.SECP521R1(),
    }
    try:
        if kind.startswith("EC") and curve in curves:
            x, y = (int.from_bytes(part) for part in _parts(key, "x", "y"))
            return ec.EllipticCurvePublicNumbers(x, y, curves[curve]).public_key()
        if kind.startswith("RSA"):
            e, n = (int.from_bytes(part) for part in _parts(key, "e", "n"))
            return rsa.RSAPublicNumbers(e, n).public_key()
    except (AttributeError, TypeError, ValueError):
        raise UnavailableError(
            f"`{title}`: what the vault shows is no public key",
            hint="nothing was signed; check who answers in the vault's place",
        ) from None
    raise unfit(title, "the key is neither ECDSA of a known curve nor RSA")


def _parts(key: "JsonWebKey", *names: str) -> tuple[bytes, ...]:
    return tuple(bytes(getattr(key, name)) for name in names)


def _told(title: str, step: str, error: Exception) -> McpchainError:
    """Say what the vault, or its client, refused: in words of ours."""
    from azure.core import exceptions

    hint = "try again later, or check proxy and network"
    if isinstance(error, exceptions.ServiceResponseTimeoutError):
        reason = "it did not answer in time"
    elif isinstance(error, exceptions.ServiceRequestError):
        reason = "it cannot be reached"
    elif isinstance(error, exceptions.ServiceResponseError):
        reason = "it broke off"
    elif isinstance(error, exceptions.HttpResponseError) and error.status_code:
        reason = f"it answered {error.status_code}"
        if error.status_code in _REFUSED:
            hint = (
                "check the name of the key; the caller needs `get` and `sign` for keys "
                "(role `Key Vault Crypto User`)"
            )
    elif isinstance(error, exceptions.ClientAuthenticationError):
        reason = "nobody is logged in"
        hint = "`az login`, or set AZURE_CLIENT_ID and the variables beside it"
    elif isinstance(error, ValueError):
        reason = "it is no vault, or asks for a token of another domain"
        hint = "nothing was signed; check who answers in the vault's place"
    else:
        reason = type(error).__name__
    return UnavailableError(f"`{title}` did not {step}: {reason}", hint=hint)
