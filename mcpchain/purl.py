"""Purls in a hurry: what packageurl-python does, without its cost where all is plain.

It normalises every part of a purl whenever one is made, read or written, which takes
longer than anything else that an inventory of thousands of packages does. Nearly all
purls consist of letters, digits and a few marks, which mean themselves.
"""

import re
from typing import Final

from packageurl import PackageURL

_PLAIN: Final = re.compile(
    r"pkg:(?:"
    r"cargo/(?P<cargo>[A-Za-z0-9_][A-Za-z0-9_.-]*)"
    r"|pypi/(?P<pypi>[a-z0-9][a-z0-9.-]*)"
    r"|npm/(?P<npm>[a-z0-9_][a-z0-9_.-]*)"
    r")(?:@(?P<version>[A-Za-z0-9_][A-Za-z0-9_.+!-]*))?"
)
"""Ecosystems whose rules for such names are known: they change nothing."""
_PART: Final = re.compile(r"[A-Za-z0-9_.-]+")
"""What is written as it is in any place of a purl."""
_LOWERED: Final = frozenset({"huggingface", "oci"})
"""Ecosystems with rules of their own for versions."""
_PLUS: Final = re.compile(r"[A-Za-z0-9_.+-]+")
_NAME: Final = re.compile(r"[a-z0-9][a-z0-9.-]*")
_SCOPE: Final = re.compile(r"@[A-Za-z0-9_.-]+")
_VERSION: Final = re.compile(r"[A-Za-z0-9_.+!-]+")


def parse(text: str) -> PackageURL:
    """Return the purl that *text* is, as `PackageURL.from_string` does.

    Raises:
        ValueError: It is none.
    """
    plain = _PLAIN.fullmatch(text)
    if plain is None or plain.lastgroup is None:
        return PackageURL.from_string(text)
    kind = text[4 : text.index("/")]
    return PackageURL._make((kind, None, plain[kind], plain["version"], {}, None))


def make(kind: str, scope: str | None, name: str, version: str | None) -> PackageURL:
    """Return the purl of a package of PyPI or npm, as `PackageURL` does.

    Args:
        kind: `pypi` or `npm`.
        scope: Of an npm package, with its `@`.
        name: Without it.
        version: An exact one, if any.

    Raises:
        ValueError: There is no name.
    """
    plain = (
        _NAME.fullmatch(name)
        and (not scope or (kind == "npm" and _SCOPE.fullmatch(scope)))
        and (not version or _VERSION.fullmatch(version))
    )
    if not plain:
        return PackageURL(type=kind, namespace=scope, name=name, version=version)
    return PackageURL._make((kind, scope or None, name, version or None, {}, None))


def write(purl: PackageURL) -> str:
    """Return the text of *purl*, as its `to_string` does."""
    kind, space, name, version, qualifiers, subpath = purl
    own = qualifiers or subpath or kind in _LOWERED
    plain = not own and _PART.fullmatch(name)
    if not plain or not (version is None or _PLUS.fullmatch(version)):
        return purl.to_string()
    if space:
        if kind != "npm" or not _SCOPE.fullmatch(space):
            return purl.to_string()
        name = f"%40{space[1:]}/{name}"
    end = f"@{version.replace('+', '%2B')}" if version else ""
    return f"pkg:{kind}/{name}{end}"
