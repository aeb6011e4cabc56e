"""What a Python project asks for: `pyproject.toml`, after PEP 621 and PEP 735."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Pyproject:
    """Reads `pyproject.toml`."""

    id: ClassVar[str] = "pyproject"

    def wants(self, file: File) -> bool:
        """Say whether the name is that of a project's manifest."""
        return file.name.casefold() == "pyproject.toml"

    def discover(self, file: File, found: Collector) -> None:
        """Declare the project and what it asks for."""
        from mcpchain.discover.pyproject.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = Pyproject()
