"""A licence that the organisation has not accepted."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Kind
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule

_LICENSED: Final = frozenset({Kind.APPLICATION, Kind.LIBRARY, Kind.MODEL, Kind.DATA})


@dataclass(frozen=True, slots=True, kw_only=True)
class UnacceptedLicense:
    """A package, model or data set has a licence that the policy does not accept.

    Why it matters: what may be shipped, sold or trained on is written in the licence.
    Weights and data sets often have terms of their own that forbid a use.

    Use instead: a component under an accepted licence; or have the licence accepted,
    and list it under `licenses` in the policy. Where none is found, `--resolve` and an
    installed environment tell more than a lock does.

    It looks at nothing unless the policy lists licences:

        licenses:
          allow: [MIT, Apache-2.0, BSD-3-Clause]
          deny: [AGPL-3.0-only]

    SPDX expressions are read as such: of `MIT OR GPL-3.0-only` one side is enough, of
    `MIT AND GPL-3.0-only` both count.

    Variants:
        denied: no way to use it avoids a licence that is denied.
        unlisted: no way to use it avoids a licence that is not listed as accepted.
        unknown: nothing says under which licence it is, or in words that are no SPDX
            expression.
    """

    id: ClassVar[str] = "unaccepted-license"
    variants: ClassVar[Mapping[str, Level]] = {
        "denied": Level.DENY,
        "unlisted": Level.DENY,
        "unknown": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the licence is not accepted, or not known."""
        component, terms = case.component, case.licenses
        if terms is None or component.kind not in _LICENSED:
            return
        if component.kind is Kind.APPLICATION and component.purl is None:
            return  # the system itself, which nobody has licensed to its own makers
        variant = terms.answer(component.licenses, component.concluded)
        if not variant:
            return
        words = component.concluded or component.licenses
        under = " and ".join(f"`{each[:100]}`" for each in words[:3])
        if variant == "unknown":
            hint = "find out its licence, and waive this with what you found"
            message = (
                f"`{component.title}`: {under} is no SPDX expression"
                if under
                else f"`{component.title}`: nothing says under which licence it is"
            )
        else:
            how = "denied" if variant == "denied" else "not accepted"
            message = f"`{component.title}` is under {under}, which is {how}"
            hint = "use another component, or list the licence under `licenses`"
        yield Finding(
            rule=self.id,
            variant=variant,
            about=component,
            message=message,
            hint=hint,
        )


RULE: Final[type[Rule]] = UnacceptedLicense
