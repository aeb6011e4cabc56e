"""Lists of packages that conda writes, one a line, for `conda create --file`."""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_NAME: Final = (
    r"conda[-_.](?:.+[-_.])?(?:explicit|lock|spec|specs)(?:[-_.].*)?\.txt"
    r"|conda[-_.].+\.lock|(?:.+[-_.])?explicit(?:[-_.].*)?\.(?:txt|lock)"
    r"|spec-?(?:file|list)\.txt"
)
_HEADS: Final = (b"@EXPLICIT", b"#", b"http:", b"https:")
"""How a list may begin: with its mark, a comment, or at once with an address."""


class CondaExplicit:
    """Reads lists of addresses, or of names with version and build."""

    id: ClassVar[str] = "conda-explicit"

    def wants(self, file: File) -> bool:
        """Say whether it may be such a list, by its first bytes or its name."""
        if file.suffix not in {".txt", ".lock"}:
            return False
        return is_called_so(file) or file.head.lstrip().startswith(_HEADS)

    def discover(self, file: File, found: Collector) -> None:
        """Declare each package of the list."""
        from mcpchain.discover.conda_explicit.reader import read

        read(file, found)


def is_called_so(file: File) -> bool:
    """Say whether *file* has one of the names that such lists are given."""
    return re.fullmatch(_NAME, file.name.casefold()) is not None


DISCOVERER: Final[Discoverer] = CondaExplicit()
