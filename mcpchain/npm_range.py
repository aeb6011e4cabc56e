"""Ranges of versions as npm reads them, which is loosely (node-semver, `loose`).

What npm passes over in a range is passed over here: whoever reads more strictly would
choose another version than it installs.
"""

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, NamedTuple

_LENGTH: Final = 4096
_PARTS: Final = 200
"""How many characters of a range are read, and how many comparators it may have."""
_VERSION_LENGTH: Final = 256

_NUMBER: Final = r"\d{1,16}"
_PRE: Final = r"(?:-?(?P<pre>[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+))?"
_BUILD: Final = r"(?:\+[0-9A-Za-z-]++(?:\.[0-9A-Za-z-]++)*+)"
_BUILDS: Final = re.compile(_BUILD)
_FULL: Final = re.compile(
    rf"[v=\s]*+({_NUMBER})\.({_NUMBER})\.({_NUMBER}){_PRE}{_BUILD}?", re.ASCII
)
_ANY: Final = rf"{_NUMBER}|[xX*]"
_PARTIAL: Final = re.compile(
    r"(?P<operator>[<>]=?|=|~>?|\^)?[v=\s]*+"
    rf"(?P<major>{_ANY})(?:\.(?P<minor>{_ANY})(?:\.(?P<patch>{_ANY}){_PRE})?)?",
    re.ASCII,
)
_GLUE: Final = re.compile(r"(?<=[<>=~^])\s+")
_HYPHEN: Final = re.compile(r"\s+-\s+")

Identifier = tuple[int, int, str]


class Version(NamedTuple):
    """A version, which compares as npm compares it; build metadata never counts."""

    numbers: tuple[int, int, int]
    released: bool
    """Whether it is no pre-release: one sorts below the release of its numbers."""
    pre: tuple[Identifier, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparator:
    """One bound of a range."""

    operator: str
    version: Version

    def admits(self, version: Version) -> bool:
        """Say whether *version* is on the right side of it."""
        match self.operator:
            case ">=":
                return version >= self.version
            case ">":
                return version > self.version
            case "<":
                return version < self.version
            case "<=":
                return version <= self.version
            case _:
                return version == self.version


Alternative = tuple[Comparator, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Versions that fit at least one of several lists of bounds."""

    alternatives: tuple[Alternative, ...]

    @property
    def everything(self) -> bool:
        """Whether every release fits."""
        return () in self.alternatives

    def __contains__(self, version: Version) -> bool:
        return any(_fits(version, each) for each in self.alternatives)


@lru_cache(maxsize=1 << 16)
def parse_version(text: str) -> Version | None:
    """Return the version that *text* is; `None` if npm takes it for none."""
    found = _FULL.fullmatch(text.strip()) if len(text) <= _VERSION_LENGTH else None
    if found is None:
        return None
    return _made((int(found[1]), int(found[2]), int(found[3])), found["pre"] or "")


@lru_cache(maxsize=1 << 14)
def parse_range(text: str) -> Range | None:
    """Return the range that *text* is; `None` if npm takes it for a tag.

    Raises:
        ValueError: It is too long to be read.
    """
    if len(text) > _LENGTH or len(text.split()) + text.count("||") > _PARTS:
        raise ValueError(f"`{text[:40]}…` is a range too long to be read")
    found = [
        alternative
        for each in text.split("||")
        if (alternative := _alternative(each.strip())) is not None
    ]
    return Range(tuple(found)) if found else None


def limits(asked: str) -> Range | None:
    """Return the range that *asked* is, if it leaves out any release; else `None`.

    A tag, an address or a folder is none, and what is too long is not read as one.
    """
    try:
        wanted = parse_range(asked.strip())
    except ValueError:
        return None
    return None if wanted is None or wanted.everything else wanted


def excludes(asked: str, version: str) -> bool:
    """Say whether *asked* is a range, or an alias with one, that *version* is not in.

    Not so of what is no range or no version.
    """
    text = asked.strip()
    if text.startswith("npm:"):
        text = text[5:].partition("@")[2]
    wanted, known = limits(text), parse_version(version)
    return wanted is not None and known is not None and known not in wanted


def _fits(version: Version, alternative: Alternative) -> bool:
    """Say whether *version* is within every bound.

    A pre-release fits only where a bound names one of the same numbers.
    """
    if not all(each.admits(version) for each in alternative):
        return False
    return version.released or any(
        each.version.pre and each.version.numbers == version.numbers
        for each in alternative
    )


def _alternative(text: str) -> Alternative | None:
    """Read bounds that must all hold; `None` where nothing of it is one."""
    text = _BUILDS.sub("", text)
    if not text:
        return ()
    ends = _HYPHEN.split(text)
    if len(ends) == 2:  # noqa: PLR2004 - two ends
        first, last = (_PARTIAL.fullmatch(each) for each in ends)
        if first and last and {first["operator"], last["operator"]} <= {None, "="}:
            return (*_bounds(">=", first), *_bounds("<=", last))
    found: list[Comparator] = []
    # Build metadata that stood alone leave an empty bound, which is none.
    read = text != text.strip()
    for word in _GLUE.sub("", text).split():
        match = _PARTIAL.fullmatch(word)
        if match is not None and _ordered(match):
            read = True
            found += _bounds(match["operator"] or "", match)
    return tuple(found) if read else None


def _ordered(match: re.Match[str]) -> bool:
    """Say whether no number follows an `x`, which npm refuses but after `~` and `^`."""
    if (match["operator"] or "") in {"~", "~>", "^"}:
        return True
    known = [(each or "x").isdigit() for each in match.group("major", "minor", "patch")]
    return known == sorted(known, reverse=True)


def _bounds(operator: str, match: re.Match[str]) -> Alternative:
    """Return what an operator means before a version that may be partial."""
    known = []
    for each in (match["major"], match["minor"], match["patch"]):
        if each is None or not each.isdigit():
            break
        known.append(int(each))
    if operator in {"~", "~>", "^"}:
        return _near(operator, known, match["pre"] or "")
    if len(known) == 3:  # noqa: PLR2004 - a full version
        numbers = (known[0], known[1], known[2])
        version = _made(numbers, match["pre"] or "")
        return (Comparator(operator or "=", version),)
    if not known:
        # Nothing is above or below every version.
        return (_BELOW_ALL,) if operator in {"<", ">"} else ()
    return _open(operator, known)


def _open(operator: str, known: list[int]) -> Alternative:
    """Read an operator before the beginning of a version: all that begin so."""
    match operator:
        case ">":
            return (Comparator(">=", _made(_next(known))),)
        case ">=":
            return (Comparator(">=", _made(_filled(known))),)
        case "<":
            return (Comparator("<", _made(_filled(known), "0")),)
        case "<=":
            return (Comparator("<", _made(_next(known), "0")),)
        case _:
            return _between(_made(_filled(known)), _next(known))


def _near(operator: str, known: list[int], pre: str) -> Alternative:
    """Read `~1.2.3` (up to the next minor) and `^1.2.3` (up to what breaks)."""
    if not known:
        return ()
    whole = len(known) == 3  # noqa: PLR2004 - a full version
    lower = _made(_filled(known), pre if whole else "")
    if operator != "^":
        return _between(lower, _next(known[:2]))
    significant = next((i for i, number in enumerate(known) if number), len(known) - 1)
    return _between(lower, _next(known[: significant + 1]))


def _between(lower: Version, upper: tuple[int, int, int]) -> Alternative:
    return Comparator(">=", lower), Comparator("<", _made(upper, "0"))


def _filled(known: list[int]) -> tuple[int, int, int]:
    first, second, third = [*known, 0, 0][:3]
    return first, second, third


def _next(known: list[int]) -> tuple[int, int, int]:
    """Return the first version after all those that begin with *known*."""
    return _filled([*known[:-1], known[-1] + 1])


def _made(numbers: tuple[int, int, int], pre: str = "") -> Version:
    words = tuple(map(_identifier, pre.split("."))) if pre else ()
    return Version(numbers, not words, words)


def _identifier(text: str) -> Identifier:
    """Numbers below words, and compared as numbers (SemVer 2.0.0, section 11)."""
    if text.isascii() and text.isdigit():
        bare = text.lstrip("0")
        return (0, len(bare), bare)
    return (1, 0, text)


_BELOW_ALL: Final = Comparator("<", _made((0, 0, 0), "0"))
