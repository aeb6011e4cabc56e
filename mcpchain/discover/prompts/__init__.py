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
"""Roles by path, in lower case. The parts of a skill are of one only if there is one."""


class Prompts:
    """Reads files of instructions by the names that clients look for."""

    id: ClassVar[str] = "prompts"

    def wants(self, file: File) -> bool:
        """Say whether a client would give *file* to a model, by its path."""
        return _ROLES.fullmatch(file.path.lower()) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare the file, and what its front matter says."""
        from mcpchain.discover.prompts.reader import discover

        match = _ROLES.fullmatch(file.path.lower())
        discover(file, found, str(match.lastgroup) if match else "")


DISCOVERER: Final[Discoverer] = Prompts()
"""Read prompts, agents, skills and instructions."""
