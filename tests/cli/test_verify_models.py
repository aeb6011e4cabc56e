"""`mcpchain verify` on folders of signed models."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpchain.cli import main
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ISSUER, Minter
from tests.world.sigstore.models import (
    FILES,
    PrivateCa,
    lay,
    resources,
    statement,
)

INSTANCE = Instance()
MINTER = Minter(instance=INSTANCE, managed=True, entries=())
CA = PrivateCa(INSTANCE.now)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["verify", *(str(each) for each in args)])


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return lay(tmp_path / "models" / "llama")


@pytest.fixture
def key(tmp_path: Path) -> tuple[str, Path]:
    file = tmp_path / "acme.pub"
    spki = PublicFormat.SubjectPublicKeyInfo
    pem = MINTER.key.public_key().public_bytes(Encoding.PEM, spki)
    file.write_bytes(b"The key of Acme\n" + pem)
    return "--key", file


@pytest.fixture
def ca(tmp_path: Path) -> tuple[str, Path]:
    file = tmp_path / "ca.pem"
    file.write_bytes(CA.pem)
    return "--ca", file


def sign(file: Path, payload: bytes | None = None, **material: Any) -> Path:  # noqa: ANN401 - JSON
    bundle = MINTER.attest(statement() if payload is None else payload)
    if material:
        bundle["verificationMaterial"] = material
    file.write_text(json.dumps(bundle))
    return file


@pytest.mark.parametrize(
    "place",
    [
        "llama/model.sig",
        "llama/model.sig.json",
        "llama/acme.sig",
        "llama.sig",
        "llama.sig.json",
        "llama.sigstore.json",
        "model.sig",
    ],
)
def test_a_signature_is_found_in_the_folder_or_beside_it(
    place: str, model: Path, key: tuple[str, Path]
) -> None:
    sign(model.parent / place)
    result = run(model, *key)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"verified: {model}"
    assert lines[2] == "  says: https://model_signing/signature/v1.0"


def test_a_signature_may_lie_anywhere_else(
    model: Path, key: tuple[str, Path], tmp_path: Path
) -> None:
    bundle = sign(tmp_path / "x.json")
    assert run(model, "--bundle", bundle, *key).exit_code == 0
    assert run(model, *key).exit_code == 10
    assert run(model, "--bundle", bundle).exit_code == 10


def test_every_signature_of_a_model_has_to_hold(
    model: Path, key: tuple[str, Path]
) -> None:
    sign(model / "model.sig")
    sign(model / "model.sig.json", statement(resources({"x": b""})))
    result = run(model, *key)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[-1] == "1 verified, 1 invalid"


@pytest.mark.parametrize("data", [b"", b"{", b"-----BEGIN PGP SIGNATURE-----", b"{}"])
def test_a_signature_that_is_none_is_not_missing(
    data: bytes, model: Path, key: tuple[str, Path]
) -> None:
    (model / "model.sig").write_bytes(data)
    result = run(model, *key)
    assert result.exit_code == 10
    assert result.stdout.startswith(
        f"unverifiable: {model}\n  why: `model.sig` is no bundle"
    )


def test_signatures_of_another_kind_in_a_folder_are_none_of_it(
    model: Path, key: tuple[str, Path]
) -> None:
    (model / "weights.sig").write_bytes(b"-----BEGIN PGP SIGNATURE-----")
    result = run(model, *key)
    assert result.stdout.startswith(f"missing: {model}\n  why: no signature of a model")


def test_an_authority_is_named_and_may_be_asked_for_somebody(
    model: Path, ca: tuple[str, Path]
) -> None:
    sign(model / "model.sig", **CA.material(CA.leaf(MINTER.key)))
    result = run(model, *ca)
    assert result.exit_code == 0, result.output
    assert "  signed by: CN=acme\n  issuer: CN=models\n" in result.stdout
    assert "  note: no time is proven" in result.stdout
    assert run(model, *ca, "--identity", "CN=acme").exit_code == 0
    assert run(model, *ca, "--identity", "CN=evil").exit_code == 10
    result = run(model, *ca, "--issuer", ISSUER)
    assert (result.exit_code, "stands in place of" in result.output) == (2, True)
    result = run(model)
    assert (result.exit_code, "name that with `--ca`" in result.output) == (10, True)
    result = run(model, "--ca", model / "config.json")
    assert (result.exit_code, "holds no certificate" in result.output) == (2, True)


def test_source_date_epoch_makes_no_certificate_valid(
    model: Path, ca: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    old = CA.leaf(MINTER.key, valid=(-9, -1))
    sign(model / "model.sig", **CA.material(old))
    then = int(INSTANCE.now.timestamp()) - 2 * 86_400
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(then))
    assert run(model, *ca).exit_code == 10


def test_what_the_user_leaves_out_is_told(model: Path, key: tuple[str, Path]) -> None:
    sign(model / "model.sig")
    lay(model, {"docs/a.md": b"", "run.py": b""})
    assert run(model, *key).exit_code == 10
    result = run(model, *key, "--ignore", "docs/", "--ignore", "run.py")
    assert result.exit_code == 0, result.output
    assert "  note: not signed: `--ignore` leaves out `docs/a.md`, `run.py`\n" in (
        result.stdout
    )
    assert "  note: not signed, and a program may load it: `run.py`\n" in result.stdout
    told = json.loads(
        run(model, *key, "--ignore=docs", "--ignore=run.py", "--format=json").stdout
    )
    assert len(told["verifications"][0]["notes"]) == 2


@pytest.mark.parametrize("path", [".", "..", "../llama", "/etc", ""])
def test_nothing_but_a_part_of_the_folder_is_left_out(
    path: str, model: Path, key: tuple[str, Path]
) -> None:
    sign(model / "model.sig")
    result = run(model, *key, "--ignore", path)
    assert (result.exit_code, "is no path in the folder" in result.output) == (2, True)


@pytest.mark.parametrize("suffix", [".sig", ".sigstore.json"])
def test_a_model_of_one_file_is_verified(
    suffix: str, tmp_path: Path, key: tuple[str, Path]
) -> None:
    file = tmp_path / "model.gguf"
    file.write_bytes(b"GGUF")
    payload = statement(resources({".": b"GGUF"}))
    sign(file.with_name(file.name + suffix), payload)
    result = run(file, *key)
    assert result.exit_code == 0, result.output
    file.write_bytes(b"GGUf")
    assert run(file, *key).exit_code == 10


def test_a_folder_that_cannot_be_listed_is_an_error(
    model: Path, key: tuple[str, Path]
) -> None:
    sign(model / "model.sig")
    deep = model / "/".join(["d"] * 102)
    deep.mkdir(parents=True)
    result = run(model, *key)
    assert result.exit_code == 4
    assert "folders deep" in result.stdout


def test_a_model_that_pretends_to_be_an_image_is_a_model(
    model: Path, key: tuple[str, Path]
) -> None:
    lay(model, {"oci-layout": b'{"imageLayoutVersion": "1.0.0"}', "index.json": b"{}"})
    result = run(model, *key)
    assert result.stdout.startswith(f"missing: {model}\n  why: no signature of a model")
    sign(model / "model.sig")
    assert "`index.json` was not signed" in run(model, *key).stdout


def test_names_in_a_model_cannot_write_on_the_terminal(
    model: Path, key: tuple[str, Path]
) -> None:
    sign(model / "model.sig", statement(resources(FILES | {"\x1b[2Ka\nb": b""})))
    (model / "\x1b]0;x\x07").write_bytes(b"")
    result = run(model, *key)
    assert "\x1b" not in result.stdout
    assert "`%1B]0;x%07` was not signed" in result.stdout
