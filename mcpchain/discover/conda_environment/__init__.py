"""What a conda environment is asked to hold: `environment.yml` and its kin."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = (
    r"(?:.*[-_.])?environment(?:[-_.].*)?\.ya?ml|conda(?:[-_.]?env(?:[-_.].*)?)?\.ya?ml"
    r"|conda[-_.].+\.lock\.ya?ml"
)


class CondaEnvironment:
    """Reads `environment.yml`."""

    id: ClassVar[str] = "conda-environment"

    def wants(self, file: File) -> bool:
        """Say whether the name is one that such files have."""
        return re.fullmatch(_NAME, file.name.casefold()) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare what the environment is asked to hold, from conda and from pip."""
        from mcpchain.discover.conda_environment.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = CondaEnvironment()
