"""What needs what in a Python lock, where a name may mean several versions."""

from collections.abc import Callable, Iterable, Sequence
from typing import Final, TypeVar

from packaging.utils import canonicalize_name

from mcpchain.component import Component
from mcpchain.inventory import Collector

_Edge = TypeVar("_Edge")
_FITTING: Final = 50
_CHOICES: Final = 200_000
_STEPS: Final = 1_000_000
"""How many versions of a package one edge may choose from, and all edges of a lock
together; and how many edges are followed to mark packages."""


class Names:
    """The packages of one lock by name, of which there may be several versions."""

    def __init__(self, components: Iterable[Component]) -> None:
        self._left = _CHOICES
        self._named: dict[str, list[tuple[int, str | None]]] = {}
        for index, each in enumerate(components):
            self._named.setdefault(each.name, []).append((index, each.version))

    def __contains__(self, name: str) -> bool:
        return canonicalize_name(name) in self._named

    def fitting(self, name: str, accepts: Callable[[str], bool]) -> list[int]:
        """Return the places of the packages that a dependency may mean.

        Args:
            name: In any spelling.
            accepts: Whether it takes a version. Not asked of the only one.

        Raises:
            ValueError: There is none, or there are too many to be followed.
        """
        known = self._named.get(canonicalize_name(name), [])
        if 1 < len(known) <= _FITTING:
            self._left -= len(known)
            if self._left < 0:
                raise ValueError("has more versions than are looked at in one lock")
            known = [each for each in known if each[1] is None or accepts(each[1])]
        if not 0 < len(known) <= _FITTING:
            raise ValueError(f"fits {len(known)} packages of this lock, not one")
        return [index for index, _ in known]


def follow(
    edges: Callable[[], Iterable[_Edge]],
    targets: Callable[[_Edge], Iterable[int]],
    needs: list[int],
    found: Collector,
) -> bool:
    """Follow what one entry of a lock needs, and say whether all of it could be read.

    Args:
        edges: Reads the list of what it needs.
        targets: Tells the places of the packages that one of these means.
        needs: Gets them.
        found: Where a gap is left for what cannot be read.
    """
    whole = False
    with found.entry():
        known = list(edges())
        whole = True
        for each in known:
            read = False
            with found.entry():
                needs += targets(each)
                read = True
            whole = whole and read
    return whole


def add_all(
    components: Iterable[Component], needs: Iterable[Iterable[int]], found: Collector
) -> None:
    """Add the packages of a lock, and relate each to the places of what it needs."""
    refs = [found.add(each) for each in components]
    for ref, targets in zip(refs, needs, strict=True):
        for target in targets:
            found.relate(ref, refs[target])


class Reach:
    """What can be reached in a graph, within a budget for the whole of it.

    Args:
        edges: From each place, where its edges lead.
    """

    def __init__(self, edges: Sequence[Sequence[int]]) -> None:
        self._edges = edges
        self._left = _STEPS

    def from_(self, start: Iterable[int]) -> set[int]:
        """Return all that *start* leads to, itself included.

        Raises:
            ValueError: That is more than is followed.
        """
        reached: set[int] = set()
        pending = [*start]
        while pending:
            index = pending.pop()
            if index in reached:
                continue
            reached.add(index)
            pending += self._edges[index]
            self._left -= 1 + len(self._edges[index])
            if self._left < 0:
                raise ValueError(
                    f"more than {_STEPS:,} edges to tell which group or extra asks for "
                    "what"
                )
        return reached
