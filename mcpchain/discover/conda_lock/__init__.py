"""The lock file of conda-lock, `conda-lock.yml`, version 1."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = r"(?:.*[-_.])?conda-lock(?:[-_.].*)?\.ya?ml"


class CondaLock:
    """Reads `conda-lock.yml`."""

    id: ClassVar[str] = "conda-lock"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that conda-lock gives to its lock."""
        return re.fullmatch(_NAME, file.name.casefold()) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare every package of the lock, with its hashes and dependencies."""
        from mcpchain.discover.conda_lock.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = CondaLock()
