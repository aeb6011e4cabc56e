"""Look up what is published against packages, in several sources at once.

A source says for every package that it is asked about either what it knows, or why it
cannot tell. No answer is never the answer "none".
"""

import itertools
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packageurl import PackageURL

from mcpchain.advisory import Advisory, Severity
from mcpchain.audit.versions import Scheme, scheme
from mcpchain.component import Location
from mcpchain.inventory import Gap, State

STAGE: Final = "audit"
ABSORBED: Final = frozenset({State.OFFLINE, State.NO_SOURCE, State.MISSING})
"""Silences of one source that do not matter where another has answered. A source that
is stale or has failed is told in any case: it was meant to be asked."""
_ORDER: Final = ("CVE-", "GHSA-", "PYSEC-", "MAL-")
_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:+-]{0,99}")
_PYPI: Final = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
"""What a distribution may be called (PEP 508)."""
_NPM: Final = re.compile(r"(?:@[!-.0-?A-~]+/)?[!-.0-~]+")
_NAME_LIMIT: Final = 214
"""npm's own limit; PyPI's names are shorter."""
_SEVERITIES: Final = [*Severity]
_SHOWN: Final = 3


@dataclass(frozen=True, slots=True)
class Package:
    """A package in one version, as an ecosystem names it."""

    purl_type: str
    name: str
    """In full: `@acme/files`."""
    version: str | None

    @classmethod
    def of(cls, purl: PackageURL, version: str | None = None) -> "Package":
        """Return the package that *purl* names, in *version* where *purl* has none."""
        name = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        return cls(purl.type, name, purl.version or version)

    def __str__(self) -> str:
        return _plain(f"{self.name}@{self.version}" if self.version else self.name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Miss:
    """Why a source cannot tell anything about some packages."""

    packages: tuple[Package, ...]
    """Never empty; sorted."""
    state: State
    problem: str
    """What stopped it, without the packages: several sources may agree on it."""
    hint: str
    source: str = "advisories"
    """Where to look: the base name of a file, or the name of a tool."""
    each: bool = False
    """It depends on the package, so that each one is a gap of its own."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Return one gap for all of the packages, or one for each."""
        groups = [(p,) for p in self.packages] if self.each else [self.packages]
        return tuple(self._gap(group) for group in groups)

    def _gap(self, packages: Sequence[Package]) -> Gap:
        names = ", ".join(f"`{each}`" for each in packages[:_SHOWN])
        more = len(packages) - _SHOWN
        rest = f" and {more:,} more" if more > 0 else ""
        return Gap(
            stage=STAGE,
            location=Location(path=self.source),
            reason=f"{names}{rest}: {self.problem}",
            state=self.state,
            hint=self.hint,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Lookup:
    """What a source, or several, can say about the packages that were asked about."""

    advisories: Mapping[Package, tuple[Advisory, ...]] = field(default_factory=dict)
    """Only packages with at least one; sorted by id."""
    answered: frozenset[Package] = frozenset()
    """Packages about which a source that knows their ecosystem has answered."""
    misses: tuple[Miss, ...] = ()
    """Why others were not answered."""
    troubles: tuple[Gap, ...] = ()
    """What is wrong with a source itself."""

    @property
    def gaps(self) -> tuple[Gap, ...]:
        """Everything that could not be seen."""
        return (*self.troubles, *(gap for miss in self.misses for gap in miss.gaps))

    @property
    def general(self) -> tuple[Gap, ...]:
        """The gaps that concern no single package."""
        grouped = (miss for miss in self.misses if not miss.each)
        return (*self.troubles, *(gap for miss in grouped for gap in miss.gaps))

    def about(self, package: Package) -> tuple[Gap, ...]:
        """Return the gaps that concern *package* alone."""
        return tuple(
            gap
            for miss in self.misses
            if miss.each and package in miss.packages
            for gap in replace(miss, packages=(package,)).gaps
        )


def merge(
    packages: Iterable[Package],
    *lookups: Lookup,
    absorbed: Collection[State] = ABSORBED,
) -> Lookup:
    """Return what all sources together say about *packages*.

    Advisories that share an id are one. Every package ends as answered, or with a miss:
    where no source spoke of it, the miss says so.

    Args:
        packages: Everything that should have been asked.
        lookups: The answers; the fixed versions of an earlier one count first.
        absorbed: The states in which a source's silence about a package does not
            matter where another source has answered.
    """
    asked = frozenset(packages)
    answered = frozenset().union(*(each.answered for each in lookups)) & asked
    advisories: dict[Package, tuple[Advisory, ...]] = {}
    for package in sorted(asked, key=_sortable):
        known = [a for each in lookups for a in each.advisories.get(package, ())]
        if known:
            advisories[package] = united(known, scheme(package.purl_type))
    misses: dict[Miss, None] = {}
    for miss in (miss for each in lookups for miss in each.misses):
        done = answered if miss.state in absorbed else frozenset()
        left = tuple(each for each in miss.packages if each not in done)
        if left:
            misses[replace(miss, packages=left)] = None
    spoken = answered.union(*(miss.packages for miss in misses))
    for miss in unasked(asked - spoken):
        misses[miss] = None
    return Lookup(
        advisories=advisories,
        answered=answered,
        misses=tuple(misses),
        troubles=tuple(dict.fromkeys(gap for each in lookups for gap in each.troubles)),
    )


def unasked(packages: Iterable[Package]) -> tuple[Miss, ...]:
    """Return the miss of packages for which there is no source at all."""
    return missed(
        packages,
        state=State.NO_SOURCE,
        problem="no source of advisories covers it",
        hint="give OSV's export of the ecosystem with `--advisories` (README: where to "
        "get it)",
    )


def missed(
    packages: Iterable[Package],
    *,
    state: State,
    problem: str,
    hint: str,
    source: str = "advisories",
) -> tuple[Miss, ...]:
    """Return one miss for each ecosystem among *packages*; none for no package."""
    ordered = sorted(set(packages), key=_sortable)
    return tuple(
        Miss(
            packages=tuple(group),
            state=state,
            problem=problem,
            hint=hint,
            source=source,
        )
        for _, group in itertools.groupby(ordered, key=lambda each: each.purl_type)
    )


def sift(packages: Iterable[Package]) -> tuple[tuple[Package, ...], tuple[Miss, ...]]:
    """Part the packages that can be looked up from those that no source could find.

    Of the former every name is one that its ecosystem allows, and every version names
    one release.
    """
    good: list[Package] = []
    unnamed: list[Package] = []
    unversioned: list[Package] = []
    foreign: list[Package] = []
    for package in sorted(set(packages), key=_sortable):
        rules = scheme(package.purl_type)
        if rules is None:
            foreign.append(package)
        elif normal_name(package.purl_type, package.name) is None:
            unnamed.append(package)
        elif package.version is None or not rules.is_exact(package.version):
            unversioned.append(package)
        else:
            good.append(package)
    misses = missed(
        foreign,
        state=State.UNMATCHED,
        problem="advisories are matched for PyPI and npm packages only",
        hint="check these components by other means, and record that as a waiver",
    )
    for odd, problem, hint in (
        (unnamed, "no package can have this name", "repair the name"),
        (
            unversioned,
            "no exact version, so no advisory can be matched",
            "pin it to one version",
        ),
    ):
        if odd:
            miss = Miss(
                packages=tuple(odd),
                state=State.UNMATCHED,
                problem=problem,
                hint=hint,
                each=True,
            )
            misses = (*misses, miss)
    return tuple(good), misses


def is_id(text: str) -> bool:
    """Say whether *text* could be the id of an advisory: it is shown and compared."""
    return _ID.fullmatch(text) is not None


def normal_name(purl_type: str, name: str) -> str | None:
    """Return *name* as its ecosystem compares it; `None` if nothing can be called so.

    PyPI: PEP 503. npm: in lower case. The registry has refused capitals for years, and
    purls fold them; old pairs such as `JSONStream` and `jsonstream` are rare, and
    telling one's advisories of the other is better than missing them.
    """
    if len(name) > _NAME_LIMIT:
        return None
    if purl_type == "pypi":
        return re.sub(r"[-_.]+", "-", name).lower() if _PYPI.fullmatch(name) else None
    return name.lower() if _NPM.fullmatch(name) else None


def united(
    advisories: Iterable[Advisory], rules: Scheme | None
) -> tuple[Advisory, ...]:
    """Return *advisories* with those that share an id made one, sorted by id."""
    known = list(advisories)
    by_id: dict[str, list[int]] = {}
    for number, advisory in enumerate(known):
        kin = {id(by_id[i]): by_id[i] for i in advisory.ids if i in by_id}
        # A new one may tie together what was apart until now.
        group = sorted([number, *(n for one in kin.values() for n in one)])
        by_id.update((i, group) for n in group for i in known[n].ids)
    groups = {id(group): group for group in by_id.values()}.values()
    merged = (_one([known[n] for n in group], rules) for group in groups)
    return tuple(sorted(merged, key=lambda each: each.id))


def headline(ids: Iterable[str]) -> tuple[str, tuple[str, ...]]:
    """Return the id to show, a CVE where there is one, and the others, sorted."""

    def rank(each: str) -> tuple[int, str]:
        known = (i for i, prefix in enumerate(_ORDER) if each.startswith(prefix))
        return (next(known, len(_ORDER)), each)

    first, *rest = sorted(set(ids), key=rank)
    return first, tuple(sorted(rest))


def worst(severities: Iterable[Severity]) -> Severity:
    """Return the highest; `UNKNOWN` only if nothing else is known."""
    return max(severities, key=_SEVERITIES.index, default=Severity.UNKNOWN)


def _one(group: Sequence[Advisory], rules: Scheme | None) -> Advisory:
    if len(group) == 1:
        return group[0]
    first, rest = headline(each for one in group for each in one.ids)
    return Advisory(
        id=first,
        aliases=rest,
        severity=worst(each.severity for each in group),
        summary=next((each.summary for each in group if each.summary), ""),
        fixed_in=_fixes([each.fixed_in for each in group if each.fixed_in], rules),
        malicious=any(each.malicious for each in group),
        sources=tuple(sorted({s for each in group for s in each.sources})),
        references=tuple(dict.fromkeys(r for each in group for r in each.references)),
        modified=max(each.modified for each in group),
        confidence="high" if any(g.confidence == "high" for g in group) else "low",
    )


def _fixes(offers: Sequence[tuple[str, ...]], rules: Scheme | None) -> tuple[str, ...]:
    """Choose what several sources call fixed: what all name, else the latest start.

    A version that one of them names and another still calls vulnerable is no fix.
    """
    if rules is None or len(offers) < 2:  # noqa: PLR2004 - nothing to choose
        return offers[0] if offers else ()
    keyed = [{rules.key(each): each for each in offer} for offer in offers]
    common = set(keyed[0]).intersection(*keyed[1:])
    if common:
        return tuple(keyed[0][key] for key in sorted(common))
    return max(offers, key=lambda offer: min(map(rules.key, offer)))


def _plain(text: str) -> str:
    """Bound *text* and show what does not print as an escape."""
    return "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text[:140])


def _sortable(package: Package) -> tuple[str, str, str]:
    return (package.purl_type, package.name, package.version or "")
