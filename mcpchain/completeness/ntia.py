"""NTIA, *The Minimum Elements For a Software Bill of Materials* (12 July 2021).

Seven data fields. Three are of the BOM: who made it, when, and how the components hang
together; four of each component: who supplies it, what it is called, which version it
is, and an identifier by which others know it. The subject of the BOM is a component.

How deep a BOM goes, how often it is made and who gets it are asked for as well, and no
document can show them.
"""

from typing import Final

from mcpchain.completeness import hints
from mcpchain.completeness.requirement import Profile, Requirement

_FIELDS: Final = "section III, data fields: "

PROFILE: Final = Profile(
    id="ntia",
    title="NTIA minimum elements (2021)",
    requirements=(
        Requirement(
            id="supplier",
            title="a supplier",
            clause=_FIELDS + "Supplier Name",
            hint=hints.SUPPLIER,
            part=lambda part: bool(part.supplier),
        ),
        Requirement(
            id="name",
            title="a name",
            clause=_FIELDS + "Component Name",
            hint=hints.NAME,
            part=lambda part: bool(part.name),
        ),
        Requirement(
            id="version",
            title="a version",
            clause=_FIELDS + "Version of the Component",
            hint=hints.VERSION,
            part=lambda part: bool(part.version),
        ),
        Requirement(
            id="identifier",
            title="a purl, CPE or SWID tag",
            clause=_FIELDS + "Other Unique Identifiers",
            hint=hints.IDENTIFIER,
            part=lambda part: bool(part.identifiers),
        ),
        Requirement(
            id="dependency",
            title="a place in the dependency graph",
            clause=_FIELDS + "Dependency Relationship",
            hint=hints.DEPENDENCY,
            part=lambda part: part.related,
        ),
        Requirement(
            id="author",
            title="an author",
            clause=_FIELDS + "Author of SBOM Data",
            hint=hints.AUTHOR,
            bom=lambda bom: bool(bom.authors or bom.tools),
        ),
        Requirement(
            id="timestamp",
            title="the time at which it was made",
            clause=_FIELDS + "Timestamp",
            hint=hints.TIMESTAMP,
            bom=lambda bom: bool(bom.timestamp),
        ),
    ),
)
