"""Keys in Vault, on loopback; what it answers is doubted. What all services share."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from mcpchain.address import Route
from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote.kms import open_kms
from tests.sign.keys import MESSAGE, check_signatures, sign_by_command, unsaid
from tests.world.key_services import (
    KEYS,
    PROJECT,
    TOKEN,
    Answer,
    Vault,
    open_service,
)

P256 = f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/1"


@pytest.fixture
def vault(tmp_path: Path) -> Iterator[Vault]:
    with open_service(Vault, tmp_path) as opened:
        yield opened


@pytest.fixture
def fetcher(request: pytest.FixtureRequest) -> Iterator[Fetcher]:
    """What trusts the CA of the Vault, if there is one in the test."""
    roots: tuple[Path, ...] = ()
    if "vault" in request.fixturenames:
        roots = (request.getfixturevalue("vault").authority,)
    with Fetcher(route=Route(roots=roots), sleep=lambda _: None) as opened:
        yield opened


def environ(vault: Vault, **more: str) -> Mapping[str, str]:
    return {"VAULT_ADDR": vault.address, "VAULT_TOKEN": TOKEN} | more


@pytest.mark.parametrize("name", ["p256", "p384", "p521", "rsa", "ed25519"])
def test_what_vault_signs_is_verified(
    vault: Vault, fetcher: Fetcher, name: str
) -> None:
    key = open_kms(f"hashivault://{name}", environ(vault), fetcher)
    check_signatures(key)
    assert TOKEN not in repr(key)
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
    check_signatures(key)
    assert key.title == "hashivault:p256/1"
    assert keys.spki(key.public) == keys.spki(KEYS["other"].public_key())


def test_the_token_may_be_where_vaults_login_leaves_it(
    vault: Vault, fetcher: Fetcher, tmp_path: Path
) -> None:
    (tmp_path / ".vault-token").write_text(f"{TOKEN}\n")
    given = {"VAULT_ADDR": f"{vault.address}/", "HOME": str(tmp_path)}
    check_signatures(open_kms("hv:p256", given, fetcher))


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
    assert problem in unsaid(caught.value, TOKEN)


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
    assert problem in unsaid(caught.value, TOKEN)


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
    assert "what it answers is not of its kind" in unsaid(caught.value, TOKEN)


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
