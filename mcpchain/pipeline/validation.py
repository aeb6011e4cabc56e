"""Is it a valid BOM, and does it say enough?"""

import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Final

from mcpchain.bom.formats import MARKS, unread
from mcpchain.completeness import facts, profile
from mcpchain.completeness.report import Validation
from mcpchain.completeness.requirement import assess
from mcpchain.errors import NothingToCheckError, UsageError

_LIMIT: Final = 512 << 20
"""How many bytes of a BOM are read."""
_PROBLEMS: Final = 50
"""How many problems are told."""
_SHOWN: Final = 140
_WRAPPED: Final = "sbom"
_HINT: Final = "name a BOM: CycloneDX (1.4 to 1.7) or SPDX (2.2, 2.3), as JSON"

_Object = dict[str, Any]
_Problems = Iterator[tuple[str, str]]


def validate(target: Path, profiles: Sequence[str]) -> Validation:
    """Check the BOM *target*, and hold it against *profiles*.

    Raises:
        UsageError: It cannot be read, or is no BOM, or one of a kind that is not read.
        NothingToCheckError: It is valid and lists nothing.
        UnavailableError: The schemas are not installed.
    """
    data = _bytes(target)
    name = target.name
    if kind := unread(data):
        raise UsageError(f"`{name}` is {kind}, which is not read", hint=_HINT)
    if not any(each in data for each in MARKS):
        raise UsageError(f"`{name}` is no BOM that is read", hint=_HINT)
    document, faults = _parsed(data)
    if document is None:
        return Validation(name=name, format="JSON", components=0, problems=faults)
    found = [*islice(_checked(document, faults), _PROBLEMS + 1)]
    bom = facts(document)
    count = len(bom.parts)
    if not found and not count:
        raise NothingToCheckError(
            f"`{name}` is a valid BOM that lists no component, so there is nothing to "
            "check",
            hint="make it from a folder with a lock, or name another one",
        )
    assessments = [assess(bom, profile(each)) for each in profiles if count]
    return Validation(
        name=name,
        format=bom.format,
        components=count,
        services=len(bom.services),
        formulation=bom.formulation,
        problems=tuple(found[:_PROBLEMS]),
        more=len(found) > _PROBLEMS,
        assessments=tuple(assessments),
    )


def _checked(document: _Object, faults: Sequence[tuple[str, str]]) -> _Problems:
    yield from faults
    if "spdxVersion" in document and "bomFormat" in document:
        yield "", "it is said to be CycloneDX and SPDX, and cannot be both"
        return
    check: Callable[[_Object], _Problems]
    if "spdxVersion" in document:
        from mcpchain.bom.spdx.validate import problems as check
    else:
        from mcpchain.bom.validate import problems as check
    yield from check(document)


def _parsed(data: bytes) -> tuple[_Object | None, tuple[tuple[str, str], ...]]:
    """Return the document, and what is wrong with it as JSON."""
    faults: dict[str, None] = {}

    def members(pairs: list[tuple[str, Any]]) -> _Object:
        made = dict(pairs)
        if len(made) < len(pairs):
            seen: set[str] = set()
            for key, _ in pairs:
                if key in seen:
                    faults[f"`{key[:_SHOWN]}` appears twice in one object"] = None
                seen.add(key)
        return made

    def constant(name: str) -> None:
        faults[f"`{name}` is no number of JSON"] = None

    try:
        value = json.loads(data, object_pairs_hook=members, parse_constant=constant)
    except (ValueError, RecursionError) as error:
        return None, (("", f"not JSON: {str(error)[:_SHOWN]}"),)
    if isinstance(value, dict) and "spdxVersion" not in value:
        inner = value.get(_WRAPPED)
        value = inner if isinstance(inner, dict) else value
    if not isinstance(value, dict):
        return None, (("", "expected an object"),)
    return value, tuple(("", each) for each in faults)


def _bytes(target: Path) -> bytes:
    try:
        if target.stat().st_size > _LIMIT:
            raise UsageError(
                f"`{target}` is larger than {_LIMIT >> 20} MiB, and is not read",
                hint="check a smaller BOM",
            )
        return target.read_bytes()
    except OSError as error:
        raise UsageError(
            f"`{target}` cannot be read: {error.strerror or error}", hint=_HINT
        ) from error
