"""How complete is a BOM? Held against what others have published as the minimum.

Each profile is one module, whose docstring is its manual: which text it follows, and
how far a document can show what that asks for. Any producer's BOM is read, as it is.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from mcpchain.completeness.parts import Bom
    from mcpchain.completeness.requirement import Profile

PROFILES: Final = ("ntia", "cisa", "bsi", "cra", "g7-ai")


def profile(id_: str) -> "Profile":
    """Return the profile that is called *id_*, one of `PROFILES`."""
    module = import_module(f"mcpchain.completeness.{id_.replace('-', '_')}")
    found: Profile = module.PROFILE
    return found


def facts(document: dict[str, Any]) -> "Bom":
    """Return what *document*, CycloneDX or SPDX 2, says."""
    if "spdxVersion" in document:
        from mcpchain.completeness.spdx import bom as of_spdx

        return of_spdx(document)
    from mcpchain.completeness.cyclonedx import bom as of_cyclonedx

    return of_cyclonedx(document)
