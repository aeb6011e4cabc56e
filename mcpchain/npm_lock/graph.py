"""What needs what in a lock, and what follows from that for each package."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.component import Component, Location, PackageFacts
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.name import SHOWN


@enum.unique
class Need(enum.Enum):
    """Why one package asks for another."""

    REQUIRED = "dependencies"
    DEVELOPMENT = "devDependencies"
    OPTIONAL = "optionalDependencies"
    PEER = "peerDependencies"


@dataclass(slots=True, kw_only=True)
class Package:
    """A package of a lock, and those that it asks for."""

    component: Component
    needs: list[tuple[str, Need]] = field(default_factory=list)
    """The key of each package, and why it is asked for."""
    root: bool = False
    """Whether it is the project itself, or a member of it."""
    names: set[str] = field(default_factory=set)
    """The names under which it is asked for."""


_MARKS: Final = (Need.DEVELOPMENT, Need.OPTIONAL, Need.PEER)


def declare(packages: Mapping[str, Package], found: Collector) -> dict[str, str]:
    """Add all packages, each marked with why it is there, and return their refs.

    One is for development if nothing but that leads to it from the project, and so
    for what is optional and for peers. What nothing leads to has no mark.
    """
    whole = _reached(packages)
    marks = {need: whole - _reached(packages, need) for need in _MARKS}
    # Of one package there may be several entries: one for each set of its peers.
    plain: dict[Component, set[Need]] = {}
    for key, package in packages.items():
        own = {need for need in _MARKS if key in marks[need]}
        identity = _identity(package)
        plain[identity] = plain.get(identity, own) & own
    refs = {}
    for key, package in packages.items():
        component = package.component
        if isinstance(component.facts, PackageFacts) and not package.root:
            kept = plain[_identity(package)]
            facts = replace(
                component.facts,
                alias=_alias(package),
                development=Need.DEVELOPMENT in kept,
                optional=Need.OPTIONAL in kept,
                peer=Need.PEER in kept,
            )
            component = replace(component, facts=facts)
        refs[key] = found.add(component)
    for key, package in packages.items():
        for target, _ in package.needs:
            if target in refs:
                found.relate(refs[key], refs[target])
    return refs


def missing(name: str, node: Node, found: Collector, hint: str) -> None:
    """Leave a gap for a dependency that the lock does not hold."""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"depends on `{name[:SHOWN]}`, which the lock does not hold",
            state=State.PARTIAL,
            hint=f"complete the lock: {hint}",
        )
    )


def patched(name: str, node: Node, found: Collector) -> None:
    """Leave a gap for a package that is changed after it is fetched."""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"`{name[:SHOWN]}` is changed by a patch after it is fetched, so "
            "that no digest and no advisory is of what is installed",
            state=State.PARTIAL,
            hint="review the patch, or use a version that needs none",
        )
    )


def _identity(package: Package) -> Component:
    return replace(package.component, locations=())


def _alias(package: Package) -> str:
    """Return the name under which a package is installed, if that is another."""
    return min(package.names - {package.component.name}, default="")


def _reached(packages: Mapping[str, Package], without: Need | None = None) -> set[str]:
    """Return what the project asks for, through whatever but needs of one kind."""
    pending = [key for key, package in packages.items() if package.root]
    reached = {*pending}
    while pending:
        for target, need in packages[pending.pop()].needs:
            if need is not without and target in packages and target not in reached:
                reached.add(target)
                pending.append(target)
    return reached
