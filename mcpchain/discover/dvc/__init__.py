"""What DVC keeps elsewhere: data and models by their MD5.

The references are DVC's manual, "`.dvc` Files" and "`dvc.yaml` Files" (with
`dvc.lock`), and "Configuration" for the remotes.
"""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

LOCK: Final = "dvc.lock"


class Dvc:
    """Reads `*.dvc` and `dvc.lock`."""

    id: ClassVar[str] = "dvc"

    def wants(self, file: File) -> bool:
        """Say whether it is called like one of them."""
        return file.suffix == ".dvc" or file.name == LOCK

    def discover(self, file: File, found: Collector) -> None:
        """Declare each file and folder that DVC keeps."""
        from mcpchain.discover.dvc.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Dvc()
