"""The entry point answers as the suite wants it, on real bundles and on ours."""

import hashlib
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.conformance.__main__ import main
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, Minter, statement
from tests.world.sigstore.server import open_sigstore

INSTANCE = Instance()
DIGEST = f"sha256:{hashlib.sha256(ARTIFACT).hexdigest()}"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "root.json").write_bytes(INSTANCE.trusted_root())
    (tmp_path / "a.txt").write_bytes(ARTIFACT)
    return tmp_path


def run(folder: Path, minter: Minter, file: str, *who: str) -> int:
    bundle = folder / "bundle.json"
    bundle.write_text(json.dumps(minter.sign()))
    root = ["--trusted-root", str(folder / "root.json")]
    return main(["verify-bundle", "--bundle", str(bundle), *who, *root, file])


def test_a_file_or_its_digest_is_verified(folder: Path) -> None:
    who = ("--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER)
    minter = Minter(instance=INSTANCE)
    for file in (str(folder / "a.txt"), DIGEST):
        assert run(folder, minter, file, *who) == 0
    assert run(folder, minter, f"sha256:{'0' * 64}", *who) == 1
    assert run(folder, minter, "sha256:xyz", *who) == 1
    other = ("--certificate-identity", "x", "--certificate-oidc-issuer", ISSUER)
    assert run(folder, minter, DIGEST, *other) == 1


def test_a_key_verifies_what_it_signed(folder: Path) -> None:
    minter = Minter(instance=INSTANCE, managed=True)
    key = folder / "key.pub"
    spki = PublicFormat.SubjectPublicKeyInfo
    key.write_bytes(minter.key.public_key().public_bytes(Encoding.PEM, spki))
    assert run(folder, minter, DIGEST, "--key", str(key)) == 0
    key.write_text("no key")
    assert run(folder, minter, DIGEST, "--key", str(key)) == 1


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("attest", [False, True], ids=["artifact", "statement"])
def test_what_it_signs_it_verifies(
    folder: Path,
    version: int,
    attest: bool,  # noqa: FBT001 - a parameter of the test
) -> None:
    bundle, file = folder / "bundle.json", folder / "a.txt"
    what = folder / "statement.json"
    what.write_bytes(statement())
    with open_sigstore() as sigstore:
        config = json.loads(sigstore.trust_config(version=version))
        for name in ("trustedRoot", "signingConfig"):
            (folder / name).write_text(json.dumps(config[name]))
        root = ("--bundle", str(bundle), "--trusted-root", str(folder / "trustedRoot"))
        signing = ("--signing-config", str(folder / "signingConfig"))
        token = ("--identity-token", sigstore.token())
        kind = ("--in-toto", str(what)) if attest else (str(file),)
        assert main(["sign-bundle", *root, *signing, *token, *kind]) == 0
    who = ("--certificate-identity", WORKFLOW, "--certificate-oidc-issuer", ISSUER)
    assert main(["verify-bundle", *root, *who, str(file)]) == 0
    assert main(["verify-bundle", *root, *who, f"sha256:{'0' * 64}"]) == 1
