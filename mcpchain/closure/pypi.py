"""What an installer would choose for a server from Python indexes.

pip's own resolver (resolvelib) chooses, by the pages of the indexes and the metadata
beside the wheels. Nothing is built, so what a release without wheels needs is a gap.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet
from packaging.utils import canonicalize_name
from resolvelib import BaseReporter, Resolver
from resolvelib.resolvers import (
    RequirementInformation,
    ResolutionImpossible,
    ResolutionTooDeep,
)

from mcpchain.closure.graph import SHOWN, Ask, Graph
from mcpchain.closure.group import Group
from mcpchain.closure.library import Door
from mcpchain.closure.project import Interpreter, Listing
from mcpchain.closure.provider import (
    LIMITS,
    Limits,
    Name,
    Provider,
    PypiShelf,
    Reader,
    Release,
    Wanted,
    WearyError,
)
from mcpchain.component import Basis, Component, Kind, PackageFacts, Pin
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.naming import pypi_purl
from mcpchain.registries.page import Problems
from mcpchain.requirement import Request

_ROUNDS: Final = 5_000
"""How often the resolver may choose, or choose anew."""
_BY_OTHER_MEANS: Final = "examine this server by other means"
_CAUSES: Final = 4
"""How many sides of a conflict are told."""

_Mapping = dict[str, list[Release]]


class PypiCloser:
    """Finds out what packages from Python indexes pull in.

    Args:
        door: The way to the indexes.
        interpreter: The Python for which is resolved.
        limits: How much work is done for one server.
    """

    def __init__(
        self, door: Door, interpreter: Interpreter, limits: Limits = LIMITS
    ) -> None:
        self._shelf = PypiShelf(door, interpreter)
        self._limits = limits
        self.target = interpreter.title
        """For what it is chosen."""

    def close(self, group: Group) -> Graph:
        """Return everything that the packages of *group* pull in."""
        return _Run(group, Reader(group, self._shelf, self._limits)).graph()


class _Run:
    """The closure of one group."""

    def __init__(self, group: Group, reader: Reader) -> None:
        self._group = group
        self._reader = reader
        self._provider = Provider(reader)
        self._graph = Graph()
        self._keys: dict[str, str] = {}

    def graph(self) -> Graph:
        roots = [
            (root, wanted)
            for root in self._group.roots
            if (wanted := self._wanted(root)) is not None
        ]
        try:
            chosen = self._chosen(roots)
        except WearyError as error:
            for root, _ in roots:
                self._fail(root, str(error), State.LIMIT, _BY_OTHER_MEANS)
            return self._graph
        for name in sorted(chosen):
            self._place(name, chosen[name][0])
        for name in sorted(chosen):
            self._connect(name, chosen[name])
        return self._graph

    def _chosen(self, roots: list[tuple[Component, Wanted]]) -> _Mapping:
        """Choose a version of everything that there is.

        Raises:
            WearyError: That is too much work.
        """
        self._reader.prefetch([wanted for _, wanted in roots])
        found = [
            (root, wanted) for root, wanted in roots if self._offered(root, wanted)
        ]
        for root, wanted in found:
            self._keys.setdefault(wanted.name, root.ref)
        return self._resolve(found)

    def _wanted(self, root: Component) -> Wanted | None:
        """Return what a server's command asks for."""
        requested = "" if root.requested == "latest" else root.requested
        text = f"=={root.version}" if root.version else requested
        try:
            # What is as long as that may have been cut.
            specifier = None if len(requested) >= SHOWN else SpecifierSet(text)
        except InvalidSpecifier:
            specifier = None
        if specifier is None:
            reason = f"`{text[:SHOWN]}` is not a version specifier (PEP 440)"
            self._graph.fail(root.ref, reason, State.UNSUPPORTED)
            return None
        facts = root.facts
        extras = facts.with_extras if isinstance(facts, PackageFacts) else ()
        return Wanted(
            name=canonicalize_name(root.name),
            specifier=specifier,
            extras=frozenset(map(canonicalize_name, extras)),
            text=text,
        )

    def _offered(self, root: Component, wanted: Wanted) -> bool:
        """Say whether there is anything to choose for *root*; if not, say why."""
        listing = self._reader.listing(wanted.name)
        if isinstance(listing, FetchError):
            self._graph.fail(root.ref, listing.reason, listing.state, listing.hint)
            return False
        if not self._reader.fitting([wanted], wanted.name):
            self._graph.fail(
                root.ref,
                f"no version of `{root.name}` can be installed on "
                f"{_python(listing)} that fits `{wanted.text or '*'}`",
                State.MISSING,
                "name another version",
            )
            return False
        return True

    def _resolve(self, roots: list[tuple[Component, Wanted]]) -> _Mapping:
        """Choose a version of everything; nothing where that cannot be done."""
        resolver: Resolver[Wanted, Release, Name] = Resolver(
            self._provider, BaseReporter()
        )
        try:
            result = resolver.resolve([w for _, w in roots], max_rounds=_ROUNDS)
        except ResolutionImpossible as error:
            reason = f"no set of versions suits all: {_conflict(error.causes)}"
            state, hint = State.UNMATCHED, "ask the publisher of the server"
        except ResolutionTooDeep:
            reason = f"no set of versions was found in {_ROUNDS:,} steps"
            state, hint = State.LIMIT, _BY_OTHER_MEANS
        else:
            chosen: _Mapping = {}
            for (name, _), release in result.mapping.items():
                chosen.setdefault(name, []).append(release)
            return chosen
        for root, _ in roots:
            self._fail(root, reason, state, hint)
        return {}

    def _fail(self, root: Component, reason: str, state: State, hint: str) -> None:
        self._graph.fail(root.ref, f"`{root.title}`: {reason}", state, hint)

    def _place(self, name: str, release: Release) -> None:
        """List the version that was chosen."""
        listing = self._reader.listing(name)
        problems = Problems()
        component = self._component(name, str(release.version))
        if isinstance(listing, Listing):
            artifacts = listing.artifacts(release.version, problems)
            component = replace(component, artifacts=artifacts)
        ref = self._keys.get(name)
        if ref is not None:
            self._graph.delivered[ref] = component
        key = self._keys.setdefault(name, ref or self._graph.add(component))
        for each in problems:
            reason = f"the answer of the index for `{component.title}`: {each}"
            hint = "ask whoever runs the registry"
            self._graph.fail(key, reason, State.PARTIAL, hint)

    def _connect(self, name: str, releases: Iterable[Release]) -> None:
        """Relate a project to what it needs, with all extras that are asked for."""
        key = self._keys[name]
        self._graph.whole.add(key)
        for release in releases:
            needs = self._reader.needs(release)
            for problem, state in needs.problems:
                title = f"{release.name}=={release.version}"
                reason = f"what `{title}` depends on is not known: {problem}"
                self._graph.fail(key, reason, state, "look into it by other means")
            for wanted in needs.wanted:
                if wanted.elsewhere:
                    self._list(key, wanted)
                elif wanted.name in self._keys:
                    self._graph.relate(key, self._keys[wanted.name], _ask(wanted))
                else:
                    self._miss(key, wanted)

    def _miss(self, key: str, wanted: Wanted) -> None:
        """List what no index knows, or none could tell of."""
        listing = self._reader.listing(wanted.name)
        target = self._graph.add(self._component(wanted.name, None))
        self._graph.relate(key, target, _ask(wanted))
        if isinstance(listing, FetchError):
            self._graph.fail(target, listing.reason, listing.state, listing.hint)

    def _list(self, key: str, wanted: Wanted) -> None:
        """List what comes from an address; nobody is asked for it."""
        try:
            place = self._group.locations[0]
            found = Request.parse(wanted.elsewhere, place).component()
        except ValueError as error:
            reason = f"a dependency is not understood: {error}"
            self._graph.fail(key, reason, State.UNSUPPORTED)
            return
        component = replace(
            found, basis=Basis.RESOLVED, locations=self._group.locations
        )
        target = self._graph.add(component)
        ask = Ask(
            requested=found.requested, pin=found.pin or Pin.TAG, marker=wanted.marker
        )
        self._graph.relate(key, target, ask)
        self._graph.fail(
            target,
            f"`{wanted.name}` comes from no index; what it pulls in is not known",
            State.PARTIAL,
            "look into it by other means",
        )

    def _component(self, name: str, version: str | None) -> Component:
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            version=version,
            purl=pypi_purl(name, version),
            basis=Basis.RESOLVED,
            facts=PackageFacts(registry=self._group.sources.named_for(name)),
            locations=self._group.locations,
        )


def _ask(wanted: Wanted) -> Ask:
    exact = len(wanted.specifier) == 1 and all(
        each.operator == "===" or (each.operator == "==" and "*" not in each.version)
        for each in wanted.specifier
    )
    pin = Pin.EXACT if exact else Pin.RANGE if wanted.specifier else Pin.FLOATING
    return Ask(requested=wanted.text[:SHOWN], pin=pin, marker=wanted.marker[:300])


def _conflict(
    causes: Iterable[RequirementInformation[Wanted, Release]],
) -> str:
    """Name the two or more sides of a conflict, and who stands on each."""
    sides = {
        f"`{each.requirement.name}{each.requirement.text or ' (any)'}` for "
        + (
            f"`{each.parent.name}=={each.parent.version}`"
            if each.parent
            else "the server"
        )
        for each in causes
    }
    shown = [each[: 2 * SHOWN] for each in sorted(sides)[:_CAUSES]]
    more = ["…"] if len(sides) > _CAUSES else []
    return ", ".join([*shown, *more]) or "nothing fits"


def _python(listing: Listing) -> str:
    return f"Python {listing.interpreter.version}"
