"""Workflows and actions of GitHub: `.github/workflows/*.yml`, `action.yml`."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_WORKFLOW: Final = re.compile(r"(?:.*/)?\.github/workflows/[^/]+\.ya?ml", re.DOTALL)
_ACTION: Final = frozenset({"action.yml", "action.yaml"})


class GithubActions:
    """Reads what GitHub runs for a repository, and actions that are kept in one."""

    id: ClassVar[str] = "github-actions"

    def wants(self, file: File) -> bool:
        """Say whether it is a workflow or an action."""
        if file.suffix not in {".yml", ".yaml"}:
            return False
        path = file.path.casefold()
        return file.name.casefold() in _ACTION or bool(_WORKFLOW.fullmatch(path))

    def discover(self, file: File, found: Collector) -> None:
        """Declare every action, workflow and image that is used."""
        from mcpchain.discover.github_actions.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = GithubActions()
