"""`mcpchain verify` on MCP bundles."""

import datetime as dt
import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from mcpchain.cli import main
from tests.verify.test_mcpb_signature import ZIP, certificate, framed, key, message
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import Minter

START = dt.datetime(2020, 1, 1, tzinfo=dt.UTC)
END = dt.datetime(2090, 1, 1, tzinfo=dt.UTC)
ROOT = certificate("Root", "Root", ca=True, start=START, end=END)
LEAF = certificate("Acme", "Root", start=START, end=END)
ALONE = certificate("Alone", "Alone", start=START, end=END)


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["verify", *(str(each) for each in args)])


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    made = tmp_path / "files.mcpb"
    made.write_bytes(framed(message(by=LEAF, others=())))
    for name, each in {"ca": ROOT, "acme": LEAF, "alone": ALONE}.items():
        (tmp_path / f"{name}.pem").write_bytes(each.public_bytes(Encoding.PEM))
    public = key("Acme").public_key()
    (tmp_path / "acme.pub").write_bytes(
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    )
    return made


@pytest.mark.parametrize(
    ("options", "exit_code", "status"),
    [
        (("--ca", "ca.pem"), 0, "verified"),
        (("--ca", "ca.pem", "--identity", "CN=Acme"), 0, "verified"),
        (("--ca", "ca.pem", "--identity", "CN=Evil"), 10, "untrusted-identity"),
        (("--certificate", "acme.pem"), 0, "verified"),
        (("--certificate", "alone.pem"), 10, "untrusted-identity"),
        (("--key", "acme.pub"), 0, "verified"),
        (("--ca", "alone.pem"), 10, "untrusted-identity"),
        (("--repository", "acme/files"), 10, "untrusted-identity"),
        ((), 10, "untrusted-identity"),
    ],
    ids=lambda each: " ".join(each) or "nobody" if isinstance(each, tuple) else "",
)
def test_only_whom_the_user_names_is_trusted(
    bundle: Path, options: tuple[str, ...], exit_code: int, status: str
) -> None:
    named = [
        bundle.with_name(e) if e.endswith((".pem", ".pub")) else e for e in options
    ]
    result = run(bundle, *named, "--format", "json")
    assert result.exit_code == exit_code, result.output
    (found,) = json.loads(result.stdout)["verifications"]
    assert (found["status"], found["kind"]) == (status, "mcpb-signature")


@pytest.mark.parametrize(("option", "file"), [("key", "pub"), ("certificate", "pem")])
def test_a_signature_in_a_bundle_is_no_statement(
    bundle: Path, option: str, file: str
) -> None:
    named = (f"--{option}", bundle.with_name(f"acme.{file}"))
    assert run(bundle, *named).exit_code == 0
    result = run(bundle, *named, "--predicate-type", "https://x.example")
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (10, "1 missing")


def test_self_signed_is_told_with_what_to_do(bundle: Path) -> None:
    bundle.write_bytes(framed(message(by=ALONE, others=())))
    result = run(bundle)
    assert result.exit_code == 10
    head, why, hint, *_ = result.stdout.splitlines()
    assert head == f"untrusted-identity: {bundle}"
    assert why.startswith("  why: it is self-signed: nobody but the certificate")
    assert hint == (
        "  hint: if that is whom you trust, name their certificate: `--certificate`, "
        "or who issued it: `--ca`"
    )


def test_a_bundle_without_any_signature_is_missing_one(bundle: Path) -> None:
    bundle.write_bytes(ZIP)
    result = run(bundle, "--certificate", bundle.with_name("acme.pem"))
    assert result.exit_code == 10
    assert result.stdout.splitlines()[1] == "  why: no signature is in the bundle"


def test_a_signature_that_lies_beside_a_bundle_is_enough(bundle: Path) -> None:
    bundle.write_bytes(ZIP)
    instance = Instance()
    root = bundle.with_name("root.json")
    root.write_bytes(instance.trusted_root())
    beside = bundle.with_name("files.mcpb.sigstore.json")
    beside.write_text(json.dumps(Minter(instance=instance).sign(ZIP)))
    options = ("--repository", "acme/files", "--trusted-root", root)
    result = run(bundle, *options)
    assert (result.exit_code, result.stdout.splitlines()[-1]) == (0, "1 verified")
    # What is in it has to hold as well, if something is.
    bundle.write_bytes(framed(message(by=ALONE, others=())))
    result = run(bundle, *options)
    assert result.exit_code == 10
    assert result.stdout.splitlines()[-1] == "1 invalid, 1 untrusted-identity"


@pytest.mark.parametrize("content", [b"", b"hello", b"-----BEGIN CERTIFICATE-----\n"])
def test_a_file_without_a_certificate_is_a_mistake_of_the_user(
    bundle: Path, content: bytes
) -> None:
    empty = bundle.with_name("empty.pem")
    empty.write_bytes(content)
    result = run(bundle, "--certificate", empty)
    assert result.exit_code == 2
    assert "holds no certificate" in result.output
