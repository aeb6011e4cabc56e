"""The project around the package keeps its promises."""

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcpchain.cli import main
from mcpchain.discover import all_discoverers
from mcpchain.errors import Exit
from mcpchain.policy.reading import parse
from mcpchain.rules import all_rules

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
ACTION = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))


def tracked() -> list[str]:
    if not (ROOT / ".git").exists():
        pytest.skip("not a checkout: nothing tells which files belong to it")
    listed = subprocess.run(
        ["git", "-C", str(ROOT), "ls-files"], capture_output=True, check=True, text=True
    )
    return listed.stdout.splitlines()


def test_these_are_the_discoverers() -> None:
    assert [each.id for each in all_discoverers()] == [
        "azure-pipelines",
        "bun-lock",
        "compose",
        "conda-environment",
        "conda-explicit",
        "conda-lock",
        "conda-meta",
        "croissant",
        "data-file",
        "dataset-card",
        "dataset-info",
        "devcontainer",
        "dockerfile",
        "dvc",
        "env-files",
        "environment",
        "fastmcp",
        "gguf",
        "git-lfs",
        "github-actions",
        "hdf5",
        "hugging-face",
        "javascript-code",
        "keras",
        "litellm-config",
        "mcp-config",
        "mcpb",
        "modelfile",
        "onnx",
        "other-model",
        "package-json",
        "package-lock",
        "parquet",
        "pdm-lock",
        "pickle-model",
        "pipfile-lock",
        "pnpm-lock",
        "poetry-lock",
        "pre-commit",
        "prompts",
        "pylock",
        "pyproject",
        "python-code",
        "requirements",
        "safetensors",
        "saved-model",
        "server-json",
        "smithery",
        "terraform",
        "unread",
        "uv-lock",
        "wheel",
        "yarn-lock",
    ]


def test_the_readme_tells_every_exit_code() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", README, re.MULTILINE)}
    assert told == {int(code) for code in Exit}


def test_the_readme_names_commands_and_rules_that_exist() -> None:
    for command in re.findall(r"mcpchain (gate|sbom|explain|\w+) ", README):
        if command in {"gate", "sbom", "explain"}:
            assert command in main.commands
    for rule in re.findall(r"(?:deny|warn)\[([\w-]+)\]", README):
        assert rule in all_rules()


def test_the_readme_uses_options_that_exist() -> None:
    commands = [*main.commands.values()]
    for group in main.commands.values():
        commands += getattr(group, "commands", {}).values()
    known = {
        option
        for command in commands
        for parameter in command.params
        for option in (*parameter.opts, *parameter.secondary_opts)
    }
    for block in re.findall(r"^    mcpchain .+$", README, re.MULTILINE):
        for option in re.findall(r"(?<=\s)--?[a-z][a-z-]*", block.partition("#")[0]):
            assert option in known, option


def test_the_policies_in_the_readme_can_be_applied() -> None:
    one, other = re.findall(
        r"^```yaml\n(apiVersion.+?)^```", README, re.DOTALL | re.MULTILINE
    )
    policy = parse(one.encode(), source="README.md")
    assert [waiver.advisory for waiver in policy.waivers] == ["CVE-2026-0001", None]
    alone = re.sub(r"^extends:.*\n(?:  .*\n)+", "", other, flags=re.MULTILINE)
    policy = parse(alone.encode(), source="README.md")
    assert [each.name for each in policy.stages] == ["dev", "staging", "production"]


def test_nothing_else_stands_at_the_top_level() -> None:
    top = {path.partition("/")[0] for path in tracked()}
    assert {name for name in top if not name.startswith(".")} == {
        "CHANGELOG.md",
        "LICENSE",
        "Makefile",
        "README.md",
        "action.yml",
        "examples",
        "mcpchain",
        "policies",
        "pyproject.toml",
        "tests",
    }


def steps() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ACTION["runs"]["steps"]
    return found


def test_the_action_takes_its_inputs_through_the_environment_only() -> None:
    for step in steps():
        assert "${{" not in step["run"]
        assert step["shell"] == "bash"
        assert "|| true" not in step["run"]
        assert "continue-on-error" not in step


def test_the_action_imports_nothing_from_the_workspace(tmp_path: Path) -> None:
    (tmp_path / "venv.py").write_text("open('pwned', 'w')\n", encoding="utf-8")
    (tmp_path / "pip.py").write_text("open('pwned', 'w')\n", encoding="utf-8")
    script = steps()[0]["run"].replace(" install --quiet)", ")")
    made, _, _ = script.partition('"${pip[@]}"')
    subprocess.run(
        [
            "bash",
            "--noprofile",
            "--norc",
            "-eo",
            "pipefail",
            "-c",
            made + '"${pip[@]}" --version',
        ],
        check=True,
        cwd=tmp_path,
        env={
            "ACTION": str(ROOT),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "VENV": str(tmp_path / "made"),
        },
    )
    assert not (tmp_path / "pwned").exists()
    for line in (line for step in steps() for line in step["run"].splitlines()):
        assert "python" not in line or " -I " in line


@dataclass(frozen=True)
class Ran:
    """What the action has called, and how it ended."""

    argv: list[str]
    status: int
    told: str


def run_action(folder: Path, status: int = 0, **given: str) -> Ran:
    """Run the second step of the action in *folder*, with these inputs."""
    stub = folder / "venv/bin/python"
    stub.parent.mkdir(parents=True)
    stub.write_text(
        f'#!/bin/sh\nprintf "%s\\0" "$@" > {folder}/argv\nexit {status}\n',
        encoding="utf-8",
    )
    stub.chmod(0o755)
    (folder / "argv").touch()
    context = {
        f"inputs.{name}": given.pop(name.replace("-", "_"), each.get("default", ""))
        for name, each in ACTION["inputs"].items()
    }
    context["runner.temp"] = str(folder)
    assert not given
    env = {
        key: re.sub(r"\$\{\{ ([\w.-]+) \}\}", lambda found: context[found[1]], value)
        for key, value in steps()[1]["env"].items()
    }
    done = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", steps()[1]["run"]],
        capture_output=True,
        check=False,
        cwd=folder,
        env=env | {"PATH": "/usr/bin:/bin", "VENV": str(folder / "venv")},
        text=True,
    )
    argv = (folder / "argv").read_text(encoding="utf-8").split("\0")[:-1]
    assert not (folder / "pwned").exists()
    assert argv[:3] in (["-I", "-m", "mcpchain"], [])
    return Ran(argv=argv[3:], status=done.returncode, told=done.stdout + done.stderr)


HOSTILE = ["x; touch pwned", "$(touch pwned)", "`touch pwned`", "a\nb", "--policy=evil"]


@pytest.mark.parametrize("hostile", [*HOSTILE, ""])
@pytest.mark.parametrize("status", [0, 1, 10])
def test_the_action_passes_each_input_as_one_argument_and_fails_with_the_gate(
    tmp_path: Path, hostile: str, status: int
) -> None:
    ran = run_action(
        tmp_path, status, target=hostile, policy=hostile, advisories=hostile
    )
    given = [f"--policy={hostile}", f"--advisories={hostile}"] if hostile else []
    assert ran.argv == ["gate", "--no-environment", *given, "--", hostile or "."]
    assert ran.status == status


@pytest.mark.parametrize("hostile", HOSTILE)
@pytest.mark.parametrize("command", ["verify", "sign"])
def test_the_action_takes_files_and_patterns_line_by_line(
    tmp_path: Path, command: str, hostile: str
) -> None:
    for name in ("a b.whl", "-c.whl", "d.txt"):
        (tmp_path / name).touch()
    ran = run_action(tmp_path, 10, command=command, target=f"*.whl\n\n{hostile}\n")
    apart = ["--no-environment"] if command == "verify" else []
    targets = ["-c.whl", "a b.whl", *hostile.split("\n")]
    assert ran.argv == [command, *apart, "--", *targets]
    assert ran.status == 10


def test_the_action_hands_on_what_it_is_told_of_signers(tmp_path: Path) -> None:
    ran = run_action(
        tmp_path,
        command="verify",
        target="a.whl",
        repository="acme/files",
        workflow=".github/workflows/release.yml",
        ref="refs/tags/v*",
        identity="x",
        issuer="y",
        predicate_type="https://slsa.dev/provenance/v1",
        key="k.pub",
    )
    assert ran.argv == [
        "verify",
        "--no-environment",
        "--repository=acme/files",
        "--workflow=.github/workflows/release.yml",
        "--ref=refs/tags/v*",
        "--identity=x",
        "--issuer=y",
        "--predicate-type=https://slsa.dev/provenance/v1",
        "--key=k.pub",
        "--",
        "a.whl",
    ]


def test_the_action_signs_into_a_folder_that_it_makes(tmp_path: Path) -> None:
    given = {"output_dir": "-out/new", "key": "k.key", "force": "true"}
    ran = run_action(tmp_path, 0, command="sign", target="a.whl", **given)
    options = ["--key=k.key", "--output-dir=-out/new", "--force"]
    assert ran.argv == ["sign", *options, "--", "a.whl"]
    assert (tmp_path / "-out/new").is_dir()


@pytest.mark.parametrize(
    ("said", "options"), [("true", ["--no-log"]), ("false", []), ("", [])]
)
def test_the_action_verifies_what_a_key_has_signed(
    tmp_path: Path, said: str, options: list[str]
) -> None:
    given = {"key": "k.pub", "no_log": said, "bundle": "b.json"}
    ran = run_action(tmp_path, 0, command="verify", target="a.whl", **given)
    told = ["--no-environment", "--key=k.pub", *options, "--bundle=b.json"]
    assert ran.argv == ["verify", *told, "--", "a.whl"]


@pytest.mark.parametrize("hostile", [*HOSTILE, "yes", "True"])
@pytest.mark.parametrize("name", ["no_log", "force"])
def test_the_action_takes_true_or_false(
    tmp_path: Path, name: str, hostile: str
) -> None:
    ran = run_action(tmp_path, 0, command="sign", target="a.whl", **{name: hostile})
    assert (ran.status, ran.argv) == (2, [])
    assert "is neither true nor false" in ran.told
    assert hostile not in ran.told.replace("true", "")


@pytest.mark.parametrize("command", ["verify", "sign"])
def test_the_action_fails_where_a_pattern_fits_no_file(
    tmp_path: Path, command: str
) -> None:
    (tmp_path / "a.whl").touch()
    ran = run_action(tmp_path, command=command, target="a.whl\n*.tar.gz")
    assert ran.status == 2
    assert ran.told.startswith(
        "no file fits: *.tar.gz\n::error::no file fits a pattern"
    )
    assert ran.argv == []


@pytest.mark.parametrize(
    "command", ["", "explain", "gate; touch pwned", "sign\nverify"]
)
def test_the_action_knows_three_commands(tmp_path: Path, command: str) -> None:
    ran = run_action(tmp_path, command=command)
    assert (ran.status, ran.argv) == (2, [])
    assert command not in ran.told or not command


def test_the_commands_know_the_options_that_the_action_gives_them() -> None:
    apart = {"command", "target"}
    known = {
        name: {option for each in main.commands[name].params for option in each.opts}
        for name in ("gate", "verify", "sign")
    }
    for name, each in ACTION["inputs"].items():
        if name not in apart:
            said = each["description"].split(":")[0].removeprefix("To ")
            assert all(f"--{name}" in known[command] for command in said.split(" or "))
