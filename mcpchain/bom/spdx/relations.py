"""The relationships of SPDX 2.3 (table 68), as far as an inventory has words for them.

Each has a direction: `A DEPENDENCY_OF B` is what `B DEPENDS_ON A` is.
"""

from typing import Final

from mcpchain.inventory import RelationKind

_DEPENDS: Final = RelationKind.DEPENDS_ON
_CONTAINS: Final = RelationKind.CONTAINS

FORWARD: Final = {
    "DEPENDS_ON": _DEPENDS,
    "HAS_PREREQUISITE": _DEPENDS,
    "DYNAMIC_LINK": _DEPENDS,
    "STATIC_LINK": _DEPENDS,
    "CONTAINS": _CONTAINS,
}
"""`A x B` is an edge from A to B."""
BACKWARD: Final = {
    "DEPENDENCY_OF": _DEPENDS,
    "DEV_DEPENDENCY_OF": _DEPENDS,
    "BUILD_DEPENDENCY_OF": _DEPENDS,
    "RUNTIME_DEPENDENCY_OF": _DEPENDS,
    "TEST_DEPENDENCY_OF": _DEPENDS,
    "OPTIONAL_DEPENDENCY_OF": _DEPENDS,
    "PROVIDED_DEPENDENCY_OF": _DEPENDS,
    "OPTIONAL_COMPONENT_OF": _DEPENDS,
    "PREREQUISITE_FOR": _DEPENDS,
    "BUILD_TOOL_OF": _DEPENDS,
    "DEV_TOOL_OF": _DEPENDS,
    "TEST_TOOL_OF": _DEPENDS,
    "CONTAINED_BY": _CONTAINS,
}
"""`A x B` is an edge from B to A."""
DESCRIBES: Final = "DESCRIBES"
DESCRIBED_BY: Final = "DESCRIBED_BY"
GENERATED_FROM: Final = "GENERATED_FROM"
GENERATES: Final = "GENERATES"
OTHERS: Final = frozenset(
    {"AMENDS", "ANCESTOR_OF", "COPY_OF", "DATA_FILE_OF", "DEPENDENCY_MANIFEST_OF"}
    | {"DESCENDANT_OF", "DISTRIBUTION_ARTIFACT", "DOCUMENTATION_OF", "EXAMPLE_OF"}
    | {"EXPANDED_FROM_ARCHIVE", "FILE_ADDED", "FILE_DELETED", "FILE_MODIFIED"}
    | {"METAFILE_OF", "OTHER", "PACKAGE_OF", "PATCH_APPLIED", "PATCH_FOR"}
    | {"REQUIREMENT_DESCRIPTION_FOR", "SPECIFICATION_FOR", "TEST_CASE_OF", "TEST_OF"}
    | {"VARIANT_OF"}
)
"""What says neither that one needs the other nor that one holds it."""
KNOWN: Final = (
    FORWARD.keys()
    | BACKWARD.keys()
    | OTHERS
    | {DESCRIBES, DESCRIBED_BY, GENERATED_FROM, GENERATES}
)
