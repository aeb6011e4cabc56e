"""What a profile asks of a BOM, and how much of it a BOM gives."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.completeness.parts import Bom, Part

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
    clause: str
    """Where the profile asks for it."""
    hint: str
    """What to do where it is missing."""
    bom: Callable[[Bom], bool] | None = None
    """Whether a BOM has it; `None`, if it is asked of components."""
    part: Callable[[Part], bool] | None = None
    """Whether a component has it."""
    kinds: tuple[str, ...] = ()
    """The kinds of component that it is asked of; none: all, the subject too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """Requirements that somebody has published together."""

    id: str
    title: str
    requirements: tuple[Requirement, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """How far a BOM meets one requirement."""

    requirement: Requirement
    asked: int
    """Of how many it is asked; 1 for the BOM itself. 0: there is none of the kind."""
    missing: tuple[str, ...]
    """The components without it, as a reader finds them; of the BOM, its format."""

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
        whole = () if requirement.bom(bom) else (bom.format,)
        return Result(requirement=requirement, asked=1, missing=whole)
    kinds, met = requirement.kinds, requirement.part
    asked = bom.of_kind(*kinds) if kinds else bom.every
    missing = tuple(each.label for each in asked if met is None or not met(each))
    return Result(requirement=requirement, asked=len(asked), missing=missing)
