"""The packuments that the packages of one server may see, and what is picked there."""

from collections.abc import Iterable
from typing import Final

from mcpchain.closure.group import Group
from mcpchain.closure.library import Library
from mcpchain.closure.packument import Packument, Page
from mcpchain.closure.wish import Wish, wishes
from mcpchain.document import Node
from mcpchain.fetch import FetchError
from mcpchain.inventory import State
from mcpchain.npm_range import Version, parse_version

_ROUNDS: Final = 200
"""How many levels are loaded at once each. Honest ones end before thirty; what lies
deeper is loaded one by one."""
COMPARED: Final = 5_000_000
"""How many versions may be compared with ranges."""
NOTHING: Final = Node(value={}, source="")


class Shelf:
    """Packuments, each from the registry that delivers the package to a group.

    Args:
        group: Who asks.
        pages: The packuments of all groups.
        node: The Node that there will be; `None` if that is unknown.
        limit: How many versions are compared with ranges.
    """

    def __init__(
        self,
        group: Group,
        pages: Library[Page, Packument],
        node: Version | None = None,
        limit: int = COMPARED,
    ) -> None:
        self._sources = group.sources
        self._pages = pages
        self._node = node
        self._picked: dict[tuple[str, str], str | None] = {}
        self._left = limit

    @property
    def tired(self) -> bool:
        """Whether so many versions were compared that no more are."""
        return self._left < 0

    def load(self, names: Iterable[str]) -> None:
        """Ask for all of *names* at once."""
        self._pages.load((name, where) for name in names if (where := self.of(name)))

    def of(self, name: str) -> str:
        """Return whom to ask for *name*; npm asks only one. Empty: nobody."""
        return next(iter(self._sources.of_package(name)), "")

    def packument(self, name: str) -> Packument | FetchError:
        """Return what the registry says of *name*, or why it says nothing."""
        where = self.of(name)
        if not where:
            reason = (
                "no registry is configured, and npm, which knows its default, was not "
                "found or did not answer"
            )
            return FetchError(State.NO_SOURCE, reason, hint="set `registry` in .npmrc")
        return self._pages[name, where]

    def pick(self, wish: Wish) -> str | None:
        """Return the version that *wish* gets; `None` for none."""
        key = wish.name, wish.spec
        if key not in self._picked:
            self._picked[key] = self._choose(wish)
        return self._picked[key]

    def _choose(self, wish: Wish) -> str | None:
        found = self.packument(wish.name)
        if isinstance(found, FetchError) or self.tired:
            return None
        exact = parse_version(wish.spec) is not None
        self._left -= 1 if exact else len(found.versions)
        try:
            return found.pick(wish.spec, self._node)
        except ValueError:
            return None

    def manifest(self, name: str, version: str) -> Node:
        """Return what the registry says of a version that was picked."""
        found = self.packument(name)
        return NOTHING if isinstance(found, FetchError) else found.versions[version]

    def prefetch(self, wanted: Iterable[Wish]) -> None:
        """Load every page that may be needed, a level at a time.

        Which version is taken where one is already there is not known yet. It is one
        that somebody asks for, so its page is among these.
        """
        seen: set[tuple[str, str]] = set()
        opened: set[tuple[str, str]] = set()
        for _ in range(_ROUNDS):
            fresh = {(w.name, w.spec): w for w in wanted if w.name}
            fresh = {key: fresh[key] for key in sorted(fresh) if key not in seen}
            if not fresh:
                return
            seen.update(fresh)
            self.load(sorted({name for name, _ in fresh}))
            following: list[Wish] = []
            for wish in fresh.values():
                version = self.pick(wish)
                if version is not None and (wish.name, version) not in opened:
                    opened.add((wish.name, version))
                    following += wishes(self.manifest(wish.name, version), [])
            wanted = following
