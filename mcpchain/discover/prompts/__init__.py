"""Files that tell a model what to do: prompts, agents, skills, instructions.

They are hashed, whatever they say: one changed sentence changes what an agent does. Of
what they say only the front matter is read.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_INSTRUCTIONS: Final = (
    r"(?:claude(?:\.local)?|agents(?:\.override)?|gemini)\.md"
    r"|\.github/copilot-instructions\.md|\.github/instructions/.+\.md"
    r"|\.cursorrules|\.windsurfrules|\.roorules|\.goosehints|\.clinerules(?:/.+)?"
    r"|\.cursor/rules/.+\.mdc?|\.(?:windsurf|continue|augment|amazonq|trae)/rules/.+"
    r"|\.roo/rules[^/]*/.+|\.claude/rules/.+\.md|\.kiro/steering/.+\.md"
    r"|\.junie/guidelines\.md"
)
_AGENTS: Final = (
    r"\.(?:claude|github|cursor|opencode|gemini)/agents?/.+\.md"
    r"|\.github/chatmodes/.+\.md|.*\.(?:agent|chatmode)\.md"
)
_COMMANDS: Final = r"\.(?:claude|cursor|opencode|gemini)/commands?/.+\.(?:md|toml)"
_PROMPTS: Final = (
    r"[^/]*\.(?:prompty|prompt|prompt\.md|prompt\.ya?ml)|\.claude/output-styles/.+\.md"
    r"|\.(?:github|codex)/prompts/.+"
    r"|prompts/(?:.*/)?(?!readme)[^/]+\.(?:txt|md|jinja2?|j2|ya?ml|mustache|hbs)"
)
_HOOKS: Final = (
    r"\.claude/settings(?:\.local)?\.json|\.cursor/hooks\.json|\.github/hooks/.+\.json"
    r"|hooks/hooks\.json"
)
_ROLES: Final = re.compile(
    rf"(?:.*/)?(?:(?P<skill>skill\.md)|(?P<hooks>{_HOOKS})|(?P<agent>{_AGENTS})"
    rf"|(?P<command>{_COMMANDS})|(?P<instructions>{_INSTRUCTIONS})"
    rf"|(?P<prompt>{_PROMPTS})|(?P<code>\.claude/hooks/.+)"
    r"|(?P<part>(?:skills|scripts|references|assets)/.+))",
    re.DOTALL,
)
"""Roles by path, in lower case. What is a `part` is one only of a skill around it."""
_CAPITAL: Final = frozenset({"agents.md", "claude.md", "gemini.md", "skill.md"})
"""Names that clients write with capitals; in small letters they are documentation."""


def _role(file: File) -> str:
    """Return what *file* is to a client by its path; empty for anything else."""
    path = file.path.lower()
    match = _ROLES.fullmatch(path)
    if match is None or match.lastgroup is None:
        return ""
    small = file.name.lower() in _CAPITAL and not file.name[:1].isupper()
    return "" if small and "skills/" not in path else match.lastgroup


class Prompts:
    """Reads files of instructions by the names that clients look for."""

    id: ClassVar[str] = "prompts"

    def wants(self, file: File) -> bool:
        """Say whether a client would give *file* to a model, by its path."""
        return bool(_role(file))

    def discover(self, file: File, found: Collector) -> None:
        """Declare the file, and what its front matter says."""
        from mcpchain.discover.prompts.reader import discover

        discover(file, found, _role(file))


DISCOVERER: Final[Discoverer] = Prompts()
"""Read prompts, agents, skills and instructions."""
