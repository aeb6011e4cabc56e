"""Regulation (EU) 2024/2847, the Cyber Resilience Act, as far as a BOM can show it.

Annex I, part II (1) asks for a BOM in a commonly used, machine-readable format that
covers at least the top-level dependencies. Annex II asks who makes the product, what it
is exactly, and where vulnerabilities are reported. Which fields a BOM has to have may
still be laid down (article 13 (24)); until then a component counts as identified if its
vulnerabilities can be looked up: by name, version and an identifier.
"""

from dataclasses import replace
from typing import Final

from mcpchain.completeness import elements
from mcpchain.completeness.requirement import Profile, Requirement

_HANDLING: Final = "annex I, part II (1)"
_PRODUCT: Final = Requirement(
    id="product",
    title="name and version of the product",
    hint="say the version with `mcpchain sbom --project-version VERSION`; a manifest "
    "at the root names both, if it is the only one there",
    bom=lambda bom: (
        bom.subject is not None and bool(bom.subject.name and bom.subject.version)
    ),
)
_TOP_LEVEL: Final = Requirement(
    id="top-level",
    title="the top-level dependencies of the product",
    hint="say in `dependencies` what `metadata.component` depends on",
    bom=lambda bom: bom.direct,
)

PROFILE: Final = Profile(
    id="cra",
    title="EU Cyber Resilience Act",
    reference="Regulation (EU) 2024/2847, CELEX 32024R2847",
    requirements=tuple(
        replace(asked, clause=clause)
        for clause, asked in (
            ("annex II (1)", elements.MANUFACTURER),
            ("annex II (2)", elements.CONTACT),
            ("annex II (3)", _PRODUCT),
            (_HANDLING, _TOP_LEVEL),
            (f"{_HANDLING}, regularly drawn up", elements.TIMESTAMP),
            (_HANDLING, elements.NAME),
            (_HANDLING, elements.VERSION),
            (_HANDLING, elements.IDENTIFIER),
        )
    ),
)
