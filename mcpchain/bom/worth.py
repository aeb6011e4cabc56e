"""What a BOM is worth to a judge.

`read` gives back what a document says. Whoever wrote it may have written anything, and
a word such as `local` or `bundled` excuses a package from checks. Here each such word
is held against the rest of the document (`claims`). What is not borne out by it is read
as if another tool had written the entry, by its purl, version and digests alone, and
leaves a gap: somebody changed it, or it came from where we do not know.
"""

from collections.abc import Iterator
from dataclasses import replace
from typing import Final

from mcpchain.bom import carry
from mcpchain.bom.claims import BUILDS, is_examined, problem, type_of
from mcpchain.bom.foreign import (
    IMAGES,
    UNEXAMINED_SERVICE,
    as_stated,
    may_be_model,
    names_data_set,
    unexamined,
)
from mcpchain.bom.tally import Tally
from mcpchain.bom.ties import Ties, facts_as_package
from mcpchain.component import (
    Basis,
    BuildFacts,
    Component,
    Kind,
    ModelFacts,
    Origin,
    ServerFacts,
    Transport,
)
from mcpchain.inventory import Gap, Inventory, State

_SHOWN: Final = 140


def declared(inventory: Inventory) -> Inventory:
    """Return *inventory*, which was read from a BOM, as far as it can be believed.

    Nothing in it counts as observed: that was done by whoever wrote it, if by anybody.
    An entry that says more than the document bears out says less afterwards, and has
    a gap. What the document leaves out, nobody can see.
    """
    ties = Ties.of(inventory)
    gaps = dict.fromkeys(inventory.gaps)
    components = []
    for each in inventory.components:
        claim = problem(each, ties)
        believed = each
        if claim is not None:
            gaps[_gap(each, claim, ties)] = None
            believed = _doubted(each)
        elif each.kind is Kind.APPLICATION and not ties.is_main(each):
            # Installed beside the package that a server runs: held to what any is.
            believed = replace(each, kind=Kind.LIBRARY)
        if believed.basis is Basis.OBSERVED:
            believed = replace(believed, basis=Basis.DECLARED)
        components.append(believed)
    believed_all = replace(inventory, components=tuple(components), gaps=tuple(gaps))
    gaps |= dict.fromkeys(_unexamined(believed_all, ties))
    return replace(believed_all, gaps=tuple(gaps))


_BARE: Final = frozenset({Kind.DATA, Kind.FILE, Kind.OTHER})
"""Kinds of what may be a mere name."""


def _unexamined(inventory: Inventory, ties: Ties) -> Iterator[Gap]:
    """Yield a gap for what nobody examined, unless the BOM says so itself."""
    tally = Tally("")
    for gap in inventory.gaps:
        tally.said(gap)
    for each in inventory.components:
        if each.kind in _BARE and not is_examined(each) and each.ref not in ties.inside:
            kind = type_of(each) if each.kind is Kind.OTHER else each.kind.value
            what = UNEXAMINED_SERVICE if kind == carry.SERVICE else unexamined(kind)
            tally.note_at(what, each.location)
    yield from tally.gaps()


def _doubted(component: Component) -> Component:
    """Return *component* without what it claims beyond its purl and digests."""
    facts = component.facts
    if component.kind is Kind.MCP_SERVER:
        if not isinstance(facts, ServerFacts):
            facts = ServerFacts(client="", transport=Transport.UNKNOWN)
        return replace(component, pin=None, facts=facts)
    kind = _doubted_kind(component)
    stated = as_stated(replace(component, kind=kind))
    if kind is Kind.MODEL:
        # That it runs code is no excuse, and stays.
        told = replace(facts, format="") if isinstance(facts, ModelFacts) else None
        return replace(stated, facts=told)
    if kind is not Kind.LIBRARY:
        role = facts if isinstance(facts, BuildFacts) else stated.facts
        return replace(stated, facts=role)
    # Whatever registry it names is for a rule to judge.
    claimed, plain = facts_as_package(component), facts_as_package(stated)
    registry = claimed.registry or plain.registry
    if plain.origin is not Origin.REGISTRY:
        registry = plain.registry
    more = claimed.extra_registries
    return replace(
        stated, facts=replace(plain, registry=registry, extra_registries=more)
    )


def _doubted_kind(component: Component) -> Kind:
    """Return what *component* is by its purl: a package, unless that names none."""
    purl = component.purl
    kept = {
        Kind.MODEL: may_be_model(purl),
        Kind.DATA: purl is not None and names_data_set(purl),
        Kind.CONTAINER: purl is not None and purl.type in IMAGES,
        Kind.BUILD: purl is not None
        and purl.type in BUILDS
        and isinstance(component.facts, BuildFacts),
    }
    return component.kind if kept.get(component.kind) else Kind.LIBRARY


def _gap(component: Component, claim: str, ties: Ties) -> Gap:
    state = State.UNMATCHED
    if component.ref in ties.inside:
        # From here on it is held to what any package is, and nothing goes unseen.
        state = State.PARTIAL
    if component.kind is Kind.MODEL:
        state = State.UNSUPPORTED
    return Gap(
        stage="discover",
        location=component.location,
        reason=f"`{component.name[:_SHOWN]}` {claim}",
        state=state,
        hint="examine the files that the BOM was made from",
        ref=component.ref,
    )
