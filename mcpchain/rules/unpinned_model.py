"""A model or data set that the hub chooses anew at every load."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Kind, Pin
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpinnedModel:
    """A model or a data set is fetched from a hub without saying which commit.

    Why it matters: whoever may write to the repository decides what the next start
    loads. Weights that were checked are not the weights that run, and a name that its
    owner gave up can be taken by somebody else.

    Use instead: the full commit id as `revision=`, in code and in the configuration of
    an adapter; or the files themselves, beside the code.

    What a model card merely names, such as the data set that a model was trained on, is
    not fetched, and no reason to worry here.

    Variants:
        floating: no revision at all: whatever is newest.
        tag: a branch or tag, which its owner can move.
    """

    id: ClassVar[str] = "unpinned-model"
    variants: ClassVar[Mapping[str, Level]] = {
        "floating": Level.DENY,
        "tag": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is fetched, and can change meanwhile."""
        component = case.component
        if component.kind not in _KINDS:
            return
        if component.pin is None or not component.pin.moves:
            return
        tag = component.pin is Pin.TAG
        what = f"is whatever `{component.requested}` points to" if tag else "floats"
        yield Finding(
            rule=self.id,
            variant="tag" if tag else "floating",
            about=component,
            message=f"{_KINDS[component.kind]} `{component.name}` {what}: it is "
            "fetched anew without saying which commit",
            hint="give the full commit id as `revision`, or ship the files",
        )


_KINDS: Final = {Kind.MODEL: "model", Kind.DATA: "data set"}

RULE: Final[type[Rule]] = UnpinnedModel
