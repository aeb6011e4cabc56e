"""Make one component of all that describes one data set."""

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from typing import Final

from packageurl import PackageURL

from mcpchain.component import Component, DataFacts
from mcpchain.data_sets import CARD, CROISSANT, DVC
from mcpchain.inventory import Gap, State
from mcpchain.license import declared_expression

_RANK: Final = {CARD: 0, CROISSANT: 1, DVC: 2}
_CACHED: Final = re.compile(
    r"(?:.*/)?datasets--(?:(?P<owner>[\w.-]+?)--)?(?P<name>[\w.-]+)"
    r"/snapshots/(?P<commit>[0-9a-f]{40})"
)
"""A folder in the cache of the hub's library."""
_NO_VERSION: Final = "0.0.0"
"""What the hub's library writes where nobody gave a version."""


def merged(
    wholes: Sequence[Component], folder: str, name: str
) -> tuple[Component, list[Component], list[Gap]]:
    """Return the data set of *folder*, what is part of it, and where parts disagree.

    Args:
        wholes: What describes it, one or more. Of several Croissant descriptions only
            the first one: the others describe something else.
        folder: Where it lies.
        name: Of the root, where nobody says what the data set is called.
    """
    taken: list[Component] = []
    for each in sorted(wholes, key=_rank):
        again = _facts(each).format == CROISSANT and any(
            _facts(other).format == CROISSANT for other in taken
        )
        if not again:
            taken.append(each)
    first = taken[0]
    versions = [e.version for e in taken if e.version and e.version != _NO_VERSION]
    component = replace(
        first,
        name=next((each.name for each in taken if each.name), folder or name),
        version=versions[0] if versions else None,
        locations=tuple(place for each in taken for place in each.locations),
        artifacts=tuple(a for each in taken for a in each.artifacts),
        licenses=tuple(dict.fromkeys(t for each in taken for t in each.licenses)),
        facts=_united([_facts(each) for each in taken]),
        ref=f"data set {folder}",
    )
    return _on_the_hub(component, f"{name}/{folder}"), taken, list(_conflicts(taken))


def summed(
    component: Component, files: Sequence[Component], commits: Collection[str]
) -> Component:
    """Return a data set with what its files tell and nobody else does.

    Args:
        component: The data set.
        files: What is in it.
        commits: Those that the hub's library wrote down for files of it.
    """
    if component.version is None and len(commits) == 1:
        component = replace(component, version=min(commits))
    facts = _facts(component)
    parts = [_facts(each) for each in files if not each.name.startswith("_")]
    if facts.records is None and parts:
        counts = [each.records for each in parts if each.records is not None]
        whole = len(counts) == len(parts)
        facts = replace(facts, records=sum(counts) if whole else None)
    if not facts.columns and len({each.columns for each in parts}) == 1:
        facts = replace(facts, columns=parts[0].columns)
    return replace(component, facts=facts)


def _rank(component: Component) -> tuple[int, bool, str, str]:
    place = component.location
    card = place.path.lower().endswith(".md")
    rank = _RANK.get(_facts(component).format, len(_RANK))
    return (rank, not card, place.path, place.pointer)


def _facts(component: Component) -> DataFacts:
    return component.facts if isinstance(component.facts, DataFacts) else DataFacts()


def _united(facts: Sequence[DataFacts]) -> DataFacts:
    """Return what *facts* say together; of what several say, what the first does."""
    return DataFacts(
        format=facts[0].format,
        description=next((e.description for e in facts if e.description), ""),
        records=next((e.records for e in facts if e.records is not None), None),
        columns=next((e.columns for e in facts if e.columns), ()),
        tasks=next((e.tasks for e in facts if e.tasks), ()),
        languages=next((e.languages for e in facts if e.languages), ()),
        sensitive=tuple(sorted({text for e in facts for text in e.sensitive})),
    )


def _conflicts(wholes: Sequence[Component]) -> Iterator[Gap]:
    """Yield a gap where two that describe one data set contradict each other."""
    first, *others = wholes
    for other in others:
        for what, one, two in (
            ("licence", _spdx(first), _spdx(other)),
            ("version", _version(first), _version(other)),
        ):
            if one and two and one != two:
                yield Gap(
                    stage="discover",
                    location=other.location,
                    reason=f"says that the {what} of the data set is `{two}`, but "
                    f"`{first.location}` says `{one}`",
                    state=State.CONFLICT,
                    hint="find out which of the two is right, and correct the other",
                    ref=other.ref,
                )


def _spdx(component: Component) -> str:
    """Return the licences, if SPDX knows them all: others have many names."""
    known = [declared_expression(each) for each in component.licenses]
    return ", ".join(sorted(filter(None, known))) if all(known) else ""


def _version(component: Component) -> str:
    return "" if component.version in {None, _NO_VERSION} else str(component.version)


def _on_the_hub(component: Component, folder: str) -> Component:
    """Name a data set that lies in the hub's cache as the hub does."""
    known = _CACHED.fullmatch(folder)
    if known is None:
        return component
    owner, name, commit = known["owner"], known["name"], known["commit"]
    return replace(
        component,
        name=f"{owner}/{name}" if owner else name,
        version=commit,
        purl=PackageURL(
            type="huggingface",
            namespace=owner,
            name=name,
            version=commit,
            qualifiers={"repo_type": "dataset"},
        ),
    )
