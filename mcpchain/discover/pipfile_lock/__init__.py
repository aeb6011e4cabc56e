"""pipenv's lock file, `Pipfile.lock`, pipfile-spec 6."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PipfileLock:
    """Reads `Pipfile.lock`."""

    id: ClassVar[str] = "pipfile-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that pipenv gives to its lock."""
        return file.name.casefold() == "pipfile.lock"

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its hashes and categories."""
        from mcpchain.discover.pipfile_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PipfileLock()
