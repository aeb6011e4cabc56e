"""Keys in Google Cloud KMS, on loopback; what is answered there is doubted."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpchain.address import Route
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.fetch import Fetcher
from mcpchain.sign.remote import RemoteKey
from mcpchain.sign.remote.gcp import open_gcp
from mcpchain.sign.remote.kms import open_kms
from tests.sign.keys import MESSAGE, check_signatures, sign_by_command, unsaid
from tests.world.key_services import (
    KEYS,
    PROJECT,
    TOKEN,
    Answer,
    Google,
    open_service,
)

P256 = f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/1"


@pytest.fixture
def google(tmp_path: Path) -> Iterator[Google]:
    with open_service(Google, tmp_path) as opened:
        yield opened


@pytest.fixture
def fetcher(google: Google) -> Iterator[Fetcher]:
    route = Route(roots=(google.authority,))
    with Fetcher(route=route, sleep=lambda _: None) as opened:
        yield opened


def of_google(uri: str, google: Google, fetcher: Fetcher) -> RemoteKey:
    base = f"{google.address}/v1/"
    return open_gcp(uri, fetcher, token=lambda: TOKEN, base=base, seconds=5)


@pytest.mark.parametrize("name", ["p256", "p384", "rsa"])
@pytest.mark.parametrize(
    "form", ["gcpkms:{}/cryptoKeyVersions/1", "gcpkms://{}/versions/1"]
)
def test_what_google_signs_is_verified(
    google: Google, fetcher: Fetcher, name: str, form: str
) -> None:
    key = of_google(form.format(f"{PROJECT}/{name}"), google, fetcher)
    check_signatures(key)
    assert TOKEN not in repr(key)
    assert key.title == f"gcpkms:{PROJECT}/{name}/cryptoKeyVersions/1"


@pytest.mark.parametrize(
    "uri",
    [
        f"gcpkms://{PROJECT}/p256",
        f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/latest",
        f"gcpkms://{PROJECT}/../p256/cryptoKeyVersions/1",
        f"gcpkms://{PROJECT}/p256/cryptoKeyVersions/1:destroy",
        f"gcpkms://{PROJECT}/../cryptoKeyVersions/1",
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
    assert problem in unsaid(caught.value, TOKEN)


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
    assert problem in unsaid(caught.value, TOKEN)


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
    check_signatures(key)
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
    assert google.account[64:128] not in unsaid(caught.value, TOKEN)


def test_nobody_is_logged_in_at_google(
    fetcher: Fetcher, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(tmp_path / "missing"))
    with pytest.raises(UnavailableError, match="nobody is logged in") as caught:
        open_kms(P256, {}, fetcher)
    assert "gcloud auth application-default login" in caught.value.hint
