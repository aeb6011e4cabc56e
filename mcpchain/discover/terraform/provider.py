"""Providers: programs that Terraform fetches and runs."""

import re
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.build_step import add_undecided, shown, unreadable
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.hcl import Block, Value
from mcpchain.inventory import Collector

_ADDRESS: Final = re.compile(
    r"(?:(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?)/)?"
    r"(?:(?P<space>[A-Za-z0-9_-]+)/)?(?P<name>[A-Za-z0-9_-]+)"
)
_VERSION: Final = re.compile(r"[0-9]+(?:\.[0-9]+){2}(?:[-+][0-9A-Za-z.+-]+)?")
_EXACT: Final = re.compile(r"=?\s*(v?[0-9]+(?:\.[0-9]+){2}(?:[-+][0-9A-Za-z.+-]+)?)")
_SUMMED: Final = re.compile(r"h1:[A-Za-z0-9+/]{43}=")
"""The digest of a list of the digests of files, which names no file itself."""
_USUAL: Final = "hashicorp"
_SHOWN: Final = 140


def addresses(text: str) -> tuple[str, ...]:
    """Return how the provider that *text* names may be asked for, in lower case."""
    match = _ADDRESS.fullmatch(text)
    if match is None:
        return ()
    own = f"{match['space'] or _USUAL}/{match['name']}".lower()
    return (f"{match['host']}/{own}".lower(), own) if match["host"] else (own,)


def exact(text: str) -> tuple[str | None, Pin]:
    """Return the one version that a constraint allows, if it does, and its pin."""
    match = _EXACT.fullmatch(text.strip())
    if match:
        return match[1].removeprefix("v"), Pin.EXACT
    return None, Pin.RANGE if text.strip() else Pin.FLOATING


def add_locked(block: Block, place: Location, found: Collector) -> None:
    """Declare a provider of the lock, with the digests of its archives."""
    label = block.labels[0] if len(block.labels) == 1 else ""
    match = _ADDRESS.fullmatch(label)
    version = block.attributes.get("version")
    if match is None or not match["host"] or not match["space"]:
        unreadable(found, place, f"`{shown(label)}` is not the address of a provider")
        return
    sound = isinstance(version, str) and _VERSION.fullmatch(version)
    if not sound or not isinstance(version, str) or "version" in block.repeated:
        unreadable(found, place, f"`{shown(label)}` has no version that is one")
        version = None
    limits = block.attributes.get("constraints")
    found.add(
        Component(
            kind=Kind.BUILD,
            name=f"{match['space']}/{match['name']}",
            version=version,
            purl=_purl(match["host"], match["space"], match["name"], version),
            pin=Pin.EXACT if version else Pin.FLOATING,
            requested=limits[:_SHOWN] if isinstance(limits, str) else "",
            artifacts=_artifacts(block, place, found),
            facts=BuildFacts(role=Role.PROVIDER, registry=f"https://{match['host']}"),
            locations=(place,),
        )
    )


def _artifacts(block: Block, place: Location, found: Collector) -> tuple[Artifact, ...]:
    """Return the archives that it may be, one for each platform (`zh`)."""
    listed = block.attributes.get("hashes")
    hashes = listed if isinstance(listed, list) else [listed] if listed else []
    digests: set[Digest] = set()
    for each in hashes:
        text = each if isinstance(each, str) else ""
        scheme, _, value = text.partition(":")
        if scheme == "zh":
            try:
                digests.add(Digest(algorithm=Algorithm.SHA256, value=value))
                continue
            except ValueError:
                pass
        if not _SUMMED.fullmatch(text):
            unreadable(found, place, f"`{text[:_SHOWN]}` is no digest of a provider")
    return tuple(Artifact(digests=(each,)) for each in sorted(digests, key=str))


def add_required(
    block: Block, path: str, locked: frozenset[str], found: Collector
) -> None:
    """Declare the providers that a configuration asks for, unless they are locked."""
    for name, value in block.attributes.items():
        place = Location(path=path, line=block.lines[name])
        if name in block.repeated:
            unreadable(found, place, f"`{name[:_SHOWN]}` is required twice")
            continue
        source, version = _required(name, value)
        match = _ADDRESS.fullmatch(source) if source else None
        if source is None or version is None:
            facts = BuildFacts(role=Role.PROVIDER)
            add_undecided(found, name, "it has to be computed", place, facts)
        elif match is None:
            problem = f"`{shown(source)}` is not the address of a provider"
            unreadable(found, place, problem)
        elif addresses(source)[0] not in locked:
            found.add(_asked(match, version, place))


def _required(name: str, value: Value) -> tuple[str | None, str | None]:
    """Return source and version of a requirement; `None` has to be computed."""
    if isinstance(value, str):  # the old form: nothing but the version
        return name, value
    if not isinstance(value, dict):
        return None, None
    source, version = value.get("source", name), value.get("version", "")
    return (
        source if isinstance(source, str) else None,
        version if isinstance(version, str) else None,
    )


def _asked(match: re.Match[str], text: str, place: Location) -> Component:
    version, pin = exact(text)
    space = match["space"] or _USUAL
    host = match["host"]
    return Component(
        kind=Kind.BUILD,
        name=f"{space}/{match['name']}",
        version=version,
        purl=_purl(host, space, match["name"], version),
        pin=pin,
        requested="" if version else text[:_SHOWN],
        facts=BuildFacts(
            role=Role.PROVIDER, registry=f"https://{host}" if host else None
        ),
        locations=(place,),
    )


def _purl(host: str | None, space: str, name: str, version: str | None) -> PackageURL:
    qualifiers = {"repository_url": host} if host else {}
    return PackageURL(
        type="terraform",
        namespace=space,
        name=name,
        version=version,
        qualifiers=qualifiers,
    )
