"""The hall of the house: the one module that knows every stage.

survey   a target on disk     -> Inventory
bom      Inventory            -> CycloneDX
judge    Inventory, Policy    -> Account, by way of registries and advisories
"""

import datetime as dt
import itertools
import os
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mcpchain import gate, registries, verify
from mcpchain.address import normalise
from mcpchain.advisory import Advisory
from mcpchain.audit.advisories import Lookup, Package, merge
from mcpchain.audit.advisories.osv import Index, open_index
from mcpchain.audit.advisories.pip_audit import run_pip_audit
from mcpchain.bom.read import declared, read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.case import Case
from mcpchain.component import Component, Kind, Location, PackageFacts, ServerFacts
from mcpchain.discover import survey as survey_tree
from mcpchain.discover.environment import read_environment
from mcpchain.errors import NothingToCheckError, PolicyError, UsageError
from mcpchain.evidence import Claim, Evidence, Outcome
from mcpchain.fetch import Fetcher
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.policy import Policy, parse
from mcpchain.release import Release, Withdrawal
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
        delivered: Mapping[str, Evidence] = {}
        if terms.download and not terms.offline:
            delivered = download(
                components,
                answers.releases,
                fetcher=fetcher,
                settings=settings,
                progress=progress,
            )
    pins = verify.compare_all(components, answers.releases, answers.unasked)
    evidence = {
        each.ref: tuple(
            some[each.ref] for some in (pins, delivered) if each.ref in some
        )
        for each in components
    }
    known = _audit(components, answers.releases, policy, terms)
    gaps = [*inventory.gaps, *answers.gaps, *known.gaps, *_unread(settings)]
    gaps += _open_questions(components, answers.releases, evidence)
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
                    evidence=evidence.get(case.component.ref, ()),
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
    """By the refs of components."""
    gaps: tuple[Gap, ...]
    sources: tuple[str, ...]


_ECOSYSTEMS: Final = {"pypi": "PyPI", "npm": "npm"}


def _audit(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    policy: Policy,
    terms: Circumstances,
) -> _Known:
    """Look every package up in every source, and say which had none."""
    packages: dict[str, Package] = {}
    others: Counter[str] = Counter()
    for each in components:
        if each.kind not in {Kind.LIBRARY, Kind.APPLICATION} or each.purl is None:
            continue
        if each.purl.type not in _ECOSYSTEMS:
            others[each.purl.type] += 1
            continue
        release = releases.get(each.ref)
        version = each.version or (release.version if release else None)
        packages[each.ref] = Package(each.purl.type, each.name, version)
    asked = sorted(set(packages.values()), key=str)
    lookups: list[Lookup] = []
    sources: list[str] = []
    for source in terms.advisories:
        with open_index(source, cache=terms.cache / "advisories") as index:
            covered = {each.purl_type for each in index.coverage(terms.now)}
            fitting = [each for each in asked if each.purl_type in covered]
            age = policy.max_advisory_age
            lookups.append(index.look_up(fitting, now=terms.now, max_age=age))
            sources += _described(index, terms.now)
    python = [each for each in asked if each.purl_type == "pypi"]
    if python and _wants_pip_audit(terms, lookups, python):
        lookups.append(
            run_pip_audit(
                python,
                python=Path(sys.executable),
                environ=terms.environ,
                cache=terms.cache / "pip-audit",
            )
        )
        sources.append("pip-audit")
    known = merge(asked, *lookups)
    return _Known(
        advisories={
            ref: known.advisories[package]
            for ref, package in packages.items()
            if package in known.advisories
        },
        gaps=(
            *known.general,
            *(
                replace(gap, ref=each.ref, location=each.location)
                for each in components
                if each.ref in packages
                for gap in known.about(packages[each.ref])
            ),
            *(_unmatched(kind, count) for kind, count in sorted(others.items())),
        ),
        sources=tuple(sources),
    )


def _wants_pip_audit(
    terms: Circumstances, lookups: Sequence[Lookup], python: Sequence[Package]
) -> bool:
    if terms.offline or terms.pip_audit is False:
        return False
    answered = {package for each in lookups for package in each.answered}
    return terms.pip_audit is True or not answered.issuperset(python)


def _described(index: Index, now: dt.datetime) -> Iterator[str]:
    for each in index.coverage(now):
        newest = f"{each.newest:%Y-%m-%d}" if each.newest else "undated"
        title = _ECOSYSTEMS.get(each.purl_type, each.purl_type)
        yield f"{index.name} ({each.records:,} {title} records, newest {newest})"


def _unmatched(kind: str, count: int) -> Gap:
    what = f"{count} package{'s' if count > 1 else ''}"
    return Gap(
        stage="audit",
        location=Location(path="."),
        reason=f"{what} of the kind `{kind}`: mcpchain matches advisories for PyPI and "
        "npm only",
        state=State.PARTIAL,
        hint="look them up in the advisories of their publishers",
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
