"""Compare what a target says of the bytes of its files with the bytes.

A manifest may list files with their digests, and a cache may name a file by its own.
Such a claim is a declared component without purl, whose only artifact bears the path of
the file as its name. Where the file is there and was hashed, the claim is compared and
then goes, since the file speaks for itself; where it is not, the claim is all there is.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Basis, Component, Kind
from mcpchain.inventory import Collector, Gap, Inventory, State

_KINDS: Final = frozenset({Kind.MODEL, Kind.DATA, Kind.FILE})
_HINT: Final = "find out which of the two is right: the file or what lists it"

Hashed = Callable[[str, Algorithm], Digest | None]
"""Returns the digest of the file at a path; `None` if it cannot be read any more. Of
several claims about one file each asks, so it should remember."""


def compared(inventory: Inventory, hashed: Hashed) -> Inventory:
    """Return *inventory* without the claims about its files, each compared.

    Args:
        inventory: With a digest of each file that could be hashed.
        hashed: For claims by another algorithm, whichever it is.
    """
    claims = [each for each in inventory.components if _claim(each) is not None]
    if not claims:
        return inventory
    files = {
        artifact.name: (component, artifact)
        for component in inventory.components
        for artifact in component.artifacts
        if component.basis is Basis.OBSERVED and artifact.digests
    }
    gone: dict[str, str] = {}
    gaps = list(inventory.gaps)
    for component in claims:
        claim = _claim(component)
        if claim is None or claim.name not in files:
            continue
        file, bytes_of = files[claim.name]
        gone[component.ref] = file.ref
        gaps += _conflicts(component, claim, file, bytes_of, hashed)
    return _without(replace(inventory, gaps=tuple(gaps)), gone)


def _claim(component: Component) -> Artifact | None:
    """Return what *component* says of a file, if it does nothing else."""
    alone = len(component.artifacts) == 1 and component.purl is None
    if not alone or component.basis is not Basis.DECLARED:
        return None
    return component.artifacts[0] if component.kind in _KINDS else None


def _conflicts(
    component: Component,
    claim: Artifact,
    file: Component,
    bytes_of: Artifact,
    hashed: Hashed,
) -> Iterator[Gap]:
    """Yield a gap for the first thing in which a file is not what is said of it."""
    for is_, said in _pairs(claim, bytes_of, hashed):
        if is_ == said:
            continue
        yield Gap(
            stage="discover",
            location=component.location,
            reason=f"says that `{claim.name[:140]}` is {said}, but it is {is_}",
            state=State.CONFLICT,
            hint=_HINT,
            ref=file.ref,
        )
        return


def _pairs(
    claim: Artifact, bytes_of: Artifact, hashed: Hashed
) -> Iterator[tuple[str, str]]:
    """Yield what the bytes are beside what is said of them, the cheapest first."""
    if claim.size is not None and bytes_of.size is not None:
        yield f"{bytes_of.size:,} bytes long", f"{claim.size:,} bytes long"
    for said in claim.digests:
        is_ = bytes_of.digest(said.algorithm) or hashed(claim.name, said.algorithm)
        if is_ is not None:
            yield str(is_), str(said)


def _without(inventory: Inventory, gone: Mapping[str, str]) -> Inventory:
    """Return *inventory* with one component in place of another, by their refs."""
    if not gone:
        return inventory
    relations = [
        replace(
            each,
            source=gone.get(each.source, each.source),
            target=gone.get(each.target, each.target),
        )
        for each in inventory.relations
    ]
    kept = [each for each in inventory.components if each.ref not in gone]
    gaps = [replace(e, ref=gone.get(e.ref or "", e.ref)) for e in inventory.gaps]
    found = Collector(inventory.name)
    found.include(
        replace(
            inventory,
            components=tuple(kept),
            relations=tuple(each for each in relations if each.source != each.target),
            gaps=tuple(gaps),
        )
    )
    return found.inventory()
