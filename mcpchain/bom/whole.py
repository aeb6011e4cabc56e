"""What another BOM says of the whole that it lists, kept and put back.

The `carried` of an inventory has the members of the document beside ours:

    metadata      what is said of the BOM and of its subject, but for our own words
    dependencies  edges that no relation holds: those of the subject, those to what is
                  not listed, and what one component provides for another
    compositions  beside ours
    serialNumber, version, specVersion, $schema, signature, metadata.timestamp
                  of the other BOM; never put back, since the BOM is another now
    ...           every other member, as it is
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.bom import carry, formulation, structure
from mcpchain.bom.entry import Entry
from mcpchain.bom.structure import Graph
from mcpchain.inventory import Inventory

TARGET: Final = "urn:mcpchain:target"
"""The `bom-ref` of what was examined, unless a BOM gave it another."""
HEAD: Final = frozenset(
    {"$schema", "bomFormat", "serialNumber", "specVersion", "version"}
)
"""Members that every document has of its own."""
_TOOL: Final = "mcpchain"

_Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ours:
    """What we write of a whole without anything carried."""

    target: str
    """The `bom-ref` of what was examined."""
    graph: Graph
    compositions: list[_Object]
    lifecycles: list[_Object]

    @classmethod
    def of(cls, inventory: Inventory, edges: structure.Edges, target: str) -> "Ours":
        """Derive it from *inventory*, whose relations are sorted into *edges*."""
        return cls(
            target=target,
            graph=structure.graph(inventory, edges.depends, target),
            compositions=structure.compositions(inventory, target),
            lifecycles=structure.lifecycles(inventory.components),
        )


class Whole:
    """Takes over what a document says of the whole.

    Args:
        root: The document.
        homeless: What a property of ours keeps of it; `None`, if it is not ours.
        carrier: Takes over values.
    """

    def __init__(
        self, root: Entry, homeless: _Object | None, carrier: carry.Carrier
    ) -> None:
        self._is_ours = homeless is not None
        skipped = {"bomFormat", "components", "services", "metadata"}
        if self._is_ours:
            skipped |= HEAD
        raw = root.raw()
        found = {k: v for k, v in raw.items() if k not in skipped}
        if self._is_ours and "formulation" in found:
            found["formulation"] = formulation.others(found["formulation"])
            if not found["formulation"]:
                del found["formulation"]
        if isinstance(metadata := raw.get("metadata"), dict):
            subject = metadata.get("component")
            known = {"component"} if isinstance(subject, dict) else ()
            metadata = {k: v for k, v in metadata.items() if k not in known}
        self._metadata = carrier.clean(metadata, "/metadata")
        self._found: _Object = carrier.clean(found, "")
        self._homeless: _Object = carrier.clean(homeless or {}, "/metadata")

    def carried(self, ours: Ours, subject: _Object) -> str:
        """Return what the document says beside *ours*.

        Args:
            ours: What we write ourselves.
            subject: What is carried of the subject.
        """
        found = dict(self._found)
        listed = found.pop("compositions", [])
        listed = listed if isinstance(listed, list) else [listed]
        if listed := carry.rest(listed, ours.compositions):
            found["compositions"] = listed
        if edges := self._edges(found.pop("dependencies", None), ours.graph):
            found["dependencies"] = edges
        more = {k: v for k, v in self._homeless.items() if k != "dependencies"}
        metadata = self._told(ours, more.pop("metadata", None))
        if subject and isinstance(metadata, dict):
            metadata["component"] = subject
        if metadata not in (None, {}):
            more["metadata"] = metadata
        return carry.dump(found | more)

    def _told(self, ours: Ours, homeless: Any) -> Any:  # noqa: ANN401 - JSON
        if not isinstance(self._metadata, dict):
            return self._metadata
        if not isinstance(homeless, dict) and homeless is not None:
            return homeless
        found = dict(self._metadata)
        if isinstance(listed := found.get("lifecycles"), list):
            found["lifecycles"] = carry.rest(listed, ours.lifecycles)
        shared = {"lifecycles", "properties"}
        if self._is_ours:
            shared.add("tools")
            found.pop("timestamp", None)
            found["properties"] = carry.others(found.get("properties"))
            found["tools"] = _without_us(found.get("tools"))
        found = {k: v for k, v in found.items() if v or k not in shared}
        return found | (homeless or {})

    def _edges(self, listed: Any, ours: Graph) -> list[Any]:  # noqa: ANN401 - JSON
        more = self._homeless.get("dependencies")
        entries = [
            *(listed if isinstance(listed, list) else ()),
            *(more if isinstance(more, list) else ()),
        ]
        depends, provides, broken = _merged(entries)
        found: list[Any] = []
        for ref in sorted(depends):
            entry: _Object = {"ref": ref}
            if left := sorted(depends[ref] - set(ours.get(ref, ()))):
                entry["dependsOn"] = left
            if provides[ref]:
                entry["provides"] = sorted(provides[ref])
            if len(entry) > 1 or ref not in ours:
                found.append(entry)
        if not isinstance(listed, list) and listed is not None:
            broken.append(listed)
        return found + broken


def _merged(
    entries: Iterable[Any],
) -> tuple[dict[str, set[str]], dict[str, set[str]], list[Any]]:
    """Join edges by their source; what is no edge comes last."""
    depends: dict[str, set[str]] = {}
    provides: dict[str, set[str]] = {}
    broken = []
    for each in entries:
        if not is_edge(each):
            broken.append(each)
            continue
        depends.setdefault(each["ref"], set()).update(each.get("dependsOn", ()))
        provides.setdefault(each["ref"], set()).update(each.get("provides", ()))
    return depends, provides, broken


def is_edge(value: Any) -> bool:  # noqa: ANN401 - JSON
    """Say whether *value* has the shape of an entry of `dependencies`."""
    if not isinstance(value, dict) or not isinstance(value.get("ref"), str):
        return False
    if value.keys() - {"ref", "dependsOn", "provides"}:
        return False
    lists = [value.get("dependsOn", []), value.get("provides", [])]
    return all(
        isinstance(each, list) and all(isinstance(ref, str) for ref in each)
        for each in lists
    )


def _without_us(tools: Any) -> Any:  # noqa: ANN401 - JSON
    """Return *tools* without the one that wrote the document: us."""
    if isinstance(tools, list):
        return tools[1:] if tools and _is_us(tools[0]) else tools
    if not isinstance(tools, dict) or not isinstance(tools.get("components"), list):
        return tools
    first, *more = tools["components"] or [None]
    if not _is_us(first):
        return tools
    left = {key: value for key, value in tools.items() if key != "components"}
    return left | ({"components": more} if more else {})


def with_us(tools: Any, version: str) -> Any:  # noqa: ANN401 - JSON
    """Return *tools*, which may be those of another BOM, with us before them."""
    tool = {"name": _TOOL, "version": version}
    if isinstance(tools, list):
        return [tool, *tools]
    us = {"type": "application"} | tool
    return tools | {"components": [us, *tools.get("components", ())]}


def _is_us(tool: Any) -> bool:  # noqa: ANN401 - JSON
    return isinstance(tool, dict) and tool.get("name") == _TOOL
