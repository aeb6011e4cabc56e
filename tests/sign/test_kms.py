"""Keys of key services: Vault and Google on loopback; what they answer is doubted."""

import base64
import hashlib
import json
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from securesystemslib.signer import Signature, SSlibKey

from mcpchain.address import Route
from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote import RemoteKey
from mcpchain.sign.remote.gcp import open_gcp
from mcpchain.sign.remote.kms import open_kms
from tests.sign.keys import sign_by_command
from tests.world.key_services import (
    KEYS,
    PROJECT,
    TOKEN,
    Answer,
    Google,
    Vault,
    open_service,
)

MESSAGE = b"what is signed"
P256 = f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/1"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_service(Vault, tmp_path) as opened:
        yield opened


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    with open_service(Google, tmp_path) as opened:
        yield opened


@pytest.fixture
def fetcher(request: pytest.FixtureRequest) -> Iterator[Fetcher]:
    """What trusts the CA of the service that the test asks for."""
    roots: tuple[Path, ...] = ()
    for name in ("vault", "google"):
        if name in request.fixturenames:
            roots = (request.getfixturevalue(name).authority,)
    with Fetcher(route=Route(roots=roots), sleep=lambda _: None) as opened:
        yield opened


def environ(vault: Vault, **more: str) -> Mapping[str, str]:
    return {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN} | more


def of_google(uri: str, google: Google, fetcher: Fetcher) -> RemoteKey:
    base = f"{google.address}/v1/"
    return open_gcp(uri, fetcher, token=lambda: TOKEN, base=base, seconds=5)


def holds(key: RemoteKey) -> None:
    """Check what *key* signs, by its public half and by somebody else's verifier."""
    made = key.sign(MESSAGE)
    assert keys.holds(key.public, made, MESSAGE)
    assert not keys.holds(key.public, made, b"something else")
    if name := keys.hash_of(key.public):
        digest = hashlib.new(name, MESSAGE).digest()
        assert keys.holds(key.public, key.sign_digest(digest), MESSAGE)
    theirs = SSlibKey.from_crypto(key.public, scheme=_scheme(key))
    theirs.verify_signature(Signature(theirs.keyid, made.hex()), MESSAGE)
    assert TOKEN not in repr(key)


def _scheme(key: RemoteKey) -> str | None:
    rsa = keys.hash_of(key.public) == "sha256" and "rsa" in key.title
    return "rsa-pkcs1v15-sha256" if rsa else None


def unsaid(error: McpchainError) -> str:
    """Return all that is said of *error*; there is no token in it."""
    said = "".join(traceback.format_exception(error)) + error.hint
    assert TOKEN not in said
    assert base64.b64encode(TOKEN.encode()).decode() not in said
    return str(error)


# Vault


@pytest.mark.parametrize("name", ["p256", "p384", "p521", "rsa", "ed25519"])
def test_what_vault_signs_is_verified(
    vault: Vault, fetcher: Fetcher, name: str
) -> None:
    key = open_kms(f"hashivault://{name}", environ(vault), fetcher)
    holds(key)
    assert key.title == f"hashivault:{name}"
    assert keys.spki(key.public) == keys.spki(KEYS[name].public_key())


def test_the_command_signs_with_a_key_of_vault(
    vault: Vault, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in environ(vault, SSL_CERT_FILE=str(vault.authority)).items():
        monkeypatch.setenv(name, value)
    public = KEYS["ed25519"].public_key()
    said = sign_by_command(tmp_path, "hashivault://ed25519", public)
    assert "by: key hashivault:ed25519" in said
    assert TOKEN not in said


@pytest.mark.parametrize("uri", ["hv:p256/1", "hashivault://p256/1"])
def test_an_older_version_is_chosen_by_its_number(
    vault: Vault, fetcher: Fetcher, uri: str
) -> None:
    key = open_kms(uri, environ(vault), fetcher)
    holds(key)
    assert key.title == "hashivault:p256/1"
    assert keys.spki(key.public) == keys.spki(KEYS["other"].public_key())


def test_the_token_may_be_where_vaults_login_leaves_it(
    vault: Vault, fetcher: Fetcher, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    given = {"VAULT_ADDR": f"{vault.address}/", "HOME": str(tmp_path)}
    holds(open_kms("hv:p256", given, fetcher))


def test_a_namespace_and_another_engine_are_asked_for(
    vault: Vault, fetcher: Fetcher
) -> None:
    where = {"VAULT_NAMESPACE": "team/", "TRANSIT_SECRET_ENGINE_PATH": "/keys/mine"}
    with pytest.raises(UnavailableError, match="did not show its public key"):
        open_kms("hv:p256", environ(vault, **where), fetcher)
    assert vault.asked == [("GET", "/v1/team/keys/mine/keys/p256")]


@pytest.mark.parametrize(
    ("uri", "given", "problem"),
    [
        ("hv:p256", {"VAULT_ADDR": ""}, "where is Vault?"),
        ("hv:p256", {"VAULT_ADDR": "vault:8200"}, "VAULT_ADDR is not the address"),
        ("hv:p256", {"VAULT_ADDR": f"https://u:{TOKEN}@h"}, "VAULT_ADDR is not"),
        ("hv:p256", {"VAULT_ADDR": f"https://h?t={TOKEN}"}, "VAULT_ADDR is not"),
        ("hv:p256", {"VAULT_ADDR": "http://vault.example"}, "travel unencrypted"),
        ("hv:p256", {"VAULT_TOKEN": ""}, "nobody is logged in at Vault"),
        ("hv:p256", {"VAULT_TOKEN": f"{TOKEN}\r\nX: y"}, "nobody is logged in"),
        ("hv:p256", {"VAULT_NAMESPACE": "../sys"}, "is not a path in Vault"),
        ("hv:p256", {"TRANSIT_SECRET_ENGINE_PATH": "a?b"}, "is not a path in Vault"),
        ("hv:p256", {"VAULT_TOKEN": "another"}, "answered 403 (not allowed)"),
        ("hv:nothing", {}, "answered 404 (not found)"),
        ("hv:p256/3", {}, "there is no version 3 of it"),
        ("hv:koblitz", {}, "it is of a kind that is not supported"),
        ("hv:../../sys/seal", {}, "is not one of `hashivault:`"),
        ("hv:", {}, "is not one of `hashivault:`"),
        ("hv:a/0", {}, "is not one of `hashivault:`"),
        ("hashivault://a/1/2", {}, "is not one of `hashivault:`"),
        ("hashivault://a?b", {}, "is not one of `hashivault:`"),
        (f"hashivault://user:{TOKEN}@h/a", {}, "is not one of `hashivault:`"),
    ],
)
def test_a_key_of_vault_that_cannot_be_used_is_not_opened(
    vault: Vault, fetcher: Fetcher, uri: str, given: dict[str, str], problem: str
) -> None:
    with pytest.raises(McpchainError) as caught:
        open_kms(uri, environ(vault, **given), fetcher)
    assert problem in unsaid(caught.value)


def test_who_may_not_is_told_what_is_missing(vault: Vault, fetcher: Fetcher) -> None:
    stranger = {"VAULT_TOKEN": "another"}
    with pytest.raises(UnavailableError) as caught:
        open_kms("hv:p256", environ(vault, **stranger), fetcher)
    assert caught.value.hint == (
        "check the name of the key; the caller needs `read` on `transit/keys/p256` "
        "and `update` on `transit/sign/p256`"
    )


def _signature(value: object) -> Answer:
    return 200, {"data": {"signature": value}}


_OTHER = KEYS["other"]


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (_signature("vault:v1:AAAA"), "what it answers is not of its kind"),
        (_signature("AAAA"), "what it answers is not of its kind"),
        (_signature("vault:v2:%%"), "what it answers is not of its kind"),
        (_signature(None), "what it answers is not of its kind"),
        ((200, {"data": []}), "what it answers is not of its kind"),
        ((200, {}), "what it answers is not of its kind"),
        (_signature("vault:v2:"), "what came back is no signature by the key"),
        (_signature("vault:v2:AAAA"), "what came back is no signature by the key"),
        ((403, {"errors": [TOKEN]}), "answered 403 (not allowed)"),
        ((500, {"errors": [TOKEN]}), "answered 500"),
        ((503, {"errors": ["sealed"]}), "answered 503"),
    ],
    ids=[
        *("another-version", "no-prefix", "no-base64", "null", "list", "nothing"),
        *("empty", "garbage", "forbidden-echo", "error-echo", "sealed"),
    ],
)
def test_what_vault_answers_instead_of_a_signature_is_given_to_nobody(
    vault: Vault, fetcher: Fetcher, answer: Answer, problem: str
) -> None:
    key = open_kms("hv:p256", environ(vault), fetcher)
    vault.tamper = lambda path, honest: answer if "/sign/" in path else honest
    with pytest.raises(UnavailableError) as caught:
        key.sign(MESSAGE)
    assert problem in unsaid(caught.value)


@pytest.mark.parametrize("name", ["p256", "ed25519"])
@pytest.mark.parametrize(
    "shown",
    [
        {"public_key": "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"},
        {"public_key": ""},
        {"public_key": 7},
        {},
    ],
    ids=["broken", "empty", "number", "absent"],
)
def test_what_vault_shows_instead_of_a_key_is_none(
    vault: Vault, fetcher: Fetcher, name: str, shown: dict[str, object]
) -> None:
    kind = "ed25519" if name == "ed25519" else "ecdsa-p256"
    about = {"type": kind, "latest_version": 2, "keys": {"2": shown}}
    vault.tamper = lambda _path, _honest: (200, {"data": about})
    with pytest.raises(UnavailableError) as caught:
        open_kms(f"hv:{name}", environ(vault), fetcher)
    assert "what it answers is not of its kind" in unsaid(caught.value)


def test_a_curve_of_vaults_that_is_none_of_ours_is_refused(
    vault: Vault, fetcher: Fetcher
) -> None:
    def tamper(_: str, honest: Answer) -> Answer:
        honest[1]["data"]["type"] = "ecdsa-p256"
        return honest

    vault.tamper = tamper
    with pytest.raises(UsageError, match="the key is none of ECDSA P-256"):
        open_kms("hv:koblitz", environ(vault), fetcher)


def test_a_signature_by_another_key_of_vaults_is_given_to_nobody(
    vault: Vault, fetcher: Fetcher
) -> None:
    key = open_kms("hv:p256", environ(vault), fetcher)
    other = open_kms("hv:p256/1", environ(vault), fetcher)
    made = base64.b64encode(other.sign(MESSAGE)).decode()
    vault.tamper = lambda _path, _honest: _signature(f"vault:v2:{made}")
    with pytest.raises(UnavailableError, match="is no signature by the key"):
        key.sign(MESSAGE)


def test_a_vault_with_a_certificate_of_nobodys_is_told_no_token(
    vault: Vault,
) -> None:
    with Fetcher() as stranger, pytest.raises(UnavailableError, match="TLS failed"):
        open_kms("hv:p256", environ(vault), stranger)
    assert not vault.tokens


# Google Cloud


@pytest.mark.parametrize("name", ["p256", "p384", "rsa"])
@pytest.mark.parametrize(
    "form", ["gcpkms:{}/cryptoKeyVersions/1", "gcpkms://{}/versions/1"]
)
def test_what_google_signs_is_verified(
    google: Google, fetcher: Fetcher, name: str, form: str
) -> None:
    key = of_google(form.format(f"{PROJECT}/{name}"), google, fetcher)
    holds(key)
    assert key.title == f"gcpkms:{PROJECT}/{name}/cryptoKeyVersions/1"


@pytest.mark.parametrize(
    "uri",
    [
        f"gcpkms://{PROJECT}/p256",
        f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/latest",
        f"gcpkms://{PROJECT}/../p256/cryptoKeyVersions/1",
        f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/1:destroy",
        "gcpkms://host.example/projects",
        "gcpkms:",
    ],
)
def test_an_address_of_google_names_a_version(
    google: Google, fetcher: Fetcher, uri: str
) -> None:
    with pytest.raises(UsageError, match="is not one of `gcpkms:`"):
        of_google(uri, google, fetcher)
    assert not google.asked


@pytest.mark.parametrize(
    ("change", "kind", "problem"),
    [
        ({"algorithm": "RSA_SIGN_PSS_2048_SHA256"}, UsageError, "another algorithm"),
        ({"algorithm": "RSA_SIGN_PKCS1_4096_SHA512"}, UsageError, "another algorithm"),
        ({"algorithm": "EC_SIGN_SECP256K1_SHA256"}, UsageError, "another algorithm"),
        ({"algorithm": "RSA_DECRYPT_OAEP_2048_SHA256"}, UsageError, "another algorith"),
        ({"name": "projects/other"}, UnavailableError, "is not of its kind"),
        ({"pem": "no key"}, UnavailableError, "is not of its kind"),
        ({"pem": None}, UnavailableError, "is not of its kind"),
    ],
    ids=["pss", "sha512", "koblitz", "decrypts", "another-key", "no-pem", "null-pem"],
)
def test_a_key_of_googles_that_cannot_be_used_is_not_opened(
    google: Google,
    fetcher: Fetcher,
    change: dict[str, object],
    kind: type[McpchainError],
    problem: str,
) -> None:
    google.tamper = lambda _, honest: (200, honest[1] | change)
    with pytest.raises(kind) as caught:
        of_google(P256, google, fetcher)
    assert problem in unsaid(caught.value)


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        ((200, {"signature": "AAAA"}), "what came back is no signature by the key"),
        ((200, {"signature": ""}), "what came back is no signature by the key"),
        ((200, {"signature": "%"}), "what it answers is not of its kind"),
        ((200, {}), "what it answers is not of its kind"),
        ((403, {"error": TOKEN}), "answered 403 (not allowed)"),
        ((429, {"error": TOKEN}), "answered 429"),
    ],
    ids=["garbage", "empty", "no-base64", "nothing", "forbidden", "too-many"],
)
def test_what_google_answers_instead_of_a_signature_is_given_to_nobody(
    google: Google, fetcher: Fetcher, answer: Answer, problem: str
) -> None:
    key = of_google(P256, google, fetcher)
    google.tamper = lambda _path, _honest: answer
    with pytest.raises(UnavailableError) as caught:
        key.sign(MESSAGE)
    assert problem in unsaid(caught.value)


def login(google: Google, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave the file of a service account, as Google's command line does."""
    account = {
        "type": "service_account",
        "client_email": "release@acme.example",
        "private_key": google.account,
        "token_uri": f"{google.address}/token",
    }
    (folder / "account.json").write_text(json.dumps(account))
    variable = "GOOGLE_APPLICATION_CREDENTIALS"
    monkeypatch.setenv(variable, str(folder / "account.json"))
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(google.authority))


def test_googles_own_login_is_used(
    google: Google, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(google, tmp_path, monkeypatch)
    key = open_gcp(P256, fetcher, base=f"{google.address}/v1/", seconds=5)
    holds(key)
    asked = [path.rpartition("/")[2] for _, path in google.asked]
    assert asked == ["token", "publicKey"] + ["1:asymmetricSign"] * 2


def test_the_command_signs_with_a_key_of_google(
    google: Google, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(google, tmp_path, monkeypatch)
    here = (open_gcp.__kwdefaults__ or {}) | {"base": f"{google.address}/v1/"}
    monkeypatch.setattr(open_gcp, "__kwdefaults__", here)
    said = sign_by_command(tmp_path, P256, KEYS["p256"].public_key())
    assert f"by: key {P256.replace('//', '')}" in said
    assert TOKEN not in said
    assert google.account[64:128] not in said


def test_a_login_that_google_does_not_take_is_told(
    google: Google, fetcher: Fetcher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    login(google, tmp_path, monkeypatch)
    google.tamper = lambda _path, _honest: (400, {"error": f"invalid_grant {TOKEN}"})
    with pytest.raises(UnavailableError, match="nobody is logged in") as caught:
        open_gcp(P256, fetcher, base=f"{google.address}/v1/", seconds=5)
    assert google.account[64:128] not in unsaid(caught.value)


def test_nobody_is_logged_in_at_google(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing"))
    with pytest.raises(UnavailableError, match="nobody is logged in") as caught:
        open_kms(P256, {}, fetcher)
    assert "gcloud auth application-default login" in caught.value.hint


# All of them


def test_a_service_that_is_late_is_not_waited_for(
    vault: Vault, fetcher: Fetcher
) -> None:
    key = open_kms("hv:p256", environ(vault), fetcher, seconds=1)
    vault.late.clear()
    with pytest.raises(UnavailableError, match=r"did not answer (in time|within)"):
        key.sign(MESSAGE)


@pytest.mark.parametrize("uri", ["awskms:alias/release", P256, "hv:release"])
def test_offline_nobody_is_asked(uri: str) -> None:
    with Fetcher(offline=True) as offline, pytest.raises(UnavailableError) as caught:
        open_kms(uri, {}, offline)
    assert "was not asked (offline)" in str(caught.value)


@pytest.mark.parametrize(
    ("uri", "missing"), [("awskms:alias/release", "botocore"), (P256, "google.auth")]
)
def test_without_the_extra_it_is_named(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, uri: str, missing: str
) -> None:
    monkeypatch.setitem(__import__("sys").modules, missing, None)
    with pytest.raises(UsageError) as caught:
        open_kms(uri, {}, fetcher)
    assert caught.value.hint == "pip install 'mcpchain[kms]'"


def test_a_scheme_of_nobodys_is_refused(fetcher: Fetcher) -> None:
    with pytest.raises(UsageError, match="is not one of"):
        open_kms("otherkms:key", {}, fetcher)
