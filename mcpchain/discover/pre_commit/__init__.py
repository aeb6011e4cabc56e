"""Hooks of pre-commit: `.pre-commit-config.yaml`."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PreCommit:
    """Reads which hooks run on the machine of everybody who commits."""

    id: ClassVar[str] = "pre-commit"

    def wants(self, file: File) -> bool:
        """Say whether it is the configuration of pre-commit."""
        return file.name.casefold() in {
            ".pre-commit-config.yaml",
            ".pre-commit-config.yml",
        }

    def discover(self, file: File, found: Collector) -> None:
        """Declare the repositories of hooks, and what is installed with them."""
        from mcpchain.discover.pre_commit.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = PreCommit()
