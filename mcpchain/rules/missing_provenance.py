"""Something of which nobody proves where it was built."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Kind
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingProvenance:
    """Nothing verified says from which repository it was built.

    Why it matters: what is in the source can be read and reviewed; what is in the
    package can be something else. Without provenance, whoever holds a token of the
    registry can upload a build that was never in the repository.

    Use instead: a release with provenance (on PyPI an attestation, on npm
    `npm publish --provenance`). What you publish yourself, publish from a workflow, and
    name it under `publishers` in the policy, so that nothing else passes.

    Example:
        `@acme/files@1.2.0`: nothing verified says from which repository it was built

    The registry may have signed it all the same: that tells who delivers it, and not
    who made it.

    Variants:
        named: the policy or a lock names who has to stand for it, and nobody of them
            does for all of it.
        server: an MCP server runs it.
        partial: some of its files have none, beside others that have.
        dependency: anything else.
    """

    id: ClassVar[str] = "missing-provenance"
    variants: ClassVar[Mapping[str, Level]] = {
        "named": Level.DENY,
        "server": Level.DENY,
        "partial": Level.DENY,
        "dependency": Level.WARN,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if provenance is known to be missing, or is demanded."""
        standing = case.standing
        if standing is None:
            return
        title = case.component.title
        if standing.named:
            if problem := _unmet(standing):
                yield self._finding(case, "named", f"`{title}`: {problem}")
        elif standing.lacks_provenance:
            served = case.component.kind in {Kind.APPLICATION, Kind.MCP_SERVER}
            yield self._finding(
                case,
                "server" if served else "dependency",
                f"`{title}`: nothing verified says from which repository it was built",
            )
        elif standing.provenance and (bare := standing.bare(standing.provenance)):
            yield self._finding(case, "partial", f"`{title}`: {bare[0].reason}")

    def _finding(self, case: Case, variant: str, message: str) -> Finding:
        return Finding(
            rule=self.id,
            variant=variant,
            about=case.component,
            message=message,
            hint=_HINTS.get(variant, "use a release with provenance, or ask its maker"),
        )


def _unmet(standing: Standing) -> str:
    """Say why nobody who is named stands for all of it.

    Empty: somebody does, or it is not known whether anybody does, and a gap says so.
    """
    theirs = [each for each in standing.answers if each and each.expected_by == "user"]
    if not theirs and standing.unheard:
        return ""
    if not theirs:
        return "nobody whom the policy or a lock names is verified to stand for it"
    bare = standing.bare(theirs)
    return bare[0].reason if bare else ""


_HINTS: Final = {
    "named": "do not install it; ask whom the policy or the lock names",
    "partial": "use its attested files only, or ask its maker",
}

RULE: Final[type[Rule]] = MissingProvenance
