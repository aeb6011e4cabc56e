"""Python requirements files, as pip reads them, and all that they include."""

from pathlib import PurePosixPath
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Requirements:
    """Reads `requirements.txt` and its kin."""

    id: ClassVar[str] = "requirements"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that requirements files have."""
        path = PurePosixPath(file.path.casefold())
        if path.suffix != ".txt" or path.name.startswith("constraints"):
            return False
        return (
            path.name.startswith("requirements")
            or path.stem.endswith("requirements")
            or path.parent.name == "requirements"
        )

    def discover(self, file: File, found: Collector) -> None:
        """Declare every requirement of *file* and of the files that it includes."""
        from mcpchain.discover.requirements.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = Requirements()
