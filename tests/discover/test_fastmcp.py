import contextlib
import hashlib
import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.component import (
    Component,
    Kind,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover import survey
from mcpchain.discover.fastmcp import DISCOVERER
from mcpchain.inventory import Inventory, State
from mcpchain.tree import Tree

SOURCE = {"source": {"path": "server.py", "entrypoint": "mcp"}}


def discover(folder: Path, data: object, name: str = "app/fastmcp.json") -> Inventory:
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    for each in ("server.py", "requirements.txt", "pyproject.toml", "deps.txt"):
        (file.parent / each).write_text("1")
    file.write_bytes(data if isinstance(data, bytes) else json.dumps(data).encode())
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def server(found: Inventory) -> Component:
    (one,) = (each for each in found.components if each.kind is Kind.MCP_SERVER)
    return one


@pytest.mark.parametrize("name", ["fastmcp.json", "a/FastMCP.json", "dev.fastmcp.json"])
def test_a_server_is_its_code(tmp_path: Path, name: str) -> None:
    found = discover(tmp_path, SOURCE, name)
    (code,) = (each for each in found.components if each.kind is Kind.APPLICATION)
    assert not found.gaps
    assert server(found).pin is Pin.LOCAL
    assert server(found).name == "server.py"
    assert server(found).facts == ServerFacts(
        client="fastmcp", transport=Transport.STDIO, launcher="fastmcp"
    )
    digests = [str(each) for a in code.artifacts for each in a.digests]
    assert digests == ["sha256:" + hashlib.sha256(b"1").hexdigest()]
    (edge,) = found.relations
    assert (edge.source, edge.target) == (server(found).ref, code.ref)


@pytest.mark.parametrize(
    ("text", "purl", "pin"),
    [
        ("httpx", "pkg:pypi/httpx", Pin.FLOATING),
        ("HTTPX>=0.28,<1", "pkg:pypi/httpx", Pin.RANGE),
        ("httpx[http2]==0.28.0", "pkg:pypi/httpx@0.28.0", Pin.EXACT),
        ("x @ git+https://h.example/x@main",
         "pkg:pypi/x?vcs_url=git%2Bhttps://h.example/x%40main", Pin.TAG),
    ],
)  # fmt: skip
def test_what_it_asks_for_is_a_library(
    tmp_path: Path, text: str, purl: str, pin: Pin
) -> None:
    data = SOURCE | {"environment": {"type": "uv", "dependencies": [text]}}
    found = discover(tmp_path, data)
    (library,) = (each for each in found.components if each.kind is Kind.LIBRARY)
    assert not found.gaps
    assert (str(library.purl), library.pin) == (purl, pin)
    assert str(library.location) == "app/fastmcp.json#/environment/dependencies/0"
    assert library.ref in {each.target for each in found.relations}


@pytest.mark.parametrize(
    "environment",
    [
        {"requirements": "requirements.txt"},
        {"project": "."},
        {"editable": ["."]},
        {"python": ">=3.11"},
        {"dependencies": None},
    ],
)
def test_what_is_read_by_itself_is_no_gap(
    tmp_path: Path, environment: dict[str, object]
) -> None:
    found = discover(tmp_path, SOURCE | {"environment": environment})
    assert not found.gaps
    assert len(found.components) == 2


@pytest.mark.parametrize(
    ("members", "pointer"),
    [
        ({"environment": {"requirements": "../../out.txt"}}, "/requirements"),
        ({"environment": {"requirements": "/etc/passwd"}}, "/requirements"),
        ({"environment": {"requirements": "missing.txt"}}, "/requirements"),
        ({"environment": {"requirements": "deps.txt"}}, "/requirements"),
        ({"environment": {"project": "../../other"}}, "/project"),
        ({"environment": {"project": "missing"}}, "/project"),
        ({"environment": {"editable": "."}}, "/editable"),
        ({"environment": {"editable": [".", "/opt/evil"]}}, "/editable/1"),
        ({"environment": {"dependencies": "httpx"}}, "/dependencies"),
        ({"environment": {"dependencies": [7]}}, "/dependencies/0"),
        ({"environment": {"dependencies": ["a b"]}}, "/dependencies/0"),
        ({"environment": {"type": "conda"}}, "/type"),
        ({"environment": []}, "/environment"),
        ({"deployment": {"transport": "smoke"}}, "/transport"),
        ({"deployment": {"env": []}}, "/env"),
        ({"mcpServers": {"x": {"command": "npx"}}}, "/mcpServers"),
    ],
)
def test_a_malformed_member_is_a_gap_and_the_server_is_read(
    tmp_path: Path, members: dict[str, object], pointer: str
) -> None:
    found = discover(tmp_path, SOURCE | members)
    (gap,) = found.gaps
    assert gap.state is State.UNREADABLE
    assert gap.location.pointer.endswith(pointer)
    assert server(found).pin is Pin.LOCAL


@pytest.mark.parametrize(
    "source",
    [None, [], {}, {"path": 7}, {"path": "missing.py"}, {"path": "../../evil.py"},
     {"path": "/opt/evil.py"}, {"type": "git", "path": "server.py"},
     {"path": "https://evil.example/x.py"}],
)  # fmt: skip
def test_code_that_is_not_there_is_a_gap_and_undecided(
    tmp_path: Path, source: object
) -> None:
    data = {"source": source, "environment": {"dependencies": ["httpx"]}}
    found = discover(tmp_path, data)
    assert found.gaps
    assert server(found).pin is None
    assert any(each.kind is Kind.LIBRARY for each in found.components)


def test_variables_are_told_by_name_and_undecided_where_they_decide(
    tmp_path: Path,
) -> None:
    env = {"KEY": "t0p-s3cret", "PYTHONPATH": "/t0p-s3cret", "N": 7}
    deployment = {"transport": "http", "env": env}
    found = discover(tmp_path, SOURCE | {"deployment": deployment})
    known = server(found).facts
    assert isinstance(known, ServerFacts)
    assert known.env == ("KEY", "N", "PYTHONPATH")
    assert known.transport is Transport.STREAMABLE_HTTP
    assert server(found).pin is None
    (gap,) = found.gaps
    assert gap.state is State.UNSUPPORTED
    assert "t0p-s3cret" not in repr(found)


def test_the_rest_of_very_many_packages_is_a_gap(tmp_path: Path) -> None:
    many = [f"p{each}" for each in range(1_001)]
    found = discover(tmp_path, SOURCE | {"environment": {"dependencies": many}})
    assert len(found.gaps) == 1
    assert len(found.components) == 1_002


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary())
def test_any_bytes_are_read_or_a_gap(tmp_path: Path, data: bytes) -> None:
    with contextlib.suppress(OSError):
        found = discover(tmp_path, data)
        assert found.gaps or found.components


def test_the_extras_and_the_python_that_it_asks_for_are_kept(tmp_path: Path) -> None:
    environment = {"dependencies": ["x[Cli,a_b]"], "python": "3.12"}
    found = discover(tmp_path, SOURCE | {"environment": environment})
    (library,) = (each for each in found.components if each.kind is Kind.LIBRARY)
    assert library.facts == PackageFacts(with_extras=("a-b", "cli"))
    facts = server(found).facts
    assert isinstance(facts, ServerFacts)
    assert facts.swayed_by == ("python",)


def test_a_name_of_a_variable_that_is_none_is_not_shown(tmp_path: Path) -> None:
    env = {"T=t0p-s3cret": "x", "KEY": "x"}
    found = discover(tmp_path, SOURCE | {"deployment": {"env": env}})
    known = server(found).facts
    assert isinstance(known, ServerFacts)
    assert known.env == ("KEY",)
    assert server(found).pin is None
    (gap,) = found.gaps
    assert gap.location.pointer == "/deployment/env"
    assert "t0p-s3cret" not in repr(found)
