"""A dependency that is pinned by name only."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.artifact import identified
from mcpchain.case import Case
from mcpchain.component import Basis, Kind, Origin, PackageFacts, Pin
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnhashedDependency:
    """A dependency names an exact version, but not its bytes.

    Why it matters: a version is a name that a registry, a mirror or whoever holds the
    account can give to other bytes, and on PyPI new files can be added to an old
    version. Only a digest says which bytes were meant.

    Use instead: a lock file with SHA-256 or stronger for every file
    (`pip-compile --generate-hashes`, `uv lock`, `package-lock.json` with `integrity`).

    Variants:
        none: no digest at all.
        weak: nothing but MD5 or SHA-1, for which other bytes with the same digest can
            be made.
    """

    id: ClassVar[str] = "unhashed-dependency"
    variants: ClassVar[Mapping[str, Level]] = {"none": Level.DENY, "weak": Level.DENY}

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a downloaded package without a digest."""
        component = case.component
        if not (
            component.kind is Kind.LIBRARY
            and component.pin in {Pin.EXACT, Pin.DIGEST}
            and component.basis is not Basis.OBSERVED
            and isinstance(component.facts, PackageFacts)
            and component.facts.origin in {Origin.REGISTRY, Origin.URL}
        ):
            return
        if identified(component.artifacts):
            return
        weak = any(artifact.digests for artifact in component.artifacts)
        what = "only a weak digest (MD5 or SHA-1)" if weak else "no digest"
        yield Finding(
            rule=self.id,
            variant="weak" if weak else "none",
            about=component,
            message=f"`{component.title}` is pinned with {what}",
            hint="lock it with SHA-256 hashes",
        )


RULE: Final[type[Rule]] = UnhashedDependency
