"""What a user's own clients start is looked at only where that is asked for."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

FLOATING = {"mcpServers": {"evil": {"command": "npx", "args": ["evil"]}}}


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / ".mcp.json").write_text(
        '{"mcpServers": {"mine": {"url": "https://h.example/mcp"}}}', encoding="utf-8"
    )
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "alice"
    (folder / ".cursor").mkdir(parents=True)
    (folder / ".cursor" / "mcp.json").write_text(json.dumps(FLOATING), encoding="utf-8")
    return folder


def run(home: Path, *args: str | Path) -> Result:
    environ = {"VIRTUAL_ENV": None, "HOME": str(home), "CODEX_HOME": str(home / "x")}
    return CliRunner().invoke(main, [str(each) for each in args], env=environ)


def test_a_users_servers_are_in_the_bom_if_that_is_asked_for(
    project: Path, home: Path
) -> None:
    (home / "x").mkdir()
    (home / "x" / "config.toml").write_text('mcp_servers = "broken"', encoding="utf-8")
    told = run(home, "sbom", project, "--user-config", "-o", "-")
    assert told.exit_code == 0
    names = {each["name"] for each in json.loads(told.stdout)["services"]}
    assert names == {"mine", "evil"}
    assert "~/.cursor/mcp.json" in told.stdout
    assert "gap: ~/x/config.toml#/mcp_servers: expected an object" in told.stderr
    assert "alice" not in told.output
    assert str(home) not in told.output


def test_a_users_servers_are_left_alone_otherwise(project: Path, home: Path) -> None:
    told = run(home, "sbom", project, "-o", "-")
    assert "mine" in told.stdout
    assert "evil" not in told.output


def test_a_users_servers_are_judged_if_that_is_asked_for(
    project: Path, home: Path
) -> None:
    args = ("gate", "--offline", project)
    assert "unpinned-server" not in run(home, *args).output
    told = run(home, *args, "--user-config")
    assert told.exit_code == 10
    assert "unpinned-server" in told.output
    assert "~/.cursor/mcp.json" in told.output


def test_a_bom_keeps_what_it_says_when_a_user_is_added(
    project: Path, home: Path
) -> None:
    bom = project / "b.cdx.json"
    run(home, "sbom", project / ".mcp.json", "-o", bom)
    document = json.loads(bom.read_text(encoding="utf-8"))
    document["declarations"] = {"targets": {"organizations": [{"name": "acme"}]}}
    bom.write_text(json.dumps(document), encoding="utf-8")
    plain = json.loads(run(home, "sbom", bom, "-o", "-").stdout)
    more = json.loads(run(home, "sbom", bom, "--user-config", "-o", "-").stdout)
    assert "declarations" in plain
    assert more.keys() == plain.keys()
    assert len(more["services"]) == 2
