"""bun's lock file as text, `bun.lock`, versions 0 to 2."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class BunLock:
    """Reads `bun.lock`."""

    id: ClassVar[str] = "bun-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that bun gives to its lock."""
        return file.name.casefold() == "bun.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its digest and dependencies.

        Raises:
            MalformedError: It is no JSON, or has no version.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.bun_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = BunLock()
