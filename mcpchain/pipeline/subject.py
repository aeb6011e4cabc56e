"""What a BOM is about: the project itself, and who makes it.

A list of parts has a place for the whole, with its version and its maker. The project
that lies at the root of the target is the whole, and no part of itself.
"""

import re
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from mcpchain.bom import carry, licenses, makers
from mcpchain.bom.whole import TARGET
from mcpchain.component import Component, Kind, Origin, PackageFacts
from mcpchain.errors import UsageError
from mcpchain.inventory import Collector, Gap, Inventory, RelationKind, State

_MAKER: Final = re.compile(r"(?P<name>[^<>]+?)\s*(?:<(?P<contact>[^<>\s]+)>)?")
_MAIL: Final = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_ADDRESS: Final = re.compile(r"https?://[^\s/@]+(?:/\S*)?")
_VERSIONS: Final = "which version the whole has is not told"
_Object = dict[str, Any]


def promoted(inventory: Inventory) -> Inventory:
    """Return *inventory* with the project at its root as what it is about.

    If there are several projects at the root, such as one for Python and one for npm,
    none is the whole, which has their version if they agree.
    """
    roots = [each for each in inventory.components if _is_root(each)]
    if not roots or len(inventory.components) == 1 or inventory.carried:
        return inventory
    if len(roots) > 1:
        return _of_several(inventory, roots)
    (root,) = roots
    depends = []
    for each in inventory.relations:
        if each.target == root.ref:
            return inventory
        if each.source == root.ref:
            if each.kind is not RelationKind.DEPENDS_ON:
                return inventory
            depends.append(each.target)
    carried: _Object = {"metadata": {"component": _subject(root)}}
    if depends:
        carried["dependencies"] = [{"ref": TARGET, "dependsOn": sorted(depends)}]
    gaps = (replace(g, ref=None) if g.ref == root.ref else g for g in inventory.gaps)
    return replace(
        inventory,
        name=root.name,
        components=tuple(e for e in inventory.components if e is not root),
        relations=tuple(e for e in inventory.relations if e.source != root.ref),
        gaps=tuple(dict.fromkeys(gaps)),
        carried=carry.dump(carried),
    )


def _of_several(inventory: Inventory, roots: Sequence[Component]) -> Inventory:
    said = {each.version: each.location for each in roots if each.version is not None}
    names = {each.name for each in roots}
    if len(said) > 1:
        told = ", ".join(f"`{place}` says `{v}`" for v, place in sorted(said.items()))
        gap = Gap(
            stage="discover",
            location=roots[0].location,
            reason=f"{_VERSIONS}: {told}",
            state=State.PARTIAL,
            hint="say it: `mcpchain sbom --project-version VERSION`",
        )
        found = Collector(inventory.name)
        found.include(inventory)
        found.gap(gap)
        return replace(inventory, gaps=found.inventory().gaps)
    carried = {"metadata": {"component": {"version": min(said, default="")}}}
    return replace(
        inventory,
        name=names.pop() if len(names) == 1 else inventory.name,
        carried=carry.dump(carried) if said else "",
    )


def _is_root(component: Component) -> bool:
    facts = component.facts
    return (
        component.kind is Kind.APPLICATION
        and component.purl is None
        and isinstance(facts, PackageFacts)
        and facts.origin is Origin.PATH
        and not facts.workspace
        and all("/" not in place.path for place in component.locations)
    )


def _subject(root: Component) -> _Object:
    told: _Object = {}
    if root.version is not None:
        told["version"] = root.version
    if root.licenses or root.concluded:
        told["licenses"], _ = licenses.encode(
            root.licenses, root.concluded, mixed=False
        )
    if root.supplier:
        told |= makers.members(root.supplier)
    return told


def stated(
    inventory: Inventory, *, manufacturer: str | None, version: str | None
) -> Inventory:
    """Return *inventory* with what its user says of the whole.

    A folder of a model that is all of it, and comes from no hub, is theirs too.

    Args:
        inventory: What is there.
        manufacturer: `Acme GmbH <psirt@acme.example>`, or an address in its place.
        version: Of the whole.

    Raises:
        UsageError: That is no manufacturer.
    """
    if manufacturer is None and version is None:
        return inventory
    carried = carry.load(inventory.carried)
    metadata = carried.setdefault("metadata", {})
    gaps = inventory.gaps
    if version is not None:
        gaps = tuple(each for each in gaps if not each.reason.startswith(_VERSIONS))
        metadata.setdefault("component", {})["version"] = version
    if manufacturer is not None:
        maker = _maker(manufacturer)
        metadata["manufacturer"] = maker
        subject = metadata.setdefault("component", {})
        if isinstance(subject, dict):
            # Who makes the whole, and not only this BOM of it.
            subject.update(manufacturer=maker, supplier=maker)
    supplier = " ".join((manufacturer or "").replace("<", " <").split())
    return replace(
        inventory,
        components=tuple(
            replace(
                each,
                version=each.version or version,
                supplier=each.supplier or supplier,
            )
            if _is_whole(each)
            else each
            for each in inventory.components
        ),
        carried=carry.dump(carried),
        gaps=gaps,
    )


def _is_whole(component: Component) -> bool:
    purl = component.purl
    foreign = purl is not None and purl.type != "generic"
    return (
        component.kind is Kind.MODEL and component.location.path == "." and not foreign
    )


def _maker(text: str) -> _Object:
    found = _MAKER.fullmatch(text.strip())
    contact = found["contact"] if found else None
    if found and contact is None:
        return {"name": found["name"]}
    if found and contact and _MAIL.fullmatch(contact):
        return {"name": found["name"], "contact": [{"email": contact}]}
    if found and contact and _ADDRESS.fullmatch(contact):
        return {"name": found["name"], "url": [contact]}
    raise UsageError(
        f"`{text[:140]}` is no manufacturer",
        hint="write a name and how to reach it: `Acme GmbH <psirt@acme.example>`",
    )
