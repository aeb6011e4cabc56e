"""The example shows every outcome, and its repaired version is allowed."""

import importlib.util
import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

EXAMPLES = Path(__file__).resolve().parents[1] / "examples"
AGENT = EXAMPLES / "support-agent"


def gate(target: Path, *more: str) -> Result:
    args = [
        "gate",
        "--offline",
        "--no-environment",
        f"--policy={AGENT / 'policy.yaml'}",
        f"--advisories={AGENT / 'advisories'}",
        *more,
        str(target),
    ]
    return CliRunner().invoke(main, args)


def findings(target: Path) -> dict[str, list[dict[str, Any]]]:
    report = json.loads(gate(target, "--format=json").stdout)
    found: dict[str, list[dict[str, Any]]] = {}
    for each in report["findings"]:
        found.setdefault(each["outcome"], []).append(each)
    return found


def test_the_agent_is_denied_and_shows_every_outcome() -> None:
    assert gate(AGENT).exit_code == 10
    found = findings(AGENT)
    assert set(found) == {"denied", "warned", "waived", "allowed"}
    assert {each["rule"] for each in found["denied"]} == {
        "gap",
        "known-vulnerability",
        "malicious-release",
        "plaintext-remote-server",
        "unpinned-server",
        "unsafe-model-format",
    }
    denied = {each["component"]["name"] for each in found["denied"]}
    assert denied >= {"minimist", "ws", "jinja2", "postmark-mcp", "git", "router.pkl"}
    assert [each["component"]["name"] for each in found["waived"]] == ["urllib3"]


def test_the_repaired_agent_is_allowed() -> None:
    told = gate(EXAMPLES / "support-agent-repaired")
    assert told.exit_code == 0, told.output
    assert "verdict: allow" in told.output


FORMATS = pytest.mark.parametrize("form", ["--spec-version=1.7", "--format=spdx"])


@FORMATS
def test_the_gate_says_the_same_of_a_bom_in_any_format(
    form: str, tmp_path: Path
) -> None:
    bom, other = tmp_path / "bom.cdx.json", tmp_path / "other.json"
    from_folder = gate(AGENT, f"--bom={bom}").output
    written = ["sbom", str(AGENT), "--no-environment", form, "-o", str(other)]
    assert CliRunner().invoke(main, written).exit_code == 0
    rules = [
        sorted(line for line in told.splitlines() if "[" in line.partition(" ")[0])
        for told in (from_folder, gate(bom).output, gate(other).output)
    ]
    assert rules[0] == rules[1] == rules[2]
    assert findings(bom) == findings(other)


@FORMATS
def test_a_bom_of_the_agent_and_the_agent_differ_in_nothing(
    form: str, tmp_path: Path
) -> None:
    bom, other = tmp_path / "bom.cdx.json", tmp_path / "other.json"
    for more in (["-o", str(bom)], [form, "-o", str(other)]):
        written = ["sbom", str(AGENT), "--no-environment", *more]
        assert CliRunner().invoke(main, written).exit_code == 0
    told = CliRunner().invoke(main, ["bom", "diff", str(bom), str(other)])
    assert told.output == "no changes\n"
    merging = ["bom", "merge", str(bom), str(other), "-o", str(tmp_path / "m.json")]
    merged = CliRunner().invoke(main, merging)
    # What could not be read, once of each, and no word that only the code knows.
    assert sum(line.startswith("gap: ") for line in merged.stderr.splitlines()) == 2
    assert "said to be" not in merged.stderr


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("maker", AGENT / "make_models.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_models_are_what_the_script_makes(
    maker: ModuleType, tmp_path: Path
) -> None:
    maker.main(tmp_path)
    for made in sorted(tmp_path.iterdir()):
        assert made.read_bytes() == (AGENT / "models" / made.name).read_bytes()
    assert len([*tmp_path.iterdir()]) == 3
