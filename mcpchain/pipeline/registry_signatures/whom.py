"""Whether an attestation holds is one question, and whose it is another.

So that both have an answer, an attestation is verified first as that of whom its own
certificate names, which says nothing yet of whether anybody trusts them (`own_name`).
What holds is then compared with whom somebody expects (`Whom.judge`); until then nobody
may take it for verified.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from mcpchain.bundle.certificate import read as read_identity
from mcpchain.bundle.parse import Bundle
from mcpchain.bundle.policy import Expected
from mcpchain.component import Component, PackageFacts
from mcpchain.publisher import Publisher, attested
from mcpchain.signature import Check, Identity, Status, Verification

_CHECK = "identity"


def own_name(bundle: Bundle) -> Expected | None:
    """Return whom the certificate of *bundle* names; `None`: it names nobody."""
    from cryptography.x509 import load_der_x509_certificate

    if not bundle.certificate:
        return None
    try:
        found = read_identity(load_der_x509_certificate(bundle.certificate))
        return Expected(issuer=found.issuer, san=found.san)
    except Exception:  # noqa: BLE001 - what is wrong with it says who verifies it
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Who has to stand for a package, any one of several, and who says so."""

    expected: tuple[Expected, ...] = ()
    by: str = ""
    """`user` or `index`. Empty: nobody says whom to expect."""

    def judge(self, found: Verification) -> Verification:
        """Return *found*, which was verified as its own name, as what it is for us."""
        if found.key:
            return replace(found, expected_by="")  # the registry's, by its own key
        if found.status is Status.UNTRUSTED_IDENTITY and found.identity is not None:
            # Its own name was expected, and there was none.
            reason = "its certificate does not name who signed"
            return replace(
                found,
                status=Status.INVALID,
                reason=reason,
                identity=None,
                expected_by="",
            )
        if found.status is not Status.VERIFIED or found.identity is None:
            return replace(found, expected_by=self.by)
        problem = self._problem(found.identity)
        reason = problem or f"signed by `{found.identity.san}`"
        others = [each for each in found.checks if each.id != _CHECK]
        check = Check(id=_CHECK, ok=not problem, detail=reason)
        return replace(
            found,
            status=Status.UNTRUSTED_IDENTITY if problem else Status.VERIFIED,
            reason=reason if problem else found.reason,
            checks=(*others, check),
            expected_by=self.by,
        )

    def _problem(self, found: Identity) -> str:
        """Say why it is not *found*; empty: it is."""
        differences = [[*each.differences(found)] for each in self.expected]
        if not all(differences):
            return ""
        if len(differences) == 1:
            return "; ".join(differences[0])
        who = f"`{found.san[:200]}` signed it"
        if not self.by:
            return f"{who}; nobody says whom to expect"
        if not differences:
            return f"{who}; no certificate of anybody is expected"
        return f"{who}, who is none of the {len(differences)} that may"


def named(package: Component, publishers: tuple[Publisher, ...]) -> Whom | None:
    """Return whom the policy, or else its lock, names for *package*; `None`: neither.

    A publisher who has only a key, and one of a kind that is not known, has no
    certificate that would do.
    """
    if fitting := [each for each in publishers if each.fits(package)]:
        found = tuple(each.expected for each in fitting if each.expected)
        return Whom(expected=found, by="user")
    facts = package.facts
    if not isinstance(facts, PackageFacts) or not facts.attested_by:
        return None
    return Whom(expected=tuple(_locked(facts)), by="user")


def _locked(facts: PackageFacts) -> Iterator[Expected]:
    for each in facts.attested_by:
        try:
            found = attested(each)
        except ValueError:
            continue  # who is not told whole is nobody
        if found is not None:
            yield found
