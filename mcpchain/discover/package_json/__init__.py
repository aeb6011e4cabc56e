"""`package.json`: what a project asks for, where no lock says what it gets."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class PackageJson:
    """Reads `package.json`."""

    id: ClassVar[str] = "package-json"

    def wants(self, file: File) -> bool:
        """Say whether the name is the one that npm gives to a manifest."""
        return file.name.casefold() == "package.json"

    def discover(self, file: File, found: Collector) -> None:
        """Declare the project and what it asks for, unless a lock tells more.

        Raises:
            MalformedError: It is no JSON, or no object.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.package_json.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PackageJson()
