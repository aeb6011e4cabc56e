"""A release by somebody else than the one before it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.address import plain
from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Identity
from mcpchain.source_repository import place


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityChange:
    """It was built by somebody else than the release before it.

    Why it matters: an account that was taken over, or a name that was given up and
    registered anew, signs as validly as the old one did. That the signer is another
    one is all that can be seen.

    Use instead: the earlier release, until its maker tells of the move. A repository
    that was only renamed keeps its number, and is no finding.

    Example:
        `acme-files==1.2.0` was built by `https://gitlab.com/evil/files` (repository 7,
        owner 9, by https://gitlab.com), and its release 1.1.0 by
        `https://gitlab.com/acme/files` (repository 1, owner 2, by https://gitlab.com)

    Both signatures hold. The numbers are those of the host, which nobody can take
    over with a name.

    Variants: the first that differs of `issuer` (another service vouches for it),
    `owner` (another account), `repository` (another one of the same account) and
    `workflow` (another one of the same repository).
    """

    id: ClassVar[str] = "identity-change"
    variants: ClassVar[Mapping[str, Level]] = {
        "issuer": Level.DENY,
        "owner": Level.DENY,
        "repository": Level.DENY,
        "workflow": Level.WARN,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for each builder that is not that of the release before."""
        if case.standing is None:
            return
        known = [each for each in case.standing.earlier if each.identity is not None]
        before = known[0].identity if known else None
        if before is None:
            return
        told = dict.fromkeys(
            (variant, _shown(each), _shown(before))
            for each in case.standing.signers
            if (variant := _difference(before, each))
        )
        for variant, now, then in told:
            version = known[0].version[:140]
            yield Finding(
                rule=self.id,
                variant=variant,
                about=case.component,
                message=f"`{case.component.title}` was built by {now}, and its release "
                f"{version} by {then}",
                hint=f"use {version} until its maker tells of the move",
            )


def _difference(before: Identity, now: Identity) -> str:
    """Return the variant of what differs; empty: it is the same one."""
    if before.issuer != now.issuer:
        return "issuer"
    if not _same(before.owner_id, now.owner_id, _owner(before), _owner(now)):
        numbered = before.repository_id and before.repository_id == now.repository_id
        unnumbered = not (before.owner_id and now.owner_id)
        # With its owner renamed, a repository keeps its number.
        if not (numbered and unnumbered):
            return "owner"
    where = _place(before), _place(now)
    if not _same(before.repository_id, now.repository_id, *where):
        return "repository"
    return "" if _same_workflow(before, now) else "workflow"


def _same(one_id: str, other_id: str, one: object, other: object) -> bool:
    """Compare by numbers, which nobody can take over, or else by names."""
    return one_id == other_id if one_id and other_id else one == other


def _place(who: Identity) -> tuple[str, str]:
    """Return host and path of the repository, or else whom the certificate names."""
    address = who.repository
    found = place(address if "://" in address else f"https://{address}")
    return found if found[0] else ("", address or who.san)


def _owner(who: Identity) -> tuple[str, str]:
    host, path = _place(who)
    return host, path.partition("/")[0] if host else path


def _same_workflow(one: Identity, other: Identity) -> bool:
    """Compare the workflows that were started, and those that signed, without refs."""
    started = one.started_path, other.started_path
    return (not all(started) or started[0] == started[1]) and _signer(one) == _signer(
        other
    )


def _signer(who: Identity) -> tuple[str, str]:
    # A repository's own workflow is renamed with it.
    shared = who.signer_repository.lower()
    return ("" if shared == who.repository.lower() else shared), who.signer_path


def _shown(who: Identity) -> str:
    """Return all that is compared, for a reader."""
    said = [
        ("repository", who.repository_id),
        ("owner", who.owner_id),
        ("workflow", who.started_path or who.signer_path),
        ("by", who.issuer),
    ]
    told = ", ".join(f"{name} {plain(each)}" for name, each in said if each)
    name = plain(who.repository) if who.repository else who.san[:140]
    return f"`{name}` ({told})"


RULE: Final[type[Rule]] = IdentityChange
