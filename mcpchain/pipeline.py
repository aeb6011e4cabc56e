"""The hall of the house: the one module that knows every stage.

survey   a target on disk     -> Inventory
bom      Inventory            -> CycloneDX
judge    Inventory, Policy    -> Account, by way of registries and advisories
"""

import datetime as dt
import itertools
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mcpchain import gate, registries, verify
from mcpchain.address import normalise
from mcpchain.advisory import Advisory
from mcpchain.audit import Package, merge
from mcpchain.audit.advisories import osv, pip_audit
from mcpchain.bom.read import declared, read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.case import Case
from mcpchain.component import Component, Kind, Location, PackageFacts, ServerFacts
from mcpchain.discover import survey as survey_tree
from mcpchain.discover.environment import read_environment
from mcpchain.errors import NothingToCheckError, PolicyError, UsageError
from mcpchain.evidence import Evidence, Outcome
from mcpchain.fetch import Fetcher
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.policy import Policy, parse
from mcpchain.registries import Resolution
from mcpchain.report import Account
from mcpchain.settings import Settings, load
from mcpchain.tree import Tree, UnreadableError
from mcpchain.verdict import Decision
from mcpchain.verify.delivered_bytes import download

Progress = Callable[[int, int], None]
"""Takes (done, in all)."""

_BOM_LIMIT: Final = 512 << 20
"""How many bytes of a BOM are read."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """When and where a question is asked, and what may be used to answer it."""

    now: dt.datetime
    version: str
    """Of mcpchain."""
    environ: Mapping[str, str]
    home: Path
    cache: Path
    project: Path
    """The folder that the target is in."""
    advisories: tuple[Path, ...] = ()
    """OSV records: folders, archives or indexes."""
    pip_audit: bool | None = None
    """`None`: only where no other source covers Python packages."""
    offline: bool = False
    download: bool = False


def load_policy(name: str) -> Policy:
    """Read the policy file *name*, or the shipped policy of that name.

    Raises:
        PolicyError: It cannot be read, or not be applied as written.
    """
    path = Path(name)
    if name in _shipped():
        path = _shipped()[name]
        shown = f"policies/{name}.yaml"
    else:
        shown = name
    try:
        data = path.read_bytes()
    except OSError as error:
        known = ", ".join(f"`{each}`" for each in _shipped())
        raise PolicyError(
            f"`{name}` cannot be read: {error.strerror or error}",
            hint=f"name a policy file, or one that comes with mcpchain: {known}",
        ) from error
    return parse(data, source=shown)


def _shipped() -> dict[str, Path]:
    """Return the policies that come with mcpchain, in a wheel or in a checkout."""
    package = Path(__file__).parent
    folder = package / "policies"
    if not folder.is_dir():
        folder = package.parent / "policies"
    return {each.stem: each for each in sorted(folder.glob("*.yaml"))}


def survey(
    target: Path, *, environment: Path | None, hashing: Progress | None = None
) -> Inventory:
    """Return what *target*, a folder, file or BOM, is made of.

    Raises:
        UsageError: *target* is a file that no part of mcpchain reads, or there is no
            environment where *environment* says.
        MalformedError: It is a BOM that cannot be read at all.
    """
    name = Path(os.path.abspath(target)).name or "root"
    if target.is_dir():
        inventory = survey_tree(Tree(target), name=name, hashing=hashing)
    else:
        inventory = _survey_file(target, name, hashing)
    if environment is None:
        return inventory
    found = Collector(name)
    found.include(inventory)
    found.include(read_environment(environment))
    return found.inventory()


def _survey_file(target: Path, name: str, hashing: Progress | None) -> Inventory:
    tree = Tree(target.parent, only=target.name)
    inventory = survey_tree(tree, name=name, hashing=hashing)
    if inventory:
        return inventory
    try:
        data = tree.file(target.name).read(_BOM_LIMIT)
    except UnreadableError as error:
        raise UsageError(str(error), hint=error.hint) from error
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"<"}:
        raise NothingToCheckError(
            f"`{name}` is neither a lock, a configuration, a model nor a BOM",
            hint="name a folder, a file that mcpchain knows, or a CycloneDX BOM",
        )
    return declared(read(data, source=name))


def bom(
    inventory: Inventory, *, now: dt.datetime, version: str, reproducible: bool
) -> bytes:
    """Return *inventory* as a CycloneDX BOM that was validated.

    Raises:
        NothingToCheckError: There is nothing in it.
        MalformedError: What we wrote is not valid, which is a bug of ours.
    """
    if not inventory:
        raise _nothing()
    data = write(inventory, timestamp=now, version=version, reproducible=reproducible)
    validate(data, source="the BOM that mcpchain wrote")
    return data


def judge(
    inventory: Inventory,
    policy: Policy,
    terms: Circumstances,
    progress: Progress | None = None,
) -> Account:
    """Judge *inventory* by *policy*, with all that registries and advisories know.

    Raises:
        NothingToCheckError: There is nothing to judge.
    """
    if not inventory:
        raise _nothing()
    settings = load(terms.environ, home=terms.home, project=terms.project)
    components = [settings.attribute(each) for each in inventory.components]
    chosen = frozenset(map(normalise, policy.registries))
    with Fetcher(
        offline=terms.offline,
        cache=terms.cache / "http",
        route=settings.route,
        clock=terms.now.timestamp,
    ) as fetcher:
        answers = registries.resolve(
            components,
            settings=settings,
            trusted=chosen,
            fetcher=fetcher,
            progress=progress,
        )
        delivered = {}
        if terms.download and not terms.offline:
            delivered = download(
                components,
                answers.releases,
                fetcher=fetcher,
                settings=settings,
                progress=progress,
            )
    pins = verify.compare_all(components, answers.releases, answers.unasked)
    known = _audit(components, answers, policy, terms)
    gaps = [*inventory.gaps, *answers.gaps, *known.gaps, *_unread(settings)]
    gaps += _open_questions(components, answers, pins, delivered)
    trusted = chosen | _own_registries(components, settings)
    cases = _cases(inventory.name, components, gaps, terms.now)
    findings = [
        finding
        for case, rule in itertools.product(
            (
                replace(
                    case,
                    trusted_registries=trusted,
                    release=answers.releases.get(case.component.ref),
                    evidence=_evidence(case.component.ref, pins, delivered),
                    advisories=known.advisories.get(case.component.ref, ()),
                )
                for case in cases
            ),
            policy.rules,
        )
        for finding in rule.check(case)
    ]
    verdict = gate.decide(findings, policy, today=terms.now.date())
    if not components and verdict.decision is Decision.ALLOW:
        raise _nothing()
    return Account(
        inventory=inventory,
        verdict=verdict,
        policy=policy,
        now=terms.now,
        version=terms.version,
        sources=known.sources,
    )


def _nothing() -> NothingToCheckError:
    return NothingToCheckError(
        "no package, model or MCP server was found, so there is nothing to judge",
        hint="run it in the root of the project, or name a folder, lock or BOM",
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    advisories: Mapping[str, tuple[Advisory, ...]]
    gaps: tuple[Gap, ...]
    sources: tuple[str, ...]


_ECOSYSTEMS: Final = {"pypi": "PyPI", "npm": "npm"}


def _audit(
    components: Sequence[Component],
    answers: Resolution,
    policy: Policy,
    terms: Circumstances,
) -> _Known:
    """Look every package up in every source, and say which had none."""
    packages: dict[str, list[Package]] = {}
    for each in components:
        if each.kind not in {Kind.LIBRARY, Kind.APPLICATION} or each.purl is None:
            continue
        release = answers.releases.get(each.ref)
        version = each.version or (release.version if release else None)
        packages.setdefault(each.purl.type, []).append(
            Package(
                purl_type=each.purl.type,
                name=each.name,
                version=version,
                ref=each.ref,
                location=each.location,
            )
        )
    lookups, covered = [], set()
    for source in terms.advisories:
        here = osv.covers(source, terms.cache)
        covered |= here
        asked = [p for kind in sorted(here) for p in packages.get(kind, [])]
        lookups.append(
            osv.look_up(
                source,
                asked,
                cache=terms.cache,
                now=terms.now,
                max_age=policy.max_advisory_age,
            )
        )
    python = packages.get("pypi", [])
    ask = terms.pip_audit if terms.pip_audit is not None else "pypi" not in covered
    if python and ask and not terms.offline:
        covered.add("pypi")
        lookups.append(
            pip_audit.look_up(
                python,
                python=Path(sys.executable),
                environ=terms.environ,
                cache=terms.cache,
            )
        )
    uncovered = (
        _uncovered(kind, len(packages[kind]), offline=terms.offline)
        for kind in sorted(packages)
        if kind not in covered
    )
    return _Known(
        advisories=merge(lookups),
        gaps=(*(gap for each in lookups for gap in each.gaps), *uncovered),
        sources=tuple(each.source for each in lookups),
    )


def _uncovered(kind: str, count: int, *, offline: bool) -> Gap:
    """Return the gap for packages that no source of advisories knows."""
    title = _ECOSYSTEMS.get(kind)
    what = f"{count} package{'s' if count > 1 else ''}"
    if title is None:
        reason = f"{kind}: {what}: mcpchain has no advisories for this kind of package"
        state, hint = State.PARTIAL, "look it up in the advisories of its publisher"
    else:
        reason = f"{title}: {what}: no source of advisories"
        state = State.NO_SOURCE
        hint = f"give OSV records for {title} with `--advisories`"
        if kind == "pypi" and offline:
            hint += ", or run without `--offline`"
    return Gap(
        stage="audit",
        location=Location(path="."),
        reason=reason,
        state=state,
        hint=hint,
    )


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
    answers: Resolution,
    pins: Mapping[str, Evidence],
    delivered: Mapping[str, Evidence],
) -> Iterator[Gap]:
    """Yield a gap for each check that a registry answered without settling it."""
    for component in components:
        if component.ref not in answers.releases:
            continue  # why not is a gap, or a rule's finding, already
        for evidence in _evidence(component.ref, pins, delivered):
            if evidence.outcome is Outcome.UNCHECKED:
                yield Gap(
                    stage="verify",
                    location=component.location,
                    reason=f"`{component.title}`: {evidence.detail}",
                    state=State.UNMATCHED,
                    hint="lock it with SHA-256 or stronger, or use `--download`",
                    ref=component.ref,
                )


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
    return settings.trusted(frozenset(kinds & set(_ECOSYSTEMS)))


def _evidence(
    ref: str, pins: Mapping[str, Evidence], delivered: Mapping[str, Evidence]
) -> tuple[Evidence, ...]:
    return tuple(each[ref] for each in (pins, delivered) if ref in each)


def _cases(
    name: str, components: Sequence[Component], gaps: Sequence[Gap], now: dt.datetime
) -> Iterator[Case]:
    """Yield a case for each component, and one for the target as a whole."""
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
