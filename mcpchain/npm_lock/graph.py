"""What needs what in a lock, and what follows from that for each package."""

import enum
import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field, replace
from typing import Final

from mcpchain.component import Component, Location, PackageFacts
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.manifest import declared
from mcpchain.npm_lock.name import SHOWN, shown


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
    asked: dict[str, set[str]] = field(default_factory=dict)
    """What it asks for, found or not: how it does so, by name, as the lock has it."""
    names: set[str] = field(default_factory=set)
    """The names under which it is asked for."""
    folder: tuple[Node, Node] | None = None
    """Of a folder of this machine: where the lock has it, and its manifest."""


_LOCAL: Final = re.compile(r"(?:workspace|link|portal|file):|(?:\.\.?|~)?/")
_LINKS: Final = ("link:", "workspace:", "portal:")
"""Folders that not every manager writes down."""
_MARKS: Final = (Need.DEVELOPMENT, Need.OPTIONAL, Need.PEER)


def declare(
    packages: Mapping[str, Package], found: Collector, hint: str
) -> dict[str, str]:
    """Add all packages, each marked with why it is there, and return their refs.

    One is for development if nothing but that leads to it from the project, and so
    for what is optional and for peers. What nothing leads to has no mark.
    """
    whole = _reached(packages)
    marks = {need: whole - _reached(packages, need) for need in _MARKS}
    # Of one package there may be several entries: one for each set of its peers.
    plain: dict[tuple[str, str | None], set[Need]] = {}
    for key in whole:
        own = {need for need in _MARKS if key in marks[need]}
        identity = _identity(packages[key])
        plain[identity] = plain.get(identity, own) & own
    refs = {}
    for key, package in packages.items():
        if package.folder is not None:
            node, manifest = package.folder
            undeclared(manifest, package.asked, node, found, hint, development=False)
        kept = plain.get(_identity(package), set())
        refs[key] = found.add(_marked(package, kept))
    for key, package in packages.items():
        for target, _ in package.needs:
            if target in refs:
                found.relate(refs[key], refs[target])
    contradictions((each.component for each in packages.values()), found)
    return refs


def contradictions(components: Iterable[Component], found: Collector) -> None:
    """Leave a gap for each package that a lock lists with bytes that cannot be one."""
    known: dict[tuple[str, str | None], Component] = {}
    told: set[tuple[str, str | None]] = set()
    for each in components:
        name = (each.name, each.version)
        first = known.setdefault(name, each)
        if first.artifacts == each.artifacts or name in told:
            continue
        if first.purl == each.purl and _contradict(first, each):
            told.add(name)
            found.gap(
                Gap(
                    stage="discover",
                    location=max(first.location, each.location, key=str),
                    reason=f"`{each.title[:SHOWN]}` is listed with two digests",
                    state=State.UNREADABLE,
                    hint="write the lock anew: one version of a package has one digest",
                )
            )


def _contradict(one: Component, other: Component) -> bool:
    """Say whether no bytes can have a digest of each, as far as they are of a kind."""
    first, second = (
        {digest for each in component.artifacts for digest in each.digests}
        for component in (one, other)
    )
    kinds = {each.algorithm for each in first} & {each.algorithm for each in second}
    return bool(kinds) and not first & second


def undeclared(
    manifest: Node | None,
    listed: Mapping[str, AbstractSet[str]],
    node: Node,
    found: Collector,
    hint: str,
    *,
    development: bool = True,
) -> None:
    """Leave a gap for what *manifest* asks for and its lock does not, or otherwise.

    Args:
        manifest: The `package.json` of the project, or of a member of it.
        listed: What it asks for, and how, as the lock has it. Empty: it does not say.
        node: Where the lock has it.
        found: Gets the gaps.
        hint: How to complete the lock.
        development: Whether what it needs for development is installed too.
    """
    asked: dict[str, list[str]] = {}
    for name, kind, text in declared(manifest):
        if Need(kind) is not Need.PEER and (
            development or Need(kind) is not Need.DEVELOPMENT
        ):
            asked.setdefault(name, []).append(text)
    always = _names(manifest, Need.REQUIRED)
    required, spared = (_names(node, n) for n in (Need.REQUIRED, Need.DEVELOPMENT))
    for name, texts in asked.items():
        known = listed.get(name)
        if known is None:
            if not all(each.startswith(_LINKS) for each in texts):
                missing(name, node, found, hint)
        elif known and not {*map(_plain, known)} & {*map(_plain, texts)}:
            differing(name, texts[0], node, found, hint)
        elif name in always and name in spared and name not in required:
            moved(name, node, found, hint)


def _names(node: Node | None, need: Need) -> AbstractSet[str]:
    """Return the names of the packages that are asked for so."""
    members = node.value if node is not None else None
    listed = members.get(need.value) if isinstance(members, dict) else None
    return listed.keys() if isinstance(listed, dict) else frozenset()


def _plain(text: str) -> str:
    """Return one text for all that ask the same; of folders only that they are some."""
    if _LOCAL.match(text):
        return "file:"
    return " ".join(text.removeprefix("npm:").split()) or "*"


def moved(name: str, node: Node, found: Collector, hint: str) -> None:
    """Leave a gap for what the lock has for development only, and the project not."""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"has `{shown(name)}` for development only, and `package.json` asks "
            "for it in any case",
            state=State.CONFLICT,
            hint=f"write the lock anew: {hint}",
        )
    )


def differing(name: str, text: str, node: Node, found: Collector, hint: str) -> None:
    """Leave a gap for a dependency that the lock was not written for."""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"asks for `{shown(name)}` as `{shown(text)}`, which is not what "
            "the lock was written for",
            state=State.PARTIAL,
            hint=f"write the lock anew: {hint}",
        )
    )


def unfit(asked: tuple[str, str], version: str, node: Node, found: Collector) -> None:
    """Leave a gap for a range in which the version of the lock is not.

    Args:
        asked: The name of a package, and the range.
        version: That of the package in the lock.
        node: What asks for it.
        found: Gets the gap.
    """
    name, text = asked
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"asks for `{shown(name)}` as `{shown(text)}`, and the lock has "
            f"{shown(version)}, in whose place another would be installed",
            state=State.CONFLICT,
            hint="find out who changed the lock, and write it anew",
        )
    )


def missing(name: str, node: Node, found: Collector, hint: str) -> None:
    """Leave a gap for a dependency that the lock does not hold."""
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=node.source, pointer=node.pointer),
            reason=f"depends on `{shown(name)}`, which the lock does not hold",
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
            reason=f"`{shown(name)}` is changed by a patch after it is fetched, and "
            "has not the bytes that its digest names",
            state=State.PARTIAL,
            hint="review the patch, or use a version that needs none",
        )
    )


def _identity(package: Package) -> tuple[str, str | None]:
    return (package.component.name, package.component.version)


def _marked(package: Package, kept: set[Need]) -> Component:
    """Return the component of *package* with why it is there."""
    component = package.component
    alias = _alias(package)
    facts = component.facts
    if package.root or not isinstance(facts, PackageFacts) or not (kept or alias):
        return component
    facts = replace(
        facts,
        alias=alias,
        development=Need.DEVELOPMENT in kept,
        optional=Need.OPTIONAL in kept,
        peer=Need.PEER in kept,
    )
    return replace(component, facts=facts)


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
