"""uv's lock file, `uv.lock`, version 1."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class UvLock:
    """Reads `uv.lock`."""

    id: ClassVar[str] = "uv-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that uv gives to its lock."""
        return file.name == "uv.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its files and dependencies."""
        from mcpchain.discover.uv_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = UvLock()
