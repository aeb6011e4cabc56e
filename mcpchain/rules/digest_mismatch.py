"""Bytes that are not what was pinned."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.evidence import Claim, Outcome
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class DigestMismatch:
    """A pinned digest is not what the registry publishes or delivers.

    Why it matters: either the lock file was changed to accept other bytes, or the
    registry, a mirror or somebody on the way serves other bytes than those that were
    locked. Both are what an attack looks like.

    Use instead: find out which side changed before anything is installed. If the
    publisher replaced files, lock again from a source that you trust and review it.

    Variants:
        published: the registry publishes other digests for this version.
        delivered: the bytes that were downloaded have another digest.
    """

    id: ClassVar[str] = "digest-mismatch"
    variants: ClassVar[Mapping[str, Level]] = {
        "published": Level.DENY,
        "delivered": Level.DENY,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for every claim about bytes that was refuted."""
        for evidence in case.evidence:
            if evidence.outcome is Outcome.REFUTED:
                yield Finding(
                    rule=self.id,
                    variant=_VARIANT[evidence.claim],
                    about=case.component,
                    message=f"`{case.component.title}`: {evidence.detail}",
                    hint="do not install it; find out whether the lock file or the "
                    "registry changed",
                )


_VARIANT: Final = {
    Claim.PINNED_DIGEST: "published",
    Claim.DELIVERED_BYTES: "delivered",
}

RULE: Final[type[Rule]] = DigestMismatch
