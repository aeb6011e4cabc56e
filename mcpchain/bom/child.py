"""A BOM that becomes a part of another: what it says of itself, and of the whole.

What it lists is merged with the rest. What it describes becomes an application that
depends on that, bears a reference of the type `bom` with the digest of the document,
and carries what the document says of itself. Everything else that it says, such as
vulnerabilities, stands beside that of the others, and speaks of the merged components.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.artifact import Digest
from mcpchain.bom import carry
from mcpchain.bom.artifacts import ALGORITHMS
from mcpchain.bom.iri import iri
from mcpchain.bom.marks import UNNAMED
from mcpchain.bom.whole import TARGET, is_edge
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.inventory import Inventory

_WORDS: Final = frozenset(
    {"content", "description", "name", "purl", "text", "url", "value", "version"}
)
"""Members whose text is no `bom-ref`, even where it is spelt like one."""
_OF_THE_DOCUMENT: Final = frozenset(
    {"$schema", "metadata", "serialNumber", "signature", "specVersion", "version"}
)

_Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Child:
    """A BOM to merge."""

    label: str
    """Stands before its paths and refs, so that nobody takes one for another's."""
    inventory: Inventory
    document: str = ""
    """The name of the file."""
    digest: Digest | None = None
    """Of the file."""


def subject(child: Child) -> Component:
    """Return the application that stands for what *child* describes."""
    said = carry.load(child.inventory.carried)
    metadata = _object(said.pop("metadata", None))
    members = dict(_object(metadata.pop("component", None)))
    about = {key: said[key] for key in said if key in _OF_THE_DOCUMENT}
    if metadata or about:
        members["metadata"] = metadata | about
    if child.digest is not None:
        spelt = ALGORITHMS[child.digest.algorithm]
        reference = {
            "type": "bom",
            "url": iri(child.document),
            "hashes": [{"alg": spelt, "content": child.digest.value}],
        }
        known = members.get("externalReferences")
        listed = known if isinstance(known, list) else []
        members["externalReferences"] = [*listed, reference]
    return Component(
        kind=Kind.APPLICATION,
        name=child.inventory.name or UNNAMED,
        locations=(Location(path=child.label),),
        pin=Pin.LOCAL,
        facts=PackageFacts(origin=Origin.PATH),
        carried=carry.dump(members),
    )


def names(child: Child, kept: Mapping[str, str], subject_ref: str) -> Mapping[str, str]:
    """Return what each `bom-ref` of *child* is called in the merged BOM.

    Args:
        child: A BOM.
        kept: What the refs of its components became.
        subject_ref: The ref of what it describes.
    """
    said = carry.load(child.inventory.carried)
    found = {ref: f"{child.label}:{ref}" for ref in _defined(said)}
    about = _object(_object(said.get("metadata")).get("component"))
    own = about.get("bom-ref")
    heads = {TARGET, own} if isinstance(own, str) else {TARGET}
    return found | dict.fromkeys(heads - {*kept}, subject_ref) | dict(kept)


def renamed(carried: str, called: Mapping[str, str]) -> str:
    """Return *carried* with every `bom-ref` as the merged BOM has it."""
    return carry.dump(_renamed(carry.load(carried), called)) if carried else ""


def others(child: Child, called: Mapping[str, str]) -> _Object:
    """Return what *child* says of the whole, beside what it says of itself."""
    said = carry.load(child.inventory.carried)
    rest = {key: said[key] for key in said if key not in _OF_THE_DOCUMENT}
    found = _renamed(rest, called)
    return found if isinstance(found, dict) else {}


def edges(said: _Object) -> Iterator[tuple[str, str]]:
    """Take the edges out of what `others` returned, and yield them."""
    listed = said.pop("dependencies", [])
    left = []
    for each in listed if isinstance(listed, list) else ():
        if not is_edge(each) or each.get("provides"):
            left.append(each)
            continue
        yield from ((each["ref"], target) for target in each.get("dependsOn", ()))
    if left:
        said["dependencies"] = left


def tops(inventory: Inventory) -> Iterable[str]:
    """Return the refs of what nothing in *inventory* leads to."""
    inner = {each.target for each in inventory.relations if each.source != each.target}
    outer = [each.ref for each in inventory.components if each.ref not in inner]
    return outer or [each.ref for each in inventory.components]


def _object(value: Any) -> _Object:  # noqa: ANN401 - JSON
    return value if isinstance(value, dict) else {}


def _defined(value: Any) -> Iterator[str]:  # noqa: ANN401 - JSON
    if isinstance(value, list):
        for each in value:
            yield from _defined(each)
    elif isinstance(value, dict):
        for key, each in value.items():
            if key == "bom-ref" and isinstance(each, str):
                yield each
            else:
                yield from _defined(each)


def _renamed(value: Any, called: Mapping[str, str], key: str = "") -> Any:  # noqa: ANN401 - JSON
    if isinstance(value, str):
        return value if key in _WORDS else called.get(value, value)
    if isinstance(value, list):
        return [_renamed(each, called, key) for each in value]
    if isinstance(value, dict):
        return {k: _renamed(each, called, k) for k, each in value.items()}
    return value
