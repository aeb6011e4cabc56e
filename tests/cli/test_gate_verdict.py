"""Signed verdicts: what one is about, and whether another stage believes it."""

import base64
import datetime as dt
import hashlib
import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from mcpchain.cli import main
from tests.sign.keys import KINDS, lay_key, pem
from tests.world.sigstore.minting import ISSUER, WORKFLOW
from tests.world.sigstore.server import open_sigstore

GATE = "https://gate.acme.example"
POLICY = f"""\
apiVersion: mcpchain/policy/v1
name: acme
rules:
  gap: allow
  unpinned-server: {{level: {{floating: deny, other: allow}}}}
verifiers:
  - {{id: "{GATE}", key: release.pub}}
  - {{id: "https://other.acme.example", key: other.pub}}
stages:
  staging: {{}}
  production:
    requires: {{stage: staging, verifier: "{GATE}", max-age: 7d}}
"""
NOW = dt.datetime.now(dt.UTC)
KEY = ("--key", "release.key")
REPLAY = ("--require-verdict", "staging.json")
SHELL = "find . -type f | cut -c3- | LC_ALL=C sort | xargs -r sha256sum | sha256sum"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    lay_key(tmp_path)
    other = KINDS["P-384"]
    Path("other.key").write_bytes(
        other.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    Path("other.key").chmod(0o600)
    Path("other.pub").write_bytes(pem(other.public_key()))
    Path("acme.yaml").write_text(POLICY)
    Path("agent").mkdir()
    serve("files@1.2.0")
    return tmp_path


def serve(package: str) -> None:
    servers = {"mcpServers": {"files": {"command": "npx", "args": [package]}}}
    Path("agent/.mcp.json").write_text(json.dumps(servers))


def run(*args: str, **environ: str) -> Result:
    return CliRunner(env={"VIRTUAL_ENV": "", **environ}).invoke(main, args)


def gate(stage: str, *args: str, target: str = "agent") -> Result:
    by = ("--offline", "--policy", "acme.yaml", "--stage", stage)
    return run("gate", *by, *args, target)


def staging(*args: str, target: str = "agent") -> Result:
    return gate("staging", "--verdict", "staging.json", *KEY, *args, target=target)


def statement(path: str) -> dict[str, Any]:
    bundle = json.loads(Path(path).read_bytes())
    found: dict[str, Any] = json.loads(
        base64.b64decode(bundle["dsseEnvelope"]["payload"])
    )
    return found


def denied(result: Result) -> list[str]:
    """Return the reasons why no verdict counts."""
    heads = "deny[missing-verdict]: "
    return [
        line.removeprefix(heads)
        for line in result.output.splitlines()
        if line.startswith(heads)
    ]


def test_production_takes_what_staging_allowed() -> None:
    done = staging()
    assert done.exit_code == 0, done.output
    asked = gate("production")
    assert asked.exit_code == 10
    assert denied(asked) == ["the verdict of the stage `staging` was not given"]
    more = ("--verdict", "production.json", "--verifier", GATE, *KEY)
    done = gate("production", *REPLAY, *more)
    assert (done.exit_code, denied(done)) == (0, []), done.output
    said = statement("production.json")
    digest = said["subject"][0]["digest"]["sha256"]
    assert said["subject"] == [{"name": "agent/", "digest": {"sha256": digest}}]
    assert f"about: agent/ sha256:{digest}\n" in done.output
    predicate = said["predicate"]
    version = predicate["verifier"].pop("version")
    assert list(version) == ["mcpchain"]
    seconds = dt.datetime.fromisoformat(predicate.pop("timeVerified")) - NOW
    assert dt.timedelta(seconds=-1) <= seconds < dt.timedelta(minutes=5)
    rests = hashlib.sha256(Path("staging.json").read_bytes()).hexdigest()
    whole = Path("acme.yaml").read_bytes()
    for name in ("release.pub", "other.pub"):
        whole += b"\0" + hashlib.sha256(Path(name).read_bytes()).hexdigest().encode()
    assert (said["predicateType"], predicate) == (
        "https://slsa.dev/verification_summary/v1",
        {
            "verifier": {"id": GATE},
            "resourceUri": f"{GATE}#stage=production",
            "policy": {
                "uri": "file:acme.yaml",
                "digest": {"sha256": hashlib.sha256(whole).hexdigest()},
            },
            "verificationResult": "PASSED",
            "verifiedLevels": ["MCPCHAIN_GATE"],
            "inputAttestations": [
                {"name": "staging.json", "digest": {"sha256": rests}}
            ],
        },
    )
    at = ("--policy", "acme.yaml", "--verifier", GATE, "--stage", "production")
    for subject in ("agent", f"sha256:{digest}"):
        told = run("verdict", "verify", "production.json", "--subject", subject, *at)
        assert (told.exit_code, digest in told.output) == (0, True), told.output
    told = run("verdict", "verify", "staging.json", "--subject", "agent", *at)
    assert (told.exit_code, "denied (other-stage)" in told.output) == (10, True)


def test_the_digest_of_a_folder_is_what_the_shell_says() -> None:
    Path("agent/b").mkdir()
    Path("agent/b/ä b.txt").write_bytes(b"x")
    Path("agent/b-0").write_bytes(b"")
    assert staging().exit_code == 0
    listed = SHELL.replace("xargs -r", "xargs -r -d '\\n'")
    shell = subprocess.run(
        ["bash", "-c", listed], cwd="agent", capture_output=True, check=True
    )
    found = statement("staging.json")["subject"][0]["digest"]["sha256"]
    assert found == shell.stdout.decode().split()[0]


def test_what_the_gate_writes_and_a_repository_keeps_are_no_files_of_it() -> None:
    assert staging().exit_code == 0
    before = statement("staging.json")["subject"]
    (Path("agent/.git") / "objects").mkdir(parents=True)
    Path("agent/.git/HEAD").write_text("ref: refs/heads/main\n")
    shutil.copy("staging.json", "agent/staging.json")
    out = ("--verdict", "agent/it.json", "--log", "agent/log", "--bom", "agent/bom")
    given = (*REPLAY[:1], "agent/staging.json", "--verifier", GATE)
    for _ in range(2):
        done = gate("production", *out, *given, *KEY)
        assert done.exit_code == 0, done.output
        assert statement("agent/it.json")["subject"] == before


SPOILT: dict[str, tuple[Callable[[Path], object], str]] = {
    "a link out of it": (
        lambda at: at.symlink_to("../acme.yaml"),
        "x: is a symbolic link that leaves the folder",
    ),
    "a link to a folder": (
        lambda at: at.symlink_to(tempfile.mkdtemp(dir=at.parent)),
        "x: is a symbolic link to no file of the folder",
    ),
    "a link to nothing": (
        lambda at: at.symlink_to("none"),
        "x: is a symbolic link to no file of the folder",
    ),
    "a pipe": (
        os.mkfifo,
        "x: is no regular file, of which no list can tell",
    ),
    "a name of two lines": (
        lambda at: at.with_name("a\nb").write_text(""),
        "a%0Ab: is a file, of which no list can tell",
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_folder_of_which_a_digest_would_not_tell_all_is_not_bound(case: str) -> None:
    spoil, reason = SPOILT[case]
    spoil(Path("agent/x"))
    done = staging()
    assert (done.exit_code, f"error: {reason}\n" in done.output) == (4, True), (
        done.output
    )
    assert "`--subject FILE`" in done.output
    assert not Path("staging.json").exists()
    Path("app.whl").write_bytes(b"app")
    assert staging("--subject", "app.whl").exit_code == 0


def test_a_folder_that_is_only_called_like_a_repository_is_bound() -> None:
    Path("agent/.git").mkdir()
    Path("agent/.git/x").write_text("1")
    assert staging().exit_code == 0
    Path("agent/.git/x").write_text("2")
    assert "it is about other bytes" in denied(gate("production", *REPLAY))[0]


def test_a_link_in_it_stands_for_the_file_that_it_leads_to() -> None:
    for name in "ab":
        Path(f"agent/{name}").write_text(name)
    Path("agent/link").symlink_to("a")
    assert staging().exit_code == 0
    assert gate("production", *REPLAY).exit_code == 0
    Path("agent/link").unlink()
    Path("agent/link").symlink_to("b")
    assert "it is about other bytes" in denied(gate("production", *REPLAY))[0]


@pytest.mark.parametrize("kind", ["file", "digest", "name and digest"])
def test_a_verdict_may_be_about_an_artifact_elsewhere(kind: str) -> None:
    Path("app.whl").write_bytes(b"app")
    digest = f"sha256:{hashlib.sha256(b'app').hexdigest()}"
    name = {"file": "app.whl", "digest": digest, "name and digest": f"app@{digest}"}
    serve("files@1.2.0")
    shutil.copy("agent/.mcp.json", "mcp.json")
    done = staging("--subject", name[kind], target="agent/.mcp.json")
    assert done.exit_code == 0, done.output
    said = statement("staging.json")
    assert said["subject"][0]["digest"] == {"sha256": digest[7:]}
    (judged,) = said["predicate"]["inputAttestations"]
    assert judged["name"] == ".mcp.json"
    for each in name.values():
        asked = gate("production", *REPLAY, "--subject", each)
        assert asked.exit_code == 0, asked.output
    assert "other bytes" in denied(gate("production", *REPLAY))[0]


def test_each_subject_needs_a_verdict() -> None:
    for name in ("a.whl", "b.whl"):
        Path(name).write_bytes(name.encode())
    both = ("--subject", "a.whl", "--subject", "b.whl")
    assert staging("--subject", "a.whl").exit_code == 0
    assert "other bytes" in denied(gate("production", *REPLAY, *both))[0]
    shutil.move("staging.json", "a.json")
    assert staging("--subject", "b.whl").exit_code == 0
    apart = ("--require-verdict", "a.json")
    assert gate("production", *REPLAY, *apart, *both).exit_code == 0
    Path("staging.json").unlink()
    assert staging(*both).exit_code == 0
    assert gate("production", *REPLAY, "--subject", "b.whl").exit_code == 0


def test_a_bom_is_bound_by_its_own_digest() -> None:
    assert run("sbom", "agent", "-o", "bom.json").exit_code == 0
    assert staging(target="bom.json").exit_code == 0
    assert gate("production", *REPLAY, target="bom.json").exit_code == 0
    Path("bom.json").write_bytes(Path("bom.json").read_bytes() + b"\n")
    asked = gate("production", *REPLAY, target="bom.json")
    assert "it is about other bytes" in denied(asked)[0]


def test_what_is_denied_is_signed_as_failed() -> None:
    serve("files@latest")
    done = staging()
    assert (done.exit_code, "wrote staging.json: FAILED" in done.output) == (10, True)
    said = statement("staging.json")["predicate"]
    assert said["verificationResult"] == "FAILED"
    assert said["verifiedLevels"] == ["FAILED"]
    at = ("--subject", "agent", "--policy", "acme.yaml", "--stage", "staging")
    told = run("verdict", "verify", "staging.json", *at, "--verifier", GATE)
    assert (told.exit_code, "denied (failed)" in told.output) == (10, True)


def test_what_is_undecided_is_signed_as_failed() -> None:
    text = POLICY.replace("gap: allow", "gap: {level: {offline: deny, other: allow}}")
    Path("acme.yaml").write_text(text)
    done = staging()
    assert (done.exit_code, "wrote staging.json: FAILED" in done.output) == (4, True)
    assert statement("staging.json")["predicate"]["verifiedLevels"] == ["FAILED"]


def test_an_older_verdict_does_not_outlive_a_run_that_fails() -> None:
    assert staging().exit_code == 0
    shutil.rmtree("agent")
    Path("agent").mkdir()
    Path("agent/README.md").write_text("nothing to judge")
    assert staging().exit_code == 3
    assert not Path("staging.json").exists()
    Path("staging.json").write_text("no bundle of ours")
    assert staging().exit_code == 2
    assert Path("staging.json").read_text() == "no bundle of ours"


Change = Callable[[dict[str, Any]], object]
SIGNED: dict[str, tuple[Change, str, str]] = {
    "failed": (
        lambda p: p.update(verificationResult="FAILED", verifiedLevels=["FAILED"]),
        "failed",
        "it did not pass at",
    ),
    "failed, in its levels alone": (
        lambda p: p.update(verifiedLevels=["SLSA_BUILD_LEVEL_3", "FAILED"]),
        "failed",
        "it did not pass at",
    ),
    "without levels": (
        lambda p: p.update(verifiedLevels=[]),
        "failed",
        "it did not pass",
    ),
    "of another stage": (
        lambda p: p.update(resourceUri=f"{GATE}#stage=dev"),
        "other-stage",
        "#stage=dev`, not about",
    ),
    "of no stage": (
        lambda p: p.update(resourceUri=GATE),
        "other-stage",
        f"it is about `{GATE}`, not",
    ),
    "of another stage by a longer name": (
        lambda p: p.update(resourceUri=f"{GATE}#stage=staging2"),
        "other-stage",
        "#stage=staging2`, not",
    ),
    "by another policy": (
        lambda p: p["policy"]["digest"].update(sha256="0" * 64),
        "other-policy",
        "another policy was applied (sha256:000",
    ),
    "by a policy without a digest": (
        lambda p: p["policy"].pop("digest"),
        "other-policy",
        "one that it hides",
    ),
    "under another name": (
        lambda p: p["verifier"].update(id="https://other.acme.example"),
        "other-verifier",
        "it was given by `https://other.acme.example`, not by",
    ),
    "under the same name in capitals": (
        lambda p: p["verifier"].update(id=GATE.upper()),
        "other-verifier",
        "it was given by",
    ),
    "of last month": (
        lambda p: p.update(timeVerified=f"{NOW - dt.timedelta(days=8):%Y-%m-%dT%TZ}"),
        "expired",
        "older than is accepted",
    ),
    "of tomorrow": (
        lambda p: p.update(timeVerified=f"{NOW + dt.timedelta(days=1):%Y-%m-%dT%TZ}"),
        "future",
        "which has not come",
    ),
    "of a time without a zone": (
        lambda p: p.update(timeVerified=f"{NOW:%Y-%m-%dT%T}"),
        "unreadable",
        "is no time of a zone",
    ),
    "of no time": (lambda p: p.pop("timeVerified"), "unreadable", "/timeVerified"),
    "that does not say its levels": (
        lambda p: p.pop("verifiedLevels"),
        "failed",
        "it did not pass",
    ),
}


def production() -> tuple[str, str]:
    """Return the variant and the reason by which production refuses `v.json`."""
    asked = gate("production", "--require-verdict", "v.json", "--format", "json")
    found = [f for f in json.loads(asked.stdout)["findings"] if "verdict" in f["rule"]]
    assert asked.exit_code == (10 if found else 0), asked.output
    return (found[0]["variant"], found[0]["message"]) if found else ("", "")


def attest(
    predicate: dict[str, Any], key: str = "release.key", kind: str = "vsa"
) -> None:
    (subject,) = statement("staging.json")["subject"]
    Path("p.json").write_text(json.dumps(predicate))
    about = f"agent@sha256:{subject['digest']['sha256']}"
    made = ("--predicate", "p.json", "--key", key, "--bundle", "v.json", "--force")
    done = run("attest", about, "--predicate-type", kind, *made)
    assert done.exit_code == 0, done.output


def test_what_others_sign_as_slsa_has_it_counts() -> None:
    assert staging().exit_code == 0
    attest(statement("staging.json")["predicate"] | {"slsaVersion": "1.1", "x": 1})
    assert production() == ("", "")


@pytest.mark.parametrize("case", SIGNED)
def test_production_refuses_a_signed_verdict(case: str) -> None:
    change, variant, reason = SIGNED[case]
    assert staging().exit_code == 0
    predicate = statement("staging.json")["predicate"]
    change(predicate)
    attest(predicate)
    found = production()
    assert (found[0], reason in found[1]) == (variant, True), found


def test_a_key_speaks_for_its_own_verifier_alone() -> None:
    assert staging().exit_code == 0
    attest(statement("staging.json")["predicate"], key="other.key")
    variant, reason = production()
    assert (variant, "signature" in reason) == ("untrusted", True)


def test_another_predicate_that_says_the_same_is_no_verdict() -> None:
    assert staging().exit_code == 0
    said = statement("staging.json")["predicate"]
    attest(said, kind="https://slsa.dev/verification_summary/v1.1")
    assert production()[0] == "unreadable"
    Path("v.json").unlink()
    by = (*KEY, "--bundle", "v.json")
    digest = statement("staging.json")["subject"][0]["digest"]["sha256"]
    assert run("sign", "--digest", f"sha256:{digest}", *by).exit_code == 0
    assert production()[0] in {"unreadable", "untrusted"}


def test_what_is_not_signed_is_no_verdict() -> None:
    assert staging().exit_code == 0
    Path("v.json").write_text(json.dumps(statement("staging.json")))
    assert production()[0] == "unreadable"
    bundle = json.loads(Path("staging.json").read_bytes())
    bundle["dsseEnvelope"]["signatures"] = []
    Path("v.json").write_text(json.dumps(bundle))
    assert production()[0] == "unreadable"
    serve("files@latest")
    assert gate("staging", "--verdict", "failed.json", *KEY).exit_code == 10
    failed = json.loads(Path("failed.json").read_bytes())
    payload = base64.b64decode(failed["dsseEnvelope"]["payload"])
    passed = payload.replace(b"FAILED", b"PASSED")
    failed["dsseEnvelope"]["payload"] = base64.b64encode(passed).decode()
    Path("v.json").write_text(json.dumps(failed))
    assert production()[0] == "untrusted"


def test_a_verdict_is_not_replayed_for_other_bytes_nor_another_policy() -> None:
    assert staging().exit_code == 0
    shutil.copy("staging.json", "v.json")
    assert production() == ("", "")
    Path("agent/new.txt").write_text("")
    assert production()[0] == "other-subject"
    Path("agent/new.txt").unlink()
    Path("acme.yaml").write_text(POLICY + "# another line\n")
    assert production()[0] == "other-policy"


def test_the_newest_verdict_counts() -> None:
    assert staging().exit_code == 0
    both = ("--require-verdict", "v.json", *REPLAY)
    said = statement("staging.json")["predicate"]
    result = {"verificationResult": "FAILED", "verifiedLevels": ["FAILED"]}
    for text in (said["timeVerified"], f"{NOW - dt.timedelta(hours=1):%Y-%m-%dT%TZ}"):
        attest(said | result | {"timeVerified": text})
        code = 10 if text == said["timeVerified"] else 0
        assert gate("production", *both).exit_code == code
        assert gate("production", *both[2:], *both[:2]).exit_code == code


def test_a_missing_verdict_is_never_waived() -> None:
    waiver = (
        "waivers:\n  - {rule: missing-verdict, purl: 'pkg:npm/files@1.2.0', "
        "reason: r, owner: o, expires: 2999-01-01}\n"
    )
    Path("acme.yaml").write_text(POLICY + waiver)
    asked = gate("production")
    assert (asked.exit_code, "cannot be waived" in asked.output) == (2, True)


def test_an_identity_signs_and_a_policy_names_it() -> None:
    signer = f'identity: "{WORKFLOW}", issuer: "{ISSUER}"'
    Path("acme.yaml").write_text(POLICY.replace("key: release.pub", signer))
    at = ("--trusted-root", "root.json")
    remote = {"type": "http", "url": "https://issues.example/mcp"}
    Path("agent/.mcp.json").write_text(json.dumps({"mcpServers": {"issues": remote}}))
    with open_sigstore() as sigstore:
        Path("root.json").write_bytes(sigstore.instance.trusted_root())
        Path("trust.json").write_text(sigstore.trust_config(version=1))
        claims = {"job_workflow_ref": WORKFLOW.removeprefix("https://github.com/")}
        by = ("gate", "--policy", "acme.yaml", "--stage", "staging", "agent")
        out = ("--verdict", "staging.json", "--trust-config", "trust.json")
        done = run(
            *(*by, *out, *at, "--no-pip-audit"),
            MCPCHAIN_IDENTITY_TOKEN=sigstore.token(**claims),
            GITHUB_ACTIONS="",
        )
        assert "wrote staging.json: PASSED" in done.output, done.output
    assert gate("production", *REPLAY, *at).exit_code == 0
    assert denied(gate("production", *REPLAY)) != []
    other = POLICY.replace("key: release.pub", signer.replace("v1.2.0", "v1.2.1"))
    Path("acme.yaml").write_text(other)
    assert "untrusted" in gate("production", *REPLAY, *at, "--format=json").output
    out = ("--verdict", "v.json", "--identity-token", "t")
    refused = gate("staging", *out)
    assert (refused.exit_code, "with `--offline`" in refused.output) == (2, True)


IDLE: dict[str, tuple[str, tuple[str, ...], str]] = {
    "a subject of nothing": ("staging", ("--subject", "acme.yaml"), "--subject"),
    "a key of nothing": ("staging", KEY, "--key"),
    "a verifier of nothing": ("staging", ("--verifier", GATE), "--verifier"),
    "a resource of nothing": ("staging", ("--resource", "pkg:oci/a"), "--resource"),
    "a verdict that none needs": (
        "staging",
        ("--require-verdict", "acme.yaml"),
        "`requires` none",
    ),
    "nobody's verdict": (
        "production",
        ("--verdict", "v.json", *KEY),
        "nobody says who gives the verdict",
    ),
    "a verifier without an address": (
        "staging",
        ("--verdict", "v.json", *KEY, "--verifier", "gate"),
        "is no `https://` address",
    ),
    "a resource that is none": (
        "staging",
        ("--verdict", "v.json", *KEY, "--resource", "agent"),
        "is no URI",
    ),
    "the verdict that is needed": (
        "production",
        ("--verdict", "v.json", "--require-verdict", "v.json", *KEY),
        "is required, and would be written",
    ),
    "no such subject": (
        "staging",
        ("--verdict", "v.json", *KEY, "--subject", "none"),
        "`none` is no file",
    ),
    "nobody who signs": ("staging", ("--verdict", "v.json"), "--key FILE"),
}


@pytest.mark.parametrize("case", IDLE)
def test_what_would_not_be_looked_at_is_a_usage_error(case: str) -> None:
    stage, args, told = IDLE[case]
    if "needed" in case:
        Path("v.json").write_text("{}")
    done = gate(stage, *args)
    assert (done.exit_code, told in done.output) == (2, True), done.output
