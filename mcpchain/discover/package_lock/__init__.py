"""npm's lock files, `package-lock.json` and `npm-shrinkwrap.json`, versions 1 to 3."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PackageLock:
    """Reads npm's lock files."""

    id: ClassVar[str] = "package-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is one of npm's two."""
        return file.name.casefold() in {"package-lock.json", "npm-shrinkwrap.json"}

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its tarball and dependencies.

        Raises:
            MalformedError: It is no JSON, or has no version or no packages.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.package_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PackageLock()
