"""What npm takes for the name and the version of a package."""

import re
from typing import Final

from mcpchain.document import Node, without_secrets
from mcpchain.naming import bare_url
from mcpchain.npm_version import exact_version

SHOWN: Final = 140
"""How many characters of a text from a lock stand in a message."""

_WORD: Final = r"[A-Za-z0-9~!'()*-][A-Za-z0-9~!'()*._-]*"
_NAME: Final = re.compile(rf"(?:@[A-Za-z0-9~!'()*._-]+/)?{_WORD}")
"""validate-npm-package-name, with what it allows for old packages."""
_ABSOLUTE: Final = re.compile(
    r"(?:@?[^:@]*@)?(?:(?:file|link|portal):(?://)?)?(?:~?[/\\]|[A-Za-z]:[/\\])",
    re.IGNORECASE,
)
_RESERVED: Final = frozenset({"node_modules", "favicon.ico"})


def is_name(text: str) -> bool:
    """Say whether *text* can be the name of an npm package."""
    return _NAME.fullmatch(text) is not None and text.lower() not in _RESERVED


def shown(text: str) -> str:
    """Return so much of *text* as may stand in a message; it may be an address.

    A path from the root of a machine is its owner's business.
    """
    if _ABSOLUTE.match(text.strip()):
        return "an absolute path"
    return without_secrets(bare_url(text.strip()))[:SHOWN]


def version_of(text: str, node: Node) -> str:
    """Return the exact version that *text* is, as the registry names it.

    Args:
        text: What should be one.
        node: Where it stands.

    Raises:
        MalformedError: It is none (SemVer).
    """
    version = exact_version(text)
    if version is None or not text[0].isdigit():
        raise node.malformed(f"`{shown(text)}` is no version (SemVer)")
    return version
