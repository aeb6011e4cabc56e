"""What a release of this repository meets: GitHub's variables, an index, a Sigstore."""

import datetime as dt
import json
import re
import subprocess
from pathlib import Path
from typing import Final

from tests.world.actions import Runner
from tests.world.server import Place
from tests.world.sigstore.minting import CLAIMS, WORKFLOW
from tests.world.sigstore.server import SigstoreServer
from tests.world.world import World

RELEASE: Final = Path(__file__).resolve().parents[2] / ".github/workflows/release.yml"
TAG: Final = "v1.2.0"
"""The one that the certificates of the world are for."""


def git(folder: Path, *args: str) -> str:
    who = ("-c", "user.name=acme", "-c", "user.email=acme@acme.example")
    done = subprocess.run(
        ["git", *who, "-C", str(folder), *args],
        capture_output=True,
        check=True,
        text=True,
    )
    return done.stdout.strip()


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
    always = {"type": "ECOSYSTEM", "events": [{"introduced": "0"}]}
    about = {"package": {"ecosystem": "PyPI", "name": name}, "ranges": [always]}
    now = dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = {"id": "MAL-2026-1", "modified": now, "affected": [about]}
    (records / "MAL-2026-1.json").write_text(json.dumps(record), encoding="utf-8")
    return records
