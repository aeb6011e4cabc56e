"""Check an SPDX 2.2 or 2.3 JSON document: its shape, its words, and what it refers to.

These are the rules of the specification that a reader depends on. They cover what the
official schema says of the members that are written here, and besides that ids are
unique, relationships lead somewhere, digests have the right length, and every
`LicenseRef-` is explained.
"""

import re
from collections.abc import Container, Iterator
from typing import Any, Final, TypeGuard

from mcpchain.artifact import Algorithm
from mcpchain.bom import licenses, purls
from mcpchain.bom.spdx.license_refs import UNSAID
from mcpchain.bom.spdx.outline import DOCUMENT
from mcpchain.bom.spdx.relations import KNOWN

VERSIONS: Final = ("SPDX-2.2", "SPDX-2.3")
_ID: Final = re.compile(r"SPDXRef-[A-Za-z0-9.-]+")
_LICENSE_ID: Final = re.compile(r"LicenseRef-[A-Za-z0-9.-]+")
_USED: Final = re.compile(r"(?<![A-Za-z0-9.:-])LicenseRef-[A-Za-z0-9.-]+")
_ELSEWHERE: Final = re.compile(r"DocumentRef-[A-Za-z0-9.-]+:(?=LicenseRef-)")
_EXTERNAL: Final = "DocumentRef-"
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s#]+")
_MOMENT: Final = re.compile(r"\d{4}-[01]\d-[0-3]\dT[0-2]\d:[0-5]\d:[0-6]\dZ")
_ACTOR: Final = re.compile(r"(?:Person|Organization|Tool): ?\S.*", re.DOTALL)
_LENGTHS: Final = {each.name: each.hex_length for each in Algorithm} | {
    "SHA224": 56,
    "SHA3-256": 64,
    "SHA3-384": 96,
    "SHA3-512": 128,
    "BLAKE2b-256": 64,
    "BLAKE2b-384": 96,
    "BLAKE2b-512": 128,
    "ADLER32": 8,
}
_LOOSE: Final = frozenset({"BLAKE3", "MD2", "MD4", "MD6"})
"""Algorithms whose length is not checked."""
_ALGORITHMS: Final = _LENGTHS.keys() | _LOOSE
_HEX: Final = re.compile(r"[0-9a-fA-F]+")
_PURPOSES: Final = frozenset(
    {"APPLICATION", "FRAMEWORK", "LIBRARY", "CONTAINER", "OPERATING-SYSTEM", "DEVICE"}
    | {"OPERATING_SYSTEM", "FIRMWARE", "SOURCE", "ARCHIVE", "FILE", "INSTALL", "OTHER"}
)
_CATEGORIES: Final = frozenset(
    {"SECURITY", "PACKAGE-MANAGER", "PACKAGE_MANAGER", "PERSISTENT-ID"}
    | {"PERSISTENT_ID", "OTHER"}
)
_ELEMENTS: Final = ("packages", "files", "snippets")
_SHOWN: Final = 140

_Object = dict[str, Any]
_Problems = Iterator[tuple[str, str]]


def problems(document: _Object) -> _Problems:
    """Yield what is wrong with a document, as pointer and problem."""
    if document.get("spdxVersion") not in VERSIONS:
        yield "/spdxVersion", f"it is none of {', '.join(VERSIONS)}"
    yield from _head(document)
    ids: dict[str, str] = {DOCUMENT: ""}
    for pointer, element in _elements(document):
        if not isinstance(element, dict):
            yield pointer, "expected an object"
            continue
        yield from _id(pointer, element, ids)
        yield from _element(pointer, element)
    yield from _relationships(document, ids)
    yield from _licenses(document)


def _head(document: _Object) -> _Problems:
    for key in ("SPDXID", "name", "documentNamespace", "dataLicense"):
        if not _is_text(document.get(key)):
            yield f"/{key}", "it is missing, or no text"
    if document.get("SPDXID", DOCUMENT) != DOCUMENT:
        yield "/SPDXID", f"it is not `{DOCUMENT}`"
    space = document.get("documentNamespace")
    if _is_text(space) and not _URI.fullmatch(space):
        yield "/documentNamespace", "it is no absolute URI without `#`"
    info = document.get("creationInfo")
    if not isinstance(info, dict):
        yield "/creationInfo", "it is missing, or no object"
        return
    if not _is_moment(info.get("created")):
        shown = str(info.get("created"))[:_SHOWN]
        yield "/creationInfo/created", f"`{shown}` is no time in UTC, to the second"
    creators = info.get("creators")
    if not isinstance(creators, list) or not creators:
        yield "/creationInfo/creators", "nobody is named"
        return
    for index, each in enumerate(creators):
        if not _is_actor(each):
            place = f"/creationInfo/creators/{index}"
            yield place, "it begins with none of `Person:`, `Organization:`, `Tool:`"


def _elements(document: _Object) -> Iterator[tuple[str, Any]]:
    for key in _ELEMENTS:
        listed = document.get(key)
        if isinstance(listed, list):
            for index, each in enumerate(listed):
                yield f"/{key}/{index}", each
        elif listed is not None:
            yield f"/{key}", None


def _id(pointer: str, element: _Object, ids: dict[str, str]) -> _Problems:
    found = element.get("SPDXID")
    if not isinstance(found, str):
        yield f"{pointer}/SPDXID", "it is missing, or no text"
        return
    if not _ID.fullmatch(found):
        shown = found[:_SHOWN]
        yield f"{pointer}/SPDXID", f"`{shown}` is no id that SPDX allows"
    if found in ids:
        yield f"{pointer}/SPDXID", f"`{found[:_SHOWN]}` is that of `{ids[found]}` too"
    ids.setdefault(found, pointer)


def _element(pointer: str, element: _Object) -> _Problems:
    kind = pointer.split("/")[1]
    named = {"packages": "name", "files": "fileName"}.get(kind)
    if named and not _is_text(element.get(named)):
        yield f"{pointer}/{named}", "it is missing, empty or no text"
    yield from _checksums(pointer, element)
    for key in ("licenseConcluded", "licenseDeclared"):
        if key in element and not _is_license(element[key]):
            yield f"{pointer}/{key}", "it is no SPDX expression"
    if kind == "packages":
        yield from _package(pointer, element)


def _package(pointer: str, element: _Object) -> _Problems:
    if not _is_text(element.get("downloadLocation")):
        yield f"{pointer}/downloadLocation", "it is missing, empty or no text"
    purpose = element.get("primaryPackagePurpose", "OTHER")
    if not _is_one(purpose, _PURPOSES):
        yield f"{pointer}/primaryPackagePurpose", "it is no purpose that SPDX has"
    if not isinstance(element.get("filesAnalyzed", True), bool):
        yield f"{pointer}/filesAnalyzed", "it is neither true nor false"
    for key in ("supplier", "originator"):
        who = element.get(key, "NONE")
        if not _is_one(who, UNSAID) and not _is_actor(who):
            yield f"{pointer}/{key}", "it is no `Person:` or `Organization:`"
    yield from _references(pointer, element)


def _references(pointer: str, element: _Object) -> _Problems:
    for place, each in _objects(pointer, element, "externalRefs"):
        if each is None:
            yield place, "expected an object"
            continue
        if not _is_one(each.get("referenceCategory"), _CATEGORIES):
            yield f"{place}/referenceCategory", "it is no category that SPDX has"
        kind, locator = each.get("referenceType"), each.get("referenceLocator")
        if not _is_text(kind) or not _is_text(locator):
            yield place, "`referenceType` or `referenceLocator` is missing"
        elif kind == "purl" and not purls.is_purl(locator):
            yield f"{place}/referenceLocator", f"`{locator[:_SHOWN]}` is not a purl"


def _checksums(pointer: str, element: _Object) -> _Problems:
    for place, each in _objects(pointer, element, "checksums"):
        if each is None:
            yield place, "expected an object"
            continue
        name, value = each.get("algorithm"), each.get("checksumValue")
        if not _is_one(name, _ALGORITHMS):
            yield f"{place}/algorithm", "it is no algorithm that SPDX has"
        elif not isinstance(value, str) or not _HEX.fullmatch(value):
            yield f"{place}/checksumValue", "it is not hexadecimal"
        elif len(value) != _LENGTHS.get(name, len(value)):
            digits = f"a {name} has {_LENGTHS[name]} hexadecimal digits"
            yield f"{place}/checksumValue", digits


def _relationships(document: _Object, ids: dict[str, str]) -> _Problems:
    for place, each in _objects("", document, "relationships"):
        if each is None:
            yield place, "expected an object"
            continue
        if not _is_one(each.get("relationshipType"), KNOWN):
            yield f"{place}/relationshipType", "it is no relationship that SPDX has"
        for key in ("spdxElementId", "relatedSpdxElement"):
            yield from _known(f"{place}/{key}", each.get(key), ids)
    described = document.get("documentDescribes", [])
    if not isinstance(described, list):
        yield "/documentDescribes", "expected a list"
        return
    for index, ref in enumerate(described):
        yield from _known(f"/documentDescribes/{index}", ref, ids)


def _known(place: str, ref: object, ids: dict[str, str]) -> _Problems:
    if not isinstance(ref, str):
        yield place, "it is missing, or no text"
    elif ref not in ids and ref not in UNSAID and not ref.startswith(_EXTERNAL):
        yield place, f"`{ref[:_SHOWN]}` is the id of nothing in this document"


def _licenses(document: _Object) -> _Problems:
    explained: set[str] = set()
    for place, each in _objects("", document, "hasExtractedLicensingInfos"):
        ref = None if each is None else each.get("licenseId")
        if not isinstance(ref, str) or not _LICENSE_ID.fullmatch(ref):
            yield f"{place}/licenseId", "it is no `LicenseRef-`"
        elif each is None or not _is_text(each.get("extractedText")):
            yield f"{place}/extractedText", "it is missing, empty or no text"
        else:
            explained.add(ref)
    for pointer, element in _elements(document):
        for key in ("licenseConcluded", "licenseDeclared"):
            text = element.get(key) if isinstance(element, dict) else None
            used = _USED.findall(text) if isinstance(text, str) else ()
            for ref in dict.fromkeys(used):
                if ref not in explained:
                    yield f"{pointer}/{key}", f"`{ref[:_SHOWN]}` is not explained"


def _objects(
    pointer: str, holder: _Object, key: str
) -> Iterator[tuple[str, _Object | None]]:
    """Yield the members of a list; `None` for one that is no object."""
    listed = holder.get(key, [])
    if not isinstance(listed, list):
        yield f"{pointer}/{key}", None
        return
    for index, each in enumerate(listed):
        yield f"{pointer}/{key}/{index}", each if isinstance(each, dict) else None


def _is_one(value: object, words: Container[str]) -> TypeGuard[str]:
    return isinstance(value, str) and value in words


def _is_text(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and bool(value.strip())


def _is_moment(value: object) -> bool:
    return isinstance(value, str) and _MOMENT.fullmatch(value) is not None


def _is_actor(value: object) -> bool:
    return isinstance(value, str) and _ACTOR.fullmatch(value) is not None


def _is_license(value: object) -> bool:
    if not isinstance(value, str):
        return False
    # One of another document has the same form, but for where it is explained.
    return value in UNSAID or licenses.is_spdx(_ELSEWHERE.sub("", value))
