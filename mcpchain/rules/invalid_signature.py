"""A signature that does not hold."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import ClassVar, Final

from mcpchain.case import Case
from mcpchain.finding import Finding, Level
from mcpchain.rules import Rule
from mcpchain.signature import Status


@dataclass(frozen=True, slots=True, kw_only=True)
class InvalidSignature:
    """A signature, attestation or certificate is there, and does not hold.

    Why it matters: the bytes are not those that were signed, or somebody has made up
    the signature. That is what an attack looks like, and never what a missing
    signature looks like.

    Use instead: do not run it. Get it again from its maker, and tell them and the
    registry.

    Example:
        `acme-files==1.2.0` (`acme_files-1.2.0-py3-none-any.whl`): the statement is
        about other artifacts

    The index offers an attestation beside this wheel, signed by somebody, that is
    about other bytes than those that the wheel has.

    Variants:
        invalid: something that is signed, logged or certified does not hold.
    """

    id: ClassVar[str] = "invalid-signature"
    variants: ClassVar[Mapping[str, Level]] = {"invalid": Level.DENY}

    def check(self, case: Case) -> Iterator[Finding]:
        """Yield a finding for each answer that something is invalid."""
        answers = case.standing.answers if case.standing else ()
        told = [
            (each.subject, each.reason)
            for each in answers
            if each.status is Status.INVALID
        ]
        title = case.component.title
        for subject, reason in dict.fromkeys(told):
            what = f" (`{subject[:140]}`)" if subject not in {"", title} else ""
            yield Finding(
                rule=self.id,
                variant="invalid",
                about=case.component,
                message=f"`{title}`{what}: {reason}",
                hint="do not install it; get it again from its maker, and ask them",
            )


RULE: Final[type[Rule]] = InvalidSignature
