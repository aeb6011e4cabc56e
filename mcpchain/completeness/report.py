"""What became of a BOM that was checked, for people, programs and pull requests."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from mcpchain.completeness.parts import GROUPS
from mcpchain.completeness.requirement import (
    NO_PLACE,
    Assessment,
    Requirement,
    Result,
)
from mcpchain.printable import printable

FORMAT_VERSION: Final = "mcpchain/bom-validation/v1"
"""Changes when a field changes its meaning or goes; not when one is added."""
_ALL: Final = 100
_NAMED: Final = 3
"""How many components without something are named; the others are counted."""
_SHOWN: Final = 140
_SIGNED: Final = "signed by that key"
_TICKS: Final = re.compile("`+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Validation:
    """What is wrong with a BOM, and what is missing in it."""

    name: str
    format: str
    components: int
    """All of them, those in others too, without the subject."""
    services: int = 0
    formulation: int = 0
    """Components that only build the others, of which no profile asks anything."""
    problems: tuple[tuple[str, str], ...] = ()
    """Pointers, and what is wrong there: the first of them."""
    more: bool = False
    """Whether there are more problems than those."""
    assessments: tuple[Assessment, ...] = ()
    signature: str | None = None
    """What is wrong with the signature in it; empty: nothing. `None`: nobody asked."""
    required: tuple[str, ...] = ()
    """The profiles of which nothing may be missing."""

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong, however much is missing."""
        return not self.problems

    @property
    def failures(self) -> tuple[str, ...]:
        """Why it is not as it has to be; empty if it is."""
        found = [self.signature] if self.signature else []
        if self.problems:
            found.append("it is no valid BOM")
        for each in self.required:
            asked = [a for a in self.assessments if a.profile.id == each]
            if not asked:
                found.append(f"`{each}` is required, and cannot be assessed")
            found += [_short_of(a) for a in asked if a.score < _ALL]
        return tuple(found)


def _short_of(assessment: Assessment) -> str:
    count = sum(not each.is_met for each in assessment.results)
    of = f"{count} of {len(assessment.results)} requirements"
    verb = "is" if count == 1 else "are"
    return f"`{assessment.profile.id}` is required, and {of} {verb} not met"


def text(validation: Validation) -> str:
    """Return it for a reader at a terminal."""
    return "".join(f"{line}\n" for line in _text(validation))


def _text(validation: Validation) -> Iterator[str]:
    name = printable(validation.name)
    head = [f"{name}: {_SIGNED}"] if validation.signature == "" else []
    head += [f"fails: {printable(each)}" for each in validation.failures]
    if head:
        yield from (*head, "")
    for pointer, problem in validation.problems:
        yield f"invalid: {printable(problem)}"
        yield f"  --> {name}{printable(f'#{pointer}' if pointer else '')}"
    if validation.more:
        yield "invalid: and more, which are not shown"
    if validation.problems:
        yield ""
    yield from _assessed(validation)
    yield f"{name}: {_summary(validation)}"


def _assessed(validation: Validation) -> Iterator[str]:
    told: dict[tuple[tuple[str, str], ...], str] = {}
    for assessed in validation.assessments:
        profile = assessed.profile
        yield f"{profile.id} {assessed.score}/100: {profile.title}"
        yield f"  --> {profile.reference}"
        for result in _lacking(assessed):
            id_ = f"{profile.id}/{result.requirement.id}"
            yield f"missing[{id_}]: {_missing(result)}"
            yield f"  --> {result.requirement.clause}"
            if (before := told.setdefault(result.hints, id_)) == id_:
                yield from (f"  hint: {each}" for each in _hints(result))
            else:
                yield f"  hint: as for {before}"
        for why, titles in _absent(assessed).items():
            yield f"missing[{profile.id}]: {why}: {', '.join(titles)}"
        yield ""


def _summary(validation: Validation) -> str:
    state = "valid" if validation.is_valid else "invalid"
    # In SPDX, packages, which services are there too, and files are elements.
    noun = "element" if validation.format.startswith("SPDX") else "component"
    what = f"{printable(validation.format)}, {_counted(validation.components, noun)}"
    if validation.formulation:
        what += f" and {validation.formulation:,} in `formulation`"
    if validation.services:
        what += f", {_counted(validation.services, 'service')}"
    scores = ", ".join(f"{a.profile.id} {a.score}" for a in validation.assessments)
    said = f"{what}: {state}{f'; {scores}' if scores else ''}"
    if validation.signature is None:
        return said
    return f"{said}; {printable(validation.signature) or _SIGNED}"


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s'[: count != 1]}"


def _hints(result: Result) -> Iterator[str]:
    """Yield what to do, with what that is for where it is not for all."""
    for what, hint in result.hints:
        yield f"{what}: {hint}" if what else hint


def _lacking(assessment: Assessment) -> list[Result]:
    """Return what is missing in what is listed."""
    return [each for each in assessment.results if each.missing]


def _absent(assessment: Assessment) -> dict[str, list[str]]:
    """Return what would be asked of components of a kind, by why there is none."""
    found: dict[str, list[str]] = {}
    for each in assessment.results:
        if not each.asked:
            kind = " or ".join(each.requirement.kinds)
            why = f"no `{kind}` is listed"
            if each.requirement.hint is NO_PLACE:
                why = f"SPDX 2.3 has no place for a `{kind}`"
            found.setdefault(why, []).append(each.requirement.title)
    return found


def _missing(result: Result) -> str:
    required = result.requirement
    if required.bom is not None:
        return f"the BOM is without {required.title}"
    names = ", ".join(
        f"`{printable(each[:_SHOWN])}`" for each in result.missing[:_NAMED]
    )
    left = len(result.missing) - _NAMED
    more = f" and {left:,} more" if left > 0 else ""
    count = f"{len(result.missing):,} of {result.asked:,}"
    return f"{count} {_what(required)} are without {required.title}: {names}{more}"


def _what(required: Requirement) -> str:
    """Name, in the plural, what something is asked of."""
    if not required.kinds:
        return "components"
    return ", ".join(str(GROUPS[kind].value) for kind in required.kinds)


def markdown(validation: Validation) -> str:
    """Return it as Markdown, in which no name can do anything."""
    return "".join(f"{line}\n" for line in _markdown(validation))


def _markdown(validation: Validation) -> Iterator[str]:
    yield f"## {_code(validation.name)}: {_summary(validation)}"
    if validation.failures:
        yield ""
    yield from (f"- **fails**: {_code(each)}" for each in validation.failures)
    if validation.problems:
        yield "\n### Invalid\n"
        for pointer, problem in validation.problems:
            yield f"- {_code(problem)} ({_code(pointer or '/')})"
        if validation.more:
            yield "- and more"
    for each in validation.assessments:
        yield f"\n### {each.profile.title}: {each.score}/100\n"
        yield f"{each.profile.reference}\n"
        for result in _lacking(each):
            required = result.requirement
            yield f"- **{required.id}**: {_code(_missing(result))} ({required.clause})"
        for why, titles in _absent(each).items():
            yield f"- {why}: {', '.join(titles)}"
        if each.score == _ALL:
            yield "Nothing is missing."


def _code(words: str) -> str:
    """Return *words* as code, whatever backticks are in them."""
    shown = printable(words)
    longest = max((len(each) for each in _TICKS.findall(shown)), default=0)
    fence = "`" * (longest + 1)
    pad = " " if longest else ""
    return f"{fence}{pad}{shown}{pad}{fence}"


def as_json(validation: Validation) -> str:
    """Return it for a program: everything, with every component by name."""
    return json.dumps(_json(validation), indent=2, ensure_ascii=True) + "\n"


def _signature(problem: str | None) -> dict[str, Any]:
    if problem is None:
        return {}
    return {"signature": {"valid": not problem, "problem": problem}}


def _json(validation: Validation) -> dict[str, Any]:
    return {
        "format": FORMAT_VERSION,
        "bom": {
            "name": validation.name,
            "format": validation.format,
            "components": validation.components,
            "services": validation.services,
            "formulation": validation.formulation,
        },
        "valid": validation.is_valid,
        "failures": [*validation.failures],
        **_signature(validation.signature),
        "problems": [
            {"pointer": pointer, "problem": problem}
            for pointer, problem in validation.problems
        ],
        "moreProblems": validation.more,
        "profiles": [
            {
                "id": each.profile.id,
                "title": each.profile.title,
                "reference": each.profile.reference,
                "score": each.score,
                "requirements": [_requirement(result) for result in each.results],
            }
            for each in validation.assessments
        ],
    }


def _requirement(result: Result) -> dict[str, Any]:
    required = result.requirement
    return {
        "id": required.id,
        "title": required.title,
        "clause": required.clause,
        "met": result.is_met,
        "of": "components" if required.bom is None else "bom",
        "asked": result.asked,
        "missing": list(result.missing) if required.bom is None else [],
        "hint": "; ".join(_hints(result)),
    }


RENDERERS: Final[Mapping[str, Callable[[Validation], str]]] = {
    "text": text,
    "json": as_json,
    "markdown": markdown,
}
