"""Which licences an organisation accepts."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import Any

from mcpchain.license import concluded as meant
from mcpchain.license import declared_expression


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenseTerms:
    """The licences that are accepted, and those that never are.

    An accepted id stands for itself alone: `GPL-2.0-only` is not `GPL-2.0-or-later`. A
    denied one denies the latter as well, unless that is accepted by name. What adds
    an exception to a licence (`WITH`) only allows more, so it is accepted with it.
    """

    allow: frozenset[str] = frozenset()
    """SPDX ids and `LicenseRef-` names. Empty: all that are not denied."""
    deny: frozenset[str] = frozenset()

    def answer(self, declared: Iterable[str], concluded: Iterable[str]) -> str:
        """Return `denied`, `unlisted` or `unknown`; empty: it is accepted.

        Of alternatives (`OR`) one is enough. All that is declared and all that is
        concluded has to be accepted, since neither takes the other back.
        """
        settled = [*concluded]
        named = [*declared]
        read = [each for each in named if declared_expression(each)]
        if not settled and (not named or len(read) < len(named)):
            return "unknown"
        # A name that means one licence counts as much as its id.
        read += [e for each in named if each not in read for e in meant((each,))]
        answers = {_answer(self, each) for each in (*settled, *read)}
        return next((a for a in ("denied", "unlisted", "unknown") if a in answers), "")

    def worst(self, node: Any) -> str:  # noqa: ANN401 - the library has no types
        """Return what becomes of a parsed expression."""
        operator = getattr(node, "operator", "").strip()
        if operator not in {"AND", "OR"}:
            return self._symbol(node)
        answers = [self.worst(each) for each in node.args]
        if operator == "OR" and "" in answers:
            return ""
        return next(a for a in ("denied", "unlisted", "") if a in answers)

    def _symbol(self, node: Any) -> str:  # noqa: ANN401 - the library has no types
        whole = str(node)
        base = whole.partition(" WITH ")[0]
        # Who denies a licence denies what may be used under it, or a later one.
        only = re.sub(r"\+$|-or-later$", "-only", base)
        names = {e.lower() for e in (whole, base, base.removesuffix("+"), only)}
        if any(e.lower() in names for e in self.deny) and whole not in self.allow:
            return "denied"
        if self.allow and not {whole, base} & self.allow:
            return "unlisted"
        return ""


@cache
def _answer(terms: LicenseTerms, text: str) -> str:
    expression = declared_expression(text)
    if expression is None:
        return "unknown"
    return terms.worst(_licensing().parse(expression))


@cache
def _licensing() -> Any:  # noqa: ANN401 - the library has no types
    # Slow to start, and needed only where a policy speaks of licences.
    from license_expression import (  # type: ignore[import-untyped]  # no types
        get_spdx_licensing,
    )

    return get_spdx_licensing()
