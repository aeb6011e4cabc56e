"""Where a client has several folders for the same configuration: data."""

from typing import Final

CODE: Final = ("Code", "Code - Insiders", "VSCodium", "Cursor", "Windsurf")
"""Folders of VS Code and what is made of it."""
CLAUDE_MANAGED: Final = (
    "/etc/claude-code/managed-mcp.json",
    "/Library/Application Support/ClaudeCode/managed-mcp.json",
    "{programfiles}/ClaudeCode/managed-mcp.json",
    "{programdata}/ClaudeCode/managed-mcp.json",
)
CODEX_MANAGED: Final = tuple(
    f"{folder}/{name}"
    for folder in ("/etc/codex", "{programdata}/OpenAI/Codex")
    for name in ("config.toml", "managed_config.toml")
)
OPENCODE_MANAGED: Final = tuple(
    f"{folder}/opencode.{suffix}"
    for folder in (
        "/etc/opencode",
        "/Library/Application Support/opencode",
        "{programdata}/opencode",
    )
    for suffix in ("json", "jsonc")
)
"""Where administrators put theirs."""


def opencode_code(folder: str) -> tuple[str, ...]:
    """Return what opencode imports from *folder* whenever it starts."""
    names = ("plugin", "plugins", "tool", "tools")
    return tuple(f"{folder}/{name}/*.{end}" for name in names for end in ("js", "ts"))
