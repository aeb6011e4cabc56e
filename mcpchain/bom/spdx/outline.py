"""What an SPDX document is about, and the relationships in it, before any is judged."""

from collections.abc import Callable, Iterable
from typing import Any, Final

from mcpchain.bom.entry import Entry
from mcpchain.bom.spdx.relations import DESCRIBED_BY, DESCRIBES
from mcpchain.bom.spdx.translate import said
from mcpchain.inventory import Collector

DOCUMENT: Final = "SPDXRef-DOCUMENT"
"""How a document calls itself."""

Raw = tuple[str, str, str, Entry]
"""Source, kind and target of a relationship, and where it is said."""


def each(
    root: Entry, key: str, found: Collector, keep: Callable[[Entry], None]
) -> None:
    """Hand every object under *key* to *keep*; what is malformed is a gap."""
    items: list[Any] = []
    with found.entry():
        items = root.items(key)
    for index, value in enumerate(items):
        with found.entry():
            keep(Entry(value, root.source, f"{root.pointer}/{key}/{index}"))


def relationships(root: Entry, found: Collector) -> list[Raw]:
    """Return all of them, and the files that packages name as theirs."""
    listed: list[Raw] = []

    def keep(entry: Entry) -> None:
        kind = entry.required("relationshipType").replace("-", "_").upper()
        source = entry.required("spdxElementId")
        listed.append((source, kind, entry.required("relatedSpdxElement"), entry))

    def files(entry: Entry) -> None:
        source = entry.text("SPDXID") or ""
        listed.extend((source, "CONTAINS", t, entry) for t in entry.texts("hasFiles"))

    each(root, "relationships", found, keep)
    each(root, "packages", found, files)
    return listed


def described(root: Entry, found: Collector, listed: Iterable[Raw]) -> list[str]:
    """Return the SPDXIDs of what the document describes."""
    ids: list[str] = []
    with found.entry():
        ids += root.texts("documentDescribes")
    for source, kind, target, _ in listed:
        if kind == DESCRIBES and source == DOCUMENT:
            ids.append(target)
        elif kind == DESCRIBED_BY and target == DOCUMENT:
            ids.append(source)
    return [*dict.fromkeys(ids)]


def whole(root: Entry, found: Collector, subjects: list[str]) -> Entry | None:
    """Return the only package described, if it is nothing but the whole.

    One that names a package, or bytes of its own, is what will be run.
    """
    if len(subjects) != 1:
        return None
    with found.entry():
        entry = _package(root, subjects[0])
        if entry is not None and len(root.items("packages")) > 1 and _is_bare(entry):
            return entry
    return None


def subject(root: Entry) -> tuple[str, str | None]:
    """Return name and version of the first package that a document describes.

    Nothing, if it does not say which that is.

    Raises:
        MalformedError: It is not said in a way that can be read.
    """
    unheard = Collector(root.source)
    ids = described(root, unheard, relationships(root, unheard))
    entry = _package(root, ids[0]) if ids else None
    if entry is None:
        return "", None
    return entry.text("name") or "", said(entry.text("versionInfo"))


def _package(root: Entry, spdxid: str) -> Entry | None:
    for index, value in enumerate(root.items("packages")):
        if isinstance(value, dict) and value.get("SPDXID") == spdxid:
            return Entry(value, root.source, f"{root.pointer}/packages/{index}")
    return None


def _is_bare(entry: Entry) -> bool:
    """Say whether a package has neither a purl, nor bytes, nor a place of its own."""
    place = entry.raw().get("downloadLocation")
    return not (
        entry.raw().get("externalRefs")
        or entry.raw().get("checksums")
        or (isinstance(place, str) and said(place))
    )
