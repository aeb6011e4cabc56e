"""Poetry's lock file, `poetry.lock`, lock-version 1.1, 2.0 and 2.1."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PoetryLock:
    """Reads `poetry.lock`."""

    id: ClassVar[str] = "poetry-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that Poetry gives to its lock."""
        return file.name.casefold() == "poetry.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its files and dependencies."""
        from mcpchain.discover.poetry_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PoetryLock()
