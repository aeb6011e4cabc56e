"""How the entries of a BOM hang together, and how complete that is.

An edge has one place: in `dependencies`, in the nesting of entries, or, where neither
can hold it, in a property.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from mcpchain.bom.formulation import is_formed
from mcpchain.component import Basis, Component, Kind, ModelFacts, PackageFacts
from mcpchain.inventory import Inventory, Relation, RelationKind

_DEEPEST: Final = 32
"""How deep entries are nested; other readers give up somewhere too."""
_PHASES: Final = {
    Basis.DECLARED: "pre-build",
    Basis.OBSERVED: "pre-build",
    Basis.CONFIGURED: "operations",
    Basis.RESOLVED: "discovery",
}
"""The phase of the life cycle in which a fact can be seen: a lock, before anything is
built; the configuration of a client, where it runs; what a registry says, by asking."""
_INSTALLED: Final = "post-build"
"""The phase in which the bytes of a package can be seen."""

_Object = dict[str, Any]
Graph = dict[str, list[str]]


@dataclass(slots=True, kw_only=True)
class Edges:
    """The relations of an inventory, by the place where each is written."""

    depends: Graph = field(default_factory=dict)
    """For `dependencies`: the targets of each ref."""
    parents: dict[str, str] = field(default_factory=dict)
    """For nesting: the ref of the entry that holds another."""
    trained: Graph = field(default_factory=dict)
    """For model cards: the refs of what each model was trained on."""
    others: list[Relation] = field(default_factory=list)
    """For properties."""


def edges(inventory: Inventory, services: frozenset[str]) -> Edges:
    """Find a place for every relation of *inventory*.

    Args:
        inventory: What is written.
        services: The refs of what becomes a service, which holds only services.
    """
    refs = {each.ref for each in inventory.components}
    found = Edges()
    inside: dict[str, list[Relation]] = {}
    cards = _cards(inventory, services)
    for each in inventory.relations:
        if each.source not in refs or each.target not in refs:
            found.others.append(each)
        elif each.kind is RelationKind.DEPENDS_ON:
            found.depends.setdefault(each.source, []).append(each.target)
        elif each.kind is RelationKind.TRAINED_ON:
            if each.source in cards:
                found.trained.setdefault(each.source, []).append(each.target)
            else:
                found.others.append(each)
        else:
            inside.setdefault(each.target, []).append(each)
    single = {
        child: holders[0].source
        for child, holders in inside.items()
        if len(holders) == 1 and (child in services) == (holders[0].source in services)
    }
    found.parents = dict(sorted(_forest(single).items()))
    for child, holders in inside.items():
        if child not in found.parents:
            found.others += holders
    found.others.sort(key=lambda r: (r.source, r.target, r.kind.value))
    return found


def _cards(inventory: Inventory, services: frozenset[str]) -> frozenset[str]:
    """Return the refs of what is written with a model card."""
    if all(r.kind is not RelationKind.TRAINED_ON for r in inventory.relations):
        return frozenset()
    return frozenset(
        each.ref
        for each in inventory.components
        if isinstance(each.facts, ModelFacts) and each.ref not in services
    )


def _forest(parents: dict[str, str]) -> dict[str, str]:
    """Return *parents* without circles, and without what would nest too deeply."""
    kept = dict(parents)
    for each in _circular(parents):
        del kept[each]
    children: Graph = {}
    for child, parent in kept.items():
        children.setdefault(parent, []).append(child)
    pending = [(each, 0) for each in children if each not in kept]
    while pending:
        parent, depth = pending.pop()
        for child in children.get(parent, ()):
            if depth + 1 < _DEEPEST:
                pending.append((child, depth + 1))
            else:
                del kept[child]
                pending.append((child, 0))
    return kept


def _circular(parents: dict[str, str]) -> set[str]:
    """Return what contains itself, by whatever way round."""
    found: set[str] = set()
    seen: set[str] = set()
    for start in parents:
        path: dict[str, None] = {}
        node = start
        while node in parents and node not in seen and node not in path:
            path[node] = None
            node = parents[node]
        if node in path:
            steps = list(path)
            found.update(steps[steps.index(node) :])
        seen.update(path)
    return found


def roots(nodes: Iterable[str], depends: Graph) -> list[str]:
    """Return nodes from which every node is reached.

    They are those that nothing else depends on, and one of each circle that hangs on
    nothing.
    """
    every = list(nodes)
    needed = {t for source, ts in depends.items() for t in ts if t != source}
    first = [node for node in every if node not in needed]
    found: list[str] = []
    seen: set[str] = set()
    for node in [*first, *every]:
        if node in seen:
            continue
        found.append(node)
        pending = [node]
        while pending:
            current = pending.pop()
            if current not in seen:
                seen.add(current)
                pending += depends.get(current, ())
    return found


def graph(inventory: Inventory, depends: Graph, target: str) -> Graph:
    """Return the whole graph, *target* included.

    A component of which no edge is known is not in it, unless it is known that there
    is none: an empty list says that.
    """
    whole = {each.ref: list[str]() for each in inventory.components if each.graph}
    whole |= depends
    # The system does not need what only makes it.
    shipped = [each.ref for each in inventory.components if not is_formed(each)]
    whole[target] = roots(shipped, depends)
    return {source: sorted(set(whole[source])) for source in sorted(whole)}


def compositions(inventory: Inventory, target: str) -> list[_Object]:
    """Say how complete the list is: with gaps it is not.

    Without any it is still `unknown`, never `complete`: that nothing stands in a kind
    of file that we do not recognise is beyond what reading files can show. The
    dependencies of one component can be complete: where its source lists them all; of
    all others that is `unknown`. So can the files of a model that is a folder, all of
    which were looked at.
    """
    found: list[_Object] = [
        {
            "aggregate": "incomplete" if inventory.gaps else "unknown",
            "assemblies": [target],
            "dependencies": [target],
        }
    ]
    if complete := sorted(each.ref for each in inventory.components if each.graph):
        found.append({"aggregate": "complete", "dependencies": complete})
    if unknown := sorted(each.ref for each in inventory.components if not each.graph):
        found.append({"aggregate": "unknown", "dependencies": unknown})
    for aggregate, models in _assemblies(inventory).items():
        if models:
            found.append({"aggregate": aggregate, "assemblies": sorted(models)})
    return found


def _assemblies(inventory: Inventory) -> dict[str, list[str]]:
    """Return the refs of models that have files in them, by how complete each is.

    One is complete if no gap is about it, about something in it, or in its folder. Of
    a model whose format nobody told, nobody looked at the files.
    """
    known = {each.ref: each for each in inventory.components if _is_looked_into(each)}
    if not known:
        return {}
    inside: Graph = {}
    for each in inventory.relations:
        if each.kind is RelationKind.CONTAINS and each.source in known:
            inside.setdefault(each.source, []).append(each.target)
    about = {gap.ref for gap in inventory.gaps if gap.ref is not None}
    places = {gap.location.path for gap in inventory.gaps}
    dark = about | {e.ref for e in inventory.components if e.location.path in places}
    blind = _blind({_folder(known[ref]) for ref in inside}, places)
    found: dict[str, list[str]] = {"complete": [], "incomplete": []}
    for ref, parts in inside.items():
        seen = _folder(known[ref]) not in blind and dark.isdisjoint({ref, *parts})
        found["complete" if seen else "incomplete"].append(ref)
    return found


def _is_looked_into(component: Component) -> bool:
    facts = component.facts
    if component.kind is not Kind.MODEL or not isinstance(facts, ModelFacts):
        return False
    return bool(facts.format)


def _folder(model: Component) -> str:
    """Return the folder of a model, which may be one file of it."""
    path = model.location.path
    return path.rpartition("/")[0] if model.artifacts else path


def _blind(folders: Iterable[str], gaps: Iterable[str]) -> set[str]:
    """Return those *folders* in which something of *gaps* lies, or that are it."""
    # In this order, what is in a folder follows it at once, and the stack is the way
    # down to what comes next: no path is held against every other.
    marks = [(_steps(each), False, each) for each in folders]
    marks += [(_steps(each), True, each) for each in gaps]
    found: set[str] = set()
    stack: list[tuple[str, str]] = []
    for steps, is_gap, path in sorted(marks):
        while stack and not steps.startswith(stack[-1][0]):
            stack.pop()
        if not is_gap:
            stack.append((steps, path))
            continue
        for _, folder in reversed(stack):
            if folder in found:
                break
            found.add(folder)
    return found


def _steps(path: str) -> str:
    """Return *path* so that what is in a folder begins as the folder does."""
    return "" if path in {"", "."} else path.replace("/", "\0") + "\0"


def lifecycles(components: Iterable[Component]) -> list[_Object]:
    """Return the phases in which what is listed was seen, sorted."""
    phases = {_phase(each) for each in components} or {_PHASES[Basis.DECLARED]}
    return [{"phase": each} for each in sorted(phases)]


def _phase(component: Component) -> str:
    installed = component.purl is not None and isinstance(component.facts, PackageFacts)
    if component.basis is Basis.OBSERVED and installed:
        return _INSTALLED
    return _PHASES[component.basis]
