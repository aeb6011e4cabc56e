"""May it be deployed? From an inventory and a policy to an account of the verdict."""

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from mcpchain import gate, registries
from mcpchain.address import normalise
from mcpchain.advisory import Advisory
from mcpchain.case import Case
from mcpchain.closure.library import Door
from mcpchain.component import (
    Component,
    Kind,
    Location,
    PackageFacts,
    Pin,
    ServerFacts,
)
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.fetch import Fetcher
from mcpchain.finding import Finding
from mcpchain.inventory import Gap, Inventory, RelationKind, State
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.closure import pulls
from mcpchain.pipeline.knowledge import ECOSYSTEMS, look_up
from mcpchain.pipeline.standing import Inquiry, Stood, inquire
from mcpchain.pipeline.target import nothing
from mcpchain.pipeline.unasked import unattended
from mcpchain.policy import Policy
from mcpchain.publisher import unused
from mcpchain.registries import Resolution
from mcpchain.release import Release, Withdrawal
from mcpchain.report import Account
from mcpchain.settings import Settings, load
from mcpchain.standing import NO_VERDICT, Refused
from mcpchain.verdict import Decision
from mcpchain.verify.delivered_bytes import download
from mcpchain.verify.pinned_digest import compare_all

Progress = Callable[[int, int], None]
"""Takes (done, in all)."""


def judge(
    inventory: Inventory,
    policy: Policy,
    terms: Circumstances,
    progress: Progress | None = None,
    no_verdict: Refused | None = NO_VERDICT,
) -> Account:
    """Judge *inventory* by *policy*, with all that registries and advisories know.

    Args:
        inventory: What is there.
        policy: What is asked.
        terms: When and where.
        progress: Told how far it is.
        no_verdict: Where the stage requires the verdict of another, why there is none.

    Raises:
        NothingToCheckError: There is nothing to judge.
    """
    if not inventory:
        raise nothing(inventory)
    settings = load(terms.environ, home=terms.home, projects=terms.projects)
    components = inventory.components
    inquiry = inquire(components, policy, terms)
    found = _ask(components, policy, terms, settings, inquiry, progress)
    answers, evidence = found.resolution, found.evidence
    known = look_up(components, answers.releases, policy, terms)
    gaps = [*inventory.gaps, *answers.gaps, *known.gaps, *_unread(settings)]
    gaps += _open_questions(components, answers.releases, evidence)
    gaps += found.stood.gaps
    gaps += unattended(components, policy, found.stood, (*gaps,), offline=terms.offline)
    gaps = [*dict.fromkeys(gaps)]
    pulled_in, moving = pulls(inventory)
    licensed = _licensed_with_another(inventory)
    trusted = _chosen(policy) | _own_registries(components, settings)
    versions = _versions(components, answers.releases, known.advisories)
    findings: list[Finding] = []
    required = policy.stage is not None and policy.stage.requires is not None
    for number, case in enumerate(_cases(inventory.name, components, gaps, terms.now)):
        ref = case.component.ref
        whole = replace(
            case,
            trusted_registries=trusted,
            trusted_addresses=_chosen(policy),
            pulled_in=ref in pulled_in,
            moving=moving.get(ref),
            known_version=versions.get(_package(case.component), ""),
            release=answers.releases.get(ref),
            evidence=evidence.get(ref, ()),
            advisories=known.advisories.get(ref, ()),
            standing=found.stood.standings.get(ref),
            builders=policy.builders,
            licenses=None if ref in licensed else policy.licenses,
            no_verdict=no_verdict if required and not number else None,
        )
        findings += policy.check(whole)
    verdict = gate.decide(findings, policy, today=terms.now.date())
    if not components and verdict.decision is Decision.ALLOW:
        raise nothing(inventory)
    return Account(
        inventory=inventory,
        verdict=verdict,
        policy=policy,
        now=terms.now,
        version=terms.version,
        sources=known.sources,
        downloaded=_hashed(evidence) if terms.download else None,
        standings=found.stood.standings,
        unused_publishers=(*unused(policy.publishers, components),),
        root=str(inquiry.root) if inquiry else "",
        root_note=inquiry.note if inquiry else "",
    )


def _licensed_with_another(inventory: Inventory) -> frozenset[str]:
    """Return the files of models that say nothing, since the model itself speaks."""
    parts = {
        each.ref: each
        for each in inventory.components
        if each.kind in {Kind.MODEL, Kind.DATA}
    }
    return frozenset(
        each.target
        for each in inventory.relations
        if each.kind is RelationKind.CONTAINS
        and each.source in parts
        and each.target in parts
        and not parts[each.target].licenses
        and not parts[each.target].concluded
    )


def _hashed(evidence: Mapping[str, Sequence[Evidence]]) -> int:
    """Count the files whose bytes were compared, whatever came of it."""
    return sum(
        each.claim is Claim.DELIVERED_BYTES and each.outcome is not Outcome.UNCHECKED
        for some in evidence.values()
        for each in some
    )


def _chosen(policy: Policy) -> frozenset[str]:
    return frozenset(map(normalise, policy.registries))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What the registries say, and what came of comparing it."""

    resolution: Resolution
    evidence: Mapping[str, tuple[Evidence, ...]]
    stood: Stood


def _ask(
    components: Sequence[Component],
    policy: Policy,
    terms: Circumstances,
    settings: Settings,
    inquiry: Inquiry | None,
    progress: Progress | None,
) -> _Asked:
    """Ask the registries, and check what is pinned against what they say."""
    delivered: Mapping[str, Evidence] = {}
    with Fetcher(
        offline=terms.offline,
        cache=terms.cache / "http",
        route=settings.route,
        clock=terms.now.timestamp,
    ) as fetcher:
        answers = registries.resolve(
            components,
            settings=settings,
            trusted=_chosen(policy),
            fetcher=fetcher,
            progress=progress,
            look=inquiry.look if inquiry else None,
        )
        if terms.download:
            delivered = download(
                components,
                answers.releases,
                fetcher=fetcher,
                settings=settings,
                progress=progress,
            )
        pins = compare_all(components, answers.releases, answers.unasked)
        both = (pins, delivered)
        evidence = {
            each.ref: tuple(some[each.ref] for some in both if each.ref in some)
            for each in components
        }
        stood = Stood()
        if inquiry:
            door = Door(fetcher, settings, progress)
            stood = inquiry.conclude(components, answers.releases, evidence, door)
    return _Asked(resolution=answers, evidence=evidence, stood=stood)


def _unread(settings: Settings) -> Iterator[Gap]:
    for each in settings.problems:
        yield Gap(
            stage="resolve",
            location=Location(path=each.where),
            reason=each.reason,
            state=State.UNREADABLE,
            hint="repair the configuration of pip or npm",
        )


def _open_questions(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    evidence: Mapping[str, Sequence[Evidence]],
) -> Iterator[Gap]:
    """Yield a gap for each check that a registry answered without settling it.

    Where no registry answered, that is a gap or a finding already; so are a version
    that it does not know, and a pin that is too weak to compare.
    """
    for component in components:
        release = releases.get(component.ref)
        if release is None or release.withdrawal is Withdrawal.MISSING:
            continue
        for each in evidence[component.ref]:
            weak = each.claim is Claim.PINNED_DIGEST and not any(
                digest.algorithm.identifies
                for artifact in component.artifacts
                for digest in artifact.digests
            )
            if each.outcome is Outcome.UNCHECKED and not weak:
                yield Gap(
                    stage="verify",
                    location=component.location,
                    reason=f"`{component.title}`: {each.detail}",
                    state=State.UNMATCHED,
                    hint="lock it with SHA-256 or stronger, or use `--download`",
                    ref=component.ref,
                )


def _package(component: Component) -> tuple[str | None, ...]:
    purl = component.purl
    return (purl.type, purl.namespace, purl.name) if purl else ()


def _versions(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    advisories: Mapping[str, Sequence[Advisory]],
) -> dict[tuple[str | None, ...], str]:
    """Return a version of each package that could be named where none is.

    What a registry would deliver goes before what is named elsewhere in the target.
    """
    found: dict[tuple[str | None, ...], str] = {}
    for asked in (True, False):
        for each in components:
            if each.purl is None or each.kind is Kind.MCP_SERVER:
                continue  # of a server, its package says more
            release = releases.get(each.ref)
            version = each.version
            if release is not None:
                version = None if release.withdrawal else release.version
            floats = each.pin is Pin.FLOATING
            if version and floats is asked and not advisories.get(each.ref):
                found.setdefault(_package(each), version)
    return found


def _own_registries(
    components: Sequence[Component], settings: Settings
) -> frozenset[str]:
    """Return the user's registries, if any component names one to compare with."""
    kinds = {
        each.purl.type
        for each in components
        if each.purl is not None
        and isinstance(each.facts, PackageFacts | ServerFacts)
        and (each.facts.registry is not None or each.facts.extra_registries)
    }
    return settings.trusted(frozenset(kinds & set(ECOSYSTEMS)))


def _cases(
    name: str, components: Sequence[Component], gaps: Sequence[Gap], now: dt.datetime
) -> Iterator[Case]:
    """Yield a case for the target as a whole, and then one for each component."""
    by_ref: dict[str, list[Gap]] = {}
    known = {each.ref for each in components}
    for gap in gaps:
        key = gap.ref if gap.ref in known and gap.ref else ""
        by_ref.setdefault(key, []).append(gap)
    target = Component(
        kind=Kind.APPLICATION, name=name, locations=(Location(path="."),)
    )
    yield Case(component=target, now=now, gaps=tuple(by_ref.get("", ())))
    for each in components:
        yield Case(component=each, now=now, gaps=tuple(by_ref.get(each.ref, ())))
