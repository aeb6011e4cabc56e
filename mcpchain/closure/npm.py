"""What npm would install for a server, by the packuments of its registry.

npm lays packages out in folders, so several versions of one may stand side by side. A
package is looked for as Node looks for it, upwards and last at the top, where the first
that asks for it puts it; one that does not fit gets a version of its own further down.
What is expected beside a package (a peer) is put there at once, and may lower what is
there already. The order is npm's (arborist): by depth, then by path.
"""

import heapq
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.closure import packument
from mcpchain.closure.graph import SHOWN, Graph
from mcpchain.closure.group import Group
from mcpchain.closure.library import Door, Library
from mcpchain.closure.packument import Packument, Page
from mcpchain.closure.shelf import COMPARED, NOTHING, Shelf
from mcpchain.closure.wish import Wish, wish_of, wishes
from mcpchain.component import Basis, Component, Kind, Origin, PackageFacts
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.launch.record import Requested
from mcpchain.naming import npm_purl
from mcpchain.npm_range import parse_range, parse_version
from mcpchain.registries import npm
from mcpchain.registries.page import Problems

_PLACES: Final = 5_000
_WISHES: Final = 100_000
"""How many packages one server may pull in, and how often they may ask for others."""
_DEPTH: Final = 100
"""How many folders upwards a package is looked for."""
STEPS: Final = 1_000_000
"""How many askers are asked, in all, whether another version would do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A package that was given a folder."""

    key: str
    name: str
    version: str
    depth: int
    path: str
    manifest: Node
    wishes: tuple[Wish, ...]
    problems: tuple[str, ...]
    """What it asks for, and what of that could not be read."""
    above: "_Place | None"
    """In whose folder it lies; `None`: at the top."""
    below: dict[str, "_Place"] = field(default_factory=dict)
    """What lies in its folder, by the name there."""

    @property
    def title(self) -> str:
        return f"`{self.name[:SHOWN]}@{self.version[:SHOWN]}`"


class NpmCloser:
    """Finds out what packages from npm's registry pull in.

    Args:
        door: The way to the registry.
        node: The version of the Node that there will be; empty if that is unknown.
        steps: How many askers are asked, for each group.
    """

    def __init__(self, door: Door, node: str = "", steps: int = STEPS) -> None:
        self._steps = steps
        self._node = parse_version(node)
        self.target = f"Node {node.removeprefix('v')}" if self._node else "any Node"
        """For what it is chosen."""
        self._pages: Library[Page, Packument] = Library(
            door, packument.request, packument.read
        )

    def close(self, group: Group) -> Graph:
        """Return everything that the packages of *group* pull in."""
        shelf = Shelf(group, self._pages, self._node)
        return _Run(group, shelf, self._steps).graph()


class _Run:
    """The closure of one group."""

    def __init__(self, group: Group, shelf: Shelf, steps: int) -> None:
        self._group = group
        self._shelf = shelf
        self._graph = Graph()
        self._tops: dict[str, _Place] = {}
        self._known: dict[tuple[str, str], _Place] = {}
        self._queue: list[tuple[int, str, str, _Place]] = []
        self._links: dict[str, list[tuple[_Place, _Place, Wish]]] = {}
        """By the key of what is asked for: who asks, what they get, and how."""
        self._count = 0
        self._wishes = 0
        self._left = steps

    @property
    def _room(self) -> bool:
        """Whether more is followed."""
        return self._count < _PLACES and self._wishes < _WISHES

    def graph(self) -> Graph:
        roots = [(root, wish_of(root)) for root in self._group.roots]
        self._shelf.prefetch([wish for _, wish in roots])
        for root, wish in roots:
            self._begin(root, wish)
        while self._queue and self._room:
            self._open(heapq.heappop(self._queue)[-1])
        for root, _ in roots if self._queue else ():
            reason = f"`{root.title}` pulls in more than {_PLACES:,} packages, or more "
            reason += f"than {_WISHES:,} times; the rest is left out"
            self._graph.fail(root.ref, reason, State.LIMIT)
        for root, _ in roots if self._left < 0 else ():
            reason = f"`{root.title}` pulls in packages that expect so many others "
            reason += "beside themselves that not all of them were compared"
            self._graph.fail(root.ref, reason, State.LIMIT)
        for links in self._links.values():
            for place, other, wish in links:
                marker = packument.platform(other.manifest)
                ask = replace(wish.ask, marker=marker)
                self._graph.relate(place.key, other.key, ask)
        return self._graph.reached([root.ref for root, _ in roots])

    def _begin(self, root: Component, wish: Wish) -> None:
        if len(wish.spec) >= SHOWN:
            # What is as long as that may have been cut.
            reason = f"`{root.title}` is asked for by a range too long to be read"
            self._graph.fail(root.ref, reason, State.UNSUPPORTED)
            return
        version = self._shelf.pick(wish)
        if version is None:
            self._missing(root.ref, wish, "")
            return
        release, problems = self._release(wish.name, version)
        self._graph.delivered[root.ref] = release
        place = self._put(root.ref, wish, version, None)
        self._note(root.ref, release, problems)
        self._settle_peers(place, frozenset())

    def _put(self, key: str, wish: Wish, version: str, above: _Place | None) -> _Place:
        """Give a version its folder: at the top, or in that of *above*."""
        folder = wish.need.folder
        manifest = self._shelf.manifest(wish.name, version)
        problems: list[str] = []
        place = _Place(
            key=key,
            name=wish.name,
            version=version,
            depth=above.depth + 1 if above else 1,
            path=f"{above.path}/{folder}"[-2000:] if above else folder,
            manifest=manifest,
            wishes=wishes(manifest, problems),
            problems=tuple(problems),
            above=above,
        )
        self._count += 1
        self._known[wish.name, version] = place
        (self._tops if above is None else above.below)[folder] = place
        heapq.heappush(self._queue, (place.depth, place.path, key, place))
        return place

    def _new(self, wish: Wish, version: str, above: _Place | None) -> _Place:
        """List a version, and give it its folder."""
        release, problems = self._release(wish.name, version)
        key = self._graph.add(release)
        place = self._put(key, wish, version, above)
        self._note(key, release, problems)
        return place

    def _open(self, place: _Place) -> None:
        """Follow everything that a package asks for."""
        self._graph.whole.add(place.key)
        self._wishes += len(place.wishes)
        problems = [*place.problems]
        own = frozenset(wish.need.folder for wish in place.wishes)
        for wish in place.wishes:
            if wish.name:
                self._follow(place, wish, own)
            elif wish.elsewhere is not None:
                self._list(place, wish, wish.elsewhere)
            else:
                problems.append(f"`{wish.need.folder[:SHOWN]}`: {wish.problem}")
        for each in problems:
            self._graph.fail(
                place.key,
                f"what {place.title} depends on could not all be read: {each}",
                State.PARTIAL,
                "ask whoever publishes it",
            )

    def _follow(self, place: _Place, wish: Wish, own: frozenset[str]) -> None:
        """Find the package that *wish* of *place* gets."""
        folder = wish.need.folder
        there = _seen(place, folder) or self._tops.get(folder)
        if there is not None and self._fits(wish, there.name, there.version):
            self._link(place, there, wish)
            return
        version = self._shelf.pick(wish)
        if version is None:
            key = self._graph.add(self._component(wish.name, None))
            self._graph.relate(place.key, key, wish.ask)
            self._missing(key, wish, f" (asked for by {place.title})")
            return
        above = None if folder not in self._tops else _room(place, folder)
        found = self._known.get((wish.name, version))
        if found is not None:
            (self._tops if above is None else above.below)[folder] = found
        else:
            found = self._new(wish, version, above)
            if above is None:
                self._settle_peers(found, own)
        self._link(place, found, wish)

    def _link(self, place: _Place, other: _Place, wish: Wish) -> None:
        self._links.setdefault(other.key, []).append((place, other, wish))

    def _settle_peers(self, place: _Place, own: frozenset[str]) -> None:
        """Put what *place* expects beside itself there at once, as npm does.

        Args:
            place: At the top.
            own: What whoever asked for it will put there itself.
        """
        pending = [place]
        while pending and self._room:
            for wish in pending.pop().wishes:
                folder = wish.need.folder
                top = self._tops.get(folder)
                version = self._shelf.pick(wish) if wish.need.peer and wish.name else ""
                if not version or (top is None and folder in own):
                    continue
                if top is None and (wish.name, version) not in self._known:
                    pending.append(self._new(wish, version, None))
                elif top is not None and not self._fits(wish, top.name, top.version):
                    self._replace(top, wish, version)

    def _replace(self, top: _Place, wish: Wish, version: str) -> None:
        """Put another version at the top, if all that got the present one agree."""
        links = self._links.get(top.key, [])
        self._left -= len(links)
        if self._left < 0:
            return
        roots = {root.ref for root in self._group.roots}
        agree = all(self._fits(each, wish.name, version) for _, _, each in links)
        if top.key in roots or not agree:
            return
        self._known.pop((top.name, top.version), None)
        known = self._known.get((wish.name, version))
        found = known or self._new(wish, version, None)
        self._tops[wish.need.folder] = found
        self._links.pop(top.key, None)
        for place, _, each in links:
            self._link(place, found, each)

    def _fits(self, wish: Wish, name: str, version: str) -> bool:
        """Say whether a version that is there is good enough for *wish*."""
        there = parse_version(version)
        if name != wish.name or there is None:
            return False
        try:
            exact, fitting = parse_version(wish.spec), parse_range(wish.spec)
        except ValueError:
            return False
        if exact is not None:
            return exact == there
        if fitting is not None:
            return fitting.everything or there in fitting
        return self._shelf.pick(wish) == version

    def _list(self, place: _Place, wish: Wish, requested: Requested) -> None:
        """List what comes from no registry; nobody is asked for it."""
        folder = wish.need.folder
        # A path names nobody's package, and no other's folder.
        name = folder if requested.purl is None else requested.name
        alias = folder if folder != name else ""
        component = replace(
            self._component(folder, None),
            name=name,
            purl=requested.purl,
            facts=PackageFacts(
                origin=requested.origin, registry=requested.registry, alias=alias
            ),
        )
        key = self._graph.add(component)
        self._graph.relate(place.key, key, wish.ask)
        inside = requested.origin is Origin.BUNDLED
        what = "brings in its own archive" if inside else "takes from no registry"
        self._graph.fail(
            key,
            f"{place.title} {what} `{folder[:SHOWN]}`; which version that "
            "is, and what it pulls in, is not known",
            State.PARTIAL,
            "look into it by other means",
        )

    def _missing(self, key: str, wish: Wish, asked: str) -> None:
        found = self._shelf.packument(wish.name)
        if isinstance(found, FetchError):
            self._graph.fail(key, found.reason, found.state, found.hint)
            return
        if self._shelf.tired:
            reason = f"more than {COMPARED:,} versions to compare with ranges"
            self._graph.fail(key, reason, State.LIMIT)
            return
        self._graph.fail(
            key,
            f"no version of `{wish.name[:SHOWN]}` fits `{wish.spec[:SHOWN] or '*'}`"
            f"{asked}",
            State.MISSING,
            "ask its publisher",
        )

    def _release(self, name: str, version: str) -> tuple[Component, Problems]:
        """Describe a version as the registry offers it."""
        page, node = self._shelf.packument(name), self._shelf.manifest(name, version)
        problems = Problems()
        artifact = Artifact()
        try:
            for key, expected in (("name", name), ("version", version)):
                if (told := node.at(key).text()) != expected:
                    raise node.at(key).malformed(
                        f"`{told[:SHOWN]}` where `{expected[:SHOWN]}` should be"
                    )
            if not isinstance(page, FetchError):
                no_times = NOTHING.at("time")
                artifact = npm.tarball(node, page.url, no_times, problems)
        except MalformedError as error:
            problems.note(error)
        artifacts = () if artifact == Artifact() else (artifact,)
        return replace(self._component(name, version), artifacts=artifacts), problems

    def _note(self, key: str, release: Component, problems: Problems) -> None:
        for each in problems:
            where = self._shelf.of(release.name)
            self._graph.fail(
                key,
                f"the answer of `{where}` for `{release.title}`: {each}",
                State.PARTIAL,
                "ask whoever runs the registry",
            )

    def _component(self, name: str, version: str | None) -> Component:
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            version=version,
            purl=npm_purl(name, version),
            basis=Basis.RESOLVED,
            facts=PackageFacts(registry=self._group.sources.named_for(name)),
            locations=self._group.locations,
        )


def _seen(place: _Place, folder: str) -> _Place | None:
    """Return what *place* finds under a name on its way up, as Node looks for it."""
    each: _Place | None = place
    for _ in range(_DEPTH):
        if each is None or folder in each.below:
            break
        each = each.above
    return each.below.get(folder) if each else None


def _room(place: _Place, folder: str) -> _Place:
    """Return the highest package, but the top, below which nothing has that name."""
    each = place
    for _ in range(_DEPTH):
        if each.above is None or folder in each.above.below:
            break
        each = each.above
    return each
