"""`mcpchain attest`: what is said of files, and who stands for it."""

import hashlib
import json
import os
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.bundle.statement import PREDICATES
from mcpchain.cli import main
from tests.sign.keys import lay_key
from tests.sign.test_statement import GOOD

ANY = "https://acme.example/review/v1"
NAMED = f"review-v1-{hashlib.sha256(ANY.encode()).hexdigest()[:8]}.sigstore.json"
HEX = hashlib.sha256(b"elsewhere").hexdigest()


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, [str(each) for each in args])


def attest(*args: str, kind: str = ANY, predicate: str = "p.json") -> Result:
    what = ("--predicate-type", kind, "--predicate", predicate)
    return run("attest", *args, *what, "--key", "release.key")


def verify(*args: str) -> Result:
    return run("verify", *args, "--key", "release.pub", "--no-log")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_key(tmp_path)
    for name in ("a.whl", "b.whl"):
        (tmp_path / name).write_bytes(name.encode())
    (tmp_path / "p.json").write_text('{"reviewed": true}')
    return tmp_path


@pytest.mark.parametrize("kind", PREDICATES)
def test_an_attestation_lies_beside_the_file_and_is_verified(
    kind: str, folder: Path
) -> None:
    (folder / "p.json").write_text(json.dumps(GOOD[kind]))
    done = attest("a.whl", kind=kind)
    assert done.exit_code == 0, done.output
    assert f"  bundle: a.whl.{kind}.sigstore.json\n" in done.stdout
    assert f"  says: {PREDICATES[kind]}\n" in done.stdout
    told = verify("a.whl")
    assert told.exit_code == 0, told.output
    assert f"  says: {PREDICATES[kind]}\n" in told.stdout
    (folder / "a.whl").write_bytes(b"x")
    assert verify("a.whl").exit_code == 10


def test_a_file_can_be_signed_and_attested(folder: Path) -> None:
    assert run("sign", "a.whl", "--key", "release.key").exit_code == 0
    assert attest("a.whl").exit_code == 0
    assert (folder / f"a.whl.{NAMED}").exists()
    told = verify("a.whl")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "2 verified")


@pytest.mark.parametrize(
    "other",
    ["https://acme.example/scan/v1", "https://other.example/review/v1", "x:vsa", "x:."],
)
def test_no_statement_takes_the_place_of_one_of_another_type(
    other: str, folder: Path
) -> None:
    for kind in (ANY, other):
        done = attest("a.whl", "--force", kind=kind)
        assert done.exit_code == 0, done.output
    assert len([*folder.glob("a.whl.*.sigstore.json")]) == 2
    told = verify("a.whl")
    assert (told.exit_code, told.stdout.splitlines()[-1]) == (0, "2 verified")


SUMMARY = GOOD["vsa"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"verificationResult": "FAILED"}, "FAILED"),
        ({"verificationResult": "FAILED", "verifiedLevels": ["FAILED"]}, "FAILED"),
        ({"verifiedLevels": ["SLSA_BUILD_LEVEL_3", "FAILED"]}, "FAILED"),
    ],
    ids=["failed", "failed with its levels", "a level that failed"],
)
def test_a_signed_verdict_that_says_no_is_no_yes(
    change: dict[str, object], said: str, folder: Path
) -> None:
    (folder / "p.json").write_text(json.dumps(SUMMARY | change))
    done = attest("a.whl", kind="vsa")
    assert done.exit_code == 0, done.output
    told = verify("a.whl")
    assert told.exit_code == 10
    assert told.stdout.splitlines()[:3] == [
        "invalid: a.whl",
        f"  why: it is a verdict, which says `{said}`",
        "  hint: do not use it: whoever signed that verdict says so; ask them why",
    ]
    document = json.loads(verify("a.whl", "--format", "json").stdout)
    assert document["verifications"][0]["verificationResult"] == said


def test_what_a_verdict_says_is_told(folder: Path) -> None:
    (folder / "p.json").write_text(json.dumps(SUMMARY))
    assert attest("a.whl", kind="vsa").exit_code == 0
    assert "  result: PASSED\n" in verify("a.whl").stdout


def test_one_statement_is_about_several_subjects(folder: Path) -> None:
    several = ("a.whl", "b.whl", f"sha256:{HEX}", f"other@sha512:{HEX}{HEX}")
    done = attest(*several)
    assert (done.exit_code, "`--bundle FILE`" in done.output) == (2, True)
    assert attest(*several, "--bundle", "x.json").exit_code == 0
    by = ("--bundle", "x.json")
    for each in ("a.whl", "b.whl", f"sha256:{HEX}"):
        assert verify(each, *by).exit_code == 0
    assert verify("p.json", *by).exit_code == 10
    assert max(os.listdir(folder)) == "x.json"


def test_a_digest_stands_for_a_file_that_is_elsewhere(folder: Path) -> None:
    (folder / "out").mkdir()
    assert attest(f"sha256:{HEX}", "--output-dir", "out").exit_code == 0
    assert os.listdir("out") == [f"{HEX}.{NAMED}"]
    (folder / f"sha256:{HEX}").write_bytes(b"a file that is called so")
    assert attest(f"sha256:{HEX}", "--bundle", "x.json").exit_code == 0
    assert verify(f"sha256:{HEX}", "--bundle", "x.json").exit_code == 0
    (folder / f"sha256:{HEX}").unlink()
    assert verify(f"sha256:{HEX}", "--bundle", "x.json").exit_code == 10


def test_a_bom_of_ours_is_a_predicate(folder: Path) -> None:
    servers = {"mcpServers": {"files": {"command": "npx", "args": ["files@1.2.0"]}}}
    (folder / ".mcp.json").write_text(json.dumps(servers))
    made = run("sbom", ".mcp.json", "-o", "bom.json", "--no-environment")
    assert made.exit_code == 0, made.output
    done = attest("a.whl", kind="cyclonedx", predicate="bom.json")
    assert done.exit_code == 0, done.output
    assert verify("a.whl").exit_code == 0


def test_a_dry_run_signs_nothing(folder: Path) -> None:
    before = sorted(os.listdir(folder))
    done = attest("a.whl", "--dry-run")
    assert (done.exit_code, sorted(os.listdir(folder))) == (0, before)
    assert done.stdout.startswith("would sign: a.whl\n")


@pytest.mark.parametrize("kind", ["cyclonedx", "https://cyclonedx.org/bom/v1.6"])
def test_a_bom_that_its_schema_refuses_is_not_attested(kind: str, folder: Path) -> None:
    bom = GOOD["cyclonedx"] | {"components": [{"type": "library"}]}
    (folder / "p.json").write_text(json.dumps(bom))
    done = attest("a.whl", kind=kind)
    assert done.exit_code == 2
    assert '/components/0: "name" is a required property' in done.output
    (folder / "p.json").write_text(json.dumps(bom | {"specVersion": "1.99"}))
    assert attest("a.whl", kind=kind).exit_code == 0


WRONG: dict[str, tuple[tuple[str, ...], dict[str, str], str]] = {
    "no subject that is there": (("c.whl",), {}, "`c.whl` is no file"),
    "a folder": (("d",), {}, "`d` is a folder"),
    "one twice": (("a.whl", "./a.whl", "--bundle=x"), {}, "two subjects are called"),
    "a short digest": (("sha256:12",), {}, "is not a sha256 digest"),
    "an unknown digest": ((f"crc:{HEX[:32]}",), {}, "is no file"),
    "a name that leads out": (
        (f"a/../../b@sha256:{HEX}",),
        {},
        "leads out of a folder",
    ),
    "a name of no UTF-8": ((f"\udcff@sha256:{HEX}",), {}, "cannot be printed"),
    "no type": (("a.whl",), {"kind": "review"}, "is no type of predicate"),
    "a predicate that is none": (
        ("a.whl",),
        {"kind": "cyclonedx"},
        "`p.json` is no predicate of `https://cyclonedx.org/bom`: /bomFormat: ",
    ),
    "no JSON": (("a.whl",), {"predicate": "a.whl"}, "not JSON"),
    "no such predicate": (("a.whl",), {"predicate": "none"}, "does not exist"),
    "the predicate over itself": (("a.whl", "--bundle=p.json"), {}, "exists"),
    "over the predicate": (("a.whl", "--bundle=p.json", "--force"), {}, "no bundle"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_attested_is_a_usage_error(case: str, folder: Path) -> None:
    args, given, reason = WRONG[case]
    (folder / "d").mkdir()
    before = sorted(os.listdir(folder))
    done = attest(*args, **given)
    assert (done.exit_code, reason in done.output) == (2, True), done.output
    assert sorted(os.listdir(folder)) == before
    assert (folder / "p.json").read_text() == '{"reviewed": true}'


@pytest.mark.parametrize("name", ["", "git+https://x.example/a@", "app.whl@"])
@pytest.mark.parametrize(("weak", "size"), [("sha1", 40), ("md5", 32)])
def test_a_digest_that_names_no_bytes_is_said_to_be_none(
    name: str, weak: str, size: int, folder: Path
) -> None:
    done = attest(f"{name}{weak}:{HEX[:size]}", "--bundle", "out.json")
    assert (done.exit_code, f"`{weak}` names no bytes" in done.output) == (2, True)
    assert not (folder / "out.json").exists()
