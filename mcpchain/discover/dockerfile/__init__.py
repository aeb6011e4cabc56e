"""Dockerfiles, by any of their names: `Dockerfile`, `Containerfile`, `x.dockerfile`."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Dockerfile:
    """Reads the files that images are built by."""

    id: ClassVar[str] = "dockerfile"

    def wants(self, file: File) -> bool:
        """Say whether the name is that of a Dockerfile."""
        name = file.name.casefold()
        if "dockerfile" not in name and "containerfile" not in name:
            return False
        from mcpchain.dockerfile import is_dockerfile

        return is_dockerfile(file.name)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the images that it is made on or takes from, and what it fetches."""
        from mcpchain.discover.dockerfile.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Dockerfile()
