"""Tell what looks like a secret, and show an address without the one in its path.

Some services hand out addresses that are passwords: whoever knows the path may call.
"""

import itertools
import re
from typing import Final
from urllib.parse import unquote

HIDDEN: Final = "***"
"""Stands for what nobody is shown."""
_LETTERS: Final = 20
_TOKEN: Final = 12
_TURNS: Final = 4
_SWITCHES: Final = 3
"""From how many characters, changes between letter and digit, and changes of case on
a piece of a path looks random; words and versions stay below."""
_SCHEME: Final = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_WHOLE: Final = 32
_NAMED: Final = frozenset({"token", "key", "apikey", "secret", "auth", "password"})
_HEADER: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
"""A token (RFC 9110 5.6.2) of a length that names have."""
_VARIABLE: Final = re.compile(
    r"[A-Za-z_]\w{0,99}(?:\(x86\))?"
    r"|BASH_FUNC_[\w-]{1,60}(?:%%|\(\))"
    r"|(?i:p?npm_config_)(?:[\w-]{1,60}|@[\w.-]{1,60}:registry"
    r"|//[\w.-]{1,60}(?::\d{1,5})?(?:/[\w.-]{1,60}){0,5}/?:[\w-]{1,30})",
    re.ASCII,
)
"""POSIX's names, those of Windows' program folders, of functions of a shell, and of
npm's settings."""
_HEX: Final = re.compile(r"[0-9a-fA-F]{16,}|[0-9]{12,}")
_UUID: Final = re.compile(
    r"[0-9a-f]{8}(?:-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE
)


def masked(address: str) -> str:
    """Return *address* with every part of the path that looks random as `***`.

    Args:
        address: Without user name, password, query and fragment. It may be a template,
            such as `{base}/mcp`.
    """
    scheme = _SCHEME.match(address)
    start = scheme.end() if scheme else 0
    host, *segments = address[start:].split("/")
    before = ["", *(each.lower() for each in segments)]
    shown = [
        HIDDEN if _is_secret(unquote(each), after) else each
        for each, after in zip(segments, before, strict=False)
    ]
    return address[:start] + "/".join([host, *shown])


def is_random(word: str) -> bool:
    """Say whether *word*, which should be a name, looks as if nobody had chosen it."""
    return _is_secret(word.lower() if word.isupper() else word, "")


def is_header(name: str) -> bool:
    """Say whether *name* can be that of a header field, and may be shown."""
    return _HEADER.fullmatch(name) is not None and not is_random(name)


def is_variable(name: str) -> bool:
    """Say whether *name* can be that of an environment variable, and may be shown."""
    return _VARIABLE.fullmatch(name) is not None and not is_random(name)


def _is_secret(segment: str, after: str) -> bool:
    if _UUID.search(segment):
        return True
    if after in _NAMED and len(segment) >= _TOKEN // 2 and re.search(r"\d", segment):
        return True
    pieces = re.findall(r"[A-Za-z0-9]+", segment)
    if any(map(_is_random, pieces)):
        return True
    # A token may hold the signs that divide words: base64url, JWT.
    joined = "".join(pieces)
    return len(joined) >= _WHOLE and _turns(joined) > 2 * _TURNS


def _is_random(piece: str) -> bool:
    if _HEX.fullmatch(piece):
        return True
    if len(piece) >= _WHOLE:
        return True
    if len(piece) >= _TOKEN and _turns(piece) >= _TURNS:
        return True
    return len(piece) >= _LETTERS and (_turns(piece) > 1 or _cases(piece) > _SWITCHES)


def _turns(text: str) -> int:
    """Count how often letters and digits follow each other."""
    return sum(a.isdigit() != b.isdigit() for a, b in itertools.pairwise(text))


def _cases(text: str) -> int:
    """Count how often a capital stands beside another, or ends a word."""
    return sum(a.isupper() and b.isupper() for a, b in itertools.pairwise(text))
