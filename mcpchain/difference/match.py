"""Which component of the old inventory is a new one?

By what it is, without its version: a purl without version and qualifiers, the place and
name of a configured server, the path of a file, the provider and name of a service.
Where several have that in common, by version first.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import Final

from mcpchain.component import (
    Component,
    Kind,
    PackageFacts,
    ServerFacts,
    UsedServiceFacts,
)

Identity = tuple[str, ...]
Pair = tuple[Component | None, Component | None]
"""The old one and the new one; one of them may be missing, never both."""

_FILES: Final = frozenset({Kind.FILE, Kind.MODEL})


def identity(component: Component) -> Identity:
    """Return what stays the same when a new version of *component* comes."""
    kind, facts, purl = component.kind.value, component.facts, component.purl
    path = component.location.path
    if isinstance(facts, ServerFacts):
        return (kind, facts.client, facts.scope, path, component.name)
    if isinstance(facts, UsedServiceFacts):
        return (kind, facts.provider, component.name)
    by_bytes = (
        component.kind is Kind.DATA and purl is not None and purl.type == "generic"
    )
    if purl is None or component.kind in _FILES or by_bytes:
        return (kind, path, component.name)
    alias = facts.alias if isinstance(facts, PackageFacts) else ""
    name = (purl.type, purl.namespace or "", purl.name, purl.subpath or "")
    return (kind, *name, alias)


def matched(old: Iterable[Component], new: Iterable[Component]) -> Iterator[Pair]:
    """Yield each component of both, once, beside its counterpart if it has one."""
    groups: dict[Identity, tuple[list[Component], list[Component]]] = {}
    for side, components in enumerate((old, new)):
        for each in components:
            groups.setdefault(identity(each), ([], []))[side].append(each)
    for _, (before, after) in sorted(groups.items()):
        yield from _within(before, after)


def _within(old: list[Component], new: list[Component]) -> Iterator[Pair]:
    """Match those that agree on what they are: by all, by version, by place."""
    before, after = sorted(old, key=_order), sorted(new, key=_order)
    for key in (_whole, _version_and_place, _version, _place):
        waiting: dict[object, deque[Component]] = {}
        for each in before:
            waiting.setdefault(key(each), deque()).append(each)
        rest = []
        for each in after:
            if candidates := waiting.get(key(each)):
                yield candidates.popleft(), each
            else:
                rest.append(each)
        before = [each for some in waiting.values() for each in some]
        after = rest
    if len(before) == len(after) == 1:
        yield before[0], after[0]
        return
    yield from ((each, None) for each in before)
    yield from ((None, each) for each in after)


def _order(component: Component) -> tuple[str, str]:
    return (component.version or "", component.ref)


def _whole(component: Component) -> object:
    return component


def _version_and_place(component: Component) -> object:
    return (component.version, component.location)


def _version(component: Component) -> object:
    return component.version


def _place(component: Component) -> object:
    return component.location
