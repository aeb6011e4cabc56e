"""`mcpchain key generate`: keys that nobody else can read, in place of nothing."""

import base64
import os
import pty
import stat
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    load_pem_private_key,
    load_pem_public_key,
)

from mcpchain.cli import main
from mcpchain.cli.key import _KINDS
from mcpchain.sign.local_key import kinds

SECRET = "open sesame"  # noqa: S105 - of a key that is made here


def generate(*args: str, passphrase: str | None = SECRET) -> Result:
    environ = {"MCPCHAIN_KEY_PASSPHRASE": passphrase}
    return CliRunner(env=environ).invoke(main, ["key", "generate", *args])


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_kinds_are_those_that_can_be_made() -> None:
    assert tuple(kinds()) == _KINDS


@pytest.mark.parametrize("kind", _KINDS)
def test_a_key_of_every_kind_is_made_and_signs(kind: str, folder: Path) -> None:
    done = generate("-o", "release", "--type", kind)
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr.startswith(f"wrote release.key: {kind}, encrypted;")
    private, public = folder / "release.key", folder / "release.pub"
    assert stat.S_IMODE(private.stat().st_mode) == 0o600
    assert stat.S_IMODE(public.stat().st_mode) == 0o644
    assert private.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----")
    key = load_pem_private_key(private.read_bytes(), SECRET.encode())
    assert key.public_key() == load_pem_public_key(public.read_bytes())
    (folder / "a").write_bytes(b"a")
    environ = {"MCPCHAIN_KEY_PASSPHRASE": SECRET}
    signed = CliRunner(env=environ).invoke(main, ["sign", "a", "--key", "release.key"])
    assert signed.exit_code == 0, signed.output
    args = ["verify", "a", "--key", "release.pub", "--no-log"]
    assert CliRunner().invoke(main, args).exit_code == 0


def test_a_passphrase_takes_long_to_try(folder: Path) -> None:
    assert generate("-o", "release").exit_code == 0
    body = (folder / "release.key").read_text().splitlines()[1:-1]
    rounds = b"\x02\x03" + (600_000).to_bytes(3, "big")
    assert rounds in base64.b64decode("".join(body))


def test_a_key_is_unencrypted_only_if_asked(folder: Path) -> None:
    for none in (None, ""):
        done = generate("-o", "release", passphrase=none)
        assert (done.exit_code, "no passphrase" in done.output) == (2, True)
    assert os.listdir(folder) == []
    done = generate("-o", "release", "--unencrypted")
    assert (done.exit_code, "exclude each other" in done.output) == (2, True)
    assert os.listdir(folder) == []
    done = generate("-o", "release", "--unencrypted", passphrase=None)
    assert (done.exit_code, ", unencrypted;" in done.stderr) == (0, True)
    load_pem_private_key((folder / "release.key").read_bytes(), None)


@pytest.mark.parametrize("there", ["release.key", "release.pub"])
def test_a_key_is_never_replaced(there: str, folder: Path) -> None:
    for make in (Path.touch, lambda path: path.symlink_to("nothing")):
        make(folder / there)
        done = generate("-o", "release")
        assert (done.exit_code, "never replaced" in done.output) == (2, True)
        assert os.listdir(folder) == [there]
        (folder / there).unlink()


@pytest.mark.parametrize("prefix", ["", ".", "no/such/release", "/dev/null/x"])
def test_a_place_that_is_none_is_a_usage_error(prefix: str, folder: Path) -> None:
    assert generate("-o", prefix).exit_code == 2
    assert os.listdir(folder) == []


def test_nothing_secret_is_shown(folder: Path) -> None:
    done = generate("-o", "release")
    body = (folder / "release.key").read_text().splitlines()[1:-1]
    assert not any(each in done.output for each in [SECRET, *body])


def test_the_passphrase_is_asked_for_twice_on_a_terminal(folder: Path) -> None:
    primary, secondary = pty.openpty()
    environ = {k: v for k, v in os.environ.items() if k != "MCPCHAIN_KEY_PASSPHRASE"}
    command = [sys.executable, "-m", "mcpchain", "key", "generate", "-o", "release"]
    with subprocess.Popen(
        command,
        stdin=secondary,
        stdout=secondary,
        stderr=secondary,
        env=environ,
        start_new_session=True,
    ) as process:
        os.close(secondary)
        shown = b""
        for prompt in (b"Passphrase:", b"Repeat for confirmation:"):
            while prompt not in shown:
                shown += os.read(primary, 1024)
            os.write(primary, SECRET.encode() + b"\n")
        while b"release.pub" not in shown:
            shown += os.read(primary, 1024)
    os.close(primary)
    assert (process.returncode, SECRET.encode() in shown) == (0, False)
    load_pem_private_key((folder / "release.key").read_bytes(), SECRET.encode())


def public(*args: str, passphrase: str | None = SECRET) -> Result:
    environ = {"MCPCHAIN_KEY_PASSPHRASE": passphrase}
    return CliRunner(env=environ).invoke(main, ["key", "public", *args])


@pytest.mark.parametrize("kind", ["ecdsa-p256", "ed25519", "rsa-3072"])
def test_the_public_key_of_a_key_can_be_had_again(kind: str, folder: Path) -> None:
    assert generate("-o", "release", "--type", kind).exit_code == 0
    shown = (folder / "release.pub").read_text()
    assert (public("release.key").stdout, public("release.key").exit_code) == (shown, 0)
    done = public("release.key", "-o", "again.pub")
    assert (done.exit_code, done.stdout) == (0, "")
    assert (folder / "again.pub").read_text() == shown
    again = public("release.key", "-o", "release.key")
    assert (again.exit_code, "exists" in again.output) == (2, True)


@pytest.mark.parametrize("wrong", ["release.pub", "no.key", "nokms:x", "pkcs11:x=%"])
def test_what_is_no_private_key_has_no_public_one(wrong: str, folder: Path) -> None:
    assert generate("-o", "release").exit_code == 0
    done = public(wrong, "-o", "again.pub")
    assert (done.exit_code, "hint: " in done.output) == (2, True), done.output
    assert not (folder / "again.pub").exists()
