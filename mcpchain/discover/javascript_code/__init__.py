"""Code in JavaScript and TypeScript: which services it asks.

It is split into words, and never run: enough to tell an import from a comment, and what
is given to a client by name. What code hides is not found.
"""

import re
from typing import ClassVar, Final

from mcpchain.discover import Discoverer
from mcpchain.inventory import Collector
from mcpchain.tree import File

_SUFFIXES: Final = frozenset({".cjs", ".js", ".jsx", ".mjs", ".ts", ".tsx", ".mts"}) | {
    ".cts"
}
_TESTS: Final = re.compile(
    r"(?:.*/)?(?:(?:tests?|__tests__|__mocks__|e2e|cypress)/.*"
    r"|[^/]*\.(?:test|spec|d)\.\w+|jest\.\w+\.\w+)",
    re.IGNORECASE,
)
"""Tests, which speak to stand-ins, and declarations of types."""


class JavascriptCode:
    """Reads code in JavaScript and TypeScript, but no tests."""

    id: ClassVar[str] = "javascript-code"

    def wants(self, file: File) -> bool:
        """Say whether it is such code, and no test."""
        return file.suffix in _SUFFIXES and not _TESTS.fullmatch(file.path)

    def discover(self, file: File, found: Collector) -> None:
        """Declare every service that the code asks.

        Raises:
            UnreadableError: It cannot be read.
        """
        from mcpchain.discover.javascript_code.reader import discover

        discover(file, found)


DISCOVERER: Final[Discoverer] = JavascriptCode()
"""Read code in JavaScript and TypeScript."""
