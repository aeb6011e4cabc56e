"""`mcpchain sign` with keys: who stands for files and digests."""

import json
import os
import pty
import shlex
import subprocess
import sys
import threading
from collections.abc import Iterator
from glob import glob
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from mcpchain.sign.local_key import LocalKey
from tests.sign.keys import KEYS, KINDS, lay_key
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.server import SigstoreServer, open_sigstore

SECRET = "open sesame"  # noqa: S105 - of a key that is made here
HEX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
"""SHA-256 of `x`."""


def run(*args: str | Path, **environ: str | None) -> Result:
    given = {"MCPCHAIN_KEY_PASSPHRASE": None, **environ}
    return CliRunner(env=given).invoke(main, [str(each) for each in args])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_key(tmp_path)
    for name in ("a.whl", "b.whl"):
        (tmp_path / name).write_bytes(name.encode())
    return tmp_path


def names(folder: Path) -> list[str]:
    usual = {"release.key", "release.pub", "a.whl", "b.whl"}
    return sorted({each.name for each in folder.iterdir()} - usual)


def fingerprint(key: LocalKey = KEYS["P-256"]) -> str:
    from mcpchain.bundle import keys

    return keys.fingerprint(key.public)


def test_files_are_signed_beside_them_and_verified(folder: Path) -> None:
    done = run("sign", "a.whl", "b.whl", "--key", "release.key")
    assert done.exit_code == 0, done.output
    assert done.stderr == ""
    lines = done.stdout.splitlines()
    assert lines[0] == "signed: a.whl"
    assert lines[1] == "  bundle: a.whl.sigstore.json"
    assert lines[3] == (
        "  log: none; `mcpchain verify` takes it with `--key` and `--no-log`"
    )
    assert lines[-2:] == [
        f"by: key release.key (sha256:{fingerprint()})",
        "2 signed",
    ]
    assert names(folder) == ["a.whl.sigstore.json", "b.whl.sigstore.json"]
    check = ("verify", "a.whl", "b.whl", "--key", "release.pub")
    assert run(*check, "--no-log").exit_code == 0
    assert run(*check).exit_code == 10
    (folder / "a.whl").write_bytes(b"x")
    assert run(*check, "--no-log").exit_code == 10


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_key_signs_and_verifies(kind: str, folder: Path) -> None:
    lay_key(folder, KINDS[kind], SECRET)
    key = ("--key", "release.key")
    done = run("sign", "a.whl", *key, MCPCHAIN_KEY_PASSPHRASE=SECRET)
    assert done.exit_code == 0, done.output
    assert SECRET not in done.output
    told = run("verify", "a.whl", "--key", "release.pub", "--no-log")
    assert told.exit_code == 0, told.output


def test_it_is_told_as_json(folder: Path) -> None:
    key = ("--key", "release.key", "--format", "json")
    told = json.loads(run("sign", "a.whl", *key).stdout)
    (entry,) = told["signed"]
    assert told["schema"] == "mcpchain/signing/v1"
    assert told["signer"] == f"key release.key (sha256:{fingerprint()})"
    assert entry["digest"].startswith("sha256:")
    assert entry == {
        "subject": "a.whl",
        "kind": "file",
        "bundle": "a.whl.sigstore.json",
        "digest": entry["digest"],
        "signed": True,
        "logIndexes": [],
        "notes": [],
        "times": [],
        "key": f"sha256:{fingerprint()}",
    }
    assert names(folder) == ["a.whl.sigstore.json"]


def test_a_dry_run_signs_nothing(folder: Path) -> None:
    done = run("sign", "a.whl", "--key", "release.key", "--dry-run")
    assert (done.exit_code, names(folder)) == (0, [])
    assert done.stdout == (
        "would sign: a.whl\n"
        "  bundle: a.whl.sigstore.json\n"
        f"by: key release.key (sha256:{fingerprint()})\n"
        "1 would be signed; nothing was\n"
    )
    told = run("sign", "a.whl", "--key", "release.key", "--dry-run", "--format", "json")
    assert json.loads(told.stdout)["signed"][0]["signed"] is False


@pytest.mark.parametrize("renamed", ["a.whl.sigstore.json", "renamed.json"])
def test_bundles_among_several_are_left_out_and_told(
    renamed: str, folder: Path
) -> None:
    assert run("sign", "a.whl", "--key", "release.key").exit_code == 0
    (folder / "a.whl.sigstore.json").rename(folder / renamed)
    given = ("a.whl", "b.whl", renamed, "--key", "release.key", "--force")
    done = run("sign", *given)
    assert done.exit_code == 0, done.output
    assert done.stderr == f"left out, since bundles are not signed: {renamed}\n"
    assert done.stdout.endswith("2 signed\n")
    alone = run("sign", renamed, "--key", "release.key")
    assert (alone.exit_code, "is a bundle itself" in alone.output) == (2, True)
    assert not (folder / f"{renamed}.sigstore.json").exists()


@pytest.mark.parametrize("key", ["m/release.key", "m/sub/release.key", "link"])
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["real", "dry"])
def test_the_private_key_is_not_signed(
    key: str, dry: tuple[str, ...], folder: Path
) -> None:
    (folder / "m" / "sub").mkdir(parents=True)
    (folder / "m" / "w.bin").write_bytes(b"w")
    for place in ("m", "m/sub"):
        lay_key(folder / place)
    (folder / "link").symlink_to("m/sub/release.key")
    for target in ("m", "model m", key):
        done = run("sign", *target.split(), "--key", key, *dry)
        assert (done.exit_code, "the private key that signs" in done.output) == (
            2,
            True,
        )
    assert not (folder / "m" / "model.sig").exists()
    kept = ("--ignore", os.path.relpath(os.path.realpath(key), "m"))
    assert run("sign", "m", "--key", key, *kept, *dry).exit_code == 0


def test_a_copy_of_the_private_key_is_not_signed_either(folder: Path) -> None:
    copy = folder / "copy.key"
    copy.write_bytes((folder / "release.key").read_bytes())
    done = run("sign", "a.whl", "copy.key", "--key", "release.key")
    assert done.exit_code == 2
    assert "`copy.key` is the private key that signs" in done.output
    assert not (folder / "a.whl.sigstore.json").exists()


def test_a_folder_among_several_is_told_to_be_a_model(folder: Path) -> None:
    (folder / "m").mkdir()
    (folder / "m" / "w.bin").write_bytes(b"w")
    done = run("sign", "a.whl", "m", "--key", "release.key")
    assert "signed: m\n  as: a model, with every file in it\n" in done.stdout


def test_bundles_go_where_they_are_wanted(folder: Path) -> None:
    (folder / "out").mkdir()
    key = ("--key", "release.key")
    assert run("sign", "a.whl", *key, "--bundle", "x.json").exit_code == 0
    both = ("sign", "a.whl", "b.whl", *key)
    assert run(*both, "--output-dir", "out").exit_code == 0
    assert names(folder) == ["out", "x.json"]
    assert sorted(os.listdir("out")) == ["a.whl.sigstore.json", "b.whl.sigstore.json"]


def test_a_digest_is_signed_without_the_file(folder: Path) -> None:
    sign = ("sign", "--digest", f"sha256:{HEX}", "--key", "release.key")
    assert "beside which" in run(*sign).output
    assert run(*sign, "--bundle", "x.json").exit_code == 0
    (folder / "x").write_bytes(b"x")
    by = ("--bundle", "x.json", "--key", "release.pub", "--no-log")
    assert run("verify", "x", *by).exit_code == 0
    assert run("verify", f"sha256:{HEX}", *by).exit_code == 0
    assert run("verify", "a.whl", *by).exit_code == 10
    assert run(*sign, "--output-dir", ".").exit_code == 0
    assert f"{HEX}.sigstore.json" in names(folder)


def test_what_the_readme_tells_works_as_written(folder: Path) -> None:
    readme = Path(__file__).parents[2] / "README.md"
    _, _, section = readme.read_text().partition("\n## Sign\n")
    block = section.split("```")[1]
    for path in ("dist/app.whl", "dist/app.tar.gz", "models/llama/w.safetensors"):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(path.encode())
    (folder / "bom.json").write_text('{"bomFormat": "CycloneDX", "specVersion": "1.6"}')
    (folder / "release.key").unlink()
    (folder / "release.pub").unlink()
    commands = [shlex.split(line, comments=True) for line in block.splitlines()[1:]]
    assert len(commands) == 6
    for _, *args in commands:
        given = [each for arg in args for each in sorted(glob(arg)) or [arg]]
        done = run(*given, MCPCHAIN_KEY_PASSPHRASE=SECRET)
        assert done.exit_code == 0, done.output
    assert sorted(os.listdir("dist")) == [
        "app.tar.gz",
        "app.tar.gz.sigstore.json",
        "app.whl",
        "app.whl.cyclonedx.sigstore.json",
        "app.whl.sigstore.json",
    ]


WRONG: dict[str, tuple[tuple[str, ...], str]] = {
    "nothing": ((), "nothing to sign"),
    "no such file": (("c.whl",), "`c.whl` is no file"),
    "a device": (("/dev/null",), "is no file"),
    "a bundle": (("x.sigstore.json",), "is a bundle itself"),
    "the same twice": (("a.whl", "./a.whl"), "would both be"),
    "two of one name": (("a.whl", "d/a.whl", "--output-dir", "d"), "would both be"),
    "one bundle for two": (("a.whl", "b.whl", "--bundle", "x"), "is for one bundle"),
    "two places": (
        ("a.whl", "--bundle", "x", "--output-dir", "d"),
        "exclude each other",
    ),
    "no such folder": (("a.whl", "--bundle", "no/x.json"), "cannot be written"),
    "a folder as bundle": (("a.whl", "--bundle", "d"), "cannot be written"),
    "over itself": (("a.whl", "--bundle", "a.whl"), "`a.whl` exists"),
    "over a file": (("a.whl", "--bundle", "b.whl", "--force"), "is no bundle"),
    "over a device": (("a.whl", "--bundle", "/dev/null", "--force"), "is no bundle"),
    "a short digest": (("--digest", "sha256:12"), "is not a sha256 digest"),
    "a weak digest": (("--digest", f"sha1:{HEX[:40]}"), "names no bytes"),
    "no digest": (("--digest", HEX), "names no digest algorithm"),
    "another digest": (
        ("--digest", f"sha512:{HEX}{HEX}", "--bundle", "x"),
        "signs a sha256",
    ),
    "standard output": (("a.whl", "--bundle", "-"), "not to standard output"),
    "a token too": (("a.whl", "--identity-token", "x.y.z"), "exclude each other"),
    "an idle root": (("a.whl", "--root", "nosuch"), "changes nothing"),
    "a digest as file": ((f"sha256:{HEX}", "--bundle", "x"), "`sign --digest sha256:"),
    "two roots": (("a.whl", "--root", "x", "--trusted-root", "a.whl"), "exclude each"),
    "no root": (("a.whl", "--trusted-root", "a.whl"), "is no trusted root"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_be_done_as_asked_is_a_usage_error(case: str, folder: Path) -> None:
    args, reason = WRONG[case]
    (folder / "x.sigstore.json").write_text("{}")
    (folder / "d").mkdir()
    (folder / "d" / "a.whl").write_bytes(b"a")
    done = run("sign", *args, "--key", "release.key")
    assert (done.exit_code, reason in done.output) == (2, True), done.output
    assert "hint: " in done.output
    assert names(folder) == ["d", "x.sigstore.json"]
    assert os.listdir("d") == ["a.whl"]


@pytest.mark.usefixtures("folder")
def test_a_token_that_is_set_for_others_does_not_keep_a_key_from_signing() -> None:
    token = {"MCPCHAIN_IDENTITY_TOKEN": "x.y.z"}
    done = run("sign", "a.whl", "--key", "release.key", **token)
    assert done.exit_code == 0, done.output


def test_hints_for_a_key_fit_what_is_wrong(folder: Path) -> None:
    done = run("sign", "a.whl", "--key", "missing.key")
    assert (done.exit_code, "hint: name a key that is there" in done.output) == (
        2,
        True,
    )
    lay_key(folder, passphrase=SECRET)
    wrong = {"MCPCHAIN_KEY_PASSPHRASE": "x"}
    done = run("sign", "a.whl", "--key", "release.key", **wrong)
    assert "hint: give the passphrase that it was made with" in done.output
    assert "BEGIN" not in done.output


def test_somebody_has_to_sign(folder: Path) -> None:
    done = run("sign", "a.whl")
    assert done.exit_code in {2, 4}
    assert names(folder) == []


def secrets(folder: Path) -> Iterator[str]:
    """Yield what must be in no output: lines of the key, and the passphrase."""
    yield SECRET
    yield "wrong sesame"
    for line in (folder / "release.key").read_text().splitlines():
        if not line.startswith("---"):
            yield line


BAD_KEYS: dict[str, tuple[dict[str, str | None], str]] = {
    "no passphrase": ({}, "is encrypted"),
    "an empty passphrase": ({"MCPCHAIN_KEY_PASSPHRASE": ""}, "is encrypted"),
    "a wrong passphrase": (
        {"MCPCHAIN_KEY_PASSPHRASE": "wrong sesame"},
        "the passphrase is wrong",
    ),
}


@pytest.mark.parametrize("case", BAD_KEYS)
def test_without_its_passphrase_a_key_signs_nothing(case: str, folder: Path) -> None:
    environ, reason = BAD_KEYS[case]
    lay_key(folder, passphrase=SECRET)
    done = run("sign", "a.whl", "--key", "release.key", **environ)
    assert (done.exit_code, reason in done.output) == (2, True)
    assert not any(each in done.output for each in secrets(folder))
    assert names(folder) == []


@pytest.mark.parametrize(
    ("content", "mode", "reason"),
    [
        (None, 0o644, "can be read by others"),
        (None, 0o640, "can be read by others"),
        (b"", 0o600, "is no private key in PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nMII\n", 0o600, "is no private key in PEM"),
        (b"\xff" * 100_000, 0o600, "is no private key in PEM"),
    ],
    ids=["world-readable", "readable by a group", "empty", "cut", "bytes"],
)
def test_a_key_file_that_is_not_as_it_should_be_signs_nothing(
    content: bytes | None, mode: int, reason: str, folder: Path
) -> None:
    if content is not None:
        (folder / "release.key").write_bytes(content)
    (folder / "release.key").chmod(mode)
    done = run("sign", "a.whl", "--key", "release.key")
    assert (done.exit_code, reason in done.output) == (2, True)
    assert names(folder) == []
    if content is None:
        assert not any(each in done.output for each in secrets(folder))


@pytest.mark.parametrize("key", ["release.pub", "no.key", ".", "a.whl"])
def test_what_is_no_private_key_signs_nothing(key: str, folder: Path) -> None:
    (folder / "a.whl").chmod(0o600)
    assert run("sign", "b.whl", "--key", key).exit_code == 2
    assert names(folder) == []


def test_a_passphrase_is_asked_for_on_a_terminal(folder: Path) -> None:
    lay_key(folder, passphrase=SECRET)
    primary, secondary = pty.openpty()
    command = [sys.executable, "-m", "mcpchain", "sign", "a.whl", "--key"]
    environ = {k: v for k, v in os.environ.items() if k != "MCPCHAIN_KEY_PASSPHRASE"}
    with subprocess.Popen(
        [*command, "release.key"],
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=environ,
        start_new_session=True,
    ) as process:
        os.close(secondary)
        shown = b""
        while b"Passphrase" not in shown:
            shown += os.read(primary, 1024)
        os.write(primary, SECRET.encode() + b"\n")
        while b"1 signed" not in shown:
            shown += os.read(primary, 1024)
    os.close(primary)
    assert (process.returncode, SECRET.encode() in shown) == (0, False)
    assert names(folder) == ["a.whl.sigstore.json"]


def test_a_failure_of_ours_shows_no_secret(folder: Path) -> None:
    """Not even a traceback has the key or its passphrase in it."""
    lay_key(folder, passphrase=SECRET)
    code = (
        "import sys\n"
        "from mcpchain.sign import key_signer\n"
        "key_signer.write = None\n"
        "from mcpchain.cli import main\n"
        "main(sys.argv[1:])\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, "sign", "a.whl", "--key", "release.key"],
        env=os.environ | {"MCPCHAIN_KEY_PASSPHRASE": SECRET},
        capture_output=True,
        text=True,
        check=False,
    )
    assert "TypeError" in done.stderr
    assert not any(each in done.stdout + done.stderr for each in secrets(folder))
    assert names(folder) == []


SMALL = """\
import resource, signal, sys
from mcpchain.cli import main
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100))
main(sys.argv[1:])
"""


@pytest.mark.parametrize(
    "command",
    [
        ("sign", "a.whl", "m", "--key=release.key"),
        ("sign", "--digest", f"sha256:{HEX}", "--key=release.key", "--bundle=x"),
        ("key", "generate", "-o", "new", "--unencrypted"),
    ],
    ids=["files", "digest", "key"],
)
def test_a_full_disk_leaves_nothing(command: tuple[str, ...], folder: Path) -> None:
    (folder / "m").mkdir()
    (folder / "m" / "w.bin").write_bytes(b"weights")
    done = subprocess.run(
        [sys.executable, "-c", SMALL, *command],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4, done.stderr
    assert "cannot be written: File too large\nhint: see to the disk" in done.stderr
    assert (names(folder), os.listdir("m")) == (["m"], ["w.bin"])


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full here")
@pytest.mark.parametrize(
    ("more", "told"),
    [((), "all is written, but"), (("--dry-run",), "nothing was to be written, but")],
)
def test_what_cannot_be_told_is_said_to_be_written(
    more: tuple[str, ...], told: str, folder: Path
) -> None:
    command = [sys.executable, "-m", "mcpchain", "sign", "a.whl", "--key=release.key"]
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [*command, *more],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert (done.returncode, told in done.stderr) == (4, True), done.stderr
    assert names(folder) == ([] if more else ["a.whl.sigstore.json"])


@pytest.fixture
def sigstore() -> Iterator[SigstoreServer]:
    with open_sigstore(Instance()) as opened:
        yield opened


def stamped(sigstore: SigstoreServer, folder: Path, *more: str) -> Result:
    root = folder / "root.json"
    root.write_bytes(sigstore.instance.trusted_root())
    url = ("--timestamp-url", f"{sigstore.address}/api/v1/timestamp")
    return run("sign", "a.whl", "--key", "release.key", *url, *more)


def test_an_authority_signs_for_the_time(
    sigstore: SigstoreServer, folder: Path
) -> None:
    done = stamped(sigstore, folder, "--trusted-root", "root.json")
    assert done.exit_code == 0, done.output
    assert "\n  time: " in done.stdout
    check = ("verify", "a.whl", "--key", "release.pub", "--no-log")
    told = run(*check, "--trusted-root", "root.json")
    assert (told.exit_code, "  time: " in told.stdout) == (0, True), told.output


def test_without_its_timestamp_nothing_is_written(
    sigstore: SigstoreServer, folder: Path
) -> None:
    done = stamped(sigstore, folder)
    assert (done.exit_code, "no timestamp authority" in done.output) == (4, True)
    sigstore.failing["/api/v1/timestamp"] = 500
    done = stamped(sigstore, folder, "--trusted-root", "root.json")
    assert (done.exit_code, "the timestamp failed" in done.output) == (4, True)
    assert names(folder) == ["root.json"]


def test_a_pipe_in_place_of_a_file_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe")
    done: list[Result] = []
    thread = threading.Thread(
        target=lambda: done.append(run("sign", "pipe", "--key", "release.key")),
        daemon=True,
    )
    thread.start()
    thread.join(20)
    assert [each.exit_code for each in done] == [2]


def test_what_names_say_does_nothing_to_a_terminal(folder: Path) -> None:
    odd = folder / "\x1b]0;x\x07.whl"
    odd.write_bytes(b"")
    done = run("sign", odd, "--key", "release.key")
    assert (done.exit_code, "\x1b" in done.stdout) == (0, False)


ENDED = """\
import os, signal, sys
from mcpchain.cli import main
link = os.link
def ended(*paths):
    link(*paths)
    os.kill(os.getpid(), signal.SIGTERM)
os.link = ended
main(sys.argv[1:], prog_name="mcpchain")
"""


def test_who_is_ended_between_two_bundles_leaves_neither(folder: Path) -> None:
    before = sorted(os.listdir(folder))
    args = ("sign", "a.whl", "b.whl", "--key", "release.key")
    done = subprocess.run(
        [sys.executable, "-c", ENDED, *args], capture_output=True, check=False
    )
    assert (done.returncode, done.stdout) == (130, b"")
    assert b"Traceback" not in done.stderr
    assert sorted(os.listdir(folder)) == before
