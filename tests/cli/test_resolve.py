"""`--resolve` from a configuration to a BOM and to a verdict, on loopback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.cli import main
from tests.making import NOW
from tests.world.world import World

POLICY = """\
apiVersion: mcpchain/policy/v1
name: online
rules:
  gap: {level: {no-source: allow, other: deny}}
  unpinned-dependency: warn
  fresh-release: {level: deny, min-age: 72h}
  unsigned-artifact: allow
  missing-provenance: allow
"""
Run = Callable[..., Result]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    entries = {
        "files": {"command": "npx", "args": ["-y", "files@1.0.0"]},
        "git": {"command": "uvx", "args": ["git-server==1.0"]},
    }
    config = json.dumps({"mcpServers": entries})
    (folder / ".mcp.json").write_text(config, encoding="utf-8")
    (tmp_path / "policy.yaml").write_text(POLICY, encoding="utf-8")
    return folder


@pytest.fixture
def run(world: World, project: Path, tmp_path: Path) -> Run:
    world.npm.publish("files", "1.0.0", dependencies={"left": "^1.0.0"})
    world.npm.publish("left", "1.0.0")
    world.pypi.release("git-server", "1.0", "gitlib")
    world.pypi.release("gitlib", "2.0")

    def call(command: str, *args: str, target: Path = project) -> Result:
        return CliRunner().invoke(
            main,
            [command, *args, "--no-environment", str(target)],
            env={
                "VIRTUAL_ENV": None,
                "HOME": str(tmp_path),
                "XDG_CACHE_HOME": str(tmp_path / "cache"),
                **world.environ,
            },
        )

    return call


@pytest.fixture
def judge(run: Run, tmp_path: Path) -> Run:
    policy = tmp_path / "policy.yaml"

    def call(*args: str, **more: Any) -> Result:  # noqa: ANN401 - a target
        return run("gate", f"--policy={policy}", "--no-pip-audit", *args, **more)

    return call


def told(result: Result) -> list[str]:
    return [
        line for line in result.output.splitlines() if "[" in line.partition("]")[0]
    ]


def test_the_bom_holds_what_the_servers_pull_in_and_reads_back(
    run: Run, tmp_path: Path
) -> None:
    file = tmp_path / "bom.json"
    result = run("sbom", "--resolve", "-o", str(file))
    assert result.exit_code == 0, result.output
    data = file.read_bytes()
    validate(data, source="bom.json")
    document = json.loads(data)
    assert {each["purl"] for each in document["components"] if "purl" in each} == {
        "pkg:npm/files@1.0.0",
        "pkg:npm/left@1.0.0",
        "pkg:pypi/git-server@1.0",
        "pkg:pypi/gitlib@2.0",
    }
    edges = {
        each["ref"]: each.get("dependsOn", []) for each in document["dependencies"]
    }
    assert edges["pkg:npm/files@1.0.0"] == ["pkg:npm/left@1.0.0"]
    assert edges["pkg:npm/left@1.0.0"] == []
    again = read(data, source="bom.json")
    rewritten = write(again, timestamp=NOW, version="0", reproducible=True)
    assert read(rewritten, source="bom.json") == again


def test_without_the_option_nobody_is_asked(
    run: Run, world: World, tmp_path: Path
) -> None:
    assert run("sbom", "-o", str(tmp_path / "bom.json")).exit_code == 0
    assert not world.server.asked


def test_what_cannot_be_found_out_is_said_and_the_bom_is_written(
    run: Run, world: World, tmp_path: Path
) -> None:
    world.npm["left"].answer(404)
    result = run("sbom", "--resolve", "-o", str(tmp_path / "bom.json"))
    assert result.exit_code == 0
    assert "answered 404 (not found)" in result.output


def test_sound_servers_are_allowed_with_one_warning_each(judge: Run) -> None:
    result = judge("--resolve")
    assert result.exit_code == 0, result.output
    assert told(result) == [
        f"warn[unpinned-dependency]: `{package}` is pinned, but what it pulls in is "
        f"chosen at every start, such as {what}"
        for package, what in (
            ("files@1.0.0", "`left` by `^1.0.0`"),
            ("git-server==1.0", "`gitlib`"),
        )
    ]


def malicious(_: World, folder: Path) -> None:
    record = {
        "schema_version": "1.6.0",
        "id": "MAL-2029-1",
        "modified": "2029-12-31T00:00:00Z",
        "published": "2029-12-31T00:00:00Z",
        "affected": [
            {
                "package": {"ecosystem": "npm", "name": "left"},
                "versions": ["1.0.0"],
            }
        ],
    }
    (folder / "MAL-2029-1.json").write_text(json.dumps(record), encoding="utf-8")


def deprecated(world: World, _: Path) -> None:
    world.npm["left"].version("1.0.0")["deprecated"] = "do not use"


def fresh(world: World, _: Path) -> None:
    world.npm["left"].document["time"]["1.0.0"] = "2999-01-01T00:00:00.000Z"


def gone(world: World, _: Path) -> None:
    world.npm["left"].answer(404)


def yanked(world: World, _: Path) -> None:
    world.pypi["git-server"].file("git_server-1.0-py3-none-any.whl")["yanked"] = "bad"


@pytest.mark.parametrize(
    ("attack", "words"),
    [
        (malicious, "deny[malicious-release]: `left@1.0.0`"),
        (deprecated, "deny[withdrawn-release]: `left@1.0.0` is deprecated"),
        (fresh, "deny[fresh-release]: `left@1.0.0` was uploaded"),
        (gone, "deny[gap]: registry: "),
        (yanked, "deny[withdrawn-release]: `git-server==1.0` was yanked"),
    ],
)
def test_what_is_wrong_with_a_dependency_is_denied(
    attack: Callable[[World, Path], None],
    words: str,
    judge: Run,
    world: World,
    tmp_path: Path,
) -> None:
    advisories = tmp_path / "osv"
    advisories.mkdir()
    attack(world, advisories)
    more = ["--advisories", str(advisories)] if [*advisories.iterdir()] else []
    result = judge("--resolve", *more)
    assert result.exit_code == 10, result.output
    assert [line for line in told(result) if line.startswith(words)], result.output
    if attack in {malicious, deprecated, fresh}:
        assert words not in judge(*more).output


def test_one_unknown_dependency_is_one_finding(judge: Run, world: World) -> None:
    world.npm["left"].answer(404)
    lines = [line for line in told(judge("--resolve")) if "deny[" in line]
    assert len(lines) == 1


def test_a_bom_with_it_is_judged_like_the_project_itself(
    run: Run, judge: Run, world: World, tmp_path: Path
) -> None:
    file = tmp_path / "bom.json"
    run("sbom", "--resolve", "-o", str(file))
    result = judge(target=file)
    assert result.exit_code == 0, result.output
    assert told(result) == told(judge("--resolve"))
    world.npm["left"].republish("1.0.0")
    assert "deny[digest-mismatch]: `left@1.0.0`" in judge(target=file).output


def test_a_registry_that_does_not_answer_leaves_it_undecided(
    judge: Run, world: World
) -> None:
    world.npm["left"].answer(500)
    assert judge("--resolve").exit_code == 4


def test_offline_it_is_a_contradiction(judge: Run, world: World) -> None:
    result = judge("--resolve", "--offline")
    assert result.exit_code == 2
    assert "`--offline` and `--resolve` contradict each other" in result.output
    assert not world.server.asked


def configure(project: Path, command: str, *args: str) -> None:
    config = json.dumps({"mcpServers": {"x": {"command": command, "args": [*args]}}})
    (project / ".mcp.json").write_text(config, encoding="utf-8")


@pytest.mark.parametrize(
    "line",
    [
        ["uvx", "run[cli]==1.0"],
        ["uvx", "run[cli]@1.0"],
        ["uvx", "--from", "run[cli]==1.0", "run-it"],
        ["pipx", "run", "--spec", "run[cli]==1.0", "run-it"],
    ],
)
def test_the_extras_of_a_command_are_followed(
    line: list[str], run: Run, world: World, project: Path, tmp_path: Path
) -> None:
    world.pypi.release("typer", "3.0")
    world.pypi.release("run", "1.0", "gitlib", "typer ; extra == 'cli'")
    configure(project, *line)
    file = tmp_path / "bom.json"
    assert run("sbom", "--resolve", "-o", str(file)).exit_code == 0
    found = read(file.read_bytes(), source="bom.json")
    assert {each.title for each in found.components if each.purl} >= {
        *("run==1.0", "gitlib==2.0", "typer==3.0")
    }
    assert found.gaps == ()


def test_a_launcher_that_may_choose_otherwise_is_denied_unless_that_is_accepted(
    judge: Run, project: Path
) -> None:
    configure(project, "bunx", "files@1.0.0")
    assert not [line for line in told(judge()) if line.startswith("deny[gap]")]
    result = judge("--resolve")
    assert result.exit_code == 10, result.output
    (line,) = [line for line in told(result) if line.startswith("deny[gap]")]
    assert line.endswith("it may be another choice with `bunx`")


def test_the_bom_says_for_what_it_was_resolved(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "bom.json"
    run("sbom", "--resolve", "-o", str(file))
    found = read(file.read_bytes(), source="bom.json")
    python, node = found.resolved_for.split("; ")
    assert python.split()[1].count(".") == 2
    assert "Node" in node
    run("sbom", "-o", str(file))
    assert read(file.read_bytes(), source="bom.json").resolved_for == ""
