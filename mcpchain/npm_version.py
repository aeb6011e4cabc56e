"""What is one version to npm, and no range or tag."""

import re
from typing import Final

_NUMBER: Final = r"(?:0|[1-9][0-9]*)"
_VERSION: Final = re.compile(
    rf"[=v]?(?P<version>{_NUMBER}\.{_NUMBER}\.{_NUMBER}"
    r"(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?)(?:\+[0-9A-Za-z.-]+)?"
)


def exact_version(text: str) -> str | None:
    """Return the version that *text* is, if it is a full one (SemVer 2.0.0).

    Without a leading `v` or `=` and without build metadata, as the registry names it.
    """
    match = _VERSION.fullmatch(text.strip())
    return match["version"] if match else None
