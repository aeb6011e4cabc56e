"""Python lock files after PEP 751: `pylock.toml` and `pylock.<name>.toml`."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = r"pylock(?:\.[^.]+)?\.toml"


class PylockToml:
    """Reads `pylock.toml`."""

    id: ClassVar[str] = "pylock"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that PEP 751 gives to lock files."""
        return re.fullmatch(_NAME, file.name) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its files and dependencies."""
        from mcpchain.discover.pylock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = PylockToml()
