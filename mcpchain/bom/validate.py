"""Check a CycloneDX document against the official schema, and beyond it.

The schema cannot say that a `bom-ref` is unique, that a reference leads somewhere, that
a purl is one, or that a SHA-256 has 64 digits. Those are checked here too.
"""

import json
from collections.abc import Iterator
from functools import cache
from typing import Any, Final

from packageurl import PackageURL

from mcpchain.bom import schemas
from mcpchain.bom.encode import ALGORITHMS
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
    version = document.get("specVersion")
    if version not in schemas.VERSIONS:
        raise MalformedError(
            f"`{str(version)[:40]}` is not a version of CycloneDX from "
            f"{schemas.VERSIONS[0]} to {schemas.VERSIONS[-1]}",
            source=source,
            pointer="/specVersion",
        )
    _against_schema(document, version, source)
    for pointer, problem in _beyond(document):
        raise MalformedError(problem, source=source, pointer=pointer)


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
def _validator(version: str) -> Any:  # noqa: ANN401 - imported late
    import jsonschema_rs  # noqa: PLC0415 - a fiftieth of a second, only for BOMs

    registry = jsonschema_rs.Registry(
        [(schemas.address(name), schemas.load(name)) for name in schemas.REFERRED],
        draft=jsonschema_rs.Draft7,
    )
    return jsonschema_rs.Draft7Validator(
        schemas.load(f"bom-{version}"),
        registry=registry,
        validate_formats=True,
        offline=True,
        # A message must not repeat what stands in the document.
        mask="the value",
    )


def _against_schema(document: _Object, version: str, source: str) -> None:
    validator = _validator(version)
    try:
        error = next(iter(validator.iter_errors(document)), None)
    except ValueError as unreadable:
        raise MalformedError(
            f"no JSON document: {str(unreadable)[:_SHOWN]}", source=source
        ) from unreadable
    if error is not None:
        pointer = ""
        for step in error.instance_path:
            pointer = join(pointer, str(step))
        raise MalformedError(error.message[:_SHOWN], source=source, pointer=pointer)


def _beyond(document: _Object) -> Iterator[tuple[str, str]]:
    """Yield what the schema cannot see, as pointer and problem.

    The shape of *document* is that of the schema.
    """
    refs: dict[str, str] = {}
    for pointer, each in _objects(document):
        ref = each.get("bom-ref")
        if ref is not None:
            if ref in refs:
                yield pointer, f"`bom-ref` `{ref[:140]}` is that of {refs[ref]} too"
            refs[ref] = pointer
        if "purl" in each or "hashes" in each or each.get("name") == "":
            yield from _entry(pointer, each)
    for index, edge in enumerate(document.get("dependencies", ())):
        targets = [*edge.get("dependsOn", ()), *edge.get("provides", ())]
        for ref in (edge["ref"], *targets):
            if ref not in refs and not ref.startswith(_LINK):
                yield f"/dependencies/{index}", f"`{ref[:140]}` is no `bom-ref` here"


def _entry(pointer: str, entry: _Object) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a component, service or reference."""
    if entry.get("name") == "":
        yield f"{pointer}/name", "an empty name"
    purl = entry.get("purl")
    if isinstance(purl, str):
        try:
            PackageURL.from_string(purl)
        except ValueError as error:
            yield f"{pointer}/purl", f"`{purl[:140]}` is no purl: {error}"
    hashes = entry.get("hashes", ())
    for index, each in enumerate(hashes if isinstance(hashes, list) else ()):
        length = _LENGTHS.get(each["alg"])
        if length is not None and len(each["content"]) != length:
            problem = f"no {each['alg']}, which has {length} hexadecimal characters"
            yield f"{pointer}/hashes/{index}", problem


def _objects(document: _Object) -> Iterator[tuple[str, _Object]]:
    """Yield every object of *document* with its pointer.

    Iterative, since a document may be as deep as its parser allows.
    """
    pending: list[tuple[str, Any]] = [("", document)]
    while pending:
        pointer, value = pending.pop()
        if isinstance(value, dict):
            yield pointer, value
            children = ((join(pointer, key), each) for key, each in value.items())
        else:
            children = ((f"{pointer}/{n}", each) for n, each in enumerate(value))
        pending += [each for each in children if isinstance(each[1], dict | list)]
