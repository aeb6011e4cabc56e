"""Order versions as each ecosystem orders them.

Only ordering: whether a version lies in `^1.2` is the business of whoever resolves.
"""

from typing import Any, Final, Protocol

LENGTH_LIMIT: Final = 256
"""The longest version that is looked at, in characters."""


class Scheme(Protocol):
    """The version rules of one ecosystem."""

    def key(self, version: str) -> Any:  # noqa: ANN401 - each scheme has its own
        """Return a value that compares as *version* does.

        Raises:
            ValueError: It is no version at all.
        """
        ...

    def canonical(self, version: str) -> str:
        """Return a text that is equal for equal versions only.

        Raises:
            ValueError: It is no version at all.
        """
        ...

    def public(self, version: str) -> str:
        """Return *version* without a part that only its builder added."""
        ...

    def is_exact(self, version: str) -> bool:
        """Say whether *version* names one release: no range, tag or address."""
        ...


def scheme(purl_type: str) -> Scheme | None:
    """Return the rules for packages of *purl_type*; `None` where we know none."""
    # Imported when used: an npm project need not pay for PEP 440.
    if purl_type == "pypi":
        from mcpchain.audit.versions import pypi

        return pypi.PyPI()
    if purl_type == "npm":
        from mcpchain.audit.versions import npm

        return npm.Npm()
    return None


def number(digits: str) -> tuple[int, str]:
    """Return a key for a number of any length, without converting it.

    Python refuses integers above 4,300 digits (CVE-2020-10735).
    """
    bare = digits.lstrip("0")
    return (len(bare), bare)


def checked(version: str) -> str:
    """Return *version* without blanks around it.

    Raises:
        ValueError: It is empty, too long, or holds blanks, control or non-ASCII
            characters.
    """
    bare = version.strip(" \t")
    if not bare or len(bare) > LENGTH_LIMIT:
        raise ValueError(f"a version of {len(bare)} characters")
    if not (bare.isascii() and bare.isprintable()) or " " in bare:
        raise ValueError(f"`{bare[:140]!a}` is no version")
    return bare
