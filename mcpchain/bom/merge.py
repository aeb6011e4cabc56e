"""Make one inventory of several, in which each thing stands once.

Two components are one if they are the same package (by purl, compared parsed), else the
same file (by digest), else of the same kind, name and version, and come from the same
place. Their digests, licences, places and edges are united; where they contradict each
other, both stay and a gap says so. What one of them says that would make a verdict
milder counts only if all say it.

Configured servers are never one: the same words in two places start two servers. Nor
are two folders of one name, of which nothing but their files tells what they are. A
step of a build is one with another only if both are there for the same.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any, Final

from mcpchain.artifact import Artifact, Digest, contradiction
from mcpchain.bom import carry
from mcpchain.bom.child import Child, edges, names, others, renamed, subject, tops
from mcpchain.bom.clash import clashes
from mcpchain.bom.together import union, united
from mcpchain.component import (
    Basis,
    BuildFacts,
    Component,
    Facts,
    Kind,
    Location,
    PackageFacts,
    Pin,
    UsedServiceFacts,
)
from mcpchain.inventory import (
    Collector,
    Gap,
    Inventory,
    State,
    joined_targets,
    natural_ref,
)

_BASES: Final = (Basis.OBSERVED, Basis.RESOLVED, Basis.DECLARED, Basis.CONFIGURED)
"""Strongest first."""
_PINS: Final = (
    Pin.FLOATING,
    Pin.RANGE,
    Pin.TAG,
    Pin.REMOTE,
    Pin.LOCAL,
    Pin.EXACT,
    Pin.COMMIT,
    Pin.DIGEST,
)
"""Weakest first."""
_FOLDERS: Final = frozenset({Kind.DATA, Kind.FILE, Kind.MODEL})
"""Kinds that have their bytes, or other files, in a place of their own."""

_FORMS: Final = frozenset({"spdx"})
"""Members that hold what only one format says: none is a contradiction of another."""

_Object = dict[str, Any]


def merge(children: Sequence[Child], *, name: str) -> Inventory:
    """Return one inventory of all *children*, whatever their order.

    Labels must differ.
    """
    ordered = sorted(children, key=lambda each: each.label)
    groups: dict[object, list[Component]] = {}
    keys: dict[tuple[str, str], object] = {}
    for child in ordered:
        placed = _placed(child)
        for component in child.inventory.components:
            key = _key(child.label, component)
            keys[child.label, component.ref] = key
            groups.setdefault(key, []).append(placed[component.ref])
    found = Collector(name)
    refs = {key: _keep(group, found) for key, group in groups.items()}
    said: list[_Object] = []
    for child in ordered:
        kept = {
            component.ref: refs[keys[child.label, component.ref]]
            for component in child.inventory.components
        }
        said.append(_connect(child, kept, found))
    for gap in clashes(ordered):
        found.gap(gap)
    whole = _whole(found, said)
    targets = joined_targets(each.inventory.resolved_for for each in ordered)
    return replace(whole, resolved_for=targets)


def _key(label: str, component: Component) -> object:
    """Return what two entries have in common that are the same thing."""
    facts, kind = component.facts, component.kind
    if kind is Kind.MCP_SERVER:
        return (kind, label, component.ref)
    place = _place(facts)
    purl = component.purl.to_string() if component.purl is not None else ""
    if purl and kind is not Kind.MODEL:
        return (kind, purl, component.version, place)
    digests = sorted(
        str(digest)
        for artifact in component.artifacts
        for digest in artifact.digests
        if digest.algorithm.identifies
    )
    if digests:
        return (kind, purl, component.name, digests[0], place)
    if not purl and kind in _FOLDERS:
        return (kind, label, component.ref)
    return (kind, purl, component.name, component.version, place)


def _place(facts: Facts | None) -> tuple[object, ...]:
    """Return what of *facts* is part of what something is."""
    match facts:
        case PackageFacts():
            place = (facts.origin, facts.registry, facts.extra_registries, facts.alias)
            return (*place, facts.with_extras)
        case UsedServiceFacts():
            where = (facts.endpoint, facts.external)
            return (facts.provider, facts.category, *where)
        case BuildFacts():
            return (facts,)
        case _:
            return ()


def _placed(child: Child) -> dict[str, Component]:
    """Return the components of *child* by their refs, as the merged BOM places them."""
    moved = {
        each.ref: replace(
            each,
            locations=tuple(
                replace(place, path=f"{child.label}/{place.path}")
                for place in each.locations
            ),
        )
        for each in child.inventory.components
    }
    natural = {ref: natural_ref(each) for ref, each in moved.items()}
    called = names(child, natural, natural_ref(subject(child)))
    return {
        ref: replace(each, carried=renamed(each.carried, called))
        for ref, each in moved.items()
    }


def _keep(group: Sequence[Component], found: Collector) -> str:
    """Keep all that *group* says of one thing, and return its ref."""
    if len(group) == 1:
        return found.add(group[0])
    ranked = sorted(group, key=repr)
    carried, contradicted = _united(carry.load(each.carried) for each in ranked)
    told, unlike = united([each.facts for each in ranked])
    suppliers = dict.fromkeys(each.supplier for each in ranked if each.supplier)
    weakest = min(ranked, key=lambda each: _firmness(each.pin))
    one = replace(
        ranked[0],
        pin=weakest.pin,
        requested=weakest.requested,
        basis=min((each.basis for each in ranked), key=_BASES.index),
        artifacts=_artifacts(each for one in ranked for each in one.artifacts),
        licenses=union(each.licenses for each in ranked),
        concluded=union(each.concluded for each in ranked),
        supplier=next(iter(suppliers), ""),
        license_texts=union(each.license_texts for each in ranked),
        graph=any(each.graph for each in ranked),
        carried=carry.dump(carried),
        facts=told,
        locations=union(each.locations for each in ranked),
    )
    ref = found.add(one)
    for before, other in itertools.pairwise(ranked):
        both = (ranked[0], before)
        clashes = (contradiction(each.artifacts, other.artifacts) for each in both)
        if said := next(filter(None, clashes), ""):
            reason = f"`{one.title}` has other bytes in another place: {said}"
            found.gap(_gap(other.location, reason, State.UNMATCHED, ref))
    others = ["supplier"] if len(suppliers) > 1 else []
    for key in (*contradicted, *unlike, *others):
        reason = f"`{one.title}`: `{key}` is said to be one thing and another"
        found.gap(_gap(one.location, reason, State.PARTIAL, ref))
    return ref


def _firmness(pin: Pin | None) -> int:
    return -1 if pin is None else _PINS.index(pin)


def _gap(place: Location, reason: str, state: State, ref: str | None) -> Gap:
    return Gap(
        stage="discover",
        location=place,
        reason=reason,
        state=state,
        hint="examine both sources anew, and merge what they say then",
        ref=ref,
    )


def _artifacts(artifacts: Iterable[Artifact]) -> tuple[Artifact, ...]:
    """Unite what has a digest in common: it is the same file."""
    kept: list[Artifact] = []
    known: dict[Digest | Artifact, int] = {}
    for artifact in artifacts:
        strong = tuple(d for d in artifact.digests if d.algorithm.identifies)
        marks = strong or (artifact,)
        at = next((known[each] for each in marks if each in known), None)
        if at is None:
            at = len(kept)
            kept.append(artifact)
        else:
            kept[at] = _same(kept[at], artifact)
        known.update(dict.fromkeys(marks, at))
    return tuple(kept)


def _same(one: Artifact, other: Artifact) -> Artifact:
    own = {each.algorithm for each in one.digests}
    more = tuple(each for each in other.digests if each.algorithm not in own)
    return replace(
        one,
        name=one.name or other.name,
        digests=(*one.digests, *more),
        url=one.url or other.url,
        size=one.size if one.size is not None else other.size,
        published=one.published or other.published,
        withdrawn=one.withdrawn or other.withdrawn,
    )


def _united(said: Iterable[_Object]) -> tuple[_Object, list[str]]:
    """Unite JSON objects, and name the members of which they say different things."""
    members: _Object = {}
    contradicted: dict[str, None] = {}
    for each in said:
        for key, value in each.items():
            known = members.setdefault(key, value)
            if isinstance(known, list) and isinstance(value, list):
                members[key] = [*known, *carry.rest(value, known)]
            elif known != value and key not in _FORMS:
                contradicted[key] = None
    return members, [*contradicted]


def _connect(child: Child, kept: dict[str, str], found: Collector) -> _Object:
    """Keep the edges and gaps of *child*, by the refs of what it was merged into.

    Returns:
        What it says of the whole.
    """
    source = found.add(subject(child))
    for ref in tops(child.inventory):
        found.relate(source, kept[ref])
    called = names(child, kept, source)
    for each in child.inventory.relations:
        ends = (
            called.get(each.source, each.source),
            called.get(each.target, each.target),
        )
        found.relate(*ends, each.kind)
    for gap in child.inventory.gaps:
        place = replace(gap.location, path=f"{child.label}/{gap.location.path}")
        about = called.get(gap.ref, gap.ref) if gap.ref is not None else None
        found.gap(replace(gap, location=place, ref=about))
    said = others(child, called)
    for one, other in edges(said):
        found.relate(one, other)
    return said


def _whole(found: Collector, said: Sequence[_Object]) -> Inventory:
    """Add what the children say of the whole, and of which they disagree."""
    members, contradicted = _united(said)
    for key in contradicted:
        place = Location(path=".")
        reason = f"the BOMs say one thing and another in `{key}`; the first was kept"
        found.gap(_gap(place, reason, State.PARTIAL, None))
    return replace(found.inventory(), carried=carry.dump(members))
