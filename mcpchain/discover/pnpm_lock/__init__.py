"""pnpm's lock file, `pnpm-lock.yaml`, versions 5, 6 and 9."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PnpmLock:
    """Reads `pnpm-lock.yaml`."""

    id: ClassVar[str] = "pnpm-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that pnpm gives to its lock."""
        return file.name.casefold() == "pnpm-lock.yaml"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its digest and dependencies.

        Raises:
            MalformedError: It is not YAML, or has no version.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.pnpm_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PnpmLock()
