"""A folder that is a model, named by the bytes of all its files.

Its purl is `pkg:generic/<name>?checksum=sha256:<hash>`: the SHA-256 of a line for each
of its files, sorted, that is their path below the folder, a zero byte, and their
SHA-256 in hexadecimal digits. So a waiver for it ends when any of them changes.
"""

import hashlib
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import replace

from packageurl import PackageURL

from mcpchain.artifact import Algorithm
from mcpchain.component import Component, Kind, ModelFacts
from mcpchain.inventory import Inventory, RelationKind


def named(inventory: Inventory) -> Inventory:
    """Return *inventory* with a purl for each model that is a folder without one."""
    known = {each.ref: each for each in inventory.components}
    held = contents(inventory, known)
    for each in inventory.components:
        if each.kind is Kind.MODEL and _is_nameless(each):
            parts = held.get(each.ref, ())
            known[each.ref] = replace(each, purl=by_files(each, parts))
    for edge in inventory.relations:
        source, base = known.get(edge.source), known.get(edge.target)
        if edge.kind is RelationKind.DEPENDS_ON and source and base:
            known[edge.source] = _based(source, base)
    return replace(
        inventory, components=tuple(known[each.ref] for each in inventory.components)
    )


def _based(model: Component, base: Component) -> Component:
    """Return *model* with the purl of its *base*, where it names that by its path.

    What an adapter is loaded onto is a folder before it is a repository.
    """
    facts = model.facts
    if not isinstance(facts, ModelFacts) or base.kind is not Kind.MODEL:
        return model
    path = base.location.path
    places = (model.location.path, posixpath.dirname(model.location.path), "")
    bases = tuple(
        replace(each, purl=base.purl)
        if (each.purl is None or each.relation == "adapter")
        and path in {posixpath.normpath(posixpath.join(p, each.name)) for p in places}
        else each
        for each in facts.bases
    )
    return replace(model, facts=replace(facts, bases=bases)) if facts.bases else model


def _is_nameless(model: Component) -> bool:
    """Say whether nothing names the bytes of *model*: a hub's commit would."""
    return model.purl is None and model.pin is None and not model.artifacts


def contents(
    inventory: Inventory, known: Mapping[str, Component]
) -> dict[str, list[Component]]:
    """Return what each component holds, by its ref; not what is held by that."""
    held: dict[str, list[Component]] = {}
    for each in inventory.relations:
        if each.kind is RelationKind.CONTAINS and each.target in known:
            held.setdefault(each.source, []).append(known[each.target])
    return held


def by_files(folder: Component, parts: Sequence[Component]) -> PackageURL | None:
    """Return the purl of *folder*; `None` unless every file in it has a SHA-256."""
    lines: set[str] = set()
    start = f"{folder.location.path}/"
    for part in parts:
        path = part.location.path.removeprefix(start)
        if part.kind is Kind.MODEL and not part.artifacts:
            if part.purl is None or "checksum" not in part.purl.qualifiers:
                return None  # a folder that has no such name itself
            lines.add(f"{path}\0{part.purl.qualifiers['checksum']}")
            continue
        digests = [
            digest
            for artifact in part.artifacts
            for digest in artifact.digests
            if digest.algorithm is Algorithm.SHA256
        ]
        if len(digests) != 1:
            return None
        lines.add(f"{path}\0{digests[0].value}")
    if not lines or not folder.name:
        return None
    whole = hashlib.sha256()
    for line in sorted(lines):
        whole.update(f"{line}\n".encode("utf-8", "backslashreplace"))
    checksum = {"checksum": f"sha256:{whole.hexdigest()}"}
    return PackageURL(type="generic", name=folder.name, qualifiers=checksum)
