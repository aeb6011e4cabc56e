"""Check a CycloneDX document against the official schema, and beyond it.

The schema cannot say that a `bom-ref` is unique, that a reference leads somewhere, that
a purl is one, or that a SHA-256 has 64 digits. Those are checked here too.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from mcpchain.bom import licenses, purls, schemas
from mcpchain.bom.artifacts import ALGORITHMS
from mcpchain.document import join
from mcpchain.errors import MalformedError

_SHOWN: Final = 300
_LINK: Final = "urn:cdx:"
"""How a reference into another BOM begins (BOM-Link)."""
_LENGTHS: Final = {spelt: each.hex_length for each, spelt in ALGORITHMS.items()} | {
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
    "BLAKE2b-256": 64,
    "BLAKE2b-384": 96,
    "BLAKE2b-512": 128,
}

_Object = dict[str, Any]


def validate(data: bytes | _Object, *, source: str = "BOM") -> None:
    """Check that *data* is a valid CycloneDX JSON document of version 1.4 to 1.7.

    Args:
        data: The document, or what `json.loads` makes of it.
        source: What to call it in messages.

    Raises:
        MalformedError: It is not. The pointer leads to the first thing that is wrong.
        UnavailableError: The schemas are not installed.
    """
    document = _parsed(data, source) if isinstance(data, bytes) else data
    for pointer, problem in problems(document):
        raise MalformedError(problem, source=source, pointer=pointer)


def problems(document: _Object) -> Iterator[tuple[str, str]]:
    """Yield all that is wrong with a document, as pointer and problem.

    What the schema cannot see is looked at only where the schema has nothing to say.

    Raises:
        UnavailableError: The schemas are not installed.
    """
    version = document.get("specVersion")
    if version not in schemas.VERSIONS:
        first, last = schemas.VERSIONS[0], schemas.VERSIONS[-1]
        shown = str(version)[:40]
        problem = f"`{shown}` is not a version of CycloneDX from {first} to {last}"
        yield "/specVersion", problem
        return
    valid = True
    for pointer, problem in against_schema(document, str(version)):
        valid = False
        yield pointer, problem
    if valid:
        yield from _beyond(document)


def _parsed(data: bytes, source: str) -> _Object:
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise MalformedError(
            f"not JSON: {str(error)[:_SHOWN]}", source=source
        ) from error
    if not isinstance(document, dict):
        raise MalformedError("expected an object", source=source)
    return document


@cache
def validator(version: str, part: str = "") -> Any:  # noqa: ANN401 - imported late
    """Return what checks a document, or a *part* of it, against the official schema.

    Args:
        version: The version of the specification.
        part: A definition in the schema, such as `component`.
    """
    import jsonschema_rs

    schema = schemas.load(f"bom-{version}")
    if part:
        named = {"$ref": f"#/definitions/{part}"}
        schema = {
            "$id": schema["$id"],
            "definitions": schema["definitions"],
            "allOf": [named],
        }

    registry = jsonschema_rs.Registry(
        [(schemas.address(name), schemas.load(name)) for name in schemas.REFERRED],
        draft=jsonschema_rs.Draft7,
    )
    return jsonschema_rs.Draft7Validator(
        schema,
        registry=registry,
        validate_formats=True,
        offline=True,
        # A message must not repeat what stands in the document.
        mask="the value",
    )


def against_schema(document: _Object, version: str) -> Iterator[tuple[str, str]]:
    """Yield what the official schema of a *version* that is known has against it."""
    check = validator(version)
    try:
        for error in check.iter_errors(document):
            pointer = ""
            for step in error.instance_path:
                pointer = join(pointer, str(step))
            yield pointer, error.message[:_SHOWN]
    except ValueError as unreadable:
        yield "", f"no JSON document: {str(unreadable)[:_SHOWN]}"


def _beyond(document: _Object) -> Iterator[tuple[str, str]]:
    """Yield what the schema cannot see, as pointer and problem.

    The shape of *document* is that of the schema.
    """
    refs: dict[str, str] = {}
    for pointer, part in _parts(document):
        ref = part.get("bom-ref")
        if ref in refs:
            yield pointer, f"`bom-ref` `{ref[:140]}` is that of `{refs[ref]}` too"
        if ref is not None:
            refs[ref] = pointer
        yield from part_problems(pointer, part)
    # What a formula lists may be named too. That it is listed once is for its maker.
    for index, formula in enumerate(document.get("formulation", ())):
        for pointer, part in _inside(f"/formulation/{index}", formula):
            if "bom-ref" in part:
                refs.setdefault(part["bom-ref"], pointer)
    yield from _dangling(document, refs)


def _parts(document: _Object) -> Iterator[tuple[str, _Object]]:
    """Yield every component and service."""
    metadata = document.get("metadata", {})
    yield from _inside("", document)
    yield from _inside("/metadata", metadata)
    if isinstance(tools := metadata.get("tools"), dict):
        yield from _inside("/metadata/tools", tools)
    if subject := metadata.get("component"):
        yield "/metadata/component", subject
        yield from _inside("/metadata/component", subject)


def _inside(place: str, outermost: _Object) -> Iterator[tuple[str, _Object]]:
    """Yield the components and services in *outermost*, which is at *place*.

    Iterative, since a document may be as deep as its parser allows.
    """
    pending = [(place, outermost)]
    while pending:
        outer, holder = pending.pop()
        for key in ("components", "services"):
            for index, part in enumerate(holder.get(key, ())):
                pointer = f"{outer}/{key}/{index}"
                yield pointer, part
                if "components" in part or "services" in part:
                    pending.append((pointer, part))


def part_problems(pointer: str, part: _Object) -> Iterator[tuple[str, str]]:
    """Yield what the schema cannot see of one component or service.

    Args:
        pointer: Where it stands.
        part: An entry that the schema accepts.
    """
    if not part["name"]:
        yield f"{pointer}/name", "a name is empty"
    purl = part.get("purl")
    if purl is not None and not purls.is_purl(purl):
        yield f"{pointer}/purl", f"`{purl[:140]}` is not a purl"
    yield from _hashes(pointer, part)
    for index, each in enumerate(part.get("externalReferences", ())):
        yield from _hashes(f"{pointer}/externalReferences/{index}", each)
    for index, each in enumerate(part.get("licenses", ())):
        text = each.get("expression")
        if text is not None and not licenses.is_spdx(text):
            place = f"{pointer}/licenses/{index}/expression"
            yield place, f"`{text[:140]}` is not an SPDX expression"


def _hashes(pointer: str, holder: _Object) -> Iterator[tuple[str, str]]:
    for index, each in enumerate(holder.get("hashes", ())):
        length = _LENGTHS.get(each["alg"])
        if length is not None and len(each["content"]) != length:
            place = f"{pointer}/hashes/{index}/content"
            yield place, f"a {each['alg']} has {length} hexadecimal digits"


def _dangling(document: _Object, refs: dict[str, str]) -> Iterator[tuple[str, str]]:
    seen: set[str] = set()
    for index, each in enumerate(document.get("dependencies", ())):
        pointer = f"/dependencies/{index}"
        if each["ref"] in seen:
            yield pointer, f"the dependencies of `{each['ref'][:140]}` are given twice"
        seen.add(each["ref"])
        targets = [each["ref"], *each.get("dependsOn", ()), *each.get("provides", ())]
        yield from _unknown(pointer, targets, refs)
    for index, each in enumerate(document.get("compositions", ())):
        targets = [*each.get("assemblies", ()), *each.get("dependencies", ())]
        yield from _unknown(f"/compositions/{index}", targets, refs)


def _unknown(
    pointer: str, targets: list[str], refs: dict[str, str]
) -> Iterator[tuple[str, str]]:
    for ref in targets:
        if ref not in refs and not ref.startswith(_LINK):
            yield pointer, f"`{ref[:140]}` is the `bom-ref` of nothing in this BOM"
