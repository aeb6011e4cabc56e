"""Regulation (EU) 2024/2847, the Cyber Resilience Act, as far as a BOM can show it.

Annex I, part II (1) asks for a BOM in a commonly used, machine-readable format that
covers at least the top-level dependencies. Annex II asks who makes the product, what it
is exactly, and where vulnerabilities are reported. Which fields a BOM has to have may
still be laid down (article 13 (24)); until then a component counts as identified if its
vulnerabilities can be looked up: by name, version and an identifier.
"""

from typing import Final

from mcpchain.completeness import hints
from mcpchain.completeness.requirement import Profile, Requirement

_HANDLING: Final = "annex I, part II (1)"

PROFILE: Final = Profile(
    id="cra",
    title="EU Cyber Resilience Act",
    requirements=(
        Requirement(
            id="manufacturer",
            title="the manufacturer of the product",
            clause="annex II (1)",
            hint=hints.PRODUCER,
            bom=lambda bom: bool(bom.makers),
        ),
        Requirement(
            id="contact",
            title="an address for reports of vulnerabilities",
            clause="annex II (2)",
            hint=hints.CONTACT,
            bom=lambda bom: (
                bool(bom.reachable)
                or bool(bom.addresses & {"security-contact", "rfc-9116"})
            ),
        ),
        Requirement(
            id="product",
            title="name and version of the product",
            clause="annex II (3)",
            hint="a manifest at the root names both; else say the version with "
            "`mcpchain sbom --project-version VERSION`",
            bom=lambda bom: (
                bom.subject is not None
                and bool(bom.subject.name and bom.subject.version)
            ),
        ),
        Requirement(
            id="top-level",
            title="the top-level dependencies of the product",
            clause=_HANDLING,
            hint="say in `dependencies` what `metadata.component` depends on",
            bom=lambda bom: bom.direct,
        ),
        Requirement(
            id="timestamp",
            title="the time at which it was made",
            clause=f"{_HANDLING}, regularly drawn up",
            hint=hints.TIMESTAMP,
            bom=lambda bom: bool(bom.timestamp),
        ),
        Requirement(
            id="name",
            title="a name",
            clause=_HANDLING,
            hint=hints.NAME,
            part=lambda part: bool(part.name),
        ),
        Requirement(
            id="version",
            title="a version",
            clause=_HANDLING,
            hint=hints.VERSION,
            part=lambda part: bool(part.version),
        ),
        Requirement(
            id="identifier",
            title="a purl, CPE or SWID tag",
            clause=_HANDLING,
            hint=hints.IDENTIFIER,
            part=lambda part: bool(part.identifiers),
        ),
    ),
)
