"""Code that comes with a model or data set and runs when it is loaded."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import ANY_CODE, DataFacts, ModelFacts
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class RemoteModelCode:
    """A model or data set brings Python code of its own, which loading it can run.

    Why it matters: with `trust_remote_code=True` the library imports Python files from
    the repository of the model, with all rights of the process. Safe weights do not
    help: the code beside them is what runs. A data set can bring a script that loads
    it, which older releases of `datasets` run unasked.

    Use instead: an architecture that the library itself has, and data in files such as
    Parquet. Where there is none, read the code, keep it beside your own, and name the
    exact commit.

    Variants:
        trusted: the project loads a model or data set with its code switched on.
        offered: its files name code of their own, for whoever switches it on.
    """

    id: ClassVar[str] = "remote-model-code"
    variants: ClassVar[Mapping[str, Level]] = {
        "trusted": Level.DENY,
        "offered": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a model or data set with code."""
        component, facts = case.component, case.component.facts
        if not isinstance(facts, ModelFacts | DataFacts) or not facts.remote_code:
            return
        kind = "model" if isinstance(facts, ModelFacts) else "data set"
        if ANY_CODE in facts.remote_code:
            variant, what = "trusted", "is loaded with `trust_remote_code`"
        else:
            names = ", ".join(f"`{each}`" for each in facts.remote_code[:_SHOWN])
            more = len(facts.remote_code) - _SHOWN
            names += f" and {more} more" if more > 0 else ""
            variant, what = "offered", f"names code of its own: {names}"
        yield Finding(
            rule=self.id,
            variant=variant,
            about=component,
            message=f"{kind} `{component.name}` {what}",
            hint=f"read that code before it runs, or load a {kind} that needs none",
        )


_SHOWN: Final = 5

RULE: Final[type[Rule]] = RemoteModelCode
