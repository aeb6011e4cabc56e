"""A dependency whose version is chosen anew at every install."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Component, Kind, Origin, PackageFacts, Pin
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpinnedDependency:
    """A dependency is asked for without an exact version.

    Why it matters: two installs a minute apart can bring different code, so whatever
    was checked is not what runs. A hijacked release reaches every floating install
    first.

    Use instead: a lock file that names every version with its hashes (`uv lock`,
    `pip-compile --generate-hashes`, `package-lock.json`), and install from it.

    What a server's package pulls in (`--resolve`) is chosen anew at every start, too.
    That is told once, of the package: it cannot be mended one dependency at a time.

    Variants:
        floating: any version.
        range: several versions, such as `>=1.2,<2`; of what a pinned package of a
            server pulls in, too.
        tag: a branch or tag of a repository, which its owner can move.
        opaque: an entry that names no package, and is no file of the project.
    """

    id: ClassVar[str] = "unpinned-dependency"
    variants: ClassVar[Mapping[str, Level]] = {
        "floating": Level.DENY,
        "range": Level.DENY,
        "tag": Level.DENY,
        "opaque": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if the case is a dependency that is not pinned."""
        component = case.component
        moves = component.pin is not None and component.pin.moves
        if case.moving is not None and not moves:
            yield self._pulling_in(component, case.moving)
        if component.kind is not Kind.LIBRARY or case.pulled_in:
            return
        if component.purl is None and not _of_the_project(component):
            variant, what = "opaque", "names no package that could be looked up"
        elif component.pin is not None and component.pin.moves:
            variant = component.pin.value
            what = _WHAT[component.pin].format(component.requested or "*")
        else:
            return
        yield Finding(
            rule=self.id,
            variant=variant,
            about=component,
            message=f"`{component.name}` {what}",
            hint="install from a lock file that names an exact version and its hashes",
        )

    def _pulling_in(self, component: Component, moving: Component) -> Finding:
        what = f" by `{moving.requested}`" if moving.requested else ""
        return Finding(
            rule=self.id,
            variant="range",
            about=component,
            message=f"`{component.title}` is pinned, but what it pulls in is chosen at "
            f"every start, such as `{moving.name}`{what}",
            hint="start it from a lock file (`npm ci`, `uv sync --locked`) or from an "
            "image that is named by digest",
        )


def _of_the_project(component: Component) -> bool:
    facts = component.facts
    return isinstance(facts, PackageFacts) and facts.origin is Origin.PATH


_WHAT: Final = {
    Pin.FLOATING: "may be any version",
    Pin.RANGE: "may be any version that fits `{}`",
    Pin.TAG: "is whatever `{}` points to",
}

RULE: Final[type[Rule]] = UnpinnedDependency
