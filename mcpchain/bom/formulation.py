"""What only the build uses: the components of a formula of ours.

`formulation` says how a system was made. What ships stands in `components`; an action,
a hook, an image of an earlier stage does not, and stands in one formula, the first.
Formulas of another BOM stand behind it.
"""

from typing import Any, Final

from mcpchain.bom.entry import Entry
from mcpchain.component import BuildFacts, Component, Kind

REF: Final = "urn:mcpchain:formula"
"""How the `bom-ref` of our formula begins."""
_MADE_BY: Final = frozenset({Kind.BUILD, Kind.CONTAINER})
_OURS: Final = frozenset({"bom-ref", "components"})

_Object = dict[str, Any]


def is_formed(component: Component) -> bool:
    """Say whether *component* is part of how the system is made, and does not ship."""
    facts = component.facts
    return (
        component.kind in _MADE_BY
        and isinstance(facts, BuildFacts)
        and not facts.role.ships
    )


def is_ours(formula: Any) -> bool:  # noqa: ANN401 - JSON
    """Say whether *formula* has the name of ours."""
    ref = formula.get("bom-ref") if isinstance(formula, dict) else None
    return isinstance(ref, str) and ref.startswith(REF)


def found(root: Entry) -> Entry | None:
    """Return the formula of ours in the document *root*, which we wrote, if any."""
    listed = root.raw().get("formulation")
    first = listed[0] if isinstance(listed, list) and listed else None
    if type(first) is not dict or not is_ours(first):
        return None
    return Entry(first, root.source, "/formulation/0")


def others(listed: Any) -> Any:  # noqa: ANN401 - JSON
    """Return what is in a `formulation` that we wrote and that is not ours."""
    if not isinstance(listed, list) or not listed or not is_ours(listed[0]):
        return listed
    more = {key: value for key, value in listed[0].items() if key not in _OURS}
    return [*([more] if more else []), *listed[1:]]
