"""What a user's clients are configured with, wherever a system keeps it."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import pytest

from mcpchain.component import Component, Kind, Pin, ServerFacts
from mcpchain.discover.mcp_config.clients import CONFIGS
from mcpchain.discover.mcp_config.user import UserFolder, read_user_configs
from mcpchain.inventory import Inventory, State

ENTRY = {"command": "npx", "args": ["good@1.0.0"]}
MAP = {"mcpServers": {"a": ENTRY}}
VSCODE = {"servers": {"a": ENTRY}}
TOML = '[mcp_servers.a]\ncommand = "npx"\nargs = ["good@1.0.0"]\n'
OPENCODE = {"mcp": {"a": {"command": ["npx", "good@1.0.0"]}}}
GOOSE = "extensions: {a: {cmd: npx, args: [good@1.0.0]}}"
LAS = "Library/Application Support"
ROAMING = "AppData/Roaming"


def put(folder: Path, path: str, content: object) -> None:
    file = folder / path
    file.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        file.write_bytes(content)
    else:
        text = content if isinstance(content, str) else json.dumps(content)
        file.write_text(text, encoding="utf-8")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    folder = tmp_path / "home" / "alice"
    folder.mkdir(parents=True)
    return folder


def look(home: Path, environ: Mapping[str, str] | None = None) -> Inventory:
    """Read what is in *home*, in a system whose root is two folders above."""
    root = home.parent.parent
    user = UserFolder(home=home, environ=environ or {}, root=root)
    inventory = read_user_configs(user)
    assert str(root) not in repr(inventory)
    assert "alice" not in repr(inventory)
    return inventory


def servers(inventory: Inventory) -> list[tuple[str, str, str]]:
    return sorted(
        (each.facts.client, each.facts.scope, str(each.location))
        for each in inventory.components
        if isinstance(each.facts, ServerFacts)
    )


def server(inventory: Inventory) -> Component:
    (found,) = [c for c in inventory.components if c.kind is Kind.MCP_SERVER]
    return found


@pytest.mark.parametrize(
    ("path", "content", "client"),
    [
        (f"{LAS}/Claude/claude_desktop_config.json", MAP, "claude-desktop"),
        (f"{ROAMING}/Claude/claude_desktop_config.json", MAP, "claude-desktop"),
        (".config/claude/claude_desktop_config.json", MAP, "claude-desktop"),
        (".claude.json", MAP, "claude-code"),
        (".claude/plugins/cache/x/y/.mcp.json", {"a": ENTRY}, "claude-code"),
        (".claude/plugins/repos/x/.claude-plugin/plugin.json", MAP, "claude-code"),
        (".config/Code/User/mcp.json", VSCODE, "vscode"),
        (f"{LAS}/Code - Insiders/User/mcp.json", VSCODE, "vscode"),
        (f"{ROAMING}/Code/User/profiles/x/mcp.json", VSCODE, "vscode"),
        (".vscode-server/data/User/mcp.json", VSCODE, "vscode"),
        (".config/Code/User/settings.json", {"mcp.servers": {"a": ENTRY}}, "vscode"),
        (".copilot/mcp-config.json", MAP, "copilot"),
        (".config/github-copilot/intellij/mcp.json", VSCODE, "copilot-jetbrains"),
        (".cursor/mcp.json", MAP, "cursor"),
        (".codeium/windsurf/mcp_config.json", MAP, "windsurf"),
        (".codeium/mcp_config.json", MAP, "windsurf"),
        ((f"{ROAMING}/Cursor/User/globalStorage/saoudrizwan.claude-dev/settings/"
         "cline_mcp_settings.json"), MAP, "cline"),
        ((f"{LAS}/Code/User/globalStorage/rooveterinaryinc.roo-cline/settings/"
         "mcp_settings.json"), MAP, "roo-code"),
        (".continue/config.yaml",
         "mcpServers: [{name: a, command: npx, args: [good@1.0.0]}]", "continue"),
        (f"{ROAMING}/Zed/settings.json", {"context_servers": {"a": ENTRY}}, "zed"),
        (".junie/mcp/mcp.json", MAP, "junie"),
        (".gemini/settings.json", MAP, "gemini-cli"),
        (".gemini/extensions/x/gemini-extension.json", MAP, "gemini-cli"),
        (".qwen/settings.json", MAP, "qwen-code"),
        (".gemini/antigravity/mcp_config.json", MAP, "antigravity"),
        (".codex/config.toml", TOML, "codex"),
        (".codex/work.config.toml", TOML, "codex"),
        (".codex/plugins/x/y/.mcp.json", MAP, "codex"),
        (".config/goose/config.yaml", GOOSE, "goose"),
        (f"{ROAMING}/Block/goose/config/config.yaml", GOOSE, "goose"),
        (".lmstudio/mcp.json", MAP, "lm-studio"),
        (".config/opencode/opencode.jsonc", OPENCODE, "opencode"),
        (".opencode/opencode.json", OPENCODE, "opencode"),
        (".aws/amazonq/mcp.json", MAP, "amazon-q"),
        (".aws/amazonq/cli-agents/x.json", MAP, "amazon-q"),
        (".kiro/settings/mcp.json", {"powers": MAP}, "kiro"),
        (".kiro/agents/x.json", MAP, "kiro"),
        (".config/amp/settings.json", {"amp.mcpServers": {"a": ENTRY}}, "amp"),
        (".config/crush/crush.json", {"mcp": {"a": ENTRY}}, "crush"),
        (".factory/mcp.json", MAP, "factory"),
        (".kimi/mcp.json", MAP, "kimi"),
        (f"{ROAMING}/Qoder/SharedClientCache/mcp.json", MAP, "qoder"),
        (f"{LAS}/Trae/User/mcp.json", MAP, "trae"),
        (".vibe/config.toml",
         '[[mcp_servers]]\nname = "a"\ncommand = "npx"\nargs = ["good@1.0.0"]\n',
         "vibe"),
        (".sema4ai/sema4ai-studio/mcp_servers.json", MAP, "sema4"),
        (".claude/agents/x.md",
         "---\nmcpServers:\n- a: {command: npx, args: [good@1.0.0]}\n---\n",
         "claude-code"),
        (".local/state/toolhive/runconfigs/a.json", {"image": "npx://good@1.0.0"},
         "toolhive"),
    ],
)  # fmt: skip
def test_the_servers_of_every_client_are_found(
    home: Path, path: str, content: object, client: str
) -> None:
    put(home, path, content)
    inventory = look(home)
    ((known, scope, place),) = servers(inventory)
    assert (known, scope) == (client, "user")
    assert place.startswith(f"~/{path}")
    assert server(inventory).pin in {Pin.EXACT, Pin.TAG}
    assert inventory.gaps == ()


def test_dockers_toolkit_is_read_with_its_catalogue(home: Path) -> None:
    put(home, ".docker/mcp/registry.yaml", "registry: {a: {ref: ''}}")
    catalog = "registry: {a: {image: acme/x:1}}"
    put(home, ".docker/mcp/catalogs/docker-mcp.yaml", catalog)
    inventory = look(home)
    assert server(inventory).pin is Pin.TAG
    assert servers(inventory) == [
        ("docker", "user", "~/.docker/mcp/registry.yaml#/registry/a")
    ]


@pytest.mark.parametrize(
    ("path", "content", "client"),
    [
        ("etc/claude-code/managed-mcp.json", MAP, "claude-code"),
        ("Library/Application Support/ClaudeCode/managed-mcp.json", MAP, "claude-code"),
        ("Program Files/ClaudeCode/managed-mcp.json", MAP, "claude-code"),
        ("etc/codex/config.toml", TOML, "codex"),
        ("ProgramData/OpenAI/Codex/config.toml", TOML, "codex"),
        ("etc/opencode/opencode.json", OPENCODE, "opencode"),
        ("etc/gemini-cli/settings.json", MAP, "gemini-cli"),
    ],
)
def test_the_servers_that_an_administrator_manages_are_found(
    home: Path, path: str, content: object, client: str
) -> None:
    put(home.parent.parent, path, content)
    ((known, scope, place),) = servers(look(home))
    assert (known, scope) == (client, "managed")
    assert place.startswith(f"/{path}")


@pytest.mark.parametrize(
    ("name", "path", "content", "client"),
    [
        ("CODEX_HOME", "config.toml", TOML, "codex"),
        ("COPILOT_HOME", "mcp-config.json", MAP, "copilot"),
        ("CLAUDE_CONFIG_DIR", ".claude.json", MAP, "claude-code"),
        ("CLAUDE_CONFIG_DIR", "plugins/cache/x/.mcp.json", MAP, "claude-code"),
        ("XDG_CONFIG_HOME", "zed/settings.json", {"context_servers": {"a": ENTRY}},
         "zed"),
        ("XDG_CONFIG_HOME", "opencode/opencode.json", OPENCODE, "opencode"),
        ("XDG_STATE_HOME", "toolhive/runconfigs/a.json", {"image": "uvx://a==1"},
         "toolhive"),
        ("APPDATA", "Claude/claude_desktop_config.json", MAP, "claude-desktop"),
        ("LOCALAPPDATA", "crush/crush.json", {"mcp": {"a": ENTRY}}, "crush"),
        ("OPENCODE_CONFIG_DIR", "opencode.json", OPENCODE, "opencode"),
        ("KIMI_SHARE_DIR", "mcp.json", MAP, "kimi"),
        ("PROGRAMDATA", "opencode/opencode.json", OPENCODE, "opencode"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("inside", [True, False], ids=["inside-home", "elsewhere"])
def test_a_variable_moves_a_folder(
    home: Path, name: str, path: str, content: object, client: str, *, inside: bool
) -> None:
    folder = (home if inside else home.parent.parent) / "moved"
    put(folder, path, content)
    inventory = look(home, {name: str(folder)})
    ((known, _, place),) = servers(inventory)
    assert known == client
    assert place.startswith(f"~/moved/{path}" if inside else f"${name}/{path}")


def test_a_variable_may_name_a_file(home: Path) -> None:
    put(home.parent, "mine.json", OPENCODE)
    environ = {"OPENCODE_CONFIG": str(home.parent / "mine.json")}
    ((_, _, place),) = servers(look(home, environ))
    assert place == "$OPENCODE_CONFIG/mine.json#/mcp/a"


@pytest.mark.parametrize("value", ["relative", "./x", "~/x"])
def test_a_variable_that_is_no_absolute_path_is_a_gap(home: Path, value: str) -> None:
    inventory = look(home, {"CODEX_HOME": value})
    assert {str(gap.location) for gap in inventory.gaps} == {"$CODEX_HOME"}


@pytest.mark.parametrize("value", ["", "/no/such/folder", "/dev/null"])
def test_a_variable_that_leads_nowhere_is_silent(home: Path, value: str) -> None:
    assert not look(home, {"CODEX_HOME": value})


def test_nothing_is_found_where_nothing_is(home: Path) -> None:
    assert not look(home)
    assert not read_user_configs(
        UserFolder(home=home / "missing", environ={}, root=home)
    )


def test_the_same_folder_by_two_names_is_read_once(home: Path) -> None:
    put(home, ".config/zed/settings.json", {"context_servers": {"a": ENTRY}})
    (home / ".config" / "Zed").symlink_to("zed")
    environ = {"XDG_CONFIG_HOME": str(home / ".config")}
    assert servers(look(home, environ)) == [
        ("zed", "user", "~/.config/zed/settings.json#/context_servers/a")
    ]


def test_one_server_in_two_clients_is_two_servers_and_one_package(home: Path) -> None:
    put(home, ".cursor/mcp.json", MAP)
    put(home, ".lmstudio/mcp.json", MAP)
    inventory = look(home)
    assert len(servers(inventory)) == 2
    (package,) = [c for c in inventory.components if c.kind is Kind.APPLICATION]
    assert len(package.locations) == 2


def test_a_link_inside_the_home_folder_is_followed(home: Path) -> None:
    put(home, "dotfiles/cursor/mcp.json", MAP)
    (home / ".cursor").symlink_to("dotfiles/cursor")
    put(home, "dotfiles/claude.json", MAP)
    (home / ".claude.json").symlink_to(home / "dotfiles" / "claude.json")
    put(home, "dotfiles/plugins/x/.mcp.json", MAP)
    (home / ".claude" / "plugins").mkdir(parents=True)
    (home / ".claude" / "plugins" / "cache").symlink_to(home / "dotfiles" / "plugins")
    inventory = look(home)
    assert inventory.gaps == ()
    assert [place for *_, place in servers(inventory)] == [
        "~/.claude.json#/mcpServers/a",
        "~/.claude/plugins/cache/x/.mcp.json#/mcpServers/a",
        "~/.cursor/mcp.json#/mcpServers/a",
    ]


@pytest.mark.parametrize(
    ("link", "target", "place"),
    [
        (".cursor/mcp.json", "outside/mcp.json", ".cursor/mcp.json"),
        (".cursor", "outside", ".cursor/mcp.json"),
        (".claude/plugins/cache", "outside", ".claude/plugins/cache"),
        (".claude/plugins/cache/x", "outside", ".claude/plugins/cache/x"),
    ],
)
def test_a_link_that_leaves_the_home_folder_is_a_gap(
    home: Path, link: str, target: str, place: str
) -> None:
    put(home.parent, "outside/mcp.json", MAP)
    put(home.parent, "outside/.mcp.json", MAP)
    (home / link).parent.mkdir(parents=True, exist_ok=True)
    (home / link).symlink_to(home.parent / target)
    inventory = look(home)
    assert not servers(inventory)
    assert {gap.state for gap in inventory.gaps} == {State.UNREADABLE}
    paths = {gap.location.path for gap in inventory.gaps}
    assert f"~/{place}" in paths
    assert all(each.startswith(f"~/{link}") for each in paths)


def test_links_in_circles_end(home: Path) -> None:
    put(home, ".claude/plugins/cache/x/.mcp.json", MAP)
    (home / ".claude/plugins/cache/x/loop").symlink_to(home / ".claude")
    (home / ".claude/plugins/cache/self").symlink_to("self")
    for number in range(12):
        (home / f".claude/plugins/cache/again{number}").symlink_to(".")
    inventory = look(home)
    assert inventory.gaps == ()
    assert servers(inventory) == [
        ("claude-code", "user", "~/.claude/plugins/cache/x/.mcp.json#/mcpServers/a")
    ]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"\xff\xfe{\0", b'{"a": {}}'])
def test_a_broken_file_is_a_gap_and_the_rest_is_found(
    home: Path, content: bytes
) -> None:
    put(home, ".cursor/mcp.json", content)
    put(home, ".lmstudio/mcp.json", MAP)
    inventory = look(home)
    assert [client for client, *_ in servers(inventory)] == ["lm-studio"]
    (gap,) = inventory.gaps
    assert gap.location.path == "~/.cursor/mcp.json"


@pytest.mark.parametrize("kind", ["folder", "pipe"])
def test_what_is_no_file_is_a_gap(home: Path, kind: str) -> None:
    (home / ".cursor").mkdir()
    place = home / ".cursor" / "mcp.json"
    place.mkdir() if kind == "folder" else os.mkfifo(place)
    (gap,) = look(home).gaps
    assert gap.location.path == "~/.cursor/mcp.json"


def test_a_folder_in_which_no_client_looks_is_not_listed(home: Path) -> None:
    put(home, ".codex/sessions/a/b/c/.mcp.json", MAP)
    put(home, ".config/JetBrains/x/caches/llm.mcpServers.xml", "<x/>")
    place = home / ".codex" / "sessions"
    for number in range(20_010):
        (place / f"{number}.json").touch()
    assert not look(home)


def test_a_link_out_of_the_home_folder_to_nothing_is_silent(home: Path) -> None:
    (home.parent / "outside").mkdir()
    (home / ".config").symlink_to(home.parent / "outside")
    (home / ".claude.json").symlink_to(home / "missing")
    inventory = look(home)
    assert not inventory


def test_a_crowded_folder_is_a_gap_and_spares_the_rest(home: Path) -> None:
    folder = home / ".kiro" / "agents"
    folder.mkdir(parents=True)
    for number in range(20_010):
        (folder / f"{number}.txt").touch()
    put(home, ".cursor/mcp.json", MAP)
    inventory = look(home)
    assert [gap.state for gap in inventory.gaps] == [State.LIMIT]
    assert [client for client, *_ in servers(inventory)] == ["cursor"]


@pytest.mark.parametrize(
    "args",
    [["server.js"], ["./server.js"], ["${workspaceFolder}/server.js"],
     ["${CLAUDE_PLUGIN_ROOT}/server.js"], ["~/server.js"]],
)  # fmt: skip
def test_code_is_not_looked_for_where_no_client_would_start_it(
    home: Path, args: list[str]
) -> None:
    put(home, "server.js", "harmless")
    put(home, ".cursor/server.js", "harmless")
    entry = {"command": "node", "args": args}
    put(home, ".cursor/mcp.json", {"mcpServers": {"a": entry}})
    inventory = look(home)
    assert server(inventory).pin is None
    assert inventory.gaps


@pytest.mark.parametrize(
    ("path", "script"),
    [
        (".claude/plugins/cache/x/.mcp.json", ".claude/plugins/cache/x/run.js"),
        (".claude/plugins/cache/x/.claude-plugin/plugin.json",
         ".claude/plugins/cache/x/run.js"),
        (".gemini/extensions/x/gemini-extension.json", ".gemini/extensions/x/run.js"),
    ],
)  # fmt: skip
def test_the_code_of_an_extension_is_listed_with_its_digest(
    home: Path, path: str, script: str
) -> None:
    entry = {"command": "node", "args": [f"${{{_root(path)}}}/run.js"]}
    put(home, path, {"mcpServers": {"a": entry}})
    put(home, script, "harmless")
    inventory = look(home)
    assert inventory.gaps == ()
    assert server(inventory).pin is Pin.LOCAL
    (code,) = [c for c in inventory.components if c.kind is Kind.APPLICATION]
    assert code.name == f"~/{script}"
    assert [len(artifact.digests) for artifact in code.artifacts] == [1]


def _root(path: str) -> str:
    return "extensionPath" if "gemini" in path else "CLAUDE_PLUGIN_ROOT"


@pytest.mark.parametrize("name", ["/etc/passwd", "../../../../../outside.json"])
def test_a_manifest_names_no_file_outside_the_home_folder(
    home: Path, name: str
) -> None:
    put(home.parent, "outside.json", MAP)
    put(home, ".claude/plugins/cache/x/plugin.json", {"mcpServers": name})
    inventory = look(home)
    assert not servers(inventory)
    (gap,) = inventory.gaps
    assert "lies outside the examined folder" in gap.reason


def test_plug_ins_on_offer_are_not_installed(home: Path) -> None:
    put(home, ".claude/plugins/marketplaces/x/.mcp.json", MAP)
    put(home, ".claude/plugins/cache/x/node_modules/y/.mcp.json", MAP)
    assert not look(home)


def test_a_name_that_cannot_be_printed_is_written_out(home: Path) -> None:
    put(home, ".kiro/agents/a\nb.json", MAP)
    ((_, _, place),) = servers(look(home))
    assert place == "~/.kiro/agents/a%0Ab.json#/mcpServers/a"


def test_every_place_is_relative_to_a_folder_that_is_known() -> None:
    patterns = [each for config in CONFIGS for each in config.user]
    assert all(each.startswith("{") for each in patterns)
    managed = [each for config in CONFIGS for each in config.managed]
    assert all(each.startswith(("{program", "/")) for each in managed)
