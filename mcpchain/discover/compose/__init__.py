"""Compose files: the services that run beside the system, and how they are built."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Compose:
    """Reads `compose.yaml`, `docker-compose.yml` and their overrides."""

    id: ClassVar[str] = "compose"

    def wants(self, file: File) -> bool:
        """Say whether the name is that of a compose file."""
        if "compose" not in file.name.casefold():
            return False
        from mcpchain.build_file import is_compose

        return is_compose(file.name)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the images and models of the services, and what builds them."""
        from mcpchain.discover.compose.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Compose()
