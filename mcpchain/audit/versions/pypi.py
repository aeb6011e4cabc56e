"""PEP 440, and the versions that PyPI accepted before it.

A version that PEP 440 does not know sorts below every one that it knows, as setuptools
ordered them; among themselves they compare part by part.
"""

import re
from functools import lru_cache
from typing import Final

from packaging.utils import canonicalize_version
from packaging.version import InvalidVersion, Version

from mcpchain.audit.versions import checked, number

Part = tuple[int, int, str]
Key = tuple[int, Version] | tuple[int, tuple[Part, ...], str]

_PARTS: Final = re.compile(r"[0-9]+|[a-z]+")
_PLAIN: Final = re.compile(r"(?:0|[1-9][0-9]*+)(?:\.(?:0|[1-9][0-9]*+))*+")
_TRAILING: Final = re.compile(r"(?:\.0)+\Z")
_NAMED: Final = re.compile(r"[A-Za-z0-9._+:!-]+")
_ANY: Final = re.compile(r"(?:\A|\.)[xX](?:\.|\Z)")
"""`1.x`: whatever starts with 1."""


class PyPI:
    """The rules of PyPI."""

    def key(self, version: str) -> Key:
        """Return a value that compares as *version* does."""
        return _key(version)

    def canonical(self, version: str) -> str:
        """Return a text that is equal for equal versions only: `1.0` is `1`."""
        return _canonical(version)

    def public(self, version: str) -> str:
        """Return *version* without its local label (PEP 440): `2.1+cpu` is `2.1`."""
        parsed = _pep440(version)
        return parsed.public if parsed and parsed.local else version

    def is_exact(self, version: str) -> bool:
        """Say whether *version* names one release.

        What PEP 440 does not know must at least hold a digit and look like no range:
        `trunk` and `latest` are names that move.
        """
        try:
            bare = checked(version)
        except ValueError:
            return False
        if _pep440(bare):
            return True
        digit = any(character.isdigit() for character in bare)
        return bool(_NAMED.fullmatch(bare)) and digit and not _ANY.search(bare)


@lru_cache(maxsize=1 << 16)
def _key(version: str) -> Key:
    bare = checked(version)
    parsed = _pep440(bare)
    if parsed:
        return (1, parsed)
    text = bare.lower()
    return (0, tuple(map(_part, _PARTS.findall(text))), text)


@lru_cache(maxsize=1 << 16)
def _canonical(version: str) -> str:
    bare = checked(version)
    if _PLAIN.fullmatch(bare):
        return _TRAILING.sub("", bare)
    parsed = _pep440(bare)
    return canonicalize_version(parsed) if parsed else bare.lower()


def _pep440(version: str) -> Version | None:
    try:
        return Version(version)
    except InvalidVersion:
        return None
    except ValueError:  # a number of more digits than Python converts
        return None


def _part(text: str) -> Part:
    """Numbers above words, as in setuptools: `1.0.1` is newer than `1.0.rc`."""
    return (1, *number(text)) if text[0].isdigit() else (0, 0, text)
