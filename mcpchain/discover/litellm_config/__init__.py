"""The configuration of LiteLLM's proxy: which models of which providers it offers.

The reference is LiteLLM's documentation ("Proxy config"): `model_list`, each entry with
`litellm_params`.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = re.compile(
    r"(?:[\w.-]*litellm[\w.-]*|(?:proxy[_-])?config[\w.-]*)\.ya?ml", re.IGNORECASE
)


class LitellmConfig:
    """Reads `config.yaml` of LiteLLM, told from others by its `model_list`."""

    id: ClassVar[str] = "litellm-config"

    def wants(self, file: File) -> bool:
        """Say whether it is named as people name that file."""
        return file.suffix in {".yaml", ".yml"} and bool(_NAME.fullmatch(file.name))

    def discover(self, file: File, found: Collector) -> None:
        """Declare the services of all models that it lists.

        Raises:
            MalformedError: It lists models, and is not YAML that we read.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.litellm_config.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = LitellmConfig()
"""Read the configuration of LiteLLM's proxy."""
