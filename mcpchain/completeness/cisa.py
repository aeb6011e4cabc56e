"""CISA, *2025 Minimum Elements for a Software Bill of Materials*, draft (August 2025).

The draft keeps what NTIA asked for in 2021, with sharper words, and adds to it: hashes
with their algorithm, licences, the tool, and in what phase of the life cycle the BOM
was made. It asks for all components and not only for the topmost ones, so that a BOM
has to say where it does not know more. No final text had been found when this was
written.
"""

from dataclasses import replace
from typing import Final

from mcpchain.completeness import elements
from mcpchain.completeness.requirement import Profile, Requirement

_COVERAGE: Final = Requirement(
    id="coverage",
    title="how complete it is",
    clause="practices: Coverage, and known unknowns",
    hint="say it in `compositions`; `mcpchain sbom` does",
    bom=lambda bom: bom.coverage,
)
_PRODUCER: Final = replace(elements.SUPPLIER, id="producer", title="a producer")

PROFILE: Final = Profile(
    id="cisa",
    title="CISA minimum elements (2025 draft)",
    reference="CISA, 2025 Minimum Elements for a Software Bill of Materials (SBOM), "
    "draft for public comment, 22 August 2025",
    requirements=(
        *(
            replace(asked, clause=f"data fields: {field}")
            for field, asked in (
                ("SBOM Author", elements.AUTHOR),
                ("Software Producer", _PRODUCER),
                ("Component Name", elements.NAME),
                ("Component Version", elements.VERSION),
                ("Software Identifiers", elements.IDENTIFIER),
                ("Component Hash", elements.HASH),
                ("License", elements.LICENSE),
                ("Dependency Relationship", elements.DEPENDENCY),
                ("Tool Name", elements.TOOL),
                ("Timestamp", elements.TIMESTAMP),
                ("Generation Context", elements.CONTEXT),
            )
        ),
        _COVERAGE,
    ),
)
