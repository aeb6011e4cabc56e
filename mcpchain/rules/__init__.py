"""What should worry us about a case. One rule, one file.

A rule is a frozen dataclass. Its fields are the settings that a policy may give it, its
docstring is what `mcpchain explain` prints, and its file name is its id.
"""

import inspect
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import ClassVar, Protocol

from mcpchain import loader
from mcpchain.case import Case
from mcpchain.finding import Finding, Level


class Rule(Protocol):
    """Looks at one case at a time."""

    id: ClassVar[str]
    variants: ClassVar[Mapping[str, Level]]
    """Every kind of finding that the rule has, and what becomes of it unless a policy
    says otherwise."""

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield every reason to worry about *case*. Pure: no I/O, no clock."""
        ...


@cache
def all_rules() -> Mapping[str, type[Rule]]:
    """Return the rules in this package by id, sorted."""
    rules: Iterator[type[Rule]] = loader.parts(__name__, "RULE")
    return {rule.id: rule for rule in rules}


def page(rule: type[Rule]) -> str:
    """Return the manual page of *rule*: its docstring."""
    return inspect.getdoc(rule) or ""


@cache
def why(rule_id: str) -> str:
    """Return the first sentence of why a rule matters; empty for an unknown rule."""
    rule = all_rules().get(rule_id)
    text = (
        page(rule).partition("Why it matters:")[2].partition("\n\n")[0] if rule else ""
    )
    words = " ".join(text.split())
    return re.split(r"(?<=\.) (?=[A-Z])", words, maxsplit=1)[0]
