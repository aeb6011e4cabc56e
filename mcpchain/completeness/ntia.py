"""NTIA, *The Minimum Elements For a Software Bill of Materials* (12 July 2021).

Seven data fields. Three are of the BOM: who made it, when, and how the components hang
together; four of each component: who supplies it, what it is called, which version it
is, and an identifier by which others know it. The subject of the BOM is a component.

How deep a BOM goes, how often it is made and who gets it are asked for as well, and no
document can show them.
"""

from dataclasses import replace
from typing import Final

from mcpchain.completeness import elements
from mcpchain.completeness.requirement import Profile

_AUTHOR: Final = replace(
    elements.AUTHOR,
    title="an author",
    bom=lambda bom: bool(bom.authors or bom.tools),
)

PROFILE: Final = Profile(
    id="ntia",
    title="NTIA minimum elements (2021)",
    reference="NTIA, The Minimum Elements For a Software Bill of Materials (SBOM), "
    "12 July 2021",
    requirements=tuple(
        replace(asked, clause=f"section III, data fields: {field}")
        for field, asked in (
            ("Supplier Name", elements.SUPPLIER),
            ("Component Name", elements.NAME),
            ("Version of the Component", elements.VERSION),
            ("Other Unique Identifiers", elements.IDENTIFIER),
            ("Dependency Relationship", elements.DEPENDENCY),
            ("Author of SBOM Data", _AUTHOR),
            ("Timestamp", elements.TIMESTAMP),
        )
    ),
)
