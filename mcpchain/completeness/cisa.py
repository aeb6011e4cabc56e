"""CISA, *2025 Minimum Elements for a Software Bill of Materials*, draft (August 2025).

The draft keeps what NTIA asked for in 2021, with sharper words, and adds to it: hashes
with their algorithm, licences, the tool, and in what phase of the life cycle the BOM
was made. It asks for all components and not only for the topmost ones, so that a BOM
has to say where it does not know more. No final text had been found when this was
written.
"""

from typing import Final

from mcpchain.completeness import hints
from mcpchain.completeness.requirement import Profile, Requirement

_FIELDS: Final = "data fields: "

PROFILE: Final = Profile(
    id="cisa",
    title="CISA minimum elements (2025 draft)",
    requirements=(
        Requirement(
            id="author",
            title="an author who is no tool",
            clause=_FIELDS + "SBOM Author",
            hint=hints.AUTHOR,
            bom=lambda bom: bool(bom.authors),
        ),
        Requirement(
            id="producer",
            title="a producer",
            clause=_FIELDS + "Software Producer",
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
            clause=_FIELDS + "Component Version",
            hint=hints.VERSION,
            part=lambda part: bool(part.version),
        ),
        Requirement(
            id="identifier",
            title="a purl, CPE or SWID tag",
            clause=_FIELDS + "Software Identifiers",
            hint=hints.IDENTIFIER,
            part=lambda part: bool(part.identifiers),
        ),
        Requirement(
            id="hash",
            title="a hash with its algorithm",
            clause=_FIELDS + "Component Hash",
            hint=hints.HASH,
            part=lambda part: bool(part.hashes),
        ),
        Requirement(
            id="license",
            title="a licence",
            clause=_FIELDS + "License",
            hint=hints.LICENSE,
            part=lambda part: bool(part.declared or part.concluded),
        ),
        Requirement(
            id="dependency",
            title="a place in the dependency graph",
            clause=_FIELDS + "Dependency Relationship",
            hint=hints.DEPENDENCY,
            part=lambda part: part.related,
        ),
        Requirement(
            id="tool",
            title="the name of the tool",
            clause=_FIELDS + "Tool Name",
            hint=hints.TOOL,
            bom=lambda bom: bool(bom.tools),
        ),
        Requirement(
            id="timestamp",
            title="the time at which it was made",
            clause=_FIELDS + "Timestamp",
            hint=hints.TIMESTAMP,
            bom=lambda bom: bool(bom.timestamp),
        ),
        Requirement(
            id="context",
            title="the phase of the life cycle",
            clause=_FIELDS + "Generation Context",
            hint=hints.CONTEXT,
            bom=lambda bom: bool(bom.phases),
        ),
        Requirement(
            id="coverage",
            title="how complete it is",
            clause="practices: Coverage, and known unknowns",
            hint="say it in `compositions`; `mcpchain sbom` does",
            bom=lambda bom: bom.coverage,
        ),
    ),
)
