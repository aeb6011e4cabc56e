"""A signature of somebody else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Status, Verification
from mcpchain.standing import Standing


@dataclass(frozen=True, slots=True, kw_only=True)
class UntrustedIdentity:
    """A signature holds, and it is not by whom it should be.

    Why it matters: anybody can sign anything as himself. A signature is worth what the
    one is worth who made it, so who may sign has to be said by somebody else than the
    artifact.

    Use instead: find out whether the maker builds elsewhere now. If so, name them under
    `publishers` in the policy, or lock again.

    Example:
        `acme-files==1.2.0` (`acme_files-1.2.0-py3-none-any.whl`): repository is
        `https://github.com/evil/files`, not `https://github.com/acme/files`

    The signature is good, and was made by a workflow in `evil/files`; the index, the
    lock or the policy (the variant tells which) says `acme/files`. In the policy:

        publishers:
          - packages: [pkg:pypi/acme-files]
            repository: acme/files
            workflow: release.yml

    Variants:
        named: the policy or a lock names somebody else.
        index: the index that delivers the file names somebody else.
        unnamed: nobody says who should have signed it, or only the package itself.
    """

    id: ClassVar[str] = "untrusted-identity"
    variants: ClassVar[Mapping[str, Level]] = {
        "named": Level.DENY,
        "index": Level.DENY,
        "unnamed": Level.WARN,
    }

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for each answer that it is somebody else's."""
        standing = case.standing
        if standing is None:
            return
        told = [
            (_variant(standing, each), each.subject, each.reason)
            for each in standing.answers
            if each.status is Status.UNTRUSTED_IDENTITY
        ]
        title = case.component.title
        for variant, subject, reason in dict.fromkeys(told):
            what = f" (`{subject[:140]}`)" if subject not in {"", title} else ""
            yield Finding(
                rule=self.id,
                variant=variant,
                about=case.component,
                message=f"`{title}`{what}: {reason}",
                hint=_HINTS[variant],
            )


def _variant(standing: Standing, answer: Verification) -> str:
    if answer.expected_by == "index":
        return "index"
    return "named" if answer.expected_by or standing.named else "unnamed"


_HINTS: Final = {
    "named": "do not install it, unless that is whom you trust: then name them under "
    "`publishers` in the policy, or lock again",
    "index": "do not install it; ask its maker, and the index",
    "unnamed": "if that is whom you trust, name them under `publishers` in the policy",
}

RULE: Final[type[Rule]] = UntrustedIdentity
