"""Version ranges as `vers:` has them (github.com/package-url/vers-spec).

A range of PyPI or npm is one interval, perhaps with holes. What is more complicated has
no `vers:` here: a range that says too much is worse than none.
"""

import re
from typing import Final

from packaging.specifiers import InvalidSpecifier, Specifier, SpecifierSet
from packaging.version import InvalidVersion, Version

from mcpchain.component import Pin

_NUMBER: Final = r"(0|[1-9][0-9]{0,9})"
_WILD: Final = r"(?:\.[xX*])"
_NPM: Final = re.compile(
    rf"([\^~]?)v?{_NUMBER}(?:\.{_NUMBER})?(?:\.{_NUMBER})?{_WILD}{{0,2}}"
)
_COMPARED: Final = re.compile(
    rf"(>=|<=|>|<)\s*v?({_NUMBER}\.{_NUMBER}\.{_NUMBER})(?=\s|\Z)\s*"
)
_LONGEST: Final = 1000
_LOWER: Final = frozenset({">", ">="})
_UPPER: Final = frozenset({"<", "<="})
_Constraints = list[tuple[str, str]]


def vers(kind: str, pin: Pin | None, requested: str) -> str | None:
    """Return the versions that *requested* allows; `None` if that cannot be told.

    Args:
        kind: The type of the purl.
        pin: How firmly the package is named: only what moves among versions has any.
        requested: What the source asks for.

    >>> vers("npm", Pin.RANGE, "^1.2")
    'vers:npm/>=1.2.0|<2.0.0'
    >>> vers("pypi", Pin.FLOATING, "")
    'vers:pypi/*'
    """
    if pin not in {Pin.RANGE, Pin.FLOATING} or kind not in {"npm", "pypi"}:
        return None
    if pin is Pin.FLOATING:
        return f"vers:{kind}/*"
    if requested.startswith("vers:") or len(requested) > _LONGEST:
        return None
    found = _pypi(requested) if kind == "pypi" else _npm(requested.strip())
    if found is None or not _is_interval(found):
        return None
    ordered = sorted(found, key=lambda each: Version(each[1]))
    return f"vers:{kind}/" + "|".join(mark + version for mark, version in ordered)


def _pypi(text: str) -> _Constraints | None:
    try:
        specifiers = [*SpecifierSet(text)]
    except InvalidSpecifier:
        return None
    found: _Constraints = []
    for each in specifiers:
        parts = _clause(each)
        if parts is None:
            return None
        found += parts
    return found


def _clause(specifier: Specifier) -> _Constraints | None:
    mark, version = specifier.operator, specifier.version
    try:
        release = Version(version.removesuffix(".*")).release
    except InvalidVersion:
        return None
    if mark == "~=":
        return [(">=", version), ("<", _next(release[:-1]))]
    if mark == "==" and version.endswith(".*"):
        return [(">=", version.removesuffix(".*")), ("<", _next(release))]
    direct = mark in _LOWER | _UPPER | {"!="} and not version.endswith(".*")
    return [(mark, version)] if direct else None


def _npm(text: str) -> _Constraints | None:
    if whole := _NPM.fullmatch(text):
        return _npm_shorthand(whole)
    found: _Constraints = []
    end = 0
    while match := _COMPARED.match(text, end):
        found.append((match[1], match[2]))
        end = match.end()
    return found if end == len(text) else None


def _npm_shorthand(match: re.Match[str]) -> _Constraints:
    given = [int(each) for each in match.groups()[1:] if each is not None]
    low = given + [0] * (3 - len(given))
    if match[1] == "^":
        first = next((i for i, n in enumerate(low) if n), len(given) - 1)
        kept = low[: min(first, len(given) - 1) + 1]
    else:
        kept = given[:2] if match[1] == "~" else given
    high = (*kept[:-1], kept[-1] + 1)
    top = ".".join(map(str, [*high, *[0] * (3 - len(high))]))
    return [(">=", ".".join(map(str, low))), ("<", top)]


def _next(release: tuple[int, ...]) -> str:
    return ".".join(map(str, (*release[:-1], release[-1] + 1)))


def _is_interval(found: _Constraints) -> bool:
    """Say whether there is one interval, and every exception lies inside it."""
    lower = [Version(version) for mark, version in found if mark in _LOWER]
    upper = [Version(version) for mark, version in found if mark in _UPPER]
    holes = [Version(version) for mark, version in found if mark == "!="]
    every = [*lower, *upper, *holes]
    if not every or len(lower) > 1 or len(upper) > 1 or len(set(every)) < len(every):
        return False
    inside = sorted(every)
    starts = not lower or inside[0] == lower[0]
    return starts and (not upper or inside[-1] == upper[0])
