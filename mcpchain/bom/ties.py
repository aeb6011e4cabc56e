"""Who leads to whom in a BOM, as far as a claim can rest on it."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from mcpchain.artifact import identified
from mcpchain.component import Component, Kind, Origin, PackageFacts
from mcpchain.inventory import Inventory, RelationKind


@dataclass(frozen=True, slots=True)
class Ties:
    """Who leads to whom, as far as a claim can rest on it."""

    starters: dict[str, list[Component]] = field(default_factory=dict)
    """The servers that start a component, by its ref."""
    started: dict[str, list[Component]] = field(default_factory=dict)
    """The packages that a server starts, by its ref."""
    carried: frozenset[str] = frozenset()
    """The refs of what can be inside the archive of a package that has a digest."""
    parts: dict[str, list[Component]] = field(default_factory=dict)
    """What is said to be in it, by its ref."""
    inside: dict[str, Component] = field(default_factory=dict)
    """The package that contains it, by the ref of a part that was bundled."""

    @classmethod
    def of(cls, inventory: Inventory) -> "Ties":
        """Collect the ties of *inventory*."""
        known = {each.ref: each for each in inventory.components}
        ties = cls()
        targets: dict[str, list[str]] = {}
        held: dict[str, list[str]] = {}
        for each in inventory.relations:
            source, target = known.get(each.source), known.get(each.target)
            if source is None or target is None:
                continue
            targets.setdefault(source.ref, []).append(target.ref)
            if each.kind is RelationKind.CONTAINS:
                held.setdefault(source.ref, []).append(target.ref)
                ties.parts.setdefault(source.ref, []).append(target)
            if source.kind is Kind.MCP_SERVER and target.kind is Kind.APPLICATION:
                ties.starters.setdefault(target.ref, []).append(source)
                ties.started.setdefault(source.ref, []).append(target)
        carried = frozenset(_carried(known, targets))
        return replace(ties, carried=carried, inside=_inside(known, held))

    def is_main(self, package: Component) -> bool:
        """Say whether *package* is the project itself, or what a server runs."""
        starters = self.starters.get(package.ref, ())
        return package.purl is None or any(
            each.purl is None or each.purl == package.purl for each in starters
        )

    def lists(self, server: Component) -> bool:
        """Say whether the package that *server* starts is listed, as firmly pinned."""
        return any(
            (each.purl, each.pin, each.version)
            == (server.purl, server.pin, server.version)
            for each in self.started.get(server.ref, ())
        )


def _carried(
    known: dict[str, Component], targets: dict[str, list[str]]
) -> Iterator[str]:
    """Yield what a chain of bundled packages leads to from one that has a digest."""
    pending = [
        ref
        for ref, each in known.items()
        if each.kind in {Kind.APPLICATION, Kind.LIBRARY}
        and not is_bundled(each)
        and identified(each.artifacts)
    ]
    seen: set[str] = set()
    while pending:
        for ref in targets.get(pending.pop(), ()):
            if ref not in seen and is_bundled(known[ref]):
                seen.add(ref)
                pending.append(ref)
                yield ref


def _inside(
    known: dict[str, Component], held: dict[str, list[str]]
) -> dict[str, Component]:
    """Return which package contains a part, itself or by way of other parts."""
    found: dict[str, Component] = {}
    for ref in held:
        package = known[ref]
        if package.kind is not Kind.LIBRARY or is_bundled(package):
            continue
        pending = [ref]
        while pending:
            for each in held.get(pending.pop(), ()):
                if each not in found and is_bundled(known[each]):
                    found[each] = package
                    pending.append(each)
    return found


def is_bundled(component: Component) -> bool:
    """Say whether *component* is said to be in the archive of another package."""
    return facts_as_package(component).origin is Origin.BUNDLED


def facts_as_package(package: Component) -> PackageFacts:
    """Return what is said of *package* as one; nothing, where it says other things."""
    facts = package.facts
    return facts if isinstance(facts, PackageFacts) else PackageFacts()
