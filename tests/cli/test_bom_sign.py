import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mcpchain.bom.jsf import is_broken
from mcpchain.cli import main
from tests.sign.keys import KINDS, lay_key

SECRET = "open sesame"  # noqa: S105 - of a key that is made here
PRIVATE = ec.generate_private_key(ec.SECP256R1())
BOM = {
    "bomFormat": "CycloneDX",
    "specVersion": "1.6",
    "version": 1,
    "components": [{"type": "library", "name": "x", "version": "1"}],
}


def run(*args: str | Path, passphrase: str | None = None) -> Result:
    environ = {"MCPCHAIN_KEY_PASSPHRASE": passphrase}
    return CliRunner(env=environ).invoke(main, [str(each) for each in args])


def write_key(
    folder: Path, encryption: KeySerializationEncryption | None = None
) -> Path:
    pem = PRIVATE.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, encryption or NoEncryption()
    )
    file = folder / "key.pem"
    file.write_bytes(pem)
    file.chmod(0o600)
    return file


def write_bom(folder: Path, text: str | None = None) -> Path:
    file = folder / "bom.json"
    file.write_text(json.dumps(BOM) if text is None else text, encoding="utf-8")
    return file


def public_of(folder: Path, key: ec.EllipticCurvePrivateKey) -> Path:
    file = folder / "key.pub"
    spki = PublicFormat.SubjectPublicKeyInfo
    file.write_bytes(key.public_key().public_bytes(Encoding.PEM, spki))
    return file


def test_what_is_signed_is_verified_by_the_public_key(tmp_path: Path) -> None:
    bom, key = write_bom(tmp_path), write_key(tmp_path)
    signed = tmp_path / "signed.json"
    made = run("bom", "sign", bom, "--key", key, "-o", signed)
    assert (made.exit_code, made.stdout) == (0, "")
    assert made.stderr == f"wrote {signed}: signed with {key}\n"
    again = run("bom", "sign", signed, "--key", key, "-o", signed)
    assert "in place of the signature that it had" in again.stderr
    public = public_of(tmp_path, PRIVATE)
    result = run("bom", "validate", signed, "--key", public)
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[0].endswith(": signed by that key")
    assert result.stdout.endswith("; signed by that key\n")
    told = run("bom", "validate", signed, "--key", public, "--format", "json")
    assert json.loads(told.stdout)["signature"] == {"valid": True, "problem": ""}
    changed = json.loads(signed.read_text())
    changed["components"][0]["version"] = "2"
    signed.write_text(json.dumps(changed))
    result = run("bom", "validate", signed, "--key", public)
    assert result.exit_code == 10
    problem = "its signature is by another key, or the BOM was changed"
    assert result.stdout.startswith(f"fails: {problem}\n\n")
    assert result.stdout.endswith(f"; {problem}\n")


@pytest.mark.parametrize("signed", [False, True])
def test_a_bom_without_a_signature_by_this_key_is_refused(
    signed: bool,  # noqa: FBT001 - a parameter of the test
    tmp_path: Path,
) -> None:
    bom = write_bom(tmp_path)
    if signed:
        run("bom", "sign", bom, "--key", write_key(tmp_path), "-o", bom)
    other = public_of(tmp_path, ec.generate_private_key(ec.SECP256R1()))
    result = run("bom", "validate", bom, "--key", other)
    assert result.exit_code == 10


@pytest.mark.parametrize("kind", KINDS)
def test_a_bom_that_was_changed_since_it_was_signed_is_told_without_a_key(
    kind: str, tmp_path: Path
) -> None:
    key, _ = lay_key(tmp_path, KINDS[kind])
    bom, signed = write_bom(tmp_path), tmp_path / "signed.json"
    assert run("bom", "sign", bom, "--key", key, "-o", signed).exit_code == 0
    done = run("bom", "validate", signed)
    assert (done.exit_code, done.stderr) == (0, "")
    document = json.loads(signed.read_text())
    document["components"][0]["version"] = "2"
    signed.write_text(json.dumps(document))
    done = run("bom", "validate", signed)
    assert done.exit_code == 0
    assert done.stderr.startswith("warning: the signature in it does not hold")


@pytest.mark.parametrize(
    "jwk",
    [
        None,
        [],
        {},
        {"kty": []},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-999", "x": "AA", "y": "AA"},
        {"kty": "EC", "crv": "P-256", "x": 1, "y": "?"},
        {"kty": "OKP", "crv": "Ed25519", "x": "AA"},
        {"kty": "RSA", "n": "AA", "e": "AQAB"},
        {"kty": "RSA", "n": "Aw", "e": "AA"},
    ],
    ids=str,
)
def test_a_signature_that_is_not_read_is_not_said_to_be_broken(jwk: object) -> None:
    kinds: tuple[object, ...] = ("ES256", "Ed25519", "RS256", [], None)
    for algorithm in kinds:
        signature = {"algorithm": algorithm, "publicKey": jwk, "value": "AA"}
        assert not is_broken(BOM | {"signature": signature})


def test_an_encrypted_key_needs_its_passphrase(tmp_path: Path) -> None:
    key = write_key(tmp_path, BestAvailableEncryption(SECRET.encode()))
    command = ("bom", "sign", write_bom(tmp_path), "--key", key, "-o", "-")
    assert run(*command, passphrase=SECRET).exit_code == 0
    for wrong, reason in ((None, "is encrypted"), ("wrong", "the passphrase is wrong")):
        result = run(*command, passphrase=wrong)
        assert (result.exit_code, reason in result.output) == (2, True)
        assert "wrong" not in result.output.replace("passphrase is wrong", "")


def test_a_public_key_signs_nothing(tmp_path: Path) -> None:
    key = public_of(tmp_path, PRIVATE)
    result = run("bom", "sign", write_bom(tmp_path), "--key", key, "-o", "-")
    assert (result.exit_code, "is a public key" in result.output) == (2, True)


def test_a_key_that_others_can_read_is_refused(tmp_path: Path) -> None:
    key = write_key(tmp_path)
    key.chmod(0o640)
    result = run("bom", "sign", write_bom(tmp_path), "--key", key, "-o", "-")
    assert result.exit_code == 2
    assert "can be read by others" in result.output
    assert "chmod 600" in result.output


@pytest.mark.parametrize(
    "text",
    [
        *("", "[]", "{", "{}", '{"bomFormat": "SPDX"}'),
        '{"bomFormat": "CycloneDX", "bomFormat": "CycloneDX"}',
        '{"bomFormat": "CycloneDX", "specVersion": "1.6", "components": 7}',
    ],
)
def test_what_is_no_bom_is_not_signed(text: str, tmp_path: Path) -> None:
    bom, out = write_bom(tmp_path, text), tmp_path / "out.json"
    result = run("bom", "sign", bom, "--key", write_key(tmp_path), "-o", out)
    assert result.exit_code == 2, result.output
    assert not out.exists()


def test_what_can_hold_no_signature_is_told_so(tmp_path: Path) -> None:
    xml = '<bom xmlns="http://cyclonedx.org/schema/bom/1.6"/>'
    for text, told in (
        ('{"spdxVersion": "SPDX-2.3"}', "is SPDX, which has no"),
        (xml, "is CycloneDX as XML, which is not signed"),
        (None, "is a folder"),
    ):
        target = write_bom(tmp_path, text) if text else tmp_path
        result = run("bom", "sign", target, "--key", write_key(tmp_path), "-o", "-")
        assert (result.exit_code, told in result.output) == (2, True), result.output


@pytest.mark.parametrize("text", ["", "-----BEGIN PRIVATE KEY-----\nAAAA\n", "\0"])
def test_what_is_no_key_signs_nothing(text: str, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    key.write_text(text)
    key.chmod(0o600)
    result = run("bom", "sign", write_bom(tmp_path), "--key", key, "-o", "-")
    assert (result.exit_code, "is no private key" in result.output) == (2, True)
    result = run("bom", "validate", write_bom(tmp_path), "--key", key)
    assert (result.exit_code, "no public key" in result.output) == (2, True)
