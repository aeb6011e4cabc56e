"""Something that nobody has signed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.component import Kind
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsignedArtifact:
    """Nobody has signed it, as far as could be looked.

    Why it matters: nothing but the registry says where the bytes come from. Whoever
    takes over the account of a maintainer, or the registry, can put others there, and
    nobody can tell. A mirror that leaves signatures out looks the same.

    Use instead: a release that its maker signs or attests, asked of the registry where
    it was published. Many packages have none yet, so begin with what runs with your
    credentials, and with what you publish yourself.

    Example:
        `acme-files==1.2.0` is not signed: the index that was asked offers no
        attestation of its files; a mirror may leave them out

    Nothing else is known against it. If you install by a mirror, ask the index
    behind it; if the package is your own, publish it from a workflow.

    Variants:
        named: the policy or a lock names who has to sign it.
        server: an MCP server runs it.
        dependency: anything else.
    """

    id: ClassVar[str] = "unsigned-artifact"
    variants: ClassVar[Mapping[str, Level]] = {
        "named": Level.DENY,
        "server": Level.DENY,
        "dependency": Level.WARN,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding if no signature is there, and none holds."""
        standing = case.standing
        if standing is None or any(standing.answers):
            return
        missing = [e for e in standing.answers if e.status is Status.MISSING]
        if not missing:
            return
        served = case.component.kind in {Kind.APPLICATION, Kind.MCP_SERVER}
        variant = "server" if served else "dependency"
        yield Finding(
            rule=self.id,
            variant="named" if standing.named else variant,
            about=case.component,
            message=f"`{case.component.title}` is not signed: {missing[0].reason}",
            hint="use a release that its maker signs, or ask them to sign",
        )


RULE: Final[type[Rule]] = UnsignedArtifact
