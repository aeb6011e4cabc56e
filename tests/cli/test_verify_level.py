"""The build level that `mcpchain verify` tells of a provenance."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ARTIFACT, CLAIMS, WORKFLOW, Minter, statement

INSTANCE = Instance()
SAID: dict[str, Any] = {"predicate": {"runDetails": {"builder": {"id": WORKFLOW}}}}


def run(folder: Path, payload: bytes, *options: str, runner: str) -> Result:
    file, root = folder / "files.tar.gz", folder / "root.json"
    file.write_bytes(ARTIFACT)
    root.write_bytes(INSTANCE.trusted_root())
    claims = CLAIMS | {11: runner}
    minter = Minter(instance=INSTANCE, claims=claims, entries=("dsse/0.0.1",))
    bundle = folder / "files.tar.gz.sigstore.json"
    bundle.write_text(json.dumps(minter.attest(payload)))
    known = ("--repository", "acme/files", "--trusted-root", str(root))
    return CliRunner().invoke(main, ["verify", str(file), *known, *options])


@pytest.mark.parametrize(
    ("payload", "runner", "level"),
    [
        (
            statement(**SAID),
            "github-hosted",
            "2, the workflow that built it has signed",
        ),
        (
            statement(**SAID),
            "self-hosted",
            "1, the runner is `self-hosted`, whose owner can say anything",
        ),
        (statement(), "github-hosted", "0, expected "),
    ],
    ids=["hosted", "self-hosted", "no builder"],
)
def test_the_level_of_a_provenance_is_told(
    tmp_path: Path, payload: bytes, runner: str, level: str
) -> None:
    result = run(tmp_path, payload, runner=runner)
    assert result.exit_code == 0, result.output
    lines = result.stdout.splitlines()
    (told,) = [each for each in lines if each.startswith("  build level: ")]
    assert told.startswith(f"  build level: {level}")
    result = run(tmp_path, payload, "--format", "json", runner=runner)
    (found,) = json.loads(result.stdout)["verifications"]
    assert found["buildLevel"]["level"] == int(level[0])


def test_what_is_no_provenance_has_no_level(tmp_path: Path) -> None:
    payload = statement(predicate_type="https://example.com/publish/v1")
    result = run(tmp_path, payload, "--format", "json", runner="github-hosted")
    (found,) = json.loads(result.stdout)["verifications"]
    assert found["status"] == "verified"
    assert "buildLevel" not in found
