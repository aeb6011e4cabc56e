"""The release workflow, run as far as it goes without GitHub and without a registry."""

import base64
import datetime as dt
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from sigstore.models import Bundle, ClientTrustConfig
from sigstore.verify import Verifier
from sigstore.verify.policy import Identity

from mcpchain.cli import main
from tests.world.actions import Runner, StepFailedError
from tests.world.server import Place
from tests.world.sigstore.minting import CLAIMS, ISSUER, WORKFLOW
from tests.world.sigstore.server import SigstoreServer, open_sigstore
from tests.world.world import World, open_world

ROOT = Path(__file__).resolve().parents[1]
RELEASE = ROOT / ".github/workflows/release.yml"
JOBS = yaml.safe_load(RELEASE.read_text(encoding="utf-8"))["jobs"]
TAG = "v1.2.0"
WHEEL = "mcpchain-1.2.0-py3-none-any.whl"
SDIST = "mcpchain-1.2.0.tar.gz"
BOM = "mcpchain-1.2.0.cdx.json"
WHOM = ("--repository=acme/files", "--ref=refs/tags/v1.2.0")


@dataclass(kw_only=True)
class Released:
    """A release, before it is public, and the world that it was made in."""

    runner: Runner
    sigstore: SigstoreServer
    world: World
    token_asked: int

    @property
    def folder(self) -> Path:
        return self.runner.workspace("sign")


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository, with the tag that the certificates of the world are for."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: there is nothing to tag")
    folder = tmp_path_factory.mktemp("source") / "mcpchain"
    git(ROOT, "clone", "--quiet", str(ROOT), str(folder))
    package = folder / "mcpchain/__init__.py"
    text = re.sub(
        r'(__version__ = )".*"', r'\1"1.2.0"', package.read_text(encoding="utf-8")
    )
    package.write_text(text, encoding="utf-8")
    shutil.copy(ROOT / ".github/scripts/provenance.py", folder / ".github/scripts")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "-m", "1.2.0")
    git(folder, "tag", TAG)
    return folder


def git(folder: Path, *args: str) -> str:
    who = ("-c", "user.name=acme", "-c", "user.email=acme@acme.example")
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *args],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


@pytest.fixture(scope="module")
def released(
    source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Released]:
    """Build, gate, sign, attest and verify, once."""
    folder = tmp_path_factory.mktemp("released")
    with ExitStack() as stack:
        sigstore = stack.enter_context(open_sigstore())
        world = stack.enter_context(open_world(folder))
        sigstore.claims[13] = git(source, "rev-parse", "HEAD")
        runner = runner_of(folder / "runner", source, world, sigstore)
        runner.run("build")
        runner.outputs["test"] = {}
        runner.run("sign")
        asked = [each for each in world.server.asked if each.path.startswith("/token")]
        assert {each.path for each in asked} == {"/token?for=run&audience=sigstore"}
        assert {each.headers["Authorization"] for each in asked} == {"bearer of a run"}
        yield Released(
            runner=runner, sigstore=sigstore, world=world, token_asked=len(asked)
        )


def runner_of(
    folder: Path, source: Path, world: World, sigstore: SigstoreServer
) -> Runner:
    folder.mkdir()
    files = {
        "trust.json": sigstore.trust_config().encode(),
        "root.json": sigstore.instance.trusted_root(),
    }
    for name, data in files.items():
        (folder / name).write_bytes(data)
    deliver(source / ".github/requirements/run.txt", world)
    claims = {"job_workflow_ref": WORKFLOW.removeprefix("https://github.com/")}
    token = Place(lambda: json.dumps({"value": sigstore.token(**claims)}).encode())
    world.server.place("/token", token)
    trust = ["--trust-config", str(folder / "trust.json")]
    return Runner.of(
        RELEASE,
        source=source,
        folder=folder,
        environ={
            **world.environ,
            "GITHUB_EVENT_NAME": "push",
            "GITHUB_REF": f"refs/tags/{TAG}",
            "GITHUB_REF_NAME": TAG,
            "GITHUB_REPOSITORY": "acme/files",
            "GITHUB_REPOSITORY_ID": CLAIMS[15],
            "GITHUB_REPOSITORY_OWNER_ID": CLAIMS[17],
            "GITHUB_RUN_ATTEMPT": "1",
            "GITHUB_RUN_ID": "77",
            "GITHUB_SERVER_URL": "https://github.com",
            "GITHUB_SHA": git(source, "rev-parse", "HEAD"),
            "GITHUB_WORKFLOW_REF": claims["job_workflow_ref"],
            "RUNNER_ENVIRONMENT": "github-hosted",
        },
        token={
            "ACTIONS_ID_TOKEN_REQUEST_URL": f"{world.server.address}/token?for=run",
            "ACTIONS_ID_TOKEN_REQUEST_TOKEN": "of a run",
        },
        options={
            "gate": ["--advisories", str(known_advisory(folder, "not-ours"))],
            "sign": trust,
            "attest": trust,
            "verify": ["--trusted-root", str(folder / "root.json")],
        },
    )


def deliver(lock: Path, world: World) -> None:
    """Let the index have what *lock* names, with the digests that are there."""
    text = lock.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        name, version = re.match(r"([\w.-]+)[^=]*==(\S+)", line).groups()  # type: ignore[union-attr]
        for digest in re.findall(r"--hash=sha256:(\w+)", line):
            file = f"{name.replace('-', '_')}-{version}-1{digest[:6]}-py3-none-any.whl"
            page = world.pypi.upload(name, file)
            page.file(file)["hashes"] = {"sha256": digest}


def known_advisory(folder: Path, name: str) -> Path:
    records = folder / f"advisories-{name}"
    records.mkdir()
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    package = {"ecosystem": "PyPI", "name": name}
    record = {
        "id": "MAL-2026-1",
        "modified": now,
        "published": now,
        "summary": "it sends what it finds to a stranger",
        "affected": [
            {
                "package": package,
                "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}],
            }
        ],
    }
    (records / "MAL-2026-1.json").write_text(json.dumps(record), encoding="utf-8")
    return records


def test_what_is_released_is_signed_attested_and_verified(released: Released) -> None:
    names = {
        f"{BOM}.sigstore.json",
        *(
            f"{file}.{kind}sigstore.json"
            for file in (WHEEL, SDIST)
            for kind in ("", "cyclonedx.", "slsaprovenance1.")
        ),
    }
    assert {each.name for each in (released.folder / "signatures").iterdir()} == names
    assert {each.name for each in (released.folder / "dist").iterdir()} == {
        WHEEL,
        SDIST,
    }
    # One certificate for all files, and one for each statement.
    assert released.token_asked == 5


@pytest.mark.parametrize("file", [WHEEL, SDIST])
def test_the_bundles_say_what_the_artifact_is_made_of_and_how(
    released: Released, file: str
) -> None:
    folder = released.folder
    signed = folder / "signatures" / file
    root = released.runner.folder / "root.json"
    bundles = [
        f"--bundle={signed}.{kind}sigstore.json"
        for kind in ("", "cyclonedx.", "slsaprovenance1.")
    ]
    path = str(folder / "dist" / file)
    args = ["verify", path, *WHOM, *bundles, f"--trusted-root={root}", "--format=json"]
    told = CliRunner().invoke(main, args)
    assert told.exit_code == 0, told.output
    answers = json.loads(told.stdout)["verifications"]
    assert [each["status"] for each in answers] == ["verified"] * 3
    assert [each.get("buildLevel", {}).get("level") for each in answers] == [
        None,
        None,
        2,
    ]
    bom = json.loads((folder / "bom" / BOM).read_bytes())
    assert statement(f"{signed}.cyclonedx.sigstore.json")["predicate"] == bom
    provenance = statement(f"{signed}.slsaprovenance1.sigstore.json")
    digest = hashlib.sha256(Path(path).read_bytes()).hexdigest()
    assert provenance["subject"] == [{"name": file, "digest": {"sha256": digest}}]
    definition = provenance["predicate"]["buildDefinition"]
    assert definition["externalParameters"]["workflow"] == {
        "ref": "refs/tags/v1.2.0",
        "repository": "https://github.com/acme/files",
        "path": ".github/workflows/release.yml",
    }
    assert definition["resolvedDependencies"] == [
        {
            "uri": "git+https://github.com/acme/files@refs/tags/v1.2.0",
            "digest": {"gitCommit": released.sigstore.claims[13]},
        }
    ]
    assert provenance["predicate"]["runDetails"] == {
        "builder": {"id": WORKFLOW},
        "metadata": {
            "invocationId": "https://github.com/acme/files/actions/runs/77/attempts/1"
        },
    }


def statement(bundle: str) -> dict[str, Any]:
    envelope = json.loads(Path(bundle).read_bytes())["dsseEnvelope"]
    payload: dict[str, Any] = json.loads(base64.b64decode(envelope["payload"]))
    return payload


def test_sigstore_python_verifies_every_bundle(released: Released) -> None:
    config = ClientTrustConfig.from_json(released.sigstore.trust_config())
    verifier = Verifier(trusted_root=config.trusted_root)
    policy = Identity(identity=WORKFLOW, issuer=ISSUER)
    folder = released.folder
    for file in (*(folder / "dist").iterdir(), *(folder / "bom").iterdir()):
        for path in (folder / "signatures").glob(f"{file.name}.*sigstore.json"):
            bundle = Bundle.from_json(path.read_text(encoding="utf-8"))
            if b"dsseEnvelope" in path.read_bytes():
                verifier.verify_dsse(bundle, policy)
            else:
                verifier.verify_artifact(file.read_bytes(), bundle, policy)


def test_the_bom_lists_the_wheel_and_the_lock(released: Released) -> None:
    bom = json.loads((released.folder / "bom" / BOM).read_bytes())
    about = bom["metadata"]["component"]
    assert (about["name"], about["version"]) == ("mcpchain", "1.2.0")
    listed = {each["purl"]: each for each in bom["components"]}
    digest = hashlib.sha256((released.folder / "dist" / WHEEL).read_bytes()).hexdigest()
    ours = listed.pop("pkg:pypi/mcpchain@1.2.0")
    assert ours["hashes"] == [{"alg": "SHA-256", "content": digest}]
    lock = (ROOT / ".github/requirements/run.txt").read_text(encoding="utf-8")
    assert len(listed) == len(re.findall(r"^\S+==", lock, re.MULTILINE))


def test_the_wheel_holds_all_of_the_package_and_nothing_else(
    released: Released, source: Path
) -> None:
    tracked = git(source, "ls-files", "mcpchain", "policies").splitlines()
    wanted = {re.sub(r"^policies/", "mcpchain/policies/", each) for each in tracked}
    with zipfile.ZipFile(released.folder / "dist" / WHEEL) as wheel:
        held = {each for each in wheel.namelist() if ".dist-info/" not in each}
    assert held == wanted
    with tarfile.open(released.folder / "dist" / SDIST) as sdist:
        assert {each.uid for each in sdist} == {0}


def test_a_second_run_gives_the_same_bytes(
    released: Released, source: Path, tmp_path: Path
) -> None:
    umask = "umask 077; export TZ=Pacific/Auckland LC_ALL=C;"
    runner = runner_of(tmp_path / "else", source, released.world, released.sigstore)
    for step in (each for each in runner.workflow["jobs"]["build"]["steps"]):
        if "run" in step:
            step["run"] = f"{umask} {step['run']}"
    runner.run("build")
    assert runner.outputs["build"] == released.runner.outputs["build"]
    assert len(runner.outputs["build"]["digests"].splitlines()) == 3


def replace_file(folder: Path) -> None:
    with (folder / "dist" / WHEEL).open("ab") as stream:
        stream.write(b"\0")


def replace_bom(folder: Path) -> None:
    (folder / "bom" / BOM).write_text("{}", encoding="utf-8")


def take_the_bundle_of_another(folder: Path) -> None:
    signatures = folder / "signatures"
    for kind in ("", "cyclonedx.", "slsaprovenance1."):
        bundle = signatures / f"{SDIST}.{kind}sigstore.json"
        shutil.copy(bundle, signatures / f"{WHEEL}.{kind}sigstore.json")


def lose_the_provenance(folder: Path) -> None:
    (folder / f"signatures/{SDIST}.slsaprovenance1.sigstore.json").unlink()


def change_the_provenance(folder: Path) -> None:
    path = folder / f"signatures/{SDIST}.slsaprovenance1.sigstore.json"
    bundle = json.loads(path.read_bytes())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + "AAAA" + payload[-4:]
    path.write_text(json.dumps(bundle), encoding="utf-8")


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        (replace_file, "the bundle is about another digest"),
        (replace_bom, "the bundle is about another digest"),
        (take_the_bundle_of_another, "the statement is about other artifacts"),
        (lose_the_provenance, "does not exist"),
        (change_the_provenance, "invalid"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_was_tampered_with_is_not_released(
    released: Released, tmp_path: Path, tamper: Callable[[Path], None], why: str
) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(released.folder, folder, symlinks=True)
    tamper(folder)
    with pytest.raises(StepFailedError, match=why):
        released.runner.step("sign", "Verify", {}, folder)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("GITHUB_REPOSITORY", "acme/other"),
        ("GITHUB_REF", "refs/tags/v1.2.1"),
        ("GITHUB_REF", "refs/heads/main"),
    ],
    ids=["repository", "tag", "branch"],
)
def test_what_another_run_signed_is_not_released(
    released: Released, name: str, value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(released.runner.environ, name, value)
    with pytest.raises(StepFailedError, match="untrusted-identity"):
        released.runner.step("sign", "Verify", {})


@pytest.mark.parametrize(
    ("job", "step", "needed"),
    [
        ("sign", "See that these are the files that were built", "build"),
        ("release", "See that these are the files that were verified", "sign"),
        ("publish", "See that these are the files that were built", "build"),
    ],
)
def test_files_that_change_between_jobs_are_seen(
    released: Released, tmp_path: Path, job: str, step: str, needed: str
) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(released.folder, folder, symlinks=True)
    digests = released.runner.outputs[needed]["digests"]
    context = {f"needs.{needed}.outputs.digests": digests}
    released.runner.step(job, step, context, folder)
    (folder / "dist/more.whl").write_bytes(b"one more")
    with pytest.raises(StepFailedError):
        released.runner.step(job, step, context, folder)
    (folder / "dist/more.whl").unlink()
    replace_file(folder)
    with pytest.raises(StepFailedError):
        released.runner.step(job, step, context, folder)


def test_what_is_verified_is_what_is_released_and_published(released: Released) -> None:
    runner = released.runner
    runner.run("release")
    told = (runner.folder / "gh").read_text(encoding="utf-8").splitlines()
    assert told[:5] == ["release", "create", TAG, "--repo", "acme/files"]
    files = [each for each in told if each.startswith(("dist/", "bom/", "signatures/"))]
    digests = runner.outputs["sign"]["digests"].splitlines()
    assert files == [line.split("  ")[1] for line in digests]
    runner.run("publish")
    name, given = runner.actions[-1]
    assert name == "pypa/gh-action-pypi-publish"
    assert given == {"packages-dir": "dist", "attestations": True}
    listed = {each.name for each in (runner.workspace("publish") / "dist").iterdir()}
    assert listed == {WHEEL, SDIST}


def test_a_known_vulnerability_stops_the_release(
    released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    against = ["--advisories", str(known_advisory(tmp_path, "requests"))]
    monkeypatch.setitem(released.runner.options, "gate", against)
    with pytest.raises(StepFailedError, match=r"deny\[malicious-release\]: .*requests"):
        released.runner.step("build", "Gate what it pulls in", {})


def test_a_tag_that_is_not_the_version_is_not_built(
    released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(released.runner.workspace("build"), folder, symlinks=True)
    monkeypatch.setitem(released.runner.environ, "GITHUB_REF_NAME", "v1.2.1")
    shutil.rmtree(released.runner.workspace("build").parent / "temp/sdist")
    with pytest.raises(StepFailedError, match="Build the sdist"):
        released.runner.step(
            "build",
            "Build the sdist, and the wheel from it",
            {"steps.time.outputs.commit": "1"},
            folder,
        )


def test_without_the_permission_nothing_is_signed(
    released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "workspace"
    shutil.copytree(released.folder, folder, symlinks=True)
    shutil.rmtree(folder / "signatures")
    monkeypatch.setattr(released.runner, "token", {})
    with pytest.raises(StepFailedError, match="id-token: write"):
        released.runner.step("sign", "Sign and attest", {}, folder)
    assert list((folder / "signatures").iterdir()) == []


def test_each_job_may_do_only_what_it_is_for() -> None:
    assert {name: job["permissions"] for name, job in JOBS.items()} == {
        "build": {"contents": "read"},
        "test": {"contents": "read"},
        "sign": {"contents": "read", "id-token": "write"},
        "release": {"contents": "write"},
        "publish": {"id-token": "write"},
    }
    assert {name: job.get("needs") for name, job in JOBS.items()} == {
        "build": None,
        "test": "build",
        "sign": ["build", "test"],
        "release": "sign",
        "publish": ["build", "release"],
    }
    for step in (each for job in JOBS.values() for each in job["steps"]):
        assert re.fullmatch(
            r"[\w-]+/[\w-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{0:040}")
        )
        assert "|| true" not in step.get("run", "")
        assert "cache" not in step.get("with", {})
