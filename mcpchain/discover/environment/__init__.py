"""What is installed in a Python environment.

installed      an environment, or one distribution that lies in a project
distribution   METADATA, and where it says it came from
integrity      RECORD against the files
bytecode       what is run in place of them
sboms          BOMs inside a distribution (PEP 770)
makers         what makers of environments put there
site           what else Python would import from there
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_SBOMS: Final = re.compile(r"(.+\.dist-info/)sboms/.", re.IGNORECASE | re.ASCII)


def is_metadata(path: str) -> bool:
    """Say whether *path* is METADATA in its folder, as importlib.metadata sees it."""
    folder, _, name = path.rpartition("/")
    return name == "METADATA" and folder.lower().endswith(".dist-info")


def metadata_above(path: str) -> str:
    """Return the path of the METADATA to which the BOM *path* belongs, if to any."""
    folder = _SBOMS.match(path)
    return f"{folder[1]}METADATA" if folder else ""


class InstalledDistribution:
    """Reads the METADATA of a distribution that lies in a project."""

    id: ClassVar[str] = "environment"

    def wants(self, file: File) -> bool:
        """Say whether it is the METADATA of a distribution, or a BOM beside it."""
        return is_metadata(file.path) or bool(metadata_above(file.path))

    def discover(self, file: File, found: Collector) -> None:
        """Declare the distribution.

        Raises:
            MalformedError: It names no distribution.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.environment.installed import declare

        declare(file, found)


DISCOVERER: Final[Discoverer] = InstalledDistribution()
