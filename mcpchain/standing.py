"""Who stands for a component, and who stood for what came before it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from mcpchain.signature import Identity, Status, Verification


@dataclass(frozen=True, slots=True, kw_only=True)
class Builders:
    """What the user says of builders."""

    isolating: frozenset[str] = frozenset()
    """Workflows that isolate the build, each with the commit that the user has looked
    at: `https://github.com/O/R/.github/workflows/W@<40 hexadecimal digits>`."""
    self_hosted: bool = False
    """Whether runners of one's own are as good as hosted ones."""


class Refused(NamedTuple):
    """Why the verdict of another stage, which has to be there, is none that counts."""

    variant: str
    """Of the rule `missing-verdict`."""
    reason: str


NO_VERDICT: Final = Refused("absent", "the verdict of another stage was not given")


def away(answer: Verification) -> bool:
    """Say whether *answer* is that none could be had, which asking again may mend.

    An error of ours while we verified is not mended so.
    """
    return answer.status is Status.ERROR and not answer.checks


@dataclass(frozen=True, slots=True, kw_only=True)
class Earlier:
    """An earlier release of the same line, for which somebody stood."""

    version: str
    nearest: bool = False
    """Whether no other release lies between."""
    identity: Identity | None = None
    """Who stood for it, verified. `None`: it was not looked at, or did not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """All answers to: who stands for it?

    Of packages, whether a signature holds is found out apart from whose it is. So the
    `identity` and the `statement` of an answer that is verified, or of an untrusted
    identity, can be believed: they hold, and are about these very bytes. Who says whom
    to expect tells the three kinds of the latter apart:

    - `expected_by` is `user`: the policy or the lock names somebody else (`named`).
    - `expected_by` is `index`: the index that delivers the file says somebody else.
    - it is empty: nobody says whom to expect, or only the package itself does, by the
      repository that it declares. Where that is the one that built it, the answer is
      verified, and `expected_by` is `index`, which delivers that word too.

    What is verified by a key, and without an identity, the registry itself has signed:
    it says that it delivers these bytes under this name, and nothing of who made them.

    Of an answer that is unverifiable or an error there is a gap as well.
    """

    answers: tuple[Verification, ...]
    """One for each signature, and one with its reason where there is none: where a
    package has files without, beside attested ones too. An empty tuple: nobody looked,
    of which a gap tells."""
    named: bool = False
    """Whether the policy or a lock names who has to stand for it."""
    declared: str = ""
    """The repository that it says itself to come from, as an address; empty: it does
    not say, or says it in a form that is not read."""
    earlier: tuple[Earlier, ...] = ()
    """Nearest first."""

    @property
    def provenance(self) -> tuple[Verification, ...]:
        """The verified answers that say from which repository it was built."""
        return tuple(
            e for e in self.answers if e and e.identity and e.identity.repository
        )

    @property
    def signers(self) -> tuple[Identity, ...]:
        """Whose signatures hold, be they trusted or not; each once."""
        return tuple(
            dict.fromkeys(
                each.identity
                for each in self.answers
                if each.status in {Status.VERIFIED, Status.UNTRUSTED_IDENTITY}
                and each.identity
            )
        )

    @property
    def lacks_provenance(self) -> bool:
        """Whether it is known that nothing verified says where it was built.

        Not where that could not be looked at, nor of what is only invalid or somebody
        else's. That a registry has signed it says nothing of its attestations.
        """
        known = any(
            each.status is Status.MISSING or (each and each.identity)
            for each in self.answers
        )
        return known and not self.provenance

    @property
    def unheard(self) -> bool:
        """Whether an answer could not be had, of which a gap tells."""
        return any(map(away, self.answers))

    def bare(self, signed: Iterable[Verification]) -> tuple[Verification, ...]:
        """Return what is missing for something that none of *signed* is about."""
        subjects = {each.subject for each in signed}
        return tuple(
            each
            for each in self.answers
            if each.status is Status.MISSING and each.subject not in subjects
        )
