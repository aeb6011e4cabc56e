"""What two BOMs of one project say of one place, and cannot both be right about."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Final

from mcpchain.bom.child import Child
from mcpchain.component import Component, Kind, Location, UsedServiceFacts
from mcpchain.inventory import Gap, State

_FILES: Final = frozenset({Kind.DATA, Kind.FILE, Kind.MODEL})


def clashes(children: Sequence[Child]) -> Iterator[Gap]:
    """Yield a gap for each file with other bytes, and service with other addresses.

    BOMs of different projects may have other files by the same names.
    """
    projects: dict[str, list[Child]] = {}
    for child in children:
        projects.setdefault(child.inventory.name, []).append(child)
    for project in projects.values():
        if len(project) > 1:
            yield from _within(project)


def _within(project: Sequence[Child]) -> Iterator[Gap]:
    first: dict[tuple[str, ...], set[str]] = {}
    for child in project:
        said: dict[tuple[str, ...], set[str]] = {}
        places: dict[tuple[str, ...], Component] = {}
        for each in child.inventory.components:
            if told := _told(each):
                key, values = told
                said.setdefault(key, set()).update(values)
                places.setdefault(key, each)
        for key, found in said.items():
            known = first.setdefault(key, found)
            if known != found:
                yield _gap(child.label, places[key], known, found)


def _told(component: Component) -> tuple[tuple[str, ...], set[str]] | None:
    """Return which place *component* is about, and what is said of it."""
    facts, kind = component.facts, component.kind
    if isinstance(facts, UsedServiceFacts):
        if facts.endpoint is None:
            return None
        return (kind.value, facts.provider, facts.category), {facts.endpoint}
    digests = {
        str(each)
        for artifact in component.artifacts
        for each in artifact.digests
        if each.algorithm.identifies
    }
    # What has no name but its place, such as the code of a server here, is a file too.
    if not digests or (kind not in _FILES and component.purl is not None):
        return None
    return (kind.value, component.location.path, component.name), digests


def _gap(
    label: str, about: Component, known: Iterable[str], found: Iterable[str]
) -> Gap:
    what = "addresses" if about.kind is Kind.SERVICE else "bytes"
    one, other = (", ".join(sorted(each)) for each in (known, found))
    place = about.location
    return Gap(
        stage="discover",
        location=Location(
            path=f"{label}/{place.path}", pointer=place.pointer, line=place.line
        ),
        reason=f"`{about.name}` has other {what} in another BOM of the same project: "
        f"{one} and {other}",
        state=State.CONFLICT,
        hint="examine both sources anew, and merge what they say then",
    )
