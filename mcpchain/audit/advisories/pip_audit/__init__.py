"""Advisories from pip-audit, run as a program of its own.

Its Python modules are private, and its exit status says little: 1 means "something
found" and "something went wrong" alike, 0 includes "could not ask". So only its JSON
counts, and only for packages that it names; all else is a gap.
"""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from mcpchain.audit.advisories import (
    STAGE,
    Lookup,
    Miss,
    Package,
    missed,
    normal_name,
    sift,
)
from mcpchain.audit.advisories.pip_audit.answer import NAME, Answer, asked_version
from mcpchain.audit.advisories.pip_audit.process import Runner
from mcpchain.component import Location
from mcpchain.inventory import Gap, State

_HINT: Final = "run pip-audit by hand to see what stops it, or name OSV records"
_HINT_SKIPPED: Final = (
    "check its name and version: PyPI's own pages, which pip-audit asks, do not have "
    "it; of another index, name OSV records with `--advisories`"
)


def run_pip_audit(
    packages: Iterable[Package],
    *,
    environ: Mapping[str, str],
    timeout: float,
    cache: Path,
    python: Path | None = None,
    offline: bool = False,
) -> Lookup:
    """Ask pip-audit what is known against the PyPI packages among *packages*.

    It gets names and exact versions and asks PyPI's JSON API about them; it resolves
    nothing, builds nothing and reads no project. It knows no severities.

    Args:
        packages: In any order and of any ecosystem.
        environ: Our environment. Proxies and certificates are handed on, and nothing
            that changes what pip-audit does.
        timeout: Seconds for everything.
        cache: A folder for what it has downloaded.
        python: The interpreter that has pip-audit; ours by default.
        offline: Ask nothing, and say so.
    """
    good, misses = sift(packages)
    asked = [p for p in good if p.purl_type == "pypi" and asked_version(p)]
    misses += missed(
        set(good) - set(asked),
        state=State.NO_SOURCE,
        problem="pip-audit knows PyPI packages in PEP 440 versions only",
        hint="name a folder or zip of OSV records with `--advisories`",
        source=NAME,
    )
    if offline:
        silent = missed(
            asked,
            state=State.OFFLINE,
            problem="pip-audit was not run, since it needs the network",
            hint="run without `--offline`, or name OSV records with `--advisories`",
            source=NAME,
        )
        return Lookup(misses=misses + silent)
    deadline = time.monotonic() + timeout
    runner = Runner(python=python or Path(sys.executable), environ=environ, cache=cache)
    rounds = [(each, runner.ask(each, deadline)) for each in _rounds(asked)]
    answers = [answer for _, answer in rounds]
    return Lookup(
        advisories={p: found for one in answers for p, found in one.found.items()},
        answered=frozenset(p for one in answers for p in one.answered),
        misses=(*misses, *_silences(rounds)),
        troubles=tuple(_troubles(answers)),
    )


def _rounds(packages: Sequence[Package]) -> Iterator[dict[str, Package]]:
    """Yield groups in which each name occurs once, by the name that pip-audit uses.

    pip-audit refuses a whole file that has a name in two versions. Two spellings of one
    version are one question, and both must be answered.
    """
    left = list(packages)
    while left:
        group: dict[str, Package] = {}
        later = []
        for package in left:
            name = normal_name("pypi", package.name) or package.name
            if group.setdefault(name, package) != package:
                later.append(package)
        yield group
        left = later


def _silences(rounds: Sequence[tuple[Mapping[str, Package], Answer]]) -> Iterator[Miss]:
    """Yield why packages were not answered."""
    served = any(answer.answered for _, answer in rounds)
    for group, answer in rounds:
        silent = [p for p in group.values() if p not in answer.answered]
        unsaid = [each for each in silent if each not in answer.skipped]
        problem = answer.failure or "pip-audit did not speak of it"
        yield from _missed(unsaid, State.UNREACHABLE, problem)
        skipped = [each for each in silent if each in answer.skipped]
        if served:
            for each in skipped:
                problem = f"pip-audit skipped it: {answer.skipped[each]}"
                yield from _missed([each], State.MISSING, problem, _HINT_SKIPPED)
        elif skipped:
            # Rather a service that cannot be reached, or a mirror without that API,
            # than one that has never heard of any of them.
            reason = answer.skipped[skipped[0]]
            problem = f"pip-audit skipped all that it was asked about: {reason}"
            yield from _missed(skipped, State.UNREACHABLE, problem, _HINT_SKIPPED)


def _missed(
    packages: Iterable[Package], state: State, problem: str, hint: str = _HINT
) -> tuple[Miss, ...]:
    return missed(packages, state=state, problem=problem, hint=hint, source=NAME)


def _troubles(answers: Iterable[Answer]) -> Iterator[Gap]:
    oddities = sorted({each for answer in answers for each in answer.oddities})
    if oddities:
        more = f" (and {len(oddities) - 1:,} more)" if len(oddities) > 1 else ""
        yield Gap(
            stage=STAGE,
            location=Location(path=NAME),
            reason=f"pip-audit's answer is odd: {oddities[0]}{more}",
            state=State.UNREACHABLE,
            hint=_HINT,
        )
