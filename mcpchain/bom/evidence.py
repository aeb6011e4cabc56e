"""Where a component was found, and on what that rests.

`identity` says how its name was come by, and its hashes where that is another way.
Each method has a technique in CycloneDX's words, and as its `value` the basis in ours:

    observed    bytes that were read: `binary-analysis` of a model's header,
                `manifest-analysis` of the metadata of something installed,
                `source-code-analysis` of code, `hash-comparison` for the digests
    declared    a manifest or lock says so: `manifest-analysis`
    configured  the configuration of a client says so: `manifest-analysis`
    resolved    a registry says so: `other`

CycloneDX demands a confidence with it, on no scale: ours says that bytes are certain
and that words are not.
"""

from typing import Any, Final

from mcpchain.bom import licenses
from mcpchain.component import Basis, Component, Kind, Location

_CERTAIN: Final = 1.0
_TOLD: Final = 0.8
_CODE: Final = (".cjs", ".go", ".js", ".mjs", ".py", ".rb", ".sh", ".ts", ".tsx")
_Object = dict[str, Any]


def evidence(component: Component) -> _Object:
    """Return the `evidence` of *component*."""
    field = "name" if component.purl is None else "purl"
    identity = [_identity(field, _technique(component), component.basis)]
    if component.basis is Basis.OBSERVED and any(
        each.digests for each in component.artifacts
    ):
        identity.append(_identity("hash", "hash-comparison", component.basis))
    found: _Object = {
        "identity": identity,
        "occurrences": [_occurrence(each) for each in component.locations],
    }
    if component.license_texts:
        found["licenses"] = licenses.encode_texts(component.license_texts)
    return found


def _identity(field: str, technique: str, basis: Basis) -> _Object:
    confidence = _CERTAIN if basis is Basis.OBSERVED else _TOLD
    method = {"technique": technique, "confidence": confidence, "value": basis.value}
    return {"field": field, "confidence": confidence, "methods": [method]}


def _technique(component: Component) -> str:
    if component.basis is Basis.RESOLVED:
        return "other"
    if component.basis is not Basis.OBSERVED:
        return "manifest-analysis"
    if component.kind is Kind.MODEL:
        return "binary-analysis"
    code = component.location.path.lower().endswith(_CODE)
    return "source-code-analysis" if code else "manifest-analysis"


def _occurrence(location: Location) -> _Object:
    occurrence: _Object = {"location": location.path}
    if location.line is not None:
        occurrence["line"] = location.line
    if location.pointer:
        occurrence["additionalContext"] = location.pointer
    return occurrence
