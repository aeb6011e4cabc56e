"""`mcpchain verify` on files, with bundles of a Sigstore of our own."""

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpchain.cli import main
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, ISSUER, WORKFLOW, Minter

INSTANCE = Instance()
ACME = ("--repository", "acme/files")
WHOM = {
    "issuer": ISSUER,
    "kind": "uri",
    "repository": "https://github.com/acme/files",
    "repositoryId": "1001",
    "ownerId": "2002",
    "signerWorkflow": WORKFLOW,
    "buildConfig": WORKFLOW,
}
PERSON = ("--identity", "me@acme.example", "--issuer", "https://accounts.example")


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["verify", *(str(each) for each in args)])


@pytest.fixture
def root(tmp_path: Path) -> tuple[str, Path]:
    file = tmp_path / "root.json"
    file.write_bytes(INSTANCE.trusted_root())
    return "--trusted-root", file


@pytest.fixture
def file(tmp_path: Path) -> Path:
    made = tmp_path / "files.tar.gz"
    made.write_bytes(ARTIFACT)
    return made


def sign(file: Path, suffix: str = ".sigstore.json", **shape: Any) -> Path:  # noqa: ANN401 - of Minter
    bundle = file.with_name(file.name + suffix)
    bundle.write_text(json.dumps(Minter(instance=INSTANCE, **shape).sign()))
    return bundle


def test_a_file_with_its_bundle_is_verified(file: Path, root: tuple[str, Path]) -> None:
    sign(file)
    result = run(file, *ACME, *root)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    assert lines[0] == f"verified: {file}"
    assert lines[1:5] == [
        f"  signed by: {WORKFLOW}",
        f"  issuer: {ISSUER}",
        "  repository: https://github.com/acme/files",
        "  ref: refs/tags/v1.2.0",
    ]
    assert lines[-1] == "1 verified"


@pytest.mark.parametrize(
    ("options", "exit_code", "words"),
    [
        ((), 10, "untrusted-identity"),
        (("--repository", "evil/files"), 10, "repository is `https://github.com/acme"),
        (("--repository", "https://gitlab.com/acme/files"), 10, "issuer is"),
        (("--identity", WORKFLOW, "--issuer", ISSUER), 0, "verified"),
        (("--identity", WORKFLOW), 2, "name the issuer"),
        (("--issuer", ISSUER), 2, "an issuer alone is no identity"),
        ((*ACME, "--workflow", ".github/workflows/release.yml"), 0, "verified"),
        ((*ACME, "--workflow", ".github/workflows/evil.yml"), 10, "workflow is"),
        ((*ACME, "--ref", "refs/tags/*"), 0, "verified"),
        ((*ACME, "--ref", "refs/heads/*"), 10, "ref is `refs/tags/v1.2.0`"),
        (("--ref", "refs/tags/*"), 2, "name the issuer"),
    ],
    ids=str,
)
def test_it_is_by_whom_the_user_expects_or_refused(
    options: tuple[str, ...],
    exit_code: int,
    words: str,
    file: Path,
    root: tuple[str, Path],
) -> None:
    sign(file)
    result = run(file, *options, *root)
    assert (result.exit_code, words in result.output) == (exit_code, True), (
        result.output
    )


def test_the_public_root_knows_nothing_of_another_instance(file: Path) -> None:
    sign(file)
    result = run(file, *ACME)
    assert result.exit_code == 10
    assert result.stdout.startswith(f"unverifiable: {file}\n  why: the trusted root")


def test_a_file_without_a_bundle_is_missing_one(file: Path) -> None:
    result = run(file, *PERSON)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:2] == [
        f"missing: {file}",
        "  why: no bundle or attestation lies beside it",
    ]


def test_other_bytes_are_invalid_and_tell_nothing_of_a_signer(
    file: Path, root: tuple[str, Path]
) -> None:
    sign(file)
    file.write_bytes(b"other bytes")
    result = run(file, *ACME, *root)
    assert result.exit_code == 10
    assert "invalid: " in result.stdout
    assert "signed by" not in result.stdout


def test_every_bundle_has_to_hold(file: Path, root: tuple[str, Path]) -> None:
    sign(file)
    sign(file, ".sigstore").write_text("{")
    result = run(file, *ACME, *root)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[-1] == "1 verified, 1 unverifiable"
    assert "hint: name the bundle or attestation" in result.stdout


@pytest.mark.parametrize("forced", [False, True])
def test_bundles_among_the_targets_are_looked_at_with_their_files(
    forced: bool,  # noqa: FBT001 - a parameter
    file: Path,
    root: tuple[str, Path],
) -> None:
    bundle = sign(file)
    other = file.with_name("other.txt")
    other.write_bytes(ARTIFACT)
    sign(other)
    if forced:
        other.write_bytes(b"tampered with")
    both = (bundle, other, file, other.with_name("other.txt.sigstore.json"))
    result = run(*both, *ACME, *root)
    assert result.exit_code == (10 if forced else 0)
    assert result.stdout.splitlines()[-2:] == [
        "note: 2 TARGETs are bundles of others, and looked at with those",
        "1 verified, 1 invalid" if forced else "2 verified",
    ]


def test_a_bundle_alone_is_a_file_that_nobody_signed(
    file: Path, root: tuple[str, Path]
) -> None:
    bundle = sign(file)
    assert run(bundle, *PERSON, *root).stdout.splitlines()[-1] == "1 missing"
    signed = bundle.with_name(f"{bundle.name}.sigstore.json")
    signed.write_text("{")
    result = run(file, bundle, *ACME, *root)
    assert result.stdout.splitlines()[-1] == "1 verified, 1 unverifiable"


def test_statements_of_any_name_beside_a_file_are_looked_at(
    file: Path, root: tuple[str, Path]
) -> None:
    sign(file, ".review.sigstore.json")
    assert run(file, *ACME, *root).stdout.startswith(f"verified: {file}\n")
    sign(file, ".a.b.sigstore.json").write_text("{")
    result = run(file, *ACME, *root)
    assert result.stdout.splitlines()[-1] == "1 verified, 1 unverifiable"
    file.write_bytes(b"other")
    assert "1 invalid" in run(file, *ACME, *root).stdout


def test_the_bundle_of_a_file_with_a_longer_name_is_not_looked_at(
    file: Path, root: tuple[str, Path]
) -> None:
    sign(file)
    longer = file.with_name(f"{file.name}.sbom.json")
    longer.write_text("other")
    sign(longer).write_text("{")
    result = run(file, *ACME, *root)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 verified")


@pytest.mark.parametrize("suffix", [".sig", ".asc", ".sigstore.bundle"])
def test_what_lies_beside_a_file_and_is_not_looked_for_is_told(
    suffix: str, file: Path
) -> None:
    name = file.with_name(file.name + suffix)
    name.write_text("it")
    assert (
        f"  note: `{name.name}` lies beside it: if it is a bundle, name it: "
        "`--bundle`\n" in run(file, *PERSON).stdout
    )


def test_a_digest_is_verified_with_the_bundle_that_is_named(
    file: Path, root: tuple[str, Path]
) -> None:
    bundle = sign(file)
    digest = f"sha256:{hashlib.sha256(ARTIFACT).hexdigest()}"
    assert run(digest, "--bundle", bundle, *ACME, *root).exit_code == 0
    other = f"sha256:{hashlib.sha256(b'other').hexdigest()}"
    assert run(other, "--bundle", bundle, *ACME, *root).exit_code == 10
    assert run(digest, *PERSON, *root).exit_code == 2
    assert run("sha256:abc", "--bundle", bundle, *ACME, *root).exit_code == 2


@pytest.mark.parametrize("logged", ["log", "no log"])
def test_a_key_stands_for_an_identity(
    logged: str, file: Path, root: tuple[str, Path], tmp_path: Path
) -> None:
    entries = ("hashedrekord/0.0.1",) if logged == "log" else ()
    minter = Minter(instance=INSTANCE, managed=True, entries=entries)
    bundle = file.with_name(f"{file.name}.sigstore.json")
    bundle.write_text(json.dumps(minter.sign()))
    key = tmp_path / "acme.pub"
    spki = PublicFormat.SubjectPublicKeyInfo
    key.write_bytes(minter.key.public_key().public_bytes(Encoding.PEM, spki))
    assert run(file, "--key", key, *root).exit_code == (0 if entries else 10)
    result = run(file, "--key", key, "--no-log", *root)
    assert result.exit_code == 0
    assert "  key: sha256:" in result.stdout


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--key", "no.pub"), "does not exist"),
        (("--key", "FILE"), "holds no public key"),
        (("--trusted-root", "FILE"), "is no trusted root"),
    ],
    ids=str,
)
def test_what_cannot_be_used_is_said(
    options: tuple[str, str], words: str, file: Path
) -> None:
    given = [str(file) if each == "FILE" else each for each in options]
    result = run(file, *given)
    assert (result.exit_code, words in result.output) == (2, True)


def test_a_folder_without_a_signature_is_missing_one(tmp_path: Path) -> None:
    result = run(tmp_path, *ACME)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[:2] == [
        f"missing: {tmp_path}",
        "  why: no signature of a model lies in it or beside it",
    ]


def test_what_is_not_there_is_no_file(tmp_path: Path) -> None:
    result = run(tmp_path / "gone", *ACME)
    assert (result.exit_code, "is no file" in result.output) == (2, True)


def test_json_tells_every_check(file: Path, root: tuple[str, Path]) -> None:
    sign(file)
    result = run(file, *ACME, "--format", "json", *root)
    document = json.loads(result.stdout)
    assert (document["schema"], document["exit"]) == ("mcpchain/verification/v1", 0)
    (found,) = document["verifications"]
    assert (found["status"], found["expectedBy"]) == ("verified", "user")
    assert [each["id"] for each in found["checks"]][:3] == ["signature", "log", "time"]
    assert {key: found["identity"][key] for key in WHOM} == WHOM
    about = {
        "target": str(file),
        "bundle": f"{file}.sigstore.json",
        "sha256": hashlib.sha256(ARTIFACT).hexdigest(),
    }
    assert {key: found[key] for key in about} == about
    assert "hint" not in found
    assert not any("_" in key for key in found["identity"])
    readme = (Path(__file__).parents[2] / "README.md").read_text()
    told = {*document, *found} - {"mcpchain", "verifications"}
    assert [each for each in sorted(told) if f"`{each}`" not in readme] == []


def test_json_tells_what_to_do(file: Path, root: tuple[str, Path]) -> None:
    sign(file)
    file.write_bytes(b"other")
    result = run(file, *ACME, "--format", "json", *root)
    (found,) = json.loads(result.stdout)["verifications"]
    told = (found["hint"], found["sha256"])
    assert told == (
        "do not use it; get it again from its maker, and ask them",
        hashlib.sha256(b"other").hexdigest(),
    )


def test_a_name_cannot_write_on_the_terminal(
    tmp_path: Path, root: tuple[str, Path]
) -> None:
    file = tmp_path / "a\x1b[2Kverified: b"
    file.write_bytes(ARTIFACT)
    result = run(file, *ACME, *root)
    assert "\x1b" not in result.stdout


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data" / "mcpchain" / "trust"


def test_a_root_that_was_imported_is_named(
    file: Path, root: tuple[str, Path], data: Path
) -> None:
    sign(file)
    added = ["trust", "import", str(root[1]), "--name", "acme"]
    assert CliRunner().invoke(main, added).exit_code == 0
    result = run(file, *ACME, "--root", "acme")
    assert result.exit_code == 0, result.output
    digest = hashlib.sha256(INSTANCE.trusted_root()).hexdigest()
    told = f"  root: acme, imported (sha256:{digest}), 0 days old"
    assert told in result.stdout.splitlines()
    assert run(file, *ACME).exit_code == 10
    (data / f"{digest}.json").write_bytes(b"{}")
    result = run(file, *ACME, "--root", "acme")
    assert result.exit_code == 4
    assert "was changed since it was imported" in result.stderr


def test_an_update_that_nobody_vouches_for_is_no_root(file: Path, data: Path) -> None:
    sign(file)
    data.mkdir(parents=True, mode=0o700)
    (data / "updated.json").write_text("{}")
    result = run(file, *ACME)
    assert result.exit_code == 4
    assert "the update in the trust folder cannot be read" in result.stderr


def test_a_root_has_one_name(file: Path, root: tuple[str, Path], data: Path) -> None:
    assert run(file, *ACME, "--root", "acme").exit_code == 2
    assert run(file, *PERSON, "--root", "sigstore").exit_code == 10
    assert run(file, *ACME, "--root", "sigstore", *root).exit_code == 2
    assert not data.exists()


@pytest.mark.parametrize(
    ("entries", "demand", "exit_code", "last"),
    [
        (("dsse/0.0.1",), "off", 0, "statement"),
        (("dsse/0.0.1",), "required", 0, "second-opinion"),
        (("dsse/0.0.1",), "when-supported", 0, "second-opinion"),
        (("intoto/0.0.2",), "when-supported", 0, "no-second-opinion"),
        (("intoto/0.0.2",), "required", 10, "second-opinion"),
    ],
    ids=str,
)
def test_a_second_opinion_is_asked_where_the_user_wants_one(
    entries: tuple[str, ...],
    demand: str,
    exit_code: int,
    last: str,
    file: Path,
    root: tuple[str, Path],
) -> None:
    bundle = Minter(instance=INSTANCE, entries=entries).attest()
    file.with_name(f"{file.name}.sigstore.json").write_text(json.dumps(bundle))
    given = (*ACME, *root, "--second-opinion", demand, "--format", "json")
    result = run(file, *given)
    assert result.exit_code == exit_code, result.output
    (found,) = json.loads(result.stdout)["verifications"]
    assert found["checks"][-1]["id"] == last
