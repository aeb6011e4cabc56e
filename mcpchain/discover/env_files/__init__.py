"""Files of environment variables, `.env` and its kin: which services they configure.

Of what they hold only names are kept; of values only an address, without what may be
secret in it.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = re.compile(
    r"\.env(?:[.-].+)?|\.?(?:[\w-]+\.)?env(?:\.(?:example|sample|template|dist|default))?"
    r"|env\.(?:example|sample|template)",
    re.IGNORECASE,
)


class EnvFiles:
    """Reads `.env`, `.env.example` and the like."""

    id: ClassVar[str] = "env-files"

    def wants(self, file: File) -> bool:
        """Say whether it is named like a file of environment variables."""
        name = file.name
        return "env" in name.lower() and _NAME.fullmatch(name) is not None

    def discover(self, file: File, found: Collector) -> None:
        """Declare every service that the names of variables tell.

        Raises:
            MalformedError: It is not text.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.env_files.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = EnvFiles()
"""Read files of environment variables."""
