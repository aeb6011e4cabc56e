"""Keys in the transit engine of HashiCorp Vault, or of OpenBao."""

import base64
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.address import is_http
from mcpchain.bundle import keys
from mcpchain.document import Node
from mcpchain.errors import UsageError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote import SECONDS, RemoteKey, accepted, malformed, unfit
from mcpchain.sign.remote.service import Service, data, public_key

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_FORM: Final = "hashivault://NAME"
_KEY: Final = re.compile(
    r"(?:hashivault:(?://)?|hv:)(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{0,199})"
    r"(?:/(?P<version>[1-9][0-9]{0,8}))?"
)
_TYPES: Final = frozenset(
    {"ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519"}
    | {"rsa-2048", "rsa-3072", "rsa-4096"}
)
_PATH: Final = re.compile(r"[A-Za-z0-9._-]+(?:/[A-Za-z0-9._-]+)*")
_SIGNED: Final = re.compile(r"vault:v(?P<version>[0-9]{1,9}):(?P<data>.*)", re.DOTALL)
_TOKEN: Final = re.compile(r"[\x21-\x7e]{1,4096}")


def open_vault(
    uri: str, environ: Mapping[str, str], fetcher: Fetcher, *, seconds: float = SECONDS
) -> RemoteKey:
    """Open the key that *uri* names, in its newest version if it names none.

    Args:
        uri: Its address.
        environ: Where Vault is, and who asks, by the variables of its own client.
        fetcher: By which it is asked.
        seconds: How long each answer may take.

    Raises:
        UsageError: There is no such address, or the key signs nothing of ours.
        UnavailableError: Vault does not answer, or refuses.
    """
    from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

    found = _KEY.fullmatch(uri)
    if found is None:
        raise malformed(_FORM)
    name, version = found["name"], found["version"]
    mount, token = _mount(environ), _token(environ)
    service = Service(
        title=f"hashivault:{name}" + (f"/{version}" if version else ""),
        base=f"{_address(environ)}/v1/{mount}/",
        token=lambda: token,
        fetcher=fetcher,
        needs=f"`read` on `{mount}/keys/{name}` and `update` on `{mount}/sign/{name}`",
        seconds=seconds,
    )
    version, public = service.ask(
        f"keys/{name}", None, lambda node: _shown(service.title, node, version)
    )
    accepted(service.title, public)
    kind = keys.hash_of(public).replace("sha", "sha2-")
    rest: dict[str, object] = {"key_version": int(version), "prehashed": bool(kind)}
    if isinstance(public, RSAPublicKey):
        rest["signature_algorithm"] = "pkcs1v15"

    def make(what: bytes) -> bytes:
        body = {"input": base64.b64encode(what).decode(), **rest}
        path = f"sign/{name}/{kind}" if kind else f"sign/{name}"
        return service.ask(path, body, lambda node: _signed(node, version))

    return RemoteKey(title=service.title, public=public, make=make, seconds=seconds)


def _shown(
    title: str, answer: Node, version: str | None
) -> "tuple[str, PublicKeyTypes]":
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    about = answer.at("data")
    kind = about.at("type").text()
    if kind not in _TYPES:
        raise unfit(title, "it is of a kind that is not supported")
    version = version or str(about.at("latest_version").integer())
    entry = about.at("keys").at(version)
    if not entry.exists:
        raise unfit(title, f"there is no version {version} of it")
    shown = entry.at("public_key")
    if kind != "ed25519":
        return version, public_key(title, shown)
    try:
        return version, Ed25519PublicKey.from_public_bytes(data(shown))
    except ValueError:
        raise shown.malformed("no public key") from None


def _signed(answer: Node, version: str) -> bytes:
    text = answer.at("data").at("signature")
    found = _SIGNED.fullmatch(text.text())
    if found is None or found["version"] != version:
        raise text.malformed("no signature by the version that was asked for")
    return data(Node(value=found["data"], source=text.source, pointer=text.pointer))


def _address(environ: Mapping[str, str]) -> str:
    address = environ.get("VAULT_ADDR", "").rstrip("/")
    if not is_http(address) or "?" in address or "#" in address or "@" in address:
        raise UsageError(
            "VAULT_ADDR is not the address of a Vault"
            if address
            else "where is Vault?",
            hint="set VAULT_ADDR to its address, such as `https://vault.example:8200`",
        )
    return address


def _mount(environ: Mapping[str, str]) -> str:
    parts = (
        environ.get("VAULT_NAMESPACE", ""),
        environ.get("TRANSIT_SECRET_ENGINE_PATH", ""),
    )
    namespace, engine = (each.strip("/") for each in parts)
    path = "/".join(each for each in (namespace, engine or "transit") if each)
    if not _PATH.fullmatch(path) or {".", ".."} & set(path.split("/")):
        raise UsageError(
            "VAULT_NAMESPACE or TRANSIT_SECRET_ENGINE_PATH is not a path in Vault",
            hint="write names with slashes between them",
        )
    return path


def _token(environ: Mapping[str, str]) -> str:
    token = environ.get("VAULT_TOKEN", "")
    if not token and environ.get("HOME"):
        try:
            with (Path(environ["HOME"]) / ".vault-token").open("rb") as stream:
                token = stream.read(4096).decode("ascii").strip()
        except (OSError, ValueError):
            token = ""
    if not _TOKEN.fullmatch(token):
        raise UsageError(
            "nobody is logged in at Vault",
            hint="`vault login`, or set VAULT_TOKEN",
        )
    return token
