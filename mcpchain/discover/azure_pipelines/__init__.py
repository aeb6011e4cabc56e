"""Pipelines of Azure DevOps: `azure-pipelines.yml`, and templates beside them."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

PATH: Final = re.compile(
    r"(?:.*/)?(?:\.?azure-pipelines?[^/]*|[^/]*[-_.]azure-pipelines?|\.vsts-ci"
    r"|(?:\.?azure-pipelines?|\.azuredevops/pipelines|\.pipelines)/.+)\.ya?ml",
    re.DOTALL,
)
"""In lower case."""


class AzurePipelines:
    """Reads pipelines and their templates."""

    id: ClassVar[str] = "azure-pipelines"

    def wants(self, file: File) -> bool:
        """Say whether the path is that of a pipeline."""
        if file.suffix not in {".yml", ".yaml"}:
            return False
        return PATH.fullmatch(file.path.casefold()) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare the tasks, repositories and images that it uses."""
        from mcpchain.discover.azure_pipelines.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = AzurePipelines()
