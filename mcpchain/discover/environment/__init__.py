"""What is installed in a Python environment.

installed      an environment, or one distribution that lies in a project
distribution   METADATA, and where it says it came from
integrity      RECORD against the files
sboms          BOMs inside a distribution (PEP 770)
site           what else Python would import from there
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

METADATA: Final = ".dist-info/METADATA"
SBOMS: Final = ".dist-info/sboms/"


class InstalledDistribution:
    """Reads the METADATA of a distribution that lies in a project."""

    id: ClassVar[str] = "environment"

    def wants(self, file: File) -> bool:
        """Say whether it is the METADATA of a distribution, or a BOM beside it."""
        return file.path.endswith(METADATA) or SBOMS in file.path

    def discover(self, file: File, found: Collector) -> None:
        """Declare the distribution.

        Raises:
            MalformedError: It names no distribution.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.environment.installed import declare

        declare(file, found)


DISCOVERER: Final[Discoverer] = InstalledDistribution()
