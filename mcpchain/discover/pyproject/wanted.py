"""Gathers what a project asks for, each thing once, with who asks for it."""

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from mcpchain.component import Component, Location, Origin
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.marker import ever_holds
from mcpchain.python_package import Beside, facts_of
from mcpchain.python_sources import Source, usual
from mcpchain.requirement import ARCHIVE, Request
from mcpchain.tree import File

_MOST: Final = 20_000
"""How many requirements of one project are read."""
_LENGTH: Final = 200
_ROOT: Final = "${PROJECT_ROOT}/"
"""How PDM writes the folder of the project, after `file:///`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Asker:
    """Who asks: the project in any case, or some groups or extras of it."""

    groups: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    optional: bool = False

    @property
    def always(self) -> bool:
        """Whether it is the project itself."""
        return not (self.groups or self.extras or self.optional)


ALWAYS: Final = Asker()


class Wanted:
    """What one project asks for.

    Args:
        file: Its manifest.
        found: Where gaps are left.
    """

    def __init__(self, file: File, found: Collector) -> None:
        self.found = found
        self.beside = Beside(file, found)
        self.whole = True
        """Whether everything could be read."""
        self.own = ""
        """Its name, normalised: what asks for that asks for its extras."""
        self.pythons = SpecifierSet()
        """Those for which the project is made."""
        self.sources: tuple[Source, ...] = ()
        """The indexes that it names."""
        self._asked: dict[Component, list[tuple[Asker, str, Location]]] = {}
        self._count = 0

    def limit(self, node: Node) -> None:
        """Note for which Pythons the project is made, so far as that can be read."""
        text = node.value if node.is_text() else ""
        # Poetry's `^3.9` is less than 4, which there is not.
        text = text.strip().replace("^", ">=")
        with contextlib.suppress(ValueError):
            if len(text) <= _LENGTH:
                self.pythons &= SpecifierSet(text)

    def requirements(self, texts: Node, asker: Asker) -> None:
        """Keep each requirement (PEP 508) of a list."""
        for node in self._sound(texts):
            read = False
            with self.found.entry():
                self.requirement(node, asker)
                read = True
            self.whole = self.whole and read

    def requirement(self, node: Node, asker: Asker) -> None:
        """Keep one requirement.

        Raises:
            MalformedError: It is none, or one too many.
        """
        text = node.text().strip()
        editable = text.startswith("-e ")
        text = text.removeprefix("-e ").replace(f"file:///{_ROOT}", "file:")
        place = Location(path=node.source, pointer=node.pointer)
        try:
            request = Request.parse(text.strip(), place, editable=editable)
            component = request.component()
        except ValueError as error:
            raise node.malformed(str(error)) from None
        if request.name and request.name == self.own:
            return
        if request.local:
            with self.beside.doubt(node, f"`{component.requested[:140]}`"):
                path = request.path()
                look = self.beside.archive if request.archive else self.beside.folder
                component = look(component, node, path)
        self.keep(component, node, asker, request.marker)

    def keep(self, component: Component, node: Node, asker: Asker, marker: str) -> None:
        """Keep what is asked for, and by whom.

        What no Python of the project would install is not asked for: locks lack it.

        Raises:
            MalformedError: It is one too many.
        """
        self._count += 1
        if self._count > _MOST:
            raise node.malformed(f"one more than the {_MOST:,} that are read")
        if marker and not ever_holds(marker, self.pythons):
            return
        place = Location(path=node.source, pointer=node.pointer)
        key = replace(component, locations=())
        self._asked.setdefault(key, []).append((asker, marker, place))

    def components(self) -> list[Component]:
        """Return everything that was kept, marked by who asks for it."""
        return [
            _marked(self._indexed(key), asked) for key, asked in self._asked.items()
        ]

    def _indexed(self, component: Component) -> Component:
        """Say from which indexes it may come, where it names none itself."""
        facts = facts_of(component)
        if facts.origin is not Origin.REGISTRY or facts.registry is not None:
            return component
        return replace(component, facts=usual(self.sources, facts))

    def _sound(self, texts: Node) -> Iterator[Node]:
        """Yield the elements of a list; what is none is a gap."""
        nodes: list[Node] = []
        read = False
        with self.found.entry():
            nodes = list(texts.elements())
            read = True
        self.whole = self.whole and read
        yield from nodes


def _marked(
    component: Component, asked: list[tuple[Asker, str, Location]]
) -> Component:
    markers = {marker for _, marker, _ in asked}
    facts = replace(
        facts_of(component), marker=markers.pop() if len(markers) == 1 else ""
    )
    if not any(asker.always for asker, _, _ in asked):
        extras = {each for asker, _, _ in asked for each in asker.extras}
        groups = {each for asker, _, _ in asked for each in asker.groups}
        optional = bool(extras) or any(asker.optional for asker, _, _ in asked)
        facts = replace(
            facts,
            extras=tuple(sorted(extras)),
            groups=tuple(sorted(groups)),
            optional=optional,
            development=bool(groups) and not optional,
        )
    places = tuple(place for _, _, place in asked)
    return replace(component, facts=facts, locations=places)


def is_archive(path: str) -> bool:
    """Say whether *path* is called like a file that can be installed."""
    return ARCHIVE.search(path) is not None


def group_name(name: str) -> str:
    """Return the name of a group or extra as it is compared (PEP 735, PEP 685)."""
    return canonicalize_name(name)
