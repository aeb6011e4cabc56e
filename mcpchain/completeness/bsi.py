"""BSI TR-03183-2, *Cyber Resilience Requirements*, part 2: SBOM, version 2.1.0.

What is required of the BOM itself and of every component, as far as a document shows
it. CycloneDX from 1.6 on has a place for all of it, by the property taxonomy of BSI;
SPDX 2 is no format that the guideline accepts. A component that has no version of its
own gets the time at which its file was changed, and its hash is the SHA-512 of what is
delivered, with the reference to that. Licences are ids or expressions of SPDX. What is
known of vulnerabilities belongs into a document of its own.

What has to be there only if it exists, such as the address of source code, is not
counted: a BOM cannot show that it does not exist.
"""

import re
from dataclasses import replace
from typing import Final

from mcpchain.bom.licenses import is_spdx
from mcpchain.completeness import elements
from mcpchain.completeness.parts import Bom, Group, Part
from mcpchain.completeness.requirement import Profile, Requirement

_OF_BOM: Final = "5.2.1, required data fields for the SBOM itself: "
_OF_EACH: Final = "5.2.2, required data fields for each component: "
_CYCLONEDX: Final = re.compile(r"CycloneDX 1\.(\d{1,3})")
_EARLIEST: Final = 6
_TAXONOMY: Final = (
    'write {{"name": "bsi:component:{}", "value": "{}"}} into its `properties`: '
    "nothing that is read says it"
)


def _has_format(bom: Bom) -> bool:
    match = _CYCLONEDX.fullmatch(bom.format)
    return match is not None and int(match[1]) >= _EARLIEST


def _states(name: str, title: str, value: str, *others: str) -> Requirement:
    known = {value, *others}
    return Requirement(
        id=name,
        title=title,
        clause=f"{_OF_EACH}{name} property",
        hint=_TAXONOMY.format(name, '" or "'.join((value, *others))),
        of_pieces=True,
        part=lambda part: part.properties.get(f"bsi:component:{name}") in known,
    )


def _has_licence(part: Part) -> bool:
    licenses = part.concluded or part.declared
    return bool(licenses) and all(map(is_spdx, licenses))


_FORMAT: Final = Requirement(
    id="format",
    title="a format that is accepted",
    clause="4, SBOM formats",
    hint="write CycloneDX 1.6 or later; `mcpchain sbom` does",
    bom=_has_format,
)
_NO_VULNERABILITIES: Final = Requirement(
    id="no-vulnerabilities",
    title="leaving vulnerabilities to a document of their own",
    clause="3.1 and 8.1, no vulnerability information",
    hint="write them as VEX",
    bom=lambda bom: not bom.vulnerabilities,
)
_CREATOR: Final = Requirement(
    id="creator",
    title="an address of its creator",
    hint={
        **dict.fromkeys(Group, "write `manufacturer` with a `url` into its entry"),
        Group.PROJECT: elements.CONTACT.hints(Group.PROJECT),
        Group.PACKAGE: "ask the registries with `mcpchain sbom --resolve`; its "
        "`manufacturer` or an author needs an address of mail or a `url`",
    },
    part=lambda part: bool(part.contacts),
)
_FILE_NAME: Final = Requirement(
    id="filename",
    title="a file name",
    hint=_TAXONOMY.format("filename", "NAME") + "; in SPDX, `packageFileName`",
    of_pieces=True,
    part=lambda part: bool(part.properties.get("bsi:component:filename")),
)
_COMPLETENESS: Final = Requirement(
    id="completeness",
    title="how complete its dependencies are",
    hint="say it in `compositions`, for every component that has dependencies",
    part=lambda part: part.lists_all,
)
_SHA_512: Final = Requirement(
    id="sha512",
    title="the SHA-512 of what is delivered",
    hint="locks of npm have it, those of Python SHA-256 only; it stands in "
    "`externalReferences`, with the `distribution`",
    of_pieces=True,
    part=lambda part: any(h.algorithm == "sha512" for h in part.distributed),
)
_LICENSE: Final = replace(
    elements.LICENSE, title="a licence as SPDX spells it", part=_has_licence
)

PROFILE: Final = Profile(
    id="bsi",
    title="BSI TR-03183-2 v2.1.0",
    reference="BSI TR-03183-2, Cyber Resilience Requirements, part 2: SBOM, version "
    "2.1.0",
    requirements=(
        _FORMAT,
        replace(
            elements.CONTACT,
            id="sbom-creator",
            title="an address of its creator",
            clause=f"{_OF_BOM}creator of the SBOM",
            bom=lambda bom: bool(bom.contacts),
        ),
        replace(elements.TIMESTAMP, clause=f"{_OF_BOM}timestamp"),
        _NO_VULNERABILITIES,
        *(
            replace(asked, clause=_OF_EACH + field)
            for field, asked in (
                ("component creator", _CREATOR),
                ("component name", elements.NAME),
                ("component version", elements.VERSION),
                ("filename of the component", _FILE_NAME),
                ("dependencies on other components", elements.DEPENDENCY),
                ("dependencies on other components, completeness", _COMPLETENESS),
                ("distribution licences", _LICENSE),
                ("hash value of the deployable component", _SHA_512),
            )
        ),
        _states(
            "executable", "whether it is executable", "executable", "non-executable"
        ),
        _states("archive", "whether it is an archive", "archive", "no archive"),
        _states("structured", "whether it is structured", "structured", "unstructured"),
    ),
)
