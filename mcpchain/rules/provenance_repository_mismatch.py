"""Something that was built from another repository than it says."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.address import plain
from mcpchain.case import Case
from mcpchain.component import Kind
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Identity
from mcpchain.source_repository import place


@dataclass(frozen=True, slots=True, kw_only=True)
class ProvenanceRepositoryMismatch:
    """It was built from another repository than the one that it declares.

    Why it matters: the declared repository is what people look at, with its stars and
    its reviews. A package of a stranger can declare it too; the certificate of its
    provenance cannot.

    Use instead: find out which of the two is right. After a move, the maker corrects
    what the package declares; until then, the numbers of repository and owner tell a
    repository that was renamed from another one.

    Example:
        `@acme/files@1.2.0` was built from `https://github.com/evil/files` (repository
        7, owner 9), and declares `https://github.com/acme/files`

    Its `package.json` names the well-known repository, and a workflow of another one
    has built it.

    Variants:
        server: an MCP server runs it.
        dependency: anything else.
    """

    id: ClassVar[str] = "provenance-repository-mismatch"
    variants: ClassVar[Mapping[str, Level]] = {
        "server": Level.DENY,
        "dependency": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for each repository that is not the declared one."""
        standing = case.standing
        if standing is None or not standing.declared:
            return
        # Of the source, and not of the workflow that signed: that may be a shared one.
        others = {
            each.repository: each
            for each in standing.signers
            if each.repository and not _same(standing.declared, each.repository)
        }
        served = case.component.kind in {Kind.APPLICATION, Kind.MCP_SERVER}
        for each in others.values():
            yield Finding(
                rule=self.id,
                variant="server" if served else "dependency",
                about=case.component,
                message=f"`{case.component.title}` was built from {_shown(each)}, and "
                f"declares `{plain(standing.declared)}`",
                hint="do not install it before you know which of the two is right",
            )


def _same(one: str, other: str) -> bool:
    """Compare whole; an issuer may leave the scheme out (CircleCI)."""
    if "://" not in other:
        other = f"https://{other}"
    return place(one) == place(other) != ("", "")


def _shown(who: Identity) -> str:
    ids = [("repository", who.repository_id), ("owner", who.owner_id)]
    numbers = ", ".join(f"{name} {number[:40]}" for name, number in ids if number)
    return f"`{plain(who.repository)}`" + (f" ({numbers})" if numbers else "")


RULE: Final[type[Rule]] = ProvenanceRepositoryMismatch
