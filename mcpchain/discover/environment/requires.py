"""What depends on what in an environment, without starting its interpreter.

METADATA say what a distribution may need, on any system and with any extra. What it
does need is told by what is installed: an edge leads to every installed distribution
that a requirement may mean here, and to those of an extra if all that it needs is
there. An extra that lacks something was not asked for.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Final

from packaging.markers import InvalidMarker, Marker, UndefinedEnvironmentName
from packaging.utils import canonicalize_name

_NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
_EXTRA: Final = re.compile(r"extra\s*==\s*['\"]([^'\"]+)['\"]")
_UNKNOWN: Final = re.compile(
    r"platform_(?:machine|release|version|python_implementation)|implementation_"
)
"""What the files of an environment do not tell."""
_LENGTH: Final = 500
_EVALUATED: Final = 5000
"""How long a marker may be that is looked into, and how many are. Others may hold."""
_REQUIREMENTS: Final = 5000
"""How many requirements of one distribution are looked at."""
_FULL: Final = 3
"""How many numbers a whole version of Python has."""
_POSIX: Final = (
    {"os_name": "posix", "sys_platform": "linux", "platform_system": "Linux"},
    {"os_name": "posix", "sys_platform": "darwin", "platform_system": "Darwin"},
)
_WINDOWS: Final = (
    {"os_name": "nt", "sys_platform": "win32", "platform_system": "Windows"},
)


@dataclass(frozen=True, slots=True)
class _Need:
    name: str
    marker: str


@dataclass(frozen=True, slots=True)
class Needs:
    """What a distribution says that it requires, as far as edges need it."""

    plain: tuple[_Need, ...] = ()
    extras: Mapping[str, Sequence[_Need]] = field(default_factory=dict)
    whole: bool = True
    """Whether each of its requirements could be read."""

    @classmethod
    def parse(cls, requires: Sequence[str]) -> "Needs":
        """Read requirements (PEP 508)."""
        plain: list[_Need] = []
        extras: dict[str, list[_Need]] = {}
        whole = len(requires) <= _REQUIREMENTS
        for text in requires[:_REQUIREMENTS]:
            name = _NAME.match(text)
            if name is None:
                whole = False
                continue
            marker = _marker(text)
            each = _Need(_folded(name[1]), marker)
            named = _EXTRA.findall(marker) if "extra" in marker else ()
            for extra in named:
                extras.setdefault(extra, []).append(each)
            if not named:
                plain.append(each)
        return cls(tuple(plain), extras, whole)


@dataclass(slots=True)
class Conditions:
    """What is known of the system that an environment is for."""

    python: str
    """The version of Python, as far as it is told: `3.11.7`, `3.11`; empty if not."""
    windows: bool
    _known: dict[tuple[str, str], tuple[bool, bool]] = field(default_factory=dict)

    def targets(self, needs: Needs, installed: Mapping[str, str]) -> Iterator[str]:
        """Yield the refs of what a distribution depends on.

        Args:
            needs: Its requirements.
            installed: Refs by the normalised names of distributions.
        """
        for each in needs.plain:
            if each.name in installed and self._holds(each.marker, "")[0]:
                yield installed[each.name]
        for extra, members in needs.extras.items():
            yield from self._of_extra(extra, members, installed)

    def _of_extra(
        self, extra: str, members: Sequence[_Need], installed: Mapping[str, str]
    ) -> Iterator[str]:
        """Yield what an extra leads to, if it may have been asked for."""
        if all(each.name not in installed for each in members):
            return
        outcomes = [(each, *self._holds(each.marker, extra)) for each in members]
        if any(sure and each.name not in installed for each, _, sure in outcomes):
            return
        for each, maybe, _ in outcomes:
            if maybe and each.name in installed:
                yield installed[each.name]

    def _holds(self, marker: str, extra: str) -> tuple[bool, bool]:
        """Say whether *marker* may hold, and whether it is sure to."""
        if not marker or (extra and _EXTRA.fullmatch(marker)):
            return True, True
        key = (marker, extra)
        if key not in self._known:
            self._known[key] = self._evaluate(marker, extra)
        return self._known[key]

    def _evaluate(self, marker: str, extra: str) -> tuple[bool, bool]:
        numbers = self.python.split(".")
        vague = (
            len(marker) > _LENGTH
            or len(self._known) > _EVALUATED
            or _UNKNOWN.search(marker)
            or (not self.python and "python" in marker)
            or (len(numbers) < _FULL and "python_full" in marker)
        )
        if vague:
            return True, False
        told = {
            "python_version": ".".join(numbers[:2]),
            "python_full_version": self.python,
            "extra": extra,
        }
        systems = _WINDOWS if self.windows else _POSIX
        try:
            parsed = Marker(marker)
            outcomes = [parsed.evaluate({**each, **told}) for each in systems]
        except (InvalidMarker, UndefinedEnvironmentName, ValueError, RecursionError):
            return True, False
        return any(outcomes), all(outcomes)


def _marker(text: str) -> str:
    """Return the marker of a requirement; a URL may hold a `;` of its own."""
    before, at, _ = text.partition("@")
    mark = "; " if at and ";" not in before else ";"
    return text.partition(mark)[2].strip()


@cache
def _folded(name: str) -> str:
    return str(canonicalize_name(name))
