"""From bytes to the root of a CycloneDX document, ours or anybody's."""

import re
from typing import Any, Final

from mcpchain.bom import properties
from mcpchain.bom.entry import Entry
from mcpchain.bom.marks import Properties
from mcpchain.bom.schemas import VERSIONS
from mcpchain.document import Node
from mcpchain.errors import MalformedError

_ESCAPE: Final = re.compile(r"\\(?:\\|u([0-9a-f]{4}))")
_DEPTH: Final = 200
"""How deep an escaped document may nest; ours are flatter."""


def opened(data: bytes, source: str) -> Entry:
    """Return the root of the CycloneDX JSON document *data*.

    Raises:
        MalformedError: It is no such document, of a version that is read.
    """
    if data.removeprefix(b"\xef\xbb\xbf").lstrip()[:1] == b"<":
        raise MalformedError(
            "XML is not read; convert it to CycloneDX JSON", source=source
        )
    value = Node.from_json(data, source=source).value
    root = Entry(value, source, "")
    if "spdxVersion" in root or ("@context" in root and "@graph" in root):
        raise root.malformed(
            "this is an SPDX document, which is not read; convert it to CycloneDX JSON"
        )
    if root.text("bomFormat") != "CycloneDX":
        raise root.malformed("this is not CycloneDX: `bomFormat` does not say so")
    version = root.text("specVersion") or ""
    if version not in VERSIONS:
        raise root.malformed(
            f"CycloneDX `{version[:40]}` is not read; {VERSIONS[0]} to {VERSIONS[-1]} "
            "are"
        )
    marks = dialect(root)
    if marks is not None and marks.true(properties.ESCAPED):
        return Entry(_unescaped(value, root), source, "")
    return root


def dialect(root: Entry) -> Properties | None:
    """Return the properties of the document if it speaks our vocabulary.

    Raises:
        MalformedError: It speaks a later version of it.
    """
    try:
        metadata = root.entry("metadata")
        marks = Properties(metadata) if metadata else None
    except MalformedError:
        return None
    if marks is None or properties.INVENTORY not in marks:
        return None
    version = marks.one(properties.INVENTORY) or ""
    if version != properties.VOCABULARY:
        raise root.malformed(
            f"written by a later mcpchain (vocabulary `{version[:40]}`)"
        )
    return marks


def _unescaped(value: Any, root: Entry, depth: int = 0) -> Any:  # noqa: ANN401 - JSON
    """Undo, in every string below *value*, what `write` does to text that is none."""
    if depth > _DEPTH:
        raise root.malformed("nested too deeply")
    if isinstance(value, str):
        return _ESCAPE.sub(lambda m: chr(int(m[1], 16)) if m[1] else "\\", value)
    if isinstance(value, list):
        return [_unescaped(each, root, depth + 1) for each in value]
    if type(value) is dict:
        return {k: _unescaped(each, root, depth + 1) for k, each in value.items()}
    return value
