"""Code in Python, in files and notebooks: which services and models it asks for.

It is parsed, and never imported or run. What code does when it runs can be hidden from
every reader; what is read here is what honest code says.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_SUFFIXES: Final = frozenset({".py", ".ipynb", ".pyw"})
_TESTS: Final = re.compile(
    r"(?:.*/)?(?:tests?/.*|(?:test_[^/]*|[^/]*_test|conftest)\.\w+)", re.IGNORECASE
)


class PythonCode:
    """Reads `*.py` and `*.ipynb`, but no tests, which speak to stand-ins."""

    id: ClassVar[str] = "python-code"

    def wants(self, file: File) -> bool:
        """Say whether it is code in Python, and no test."""
        return file.suffix in _SUFFIXES and not _TESTS.fullmatch(file.path)

    def discover(self, file: File, found: Collector) -> None:
        """Declare every service, model and data set that the code asks for.

        Raises:
            MalformedError: A notebook is not JSON.
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.python_code.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = PythonCode()
"""Read code in Python."""
