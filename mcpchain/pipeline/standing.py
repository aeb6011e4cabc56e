"""Who stands for what is in an inventory, and who stood for what came before?

Of the registries that are asked what they would deliver: signatures stand on the same
pages, which are read once (`Inquiry.look`). Then one document is asked for of each
package that is attested, and one of its predecessor, where it is known who stands for
the package itself. Where no registry was asked, or none answered, a gap or a finding
tells of that already, and nobody stands for anything here. Of images, those are asked
about whose signers the policy names.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from mcpchain import image
from mcpchain.component import Component, Kind
from mcpchain.errors import MalformedError, UsageError
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.inventory import Gap, State
from mcpchain.policy import Policy
from mcpchain.publisher import Publisher
from mcpchain.registries import Seen
from mcpchain.release import Release, Withdrawal
from mcpchain.signature import Demand, Identity, Status, Verification
from mcpchain.standing import Earlier, Standing, away

if TYPE_CHECKING:
    from mcpchain.closure.library import Door
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.registry_signatures.lead import (
        Documents,
        Lead,
        Offered,
        Trusted,
    )

_KINDS: Final = ("npm", "pypi")
_IMAGES: Final = ("docker", "oci")
ASKED: Final = (*_KINDS, *_IMAGES)
"""The types of packages of which it can be asked who stands for them."""
_FILES: Final = 1
"""How many attested files of one release are looked at."""
AGAIN: Final = "look again later, or see why the registry does not give it"
_NEWER: Final = (
    "update the trusted root (`mcpchain trust update`), name the keys of your own "
    "registry (`--registry-keys`), or look for a newer mcpchain"
)
_UNATTESTED: Final = (
    "nobody but the registry that was asked has signed it; a mirror may leave "
    "attestations out"
)
_OPEN: Final = frozenset({Status.UNVERIFIABLE, Status.ERROR})
_HELD: Final = frozenset({Status.VERIFIED, Status.UNTRUSTED_IDENTITY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stood:
    """What came of asking, by the refs of components."""

    standings: Mapping[str, Standing] = field(default_factory=dict)
    gaps: tuple[Gap, ...] = ()


def inquire(
    components: Sequence[Component], policy: Policy, terms: "Circumstances"
) -> "Inquiry | None":
    """Return how to ask who stands for *components*; `None`: nobody can be asked.

    Raises:
        UsageError: There is no such root, or there are no such keys.
        UnavailableError: What the user trusts is there, and cannot be used.
    """
    asked = any(is_package(each) or _signers(each, policy) for each in components)
    if terms.offline or not asked:
        return None
    from mcpchain.pipeline.registry_signatures import read_registry_keys
    from mcpchain.pipeline.registry_signatures.lead import Trusted
    from mcpchain.pipeline.trusting import choose, from_file

    chosen = (
        from_file(terms.trusted_root)
        if terms.trusted_root
        else choose(terms.root, terms.trust, terms.now)
    )
    opinion = None
    if policy.second_opinion is not Demand.OFF:
        from mcpchain.verify.second_opinion import SecondOpinion

        opinion = SecondOpinion(chosen.data, policy.second_opinion)
    keys = read_registry_keys(terms.registry_keys, terms.trust)
    trusted = Trusted(root=chosen.root, keys=keys, opinion=opinion)
    return Inquiry(policy, trusted, chosen.note, terms)


def _signers(component: Component, policy: Policy) -> tuple[Publisher, ...]:
    """Return whom the policy names for an image that its digest names."""
    if not is_image(component) or not has_digest(component):
        return ()
    return tuple(each for each in policy.publishers if each.fits(component))


def is_image(component: Component) -> bool:
    """Say whether it is an image, and known where that lies."""
    purl = component.purl
    return (
        component.kind is not Kind.MCP_SERVER
        and purl is not None
        and purl.type in _IMAGES
        and bool(image.repository(purl))
    )


def has_digest(component: Component) -> bool:
    """Say whether it is an image that its digest names."""
    return ":" in ((component.purl and component.purl.version) or "")


def is_package(component: Component) -> bool:
    """Say whether it is a package of PyPI or npm, from wherever it comes."""
    purl = component.purl
    return component.kind is not Kind.MCP_SERVER and bool(purl and purl.type in _KINDS)


class Inquiry:
    """One run of asking.

    Args:
        policy: Who has to stand for what, and whether two have to agree on it.
        trusted: By what signatures are verified.
        note: What to know about the root among that.
        terms: When and where it is asked.
    """

    def __init__(
        self, policy: Policy, trusted: "Trusted", note: str, terms: "Circumstances"
    ) -> None:
        self._terms = terms
        self.note = note
        self.root = trusted.root
        self._policy = policy
        self._trusted = trusted
        self._offers: dict[tuple[str, str, str], Mapping[str, Offered]] = {}
        self._problems: dict[tuple[str, str, str], str] = {}

    def look(self, seen: Seen) -> None:
        """Keep what a page says of signatures. May be called from several threads."""
        from mcpchain.pipeline.registry_signatures import of_npm, of_pypi

        read = of_npm.offers if seen.purl_type == "npm" else of_pypi.offers
        key = (seen.purl_type, seen.name, seen.registry)
        try:
            self._offers[key] = read(
                seen.document,
                seen.name,
                seen.versions,
                registry=seen.registry,
                url=seen.url,
            )
        except MalformedError as error:
            self._problems[key] = f"{error.pointer}: {error.problem}"[:300]

    def conclude(
        self,
        components: Sequence[Component],
        releases: Mapping[str, Release],
        evidence: Mapping[str, Sequence[Evidence]],
        door: "Door",
    ) -> Stood:
        """Say who stands for each of *components*.

        Args:
            components: With their refs.
            releases: What the registries would deliver, by ref.
            evidence: What came of comparing that with what is pinned.
            door: The way to the registries.
        """
        from mcpchain.pipeline.registry_signatures.lead import Documents

        leads = {
            each.ref: (each, lead)
            for each in components
            if (lead := self._lead(each, releases.get(each.ref), evidence))
        }
        documents = Documents(door)
        documents.load(d for _, lead in leads.values() for d in lead.documents)
        answers = {
            ref: _with_lack(each, self._answers(each, lead, documents))
            for ref, (each, lead) in leads.items()
        }
        known = {ref for ref, some in answers.items() if any(map(_identity, some))}
        first = [leads[ref][1].before[:1] for ref in answers if ref in known]
        documents.load(
            before.document for some in first for before in some if before.document
        )
        standings = {
            ref: self._standing(*leads[ref], some, documents if ref in known else None)
            for ref, some in answers.items()
        }
        standings |= self._images(components)
        gaps = tuple(
            gap
            for each in components
            if each.ref in standings
            for gap in unanswered(each, standings[each.ref])
        )
        return Stood(standings=standings, gaps=gaps)

    def _images(self, components: Sequence[Component]) -> dict[str, Standing]:
        found: dict[str, Standing] = {}
        for each in components:
            if signers := _signers(each, self._policy):
                answers = self._signed(each, signers)
                found[each.ref] = Standing(answers=answers, named=True)
        return found

    def _signed(
        self, component: Component, signers: Sequence[Publisher]
    ) -> tuple[Verification, ...]:
        """Return what the first who has signed *component* has signed.

        If nobody has, return what came of looking for each.
        """
        from mcpchain.bundle import keys
        from mcpchain.pipeline import images
        from mcpchain.pipeline.registry_signatures.answers import told
        from mcpchain.pipeline.verification import Terms

        known = Terms(root=self.root, opinion=self._trusted.opinion)
        answers: list[Verification] = []
        for each in signers:
            key = keys.load(each.key) if each.key else None
            asked = replace(known, expected=each.expected, key=key)
            try:
                found = tuple(
                    images.verify(str(component.purl), asked, lambda: self._terms)
                )
            except UsageError as error:  # of a BOM, which may say anything
                return (told(component, Status.UNVERIFIABLE, str(error)),)
            if any(found):
                return found
            answers += found
        return tuple(answers)

    def _lead(
        self,
        component: Component,
        release: Release | None,
        evidence: Mapping[str, Sequence[Evidence]],
    ) -> "Lead | None":
        """Return where to look for *component*; `None`: something else is wrong.

        Without a version nothing says which release runs. What the registry delivers in
        the place of what is pinned is not it, whoever has signed that.
        """
        purl = component.purl
        if purl is None or component.version is None or release is None:
            return None
        other = any(
            each.claim is Claim.PINNED_DIGEST and each.outcome is Outcome.REFUTED
            for each in evidence.get(component.ref, ())
        )
        if other or release.withdrawal is Withdrawal.MISSING:
            return None
        from mcpchain.pipeline.registry_signatures.answers import told
        from mcpchain.pipeline.registry_signatures.lead import Lead

        found: Offered | None = None
        for registry in release.registry.split():
            key = (purl.type, release.name, registry)
            offered = self._offers.get(key, {}).get(component.version)
            if offered is not None:
                found = found.beside(offered) if found else offered
            elif key in self._problems:
                reason = (
                    f"its page cannot be read for signatures: {self._problems[key]}"
                )
                return Lead(told=(told(component, Status.UNVERIFIABLE, reason),))
        return found.lead(component, self._trusted, _FILES) if found else None

    def _answers(
        self, component: Component, lead: "Lead", documents: "Documents"
    ) -> Iterator[Verification]:
        from mcpchain.pipeline.registry_signatures.whom import named

        by = named(component, self._policy.publishers)
        for each in lead.told:
            yield self._demanded(each)
        for document in lead.documents:
            for each in documents.verify(document, component, self._trusted, by):
                yield self._demanded(each)

    def _demanded(self, found: Verification) -> Verification:
        if self._policy.second_opinion is Demand.OFF:
            return found
        from mcpchain.verify.second_opinion import demanded

        return demanded(found, self._policy.second_opinion)

    def _standing(
        self,
        component: Component,
        lead: "Lead",
        answers: tuple[Verification, ...],
        documents: "Documents | None",
    ) -> Standing:
        from mcpchain.pipeline.registry_signatures.whom import named

        earlier: list[Earlier] = []
        for each in lead.before:
            who = None
            if documents and each.document:
                found = documents.verify(each.document, component, self._trusted, None)
                who = next(filter(None, map(_identity, found)), None)
            earlier.append(
                Earlier(version=each.version, nearest=each.nearest, identity=who)
            )
        return Standing(
            answers=answers,
            named=named(component, self._policy.publishers) is not None,
            declared=lead.declared,
            earlier=tuple(earlier),
        )


def _with_lack(
    component: Component, found: Iterable[Verification]
) -> tuple[Verification, ...]:
    """Return *found*, and what is missing where only the registry itself has signed.

    Said outright, so that nobody takes attestations that could not be read for none.
    """
    from mcpchain.pipeline.registry_signatures.answers import told

    known = tuple(found)
    if known and all(each and each.identity is None for each in known):
        return (*known, told(component, Status.MISSING, _UNATTESTED))
    return known


def _identity(found: Verification) -> Identity | None:
    """Return who signed, where that holds, whether or not it is whom we expect."""
    return found.identity if found.status in _HELD else None


def unanswered(component: Component, standing: Standing) -> Iterator[Gap]:
    """Yield a gap for each answer that leaves the question open."""
    reasons: dict[str, Verification] = {}
    for each in standing.answers:
        if each.status in _OPEN:
            reasons.setdefault(each.reason, each)
    for reason, each in reasons.items():
        open_ = State.UNASKED if standing.named else State.UNREACHABLE
        yield Gap(
            stage="verify",
            location=component.location,
            reason=f"who stands for `{component.title}` is not known: {reason}",
            state=open_ if away(each) else State.UNSUPPORTED,
            hint=AGAIN if away(each) else _NEWER,
            ref=component.ref,
        )
