"""Keys in Azure Key Vault, through Microsoft's client, against a vault of our own."""

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from azure.core.credentials import AccessToken
from azure.core.exceptions import ClientAuthenticationError
from azure.keyvault.keys._shared import HttpChallengeCache

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.sign.remote.azure import open_azure
from tests.sign.keys import MESSAGE, check_signatures, sign_by_command, unsaid
from tests.world.key_services import (
    KEYS,
    TOKEN,
    VERSION,
    Answer,
    Azure,
    open_service,
    url64,
)
from tests.world.server import Server


class Login:
    """Who asks, in place of a login that the machine has."""

    def __init__(self, *, known: bool = True) -> None:
        self.scopes: list[str] = []
        self._known = known

    def get_token(self, *scopes: str, **_: Any) -> AccessToken:  # noqa: ANN401 - theirs
        self.scopes += scopes
        if not self._known:
            raise ClientAuthenticationError(f"the secret {TOKEN} has expired")
        return AccessToken(TOKEN, 4102444800)


@pytest.fixture
def vault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Azure]:
    with open_service(Azure, tmp_path) as opened:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(opened.authority))
        HttpChallengeCache.clear()  # another vault may have had this port
        yield opened


def uri(vault: Azure, name: str) -> str:
    return f"azurekms://{vault.host}/keys/{name}/{VERSION}"


@pytest.mark.parametrize("name", ["p256", "p384", "p521", "rsa"])
def test_what_a_vault_signs_is_verified(vault: Azure, name: str) -> None:
    key = open_azure(uri(vault, name), Login(), seconds=5)
    check_signatures(key)
    assert keys.spki(key.public) == keys.spki(KEYS[name].public_key())
    assert TOKEN not in repr(key)


def test_the_command_signs_with_a_key_of_azure(
    vault: Azure, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The managed identity of a service in Azure, which asks without TLS.
    with Server() as login:
        token = {"access_token": TOKEN, "expires_on": "4102444800"}
        place = login.place("/token").answer_json(token)
        place.headers["Connection"] = "close"
        monkeypatch.setenv("IDENTITY_ENDPOINT", f"{login.address}/token")
        monkeypatch.setenv("IDENTITY_HEADER", f"{TOKEN}-header")
        public = KEYS["p521"].public_key()
        said = sign_by_command(tmp_path, uri(vault, "p521"), public)
    assert f"by: key {uri(vault, 'p521')}" in said
    assert TOKEN not in said
    assert f"{TOKEN}-header" in login.asked[0].headers.values()


def test_a_key_may_be_written_as_cosign_does(vault: Azure) -> None:
    key = open_azure(f"azurekms://{vault.host}/p256/{VERSION}", Login(), seconds=5)
    assert key.title == uri(vault, "p256")
    assert keys.holds(key.public, key.sign(MESSAGE), MESSAGE)


def test_the_vault_says_for_what_a_token_is_asked(vault: Azure) -> None:
    who = Login()
    key = open_azure(uri(vault, "p256"), who, seconds=5)
    key.sign(MESSAGE)
    path = f"/keys/p256/{VERSION}"
    assert vault.asked == [("GET", path), ("GET", path), ("POST", f"{path}/sign")]
    assert set(who.scopes) == {f"{vault.resource}/.default"}


@pytest.mark.parametrize(
    "resource",
    ["https://vault.azure.net", "https://evil.example", "https://7.0.0.1", "nothing"],
)
def test_a_vault_that_asks_for_a_token_of_another_domain_is_told_none(
    vault: Azure, resource: str
) -> None:
    who, vault.resource = Login(), resource
    with pytest.raises(UnavailableError) as caught:
        open_azure(uri(vault, "p256"), who, seconds=5)
    assert "or asks for a token of another domain" in unsaid(caught.value, TOKEN)
    assert not who.scopes
    assert not vault.tokens


def test_a_vault_with_a_certificate_of_nobodys_is_told_no_token(
    vault: Azure, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("REQUESTS_CA_BUNDLE")
    with pytest.raises(UnavailableError) as caught:
        open_azure(uri(vault, "p256"), Login(), seconds=5)
    assert "did not show its public key: it cannot be reached" in unsaid(
        caught.value, TOKEN
    )
    assert not vault.tokens


@pytest.mark.parametrize(
    "written",
    [
        "azurekms://acme.vault.azure.net/keys/release",
        "azurekms://acme.vault.azure.net/keys/release/",
        "azurekms://acme.vault.azure.net/keys/release/latest",
        f"azurekms://acme/keys/release/{VERSION}",
        f"azurekms://acme.vault.azure.net/secrets/release/{VERSION}",
        f"azurekms://acme.vault.azure.net/keys/re/lease/{VERSION}",
        f"azurekms://acme.vault.azure.net/keys/release/{VERSION}?x=y",
        f"azurekms://user:{TOKEN}@acme.vault.azure.net/keys/release/{VERSION}",
        f"azurekms://acme.vault.azure.net\\@evil.example/keys/release/{VERSION}",
        f"https://acme.vault.azure.net/keys/release/{VERSION}",
        "azurekms:",
    ],
)
def test_an_address_names_a_vault_a_key_and_its_version(written: str) -> None:
    with pytest.raises(UsageError) as caught:
        open_azure(written, Login())
    assert "the address of the key is not one of `azurekms:`" in unsaid(
        caught.value, TOKEN
    )
    assert "azurekms://VAULT.vault.azure.net/keys/NAME/VERSION" in caught.value.hint


def _shown(**change: object) -> Any:  # noqa: ANN401 - a function for the vault
    def tamper(path: str, honest: Answer) -> Answer:
        if path.endswith("/sign"):
            return honest
        return 200, {**honest[1], "key": honest[1]["key"] | change}

    return tamper


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        ({"kid": f"https://h/keys/p256/{VERSION}"}, UnavailableError, "another key"),
        ({"kid": None}, UnavailableError, "it is no vault"),
        ({"x": url64(b"x" * 32)}, UnavailableError, "is no public key"),
        ({"x": None}, UnavailableError, "is no public key"),
        ({"crv": "P-384"}, UnavailableError, "is no public key"),
        ({"crv": "P-999"}, UsageError, "neither ECDSA of a known curve nor RSA"),
        ({"kty": "oct"}, UsageError, "neither ECDSA of a known curve nor RSA"),
        ({"kty": "RSA"}, UnavailableError, "is no public key"),
        (
            {"kty": "RSA", "n": url64(b"\xff" * 128), "e": "AQAB"},
            UsageError,
            "RSA of 2048 bits or more",
        ),
    ],
    ids=[
        *("another-key", "no-kid", "off-the-curve", "no-x", "another-curve"),
        *("no-curve", "symmetric", "rsa-without-numbers", "short-rsa"),
    ],
)
def test_what_a_vault_shows_instead_of_a_key_is_none(
    vault: Azure, change: dict[str, object], kind: type[McpchainError], problem: str
) -> None:
    vault.tamper = _shown(**change)
    with pytest.raises(McpchainError) as caught:
        open_azure(uri(vault, "p256"), Login(), seconds=5)
    assert type(caught.value) is kind
    assert problem in unsaid(caught.value, TOKEN)


def test_a_curve_of_azures_that_is_none_of_ours_is_refused(vault: Azure) -> None:
    with pytest.raises(UsageError, match="neither ECDSA of a known curve nor RSA"):
        open_azure(uri(vault, "koblitz"), Login(), seconds=5)


def _other() -> str:
    """Return a signature of the right length and form, by another key."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec, utils

    key = KEYS["other"]
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    made = key.sign(MESSAGE, ec.ECDSA(hashes.SHA256()))
    parts = utils.decode_dss_signature(made)
    return url64(b"".join(each.to_bytes(32) for each in parts))


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, {"value": url64(b"a" * 63)}), "of 63 bytes came back, not of 64"),
        ((200, {"value": url64(b"a" * 71)}), "of 71 bytes came back, not of 64"),
        ((200, {"value": ""}), "of 0 bytes came back, not of 64"),
        ((200, {"value": url64(bytes(64))}), "what came back is no signature by"),
        ((200, {"value": _other()}), "what came back is no signature by"),
        ((200, {}), "`azurekms:"),
        ((200, {"value": None}), "`azurekms:"),
        ((403, {"error": {"code": TOKEN, "message": TOKEN}}), "it answered 403"),
        ((404, {"error": {"code": "KeyNotFound"}}), "it answered 404"),
        ((400, {"error": {"message": TOKEN}}), "it answered 400"),
        ((500, {"error": {"message": TOKEN}}), "it answered 500"),
    ],
    ids=[
        *("too-short", "too-long", "empty", "zeros", "by-another-key", "no-value"),
        *("null", "forbidden-echo", "gone", "bad", "broken"),
    ],
)
def test_what_a_vault_answers_instead_of_a_signature_is_given_to_nobody(
    vault: Azure, answer: Answer, problem: str
) -> None:
    key = open_azure(uri(vault, "p256"), Login(), seconds=5)
    vault.tamper = lambda _path, _honest: answer
    with pytest.raises(UnavailableError) as caught:
        key.sign(MESSAGE)
    assert problem in unsaid(caught.value, TOKEN)


def test_a_signature_over_another_digest_is_given_to_nobody(vault: Azure) -> None:
    key = open_azure(uri(vault, "p256"), Login(), seconds=5)
    before = vault.answer(
        f"/keys/p256/{VERSION}/sign",
        {"alg": "ES256", "value": url64(hashlib.sha256(b"other").digest())},
    )
    vault.tamper = lambda _path, _honest: before
    with pytest.raises(UnavailableError, match="what came back is no signature by"):
        key.sign(MESSAGE)


def test_a_digest_of_another_length_is_never_signed(vault: Azure) -> None:
    key = open_azure(uri(vault, "p384"), Login(), seconds=5)
    with pytest.raises(UnavailableError, match="it answered 400"):
        key.sign_digest(hashlib.sha256(MESSAGE).digest())


def test_a_vault_that_is_late_is_not_waited_for(vault: Azure) -> None:
    key = open_azure(uri(vault, "p256"), Login(), seconds=5)
    vault.late.clear()
    with pytest.raises(UnavailableError, match=r"did not answer within 0\.3 s"):
        replace(key, seconds=0.3).sign(MESSAGE)


def test_a_vault_that_is_not_there_is_told(vault: Azure) -> None:
    nobody = f"azurekms://127.0.0.1:1/keys/p256/{VERSION}"
    with pytest.raises(UnavailableError, match="it cannot be reached"):
        open_azure(nobody, Login(), seconds=10)
    assert not vault.asked


def test_nobody_is_logged_in(vault: Azure) -> None:
    with pytest.raises(UnavailableError) as caught:
        open_azure(uri(vault, "p256"), Login(known=False), seconds=5)
    assert "nobody is logged in" in unsaid(caught.value, TOKEN)
    assert "`az login`" in caught.value.hint


def test_what_the_client_has_to_say_is_not_said(vault: Azure, tmp_path: Path) -> None:
    (tmp_path / "app.bin").touch()
    with Server() as login:
        login.place("/token").answer(400, b'{"error": "e-3"}', Connection="close")
        given = {
            "AZURE_TOKEN_CREDENTIALS": "ManagedIdentityCredential",
            "IDENTITY_ENDPOINT": f"{login.address}/token",
            "IDENTITY_HEADER": TOKEN,
        }
        command = (sys.executable, "-m", "mcpchain", "sign", "app.bin", "--key")
        done = subprocess.run(
            [*command, uri(vault, "p256")],
            cwd=tmp_path,
            env=os.environ | given,
            capture_output=True,
            text=True,
            check=False,
        )
    assert login.asked
    assert done.returncode == 4
    assert done.stderr == (
        f"error: `{uri(vault, 'p256')}` did not show its public key: "
        "nobody is logged in\n"
        "hint: `az login`, or set AZURE_CLIENT_ID and the variables beside it\n"
    )


def test_a_token_that_the_vault_does_not_take_is_told(vault: Azure) -> None:
    vault.token = "another"  # noqa: S105 - than the one that is shown
    with pytest.raises(UnavailableError) as caught:
        open_azure(uri(vault, "p256"), Login(), seconds=5)
    assert "it answered 401" in unsaid(caught.value, TOKEN)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "azure.keyvault.keys", None)
    with pytest.raises(UsageError) as caught:
        open_azure(f"azurekms://acme.vault.azure.net/keys/release/{VERSION}")
    assert caught.value.hint == "pip install 'mcpchain[azure]'"
