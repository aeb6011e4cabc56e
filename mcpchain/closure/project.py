"""What Python indexes offer of a project, and which of it an installer could take."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Final

from packaging.markers import default_environment
from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.tags import Tag, sys_tags
from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import Version

from mcpchain.artifact import Artifact
from mcpchain.closure.metadata import WHEEL, Sheet, sheet
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import Request, Response
from mcpchain.registries import pypi
from mcpchain.registries.page import Problems, link
from mcpchain.registries.pypi import Project, is_yanked

Page = tuple[str, str]
"""The name of a project, and the index that is asked."""
_EXACT: Final = frozenset({"==", "==="})


@dataclass(frozen=True, slots=True, kw_only=True)
class Interpreter:
    """The Python for which is resolved."""

    markers: Mapping[str, str]
    """The environment of markers (PEP 508)."""
    tags: Mapping[Tag, int]
    """What wheels it takes, and how gladly: 0 is best."""

    @classmethod
    def running(cls) -> "Interpreter":
        """Describe the one that runs us."""
        markers = {key: str(value) for key, value in default_environment().items()}
        return cls(
            markers=markers,
            tags={tag: rank for rank, tag in enumerate(sys_tags())},
        )

    @property
    def version(self) -> Version:
        """Its version."""
        return Version(self.markers["python_full_version"].removesuffix("+"))

    @property
    def title(self) -> str:
        """What it is and where it runs, such as `CPython 3.11.9 linux x86_64`."""
        keys = (
            "platform_python_implementation",
            "",
            "sys_platform",
            "platform_machine",
        )
        return " ".join(
            self.markers.get(e, "") if e else str(self.version) for e in keys
        )


def request(page: Page) -> Request:
    """Return the request for a page.

    Raises:
        ValueError: Its name is not the name of a project.
    """
    return pypi.REGISTRY.request(*page)


def read(page: Page, response: Response) -> Project:
    """Read a page.

    Raises:
        FetchError: It is that of another project.
        MalformedError: It has not the shape of one.
    """
    document = response.document()
    pypi.check(document, page[0])
    return Project.read(document, page[0], page[1], response.url)


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    node: Node
    base: str
    """Addresses in it are relative to that."""
    name: str

    @property
    def is_wheel(self) -> bool:
        return self.name.endswith(".whl")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cut:
    """What one specifier leaves of the versions of a project.

    As bits, since a hostile release may ask for one project thousands of times.
    """

    mask: int
    """The bit of each version that fits; the lowest is that of the newest."""
    exact: bool
    """Whether it names a version exactly."""
    early: bool
    """Whether it asks for pre-releases."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Versions:
    """Some of the versions of a project, the best first."""

    ordered: Sequence[Version] = ()
    mask: int = 0

    def __bool__(self) -> bool:
        return self.mask != 0

    def __iter__(self) -> Iterator[Version]:
        left = self.mask
        while left:
            lowest = left & -left
            yield self.ordered[lowest.bit_length() - 1]
            left ^= lowest


@dataclass(frozen=True, kw_only=True)
class Listing:
    """A project as all of its indexes together offer it, which installers take for one.

    Make one with `of`.
    """

    name: str
    files: Mapping[Version, Sequence[_File]]
    interpreter: Interpreter

    @classmethod
    def of(
        cls, name: str, projects: Sequence[Project], interpreter: Interpreter
    ) -> "Listing":
        """Join *projects*, which are one and the same on several indexes."""
        files: dict[Version, list[_File]] = {}
        for project in projects:
            for version, nodes in project.files.items():
                files.setdefault(version, []).extend(
                    _File(node=each, base=project.url, name=each.at("filename").text())
                    for each in nodes
                )
        return cls(name=name, files=files, interpreter=interpreter)

    def cut(self, specifier: SpecifierSet) -> Cut:
        """Return what *specifier* leaves of the versions."""
        mask = 0
        for version in specifier.filter(self.ordered, prereleases=True):
            mask |= 1 << self._places[version]
        return Cut(
            mask=mask,
            exact=any(
                each.operator in _EXACT and not each.version.endswith(".*")
                for each in specifier
            ),
            early=bool(specifier.prereleases),
        )

    def versions(self, cuts: Iterable[Cut]) -> Versions:
        """Return the versions that fit and can be installed.

        A version that was withdrawn only where it is named exactly (PEP 592), and a
        pre-release only where it is asked for, or where there is nothing else.
        Releases that cannot be installed do not keep pre-releases away.
        """
        mask, exact, early = -1, False, False
        for each in cuts:
            mask &= each.mask
            exact = exact or each.exact
            early = early or each.early
        mask &= self._withdrawn_too if exact else self._sound
        chosen = mask if early else mask & self._final or mask
        return Versions(ordered=self.ordered, mask=chosen)

    def fits(self, version: Version, cut: Cut) -> bool:
        """Say whether *version* is among those that *cut* leaves."""
        return bool(cut.mask >> self._places[version] & 1)

    def artifacts(self, version: Version, problems: Problems) -> tuple[Artifact, ...]:
        """Return every file of a version. What is malformed is left out and noted."""
        return tuple(
            pypi.file_of(each.node, each.base, problems) for each in self.files[version]
        )

    def sheet(self, version: Version) -> Sheet | None:
        """Return where the metadata of *version* are; `None`: nowhere.

        Those of the wheel that would be installed; else of any, since all wheels of a
        version should say the same.

        Raises:
            MalformedError: What the index says of them cannot be read.
        """
        wheels = [each for each in self.files[version] if each.is_wheel]
        wheels.sort(key=lambda each: (self._rank(each), each.name))
        for each in wheels:
            url = link(each.node.at("url"), each.base)
            if found := sheet(each.node, self.name, version, url):
                return found
        usable = [each for each in wheels if self._rank(each) < _NEVER] or wheels
        small = [pair for each in usable if (pair := _weighed(each))]
        for size, artifact in sorted(small, key=lambda each: (each[0], each[1].name)):
            return Sheet(
                name=self.name,
                version=version,
                url=artifact.url or "",
                digest=next(d for d in artifact.digests if d.algorithm.identifies),
                wheel=size,
            )
        return None

    @cached_property
    def ordered(self) -> list[Version]:
        """Every version, the newest first."""
        return sorted(self.files, reverse=True)

    @cached_property
    def _places(self) -> dict[Version, int]:
        return {version: place for place, version in enumerate(self.ordered)}

    @cached_property
    def _final(self) -> int:
        return self._mask(lambda version: not version.is_prerelease)

    @cached_property
    def _sound(self) -> int:
        return self._mask(lambda version: self._usable(version, withdrawn=False))

    @cached_property
    def _withdrawn_too(self) -> int:
        return self._mask(lambda version: self._usable(version, withdrawn=True))

    def _mask(self, holds: Callable[[Version], bool]) -> int:
        return sum(1 << i for i, each in enumerate(self.ordered) if holds(each))

    def _usable(self, version: Version, *, withdrawn: bool) -> bool:
        return any(
            (withdrawn or not is_yanked(each.node))
            and (not each.is_wheel or self._rank(each) < _NEVER)
            and self._suits(each)
            for each in self.files[version]
        )

    def _rank(self, file: _File) -> int:
        tags = self.interpreter.tags
        return min((tags.get(tag, _NEVER) for tag in _tags(file.name)), default=_NEVER)

    def _suits(self, file: _File) -> bool:
        """Say whether a file is for this Python; what cannot be read is no bar."""
        try:
            told = file.node.at("requires-python").optional_text() or ""
            wanted = SpecifierSet(told)
        except (MalformedError, InvalidSpecifier):
            return True
        return wanted.contains(self.interpreter.version, prereleases=True)


_NEVER: Final = 1 << 30


def _weighed(file: _File) -> tuple[int, Artifact] | None:
    """Return the size of a wheel that is small enough to be looked into."""
    problems = Problems()
    artifact = pypi.file_of(file.node, file.base, problems)
    named = artifact.url and any(d.algorithm.identifies for d in artifact.digests)
    if not named or artifact.size is None or artifact.size > WHEEL:
        return None
    return artifact.size, artifact


@lru_cache(maxsize=1 << 14)
def _tags(name: str) -> frozenset[Tag]:
    try:
        return parse_wheel_filename(name)[3]
    except InvalidWheelFilename:
        return frozenset()
