import contextlib
import hashlib
import json
import shlex
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover import survey
from mcpchain.discover.mcp_config import DISCOVERER
from mcpchain.document import join
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree

DIGEST = "sha256:" + "a" * 64


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def read(data: bytes, path: str = ".mcp.json") -> Inventory:
    found = Collector("test")
    DISCOVERER.discover(Bytes(tree=Tree(Path("/none")), path=path, head=data), found)
    return found.inventory()


def servers(entries: object, path: str = ".mcp.json") -> Inventory:
    return read(json.dumps({"mcpServers": entries}).encode(), path)


def server(inventory: Inventory) -> tuple[Component, ServerFacts]:
    (found,) = [c for c in inventory.components if c.kind is Kind.MCP_SERVER]
    assert isinstance(found.facts, ServerFacts)
    return found, found.facts


def test_a_server_and_its_package_are_two_components() -> None:
    entry = {"command": "npx", "args": ["-y", "@acme/files@1.2.0", "/secret"]}
    inventory = servers({"files": entry})
    assert inventory.gaps == ()
    found, facts = server(inventory)
    assert (str(found.purl), found.version, found.pin, found.basis) == (
        "pkg:npm/%40acme/files@1.2.0",
        "1.2.0",
        Pin.EXACT,
        Basis.CONFIGURED,
    )
    assert str(found.location) == ".mcp.json#/mcpServers/files"
    assert facts == ServerFacts(
        client="claude-code", transport=Transport.STDIO, launcher="npx"
    )
    (package,) = [c for c in inventory.components if c is not found]
    assert (package.kind, package.name, package.purl, package.pin) == (
        Kind.APPLICATION,
        "@acme/files",
        found.purl,
        Pin.EXACT,
    )
    assert package.facts == PackageFacts()
    assert package.location == found.location
    assert [(r.source, r.target) for r in inventory.relations] == [
        (
            "urn:mcpchain:mcp:claude-code:project:.mcp.json:files",
            "pkg:npm/@acme/files@1.2.0",
        )
    ]
    assert "secret" not in repr(inventory)


def test_two_servers_of_one_package_share_it() -> None:
    entry = {"command": "uvx", "args": ["files==1.2"]}
    inventory = servers({"a": entry, "b": entry})
    (package,) = [c for c in inventory.components if c.kind is Kind.APPLICATION]
    assert [place.pointer for place in package.locations] == [
        "/mcpServers/a",
        "/mcpServers/b",
    ]
    assert len(inventory.relations) == 2


def test_every_package_of_a_command_hangs_on_its_server() -> None:
    entry = {"command": "uvx", "args": ["--with", "extra", "files==1.2"]}
    inventory = servers({"a": entry})
    assert {(c.name, c.kind, c.pin) for c in inventory.components} == {
        ("a", Kind.MCP_SERVER, Pin.EXACT),
        ("files", Kind.APPLICATION, Pin.EXACT),
        ("extra", Kind.LIBRARY, Pin.FLOATING),
    }
    assert len(inventory.relations) == 2


def test_extras_are_facts_of_the_package_and_sway_is_one_of_the_server() -> None:
    args = ["--python", "3.12", "--with", "extra[b,A]", "files[cli]==1.2"]
    entry = {"command": "uvx", "args": args, "env": {"UV_PRERELEASE": "allow"}}
    inventory = servers({"a": entry})
    found = {c.name: c.facts for c in inventory.components if c.purl and c.name != "a"}
    assert found == {
        "files": PackageFacts(with_extras=("cli",)),
        "extra": PackageFacts(with_extras=("a", "b")),
    }
    (facts,) = (c.facts for c in inventory.components if c.name == "a")
    assert isinstance(facts, ServerFacts)
    assert facts.swayed_by == ("--python", "UV_PRERELEASE")


def test_a_package_with_extras_is_another_than_without() -> None:
    args = (["files==1.2"], ["files[cli]==1.2"])
    inventory = servers({str(a): {"command": "uvx", "args": a} for a in args})
    packages = [c for c in inventory.components if c.kind is Kind.APPLICATION]
    assert len({c.ref for c in packages}) == 2


def test_a_floating_server_keeps_what_it_asks_for() -> None:
    inventory = servers({"a": {"command": "npx", "args": ["files@latest"]}})
    found, _ = server(inventory)
    assert (str(found.purl), found.version, found.pin, found.requested) == (
        "pkg:npm/files",
        None,
        Pin.FLOATING,
        "latest",
    )


def test_an_image_digest_names_the_bytes() -> None:
    entry = {"command": "docker", "args": ["run", "-i", f"h.example/o/i@{DIGEST}"]}
    inventory = servers({"a": entry})
    found, facts = server(inventory)
    assert found.pin is Pin.DIGEST
    assert [str(d) for a in found.artifacts for d in a.digests] == [DIGEST]
    assert facts.registry == "https://h.example"
    assert all(c.artifacts == found.artifacts for c in inventory.components)


def test_names_of_variables_and_headers_are_kept_and_values_are_not() -> None:
    entry = {
        "command": "npx",
        "args": ["files@1.2.0", "--key", "secret"],
        "env": {"TOKEN": "secret", "A": 1, "B": None},
        "headers": {"Authorization": "Bearer secret"},
    }
    inventory = servers({"a": entry})
    _, facts = server(inventory)
    assert facts.env == ("A", "B", "TOKEN")
    assert facts.headers == ("Authorization",)
    assert "secret" not in repr(inventory)


def test_a_registry_in_the_environment_is_a_fact_of_server_and_package() -> None:
    entry = {
        "command": "npx",
        "args": ["files@1.2.0"],
        "env": {"NPM_CONFIG_REGISTRY": "https://u:secret@evil.example/npm/"},
    }
    inventory = servers({"a": entry})
    assert {
        c.facts.registry
        for c in inventory.components
        if isinstance(c.facts, ServerFacts | PackageFacts)
    } == {"https://evil.example/npm"}
    assert "secret" not in repr(inventory)


def test_further_indexes_are_facts_of_server_and_package() -> None:
    entry = {"command": "uvx", "args": ["--index", "https://e.example", "x==1"]}
    inventory = servers({"a": entry})
    assert {
        c.facts.extra_registries
        for c in inventory.components
        if isinstance(c.facts, ServerFacts | PackageFacts)
    } == {("https://e.example",)}


def test_a_package_past_the_registry_says_where_from() -> None:
    inventory = servers({"a": {"command": "npx", "args": ["x@npm:files@1.0.0"]},
                         "b": {"command": "npx", "args": ["o/r"]}})  # fmt: skip
    facts = {c.name: c.facts for c in inventory.components}
    assert facts["files"] == PackageFacts(alias="x")
    assert facts["o/r"] == PackageFacts(
        origin=Origin.VCS, registry="https://github.com/o/r"
    )


@pytest.mark.parametrize(
    ("entry", "transport", "endpoint"),
    [
        ({"url": "https://u:secret@h.example/mcp?token=secret#secret"},
         Transport.UNKNOWN, "https://h.example/mcp"),
        ({"type": "http", "url": "https://h.example"}, Transport.STREAMABLE_HTTP,
         "https://h.example"),
        ({"type": "streamableHttp", "url": "https://h.example"},
         Transport.STREAMABLE_HTTP, "https://h.example"),
        ({"type": "streamable_http", "url": "https://h.example"},
         Transport.STREAMABLE_HTTP, "https://h.example"),
        ({"type": "sse", "url": "http://h.example"}, Transport.SSE, "http://h.example"),
        ({"type": "stdio", "url": "http://h.example"}, Transport.UNKNOWN,
         "http://h.example"),
        ({"type": "odd", "serverUrl": "https://h.example"}, Transport.UNKNOWN,
         "https://h.example"),
        ({"httpUrl": "https://h.example"}, Transport.STREAMABLE_HTTP,
         "https://h.example"),
        ({"uri": "wss://h.example"}, Transport.WEBSOCKET, "wss://h.example"),
        ({"url": "https://h.example", "serverUrl": "https://h.example"},
         Transport.UNKNOWN, "https://h.example"),
    ],
)  # fmt: skip
def test_a_remote_server_is_its_endpoint(
    entry: dict[str, str], transport: Transport, endpoint: str
) -> None:
    inventory = servers({"a": entry})
    assert inventory.gaps == ()
    found, facts = server(inventory)
    assert (found.purl, found.pin) == (None, Pin.REMOTE)
    assert (facts.transport, facts.endpoint) == (transport, endpoint)
    assert "secret" not in repr(inventory)


def test_a_bridge_is_its_package_and_its_endpoint() -> None:
    args = ["mcp-remote@0.1.16", "https://h.example/mcp?t=secret"]
    found, facts = server(servers({"a": {"command": "npx", "args": args}}))
    assert str(found.purl) == "pkg:npm/mcp-remote@0.1.16"
    assert (facts.transport, facts.endpoint) == (
        Transport.STDIO,
        "https://h.example/mcp",
    )


def project(
    folder: Path, *files: str, at: str = ".mcp.json", **entry: object
) -> Inventory:
    """Survey *folder* with *files* and one server `a`."""
    for name in files:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text("harmless", encoding="utf-8")
    (folder / at).parent.mkdir(parents=True, exist_ok=True)
    config = json.dumps({"mcpServers": {"a": entry}})
    (folder / at).write_text(config, encoding="utf-8")
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("node ./server.js", "server.js"),
        ("node server.js --port 1 /srv/data", "server.js"),
        ("node dist/server", "dist/server.js"),
        ("node ${workspaceFolder}/a/b.mjs", "a/b.mjs"),
        ("node ${CLAUDE_PLUGIN_ROOT}/a/b.mjs", "a/b.mjs"),
        ("node a\\b.mjs", "a/b.mjs"),
        ("node ./a/../b.js", "b.js"),
        ("node 100%25.js", "100%2525.js"),
        ("python server.py", "server.py"),
        ("python folder", "folder/__main__.py"),
        ("python -m pack", "pack/__main__.py"),
        ("python -m pack.part", "pack/part.py"),
        ("python -m pack", "src/pack/__main__.py"),
        ("bash ./start.sh", "start.sh"),
        ("./bin/server --key secret", "bin/server"),
        ("uv run server.py", "server.py"),
        ("uv --directory sub run server.py", "sub/server.py"),
        ("uv run --directory ./sub -m pack", "sub/pack.py"),
        ("npx tsx@4.0.0 ./server.ts", "server.ts"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("at", [".mcp.json", ".vscode/mcp.json"])
def test_a_file_that_a_server_runs_is_listed_with_its_digest(
    line: str, file: str, at: str, tmp_path: Path
) -> None:
    command, *args = line.split()
    name = file.replace("%25", "%")
    inventory = project(tmp_path, name, at=at, command=command, args=args)
    assert inventory.gaps == ()
    found, _ = server(inventory)
    assert (found.purl, found.pin) == (None, Pin.LOCAL)
    (code,) = [c for c in inventory.components if c is not found and c.pin is Pin.LOCAL]
    assert (code.name, code.kind, code.purl) == (file, Kind.APPLICATION, None)
    assert str(code.location) == file
    assert code.facts == PackageFacts(origin=Origin.PATH)
    expected = hashlib.sha256(b"harmless").hexdigest()
    assert [str(d) for a in code.artifacts for d in a.digests] == [f"sha256:{expected}"]
    assert code.ref in {each.target for each in inventory.relations}
    assert "secret" not in repr(inventory)


def test_code_that_is_loaded_first_is_listed_as_well(tmp_path: Path) -> None:
    args = ["--import", "./x.mjs", "-r", "./y", "server.js"]
    files = ("x.mjs", "y.js", "server.js")
    inventory = project(tmp_path, *files, command="node", args=args)
    names = {c.name for c in inventory.components}
    assert names == {"a", "x.mjs", "y.js", "server.js"}
    (tmp_path / "x.mjs").unlink()
    found, _ = server(project(tmp_path, command="node", args=args))
    assert found.pin is None


def test_a_server_may_start_in_another_folder_of_the_project(tmp_path: Path) -> None:
    inventory = project(tmp_path, "sub/x.js", command="node", args=["x.js"], cwd="sub")
    found, _ = server(inventory)
    assert found.pin is Pin.LOCAL


@pytest.mark.parametrize("cwd", ["", ".", "./", "${workspaceFolder}"])
def test_the_folder_of_the_project_is_no_other_folder(cwd: str) -> None:
    entry = {"command": "npx", "args": ["files@1.2.0"], "cwd": cwd}
    inventory = servers({"a": entry})
    assert server(inventory)[0].pin is Pin.EXACT
    assert inventory.gaps == ()


@pytest.mark.parametrize(
    "line",
    [
        "/srv/secret/bin",
        "/opt/x --token secret",
        "'/opt/my secret server/run'",
        r"'C:\\tools\\run.exe'",
        r"'\\\\evil.example\\share\\run.exe'",
        "node //evil.example/share/secret.js",
        "node /secret.js",
        "node ~/secret.js",
        "node file:///secret.js",
        "node ../secret.js",
        "node a/../../secret.js",
        "node $SECRET/secret.js",
        "node ${workspaceFolder}/../secret.js",
        "node ${workspaceFolder}",
        "node ./missing-secret.js",
        "node link.js",
        "node folder",
        "node with-index",
        "node .",
        "bash /dev/stdin",
        "python secret.py",
        "python -m secret",
        "python -m there.secret",
        "./secret/run.sh",
        "uv --directory /secret run there.py",
        "uv --directory ../x run there.py",
        "uv run --directory secret there.py",
        "uv run server",
        "uv run inline.py",
        "pipx run --path inline.py",
        "npm start",
        "npm run serve",
        "yarn start",
        "npx tsx@4.0.0 ./secret.ts",
        f"node ./{'a' * 2000}.js",
        "node 'there.py\0'",
    ],
)
def test_code_that_is_not_in_the_tree_is_not_vouched_for(
    line: str, tmp_path: Path
) -> None:
    (tmp_path / "outside.js").write_text("x", encoding="utf-8")
    (tmp_path / "secret.js").write_text("x", encoding="utf-8")
    folder = tmp_path / "tree"
    (folder / "folder").mkdir(parents=True)
    (folder / "with-index").mkdir()
    (folder / "with-index" / "index.js").write_text("x", encoding="utf-8")
    (folder / "link.js").symlink_to(tmp_path / "outside.js")
    inline = "# /// script\n# dependencies = ['evil']\n# ///\n"
    (folder / "inline.py").write_text(inline, encoding="utf-8")
    command, *args = shlex.split(line)
    inventory = project(folder, "there.py", command=command, args=args)
    found, _ = server(inventory)
    assert (found.purl, found.pin) == (None, None)
    (gap,) = [g for g in inventory.gaps if g.location.path == ".mcp.json"]
    assert gap.ref == found.ref
    assert gap.state in {State.UNREADABLE, State.UNSUPPORTED}
    assert "secret" not in repr(gap)


@pytest.mark.parametrize("at", [".mcp.json", "sub/.mcp.json", "sub/.vscode/mcp.json"])
@pytest.mark.parametrize(
    ("line", "file"),
    [
        ("npx files@1.2.0", "node_modules/files/package.json"),
        ("npx @acme/files@1.2.0", "node_modules/@acme/files/package.json"),
        ("npx @acme/files@1.2.0", "node_modules/.bin/files"),
        ("npx files@1.2.0", "npx.cmd"),
        ("uvx files==1.2", "uvx.exe"),
        ("bun x files@1.2.0", "bunfig.toml"),
        ("npx files@1.2.0", "sub/node_modules/files/package.json"),
    ],
)  # fmt: skip
def test_what_a_file_of_the_project_changes_is_in_doubt(
    tmp_path: Path, at: str, line: str, file: str
) -> None:
    if file.startswith("sub") and not at.startswith("sub"):
        return
    command, *args = line.split()
    found, _ = server(project(tmp_path, at=at, command=command, args=args))
    assert found.pin is Pin.EXACT
    inventory = project(tmp_path, file, at=at, command=command, args=args)
    found, _ = server(inventory)
    assert (found.purl, found.pin) == (None, None)
    reasons = [g.reason for g in inventory.gaps if g.ref == found.ref]
    assert [file.removeprefix("sub/") in each for each in reasons] == [True]


def test_a_link_that_changes_what_runs_is_in_doubt_wherever_it_leads(
    tmp_path: Path,
) -> None:
    folder = tmp_path / "tree"
    (folder / "node_modules").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "package.json").write_text("{}", encoding="utf-8")
    (folder / "node_modules" / "files").symlink_to(tmp_path / "outside")
    found, _ = server(project(folder, command="npx", args=["files@1.2.0"]))
    assert found.pin is None


def test_code_that_cannot_be_read_whole_is_not_vouched_for(tmp_path: Path) -> None:
    with (tmp_path / "big.py").open("wb") as stream:
        stream.truncate((64 << 20) + 1)
    found, _ = server(project(tmp_path, command="uv", args=["run", "big.py"]))
    assert found.pin is None


def test_two_servers_of_one_file_share_it(tmp_path: Path) -> None:
    (tmp_path / "x.py").write_text("harmless", encoding="utf-8")
    entry = {"command": "uv", "args": ["run", "x.py"]}
    config = json.dumps({"mcpServers": {"a": entry, "b": entry}})
    (tmp_path / ".mcp.json").write_text(config, encoding="utf-8")
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert sorted(c.name for c in inventory.components) == ["a", "b", "x.py"]
    assert len(inventory.relations) == 2


def test_says_of_code_elsewhere_that_it_was_not_looked_at() -> None:
    (gap,) = servers({"a": {"command": "node", "args": ["/x.js"]}}).gaps
    assert gap.state is State.UNREADABLE
    assert gap.reason == (
        "it cannot be told what this server runs: `node`: the file that it runs lies "
        "outside the examined folder, and was not looked at"
    )


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("https://h.example/mcp", None),
        ("https://h.example", None),
        ("https://h.example/", None),
        ("https://h.example/v1/workspaces/acme-support-team/mcp-server-github-v2/sse",
         None),
        ("https://h.example/2025-06-18/ModelContextProtocolServer/streamable-http",
         None),
        ("https://h.example/internationalization/projects/20250618", None),
        ("https://0123456789abcdef0123456789abcdef.h.example/mcp", None),
        ("https://h.example/s/NDg1ZGU0OTMtYzc3Yi00/mcp", "https://h.example/s/***/mcp"),
        ("https://h.example/550e8400-e29b-41d4-a716-446655440000/mcp",
         "https://h.example/***/mcp"),
        ("https://h.example/T0/B0/xoOXooXOoxoOXOxoOxOOXoxo",
         "https://h.example/T0/B0/***"),
        ("https://h.example:8443/sk-ant-a1b2c3d4e5f6/mcp",
         "https://h.example:8443/***/mcp"),
        ("https://h.example/deadbeefdeadbeef", "https://h.example/***"),
        ("https://h.example/token/abc123x", "https://h.example/token/***"),
        ("https://h.example/abcdefghijklmnopqrstuvwxyzabcdefghij",
         "https://h.example/***"),
        ("https://h.example/%61%31b2c3d4e5f6g7h8", "https://h.example/***"),
        ("https://h.example/eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
         "https://h.example/***"),
        ("https://h.example/a1b-2c3-d4e-5f6-g7h-8i9-j0k-1l2-m3n-4o5-p6q",
         "https://h.example/***"),
    ],
)  # fmt: skip
def test_a_part_of_an_address_that_looks_like_a_secret_is_masked(
    address: str, shown: str | None
) -> None:
    inventory = servers(
        {
            "a": {"url": address},
            "b": {"command": "npx", "args": ["mcp-remote", address]},
        }
    )
    endpoints = {
        c.facts.endpoint
        for c in inventory.components
        if isinstance(c.facts, ServerFacts)
    }
    assert endpoints == {shown or address}


@pytest.mark.parametrize(
    ("entry", "pointer"),
    [
        (None, ""),
        (7, ""),
        ("npx files", ""),
        (["npx"], ""),
        ({}, ""),
        ({"command": ""}, ""),
        ({"url": ""}, ""),
        ({"args": ["files"]}, ""),
        ({"command": None}, ""),
        ({"command": 1}, "/command"),
        ({"command": ["npx", "files@1.2.0"]}, "/command"),
        ({"command": "npx", "args": "files@1.2.0"}, "/args"),
        ({"command": "npx", "args": ["files@1.2.0", None]}, "/args/1"),
        ({"command": "npx", "args": {"0": "files@1.2.0"}}, "/args"),
        ({"command": "npx", "args": ["files@1.2.0"], "env": ["A=b"]}, "/env"),
        ({"command": "npx", "args": ["files@1.2.0"], "headers": "x"}, "/headers"),
        ({"command": "npx", "args": ["files@1.2.0"], "type": 1}, "/type"),
        ({"command": "npx", "args": ["files@1.2.0"], "url": "https://h.example"}, ""),
        ({"url": 1}, "/url"),
        ({"url": "https://a.example", "uri": "https://b.example"}, ""),
        ({"url": "${input:secret}"}, ""),
        ({"url": "https://u:sec/ret@h.example"}, ""),
        ({"url": "file:///etc/passwd"}, ""),
        ({"url": "https://h.example", "headersHelper": "./secret.sh"},
         "/headersHelper"),
        ({"command": "npx", "args": ["files@1.2.0"], "cwd": "/secret"}, "/cwd"),
        ({"command": "npx", "args": ["files@1.2.0"], "cwd": "./secret"}, "/cwd"),
        ({"command": "npx", "args": ["files@1.2.0"], "cwd": 1}, "/cwd"),
        ({"command": "npx", "args": ["files@1.2.0"], "envFile": ".env"}, "/envFile"),
        ({"command": "npx", "args": ["files@1.2.0"], "env_file": ".env"}, "/env_file"),
        ({"url": "https://h.example",
          "oauth": {"authServerMetadataUrl": "http://secret.example"}},
         "/oauth/authServerMetadataUrl"),
        ({"url": "https://h.example",
          "oauth": {"authServerMetadataUrl": "https://secret.example/x"}},
         "/oauth/authServerMetadataUrl"),
        ({"url": "https://h.example", "oauth": {"a": "http://h.example/x"}},
         "/oauth/a"),
        ({"url": "https://h.example", "oauth": {"a": "https://[secret"}}, "/oauth/a"),
        ({"url": "https://h.example", "auth": {"url": "https://secret.example"}},
         "/auth/url"),
        ({"command": "bash", "args": ["-c", "curl secret | sh"]}, ""),
        ({"command": "npx", "args": ["--unknown", "files@1.2.0"]}, ""),
        ({"command": "my-server", "args": ["secret"]}, ""),
    ],
)  # fmt: skip
def test_a_server_in_doubt_is_listed_without_a_pin_and_leaves_a_gap(
    entry: object, pointer: str
) -> None:
    good = {"command": "npx", "args": ["good@1.0.0"]}
    inventory = servers({"bad": entry, "good": good})
    by_name = {c.name: c for c in inventory.components if c.kind is Kind.MCP_SERVER}
    assert (by_name["bad"].purl, by_name["bad"].pin) == (None, None)
    assert by_name["bad"].version is None
    assert str(by_name["good"].purl) == "pkg:npm/good@1.0.0"
    assert {gap.location.pointer for gap in inventory.gaps} == {
        "/mcpServers/bad" + pointer
    }
    assert all(gap.hint and "secret" not in gap.reason for gap in inventory.gaps)


@pytest.mark.parametrize(
    "oauth",
    [
        {},
        "x",
        {"clientId": "abc", "callbackPort": 3118, "scopes": ["a:b"]},
        {"authServerMetadataUrl": "https://h.example/.well-known/x"},
        {"redirect": "http://localhost:3118/callback", "other": "http://127.0.0.1/x"},
        {"scope": "api://abc/.default", "urn": "urn:a:b"},
    ],
)
def test_signing_in_at_the_server_itself_is_no_doubt(oauth: object) -> None:
    inventory = servers({"a": {"url": "https://h.example/mcp", "oauth": oauth}})
    assert inventory.gaps == ()
    assert server(inventory)[0].pin is Pin.REMOTE


def test_an_undecidable_command_is_unsupported_and_says_which_server() -> None:
    inventory = servers({"a": {"command": "sh", "args": ["-c", "a | b"]}})
    (gap,) = inventory.gaps
    assert gap.state is State.UNSUPPORTED
    assert gap.ref == "urn:mcpchain:mcp:claude-code:project:.mcp.json:a"
    assert gap.reason == (
        "it cannot be told what this server runs: `sh`: it is a shell command with "
        "`|`, which can run anything"
    )


def test_what_a_doubtful_server_starts_is_still_listed() -> None:
    entry = {"command": "npx", "args": ["files@1.2.0"], "url": "https://h.example"}
    inventory = servers({"a": entry})
    assert "files" in {c.name for c in inventory.components}
    assert len(inventory.relations) == 1


@pytest.mark.parametrize(
    "name",
    ["__proto__", "../x", "", "x" * 10_000, "a:b#c\nd", "\u202eevil\u0007", "a/b~c"],
)
def test_any_name_is_data(name: str) -> None:
    inventory = servers({name: {"command": "npx", "args": ["files@1.2.0"]}})
    found, _ = server(inventory)
    assert found.name == name
    assert found.location.pointer == join("/mcpServers", name)


def test_a_name_that_appears_twice_is_listed_without_a_pin() -> None:
    entry = '{"command": "npx", "args": ["files@1.2.0"]}'
    inventory = read(f'{{"mcpServers": {{"a": {entry}, "a": {entry}}}}}'.encode())
    found, _ = server(inventory)
    assert found.pin is None
    (gap,) = inventory.gaps
    assert gap.reason == "this key appears twice in one object"


def test_a_variable_that_appears_twice_puts_the_server_in_doubt() -> None:
    data = b"""{"mcpServers": {"a": {"command": "npx", "args": ["files@1.2.0"],
        "env": {"npm_config_registry": "https://a.example",
                "npm_config_registry": "https://b.example"}}}}"""
    inventory = read(data)
    found, facts = server(inventory)
    assert found.pin is None
    assert facts.env == ("npm_config_registry",)
    (gap,) = inventory.gaps
    assert gap.location.pointer == "/mcpServers/a/env/npm_config_registry"


@pytest.mark.parametrize(
    ("path", "client"),
    [
        (".mcp.json", "claude-code"),
        ("a/.mcp.json", "claude-code"),
        (".vscode/mcp.json", "vscode"),
        ("a/.cursor/mcp.json", "cursor"),
        ("a/b/claude_desktop_config.json", "claude-desktop"),
        ("mcp.json", "unknown"),
        ("x.vscode/mcp.json", "unknown"),
        (".MCP.json", "claude-code"),
        ("MCP.json", "unknown"),
        (".VSCode/MCP.JSON", "vscode"),
        ("Claude_Desktop_Config.json", "claude-desktop"),
    ],
)
def test_knows_the_client_by_the_path(path: str, client: str) -> None:
    file = File(tree=Tree(Path("/none")), path=path)
    assert DISCOVERER.wants(file)
    _, facts = server(servers({"a": {"url": "https://h.example"}}, path))
    assert facts.client == client


@pytest.mark.parametrize("path", ["a.json", "mcp.json/x", "settings.json", "mcp.yaml"])
def test_wants_nothing_else(path: str) -> None:
    assert not DISCOVERER.wants(File(tree=Tree(Path("/none")), path=path))


def test_reads_comments_and_the_key_of_vscode() -> None:
    data = b"""\xef\xbb\xbf{
        // what runs
        "inputs": [{"id": "x"}],
        "servers": {"a": {"command": "uvx", /* pinned */ "args": ["x==1",],},},
    }"""
    found, facts = server(read(data, ".vscode/mcp.json"))
    assert (found.version, facts.client) == ("1", "vscode")
    assert found.location.pointer == "/servers/a"


def test_reads_both_keys_and_keeps_servers_of_one_name_apart() -> None:
    data = json.dumps(
        {
            "mcpServers": {"a": {"command": "npx", "args": ["x@1.0.0"]}},
            "servers": {"a": {"command": "npx", "args": ["x@2.0.0"]}},
        }
    ).encode()
    found = [c for c in read(data).components if c.kind is Kind.MCP_SERVER]
    assert {c.version for c in found} == {"1.0.0", "2.0.0"}


def test_one_malformed_map_spares_the_other() -> None:
    data = b'{"mcpServers": [], "servers": {"a": {"url": "https://h.example"}}}'
    inventory = read(data)
    found, _ = server(inventory)
    assert found.pin is Pin.REMOTE
    (gap,) = inventory.gaps
    assert gap.reason == "expected an object, got a list"


def test_reads_a_plugins_map_without_a_key() -> None:
    inventory = read(b'{"a": {"command": "npx", "args": ["x@1.0.0"]}, "b": 1}')
    found, _ = server(inventory)
    assert found.version == "1.0.0"
    assert found.location.pointer == "/a"


GOOD = '"good": {"command": "npx", "args": ["x@1.0.0"]}'


@pytest.mark.parametrize(
    ("data", "path", "pointer"),
    [
        ('{"mcpservers": {"evil": {"command": "x"}}, "servers": {%s}}', ".mcp.json",
         "/mcpservers"),
        ('{"MCPServers": {"evil": {"command": "x"}}, "mcpServers": {%s}}', "mcp.json",
         "/MCPServers"),
        ('{"mcpServers": {%s}, "evil": {"command": "x"}}', ".mcp.json", "/evil"),
        ('{"mcpServers": {%s}, "evil": {"command": "x"}}', "mcp.json", "/evil"),
        ('{"mcpServers": {%s}, "more": {"evil": {"url": "x"}}}', "mcp.json", "/more"),
        ('{"mcpServers": {%s}, "more": {"evil": {"cmd": "x"}}}', ".mcp.json", "/more"),
        ('{"mcpServers": {%s}, "more": [{"command": "x"}]}', ".mcp.json", "/more"),
        ('{"servers": {%s}, "inputs": [1], "x": {}}', ".vscode/mcp.json", "/x"),
        ('{%s, "evil": {"cmd": "x"}}', ".mcp.json", "/evil"),
        ('{%s, "evil": {"cmd": "x"}}', "mcp.json", "/evil"),
    ],
)  # fmt: skip
def test_what_is_not_read_beside_servers_is_a_gap(
    data: str, path: str, pointer: str
) -> None:
    inventory = read((data % GOOD).encode(), path)
    named = {c.name: c for c in inventory.components if c.kind is Kind.MCP_SERVER}
    assert named["good"].pin is Pin.EXACT
    assert [gap.location.pointer for gap in inventory.gaps] == [pointer]


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ('{"mcpServers": {}, "evil": {"command": "x"}}', ".mcp.json"),
        ('{"mcpServers": {}, "evil": {"command": "x"}}', "mcp.json"),
        ('{"mcpservers": {"evil": {"command": "x"}}}', ".mcp.json"),
        ('{"mcpservers": {"evil": {"command": "x"}}}', "mcp.json"),
        ('{"x": {"evil": {"command": "x"}}}', "claude_desktop_config.json"),
    ],
)
def test_a_file_of_unread_servers_is_not_empty(
    data: str, path: str, tmp_path: Path
) -> None:
    (tmp_path / path).write_text(data, encoding="utf-8")
    assert survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER]).gaps


@pytest.mark.parametrize(
    ("data", "path"),
    [
        ('{"servers": {%s}, "inputs": [{"id": "x"}]}', ".vscode/mcp.json"),
        ('{"$schema": "x", "mcpServers": {%s}, "//": "text"}', ".mcp.json"),
        ('{"mcpServers": {%s}, "preferences": {"a": {"b": 1}}, "scale": [1]}',
         "claude_desktop_config.json"),
    ],
)  # fmt: skip
def test_what_names_no_server_is_no_gap(data: str, path: str) -> None:
    assert read((data % GOOD).encode(), path).gaps == ()


def test_a_file_of_endless_servers_is_read_within_limits() -> None:
    inventory = servers({str(number): {"url": "x"} for number in range(10_005)})
    (limit,) = [gap for gap in inventory.gaps if gap.state is State.LIMIT]
    assert limit.location.pointer == "/mcpServers"
    assert len(inventory.components) == 10_000


@pytest.mark.parametrize(
    "args",
    [
        ["--with", "a," * 1900 + "b", "x==1"],
        ["--with", ",".join(["a>=1"] * 99), "x==1"],
        ["--with", "[" * 3900, "x==1"],
    ],
)
def test_long_lists_of_packages_cost_little(args: list[str]) -> None:
    entry = {"command": "uvx", "args": args}
    entries = {str(number): entry for number in range(1500)}
    begun = time.monotonic()
    assert len(servers(entries).components) >= 1500
    assert time.monotonic() - begun < 20


def test_a_file_of_endless_packages_is_read_within_limits() -> None:
    packages = ",".join(f"a{number}" for number in range(99))
    entry = {"command": "uvx", "args": ["--with", packages, "x==1"]}
    inventory = servers(dict.fromkeys(map(str, range(1000)), entry))
    assert [g.state for g in inventory.gaps] == [State.LIMIT]
    assert len(inventory.components) == 201 + 100


@pytest.mark.parametrize(
    ("data", "path"),
    [
        (b"{}", ".mcp.json"),
        (b'{"mcpServers": {}}', ".mcp.json"),
        (b'{"mcpServers": null}', ".mcp.json"),
        (b'{"globalShortcut": ""}', "claude_desktop_config.json"),
        (b'{"name": "something else"}', "mcp.json"),
    ],
)
def test_a_file_may_have_no_servers(data: bytes, path: str) -> None:
    assert not read(data, path)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"not json", "not JSON"),
        (b"[]", "expected an object, got a list"),
        (b"7", "expected an object, got a number"),
        (b"\xff\xfe{\x00}\x00", "UTF-16"),
        (b'{"mcp_servers": {"a": 1}}', "names no servers in"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"mcpServers":' * 100_000, "nested too deeply"),
    ],
)
def test_a_file_that_is_no_configuration_is_a_gap(
    data: bytes, problem: str, tmp_path: Path
) -> None:
    (tmp_path / ".mcp.json").write_bytes(data)
    inventory = survey(Tree(tmp_path), name="x", discoverers=[DISCOVERER])
    assert inventory.components == ()
    (gap,) = inventory.gaps
    assert problem in gap.reason
    assert gap.location.path == ".mcp.json"


def test_a_map_that_appears_twice_is_a_gap() -> None:
    inventory = read(b'{"mcpServers": {}, "mcpServers": {"a": {"command": "x"}}}')
    (gap,) = inventory.gaps
    assert gap.location.pointer == "/mcpServers"


@given(st.binary())
def test_any_bytes_are_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        read(data)


SURPRISES = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=8),
    st.sampled_from(["npx", "uvx", "docker", "sh", "https://h.example"]),
    st.lists(st.none() | st.text(max_size=8), max_size=3),
    st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
)
ENTRIES = SURPRISES | st.fixed_dictionaries(
    {},
    optional=dict.fromkeys(
        ("command", "args", "url", "env", "headers", "type"), SURPRISES
    ),
)


@settings(max_examples=100)
@given(st.dictionaries(st.text(max_size=8), ENTRIES, max_size=3))
def test_every_entry_is_listed_and_one_without_a_pin_has_a_gap(
    entries: dict[str, object],
) -> None:
    inventory = servers(entries)
    gaps = [gap.location.pointer for gap in inventory.gaps]
    listed = {c.name: c.pin for c in inventory.components if c.kind is Kind.MCP_SERVER}
    assert listed.keys() == entries.keys()
    for name, pin in listed.items():
        pointer = join("/mcpServers", name)
        doubted = any(g == pointer or g.startswith(pointer + "/") for g in gaps)
        assert doubted == (pin is None)


@pytest.mark.parametrize(
    ("members", "place"),
    [
        ({"headers": {"Authorization: Bearer t0ps3cret": "x"}}, "/headers"),
        ({"headers": {"Bearer t0ps3cret": ""}}, "/headers"),
        ({"headers": {"t0ps3cret9f8e7d6c5b4a": ""}}, "/headers"),
        ({"headers": {"t0ps3cret" + "x" * 200: ""}}, "/headers"),
        ({"env": {"T=t0ps3cret": "x"}}, "/env"),
        ({"env": {"t0ps3cret9f8e7d6c5b4a": "x"}}, "/env"),
        ({"env": {"https://u:t0ps3cret@h.example/": "x"}}, "/env"),
        ({"env": {"LD_PRELOAD=t0ps3cret": "x"}}, "/env"),
        ({"env": {"npm_config_//u:t0ps3cret@h.example/:_auth": "x"}}, "/env"),
    ],
    ids=["header-line", "header-value", "header-token", "header-long", "env-line",
         "env-token", "env-address", "env-that-decides", "env-of-npm"],
)  # fmt: skip
def test_a_name_that_is_none_is_not_shown_and_leaves_a_gap(
    members: dict[str, object], place: str
) -> None:
    good = {"headers": {"X-Key": "s"}, "env": {"KEY": "s"}}
    mixed = {key: {**good[key], **more} for key, more in members.items()}  # type: ignore[dict-item] # mappings
    for each in (members, mixed):
        entry = {"command": "npx", "args": ["files@1.2.0"], **each}
        inventory = servers({"a": entry})
        assert "t0ps3cret" not in repr(inventory)
        (gap,) = inventory.gaps
        assert str(gap.location) == f".mcp.json#/mcpServers/a{place}"
        found, facts = server(inventory)
        assert (found.purl, found.pin) == (None, None)
        assert facts.env == ("KEY",) * (each is mixed and "env" in each)
        assert facts.headers == ("X-Key",) * (each is mixed and "headers" in each)
        assert "pkg:npm/files@1.2.0" in {str(c.purl) for c in inventory.components}


@pytest.mark.parametrize("argument", ["t0ps3cret==", "A B=t0ps3cret", "KEY=t0ps3cret"])
def test_what_docker_takes_for_a_variable_is_not_shown(argument: str) -> None:
    for env in ({}, {"DOCKER_t0p s3cret": "x"}):
        args = ["run", "-e", argument, f"i@{DIGEST}"]
        inventory = servers({"a": {"command": "docker", "args": args, "env": env}})
        assert "s3cret" not in repr(inventory)
        assert server(inventory)[1].env == ()


@pytest.mark.parametrize(
    "name",
    ["ProgramFiles(x86)", "CommonProgramFiles(x86)", "_x", "GITHUB_PERSONAL_TOKEN",
     "npm_config_@acme:registry", "npm_config_//h.example/npm/:_authToken"],
)  # fmt: skip
def test_a_name_of_a_variable_is_shown(name: str) -> None:
    entry = {"command": "npx", "args": ["x@1.0.0"], "env": {name: "https://h.example"}}
    inventory = servers({"a": entry})
    assert inventory.gaps == ()
    assert server(inventory)[1].env == (name,)


@pytest.mark.parametrize("cwd", ["..", "../../..", "a/../../b", "./../x/.."])
@pytest.mark.parametrize(
    "command", [["node", "server.js"], ["python", "-m", "x"], ["dotnet", "x.dll"]],
    ids=["node", "python", "dotnet"],
)  # fmt: skip
def test_a_folder_outside_is_a_gap_that_claims_nothing_of_the_project(
    tmp_path: Path, cwd: str, command: list[str]
) -> None:
    inventory = project(tmp_path, command=command[0], args=command[1:], cwd=cwd)
    (gap,) = inventory.gaps
    assert gap.reason.endswith(
        "the folder that it starts in lies outside the examined folder, and was not "
        "looked at"
    )
    assert server(inventory)[0].pin is None


@pytest.mark.parametrize(
    ("files", "entry"),
    [
        (("node.exe",), {"command": "node", "args": ["server.js"]}),
        ((), {"command": "node", "args": ["server.js"], "env": {"NODE_PATH": "/x"}}),
        ((), {"command": "node", "args": ["-r", "./server.js", "./gone.js"]}),
        ((), {"command": "node", "args": ["server.js", "npx", "-y", "x@1.0.0"]}),
    ],
    ids=["nearby", "variable", "another-file-is-missing", "starts-another"],
)
def test_the_file_of_a_server_in_doubt_is_listed_with_its_digest(
    tmp_path: Path, files: tuple[str, ...], entry: dict[str, object]
) -> None:
    inventory = project(tmp_path, "server.js", *files, at=".mcp.json", **entry)
    (gap,) = inventory.gaps
    found, _ = server(inventory)
    assert (found.pin, gap.ref) == (None, found.ref)
    (code,) = [c for c in inventory.components if c.name == "server.js"]
    expected = hashlib.sha256(b"harmless").hexdigest()
    assert [str(d) for a in code.artifacts for d in a.digests] == [f"sha256:{expected}"]
    assert code.ref in {each.target for each in inventory.relations}


ALIAS = {"dependencies": {"x": "npm:@acme/files@1"}}


@pytest.mark.parametrize(
    ("files", "spec"),
    [
        ({"package.json": ALIAS}, "x"),
        ({"package.json": ALIAS}, "x@1.0.0"),
        ({"package.json": {"devDependencies": {"x": "^1.0.0"}}}, "x"),
        ({"package.json": {"devDependencies": {"x": "^1.0.0"}}}, "x@^1"),
        ({"package.json": {"dependencies": {"x": "github:acme/x"}}}, "x@1.0.0"),
        ({"package.json": {"name": "@acme/x", "bin": "cli.js"}}, "x"),
        ({"package.json": {"name": "y", "bin": {"x": "cli.js"}}}, "x"),
        ({"package-lock.json": {"packages": {"node_modules/x": {"version": "1.0.0"}}}},
         "x"),
        ({"package-lock.json": {"packages": {"node_modules/a/node_modules/x": {}}}},
         "x@^1"),
        ({"package-lock.json": {"packages": {"node_modules/a": {"name": "x"}}}},
         "x@^1"),
        ({"package-lock.json": {"packages": {"node_modules/a": {"bin": {"x": "i"}}}}},
         "x"),
        ({"package-lock.json": {"packages": {"node_modules/x": {"link": True}}}},
         "x@1.0.0"),
        ({"package-lock.json": {"dependencies": {"x": {"version": "1.0.0"}}}}, "x"),
    ],
    ids=["alias", "alias-exact", "open", "range", "git-exact", "own-program",
         "own-programs", "locked", "nested", "locked-alias", "program-of-another",
         "workspace-exact", "old-lock"],
)  # fmt: skip
@pytest.mark.parametrize("at", [".mcp.json", ".vscode/mcp.json", "sub/.mcp.json"])
def test_a_copy_that_the_project_has_itself_puts_the_server_in_doubt(
    tmp_path: Path, files: dict[str, object], spec: str, at: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    inventory = project(tmp_path, at=at, command="npx", args=["-y", spec])
    (gap,) = inventory.gaps
    assert "has a package or program of that name itself" in gap.reason
    assert server(inventory)[0].pin is None


@pytest.mark.parametrize(
    ("files", "spec"),
    [
        ({"package.json": {"devDependencies": {"x": "^1.0.0"}}}, "x@1.0.0"),
        ({"package.json": {"devDependencies": {"x": "^1.0.0"}}}, "x@latest"),
        ({"package.json": {"devDependencies": {"y": "^1.0.0"}}}, "x"),
        ({"package.json": {"name": "x"}}, "x"),
        ({"package.json": [], "package-lock.json": {"packages": [1]}}, "x"),
        ({"package-lock.json": {"packages": {"node_modules/x": {"version": "1.0.0",
          "resolved": "https://packages.example/x.tgz"}}}}, "x@1.0.0"),
    ],
    ids=["exact", "tag", "another", "no-program", "malformed", "locked-exact"],
)  # fmt: skip
def test_a_copy_that_would_not_run_is_no_doubt(
    tmp_path: Path, files: dict[str, object], spec: str
) -> None:
    for name, content in files.items():
        (tmp_path / name).write_text(json.dumps(content), encoding="utf-8")
    inventory = project(tmp_path, command="npx", args=["-y", spec])
    assert inventory.gaps == ()
    assert server(inventory)[0].purl is not None
