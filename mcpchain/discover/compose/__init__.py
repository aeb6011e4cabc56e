"""Compose files: the services that run beside the system, and how they are built."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

NAME: Final = re.compile(
    r"(?:(?:docker-|podman-)?compose(?:[-_.].*)?|.*\.compose)\.ya?ml", re.DOTALL
)
"""In lower case."""


class Compose:
    """Reads `compose.yaml`, `docker-compose.yml` and their overrides."""

    id: ClassVar[str] = "compose"

    def wants(self, file: File) -> bool:
        """Say whether the name is that of a compose file."""
        name = file.name.casefold()
        return "compose" in name and NAME.fullmatch(name) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare the images and models of the services, and what builds them."""
        from mcpchain.discover.compose.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Compose()
