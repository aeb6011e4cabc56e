"""PDM's lock file, `pdm.lock`, lock_version 4."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PdmLock:
    """Reads `pdm.lock`."""

    id: ClassVar[str] = "pdm-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that PDM gives to its lock."""
        return file.name.casefold() == "pdm.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its files and dependencies."""
        from mcpchain.discover.pdm_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PdmLock()
