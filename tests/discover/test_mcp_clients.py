import contextlib
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.component import Component, Kind, Pin, ServerFacts, Transport
from mcpchain.discover import survey
from mcpchain.discover.mcp_config import DISCOVERER
from mcpchain.discover.mcp_config.clients import CONFIGS
from mcpchain.discover.mcp_config.reader import read_config
from mcpchain.discover.mcp_config.shape import Config
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Inventory, State
from mcpchain.tree import File, Tree
from tests.world.mcp_project import Expected, make_mcp_project


class Bytes(File):
    """A file that never was on a disk."""

    def read(self, limit: int = 0) -> bytes:
        del limit
        return self.head


def look(folder: Path) -> Inventory:
    return survey(Tree(folder), name="x", discoverers=[DISCOVERER])


def found(inventory: Inventory) -> list[Expected]:
    servers = []
    for each in inventory.components:
        if isinstance(each.facts, ServerFacts):
            assert each.facts.scope == "project"
            servers.append(
                Expected(
                    client=each.facts.client,
                    name=each.name,
                    place=str(each.location),
                    transport=each.facts.transport.value,
                    purl=each.purl.to_string() if each.purl else None,
                    pin=each.pin.value if each.pin else "",
                    disabled=each.facts.disabled,
                )
            )
    return servers


def test_every_server_of_every_client_is_found_with_its_purl_and_pin(
    tmp_path: Path,
) -> None:
    expected = make_mcp_project(tmp_path)
    inventory = look(tmp_path)
    assert sorted(found(inventory)) == sorted(expected)
    assert inventory.gaps == ()
    assert len(expected) > 30
    assert len({each.client for each in expected}) > 15


def put(folder: Path, path: str, content: object) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")


def servers(inventory: Inventory) -> dict[str, tuple[Component, ServerFacts]]:
    return {
        each.name: (each, each.facts)
        for each in inventory.components
        if each.kind is Kind.MCP_SERVER and isinstance(each.facts, ServerFacts)
    }


def one(folder: Path, path: str, content: object) -> tuple[Component, ServerFacts]:
    put(folder, path, content)
    (found,) = servers(look(folder)).values()
    return found


GOOD = {"command": "npx", "args": ["good@1.0.0"]}
LIST = ["npx", "good@1.0.0"]


@pytest.mark.parametrize(
    ("path", "content", "env", "headers"),
    [
        (".codex/config.toml",
         ('[mcp_servers.a]\nurl = "https://h.example"\nbearer_token_env_var = "B"\n'
         'http_headers = { X = "secret" }\nenv_http_headers = { Y = "SECRET_ENV" }\n'),
         ("B",), ("X", "Y")),
        (".codex/config.toml",
         ('[mcp_servers.a]\ncommand = "npx"\nargs = ["x@1.0.0"]\n'
         'env_vars = ["HOME", "C", {name = "D", source = "remote"}]\n'
         '[mcp_servers.a.env]\nE = "secret"\n'), ("C", "D", "E"), ()),
        ("goose/config.yaml",
         ("extensions:\n  a:\n    cmd: npx\n    args: [x@1.0.0]\n"
         "    envs: {A: secret}\n    env_keys: [B]\n"), ("A", "B"), ()),
        ("opencode.json",
         {"mcp": {"a": {"command": LIST, "environment": {"A": "secret"}}}},
         ("A",), ()),
        (".continue/mcpServers/a.yaml",
         ("mcpServers:\n- name: a\n  url: https://h.example\n"
         "  requestOptions: {headers: {X: secret}}\n"), (), ("X",)),
        (".vibe/config.toml",
         ('[[mcp_servers]]\nname = "a"\nurl = "https://h.example"\n'
         'api_key_env = "K"\nheaders = {X = "secret"}\n'), ("K",), ("X",)),
        (".vscode/mcp.json",
         {"servers": {"a": {**GOOD, "env": {"A": "${input:secret}"}}}}, ("A",), ()),
        ("toolhive/runconfigs/a.json",
         {"image": "h/i:1", "env_vars": {"A": "secret"},
          "secrets": ["secret,target=B"]}, ("A", "B"), ()),
    ],
    ids=["codex-http", "codex-stdio", "goose", "opencode", "continue", "vibe",
         "vscode", "toolhive"],
)  # fmt: skip
def test_names_of_variables_and_headers_are_found_and_values_never(
    tmp_path: Path,
    path: str,
    content: object,
    env: tuple[str, ...],
    headers: tuple[str, ...],
) -> None:
    server, facts = one(tmp_path, path, content)
    assert (facts.env, facts.headers) == (env, headers)
    assert server.pin is not None
    inventory = look(tmp_path)
    assert inventory.gaps == ()
    assert "secret" not in repr(inventory).lower()


@pytest.mark.parametrize(
    ("path", "content", "transport"),
    [
        ("opencode.json", {"mcp": {"a": {"type": "remote", "url": "https://h.example"}}},
         Transport.UNKNOWN),
        (".windsurf/mcp_config.json",
         {"mcpServers": {"a": {"serverUrl": "https://h.example"}}}, Transport.UNKNOWN),
        ("cline_mcp_settings.json",
         {"mcpServers": {"a": {"type": "streamableHttp", "url": "https://h.example",
                               "autoApprove": ["x"]}}}, Transport.STREAMABLE_HTTP),
        (".gemini/settings.json",
         {"mcpServers": {"a": {"url": "https://h.example", "type": "http"}}},
         Transport.STREAMABLE_HTTP),
        # Some versions take it for SSE, others for streamable HTTP.
        (".gemini/settings.json", {"mcpServers": {"a": {"url": "https://h.example"}}},
         Transport.UNKNOWN),
        (".qwen/settings.json", {"mcpServers": {"a": {"httpUrl": "https://h.example"}}},
         Transport.STREAMABLE_HTTP),
        (".zed/settings.json",
         {"context_servers": {"a": {"url": "https://h.example"}}},
         Transport.STREAMABLE_HTTP),
        ("goose/config.yaml", "extensions: {a: {type: sse, uri: 'http://h.example'}}",
         Transport.SSE),
        ("toolhive/runconfigs/a.json",
         {"remote_url": "https://h.example", "transport": "sse"}, Transport.SSE),
        ("toolhive/runconfigs/a.json",
         {"image": "h.example/i:1", "transport": "streamable-http"},
         Transport.STREAMABLE_HTTP),
        (".mcp.json", {"mcpServers": {"a": {"transport": "sse", "url": "https://h"}}},
         Transport.SSE),
    ],
)  # fmt: skip
def test_the_transport_is_what_the_client_makes_of_it(
    tmp_path: Path, path: str, content: object, transport: Transport
) -> None:
    _, facts = one(tmp_path, path, content)
    assert facts.transport is transport


@pytest.mark.parametrize(
    ("image", "purl"),
    [
        ("npx://@acme/files@1.0.0", "pkg:npm/%40acme/files@1.0.0"),
        ("uvx://files@1.0", "pkg:pypi/files@1.0"),
        ("acme/files:1", "pkg:docker/acme/files@1"),
        ("toolhivelocal/npx-files:1", None),
        ("ftp://files", None),
        (7, None),
    ],
)
def test_toolhive_runs_images_and_packages(
    tmp_path: Path, image: object, purl: str | None
) -> None:
    content = {"name": "x", "image": image, "cmd_args": ["secret"]}
    server, facts = one(tmp_path, "toolhive/runconfigs/a.json", content)
    assert server.name == "x"
    assert facts.client == "toolhive"
    assert (server.purl and server.purl.to_string()) == purl
    assert (server.pin is None) == (purl is None)
    assert bool(look(tmp_path).gaps) == (purl is None)


def test_dockers_toolkit_finds_images_in_its_catalogue(tmp_path: Path) -> None:
    digest = "sha256:" + "1" * 64
    names = """
        registry:
          a: {ref: ''}
          b: {ref: ''}
          gone: {ref: '', image: mcp/a:1}
          other: {ref: elsewhere}
          text: x
    """
    known = f"""
        registry:
          a:
            image: mcp/a@{digest}
            type: server
            secrets: [{{name: secret, env: S}}]
            env: [{{name: T, value: secret}}]
          other: {{image: mcp/other@{digest}}}
          unused: {{image: x}}
          b: {{type: remote, remote: {{url: 'https://b.example'}}}}
    """
    put(tmp_path, ".docker/mcp/registry.yaml", names)
    put(tmp_path, ".docker/mcp/catalogs/docker-mcp.yaml", known)
    inventory = look(tmp_path)
    pins = {name: each.pin for name, (each, _) in servers(inventory).items()}
    unknown = dict.fromkeys(("gone", "other", "text"))
    assert pins == {"a": Pin.DIGEST, "b": Pin.REMOTE, **unknown}
    assert servers(inventory)["a"][1].env == ("S", "T")
    assert {str(gap.location) for gap in inventory.gaps} == {
        f".docker/mcp/registry.yaml#/registry/{name}" for name in unknown
    }
    assert "secret" not in repr(inventory)


@pytest.mark.parametrize(
    "path", ["mcp-toolkit.db", "x/.docker/mcp/MCP-toolkit.db", "llm.mcpServers.xml"]
)
def test_a_configuration_in_another_format_is_a_gap(tmp_path: Path, path: str) -> None:
    put(tmp_path, path, "SQLite format 3\0")
    (gap,) = look(tmp_path).gaps
    assert gap.location.path == path


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".mcp.json", {"mcpServers": {"a": {**GOOD, "disabled": True}}}),
        ("opencode.json", {"mcp": {"a": {"command": LIST, "enabled": False}}}),
        (".codex/config.toml",
         '[mcp_servers.a]\ncommand = "npx"\nargs = ["x@1.0.0"]\nenabled = false\n'),
        (".gemini/settings.json",
         {"mcp": {"allowed": ["b"]}, "mcpServers": {"a": GOOD}}),
        (".gemini/settings.json",
         {"mcp": {"excluded": ["a"]}, "mcpServers": {"a": GOOD}}),
    ],
    ids=["disabled", "enabled", "toml", "allowed", "excluded"],
)  # fmt: skip
def test_a_server_that_is_switched_off_is_listed_and_judged(
    tmp_path: Path, path: str, content: object
) -> None:
    server, facts = one(tmp_path, path, content)
    assert facts.disabled
    assert server.pin is Pin.EXACT


@pytest.mark.parametrize(
    "entry",
    [
        {"disabled": "true"},
        {"disabled": 1},
        {"enabled": 0},
        {"enabled": None},
        {"disabled": False, "enabled": True},
    ],
)
def test_only_a_clear_word_switches_a_server_off(
    tmp_path: Path, entry: dict[str, object]
) -> None:
    content = {"mcpServers": {"a": {**GOOD, **entry}}}
    server, facts = one(tmp_path, ".mcp.json", content)
    assert not facts.disabled
    assert server.pin is Pin.EXACT


@pytest.mark.parametrize(
    "name",
    ["TOKEN", "GITHUB_PERSONAL_ACCESS_TOKEN", "AUTHENTICATIONSERVICETOKEN", "A1_B2",
     "AzureDevOpsPersonalAccessToken", "AWS_S3_EC2_KEY_2", "s3_key"],
)  # fmt: skip
def test_the_name_of_a_variable_is_no_secret(tmp_path: Path, name: str) -> None:
    text = (
        f'[mcp_servers.a]\nurl = "https://h.example"\nbearer_token_env_var = "{name}"'
    )
    _, facts = one(tmp_path, ".codex/config.toml", text)
    assert facts.env == (name,)
    assert look(tmp_path).gaps == ()


@pytest.mark.parametrize(
    "settings",
    ["{", "[]", '{"disabledMcpjsonServers": "a"}', '{"disabledMcpjsonServers": [1]}',
     '{"disabledMcpjsonServers": ["b"]}'],
)  # fmt: skip
def test_settings_that_cannot_be_read_switch_nothing_off(
    tmp_path: Path, settings: str
) -> None:
    put(tmp_path, ".claude/settings.json", settings)
    put(tmp_path, ".mcp.json", {"mcpServers": {"a": GOOD}})
    assert not servers(look(tmp_path))["a"][1].disabled


@pytest.mark.parametrize(
    ("path", "content", "pointer"),
    [
        ("opencode.json", {"mcp": {"a": {"command": []}}}, "/mcp/a"),
        ("opencode.json", {"mcp": {"a": {"command": ["npx", 1]}}}, "/mcp/a/command/1"),
        ("opencode.json", {"mcp": {"a": {"command": {"0": "npx"}}}}, "/mcp/a/command"),
        ("opencode.json", {"mcp": {"a": {"command": LIST, "url": "https://h"}}},
         "/mcp/a"),
        ("opencode.json", {"mcp": {"a": {"enabled": False}}}, "/mcp/a"),
        ("opencode.json", {"mcp": {"a": {"command": ["npx", "{env:P}"]}}}, "/mcp/a"),
        (".kiro/settings/mcp.json", {"mcpServers": {"a": {"command": LIST}}},
         "/mcpServers/a/command"),
        (".zed/settings.json", {"context_servers": {"a": {"command": {"args": ["x"]}}}},
         "/context_servers/a"),
        (".zed/settings.json",
         {"context_servers": {"a": {"command": {"path": "npx", "args": "x@1"}}}},
         "/context_servers/a/command/args"),
        (".zed/settings.json",
         {"context_servers": {"a": {"source": "extension", "settings": {}}}},
         "/context_servers/a"),
        ("goose/config.yaml", "extensions: {a: {type: builtin, cmd: npx, args: [x@1]}}",
         "/extensions/a"),
        ("goose/config.yaml", "extensions: {a: {type: builtin, uri: 'https://h'}}",
         "/extensions/a"),
        ("goose/config.yaml", "extensions: {a: {type: inline_python, code: x}}",
         "/extensions/a"),
        ("goose/config.yaml", "extensions: {a: {type: [builtin]}}",
         "/extensions/a"),
        ("goose/config.yaml", "extensions: {a: {command: npx, args: [x@1.0.0]}}",
         "/extensions/a"),
        ("goose/config.yaml", "extensions: {a: x}", "/extensions/a"),
        (".crush.json",
         {"mcp": {"a": {**GOOD, "env": {"K": "$(cat secret)"}}}}, "/mcp/a/env/K"),
        (".crush.json",
         {"mcp": {"a": {"url": "https://h", "headers": {"K": "`secret`"}}}},
         "/mcp/a/headers/K"),
        (".codex/config.toml",
         '[mcp_servers.a]\ncommand = "npx"\nargs = ["x@1"]\nenv_vars = [7]',
         "/mcp_servers/a/env_vars/0"),
        ("goose/config.yaml",
         "extensions: {a: {cmd: npx, args: [x@1.0.0], env_keys: [NODE_OPTIONS]}}",
         "/extensions/a"),
        ("goose/config.yaml",
         "extensions: {a: {cmd: evil, config: {cmd: npx, args: [x@1.0.0]}}}",
         "/extensions/a"),
        (".zed/settings.json",
         {"context_servers": {"a": {"command": {"path": "npx", "args": ["x@1.0.0"]},
                                    "args": ["evil"]}}}, "/context_servers/a/args"),
        (".continue/config.json", {"mcpServers": [{"name": "a", "command": "npx x@1"}]},
         "/mcpServers/0"),
        (".github/workflows/x.md",
         "---\nmcp-servers:\n  a: {container: h/i, version: v1}\n---\n",
         "/mcp-servers/a"),
        (".continue/config.json",
         {"experimental": {"modelContextProtocolServers": [
             {"transport": {"type": "stdio", **GOOD}}]}},
         "/experimental/modelContextProtocolServers/0"),
        (".claude/agents/x.md",
         "---\nmcpServers:\n- other\n- a: {command: npx, args: [7]}\n---\n",
         "/mcpServers/1/a/args/0"),
        (".crush.json", {"mcp": {"a": {"url": "https://$(secret)/mcp"}}},
         "/mcp/a/url"),
        (".crush.json",
         {"mcp": {"a": {"command": "npx", "args": ["x@1.0.0", "$(secret)"]}}},
         "/mcp/a/args/1"),
        (".codex/config.toml",
         '[mcp_servers.a]\nurl = "https://h"\nbearer_token_env_var = "sk-secret"',
         "/mcp_servers/a/bearer_token_env_var"),
        (".codex/config.toml",
         ('[mcp_servers.a]\nurl = "https://h"\nbearer_token_env_var = '
         '"ghp_secret1a2b3c4d5e6f7g8h9"'), "/mcp_servers/a/bearer_token_env_var"),
        (".codex/config.toml",
         ('[mcp_servers.a]\ncommand = "npx"\nargs = ["x@1.0.0"]\n'
         'env_vars = ["T=secret"]'), "/mcp_servers/a/env_vars/0"),
        (".continue/mcpServers/a.yaml", "mcpServers:\n- {uses: acme/secret}\n",
         "/mcpServers/0"),
        (".continue/mcpServers/a.yaml", "mcpServers:\n- secret\n", "/mcpServers/0"),
        (".continue/mcpServers/a.yaml",
         "mcpServers:\n- {command: npx, args: [x@1.0.0]}\n", "/mcpServers/0"),
        (".continue/mcpServers/a.yaml",
         "mcpServers:\n- {name: [1], command: npx, args: [x@1.0.0]}\n",
         "/mcpServers/0"),
        (".vibe/config.toml", '[[mcp_servers]]\ncommand = "npx \\\\x"\nname = "x"\n',
         "/mcp_servers/0/command"),
        (".vibe/config.toml", "[[mcp_servers]]\ncommand = 'npx \"x'\nname = 'x'\n",
         "/mcp_servers/0/command"),
        (".vibe/config.toml", '[[mcp_servers]]\ncommand = "#"\nname = "x"\n',
         "/mcp_servers/0"),
        (".vibe/config.toml", '[[mcp_servers]]\ncommand = "  "\nname = "x"\n',
         "/mcp_servers/0"),
        ("goose/config.yaml", "extensions: {a: {config: {type: builtin, cmd: npx}}}",
         "/extensions/a/config"),
        (".mcp.json", {"mcpServers": {"a": {"command": "%BIN%", "args": []}}},
         "/mcpServers/a"),
        (".mcp.json", {"mcpServers": {"a": {"command": "npx", "args": ["$PKG"]}}},
         "/mcpServers/a"),
        (".mcp.json", {"mcpServers": {"a": {"url": "${URL:-https://h.example}"}}},
         "/mcpServers/a"),
    ],
)  # fmt: skip
def test_an_entry_in_doubt_is_listed_without_a_pin_and_leaves_a_gap(
    tmp_path: Path, path: str, content: object, pointer: str
) -> None:
    server, _ = one(tmp_path, path, content)
    assert (server.purl, server.pin, server.version) == (None, None, None)
    gaps = look(tmp_path).gaps
    assert pointer in {gap.location.pointer for gap in gaps}
    assert "secret" not in repr(gaps)


@pytest.mark.parametrize(
    ("path", "content", "pointer"),
    [
        (".zed/settings.json", {"Context_Servers": {"a": GOOD}}, "/Context_Servers"),
        (".vscode/settings.json", {"MCP": {"servers": {}}}, "/MCP"),
        (".vscode/settings.json", {"mcp": {"Servers": {}}}, "/mcp/Servers"),
        (".vscode/settings.json", {"mcp.Servers": {"a": GOOD}}, "/mcp.Servers"),
        (".vscode/settings.json", {"mcp": {"servers": [GOOD]}}, "/mcp/servers"),
        (".vscode/settings.json", {"mcp": "x"}, "/mcp"),
        (".vscode/settings.json", '{"mcp": {}, "mcp": {}}', "/mcp"),
        ("opencode.json", {"mcp": True}, "/mcp"),
        ("devcontainer.json", {"customizations": {"vscode": "mcp"}},
         "/customizations/vscode"),
        ("devcontainer.json", {"customizations": {"VSCode": {"mcp": {}}}},
         "/customizations/VSCode"),
        (".codex/config.toml", "MCP_Servers = 1", "/MCP_Servers"),
        (".codex/config.toml", "mcp_servers = 1", "/mcp_servers"),
        (".vibe/config.toml", "mcp_servers = 1", "/mcp_servers"),
        ("gemini-extension.json", {"mcpServers": "./x.json"}, "/mcpServers"),
        (".gemini/settings.json", {"mcp": {"serverCommand": "secret"}},
         "/mcp/serverCommand"),
        (".github/agents/x.md", "---\nmcp-servers: a\n---\n", "/mcp-servers"),
        (".github/agents/x.md", "---\nmcp-servers: [\n---\n", ""),
        (".claude.json", {"projects": {"/home/secret": {"mcpservers": {}}}},
         "/projects/0/mcpservers"),
        (".claude.json",
         '{"mcpServers": {}, "projects": {"/secret": {"mcpServers": 1}}}',
         "/projects/0/mcpServers"),
        (".claude.json",
         '{"mcpServers": {}, "projects": {"/secret": {}, "/secret": {}}}',
         "/projects/0"),
        (".claude.json", {"mcpServers": {}, "projects": {"/home/secret": 7}},
         "/projects/0"),
        ("opencode.json", b"\xff\xfem\0c\0p\0", ""),
        ("opencode.json", '{"\\u006dcp": {}', ""),
        (".codex/config.toml", "mcp_servers = {}\nmcp_servers = {}", ""),
        (".codex/config.toml", "mcp_servers." + "a." * 5000 + "b = 1", ""),
        (".continue/x.yaml", "mcpServers: [*a]", ""),
        (".continue/x.yaml", "mcpServers: []\n---\nmcpServers: []\n", ""),
        (".continue/x.yaml", "mcpServers: !!python/object:os.system {}", ""),
        (".continue/x.yaml", "mcpServers: &a [" + "[" * 2000, ""),
        ("toolhive/runconfigs/a.json", "[]", ""),
        (".mcp.json", "", ""),
    ],
)  # fmt: skip
def test_servers_that_cannot_be_read_are_a_gap(
    tmp_path: Path, path: str, content: object, pointer: str
) -> None:
    put(tmp_path, path, content)
    inventory = look(tmp_path)
    assert not servers(inventory)
    (gap,) = inventory.gaps
    assert (gap.location.path, gap.location.pointer) == (path, pointer)
    assert "secret" not in repr(gap)


def test_an_alias_bomb_is_a_gap_and_soon(tmp_path: Path) -> None:
    lines = ["mcpServers: []", "a0: &a0 [x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 30)]
    put(tmp_path, ".continue/x.yaml", "\n".join(lines))
    (gap,) = look(tmp_path).gaps
    assert gap.location.path == ".continue/x.yaml"


@pytest.mark.parametrize(
    ("path", "content"),
    [
        (".claude/settings.json",
         {"hooks": {"x": [{"command": "rm"}]}, "statusLine": {"command": "x"},
          "enableAllProjectMcpServers": True}),
        ("opencode.json", {"lsp": {"x": {"command": ["x"]}}, "mcp": {}}),
        (".zed/settings.json", {"lsp": {"a": {"command": "x"}}, "theme": "x"}),
        (".zed/settings.json", b"not even JSON"),
        (".vscode/settings.json", {"mcp": {"discovery": True}, "chat.mcp.x": 1}),
        (".gemini/settings.json", {"theme": "dark"}),
        (".gemini/settings.json", {"mcp": {"excluded": []}}),
        (".continue/config.yaml", "models: [{name: x, command: y}]"),
        ("plugin.json", {"name": "x", "command": "y"}),
        ("plugin.json", b"\x89PNG"),
        ("devcontainer.json", '{"image": "x", // y\n}'),
        ("config.yaml", "extensions: {a: {cmd: x}}"),
        ("settings.json", {"mcpServers": {"a": GOOD}}),
        (".claude/agents/x.md", "mcpServers:\n- a: {command: x}\n"),
        (".claude/agents/x.md", "---\nname: x\n---\nmcpServers: [\n"),
        (".claude/agents/x.md", "---\nmcpServers: [github]\n---\n"),
        (".github/agents/x.md", "---\nmcp-servers: []\n---\n"),
        (".mcp.json", {}),
        ("mcp_config.json", '{"glyph": "\\ue0b0"}'),
    ],
)  # fmt: skip
def test_what_starts_no_server_of_this_kind_is_silent(
    tmp_path: Path, path: str, content: object
) -> None:
    put(tmp_path, path, content)
    assert not look(tmp_path)


@pytest.mark.parametrize(
    ("path", "client"),
    [
        (".ZED/Settings.JSON", "zed"),
        ("a/b/.zed/settings.json", "zed"),
        ("dotfiles/.config/zed/settings.json", "zed"),
    ],
)
def test_a_file_is_known_in_any_folder_and_case(
    tmp_path: Path, path: str, client: str
) -> None:
    _, facts = one(tmp_path, path, {"context_servers": {"a": GOOD}})
    assert facts.client == client


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("opencode.json", ('\ufeff{ // x\n "mcp": {"a": {"command": /**/ ["npx", '
         '"good@1.0.0",],},}, }')),
        ("opencode.json", '{"\\u006dcp": {"a": {"command": ["npx", "good@1.0.0"]}}}'),
        (".codex/config.toml", ("\ufeff[mcp_servers.a]\r\ncommand='npx'\r\n"
         "args=['good@1.0.0']\r\n")),
        (".codex/config.toml",
         '["mcp\\U0000005fservers".a]\ncommand="npx"\nargs=["good@1.0.0"]\n'),
        (".codex/agents/x.toml",
         'mcp_servers = {a = {command="npx", args=["good@1.0.0"]}}'),
        (".continue/x.yaml", ('"mcp\\x53ervers": [{name: a, command: npx, '
         "args: [good@1.0.0]}]")),
        (".continue/x.yaml", ('? "mcp\\\n  Servers"\n: [{name: a, command: npx, '
         "args: [good@1.0.0]}]")),
        (".claude/agents/x.md", ("\ufeff---\r\nname: x\r\nmcpServers:\r\n- github\r\n"
         "- a: {command: npx, args: [good@1.0.0]}\r\n---\r\nPrompt --- {\r\n")),
        (".github/agents/x.agent.md", ("---\nmcp-servers:\n  a:\n    type: local\n"
         "    command: npx\n    args: [good@1.0.0]\n---\n# {\n")),
        (".vibe/config.toml",
         '[[mcp_servers]]\nname = "a"\ncommand = "npx -y"\nargs = ["good@1.0.0"]\n'),
        ("goose/config.yaml",
         "extensions: {a: {config: {cmd: npx, args: [good@1.0.0]}}}"),
        (".continue/x.yaml", ("x: &x [good@1.0.0]\nmcpServers:\n- {name: a, "
         "command: npx, args: *x}")),
    ],
)  # fmt: skip
def test_servers_are_found_however_they_are_written(
    tmp_path: Path, path: str, content: str
) -> None:
    server, _ = one(tmp_path, path, content)
    assert str(server.purl) == "pkg:npm/good@1.0.0"
    assert look(tmp_path).gaps == ()


def test_the_path_of_a_users_project_stays_private(tmp_path: Path) -> None:
    content = {
        "projects": {
            "/home/alice/secret": {"mcpServers": {"a": GOOD, "b": {"command": 7}}},
            "/home/alice/other": {"mcpServers": {"a": GOOD}},
        }
    }
    put(tmp_path, ".claude.json", content)
    inventory = look(tmp_path)
    places = [str(p) for s, _ in servers(inventory).values() for p in s.locations]
    assert sorted(places) == [
        ".claude.json#/projects/0/mcpServers/a",
        ".claude.json#/projects/0/mcpServers/b",
        ".claude.json#/projects/1/mcpServers/a",
    ]
    assert "alice" not in repr(inventory)
    assert "secret" not in repr(inventory)


def test_a_name_that_stands_twice_in_a_list_is_two_servers(tmp_path: Path) -> None:
    put(tmp_path, ".continue/x.yaml", "mcpServers:\n"
        "- {name: a, command: npx, args: [x@1.0.0]}\n"
        "- {name: a, command: npx, args: [evil]}\n")  # fmt: skip
    found = [c for c in look(tmp_path).components if c.kind is Kind.MCP_SERVER]
    assert {c.pin for c in found} == {Pin.EXACT, Pin.FLOATING}
    assert len({c.ref for c in found}) == 2


def test_one_bad_entry_spares_its_siblings(tmp_path: Path) -> None:
    put(tmp_path, ".continue/x.yaml", "mcpServers:\n- 7\n- null\n- {}\n"
        "- {name: a, command: npx, args: [good@1.0.0]}\n")  # fmt: skip
    inventory = look(tmp_path)
    assert servers(inventory)["a"][0].pin is Pin.EXACT
    assert {gap.location.pointer for gap in inventory.gaps} == {
        "/mcpServers/0",
        "/mcpServers/1",
        "/mcpServers/2",
    }


@pytest.mark.parametrize(
    ("value", "path", "listed"),
    [
        ("./other.json", "other.json", True),
        ("servers/mcp.json", "servers/mcp.json", True),
        (["./other.json", {"b": GOOD}], "other.json", True),
        ("./missing.json", "other.json", False),
        ("../outside.json", "other.json", False),
        ("/etc/passwd", "other.json", False),
        ("./bundle.mcpb", "bundle.mcpb", False),
        ("https://evil.example/x.json", "other.json", False),
        ([7], "other.json", False),
        (7, "other.json", False),
        ("", "other.json", False),
    ],
)
def test_the_manifest_of_a_plug_in_may_name_another_file(
    tmp_path: Path, value: object, path: str, *, listed: bool
) -> None:
    put(tmp_path, ".claude-plugin/plugin.json", {"mcpServers": value})
    content = b"PK\3\4" if path.endswith(".mcpb") else {"mcpServers": {"a": GOOD}}
    put(tmp_path, path, content)
    inventory = look(tmp_path)
    assert ("a" in servers(inventory)) == listed
    assert bool(inventory.gaps) != listed
    assert ("b" in servers(inventory)) == isinstance(value, list) & listed


def test_endless_projects_are_read_within_limits(tmp_path: Path) -> None:
    each = {"mcpServers": {"a": {"url": "https://h.example"}}}
    projects = {f"/home/alice/{number}": each for number in range(10_050)}
    put(tmp_path, ".claude.json", {"projects": projects})
    (gap,) = look(tmp_path).gaps
    assert gap.state is State.LIMIT
    assert gap.location.pointer == "/projects/10000/mcpServers"


def test_a_manifest_of_endless_files_is_read_within_limits(tmp_path: Path) -> None:
    names = [f"{number}.json" for number in range(100_000)]
    put(tmp_path, "plugin.json", {"mcpServers": ["a.json"] * 100_000 + names})
    put(tmp_path, "a.json", {"mcpServers": {"a": GOOD}})
    inventory = look(tmp_path)
    assert "a" in servers(inventory)
    assert len(inventory.gaps) == 51
    assert "names more than 50 files of servers" in {g.reason for g in inventory.gaps}


def test_the_files_of_an_extension_are_looked_for_in_its_own_folder(
    tmp_path: Path,
) -> None:
    entry = {"command": "node", "args": ["${extensionPath}/run.js"]}
    put(tmp_path, "run.js", "the wrong one")
    path = "ext/gemini-extension.json"
    server, _ = one(tmp_path, path, {"mcpServers": {"a": entry}})
    assert server.pin is None
    put(tmp_path, "ext/run.js", "the right one")
    assert servers(look(tmp_path))["a"][0].pin is Pin.LOCAL


@pytest.mark.parametrize("script", ["${extensionPath}/run.js", "a${/}run.js"])
def test_what_a_client_does_not_replace_is_part_of_a_name(
    tmp_path: Path, script: str
) -> None:
    put(tmp_path, "run.js", "harmless")
    put(tmp_path, "a/run.js", "harmless")
    entry = {"command": "node", "args": [script]}
    server, _ = one(tmp_path, ".mcp.json", {"mcpServers": {"a": entry}})
    assert server.pin is None


FILES = [
    ".mcp.json", ".zed/settings.json", ".codex/config.toml", ".continue/x.yaml",
    "goose/config.yaml", ".claude.json", "plugin.json", "toolhive/runconfigs/a.json",
    ".docker/mcp/registry.yaml", "opencode.jsonc", "devcontainer.json",
]  # fmt: skip
WORDS = st.sampled_from(
    [b"mcp", b"servers", b"mcpServers", b"mcp_servers", b"{", b"}", b"[", b"]", b":",
     b'"', b",", b"\n", b"extensions", b"context_servers", b"registry", b"=", b"- ",
     b"command", b"projects", b"\xff", b"\\u006d", b"*a", b"&a "]
)  # fmt: skip


@settings(max_examples=200)
@given(st.sampled_from(FILES), st.lists(WORDS | st.binary(max_size=4), max_size=20))
def test_any_bytes_are_read_or_malformed(path: str, data: list[bytes]) -> None:
    file = Bytes(tree=Tree(Path("/none")), path=path, head=b"".join(data))
    assert DISCOVERER.wants(file)
    with contextlib.suppress(MalformedError):
        DISCOVERER.discover(file, Collector("test"))


KEYS = st.sampled_from(
    ["command", "args", "env", "url", "headers", "type", "cmd", "envs", "env_keys",
     "name", "image", "secrets", "env_vars", "requestOptions", "disabled", "transport",
     "mcpServers", "remote", "http_headers", "oauth", "cwd", "a"]
)  # fmt: skip
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-2, 2)
    | st.sampled_from(["npx", "x@1.0.0", "https://h.example", "builtin", "", "$(x)"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(KEYS, inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=200)
@given(
    st.sampled_from([each for each in CONFIGS if not each.code]),
    st.dictionaries(st.text(max_size=3), VALUES, max_size=3),
)
def test_every_entry_of_every_client_is_listed_and_without_a_pin_has_a_gap(
    config: Config, entries: dict[str, object]
) -> None:
    if config.opaque or config.single:
        return
    key = config.keys[0].replace("*", "x")
    data = json.dumps({key: entries}).encode()
    file = Bytes(tree=Tree(Path("/none")), path=".mcp.json", head=data)
    found = Collector("test")
    read_config(file, config, found)
    inventory = found.inventory()
    listed = [c for c in inventory.components if c.kind is Kind.MCP_SERVER]
    assert {c.name for c in listed} == set(entries)
    assert bool(inventory.gaps) == any(c.pin is None for c in listed)


@pytest.mark.parametrize(
    ("path", "content", "client"),
    [
        ("librechat.yaml",
         ("version: 1.2.1\ncache: true\nmcpServers:\n  a:\n    type: stdio\n"
          "    command: npx\n    args: [-y, x@1.0.0]\n    timeout: 60000\n"),
         "librechat"),
        (".augment/settings.json", {"model": "x", "mcpServers": {"a": GOOD}},
         "augment"),
        ("mcp_servers.json", {"mcpServers": {"a": GOOD}}, "unknown"),
        ("conf/mcp-servers.json", {"mcpServers": {"a": GOOD}}, "unknown"),
        ("mcp-servers.json", {"a": GOOD}, "unknown"),
    ],
    ids=["librechat", "augment", "underscore", "dash", "bare"],
)  # fmt: skip
def test_servers_of_further_clients_are_read(
    tmp_path: Path, path: str, content: object, client: str
) -> None:
    server, facts = one(tmp_path, path, content)
    assert (facts.client, server.pin) == (client, Pin.EXACT)
    assert look(tmp_path).gaps == ()


@pytest.mark.parametrize("path", ["mcp_servers.json", "mcp-servers.json"])
@pytest.mark.parametrize(
    "content",
    [{"registry": {"a": GOOD}}, {"mcp_servers": [GOOD]}, [GOOD], "x"],
    ids=["key", "list-below-a-key", "list", "text"],
)
def test_a_file_of_servers_of_another_shape_is_a_gap(
    tmp_path: Path, path: str, content: object
) -> None:
    (tmp_path / path).write_text(json.dumps(content), encoding="utf-8")
    (gap,) = look(tmp_path).gaps
    assert gap.location.path == path
