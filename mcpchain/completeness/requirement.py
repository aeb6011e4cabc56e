"""What a profile asks of a BOM, and how much of it a BOM gives."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.completeness.parts import Bom, Group, Part

NO_PLACE: Final = "SPDX 2.3 has no place for it; write CycloneDX for this profile"
"""The hint for what an SPDX document cannot say."""
_UNSAYABLE: Final = frozenset(
    {"archive", "context", "coverage", "data-flow", "executable", "signature"}
    | {"structured"}
)
"""The ids of requirements that no SPDX document meets."""
_KINDS: Final = frozenset({"data", "machine-learning-model"})
"""The kinds of component for which SPDX has no word."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Requirement:
    """One thing that a BOM, or each of some of its components, has to say."""

    id: str
    title: str
    """What is asked for, as it follows `without`: `a supplier`."""
    hint: str | Mapping[Group, str]
    """What to do where it is missing; by what is without it, where that matters."""
    clause: str = ""
    """Where the profile asks for it."""
    bom: Callable[[Bom], bool] | None = None
    """Whether a BOM has it; `None`, if it is asked of components."""
    part: Callable[[Part], bool] | None = None
    """Whether a component has it."""
    kinds: tuple[str, ...] = ()
    """The kinds of component that it is asked of; none: all, the subject too."""
    of_pieces: bool = False
    """Whether it is asked of the files, too, that a model or a data set consists of.

    For all else, the whole answers.
    """

    def hints(self, group: Group) -> str:
        """Return what to do where one of *group* is without it."""
        return self.hint if isinstance(self.hint, str) else self.hint[group]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Requirements that somebody has published together."""

    id: str
    title: str
    reference: str
    """Title, version and date of the text, by which it is found."""
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How far a BOM meets one requirement."""

    requirement: Requirement
    asked: int
    """Of how many it is asked; 1 for the BOM itself. 0: there is none of the kind."""
    missing: tuple[str, ...]
    """The components without it, as a reader finds them; of the BOM, its format."""
    hints: tuple[tuple[str, str], ...] = ()
    """What to do, each once, and what for: `images, models`; empty: for all."""

    @property
    def share(self) -> float:
        """How much of it is there, from 0 to 1. What nothing was asked is not met."""
        return (self.asked - len(self.missing)) / self.asked if self.asked else 0.0

    @property
    def is_met(self) -> bool:
        """Whether all of it is there."""
        return bool(self.asked) and not self.missing


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """How far a BOM meets one profile."""

    profile: Profile
    results: tuple[Result, ...]

    @property
    def score(self) -> int:
        """How much of it is there, from 0 to 100. 100 only if nothing is missing."""
        if not self.results:
            return 0
        if all(each.is_met for each in self.results):
            return 100
        share = sum(each.share for each in self.results) / len(self.results)
        return int(100 * share)


def assess(bom: Bom, profile: Profile) -> Assessment:
    """Hold *bom* against *profile*."""
    asked = profile.requirements
    if bom.format.startswith("SPDX"):
        asked = tuple(
            replace(each, hint=NO_PLACE)
            if each.id in _UNSAYABLE or _KINDS & {*each.kinds}
            else each
            for each in asked
        )
    results = tuple(_result(bom, each) for each in asked)
    return Assessment(profile=profile, results=results)


def _result(bom: Bom, requirement: Requirement) -> Result:
    if requirement.bom is not None:
        met = requirement.bom(bom)
        return Result(
            requirement=requirement,
            asked=1,
            missing=() if met else (bom.format,),
            hints=() if met else (("", requirement.hints(Group.PROJECT)),),
        )
    asked = bom.of_kind(*requirement.kinds, pieces=requirement.of_pieces)
    says = requirement.part
    missing = [each for each in asked if says is None or not says(each)]
    labels = Counter(each.label for each in asked)
    return Result(
        requirement=requirement,
        asked=len(asked),
        missing=tuple(
            each.label if labels[each.label] == 1 else each.ref or each.label
            for each in missing
        ),
        hints=_hints(requirement, {each.group for each in missing}),
    )


def _hints(requirement: Requirement, groups: set[Group]) -> tuple[tuple[str, str], ...]:
    found: dict[str, list[str]] = {}
    for group in Group:
        if group in groups:
            found.setdefault(requirement.hints(group), []).append(group.value)
    if len(found) == 1:
        return tuple(("", hint) for hint in found)
    return tuple((", ".join(names), hint) for hint, names in found.items())
