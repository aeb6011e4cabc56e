"""One component as the SPDX 2.3 package that stands for it."""

import dataclasses
import enum
import json
import re
from typing import Any, Final

from packageurl import PackageURL

from mcpchain import purl as purls
from mcpchain.ai_providers import SELF_HOSTED
from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.bom import carry
from mcpchain.bom.iri import iri
from mcpchain.bom.spdx import actors
from mcpchain.bom.spdx.license_refs import NOT_SAID, LicenseRefs
from mcpchain.component import Component, Kind, UsedServiceFacts
from mcpchain.naming import bare_url

UNNAMED: Final = "(unnamed)"
_PURPOSES: Final = {
    Kind.APPLICATION: "APPLICATION",
    Kind.LIBRARY: "LIBRARY",
    Kind.FILE: "FILE",
    Kind.CONTAINER: "CONTAINER",
}
"""What SPDX has a word for; all else is `OTHER`."""
_TYPES: Final = {
    "application": "APPLICATION",
    "container": "CONTAINER",
    "device": "DEVICE",
    "file": "FILE",
    "firmware": "FIRMWARE",
    "framework": "FRAMEWORK",
    "library": "LIBRARY",
    "operating-system": "OPERATING-SYSTEM",
}
"""The types of CycloneDX that a component may carry."""
_CHECKSUMS: Final = {
    Algorithm.MD5: "MD5",
    Algorithm.SHA1: "SHA1",
    Algorithm.SHA256: "SHA256",
    Algorithm.SHA384: "SHA384",
    Algorithm.SHA512: "SHA512",
}
_FETCHED: Final = re.compile(
    r"(?:(?:git|hg|svn|bzr)\+)?(?:https?|ssh|git|sftp)://[^/]+"
)
_ENCODE: Final = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

_Object = dict[str, Any]


def package(
    component: Component, spdxid: str, refs: LicenseRefs, *, supplier: str
) -> _Object:
    """Return the package that stands for *component*.

    Args:
        component: What to write.
        spdxid: How it is called in the document.
        refs: Takes the licences that the document has to explain.
        supplier: Who makes it, as `Component.supplier` spells it.
    """
    carried = carry.load(component.carried)
    entry: _Object = {"SPDXID": spdxid, "name": component.name.strip() or UNNAMED}
    if component.version is not None:
        entry["versionInfo"] = component.version
    if len(component.artifacts) == 1 and component.artifacts[0].name:
        entry["packageFileName"] = component.artifacts[0].name
    facts = component.facts
    maker = actors.maker(supplier)
    if isinstance(facts, UsedServiceFacts) and facts.provider != SELF_HOSTED:
        maker = maker or actors.organisation(facts.provider)
    entry |= {
        key: value
        for key, value in (
            ("supplier", actors.supplier(carried) or maker),
            ("originator", actors.originator(carried) or maker),
        )
        if value
    }
    entry["downloadLocation"] = _download(component)
    entry["filesAnalyzed"] = False
    if checksums := _checksums(component.artifacts):
        entry["checksums"] = checksums
    entry["licenseConcluded"] = refs.expression(component.concluded)
    entry["licenseDeclared"] = refs.expression(component.licenses)
    entry["copyrightText"] = _text(carried, "copyright") or NOT_SAID
    if description := _text(carried, "description"):
        entry["description"] = description
    entry["primaryPackagePurpose"] = _purpose(component, carried)
    # The package that a server starts is listed itself.
    purl = None if component.kind is Kind.MCP_SERVER else component.purl
    if references := _references(purl, carried):
        entry["externalRefs"] = references
    entry["comment"] = "\n".join(f"{key}: {value}" for key, value in _told(component))
    return entry


def _text(carried: _Object, key: str) -> str:
    value = carried.get(key)
    return value.strip() if isinstance(value, str) else ""


def _purpose(component: Component, carried: _Object) -> str:
    kind = carried.get("type")
    if component.kind in {Kind.LIBRARY, Kind.OTHER} and isinstance(kind, str):
        return _TYPES.get(kind, "OTHER")
    return _PURPOSES.get(component.kind, "OTHER")


def _download(component: Component) -> str:
    """Return where its bytes are fetched from, if that is one place."""
    addresses = [each.url for each in component.artifacts]
    if component.purl is not None:
        qualifiers = component.purl.qualifiers
        addresses += [qualifiers.get("vcs_url"), qualifiers.get("download_url")]
    known = {_bare(each) for each in addresses if each}
    (address,) = known if len(known) == 1 else (NOT_SAID,)
    return address if _FETCHED.match(address) else NOT_SAID


def _bare(url: str) -> str:
    return iri(bare_url(url))


def _checksums(artifacts: tuple[Artifact, ...]) -> list[_Object]:
    """Return the digests of all files that it may be; a comment counts those."""
    found = dict.fromkeys(digest for each in artifacts for digest in each.digests)
    return [
        {"algorithm": _CHECKSUMS[each.algorithm], "checksumValue": each.value}
        for each in found
    ]


def _references(purl: PackageURL | None, carried: _Object) -> list[_Object]:
    found = []
    if purl is not None:
        found.append(_reference("PACKAGE-MANAGER", "purl", purls.write(purl)))
    if (cpe := _text(carried, "cpe")).startswith("cpe:2.3:"):
        found.append(_reference("SECURITY", "cpe23Type", cpe))
    return found


def _reference(category: str, kind: str, locator: str) -> _Object:
    return {
        "referenceCategory": category,
        "referenceType": kind,
        "referenceLocator": locator,
    }


def _told(component: Component) -> list[tuple[str, str]]:
    """Return what SPDX has no place for, as words and values for a reader."""
    told = [("kind", component.kind.value), ("basis", component.basis.value)]
    if component.pin is not None:
        told.append(("pin", component.pin.value))
    if component.requested:
        told.append(("requested", component.requested))
    if component.kind is Kind.MCP_SERVER and component.purl is not None:
        told.append(("starts", purls.write(component.purl)))
    if (count := len(component.artifacts)) > 1:
        told.append(("checksums", f"of {count} files, of which it may be any one"))
    if len(component.licenses) > 1:
        told.append(("licences", "declared one by one; `AND` is not the maker's word"))
    told += _facts(component)
    told += [("found in", str(each)) for each in component.locations]
    return [(key, " ".join(value.split())) for key, value in told]


def _facts(component: Component) -> list[tuple[str, str]]:
    if component.facts is None:
        return []
    return [
        (key.replace("_", " "), value if isinstance(value, str) else _ENCODE(value))
        for key, value in _said(component.facts).items()
    ]


def _said(record: Any) -> _Object:  # noqa: ANN401 - a frozen record of any kind
    """Return the fields of *record* that say something, as JSON."""
    return {
        each.name: _plain(value)
        for each in dataclasses.fields(record)
        if (value := getattr(record, each.name)) != each.default and value != ""
    }


def _plain(value: Any) -> Any:  # noqa: ANN401 - what a record may hold
    if isinstance(value, Digest):
        return str(value)
    if isinstance(value, PackageURL):
        return purls.write(value)
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, tuple):
        return [_plain(each) for each in value]
    return _said(value) if dataclasses.is_dataclass(value) else value
