"""What several BOMs say of one thing, as one record.

What would make a verdict milder counts only where all say it: that a package is for
development only, that a service asks for a credential. What would make it stricter
counts where one does: code that a model brings, imports of its weights. Of anything
else that is said to be one thing and another, the first stays, and the name is told.
"""

from collections.abc import Iterable, Sequence
from dataclasses import fields, replace
from typing import Any, TypeVar

from mcpchain.component import (
    DataFacts,
    Facts,
    FileFacts,
    ModelFacts,
    PackageFacts,
    UsedServiceFacts,
)

_F = TypeVar("_F", bound=ModelFacts | DataFacts | FileFacts | UsedServiceFacts)


def union(some: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    """Return all elements of *some*, each once, in their order."""
    return tuple(dict.fromkeys(each for one in some for each in one))


def united(some: Sequence[Facts | None]) -> tuple[Facts | None, list[str]]:
    """Return one record of *some* facts, and the names of what contradicts.

    Nothing to say contradicts nothing.
    """
    said = [each for each in some if each is not None]
    if not said:
        return None, []
    first = said[0]
    if any(type(each) is not type(first) for each in said):
        # Whoever calls a thing a package does not excuse it from being a model.
        chosen = max(said, key=lambda each: (isinstance(each, ModelFacts), repr(each)))
        return chosen, ["facts"]
    if isinstance(first, PackageFacts):
        packages = [each for each in said if isinstance(each, PackageFacts)]
        pins = sorted({e.attested_by for e in packages if e.attested_by}, key=repr)
        one = _package(packages, everywhere=len(said) == len(some))
        one = replace(one, attested_by=next(iter(pins), ()))
        return one, ["attested by"] if len(pins) > 1 else []
    match first:
        case ModelFacts() | DataFacts() | FileFacts() | UsedServiceFacts():
            return _joined([each for each in said if isinstance(each, type(first))])
        case _:
            return first, []


def _package(some: Sequence[PackageFacts], *, everywhere: bool) -> PackageFacts:
    """Unite facts of packages. An excuse from checks counts only where all have it."""
    markers = {each.marker for each in some}
    return replace(
        some[0],
        development=everywhere and all(each.development for each in some),
        optional=everywhere and all(each.optional for each in some),
        peer=everywhere and all(each.peer for each in some),
        workspace=everywhere and all(each.workspace for each in some),
        groups=_asked([each.groups for each in some]) if everywhere else (),
        extras=_asked([each.extras for each in some]) if everywhere else (),
        marker=markers.pop() if everywhere and len(markers) == 1 else "",
    )


def _asked(some: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Unite the groups that ask for a package; where one is not asked, it is needed."""
    return tuple(sorted({*union(some)})) if all(some) else ()


def _joined(some: Sequence[_F]) -> tuple[_F, list[str]]:
    """Unite facts member by member: lists are joined, and one word stays."""
    members: dict[str, Any] = {}
    unlike: list[str] = []
    for field in fields(some[0]):
        name = field.name
        values = [getattr(each, name) for each in some]
        if all(each == values[0] for each in values):
            continue
        if name == "authenticated":
            members[name] = False if False in values else None
        elif all(isinstance(each, tuple) for each in values):
            members[name] = _joined_lists(name, values)
        else:
            told = [each for each in values if each not in {None, ""}]
            members[name] = told[0]
            if any(each != told[0] for each in told):
                unlike.append(name)
    return replace(some[0], **members), unlike


def _joined_lists(name: str, lists: Iterable[tuple[Any, ...]]) -> tuple[Any, ...]:
    joined = union(lists)
    if name == "columns":
        return joined  # their order says something
    texts = all(isinstance(each, str) for each in joined)
    return tuple(sorted(joined, key=None if texts else repr))
