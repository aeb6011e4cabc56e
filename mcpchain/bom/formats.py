"""Read a BOM of any format that we read: CycloneDX or SPDX, as JSON."""

from typing import Final

from mcpchain.bom.entry import Entry
from mcpchain.bom.read import read as read_cyclonedx
from mcpchain.component import Location
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, Inventory, State

MARKS: Final = (b'"bomFormat"', b'"spdxVersion"')
"""One of these stands in every BOM that is read."""
_HEAD: Final = 4096
_WRAPPED: Final = "sbom"
"""The member under which GitHub's API delivers an SPDX document."""
_HINT: Final = (
    "convert it to SPDX 2.3 or CycloneDX as JSON, which `mcpchain sbom` writes, or "
    "examine the files that it was made from"
)


def read(
    data: bytes, *, source: str, whole: bool = True, edges: int | None = None
) -> Inventory:
    """Return what the BOM *data* lists.

    Args:
        data: CycloneDX 1.4 to 1.7 or SPDX 2.2 or 2.3, as JSON. SPDX of another kind
            is a gap.
        source: What to call it in locations and messages.
        whole: Whether to carry along what we have no words for.
        edges: How many dependencies are read, at most.

    Raises:
        MalformedError: It is no BOM.
    """
    if kind := unread(data):
        return _unsupported(f"{kind} is not read", source)
    if MARKS[1] not in data:
        return read_cyclonedx(data, source=source, whole=whole, edges=edges)
    root = _opened(data, source)
    if "spdxVersion" not in root:
        return read_cyclonedx(data, source=source, whole=whole, edges=edges)
    if "bomFormat" in root:
        problem = "this is said to be CycloneDX and SPDX, and cannot be both"
        raise root.malformed(problem)
    from mcpchain.bom.spdx.read import VERSIONS
    from mcpchain.bom.spdx.read import read as read_spdx

    version = root.raw()["spdxVersion"]
    if version not in VERSIONS:
        shown = str(version)[:40]
        return _unsupported(
            f"`{shown}` is not read; {' and '.join(VERSIONS)} are", source
        )
    return read_spdx(root, whole=whole, edges=edges)


def subject(data: bytes) -> tuple[str, str | None]:
    """Return name and version of what an SPDX document is about, if it says so.

    Raises:
        MalformedError: It is none.
    """
    from mcpchain.bom.spdx.outline import subject as described

    return described(_opened(data, ""))


def _opened(data: bytes, source: str) -> Entry:
    root = Entry(Node.from_json(data, source=source).value, source, "")
    if "spdxVersion" not in root and _WRAPPED in root:
        return root.entry(_WRAPPED) or root
    return root


def unread(data: bytes) -> str:
    """Say what *data* is, if it is a BOM in a form that is not read."""
    head = data[:_HEAD].removeprefix(b"\xef\xbb\xbf").lstrip()
    if head.startswith(b"SPDXVersion:"):
        return "SPDX as tag-value"
    if head.startswith(b"spdxVersion:") or b"\nspdxVersion:" in head:
        return "SPDX as YAML"
    if head.startswith(b"<") and b"spdx.org/rdf" in head:
        return "SPDX as RDF/XML"
    if head.startswith(b"<") and b"cyclonedx.org/schema/bom" in head:
        return "CycloneDX as XML"
    if b'"@context"' in head and b"spdx.org/rdf/3" in head:
        return "SPDX 3"
    return ""


def is_bom(data: bytes) -> bool:
    """Say whether *data* begins like a BOM of any kind, ours or not."""
    return unread(data) != "" or any(mark in data for mark in MARKS)


def _unsupported(reason: str, source: str) -> Inventory:
    found = Collector(source)
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=source),
            reason=reason,
            state=State.UNSUPPORTED,
            hint=_HINT,
        )
    )
    return found.inventory()
