"""Put what another BOM says back in its place.

A member stands where it stood, as the other BOM has it. Where we would have written
something else there, a property says what the entry is read as. What this version of
CycloneDX has no place for stands in a property, as JSON.
"""

from collections.abc import Callable
from typing import Any, Final

from mcpchain.bom import carry, makers, properties
from mcpchain.bom.fits import Fits, fitting
from mcpchain.bom.marks import compact, property_entry

_ELSEWHERE: Final = frozenset(
    {
        "$schema",
        "bom-ref",
        "bomFormat",
        "serialNumber",
        "signature",
        "specVersion",
        "timestamp",
        "version",
    }
)
"""Members that would not be true in a BOM that is not the same to the byte."""

_Object = dict[str, Any]


class Placer:
    """Puts back what components and documents carry.

    Args:
        version: The version of the specification that is written.
    """

    def __init__(self, version: str) -> None:
        self._fits = Fits(version)

    def component(self, entry: _Object, carried: str) -> _Object:
        """Return *entry*, which we made, with what its component carries."""
        members = carry.load(carried)
        ours = carry.COMPONENT | carry.MAKERS
        return _placed(entry, members, self._fits.component, ours)

    def service(self, entry: _Object, carried: str) -> _Object:
        """Return *entry*, which we made of a service, with what that carries."""
        members = carry.load(carried)
        if members.get("type") == carry.SERVICE:
            del members["type"]
        return _placed(entry, members, self._fits.service, carry.SERVICES)

    def metadata(self, metadata: _Object, members: _Object) -> _Object:
        """Add to our *metadata* what it has a place for; return the rest."""
        return _added(metadata, members, self._fits.metadata)

    def document(self, body: _Object, members: _Object) -> _Object:
        """Add to our *body* what it has a place for; return the rest."""
        return _added(body, members, self._fits.document)


def _placed(
    entry: _Object,
    members: _Object,
    fits: Callable[[_Object], bool],
    ours: frozenset[str],
) -> _Object:
    bare = {key: value for key, value in entry.items() if key != "properties"}
    apart = carry.NESTED | (_ELSEWHERE - {"version"})
    more = {key: value for key, value in members.items() if key not in apart}
    placed, homeless = _sorted_out(more, fits)
    marks = placed.pop("properties", [])
    if not fits(bare | placed):
        # Members that are valid one by one, and not together.
        homeless |= {key: more[key] for key in placed}
        placed = {}
    homeless |= {key: value for key, value in members.items() if key not in more}
    told = []
    told_apart = ours - (carry.NEWER - bare.keys())
    if makers.told(bare) or not makers.told(bare | placed):
        # Without that, what another BOM says would be read as if we had said it.
        told_apart -= carry.MAKERS - bare.keys()
    if read_as := {key: bare.get(key) for key in placed if key in told_apart}:
        told.append(property_entry(properties.AS_READ, compact(read_as)))
    if homeless:
        told.append(property_entry(properties.CARRIED, compact(homeless)))
    return bare | placed | {"properties": [*entry["properties"], *marks, *told]}


def _added(
    holder: _Object, members: _Object, fits: Callable[[_Object], bool]
) -> _Object:
    """Add *members* to *holder*, lists to lists; return those that do not fit."""
    more = {key: value for key, value in members.items() if key not in _ELSEWHERE}
    placed, homeless = _sorted_out(more, fits)
    for key, value in placed.items():
        if key not in holder:
            holder[key] = value
        elif isinstance(holder[key], list) and isinstance(value, list):
            holder[key] = [*holder[key], *value]
        else:
            homeless[key] = more[key]
    return homeless | {key: members[key] for key in members if key not in more}


def _sorted_out(
    members: _Object, fits: Callable[[_Object], bool]
) -> tuple[_Object, _Object]:
    """Return what of *members* fits, and those that do not fit as a whole."""
    placed: _Object = {}
    homeless: _Object = {}
    for key, value in members.items():
        kept = carry.others(value) if key == "properties" else value
        kept = fitting(fits, key, kept)
        if kept is not None:
            placed[key] = kept
        if kept is None or kept != value:
            homeless[key] = value
    return placed, homeless
