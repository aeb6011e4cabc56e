"""What is known against the packages? All sources of advisories, and their limits."""

import datetime as dt
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from mcpchain.advisory import Advisory
from mcpchain.audit.advisories import Lookup, Package, merge
from mcpchain.audit.advisories.osv import Index, open_index
from mcpchain.audit.advisories.pip_audit import run_pip_audit
from mcpchain.component import Component, Kind, Location
from mcpchain.inventory import Gap, State
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.policy import Policy
from mcpchain.release import Release


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What all sources together say."""

    advisories: Mapping[str, tuple[Advisory, ...]]
    """By the refs of components."""
    gaps: tuple[Gap, ...]
    sources: tuple[str, ...]


_PATIENCE: Final = 600.0
"""Seconds that pip-audit may take."""
_IMAGES: Final = frozenset({"docker", "oci"})
ECOSYSTEMS: Final = {"pypi": "PyPI", "npm": "npm"}


def look_up(
    components: Sequence[Component],
    releases: Mapping[str, Release],
    policy: Policy,
    terms: Circumstances,
) -> Known:
    """Look every package up in every source, and say which had none."""
    packages, others = _packages(components, releases)
    asked = sorted(set(packages.values()), key=str)
    lookups: list[Lookup] = []
    sources: list[str] = []
    empty: list[Gap] = []
    for source in terms.advisories:
        with open_index(source, cache=terms.cache / "advisories") as index:
            covered = {each.purl_type for each in index.coverage(terms.now)}
            fitting = [each for each in asked if each.purl_type in covered]
            age = policy.max_advisory_age
            lookups.append(index.look_up(fitting, now=terms.now, max_age=age))
            sources += _described(index, terms.now)
            if not covered & set(ECOSYSTEMS) and not lookups[-1].troubles:
                empty.append(_empty(index.name))
    python = [each for each in asked if each.purl_type == "pypi"]
    if python and _wants_pip_audit(terms, lookups, python):
        lookups.append(
            run_pip_audit(
                python,
                python=Path(sys.executable),
                environ=terms.environ,
                timeout=_PATIENCE,
                cache=terms.cache / "pip-audit",
            )
        )
        if lookups[-1].answered:
            sources.append("pip-audit")
    known = merge(asked, *lookups)
    gaps = [
        replace(gap, ref=each.ref, location=each.location)
        for each in components
        if each.ref in packages
        for gap in known.about(packages[each.ref])
    ]
    gaps += map(_unmatched, others)
    return Known(
        advisories={
            ref: known.advisories[package]
            for ref, package in packages.items()
            if package in known.advisories
        },
        gaps=(*known.general, *empty, *gaps),
        sources=tuple(sources),
    )


def _packages(
    components: Sequence[Component], releases: Mapping[str, Release]
) -> tuple[dict[str, Package], list[Component]]:
    """Return what can be looked up, by ref, and the packages that cannot."""
    packages: dict[str, Package] = {}
    others: list[Component] = []
    for each in components:
        if each.kind is Kind.MCP_SERVER or each.purl is None:
            continue  # what a server starts is a component of its own
        if each.purl.type not in ECOSYSTEMS:
            # Advisories speak of packages, not of a model or a data set by its digest.
            if each.kind in {Kind.APPLICATION, Kind.LIBRARY}:
                others.append(each)
            continue
        release = releases.get(each.ref)
        version = each.version or (release.version if release else None)
        packages[each.ref] = Package(each.purl.type, each.name, version)
    return packages, others


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
        title = ECOSYSTEMS.get(each.purl_type, each.purl_type)
        yield f"{index.name} ({each.records:,} {title} records, newest {newest})"


def _empty(name: str) -> Gap:
    return Gap(
        stage="audit",
        location=Location(path=name),
        reason=f"`{name}` holds no advisory for PyPI or npm",
        state=State.NO_SOURCE,
        hint="give OSV's export of an ecosystem: a folder or zip of JSON records",
    )


def _unmatched(component: Component) -> Gap:
    purl = component.purl
    is_image = purl is not None and purl.type in _IMAGES
    what = "container images" if is_image else "that ecosystem"
    return Gap(
        stage="audit",
        location=component.location,
        reason=f"`{component.title}` is of no kind that mcpchain asks registries and "
        "advisories about: those are PyPI and npm packages",
        state=State.PARTIAL,
        hint=f"check it by other means, such as a scanner for {what}",
        ref=component.ref,
    )
