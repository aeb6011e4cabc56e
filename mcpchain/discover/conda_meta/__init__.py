"""What is installed in a conda environment: `conda-meta/*.json`, one file a package."""

from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File


class CondaMeta:
    """Reads the records of installed packages."""

    id: ClassVar[str] = "conda-meta"

    def wants(self, file: File) -> bool:
        """Say whether it is a record that conda keeps of a package."""
        return file.suffix == ".json" and f"/{file.path}".rpartition("/")[0].endswith(
            "/conda-meta"
        )

    def discover(self, file: File, found: Collector) -> None:
        """Declare the package, and what it needs by name."""
        from mcpchain.discover.conda_meta.reader import read

        read(file, found)


DISCOVERER: Final[Discoverer] = CondaMeta()
