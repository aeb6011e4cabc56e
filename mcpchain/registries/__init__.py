"""Ask a registry what it would deliver. One registry, one file.

Whom to ask is the user's choice: their own configuration, or a registry that a lock
names and that is trusted. A registry that nobody trusts is not asked at all.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final, Protocol

from mcpchain.address import normalise, plain
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import Fetcher, FetchError, Request, Response, unreadable
from mcpchain.inventory import Gap, State
from mcpchain.registries import npm, pypi
from mcpchain.registries.page import Offer, Want
from mcpchain.release import Release
from mcpchain.settings import Settings

_ASKED: Final = frozenset({Kind.LIBRARY, Kind.APPLICATION})
_ELSEWHERE: Final = frozenset({"download_url", "repository_url", "vcs_url"})
"""Qualifiers of a purl that say it comes from no usual registry (purl-spec)."""
_TARGET: Final = Location(path=".")


class Registry(Protocol):
    """Speaks the protocol of one kind of registry."""

    id: ClassVar[str]
    purl_type: ClassVar[str]
    title: ClassVar[str]

    def request(self, name: str, registry: str) -> Request:
        """Return the request for the page of the package *name*.

        Raises:
            ValueError: *name* is no name there.
        """
        ...

    def read(
        self,
        page: Node,
        name: str,
        wants: Iterable[Want],
        *,
        registry: str,
        url: str,
    ) -> Mapping[Want, Offer]:
        """Return what *page*, which came from *url*, offers for each of *wants*.

        Raises:
            FetchError: It is the page of something else.
            MalformedError: It has not the shape of a page.
        """
        ...

    def merge(self, offers: Iterable[Offer]) -> Offer:
        """Join what several registries, at least one, say about one want."""
        ...


REGISTRIES: Final[tuple[Registry, ...]] = (npm.REGISTRY, pypi.REGISTRY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolution:
    """What the registries say, by the refs of components."""

    releases: Mapping[str, Release]
    gaps: tuple[Gap, ...] = ()
    unasked: Mapping[str, str]
    """Why no registry was asked, or none could answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """A page as it was read. What else stands on it is the business of others."""

    purl_type: str
    name: str
    registry: str
    url: str
    """Where it came from: addresses in it are relative to that."""
    document: Node
    versions: tuple[str, ...]
    """Those that are wanted by their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Page:
    """The page of one package in one registry, asked for once."""

    part: Registry
    name: str
    registry: str


def resolve(
    components: Sequence[Component],
    *,
    settings: Settings,
    trusted: frozenset[str],
    fetcher: Fetcher,
    progress: Callable[[int, int], None] | None = None,
    look: Callable[[Seen], None] | None = None,
) -> Resolution:
    """Ask for the release of every package that comes from a registry.

    Args:
        components: With their refs. Others than packages are passed over.
        settings: Whom the user's own clients would ask.
        trusted: Further registries that may be asked, normalised.
        fetcher: The network.
        progress: Called with (pages read, pages in all).
        look: Called with each page that was read, in any thread. Pages are not kept.

    Returns:
        For each ref a release, or in `unasked` the reason why there is none. What is
        a failure, and not a choice, is a gap besides.
    """
    return _Resolver(settings, trusted, fetcher, look).resolve(components, progress)


class _Resolver:
    """One run of `resolve`."""

    def __init__(
        self,
        settings: Settings,
        trusted: frozenset[str],
        fetcher: Fetcher,
        look: Callable[[Seen], None] | None,
    ) -> None:
        self._settings = settings
        self._trusted = trusted
        self._fetcher = fetcher
        self._look = look
        self._gaps: list[Gap] = []
        self._unasked: dict[str, str] = {}

    def resolve(
        self,
        components: Sequence[Component],
        progress: Callable[[int, int], None] | None,
    ) -> Resolution:
        plans: dict[str, tuple[Component, tuple[_Page, ...]]] = {}
        for part in REGISTRIES:
            ours = [each for each in components if _concerns(part, each)]
            if self._fetcher.offline:
                self._skip(part, ours, State.OFFLINE)
                continue
            sources = {each.ref: self._sources(part, each) for each in ours}
            lost = [each for each in ours if sources[each.ref] == ()]
            self._skip(part, lost, State.NO_SOURCE)
            for each in ours:
                addresses = sources[each.ref] or ()
                if addresses:
                    plans[each.ref] = each, _pages(part, each, addresses)
        answers = self._ask(plans.values(), progress)
        releases: dict[str, Release] = {}
        for ref, (component, pages) in plans.items():
            release = self._conclude(component, [(p, answers[p]) for p in pages])
            if release is not None:
                releases[ref] = release
        return Resolution(
            releases=releases, gaps=tuple(self._gaps), unasked=self._unasked
        )

    def _skip(self, part: Registry, lost: Sequence[Component], state: State) -> None:
        """Leave one gap for all packages of one kind that nobody is asked about."""
        if not lost:
            return
        offline = state is State.OFFLINE
        whys = {
            "npm": "no registry is configured, and npm, which knows its default, was "
            "not found or did not answer",
            "pypi": "no index is configured",
        }
        why = "offline" if offline else whys[part.purl_type]
        hints = {
            "npm": "set `registry` in .npmrc, or see why `npm config get registry` "
            "does not answer",
            "pypi": "set `index-url` in pip's configuration",
        }
        count = f"{len(lost)} package{'s' if len(lost) > 1 else ''}"
        verb = "were" if len(lost) > 1 else "was"
        self._gaps.append(
            Gap(
                stage="resolve",
                location=_TARGET,
                reason=f"{part.title}: {count} {verb} not compared with a registry "
                f"({why})",
                state=state,
                hint="run without `--offline`" if offline else hints[part.purl_type],
            )
        )
        self._unasked.update({each.ref: why for each in lost})

    def _sources(self, part: Registry, component: Component) -> tuple[str, ...] | None:
        """Return whom to ask; `None` for nobody, because nobody may be asked."""
        facts = component.facts
        named = facts.registry if isinstance(facts, PackageFacts) else None
        if named and normalise(named) in self._trusted:
            return (normalise(named),)
        own = self._settings.addresses(part.purl_type, component.name)
        if named and normalise(named) not in map(normalise, own):
            reason = f"`{plain(named)}` is not a trusted registry and was not asked"
            self._unasked[component.ref] = reason
            return None
        if named:
            return (normalise(named),)
        more = facts.extra_registries if isinstance(facts, PackageFacts) else ()
        extra = [normalise(each) for each in more if normalise(each) in self._trusted]
        return tuple(dict.fromkeys([*own, *extra]))

    def _ask(
        self,
        plans: Iterable[tuple[Component, tuple[_Page, ...]]],
        progress: Callable[[int, int], None] | None,
    ) -> dict[_Page, Mapping[Want, Offer] | FetchError]:
        wants: dict[_Page, dict[Want, None]] = {}
        for component, pages in plans:
            for page in pages:
                wants.setdefault(page, {})[_want(component)] = None
        answers: dict[_Page, Mapping[Want, Offer] | FetchError] = {}
        requests: list[tuple[_Page, Request]] = []
        for page in wants:
            try:
                request = page.part.request(page.name, page.registry)
            except ValueError as error:
                hint = "correct the name where it is written"
                answers[page] = FetchError(State.UNMATCHED, str(error), hint=hint)
            else:
                login = self._settings.credential(page.registry)
                requests.append((page, replace(request, credential=login)))

        def read(index: int, response: Response) -> Mapping[Want, Offer]:
            page = requests[index][0]
            return _read(page, response, tuple(wants[page]), self._look)

        found = self._fetcher.fetch_all([r for _, r in requests], read, progress)
        answers.update(zip((page for page, _ in requests), found, strict=True))
        return answers

    def _conclude(
        self,
        component: Component,
        answers: Sequence[tuple[_Page, Mapping[Want, Offer] | FetchError]],
    ) -> Release | None:
        """Join the answers of all registries that may deliver *component*."""
        errors = [each for _, each in answers if isinstance(each, FetchError)]
        offers = [
            each[_want(component)]
            for _, each in answers
            if not isinstance(each, FetchError)
        ]
        # An index that does not know a package leaves the others their word.
        failed = [each for each in errors if each.state is not State.MISSING]
        if failed or not offers:
            # What one of several would deliver is unknown, so it is of all together.
            for error in failed or errors[:1]:
                self._fail(component, error.reason, error.state, error.hint)
            return None
        offer = answers[0][0].part.merge(offers)
        for problem in offer.problems:
            where = " and ".join(plain(page.registry) for page, _ in answers)
            reason = f"the answer of `{where}` for `{component.title}`: {problem}"
            state = State.PARTIAL if offer.release else State.UNREADABLE
            self._fail(component, reason, state, "ask whoever runs the registry")
        if offer.release is None and not offer.problems:
            self._unasked[component.ref] = (
                f"the range `{component.requested[:140]}` names no one release"
            )
        return offer.release

    def _fail(self, component: Component, reason: str, state: State, hint: str) -> None:
        self._gaps.append(
            Gap(
                stage="resolve",
                location=component.location,
                reason=reason,
                state=state,
                hint=hint,
                ref=component.ref,
            )
        )
        if state is not State.PARTIAL:
            self._unasked.setdefault(component.ref, reason)


def _pages(
    part: Registry, component: Component, addresses: tuple[str, ...]
) -> tuple[_Page, ...]:
    name = component.name
    return tuple(_Page(part=part, name=name, registry=each) for each in addresses)


def _concerns(part: Registry, component: Component) -> bool:
    facts = component.facts
    return (
        component.kind in _ASKED
        and component.purl is not None
        and component.purl.type == part.purl_type
        and not _ELSEWHERE & set(component.purl.qualifiers)
        and (not isinstance(facts, PackageFacts) or facts.origin is Origin.REGISTRY)
    )


def _want(component: Component) -> Want:
    """Return which release *component* means."""
    if component.version is not None:
        return Want(version=component.version)
    return Want(version=None, requested=component.requested)


def _read(
    page: _Page,
    response: Response,
    wants: tuple[Want, ...],
    look: Callable[[Seen], None] | None,
) -> Mapping[Want, Offer]:
    document = response.document()
    read, url = page.part.read, response.url
    try:
        found = read(document, page.name, wants, registry=page.registry, url=url)
    except MalformedError as error:
        at = f"{error.pointer}: " if error.pointer else ""
        raise unreadable(error.source, f"{at}{error.problem}") from error
    if look:
        seen = Seen(
            purl_type=page.part.purl_type,
            name=page.name,
            registry=page.registry,
            url=url,
            document=document,
            versions=tuple(each.version for each in wants if each.version),
        )
        look(seen)
    return found
