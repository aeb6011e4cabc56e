"""yarn's lock file, `yarn.lock`, of yarn 1 and of the later ones."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class YarnLock:
    """Reads `yarn.lock`."""

    id: ClassVar[str] = "yarn-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that yarn gives to its lock."""
        return file.name.casefold() == "yarn.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its dependencies.

        Raises:
            MalformedError: It is not in either format.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.yarn_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = YarnLock()
