"""The release workflow, run as far as it goes without GitHub and without a registry."""

import base64
import hashlib
import json
import re
import shutil
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
from tests.world.release import RELEASE, TAG, git, known_advisory, runner_of
from tests.world.sigstore.minting import ISSUER, WORKFLOW
from tests.world.sigstore.server import SigstoreServer, open_sigstore
from tests.world.world import World, open_world

ROOT = Path(__file__).resolve().parents[1]
JOBS = yaml.safe_load(RELEASE.read_text(encoding="utf-8"))["jobs"]
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
    tokens: int
    """How many of an identity were asked for."""

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
        yield Released(runner=runner, sigstore=sigstore, world=world, tokens=len(asked))


def bundles(file: str) -> list[str]:
    kinds = ("", "cyclonedx.", "slsaprovenance1.")
    return [f"signatures/{file}.{kind}sigstore.json" for kind in kinds]


def copy_of(released: Released, folder: Path) -> Path:
    for name in (".github/scripts", ".venv", "dist", "bom", "signatures"):
        shutil.copytree(released.folder / name, folder / name, symlinks=True)
    return folder


def test_what_is_released_is_signed_attested_and_verified(released: Released) -> None:
    found = {
        f"{each.parent.name}/{each.name}"
        for folder in ("dist", "bom", "signatures")
        for each in (released.folder / folder).iterdir()
    }
    files = {f"dist/{WHEEL}", f"dist/{SDIST}", f"bom/{BOM}"}
    assert found == files | {
        f"signatures/{BOM}.sigstore.json",
        *bundles(WHEEL),
        *bundles(SDIST),
    }
    # One certificate for all files, and one for each statement.
    assert released.tokens == 5


@pytest.mark.parametrize("file", [WHEEL, SDIST])
def test_the_bundles_say_what_the_artifact_is_made_of_and_how(
    released: Released, file: str
) -> None:
    folder, root = released.folder, released.runner.folder / "root.json"
    mine = [str(folder / each) for each in bundles(file)]
    path = folder / "dist" / file
    args = ["verify", str(path), *WHOM, f"--trusted-root={root}", "--format=json"]
    told = CliRunner().invoke(main, [*args, *(f"--bundle={each}" for each in mine)])
    assert told.exit_code == 0, told.output
    answers = json.loads(told.stdout)["verifications"]
    assert [each["status"] for each in answers] == ["verified"] * 3
    assert [each.get("buildLevel", {}).get("level") for each in answers] == [
        None,
        None,
        2,
    ]
    bom = json.loads((folder / "bom" / BOM).read_bytes())
    assert statement(mine[1])["predicate"] == bom
    provenance = statement(mine[2])
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
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
    kinds = []
    for path in (folder / "signatures").iterdir():
        bundle = Bundle.from_json(path.read_text(encoding="utf-8"))
        if "dsseEnvelope" in json.loads(path.read_bytes()):
            kinds.append(verifier.verify_dsse(bundle, policy)[0])
            continue
        (file,) = folder.glob(f"*/{path.name.removesuffix('.sigstore.json')}")
        verifier.verify_artifact(file.read_bytes(), bundle, policy)
        kinds.append("file")
    statements = ["application/vnd.in-toto+json"] * 4
    assert sorted(kinds) == [*statements, "file", "file", "file"]


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


def take_the_bundles_of_another(folder: Path) -> None:
    for mine, other in zip(bundles(WHEEL), bundles(SDIST), strict=True):
        shutil.copy(folder / other, folder / mine)


def say_one_thing_twice(folder: Path) -> None:
    _, bom, provenance = bundles(WHEEL)
    shutil.copy(folder / bom, folder / provenance)


def lose_the_provenance(folder: Path) -> None:
    (folder / bundles(WHEEL)[2]).unlink()


def change_the_provenance(folder: Path) -> None:
    path = folder / bundles(WHEEL)[2]
    bundle = json.loads(path.read_bytes())
    payload = bundle["dsseEnvelope"]["payload"]
    bundle["dsseEnvelope"]["payload"] = payload[:-8] + "AAAA" + payload[-4:]
    path.write_text(json.dumps(bundle), encoding="utf-8")


@pytest.mark.parametrize(
    ("tamper", "why"),
    [
        (replace_file, "the bundle is about another digest"),
        (replace_bom, "the bundle is about another digest"),
        (take_the_bundles_of_another, "the bundle is about another digest"),
        (say_one_thing_twice, "missing: dist/.*whl"),
        (lose_the_provenance, "does not exist"),
        (change_the_provenance, "invalid"),
    ],
    ids=lambda each: getattr(each, "__name__", ""),
)
def test_what_was_tampered_with_is_not_released(
    released: Released, tmp_path: Path, tamper: Callable[[Path], None], why: str
) -> None:
    folder = copy_of(released, tmp_path)
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
    folder = copy_of(released, tmp_path)
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
    released: Released, monkeypatch: pytest.MonkeyPatch
) -> None:
    runner, step = released.runner, "Build the sdist, and the wheel from it"
    monkeypatch.setitem(runner.environ, "GITHUB_REF_NAME", "v1.2.1")
    shutil.rmtree(runner.workspace("build").parent / "temp/sdist")
    with pytest.raises(StepFailedError) as failed:
        runner.step("build", step, {"steps.time.outputs.commit": "1"})
    assert failed.value.step == step
    assert "mcpchain-1.2.0-py3-none-any.whl" in str(failed.value)


def test_without_the_permission_nothing_is_signed(
    released: Released, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = copy_of(released, tmp_path)
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
