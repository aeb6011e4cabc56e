"""A project in which many clients are configured with MCP servers, each in its own way.

The answer to "which servers are here?" is known, so that a tool can be measured by it.
"""

import json
from pathlib import Path
from typing import NamedTuple

DIGEST = "sha256:" + "5" * 64
COMMIT = "a" * 40


class Expected(NamedTuple):
    """A server that is there, and what is to be said of it."""

    client: str
    name: str
    place: str
    """File and pointer."""
    transport: str
    purl: str | None
    pin: str
    disabled: bool = False


FILES: dict[str, str | dict[str, object]] = {
    ".mcp.json": {
        "mcpServers": {
            "files": {"command": "npx", "args": ["-y", "@acme/files@1.2.0", "."]},
            "git": {"command": "uvx", "args": ["Acme_Git==2.0.1"], "env": {"K": "s"}},
            "issues": {"type": "http", "url": "https://issues.example/mcp"},
            "off": {"command": "npx", "args": ["off@1.0.0"]},
        }
    },
    ".claude/settings.json": {"disabledMcpjsonServers": ["off"]},
    ".vscode/mcp.json": f"""{{
      // asked for once
      "inputs": [{{"id": "token", "type": "promptString", "password": true}}],
      "servers": {{
        "browser": {{
          "command": "docker",
          "args": ["run", "-i", "--rm", "-e", "TOKEN", "acme/browser@{DIGEST}"],
          "env": {{"TOKEN": "${{input:token}}"}},
        }},
        "docs": {{"type": "sse", "url": "http://docs.example/sse", /* old */}},
      }},
    }}""",
    ".vscode/settings.json": """{
      "editor.tabSize": 2,
      "mcp.servers": {"dotted": {"command": "uvx", "args": ["dotted"]}},
      "mcp": {"servers": {"nested": {"command": "npx", "args": ["nested@^1.2"]}}}
    }""",
    ".cursor/mcp.json": {
        "mcpServers": {"same": {"command": "npx", "args": ["-y", "@acme/files@1.2.0"]}}
    },
    ".gemini/settings.json": {
        "theme": "dark",
        "mcp": {"excluded": ["events"]},
        "mcpServers": {
            "search": {"httpUrl": "https://search.example/mcp", "trust": True},
            "events": {"type": "sse", "url": "https://events.example/sse"},
        },
    },
    "gemini-extension.json": {
        "name": "own",
        "mcpServers": {
            "own": {"command": "node", "args": ["${extensionPath}${/}run.js"]}
        },
    },
    "run.js": "console.log('a server')\n",
    ".codex/config.toml": """
        model = "o9"
        [mcp_servers.mail]
        command = "uvx"
        args = ["--from", "acme-mail==3.1", "mail"]
        env_vars = ["MAIL_TOKEN"]
        [mcp_servers.calendar]
        url = "https://calendar.example/mcp"
        bearer_token_env_var = "CALENDAR_TOKEN"
        http_headers = { "X-Region" = "eu" }
        enabled = false
        """,
    ".zed/settings.json": """{
      "theme": "One", // mine
      "context_servers": {
        "old": {"command": {"path": "npx", "args": ["old@1.0.0"], "env": {}}},
        "new": {"source": "custom", "command": "npx", "args": ["new@next"]},
      },
    }""",
    ".continue/mcpServers/sql.yaml": """
        name: SQL
        version: 0.0.1
        schema: v1
        mcpServers:
          - name: sql
            command: uvx
            args: [acme-sql==0.6.2, --db, app.db]
            env:
              PASSWORD: ${{ secrets.PASSWORD }}
        """,
    "opencode.jsonc": """{
      "$schema": "https://opencode.example/config.json",
      "mcp": {
        "time": {
          "type": "local",
          "command": ["uvx", "acme-time==1.4"],
          "environment": {"ZONE": "UTC"},
          "enabled": true,
        },
        "weather": {"type": "remote", "url": "https://weather.example/mcp"},
      },
    }""",
    ".kiro/settings/mcp.json": {
        "mcpServers": {
            "cloud": {"command": "uvx", "args": ["acme.cloud@latest"], "disabled": True}
        },
        "powers": {"mcpServers": {"power": {"url": "https://power.example/mcp"}}},
    },
    ".kiro/agents/review.json": {
        "name": "review",
        "mcpServers": {"review": {"command": "npx", "args": ["review@4.0.0"]}},
    },
    ".amazonq/default.json": {
        "mcpServers": {"logs": {"command": "docker", "args": ["run", "acme/logs:7"]}}
    },
    ".roo/mcp.json": {
        "mcpServers": {"roo": {"type": "streamable-http", "url": "https://r.example"}}
    },
    ".junie/mcp/mcp.json": {
        "mcpServers": {"junie": {"command": "npx", "args": ["junie@1.0.1"]}}
    },
    ".devcontainer/devcontainer.json": """{
      "image": "acme/dev", // not a server
      "customizations": {
        "vscode": {"mcp": {"servers": {"dev": {"command": "npx", "args": ["dev"]}}}}
      }
    }""",
    "app.code-workspace": """{
      "folders": [{"path": "."}],
      "settings": {"mcp": {"servers": {"space": {"url": "https://space.example"}}}},
    }""",
    ".claude-plugin/plugin.json": {
        "name": "plugin",
        "mcpServers": {
            "plugin": {"command": "node", "args": ["${CLAUDE_PLUGIN_ROOT}/run.js"]}
        },
    },
    ".crush.json": {
        "mcp": {"crush": {"type": "stdio", "command": "npx", "args": ["crush@2.0.0"]}}
    },
    ".vibe/config.toml": """
        [[mcp_servers]]
        name = "vibe"
        transport = "streamable-http"
        url = "https://vibe.example/mcp"
        api_key_env = "VIBE_KEY"
        [[mcp_servers]]
        name = "fetch"
        transport = "stdio"
        command = "uvx"
        args = ["acme-fetch==1.0"]
        """,
    ".amp/settings.json": {
        "amp.mcpServers": {"amp": {"command": "npx", "args": ["amp@1.0.0"]}}
    },
    "goose/config.yaml": f"""
        extensions:
          developer: {{type: builtin, name: developer, enabled: true}}
          notes:
            type: stdio
            enabled: true
            cmd: uvx
            args: ["--from", "git+https://github.com/acme/notes@{COMMIT}", "notes"]
            envs: {{MODE: x}}
            env_keys: [NOTES_KEY]
          stream: {{type: streamable_http, uri: "https://stream.example/mcp"}}
        """,
    ".factory/mcp.json": {
        "mcpServers": {"droid": {"type": "http", "url": "https://droid.example/mcp"}}
    },
}
"""What stands in the project."""

_HTTP, _SSE, _STDIO, _UNKNOWN = "streamable-http", "sse", "stdio", "unknown"
_CODE = ".vscode/mcp.json#/servers"
_WORKSPACE = "app.code-workspace#/settings/mcp/servers"
_CONTAINER = ".devcontainer/devcontainer.json#/customizations/vscode/mcp/servers"
_CONTINUE = ".continue/mcpServers/sql.yaml#/mcpServers"
_GOOSE = "goose/config.yaml#/extensions"
_FILES = "pkg:npm/%40acme/files@1.2.0"

SERVERS: tuple[Expected, ...] = tuple(
    Expected(*row)
    for row in (
        ("claude-code", "files", ".mcp.json#/mcpServers/files", _STDIO, _FILES,
         "exact"),
        ("claude-code", "git", ".mcp.json#/mcpServers/git", _STDIO,
         "pkg:pypi/acme-git@2.0.1", "exact"),
        ("claude-code", "issues", ".mcp.json#/mcpServers/issues", _HTTP, None,
         "remote"),
        ("claude-code", "off", ".mcp.json#/mcpServers/off", _STDIO,
         "pkg:npm/off@1.0.0", "exact", True),
        ("vscode", "browser", f"{_CODE}/browser", _STDIO,
         f"pkg:docker/acme/browser@{DIGEST}", "digest"),
        ("vscode", "docs", f"{_CODE}/docs", _SSE, None, "remote"),
        ("vscode", "dotted", ".vscode/settings.json#/mcp.servers/dotted", _STDIO,
         "pkg:pypi/dotted", "floating"),
        ("vscode", "nested", ".vscode/settings.json#/mcp/servers/nested", _STDIO,
         "pkg:npm/nested", "range"),
        ("cursor", "same", ".cursor/mcp.json#/mcpServers/same", _STDIO, _FILES,
         "exact"),
        ("gemini-cli", "search", ".gemini/settings.json#/mcpServers/search", _HTTP,
         None, "remote"),
        ("gemini-cli", "events", ".gemini/settings.json#/mcpServers/events", _SSE,
         None, "remote", True),
        ("gemini-cli", "own", "gemini-extension.json#/mcpServers/own", _STDIO, None,
         "local"),
        ("codex", "mail", ".codex/config.toml#/mcp_servers/mail", _STDIO,
         "pkg:pypi/acme-mail@3.1", "exact"),
        ("codex", "calendar", ".codex/config.toml#/mcp_servers/calendar", _HTTP, None,
         "remote", True),
        ("zed", "old", ".zed/settings.json#/context_servers/old", _STDIO,
         "pkg:npm/old@1.0.0", "exact"),
        ("zed", "new", ".zed/settings.json#/context_servers/new", _STDIO,
         "pkg:npm/new", "floating"),
        ("continue", "sql", f"{_CONTINUE}/0", _STDIO, "pkg:pypi/acme-sql@0.6.2",
         "exact"),
        ("opencode", "time", "opencode.jsonc#/mcp/time", _STDIO,
         "pkg:pypi/acme-time@1.4", "exact"),
        ("opencode", "weather", "opencode.jsonc#/mcp/weather", _UNKNOWN, None,
         "remote"),
        ("kiro", "cloud", ".kiro/settings/mcp.json#/mcpServers/cloud", _STDIO,
         "pkg:pypi/acme-cloud", "floating", True),
        ("kiro", "power", ".kiro/settings/mcp.json#/powers/mcpServers/power",
         _UNKNOWN, None, "remote"),
        ("kiro", "review", ".kiro/agents/review.json#/mcpServers/review", _STDIO,
         "pkg:npm/review@4.0.0", "exact"),
        ("amazon-q", "logs", ".amazonq/default.json#/mcpServers/logs", _STDIO,
         "pkg:docker/acme/logs@7", "tag"),
        ("roo-code", "roo", ".roo/mcp.json#/mcpServers/roo", _HTTP, None, "remote"),
        ("junie", "junie", ".junie/mcp/mcp.json#/mcpServers/junie", _STDIO,
         "pkg:npm/junie@1.0.1", "exact"),
        ("vscode", "dev", f"{_CONTAINER}/dev", _STDIO, "pkg:npm/dev", "floating"),
        ("vscode", "space", f"{_WORKSPACE}/space", _UNKNOWN, None, "remote"),
        ("claude-code", "plugin", ".claude-plugin/plugin.json#/mcpServers/plugin",
         _STDIO, None, "local"),
        ("crush", "crush", ".crush.json#/mcp/crush", _STDIO, "pkg:npm/crush@2.0.0",
         "exact"),
        ("vibe", "vibe", ".vibe/config.toml#/mcp_servers/0", _HTTP, None, "remote"),
        ("vibe", "fetch", ".vibe/config.toml#/mcp_servers/1", _STDIO,
         "pkg:pypi/acme-fetch@1.0", "exact"),
        ("amp", "amp", ".amp/settings.json#/amp.mcpServers/amp", _STDIO,
         "pkg:npm/amp@1.0.0", "exact"),
        ("goose", "developer", f"{_GOOSE}/developer", _UNKNOWN, None, "local"),
        ("goose", "notes", f"{_GOOSE}/notes", _STDIO,
         f"pkg:github/acme/notes@{COMMIT}", "commit"),
        ("goose", "stream", f"{_GOOSE}/stream", _HTTP, None, "remote"),
        ("factory", "droid", ".factory/mcp.json#/mcpServers/droid", _HTTP, None,
         "remote"),
    )
)  # fmt: skip
"""What is to be found there."""


def make_mcp_project(folder: Path) -> tuple[Expected, ...]:
    """Write the project into *folder* and return the servers that are in it."""
    for path, content in FILES.items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        text = content if isinstance(content, str) else json.dumps(content, indent=2)
        file.write_text(text, encoding="utf-8")
    return SERVERS
