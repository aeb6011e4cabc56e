"""Purls as a stranger writes them."""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain import purl as purls
from mcpchain.naming import bare_url

_PLAIN: Final = re.compile(
    r"pkg:[a-z]+/(?:(?:%40)?[A-Za-z0-9_][A-Za-z0-9_.+~-]*/)*[A-Za-z0-9_]"
    r"[A-Za-z0-9_.+~-]*(?:@[A-Za-z0-9_][A-Za-z0-9_.+!~-]*)?"
)
"""What needs no second look: nearly all of them."""


def is_purl(text: str) -> bool:
    """Say whether *text* can be read as a purl."""
    if _PLAIN.fullmatch(text):
        return True
    try:
        PackageURL.from_string(text)
    except ValueError:
        return False
    return True


def parse(text: str) -> PackageURL:
    """Read a purl that means the same after it is written down and read again.

    packageurl-python reads others too: with half a surrogate pair in the name, with a
    name of nothing but white space, or with a slash that becomes part of another field
    the next time. A name that changes when it is handed on identifies nothing.

    Raises:
        ValueError: It is no such purl.
    """
    try:
        purl = purls.parse(text)
        if _PLAIN.fullmatch(text) or PackageURL.from_string(purl.to_string()) == purl:
            return purl
    except (ValueError, TypeError):
        # TypeError: `to_string` on a name of nothing but white space.
        pass
    raise ValueError(f"`{text[:140]}` is not a purl")


def without_secrets(purl: PackageURL) -> PackageURL:
    """Take user names, passwords and queries out of the addresses in *purl*."""
    bare = {
        key: bare_url(value) if "://" in value else value
        for key, value in purl.qualifiers.items()
    }
    return purl if bare == purl.qualifiers else purl._replace(qualifiers=bare)
