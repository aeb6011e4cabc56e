"""Development containers: `devcontainer.json`, its lock, and features of one's own."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

CONFIGS: Final = frozenset({"devcontainer.json", ".devcontainer.json"})
LOCKS: Final = frozenset({"devcontainer-lock.json", ".devcontainer-lock.json"})
FEATURE: Final = "devcontainer-feature.json"


class Devcontainer:
    """Reads what a development container is made of."""

    id: ClassVar[str] = "devcontainer"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that the specification gives."""
        name = file.name.casefold()
        return name in CONFIGS or name in LOCKS or name == FEATURE

    def discover(self, file: File, found: Collector) -> None:
        """Declare the image and the features, with the digests of the lock."""
        from mcpchain.discover.devcontainer.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Devcontainer()
