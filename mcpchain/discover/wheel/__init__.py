"""A wheel that lies in a project: what it is, and what it says is inside."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class Wheel:
    """Reads the metadata of a wheel."""

    id: ClassVar[str] = "wheel"

    def wants(self, file: File) -> bool:
        """Say whether it is called like a wheel."""
        return file.suffix == ".whl"

    def discover(self, file: File, found: Collector) -> None:
        """Declare the distribution that it holds."""
        from mcpchain.discover.wheel.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = Wheel()
