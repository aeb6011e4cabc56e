"""Files that name components in a format which mcpchain does not read.

Passing over a lock file in silence would read as if there were nothing in it.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

NPM_LOCK: Final = "make a `package-lock.json`: `npm install --package-lock-only`"
_BOM: Final = "write a CycloneDX BOM with the tools of that ecosystem, and gate that"
LOCKS: Final = {
    "cargo.lock": _BOM,
    "composer.lock": _BOM,
    "gemfile.lock": _BOM,
    "go.sum": _BOM,
    "bun.lockb": NPM_LOCK,
    "pixi.lock": "export it: `pixi workspace export conda-explicit-spec`",
}
"""By their names in lower case: on many systems another spelling is the same file."""
MANIFESTS: Final = frozenset({"package.json", "pipfile", "pyproject.toml"})
SETUP: Final = frozenset({"setup.cfg", "setup.py"})
"""What setuptools reads where `pyproject.toml` does not speak."""
_UNCOMPILED: Final = re.compile(
    r"(?:.*/)?(?:requirements[^/]*|[^/]*requirements|requirements/[^/]*)\.in",
    re.IGNORECASE,
)


class Unread:
    """Leaves a gap for each such file."""

    id: ClassVar[str] = "unread"

    def wants(self, file: File) -> bool:
        """Say whether it is a file that names components and is not read."""
        name = file.name.casefold()
        return (
            name in LOCKS
            or name in MANIFESTS
            or name in SETUP
            or name == "uv.toml"
            or _UNCOMPILED.fullmatch(file.path) is not None
        )

    def discover(self, file: File, found: Collector) -> None:
        """Leave the gap, unless the file names nothing or a lock beside it speaks.

        Raises:
            MalformedError: A manifest is not what its name says.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.unread.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = Unread()
