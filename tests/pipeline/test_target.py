"""What a target is made of, and what a BOM says of the whole beside that."""

import json
from pathlib import Path

import pytest

from mcpchain.bom.write import write
from mcpchain.component import Kind
from mcpchain.errors import NothingToCheckError
from mcpchain.inventory import Inventory
from mcpchain.pipeline.target import survey
from tests.making import NOW, component


def test_what_a_bom_says_of_the_whole_stays_beside_an_environment(
    tmp_path: Path,
) -> None:
    inventory = Inventory(
        name="app",
        components=(component("pkg:npm/files@1.0.0", ref="files"),),
        carried='{"annotations":[]}',
        resolved_for="Node 20.1.0",
    )
    file = tmp_path / "bom.json"
    file.write_bytes(write(inventory, timestamp=NOW, version="0", reproducible=True))
    packages = tmp_path / "venv/lib/python3.11/site-packages"
    packages.mkdir(parents=True)
    (tmp_path / "venv/pyvenv.cfg").write_text("version = 3.11.1\n", encoding="utf-8")
    found = survey(file, environment=tmp_path / "venv", verbatim=True)
    assert found.resolved_for == "Node 20.1.0"
    assert found.carried == survey(file, environment=None, verbatim=True).carried
    assert survey(file, environment=None).resolved_for == "Node 20.1.0"


SERVER = {"command": "npx", "args": ["-y", "files@1.2.0"], "env": {"K": "secret"}}


@pytest.mark.parametrize(
    "content",
    [
        {"mcpServers": {"files": SERVER}},
        {"servers": {"files": SERVER}, "inputs": []},
        {"theme": "dark", "mcpServers": {"files": SERVER}},
        {"mcpServers": {"files": {"url": "https://h.example/mcp?secret"}}},
        {"mcpServers": {"files": SERVER, "broken": 5}},
    ],
    ids=repr,
)
@pytest.mark.parametrize("name", ["backup.json", "servers.txt", "x"])
def test_a_configuration_under_any_name_is_known_by_its_content(
    tmp_path: Path, content: object, name: str
) -> None:
    file = tmp_path / name
    file.write_text("// mine\n" + json.dumps(content), encoding="utf-8")
    found = survey(file, environment=None)
    servers = [e for e in found.components if e.kind is Kind.MCP_SERVER]
    assert {each.name for each in servers} >= {"files"}
    assert "secret" not in repr(found)
    broken = "broken" in repr(content)
    assert bool(found.gaps) is broken


@pytest.mark.parametrize(
    "content",
    [
        {"mcpServers": {}},
        {"mcpServers": []},
        {"mcpServers": {"files": {"port": 1}}},
        {"servers": [{"url": "https://h.example"}], "openapi": "3.1.0"},
        {"x": {"mcpServers": {"files": SERVER}}},
    ],
    ids=repr,
)
def test_what_shows_no_servers_is_no_configuration(
    tmp_path: Path, content: object
) -> None:
    file = tmp_path / "backup.json"
    file.write_text(json.dumps(content), encoding="utf-8")
    found = survey(file, environment=None)
    assert not found.components
    assert len(found.gaps) == 1  # it is no BOM either


def test_a_configuration_that_is_no_json_is_not_guessed(tmp_path: Path) -> None:
    file = tmp_path / "backup.txt"
    file.write_text('"mcpServers": is a word here', encoding="utf-8")
    with pytest.raises(NothingToCheckError):
        survey(file, environment=None)
