"""`mcpchain sign` and `attest` with an identity, in a Sigstore on loopback."""

import datetime as dt
import json
import os
import pty
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from sigstore.dsse import Statement
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.oidc import IdentityToken
from sigstore.sign import SigningContext
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from mcpchain.cli import main
from tests.sign.keys import lay_key
from tests.sign.reference import model_signing
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ISSUER, WORKFLOW, statement
from tests.world.sigstore.models import lay
from tests.world.sigstore.server import SigstoreServer, open_sigstore

CLAIMS = {"job_workflow_ref": WORKFLOW.removeprefix("https://github.com/")}
NOW = dt.datetime.now(dt.UTC)
FULCIO = "/api/v2/signingCert"
TSA = "/api/v1/timestamp"
REKOR = {1: "/api/v1/log/entries", 2: "/api/v2/log/entries"}
HEX = "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"
"""SHA-256 of `x`."""
ATTEST = ("attest", "a.whl", "--predicate-type=https://a.example/t", "--predicate")
WHAT: dict[str, tuple[tuple[str, ...], str, str]] = {
    "file": (("sign", "a.whl"), "a.whl.sigstore.json", "a.whl"),
    "digest": (("sign", "--digest", f"sha256:{HEX}", "--bundle", "b"), "b", "a.whl"),
    "model": (("sign", "model", "llama"), "llama/model.sig", "llama"),
    "attestation": (
        (*ATTEST, "p.json"),
        "a.whl.a.example-t-6f4f6696.sigstore.json",
        "a.whl",
    ),
}
"""How it is signed, where the bundle is, and what is verified."""
WHO = ("--identity", WORKFLOW, "--issuer", ISSUER)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a.whl").write_bytes(b"x")
    (tmp_path / "p.json").write_text('{"reviewed": true}')
    lay(tmp_path / "llama")
    return tmp_path


@pytest.fixture
def sigstore() -> Iterator[SigstoreServer]:
    with open_sigstore() as opened:
        Path("root.json").write_bytes(opened.instance.trusted_root())
        yield opened


def everything() -> dict[str, bytes]:
    files = (each for each in Path().rglob("*") if each.is_file())
    return {str(each): each.read_bytes() for each in files}


def run(*args: str, token: str = "", **environ: str) -> Result:
    given = {"MCPCHAIN_IDENTITY_TOKEN": token, "GITHUB_ACTIONS": "", **environ}
    done = CliRunner(env=given).invoke(main, args)
    assert not (token and token in done.output)
    return done


def sign(sigstore: SigstoreServer, *args: str, version: int = 1) -> Result:
    return run(*args, *config(sigstore, version), token=sigstore.token(**CLAIMS))


def config(sigstore: SigstoreServer, version: int) -> tuple[str, str]:
    Path("trust.json").write_text(sigstore.trust_config(version=version))
    return "--trust-config", "trust.json"


def verify(*args: str, who: tuple[str, ...] = WHO) -> int:
    return run("verify", *args, *who, "--trusted-root", "root.json").exit_code


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", WHAT)
def test_what_an_identity_signs_everybody_verifies(
    sigstore: SigstoreServer, what: str, version: int
) -> None:
    command, bundle, about = WHAT[what]
    done = sign(sigstore, *command, "--format", "json", version=version)
    assert done.exit_code == 0, done.output
    (told,) = json.loads(done.stdout)["signed"]
    assert told["identity"] == {"issuer": ISSUER, "san": WORKFLOW}
    assert told["logIndexes"] == [1001 if version == 1 else 1]
    assert len(told["times"]) == (2 if version == 1 else 1)
    assert verify(about, "--bundle", bundle) == 0
    other = ("--identity", WORKFLOW.replace("v1.2.0", "v1.2.1"), "--issuer", ISSUER)
    assert verify(about, "--bundle", bundle, who=other) == 10
    theirs(sigstore, Path(bundle).read_bytes())
    if what == "model":
        given = (f"--signature={bundle}", "--trust_config=trust.json")
        who = (f"--identity={WORKFLOW}", f"--identity_provider={ISSUER}")
        model_signing("verify", "sigstore", about, *given, *who)


def theirs(sigstore: SigstoreServer, made: bytes) -> None:
    known = ClientTrustConfig.from_json(sigstore.trust_config())
    verifier, policy = (
        Verifier(trusted_root=known.trusted_root),
        Identity(identity=WORKFLOW, issuer=ISSUER),
    )
    if b"dsseEnvelope" in made:
        verifier.verify_dsse(Bundle.from_json(made), policy)
    else:
        verifier.verify_artifact(b"x", Bundle.from_json(made), policy)


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("what", ["artifact", "statement", "model"])
def test_what_others_sign_is_verified(
    sigstore: SigstoreServer, what: str, version: int
) -> None:
    token = sigstore.token(**CLAIMS)
    _, file = config(sigstore, version)
    if what == "model":
        given = (f"--trust_config={file}", f"--identity_token={token}")
        model_signing("sign", "sigstore", "llama", "--signature=b", *given)
        assert verify("llama", "--bundle", "b") == 0
        Path("llama/config.json").write_bytes(b"{}")
        assert verify("llama", "--bundle", "b") == 10
        return
    known = ClientTrustConfig.from_json(Path(file).read_text())
    with SigningContext.from_trust_config(known).signer(IdentityToken(token)) as signer:
        made = (
            signer.sign_artifact(b"x")
            if what == "artifact"
            else signer.sign_dsse(Statement(statement(b"x")))
        )
    Path("b").write_text(made.to_json())
    assert verify("a.whl", "--bundle", "b") == 0
    Path("a.whl").write_bytes(b"y")
    assert verify("a.whl", "--bundle", "b") == 10


def test_several_are_signed_with_one_certificate(sigstore: SigstoreServer) -> None:
    done = sign(sigstore, "sign", "a.whl", "p.json", "llama")
    assert done.exit_code == 0, done.output
    told = [each for each in done.stdout.splitlines() if each.startswith("  log: ")]
    assert told == [f"  log: entry {n}" for n in (1001, 1004, 1007)]
    assert done.stdout.endswith(f"by: {WORKFLOW} ({ISSUER})\n3 signed\n")
    assert sigstore.asked.count(FULCIO) == 1


def test_a_dry_run_tells_who_would_sign_and_asks_nobody(
    sigstore: SigstoreServer,
) -> None:
    before = {*everything(), "trust.json"}
    done = sign(sigstore, "sign", "a.whl", "llama", "--dry-run")
    assert done.exit_code == 0
    assert done.stdout == (
        "would sign: a.whl\n  bundle: a.whl.sigstore.json\n"
        "would sign: llama\n  as: a model, with every file in it\n"
        "  bundle: llama/model.sig\n"
        f"by: {WORKFLOW} ({ISSUER})\n2 would be signed; nothing was\n"
    )
    token = sigstore.token(aud="npm")
    done = run("sign", "a.whl", "--dry-run", token=token)
    assert (done.exit_code, "another audience" in done.output) == (2, True)
    assert ({*everything()}, sigstore.asked) == (before, [])


CI: dict[str, tuple[dict[str, str], str]] = {
    "nowhere": ({}, "`--key FILE`"),
    "github": ({"GITHUB_ACTIONS": "true"}, "`permissions: {id-token: write}`"),
    "gitlab": ({"GITLAB_CI": "true"}, "in GitLab: `id_tokens:"),
}


@pytest.mark.parametrize("case", CI)
@pytest.mark.parametrize("dry", [(), ("--dry-run",)], ids=["real", "dry"])
def test_without_an_identity_a_dry_run_ends_as_the_run_would(
    case: str, dry: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    environ, hint = CI[case]
    for each in ("TOKEN", "URL"):
        monkeypatch.delenv(f"ACTIONS_ID_TOKEN_REQUEST_{each}", raising=False)
    monkeypatch.delenv("MCPCHAIN_IDENTITY_TOKEN", raising=False)
    done = CliRunner(
        env={"GITHUB_ACTIONS": "", "MCPCHAIN_IDENTITY_TOKEN": None} | environ
    ).invoke(main, ["sign", "a.whl", *dry])
    assert (done.exit_code, hint in done.output) == (2, True), done.output


def test_a_job_that_may_have_a_token_is_told_by_a_dry_run_that_it_signs() -> None:
    done = run("sign", "a.whl", "--dry-run", GITLAB_CI="true", SIGSTORE_ID_TOKEN="t")  # noqa: S106 - no secret
    assert done.exit_code == 0, done.output


def test_a_job_of_github_actions_signs_without_a_word(
    sigstore: SigstoreServer,
) -> None:
    environ = {
        "GITHUB_ACTIONS": "true",
        "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "secret-of-the-job",
        "ACTIONS_ID_TOKEN_REQUEST_URL": f"{sigstore.address}/actions/token",
    }
    command = ("sign", "a.whl", *config(sigstore, 1))
    done = run(*command, **environ)
    assert done.exit_code == 0, done.output
    assert verify("a.whl") == 0
    sigstore.failing["/actions/token"] = 403
    done = run(*command, "--force", **environ)
    assert done.exit_code == 2
    assert "the surroundings give no identity token: GitHub: OIDC" in done.output
    assert "`permissions: {id-token: write}`" in done.output
    assert "secret-of-the-job" not in done.output


BROWSER = """\
import sys, urllib.request
urllib.request.urlopen(sys.argv[1]).read()
"""


def test_a_person_logs_in_with_a_browser(sigstore: SigstoreServer) -> None:
    Path("browser.py").write_text(BROWSER)
    primary, secondary = pty.openpty()
    environ = {k: v for k, v in os.environ.items() if "TOKEN" not in k} | {
        "BROWSER": f"{sys.executable} browser.py %s",
        "GITHUB_ACTIONS": "",
    }
    done = subprocess.run(
        [*(sys.executable, "-m", "mcpchain", "sign", "a.whl"), *config(sigstore, 1)],
        stdin=secondary,
        capture_output=True,
        text=True,
        env=environ,
        check=False,
    )
    os.close(primary)
    os.close(secondary)
    assert done.returncode == 0, done.stderr
    assert f"by: me@acme.example ({ISSUER})" in done.stdout
    assert verify("a.whl", who=("--identity=me@acme.example", WHO[2], ISSUER)) == 0


def test_without_a_token_and_a_terminal_nobody_signs(sigstore: SigstoreServer) -> None:
    done = run("sign", "a.whl", *config(sigstore, 1))
    assert (done.exit_code, "nobody is named who signs" in done.output) == (2, True)
    assert "`--identity-token`" in done.output
    assert sigstore.asked == []


def test_nobody_is_asked_where_nothing_could_be_written(
    sigstore: SigstoreServer,
) -> None:
    assert sign(sigstore, "sign", "a.whl").exit_code == 0
    before, asked = everything(), [*sigstore.asked]
    done = sign(sigstore, "sign", "a.whl", "llama")
    assert (done.exit_code, "`a.whl.sigstore.json` exists" in done.output) == (2, True)
    assert (everything(), sigstore.asked) == (before, asked)
    assert sign(sigstore, "sign", "a.whl", "llama", "--force").exit_code == 0
    assert everything() != before


@pytest.mark.parametrize(
    "more",
    [
        ("--key", "release.key"),
        ("--root", "github"),
        ("--trusted-root", "root.json"),
        ("--timestamp-url", "https://tsa.example"),
    ],
    ids=lambda more: more[0],
)
def test_an_instance_has_all_that_it_needs(
    sigstore: SigstoreServer, more: tuple[str, ...], folder: Path
) -> None:
    lay_key(folder)
    done = sign(sigstore, "sign", "a.whl", *more)
    assert (done.exit_code, more[0] in done.output) == (2, True)
    assert sigstore.asked == []


BAD_TOKENS: dict[str, tuple[dict[str, Any], int, str]] = {
    "expired": ({"exp": NOW - dt.timedelta(minutes=1)}, 2, "it has expired"),
    "not valid yet": ({"nbf": NOW + dt.timedelta(hours=1)}, 2, "it is not valid now"),
    "for another audience": ({"aud": "npm"}, 2, "for another audience than `sigstore`"),
    "for all": ({"job_workflow_ref": "acme/*"}, 2, "has a wildcard in it"),
    "of another issuer": (
        {"iss": "https://evil.example"},
        4,
        '{"message": "Invalid issuer: (the token)"}',
    ),
}


@pytest.mark.parametrize("case", BAD_TOKENS)
def test_a_token_that_is_not_good_signs_nothing(
    sigstore: SigstoreServer, case: str
) -> None:
    claims, code, reason = BAD_TOKENS[case]
    given = config(sigstore, 1)
    before = everything()
    done = run("sign", "a.whl", *given, token=sigstore.token(**CLAIMS | claims))
    assert (done.exit_code, reason in done.output) == (code, True), done.output
    assert "hint: " in done.output
    assert everything() == before


Attack = Callable[[SigstoreServer, str], object]


def fails(path: str, status: int) -> Attack:
    def attack(sigstore: SigstoreServer, log: str) -> None:
        sigstore.failing[path or log] = status

    return attack


def another_entry(sigstore: SigstoreServer, log: str) -> None:
    version = 1 if log == REKOR[1] else 2
    sign(sigstore, "sign", "p.json", "--bundle", "b", version=version)
    made = json.loads(Path("b").read_bytes())
    Path("b").unlink()
    (sigstore.entry,) = made["verificationMaterial"]["tlogEntries"]


def another_stamper(sigstore: SigstoreServer, log: str) -> None:
    del log
    sigstore.stamper = Instance()


def somebody_else(sigstore: SigstoreServer, log: str) -> None:
    del log
    sigstore.claims[8] = "https://evil.example"


_CA = "the certificate authority of Sigstore gave nothing that holds: "
_LOG = "the transparency log of Sigstore gave nothing that holds: "
_TSA = "the timestamp authority of Sigstore gave nothing that holds: "
FAILURES: dict[str, tuple[Attack, str]] = {
    "the CA is down": (fails(FULCIO, 503), _CA),
    "the CA refuses": (fails(FULCIO, 401), _CA),
    "the CA says nothing": (fails(FULCIO, 200), _CA),
    "the log is down": (fails("", 503), _LOG),
    "the log refuses": (fails("", 400), _LOG),
    "the log says nothing": (fails("", 201), _LOG),
    "the log has another entry": (another_entry, "does not verify: log-entry: "),
    "the TSA is down": (fails(TSA, 503), _TSA),
    "the TSA says nothing": (fails(TSA, 201), _TSA),
    "the TSA is another": (another_stamper, _TSA),
    "the CA certifies another": (somebody_else, "does not verify: identity: "),
}


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("case", FAILURES)
def test_where_a_service_fails_nothing_is_written(
    sigstore: SigstoreServer, case: str, version: int
) -> None:
    attack, reason = FAILURES[case]
    attack(sigstore, REKOR[version])
    config(sigstore, version)
    before = everything()
    done = sign(sigstore, "sign", "a.whl", "llama", version=version)
    assert (done.exit_code, reason in done.output) == (4, True), done.output
    assert "hint: " in done.output
    assert everything() == before


def test_the_second_of_two_takes_the_first_with_it(sigstore: SigstoreServer) -> None:
    before = {*everything(), "trust.json"}
    sigstore.last[REKOR[1]] = 1
    done = sign(sigstore, "sign", "a.whl", "llama")
    assert (done.exit_code, "`llama` was not signed" in done.output) == (4, True)
    assert {*everything()} == before
