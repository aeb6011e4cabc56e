"""Keys in tokens: a real SoftHSM, addresses that lie, and a PIN that stays a secret."""

import hashlib
import traceback
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from securesystemslib.signer import Signature, SSlibKey

from mcpchain.bundle import keys
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.sign.remote.pkcs11 import open_pkcs11
from mcpchain.sign.remote.pkcs11_uri import Pkcs11Uri, parse
from tests.sign.keys import sign_by_command
from tests.world.softhsm import MODULE, PIN, SoftHsm, open_softhsm

MESSAGE = b"what is signed"
ENVIRON = {"MCPCHAIN_PKCS11_PIN": PIN}


@pytest.fixture(scope="module")
def hsm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SoftHsm]:
    with open_softhsm(tmp_path_factory.mktemp("softhsm")) as opened:
        yield opened


def refused(uri: str, environ: Mapping[str, str] = ENVIRON) -> McpchainError:
    """Return why *uri* is not opened; whatever is said holds no PIN."""
    with pytest.raises(McpchainError) as caught:
        open_pkcs11(uri, environ)
    said = "".join(traceback.format_exception(caught.value)) + caught.value.hint
    assert PIN not in said
    return caught.value


@pytest.mark.parametrize(
    "name", ["p256", "p384", "p521", "rsa", "careful", "certified"]
)
def test_what_a_token_signs_is_verified_by_our_core(hsm: SoftHsm, name: str) -> None:
    key = open_pkcs11(hsm.uri(name), ENVIRON)
    algorithm = keys.hash_of(key.public)
    digest = hashlib.new(algorithm, MESSAGE).digest()

    assert keys.holds(key.public, key.sign(MESSAGE), MESSAGE)
    assert keys.holds(key.public, key.sign_digest(digest), MESSAGE)
    assert not keys.holds(key.public, key.sign(MESSAGE), b"something else")
    assert key.title == f"{name} in Build"
    assert PIN not in repr(key)


def test_the_command_signs_with_a_key_in_a_token(
    hsm: SoftHsm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPCHAIN_PKCS11_PIN", PIN)
    uri = hsm.uri("p256")
    said = sign_by_command(tmp_path, uri, open_pkcs11(uri, ENVIRON).public)
    assert "by: key p256 in Build" in said
    assert PIN not in said


@pytest.mark.parametrize("name", ["p256", "p384", "p521"])
def test_somebody_elses_verifier_agrees(hsm: SoftHsm, name: str) -> None:
    key = open_pkcs11(hsm.uri(name), ENVIRON)
    theirs = SSlibKey.from_crypto(key.public)
    made = Signature(theirs.keyid, key.sign(MESSAGE).hex())
    theirs.verify_signature(made, MESSAGE)


def test_a_key_is_chosen_by_its_id_where_two_have_one_label(hsm: SoftHsm) -> None:
    named = [f"pkcs11:token=Build;id=twin%2D{n}" for n in (1, 2)]
    environ = {**ENVIRON, "MCPCHAIN_PKCS11_MODULE": str(hsm.module)}
    one, two = (open_pkcs11(uri, environ) for uri in named)
    assert keys.fingerprint(one.public) != keys.fingerprint(two.public)
    assert keys.holds(two.public, two.sign(MESSAGE), MESSAGE)


def test_the_pin_may_be_in_a_file_of_its_own(hsm: SoftHsm, tmp_path: Path) -> None:
    pin = tmp_path / "pin"
    pin.write_text(f"{PIN}\n")
    pin.chmod(0o600)
    for source in (f"pin-source=file:{pin}", f"pin-source={pin}"):
        key = open_pkcs11(hsm.uri("p256", query=source), {})
        assert keys.holds(key.public, key.sign(MESSAGE), MESSAGE)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("nothing", "no private key in the token `Build` fits the address of the key"),
        ("twins", "2 private keys in the token `Build` fit the address of the key"),
        ("koblitz", "`koblitz in Build`: the key is none of ECDSA P-256"),
        ("weak", "`weak in Build`: the key is none of ECDSA P-256"),
        ("idle", "`idle in Build`: the token does not let this key sign"),
        ("alone", "`alone in Build` has neither a public key nor a certificate"),
    ],
)
def test_a_key_that_cannot_sign_for_us_is_not_opened(
    hsm: SoftHsm, name: str, problem: str
) -> None:
    error = refused(hsm.uri(name))
    assert isinstance(error, UsageError)
    assert problem in str(error)


def test_a_signature_by_another_key_than_the_one_shown_is_not_given(
    hsm: SoftHsm,
) -> None:
    key = open_pkcs11(hsm.uri("swapped"), ENVIRON)
    problem = "`swapped in Build`: what came back is no signature by the key"
    with pytest.raises(UnavailableError, match=problem):
        key.sign(MESSAGE)
    with pytest.raises(UnavailableError, match=problem):
        key.sign_digest(hashlib.sha256(MESSAGE).digest())


@pytest.mark.parametrize(
    ("token", "problem"),
    [
        ("Twin", "2 tokens fit the address of the key"),
        ("build", "no token fits the address of the key"),
        ("Build;serial=0", "no token fits the address of the key"),
        ("Build;model=other", "no token fits the address of the key"),
        ("Build;manufacturer=other", "no token fits the address of the key"),
        ("Build;slot-id=99", "no token fits the address of the key"),
    ],
)
def test_a_token_is_chosen_or_nothing_is(
    hsm: SoftHsm, token: str, problem: str
) -> None:
    assert str(refused(hsm.uri("p256", inside=token))) == problem


@pytest.mark.parametrize(
    ("environ", "problem"),
    [
        ({}, "the token `Empty` wants its PIN"),
        ({"MCPCHAIN_PKCS11_PIN": ""}, "the token `Empty` wants its PIN"),
        (
            {"MCPCHAIN_PKCS11_PIN": f"{PIN}-wrong"},
            "the token `Empty` refuses the PIN",
        ),
        ({"MCPCHAIN_PKCS11_PIN": f"{PIN}" * 99}, "the token `Empty` refuses the PIN"),
    ],
    ids=["no-pin", "empty-pin", "wrong-pin", "endless-pin"],
)
def test_without_its_pin_a_token_opens_nothing(
    hsm: SoftHsm, environ: Mapping[str, str], problem: str
) -> None:
    assert str(refused(hsm.uri("p256", inside="Empty"), environ)) == problem


@pytest.mark.parametrize(
    ("mode", "text", "problem"),
    [
        (0o644, PIN, "the PIN in `pin` can be read by others than its owner"),
        (0o600, "", "`pin` holds no PIN"),
        (0o600, "\n", "`pin` holds no PIN"),
        (0o600, PIN * 99, "`pin` holds no PIN"),
    ],
    ids=["readable-by-others", "empty", "blank-line", "too-long"],
)
def test_a_pin_file_that_is_none_is_refused(
    hsm: SoftHsm, tmp_path: Path, mode: int, text: str, problem: str
) -> None:
    pin = tmp_path / "pin"
    pin.write_text(text)
    pin.chmod(mode)
    assert str(refused(hsm.uri("p256", query=f"pin-source={pin}"), {})) == problem


def test_a_pin_file_has_to_be_there_and_to_be_named_wholly(hsm: SoftHsm) -> None:
    missing = refused(hsm.uri("p256", query="pin-source=/nowhere/pin"), {})
    assert str(missing) == "the PIN in `pin` cannot be read"
    command = refused(hsm.uri("p256", query="pin-source=%7Cprintpin"), {})
    assert str(command) == "`pin-source=` is not the whole path of a file"


@pytest.mark.parametrize(
    ("module", "problem"),
    [
        ("", "the module of the token is not named"),
        ("libsofthsm2.so", "there is no module `libsofthsm2.so`"),
        ("/nowhere/module.so", "there is no module `/nowhere/module.so`"),
        (__file__, "the module `test_pkcs11.py` failed: PKCS11Error"),
    ],
    ids=["unnamed", "by-a-bare-name", "missing", "no-library"],
)
def test_a_module_is_named_by_its_path_and_is_one(module: str, problem: str) -> None:
    query = f"?module-path={module}" if module else ""
    assert str(refused(f"pkcs11:object=p256{query}")) == problem


@pytest.mark.parametrize(
    ("uri", "problem"),
    [
        (f"pkcs11:object=k?pin-value={PIN}", "the address of the key holds a PIN"),
        (f"pkcs11:object=k;pin-value={PIN}", "the address of the key holds a PIN"),
        (
            f"pkcs11:object=k?module-path=/m&pin-value={PIN}&pin-source=/p",
            "the address of the key holds a PIN",
        ),
        ("pkcs11:object=k?module-name=softhsm2", "asks for `module-name`"),
        ("pkcs11:object=k;library-version=3", "asks for `library-version`"),
        ("pkcs11:object=k;x-mine=1", "asks for `x-mine`"),
        ("pkcs11:object=k;type=public", "something else than a private key"),
        ("pkcs11:object=k;object=other", "is not one of `pkcs11:`"),
        ("pkcs11:object=k?module-path=/a&module-path=/b", "is not one of `pkcs11:`"),
        ("pkcs11:object=%ff", "is not one of `pkcs11:`"),
        ("pkcs11:object=%zz", "is not one of `pkcs11:`"),
        ("pkcs11:object=a b", "is not one of `pkcs11:`"),
        ("pkcs11:slot-id=-1", "is not one of `pkcs11:`"),
        ("pkcs11:slot-id=" + "9" * 30, "is not one of `pkcs11:`"),
        ("pkcs11:", "is not one of `pkcs11:`"),
        ("pkcs11:?module-path=/m", "is not one of `pkcs11:`"),
        ("pkcs11:key", "is not one of `pkcs11:`"),
        ("pkcs11:object=k;;token=t", "is not one of `pkcs11:`"),
        ("file:object=k", "is not one of `pkcs11:`"),
    ],
)
def test_an_address_that_is_not_wholly_understood_is_refused(
    uri: str, problem: str
) -> None:
    error = refused(uri, {})
    assert isinstance(error, UsageError)
    assert problem in str(error)


def test_an_address_may_say_all_that_tells_keys_apart() -> None:
    uri = (
        "pkcs11:token=My%20token;serial=1a;manufacturer=Acme;model=v2;slot-id=7;"
        "object=a%3Bb;id=%00%FF;type=private?module-path=/m.so&pin-source=file:/p"
    )
    assert parse(uri) == Pkcs11Uri(
        token="My token",  # noqa: S106 - its label
        serial="1a",
        manufacturer="Acme",
        model="v2",
        slot=7,
        label="a;b",
        id=b"\x00\xff",
        module="/m.so",
        pin_source="file:/p",
    )


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pkcs11", None)
    error = refused(f"pkcs11:object=k?module-path={MODULE}")
    assert isinstance(error, UsageError)
    assert error.hint == "pip install 'mcpchain[pkcs11]'"
