"""Count what a BOM says that nobody here examines, though it is kept."""

from typing import Final

from mcpchain.bom import formulation
from mcpchain.bom.entry import Entry
from mcpchain.bom.tally import Tally
from mcpchain.document import join
from mcpchain.inventory import Collector, State

OTHER_BOMS: Final = "references to other BOMs, which were not followed"
_READ: Final = frozenset(
    {
        "$schema",
        "bomFormat",
        "signature",
        "properties",
        "definitions",
        "citations",
        "annotations",
        "components",
        "compositions",
        "dependencies",
        "metadata",
        "serialNumber",
        "services",
        "specVersion",
        "version",
    }
)
"""What is read, and what says something of the document alone."""
_UNREAD: Final = frozenset({"declarations", "formulation", "vulnerabilities"})


def count(root: Entry, found: Collector, tally: Tally, *, ours: bool) -> None:
    """Count the members of the document *root* that are kept, but not examined.

    Args:
        root: The document.
        found: Takes what is malformed.
        tally: Counts.
        ours: We wrote it.
    """
    for key in root:
        pointer = join("", key)
        if key in _READ or key not in root:
            continue
        with found.entry():
            if key == "externalReferences":
                for each in root.entries(key):
                    if each.text("type") == "bom":
                        tally.note(OTHER_BOMS, each.pointer)
            elif key in _UNREAD:
                many = len(root.items(key)) if key != "declarations" else 1
                if ours and key == "formulation":
                    many = len(formulation.others(root.items(key)))
                if many:
                    tally.note(f"entries of `{key}`", pointer, count=many)
            else:
                what = "members of the document that CycloneDX does not have"
                tally.note(what, pointer)


def incomplete(root: Entry, found: Collector, tally: Tally) -> None:
    """Take the document *root* at its word if it calls itself incomplete."""
    with found.entry():
        for each in root.entries("compositions"):
            if (each.text("aggregate") or "").startswith("incomplete"):
                what = "parts of the list that the BOM itself calls incomplete"
                tally.note(what, each.pointer, State.UNMATCHED)
