"""One package that lies in several folders, for several reasons."""

from collections.abc import Iterator
from dataclasses import replace

from mcpchain.component import Component, PackageFacts
from mcpchain.discover.package_lock.entry import Entry

_Marks = tuple[bool, bool, bool]


def united(
    components: list[tuple[Entry, Component]],
) -> Iterator[tuple[Entry, Component]]:
    """Yield *components*, each marked with what holds in all of its folders.

    A package that one folder needs in any case is no package of development, and
    neither optional nor a peer.
    """
    whole: dict[tuple[str, str | None], _Marks] = {}
    for _, component in components:
        own = _marks(component)
        first = whole.setdefault(_identity(component), own)
        if own != first:
            both = tuple(a and b for a, b in zip(own, first, strict=True))
            whole[_identity(component)] = (both[0], both[1], both[2])
    for entry, component in components:
        marks = whole[_identity(component)]
        facts = component.facts
        if marks == _marks(component) or not isinstance(facts, PackageFacts):
            yield entry, component
        else:
            dev, optional, peer = marks
            facts = replace(facts, development=dev, optional=optional, peer=peer)
            yield entry, replace(component, facts=facts)


def _identity(component: Component) -> tuple[str, str | None]:
    return (component.name, component.version)


def _marks(component: Component) -> _Marks:
    facts = component.facts
    if not isinstance(facts, PackageFacts):
        return (False, False, False)
    return (facts.development, facts.optional, facts.peer)
