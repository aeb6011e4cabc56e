"""The clients that mcpchain knows, and where each keeps its servers: data.

From the documentation of the clients, November 2026. A client that is not here, but
keeps its servers in a file called `mcp.json`, is read as well.
"""

from typing import Final

from mcpchain.discover.mcp_config import dialects, folders
from mcpchain.discover.mcp_config.shape import Beside, Config

_SERVERS: Final = ("mcpServers",)
_EXTENSION: Final = ("saoudrizwan.claude-dev", "rooveterinaryinc.roo-cline")

CONFIGS: Final[tuple[Config, ...]] = (
    Config(
        client="claude-code",
        files=(".mcp.json",),
        user=(
            "{claude}/plugins/cache/**/.mcp.json",
            "{claude}/plugins/repos/**/.mcp.json",
        ),
    ),
    Config(
        client="claude-code",
        files=("managed-mcp.json",),
        managed=folders.CLAUDE_MANAGED,
    ),
    Config(
        client="claude-code",
        files=("plugin.json", ".claude-plugin/marketplace.json"),
        user=(
            "{claude}/plugins/cache/**/plugin.json",
            "{claude}/plugins/repos/**/plugin.json",
        ),
        keys=("mcpServers", "plugins.*.mcpServers"),
        manifest=True,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="claude-code",
        files=(".claude.json",),
        user=("{claude-home}/.claude.json",),
        keys=("mcpServers", "projects.*.mcpServers"),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="claude-code",
        files=(".claude/settings.json", ".claude/settings.local.json"),
        user=("{claude}/settings.json", "{claude}/settings.local.json"),
        keys=_SERVERS,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="claude-code",
        files=(".claude/agents/**/*.md",),
        user=("{claude}/agents/*.md",),
        keys=_SERVERS,
        references=True,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="claude-desktop",
        files=("claude_desktop_config.json",),
        user=(
            "{config}/Claude/claude_desktop_config.json",
            "{config}/claude/claude_desktop_config.json",
        ),
        beside=Beside.SETTINGS,
    ),
    Config(
        client="vscode",
        files=(".vscode/mcp.json",),
        user=(
            *(f"{{config}}/{each}/User/mcp.json" for each in folders.CODE),
            *(f"{{config}}/{each}/User/profiles/*/mcp.json" for each in folders.CODE),
            "{home}/.vscode/mcp.json",
            "{home}/.vscode-server/data/User/mcp.json",
            "{home}/.vscode-server-insiders/data/User/mcp.json",
        ),
    ),
    Config(
        client="vscode",
        files=(".vscode/settings.json",),
        user=(
            *(f"{{config}}/{each}/User/settings.json" for each in folders.CODE),
            *(
                f"{{config}}/{each}/User/profiles/*/settings.json"
                for each in folders.CODE
            ),
            "{home}/.vscode-server/data/Machine/settings.json",
        ),
        keys=("mcp.servers", "amp.mcpServers"),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="vscode",
        files=("*.code-workspace",),
        keys=("mcp.servers", "settings.mcp.servers", "settings.amp.mcpServers"),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="vscode",
        files=("devcontainer.json", ".devcontainer.json", "devcontainer-feature.json"),
        keys=(
            "customizations.vscode.mcp.servers",
            "customizations.vscode.settings.mcp.servers",
        ),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="copilot",
        files=(".github/mcp.json", "mcp-config.json"),
        user=("{copilot}/mcp-config.json",),
        beside=Beside.SETTINGS,
    ),
    Config(
        client="copilot",
        files=(".github/agents/**/*.md", ".github/workflows/**/*.md"),
        user=("{copilot}/agents/*.md",),
        keys=("mcp-servers",),
        references=True,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="copilot-jetbrains",
        user=(
            "{config}/github-copilot/intellij/mcp.json",
            "{local}/github-copilot/intellij/mcp.json",
        ),
    ),
    Config(
        client="cursor",
        files=(".cursor/mcp.json",),
        user=("{home}/.cursor/mcp.json",),
    ),
    Config(
        client="windsurf",
        files=(".windsurf/mcp_config.json", ".codeium/mcp_config.json"),
        user=(
            "{home}/.codeium/windsurf/mcp_config.json",
            "{home}/.codeium/windsurf-next/mcp_config.json",
            "{home}/.codeium/mcp_config.json",
        ),
    ),
    Config(
        client="antigravity",
        user=(
            "{home}/.gemini/antigravity/mcp_config.json",
            "{home}/.gemini/config/mcp_config.json",
        ),
    ),
    Config(client="unknown", files=("mcp_config.json",), beside=Beside.SETTINGS),
    Config(
        client="cline",
        files=("cline_mcp_settings.json",),
        user=tuple(
            f"{{config}}/{each}/User/globalStorage/{_EXTENSION[0]}/settings/"
            "cline_mcp_settings.json"
            for each in folders.CODE
        ),
    ),
    Config(
        client="roo-code",
        files=(".roo/mcp.json", "mcp_settings.json"),
        user=tuple(
            f"{{config}}/{each}/User/globalStorage/{_EXTENSION[1]}/settings/"
            "mcp_settings.json"
            for each in folders.CODE
        ),
        beside=Beside.SETTINGS,
    ),
    Config(
        client="continue",
        files=(
            ".continue/**/*.yaml",
            ".continue/**/*.yml",
            ".continue/mcpServers/*.json",
        ),
        user=(
            "{home}/.continue/*.yaml",
            "{home}/.continue/mcpServers/*.yaml",
            "{home}/.continue/mcpServers/*.yml",
            "{home}/.continue/mcpServers/*.json",
        ),
        keys=_SERVERS,
        lists=True,
        beside=Beside.ANYTHING,
        dialect=dialects.CONTINUE,
    ),
    Config(
        client="continue",
        files=(".continue/config.json",),
        user=("{home}/.continue/config.json",),
        keys=("mcpServers", "experimental.modelContextProtocolServers"),
        lists=True,
        beside=Beside.ANYTHING,
        dialect=dialects.CONTINUE_OLD,
    ),
    Config(
        client="zed",
        files=(".zed/settings.json",),
        user=("{config}/zed/settings.json", "{config}/Zed/settings.json"),
        keys=("context_servers",),
        beside=Beside.ANYTHING,
        dialect=dialects.ZED,
    ),
    Config(
        client="junie",
        files=(".junie/mcp/mcp.json",),
        user=("{home}/.junie/mcp/mcp.json",),
    ),
    Config(client="air", files=(".air/mcp.json",)),
    Config(
        client="jetbrains",
        files=("llm.mcpServers.xml",),
        user=(
            "{config}/JetBrains/*/options/llm.mcpServers.xml",
            "{config}/Google/AndroidStudio*/options/llm.mcpServers.xml",
        ),
        opaque=True,
    ),
    Config(
        client="gemini-cli",
        files=(".gemini/settings.json",),
        user=("{home}/.gemini/settings.json",),
        managed=(
            "/etc/gemini-cli/settings.json",
            "/Library/Application Support/GeminiCli/settings.json",
            "{programdata}/gemini-cli/settings.json",
        ),
        keys=_SERVERS,
        commands=("mcp.serverCommand",),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="gemini-cli",
        files=("gemini-extension.json",),
        user=("{home}/.gemini/extensions/*/gemini-extension.json",),
        keys=_SERVERS,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="qwen-code",
        files=(".qwen/settings.json", "qwen-extension.json"),
        user=(
            "{home}/.qwen/settings.json",
            "{home}/.qwen/extensions/*/qwen-extension.json",
        ),
        keys=_SERVERS,
        commands=("mcp.serverCommand",),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="codex",
        files=(".codex/**/*.toml",),
        user=("{codex}/config.toml", "{codex}/*.config.toml"),
        managed=folders.CODEX_MANAGED,
        keys=("mcp_servers", "profiles.*.mcp_servers"),
        beside=Beside.ANYTHING,
        dialect=dialects.CODEX,
    ),
    Config(client="codex", user=("{codex}/plugins/**/.mcp.json",)),
    Config(
        client="goose",
        files=("goose/config.yaml",),
        user=("{config}/goose/config.yaml", "{config}/Block/goose/config/config.yaml"),
        keys=("extensions",),
        beside=Beside.ANYTHING,
        dialect=dialects.GOOSE,
    ),
    Config(
        client="lm-studio",
        user=("{home}/.lmstudio/mcp.json", "{home}/.cache/lm-studio/mcp.json"),
    ),
    Config(
        client="opencode",
        files=("opencode.json", "opencode.jsonc", ".opencode/config.json"),
        user=(
            *("{opencode}/opencode.json", "{opencode}/opencode.jsonc"),
            *("{opencode}/config.json", "{opencode-config}"),
        ),
        managed=folders.OPENCODE_MANAGED,
        keys=("mcp",),
        plugins=("plugin", "plugins"),
        beside=Beside.ANYTHING,
        dialect=dialects.OPENCODE,
    ),
    Config(
        client="opencode",
        files=folders.opencode_code(".opencode"),
        user=folders.opencode_code("{opencode}"),
        code=True,
    ),
    Config(
        client="amazon-q",
        files=(".amazonq/**/*.json",),
        user=(
            *("{home}/.aws/amazonq/mcp.json", "{home}/.aws/amazonq/default.json"),
            "{home}/.aws/amazonq/agents/*.json",
            "{home}/.aws/amazonq/cli-agents/*.json",
        ),
        keys=_SERVERS,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="kiro",
        files=(".kiro/settings/mcp.json", ".kiro/**/*.json"),
        user=("{home}/.kiro/settings/mcp.json", "{home}/.kiro/agents/*.json"),
        keys=("mcpServers", "powers.mcpServers"),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="amp",
        files=(".amp/settings.json", "amp/settings.json"),
        user=("{config}/amp/settings.json", "{config}/amp/settings.jsonc"),
        keys=("amp.mcpServers",),
        beside=Beside.ANYTHING,
    ),
    Config(
        client="crush",
        files=("crush.json", ".crush.json"),
        user=("{config}/crush/crush.json", "{local}/crush/crush.json"),
        keys=("mcp",),
        beside=Beside.ANYTHING,
        dialect=dialects.CRUSH,
    ),
    Config(
        client="factory",
        files=(".factory/mcp.json",),
        user=("{home}/.factory/mcp.json",),
    ),
    Config(client="kilo-code", files=(".kilocode/mcp.json",)),
    Config(client="kimi", user=("{kimi}/mcp.json",)),
    Config(
        client="qoder",
        files=(".qoder/mcp.json",),
        user=("{home}/.qoder/mcp.json", "{config}/Qoder/SharedClientCache/mcp.json"),
    ),
    Config(
        client="trae",
        files=(".trae/mcp.json",),
        user=("{config}/Trae/User/mcp.json", "{config}/Trae CN/User/mcp.json"),
    ),
    Config(
        client="vibe",
        files=(".vibe/config.toml",),
        user=("{vibe}/config.toml",),
        keys=("mcp_servers",),
        lists=True,
        beside=Beside.ANYTHING,
        dialect=dialects.VIBE,
    ),
    Config(
        client="sema4",
        user=(
            "{home}/.sema4ai/sema4ai-studio/mcp_servers.json",
            "{local}/sema4ai/sema4ai-studio/mcp_servers.json",
        ),
        lists=True,
    ),
    Config(
        client="docker",
        user=("{home}/.docker/mcp/registry.yaml",),
        keys=("registry",),
        catalog=True,
        beside=Beside.ANYTHING,
        dialect=dialects.DOCKER,
    ),
    Config(
        client="docker",
        files=("mcp-toolkit.db",),
        user=("{home}/.docker/mcp/mcp-toolkit.db",),
        opaque=True,
    ),
    Config(
        client="toolhive",
        user=("{state}/toolhive/runconfigs/*.json",),
        single=True,
        beside=Beside.ANYTHING,
        dialect=dialects.TOOLHIVE,
    ),
    Config(
        client="librechat",
        files=("librechat.yaml", "librechat.yml"),
        keys=_SERVERS,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="augment",
        files=(".augment/settings.json", ".augment/settings.local.json"),
        user=("{home}/.augment/settings.json",),
        keys=_SERVERS,
        beside=Beside.ANYTHING,
    ),
    Config(
        client="unknown",
        files=("mcp_servers.json", "mcp-servers.json"),
        lists=True,
    ),
    Config(client="unknown", files=("mcp.json",), beside=Beside.SETTINGS),
)
"""Each kind of file. Where two claim a path, the longer pattern knows better."""
