"""What resolvelib has to be told to choose Python packages as pip does."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from packaging.markers import Marker, UndefinedComparison, UndefinedEnvironmentName
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name
from packaging.version import Version
from resolvelib import AbstractProvider
from resolvelib.resolvers import RequirementInformation

from mcpchain.closure import metadata, project
from mcpchain.closure.group import Group
from mcpchain.closure.library import Door, Library
from mcpchain.closure.metadata import Metadata, Sheet
from mcpchain.closure.project import Cut, Interpreter, Listing, Page, Versions
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.registries.pypi import Project
from mcpchain.requirement import clauses

_SHEETS: Final = 5_000
"""How many releases are looked into."""
_ROUNDS: Final = 100
"""How many levels are loaded at once each; what lies deeper is loaded one by one."""
_UNDECIDED: Final = "more than {:,} clauses of markers to decide"
_NONE: Final[frozenset[str]] = frozenset()

Name = tuple[str, frozenset[str]]
"""A project and the extras that are asked for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A requirement: of a command, or of a release."""

    name: str
    """Normalised (PEP 503)."""
    specifier: SpecifierSet
    extras: frozenset[str] = _NONE
    marker: str = ""
    text: str = ""
    """As it is written, for a reader."""
    elsewhere: str = ""
    """The whole requirement, where it names an address."""
    clauses: str = field(init=False, compare=False)
    """The specifier as text, since it is looked up often."""

    def __post_init__(self) -> None:
        object.__setattr__(self, "clauses", str(self.specifier))


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """One version of a project, with some of its extras."""

    name: str
    version: Version
    extras: frozenset[str] = _NONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What a release needs, as far as that can be known."""

    wanted: tuple[Wanted, ...] = ()
    problems: tuple[tuple[str, State], ...] = ()


class WearyError(Exception):
    """What packages ask for costs more work than is done for one server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much work is done for one server."""

    compared: int = 20_000_000
    """How many versions are compared with clauses of specifiers."""
    decided: int = 1_000_000
    """How many clauses of markers are decided."""


LIMITS: Final = Limits()


class PypiShelf:
    """The pages and metadata of Python indexes, each asked for once.

    Args:
        door: The way to the indexes.
        interpreter: The Python for which is resolved.
    """

    def __init__(self, door: Door, interpreter: Interpreter) -> None:
        self.interpreter = interpreter
        self.pages: Library[Page, Project] = Library(
            door, project.request, project.read
        )
        self.sheets: Library[Sheet, Metadata] = Library(
            door, metadata.request, metadata.read, limit=_SHEETS
        )


class Reader:
    """A shelf as the packages of one group see it: through their own indexes."""

    def __init__(self, group: Group, shelf: PypiShelf, limits: Limits = LIMITS) -> None:
        self._sources = group.sources
        self._shelf = shelf
        self._listings: dict[str, Listing | FetchError] = {}
        self._needs: dict[Release, Needs] = {}
        self._cuts: dict[tuple[str, str], Cut] = {}
        self._decided: dict[tuple[str, str], bool] = {}
        self._limits = limits
        self._compared = 0
        self._asked = 0

    def listing(self, name: str) -> Listing | FetchError:
        """Return the project *name*, or why it cannot be seen.

        An index that does not know it leaves the others their word; one that fails
        leaves it unknown what all together would deliver.
        """
        if name not in self._listings:
            self._listings[name] = self._listed(name)
        return self._listings[name]

    def fitting(self, wanted: Iterable[Wanted], name: str) -> Versions:
        """Return the versions of *name* that suit all of *wanted*, best first.

        Raises:
            WearyError: Too much was compared.
        """
        found = self.listing(name)
        if isinstance(found, FetchError):
            return Versions()
        return found.versions([self._cut(found, each) for each in wanted])

    def fits(self, wanted: Wanted, version: Version) -> bool:
        """Say whether *version* suits *wanted*.

        Raises:
            WearyError: Too much was compared.
        """
        found = self.listing(wanted.name)
        return isinstance(found, Listing) and found.fits(
            version, self._cut(found, wanted)
        )

    def _cut(self, listing: Listing, wanted: Wanted) -> Cut:
        """Return what *wanted* leaves of *listing*; asking again costs little."""
        key = wanted.name, wanted.clauses
        known = key in self._cuts
        self._compared += (
            1 if known else len(listing.ordered) * (1 + len(wanted.specifier))
        )
        if self._compared > self._limits.compared:
            limit = f"{self._limits.compared:,}"
            raise WearyError(
                f"more than {limit} versions of `{wanted.name}` to compare"
            )
        if not known:
            self._cuts[key] = listing.cut(wanted.specifier)
        return self._cuts[key]

    def needs(self, release: Release) -> Needs:
        """Return what *release* needs on this interpreter."""
        if release not in self._needs:
            self._needs[release] = self._needed(release)
        return self._needs[release]

    def prefetch(self, wanted: Sequence[Wanted]) -> None:
        """Load what will probably be needed, a level at a time."""
        seen: set[Wanted] = set()
        for _ in range(_ROUNDS):
            fresh = [e for e in dict.fromkeys(wanted) if e not in seen]
            if not fresh:
                return
            seen.update(fresh)
            names = sorted({each.name for each in fresh})
            self._shelf.pages.load(p for name in names for p in self._pages(name))
            chosen = [
                Release(name=each.name, version=version, extras=each.extras)
                for each in fresh
                for version in islice(self.fitting([each], each.name), 1)
            ]
            sheets = (self._sheet(each) for each in chosen)
            self._shelf.sheets.load(e for e in sheets if isinstance(e, Sheet))
            needed = (self.needs(each).wanted for each in chosen)
            wanted = [w for some in needed for w in some if not w.elsewhere]

    def _pages(self, name: str) -> list[Page]:
        return [(name, where) for where in self._sources.of_package(name)]

    def _listed(self, name: str) -> Listing | FetchError:
        pages = self._pages(name)
        if not pages:
            return FetchError(
                State.NO_SOURCE,
                "no registry for pypi is configured",
                hint="set `index-url` in pip's configuration",
            )
        self._shelf.pages.load(pages)
        answers = [self._shelf.pages[each] for each in pages]
        errors = [each for each in answers if isinstance(each, FetchError)]
        found = [each for each in answers if not isinstance(each, FetchError)]
        failed = [each for each in errors if each.state is not State.MISSING]
        if failed or not found:
            return (failed or errors)[0]
        return Listing.of(name, found, self._shelf.interpreter)

    def _sheet(self, release: Release) -> Sheet | str:
        """Return where its metadata are, or why nowhere."""
        found = self.listing(release.name)
        if isinstance(found, FetchError):
            return found.reason
        try:
            return found.sheet(release.version) or (
                "it has no wheel, or its index gives neither metadata nor a small "
                "wheel with a digest, so that cannot be known without building it"
            )
        except MalformedError as error:
            return f"{error.pointer}: {error.problem}"[:300]

    def _needed(self, release: Release) -> Needs:
        wanted: list[Wanted] = []
        if release.extras:
            exact = SpecifierSet(f"==={release.version}")
            wanted.append(Wanted(name=release.name, specifier=exact))
        sheet = self._sheet(release)
        if isinstance(sheet, str):
            return Needs(wanted=tuple(wanted), problems=((sheet, State.PARTIAL),))
        found = self._shelf.sheets[sheet]
        if isinstance(found, FetchError):
            problem = (found.reason, found.state)
            return Needs(wanted=tuple(wanted), problems=(problem,))
        problems = [(each, State.PARTIAL) for each in found.problems]
        for each in found.needs:
            try:
                if self._applies(each, release.extras):
                    wanted.append(_wanted(each))
            except (UndefinedComparison, UndefinedEnvironmentName, ValueError):
                reason = f"`{each.name}` has a marker that cannot be decided"
                problems.append((reason, State.PARTIAL))
            except WearyError as error:
                problems.append((str(error), State.LIMIT))
        return Needs(wanted=tuple(wanted), problems=tuple(dict.fromkeys(problems)))

    def _applies(self, requirement: Requirement, extras: frozenset[str]) -> bool:
        """Say whether its marker is true, with one of *extras* or without any."""
        if requirement.marker is None:
            return not extras
        asked = sorted(extras) or [""]
        return any(self._holds(requirement.marker, each) for each in asked)

    def _holds(self, marker: Marker, extra: str) -> bool:
        """Say whether *marker* is true with *extra*; asking again costs little."""
        if self._asked > self._limits.decided:
            raise WearyError(_UNDECIDED.format(self._limits.decided))
        text = str(marker)
        key = text, extra if "extra" in text else ""
        known = key in self._decided
        self._asked += 1 if known else 1 + clauses(text)
        if not known:
            markers = self._shelf.interpreter.markers
            self._decided[key] = marker.evaluate({**markers, "extra": extra})
        return self._decided[key]


class Provider(AbstractProvider[Wanted, Release, Name]):
    """Answers the questions of resolvelib.

    A project with extras is a name of its own, which needs the project without them
    at the same version.
    """

    def __init__(self, reader: Reader) -> None:
        self._reader = reader

    def identify(self, requirement_or_candidate: Wanted | Release) -> Name:
        """Return what has one version only."""
        return requirement_or_candidate.name, requirement_or_candidate.extras

    def narrow_requirement_selection(
        self,
        identifiers: Iterable[Name],
        resolutions: Mapping[Name, Release],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Name, Iterator[Release]],  # noqa: ARG002 - likewise
        information: Mapping[Name, Iterator[RequirementInformation[Wanted, Release]]],  # noqa: ARG002 - likewise
        backtrack_causes: Sequence[RequirementInformation[Wanted, Release]],
    ) -> Iterable[Name]:
        """Decide first what was in conflict last."""
        every = [*identifiers]
        causes = {self.identify(each.requirement) for each in backtrack_causes}
        causes |= {self.identify(e.parent) for e in backtrack_causes if e.parent}
        return [each for each in every if each in causes] or every

    def get_preference(
        self,
        identifier: Name,
        resolutions: Mapping[Name, Release],  # noqa: ARG002 - resolvelib's signature
        candidates: Mapping[Name, Iterator[Release]],  # noqa: ARG002 - likewise
        information: Mapping[Name, Iterator[RequirementInformation[Wanted, Release]]],
        backtrack_causes: Sequence[RequirementInformation[Wanted, Release]],  # noqa: ARG002 - likewise
    ) -> tuple[bool, str, list[str]]:
        """Decide what is pinned first, and the rest by name."""
        exact = any(
            clause.operator in {"==", "==="}
            for each in information[identifier]
            for clause in each.requirement.specifier
        )
        return not exact, identifier[0], sorted(identifier[1])

    def find_matches(
        self,
        identifier: Name,
        requirements: Mapping[Name, Iterator[Wanted]],
        incompatibilities: Mapping[Name, Iterator[Release]],
    ) -> Callable[[], Iterator[Release]]:
        """Return the releases that suit every requirement, best first."""
        name, extras = identifier
        wanted = [*requirements[identifier]]
        if extras and (name, _NONE) in requirements:
            wanted += requirements[name, _NONE]
        bad = {each.version for each in incompatibilities[identifier]}
        fitting = self._reader.fitting(wanted, name)

        def matches() -> Iterator[Release]:
            for version in fitting:
                if version not in bad:
                    yield Release(name=name, version=version, extras=extras)

        return matches

    def is_satisfied_by(self, requirement: Wanted, candidate: Release) -> bool:
        """Say whether *candidate* is a version that *requirement* allows."""
        return self._reader.fits(requirement, candidate.version)

    def get_dependencies(self, candidate: Release) -> Iterable[Wanted]:
        """Return what *candidate* needs, but for what nobody has."""
        return [
            each for each in self._reader.needs(candidate).wanted if self.offered(each)
        ]

    def offered(self, wanted: Wanted) -> bool:
        """Say whether an index has a project for *wanted*."""
        listing = None if wanted.elsewhere else self._reader.listing(wanted.name)
        return isinstance(listing, Listing)


def _wanted(requirement: Requirement) -> Wanted:
    marker = requirement.marker
    return Wanted(
        name=canonicalize_name(requirement.name),
        specifier=requirement.specifier,
        extras=frozenset(map(canonicalize_name, requirement.extras)),
        marker=str(marker) if marker else "",
        text=str(requirement.specifier),
        elsewhere=str(requirement) if requirement.url else "",
    )
