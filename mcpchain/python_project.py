"""What a Python project declares, and what its lock has for that.

A manifest says what a project asks for, a lock says what it gets. Where there is a
lock, what is asked for is no second component: it is an edge from the project to what
the lock has for it. What a lock lacks is a gap, since an installer would choose then.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from packaging.specifiers import SpecifierSet

from mcpchain.component import Component, Kind, Location, Origin, PackageFacts
from mcpchain.inventory import Collector, Gap, Inventory, Relation, State
from mcpchain.tree.named import folders

_FITTING: Final = 50
"""How many packages of a lock one name may fit."""
DYNAMIC: Final = "/project/dynamic"
"""Where a manifest says that only its build back end knows what it asks for."""
_WHOLE: Final = frozenset({"uv.lock", "poetry.lock", "pdm.lock"})
"""Locks of a whole project, with its groups and extras, for all machines."""
_PART: Final = re.compile(r"pylock(?:\.[^.]+)?\.toml|pipfile\.lock")
"""Locks of what one installation takes: of some groups, or for one machine."""


def settle(
    inventory: Inventory, manifests: Sequence[tuple[str, Inventory]]
) -> Inventory:
    """Return *inventory* with what *manifests* declare, so far as no lock has it.

    Args:
        inventory: What everything else declares.
        manifests: The path of each manifest, and what it declares.
    """
    if not manifests:
        return inventory
    locks = _locks(inventory.components)
    known = {each.ref: each for each in inventory.components}
    relations, gaps = list(inventory.relations), list(inventory.gaps)
    for path, declared in manifests:
        near, strange = _near(path, declared, locks)
        settled = _settled(declared, near, known) if near else declared
        gaps += [_no_member(path, strange)] if strange and not near else []
        # Two manifests may use one name for two things, so each gets its own.
        names = {each.ref: f"{path} {each.ref}" for each in settled.components}
        known |= {
            names[e.ref]: replace(e, ref=names[e.ref]) for e in settled.components
        }
        for edge in settled.relations:
            source = names.get(edge.source, edge.source)
            target = names.get(edge.target, edge.target)
            relations.append(replace(edge, source=source, target=target))
        gaps += (replace(e, ref=names.get(e.ref or "", e.ref)) for e in settled.gaps)
    found = Collector(inventory.name)
    found.include(
        replace(
            inventory,
            components=tuple(known.values()),
            relations=tuple(relations),
            gaps=tuple(gaps),
        )
    )
    return found.inventory()


@dataclass(slots=True, kw_only=True)
class _Lock:
    """What one lock has, by name."""

    path: str
    whole: bool
    refs: dict[str, dict[str, None]] = field(default_factory=dict)
    own: dict[str, str] = field(default_factory=dict)
    """The projects that it locks."""


def _locks(components: Iterable[Component]) -> dict[str, list[_Lock]]:
    """Return the locks in each folder that has some: the whole ones, or all others."""
    beside: dict[str, list[_Lock]] = {}
    lists: dict[str, list[_Lock]] = {}
    for path, lock in sorted(_each(components).items()):
        folder = path.rpartition("/")[0]
        kind = lists if path.casefold().endswith(".txt") else beside
        kind.setdefault(folder, []).append(lock)
    for folder, several in lists.items():
        for lock in several:
            if lock.path.rpartition("/")[2].casefold() == "requirements.txt":
                more = lists.get(f"{folder}/requirements".lstrip("/"), [])
                beside.setdefault(folder, []).append(_joined(lock.path, several + more))
    for folder, several in beside.items():
        beside[folder] = [each for each in several if each.whole] or several
    return beside


def _each(components: Iterable[Component]) -> dict[str, _Lock]:
    """Return every lock and list by its path."""
    locks: dict[str, _Lock] = {}
    for component in components:
        facts, purl = component.facts, component.purl
        if not isinstance(facts, PackageFacts) or (purl and purl.type == "conda"):
            continue
        for path in {place.path for place in component.locations}:
            name = path.rpartition("/")[2].casefold()
            if not (name.endswith(".txt") or name in _WHOLE or _PART.fullmatch(name)):
                continue
            lock = locks.setdefault(path, _Lock(path=path, whole=name in _WHOLE))
            lock.refs.setdefault(component.name, {})[component.ref] = None
            if facts.origin is Origin.PATH and purl is None:
                lock.own[component.name] = component.ref
    return locks


def _near(
    path: str, declared: Inventory, locks: dict[str, list[_Lock]]
) -> tuple[list[_Lock], _Lock | None]:
    """Return the locks that speak for the manifest at *path*, or one that does not.

    That of a whole project speaks for its own folder, and for the projects in it.
    """
    names = {e.name for e in declared.components if e.kind is Kind.APPLICATION}
    strange: _Lock | None = None
    for folder in folders(path):
        for lock in locks.get(folder, ()):
            beside = folder == path.rpartition("/")[0]
            if beside or not lock.whole or names & lock.own.keys():
                return [each for each in locks[folder] if beside or each is lock], None
            strange = strange or lock
    return [], strange if declared.components else None


def _no_member(path: str, lock: _Lock) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=f"names dependencies, and `{lock.path}` is the lock of another project",
        state=State.MISSING,
        hint="lock it by itself, or make it a member of that project",
    )


def _joined(path: str, lists: Iterable[_Lock]) -> _Lock:
    """Return what the list at *path* has, with the lists that it may well include."""
    joined = _Lock(path=path, whole=False)
    for each in lists:
        for name, refs in each.refs.items():
            joined.refs.setdefault(name, {}).update(refs)
    return joined


def _settled(
    declared: Inventory, locks: Sequence[_Lock], known: dict[str, Component]
) -> Inventory:
    """Return what is left of *declared* beside *locks*, and what they lack."""
    relations: list[Relation] = []
    gaps = [each for each in declared.gaps if not _dynamic(each)]
    complete = len(gaps) == len(declared.gaps)
    projects = [e for e in declared.components if e.kind is Kind.APPLICATION]
    wanted = [e for e in declared.components if e.kind is not Kind.APPLICATION]
    kept: list[Component] = []
    for each in wanted:
        missing = [lock for lock in locks if each.name not in lock.refs]
        refs = {ref: None for lock in locks for ref in lock.refs.get(each.name, ())}
        complete = complete and 0 < len(refs) <= _FITTING
        if len(refs) > _FITTING:
            gaps.append(_ambiguous(each, len(refs)))
            continue
        for project in projects:
            relations += (Relation(source=project.ref, target=ref) for ref in refs)
        if missing and (missing[0].whole or (not refs and _always(each))):
            gaps.append(_lacking(each, missing[0]))
        elif not refs and _by_choice(each):
            # A list of what one installation takes says nothing of what others take.
            kept.append(each)
            relations += (Relation(source=p.ref, target=each.ref) for p in projects)
        elif refs and not any(_fits(each, known[ref]) for ref in refs):
            gaps.append(_stale(each, locks[0]))
        elif refs and _always(each) and all(_spared(known[ref]) for ref in refs):
            gaps.append(_moved(each, locks[0]))
    for project in projects:
        owns = (lock.own.get(project.name, "") for lock in locks)
        own = next(filter(None, owns), "")
        if not own:
            kept.append(replace(project, graph=project.graph and complete))
            continue
        # The lock has the project itself, with its own edges.
        relations = [
            replace(each, source=own) for each in relations if each.target != own
        ]
        known[own] = _with_manifest(known[own], project)
    return replace(
        declared,
        components=tuple(kept),
        relations=tuple(relations),
        gaps=tuple(gaps),
    )


def _dynamic(gap: Gap) -> bool:
    """Say whether *gap* tells that only a build back end knows more; a lock does."""
    return gap.location.pointer == DYNAMIC and gap.state is State.PARTIAL


def _with_manifest(locked: Component, project: Component) -> Component:
    return replace(
        locked,
        locations=(*locked.locations, *project.locations),
        licenses=locked.licenses or project.licenses,
        concluded=locked.concluded or project.concluded,
        supplier=locked.supplier or project.supplier,
    )


def _fits(wanted: Component, locked: Component) -> bool:
    """Say whether *locked* is a version that is asked for, so far as that is told."""
    facts = wanted.facts
    indexed = isinstance(facts, PackageFacts) and facts.origin is Origin.REGISTRY
    if not indexed or locked.version is None:
        return True
    asked = f"=={wanted.version}" if wanted.version else wanted.requested
    try:
        return SpecifierSet(asked).contains(locked.version, prereleases=True)
    except ValueError:
        return True  # a constraint in Poetry's own words


def _always(component: Component) -> bool:
    """Say whether a project asks for *component* everywhere and in any case."""
    facts = component.facts
    return not isinstance(facts, PackageFacts) or not (
        facts.groups or facts.extras or facts.marker
    )


def _by_choice(component: Component) -> bool:
    """Say whether it is asked for by a group or an extra, which nobody has to take."""
    facts = component.facts
    return isinstance(facts, PackageFacts) and bool(facts.groups or facts.extras)


def _spared(component: Component) -> bool:
    facts = component.facts
    return isinstance(facts, PackageFacts) and (facts.development or facts.optional)


def _moved(component: Component, lock: _Lock) -> Gap:
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"asks for `{component.name[:140]}` in any case, and `{lock.path}` has "
        "it for development or an extra only",
        state=State.CONFLICT,
        hint="lock again",
    )


def _ambiguous(component: Component, fitting: int) -> Gap:
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"`{component.name[:140]}` fits {fitting:,} packages of the locks, of "
        f"which {_FITTING} would be followed",
        state=State.LIMIT,
        hint="lock again",
    )


def _stale(component: Component, lock: _Lock) -> Gap:
    asked = component.version or component.requested
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"asks for `{component.name[:140]}` in `{asked[:140]}`, and "
        f"`{lock.path}` has another version",
        state=State.MISSING,
        hint="lock again",
    )


def _lacking(component: Component, lock: _Lock) -> Gap:
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"asks for `{component.name[:140]}`, which `{lock.path}` lacks",
        state=State.MISSING,
        hint="lock again, with all groups and extras",
    )
