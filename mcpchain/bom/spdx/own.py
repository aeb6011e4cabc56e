"""What SPDX has no member for, in annotations, and back.

Each package of ours has an annotation that holds the CycloneDX entry for the same
thing, and each gap one that holds it as a property does. They are claims like all else
in a BOM, are read only where the document says that it speaks our vocabulary, and only
where the package around an entry says what that entry says.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Final

from mcpchain.bom import carry, own, properties
from mcpchain.bom.encode import component_entry, location_value, service_entry
from mcpchain.bom.entry import Entry
from mcpchain.bom.marks import Properties
from mcpchain.bom.spdx.license_refs import LicenseRefs
from mcpchain.bom.spdx.package import package
from mcpchain.component import Component, Kind
from mcpchain.errors import MalformedError
from mcpchain.inventory import Gap

COMMENT: Final = (
    f"{properties.INVENTORY}: {properties.VOCABULARY}\n"
    "Annotations hold what SPDX has no member for, in the words of CycloneDX and in "
    "properties of mcpchain."
)
"""What a document of ours says of itself, with the version of our vocabulary."""
ENTRY: Final = "mcpchain:entry"
"""Begins the annotation of a package: JSON, `component` or `service` as in CycloneDX,
and whether `graph` lists all that it depends on."""
_ENCODE: Final = json.JSONEncoder(sort_keys=True, separators=(",", ":")).encode
_TEXT: Final = json.JSONEncoder(sort_keys=True, ensure_ascii=False).encode
_HALF: Final = re.compile(r"[\ud800-\udfff]")
_SERVICES: Final = frozenset({Kind.MCP_SERVER, Kind.SERVICE})
_COMPARED: Final = (
    *("name", "versionInfo", "packageFileName", "checksums", "downloadLocation"),
    *("externalRefs", "primaryPackagePurpose", "comment"),
)
"""The members of a package that say what it is, and how firmly."""
_WRITTEN: Final = frozenset(
    {*_COMPARED, "SPDXID", "annotations", "copyrightText", "description"}
    | {"filesAnalyzed", "licenseConcluded", "licenseDeclared", "originator", "supplier"}
)

_Object = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A component as an annotation of ours tells it."""

    component: Component
    ref: str
    """Its `bom-ref`, by which gaps name it."""
    carried: _Object
    """What another BOM said of it, or another tool added to the package."""


def entry_text(component: Component) -> str:
    """Return the annotation for the package that stands for *component*."""
    if component.kind in _SERVICES:
        told: _Object = {"service": service_entry(component)}
    else:
        told = {"component": component_entry(component, starts_server=False)}
    if component.graph:
        told["graph"] = True
    if component.carried:
        told["carried"] = carry.load(component.carried)
    return f"{ENTRY}: {_ENCODE(told)}"


def gap_text(gap: Gap) -> str:
    """Return what stands in an annotation for *gap*, below the text for a reader."""
    value = {
        "stage": gap.stage,
        "location": location_value(gap.location),
        "reason": gap.reason,
        "state": gap.state.value,
        "hint": gap.hint,
    }
    if gap.ref is not None:
        value["ref"] = gap.ref
    return f"{properties.GAP}: {_ENCODE(value)}"


def speaks(root: Entry) -> bool:
    """Say whether a document has annotations of our vocabulary.

    Raises:
        MalformedError: They are of a later one.
    """
    said = root.raw().get("comment")
    name, _, rest = said.partition(": ") if isinstance(said, str) else ("", "", "")
    if name != properties.INVENTORY:
        return False
    version = rest.partition("\n")[0]
    if version != properties.VOCABULARY:
        raise root.malformed(
            f"written by a later mcpchain (vocabulary `{version[:40]}`)"
        )
    return True


def gaps(root: Entry) -> Iterator[tuple[str, Entry]]:
    """Yield the JSON of every gap in a document of ours, and where it stands."""
    for each in root.entries("annotations"):
        last = (each.text("comment") or "").rpartition("\n")[2]
        name, _, value = last.partition(": ")
        if name == properties.GAP:
            yield value, each


def component(entry: Entry) -> Read | None:
    """Return what the package *entry* stands for; `None` if no annotation says it.

    Raises:
        MalformedError: The annotation is not as we write it, or says something else
            than the package.
    """
    texts = [
        text.removeprefix(f"{ENTRY}: ")
        for each in entry.entries("annotations")
        if (text := each.text("comment") or "").startswith(f"{ENTRY}: ")
    ]
    if not texts:
        return None
    if len(texts) > 1:
        raise entry.malformed(f"`{ENTRY}` is given {len(texts)} times")
    told = Entry.from_text(texts[0], entry)
    shown = told.entry("service") or told.entry("component")
    if shown is None:
        raise entry.malformed(f"`{ENTRY}` holds no entry")
    marks = Properties(shown)
    made = (
        own.service(shown, marks) if "service" in told else own.component(shown, marks)
    )
    carried = told.entry("carried")
    members = {} if carried is None else carried.raw()
    made = replace(made, graph=told.raw().get("graph") is True)
    _check(entry, replace(made, carried=carry.dump(members)))
    rest = {k: v for k, v in entry.raw().items() if k not in _WRITTEN}
    if rest:
        members = members | {"spdx": rest}
    return Read(component=made, ref=made.ref, carried=members)


def escaped(text: str) -> str:
    """Return JSON in which half a character became the text of its escape."""
    return _HALF.sub(lambda m: f"\\\\u{ord(m[0]):04x}", text)


def _check(entry: Entry, read_as: Component) -> None:
    """Check that the package says of itself what it is read as."""
    try:
        written = package(read_as, "", LicenseRefs(), supplier="")
    except (AttributeError, LookupError, TypeError, ValueError) as error:
        raise entry.malformed(f"`{ENTRY}` cannot be read") from error
    shown = entry.raw()
    for key in _COMPARED:
        if _TEXT(shown.get(key)) != escaped(_TEXT(written.get(key))):
            raise MalformedError(
                f"`{key}` is not what its annotation `{ENTRY}` says",
                source=entry.source,
                pointer=entry.pointer,
            )
