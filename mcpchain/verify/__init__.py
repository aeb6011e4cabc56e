"""Compare what was pinned with what a registry publishes and delivers.

Pure: what the registries say comes in as `Release`. Two claims, each with one file.
"""

from collections.abc import Mapping, Sequence

from mcpchain.component import Component
from mcpchain.evidence import Evidence
from mcpchain.release import Release
from mcpchain.verify.pinned_digest import compare

__all__ = ["compare", "compare_all"]


def compare_all(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    unasked: Mapping[str, str],
) -> dict[str, Evidence]:
    """Return the evidence about the pins of every package that was resolved, by ref."""
    return {
        each.ref: compare(each, releases.get(each.ref), unasked.get(each.ref, ""))
        for each in components
        if each.ref in releases or each.ref in unasked
    }
