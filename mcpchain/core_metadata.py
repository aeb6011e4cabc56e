"""Core metadata: what a Python distribution says of itself (METADATA, PKG-INFO).

Headers come first, in the style of RFC 822; the description after them is not read.
"""

import re
from dataclasses import dataclass
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain import supplier
from mcpchain.errors import MalformedError
from mcpchain.license import concluded
from mcpchain.license_text import identified_all

LIMIT: Final = 4 << 20
"""How many bytes of METADATA are read."""
BOM_LIMIT: Final = 16 << 20
BOMS: Final = 100
"""How many bytes of a BOM that came with a distribution are read (PEP 770), and how
many of them."""
_SHORT: Final = 100
"""A longer `License` is the text of one."""
_SHOWN: Final = 140
_PEOPLE: Final = 2_000
"""How much of a field is read that names people."""
_FIELD: Final = re.compile(
    r"^(name|version|license(?:-expression|-file)?|requires-dist"
    r"|(?:author|maintainer)(?:-email)?"
    r"|classifier(?=:\s*license ::)):(.*(?:\n[ \t].*)*)",
    re.IGNORECASE | re.MULTILINE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreMetadata:
    """The fields that matter to an inventory."""

    name: str
    """Normalised (PEP 503)."""
    version: str
    """Normalised (PEP 440)."""
    licenses: tuple[str, ...] = ()
    """As its maker declares them: an expression, a name, or whole classifiers."""
    concluded: tuple[str, ...] = ()
    """SPDX expressions that follow from that."""
    license_files: tuple[str, ...] = ()
    """As METADATA names them (PEP 639)."""
    license_text: str = ""
    """A `License` that is no name of one but its text."""
    supplier: str = ""
    """Who makes it: its author or maintainer, rather an organisation than a person."""
    requires: tuple[str, ...] = ()
    """What it depends on, each a requirement (PEP 508) as it is written."""

    @classmethod
    def parse(cls, data: bytes, *, source: str) -> "CoreMetadata":
        """Read the headers of *data*.

        Raises:
            MalformedError: It names no distribution.
        """
        head = _headers(data, source)
        try:
            name = _name(head.get("name", [""])[0])
            version = str(Version(head.get("version", [""])[0]))
        except (ValueError, InvalidVersion) as error:
            raise MalformedError(str(error)[:200], source=source) from None
        short, text = _license(head)
        classifiers = head.get("classifier", [])
        declared = head.get("license-expression", [])[:1] or short or classifiers
        return cls(
            name=name,
            version=version,
            licenses=tuple(dict.fromkeys(declared)),
            # A name that says too little may be said better by a classifier.
            concluded=concluded(declared)
            or concluded(classifiers)
            or (identified_all([text]) if text else ()),
            license_files=tuple(dict.fromkeys(head.get("license-file", ()))),
            license_text=text,
            supplier=_supplier(head),
            requires=tuple(head.get("requires-dist", ())),
        )


def _name(text: str) -> str:
    try:
        return canonicalize_name(text, validate=True)
    except ValueError:
        raise ValueError(f"`{text[:_SHOWN]}` is not the name of a package") from None


def _headers(data: bytes, source: str) -> dict[str, list[str]]:
    """Return the fields that matter, by name in lower case.

    A value keeps its lines. Classifiers are those of licences.
    """
    if b"\r" in data:
        data = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
    head = data.partition(b"\n\n")[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("METADATA is not UTF-8", source=source) from error
    found: dict[str, list[str]] = {}
    for key, value in _FIELD.findall(text):
        found.setdefault(key.lower(), []).append(value.strip())
    return found


def _supplier(head: dict[str, list[str]]) -> str:
    """Return who makes it."""
    people = [
        supplier.of_fields(
            head.get(role, [""])[0][:_PEOPLE],
            head.get(f"{role}-email", [""])[0][:_PEOPLE],
        )
        for role in ("author", "maintainer")
    ]
    return supplier.first((*people[0], *people[1]))


def _license(head: dict[str, list[str]]) -> tuple[list[str], str]:
    """Return what `License` names, or the text that it is."""
    value = head.get("license", [""])[0]
    if not value or value.upper() == "UNKNOWN":
        return [], ""
    if len(value) > _SHORT or "\n" in value:
        return [], value
    return [value], ""
