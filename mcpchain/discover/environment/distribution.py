"""One installed distribution: what it calls itself, and where it says it came from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote, urlsplit

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, is_commit, pypi_purl, source_address, vcs_url
from mcpchain.tree import File, UnreadableError

METADATA: Final = ".dist-info/METADATA"
_LIMIT: Final = 4 << 20
_SHORT: Final = 100
"""A longer `License` is the text of one."""
_FOLDER: Final = re.compile(r"(.+?)(?:-py\d.*)?\.(?:dist-info|egg-info|egg)")
"""PEP 376, PEP 427, and the eggs of setuptools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution that was read."""

    component: Component
    project: str | None = None
    """The folder on this machine that it is edited in (PEP 660). It is for comparison
    only: whose machine it is, is nobody's business."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Source:
    """Where it came from, as it says itself."""

    origin: Origin = Origin.REGISTRY
    pin: Pin = Pin.EXACT
    registry: str | None = None
    qualifiers: tuple[tuple[str, str], ...] = ()
    project: str | None = None


def read(file: File, place: str, found: Collector) -> Distribution:
    """Read the METADATA or PKG-INFO of a distribution, and what lies beside it.

    Name and version are its own in any case: where it claims to come from decides
    whom to ask for it, and never whether it is looked up among the advisories.

    Args:
        file: The METADATA or PKG-INFO.
        place: Where it is, for a reader.
        found: Takes the gaps.

    Raises:
        MalformedError: It names no distribution.
        UnreadableError: It cannot be read.
    """
    head = _headers(file.read(_LIMIT), place)
    try:
        name = pypi_purl(head.get("name", [""])[0]).name
        version = str(Version(head.get("version", [""])[0]))
    except (ValueError, InvalidVersion) as error:
        raise MalformedError(str(error)[:200], source=place) from None
    if not _named_alike(place, name, version):
        reason = f"is called otherwise than its metadata say, `{name} {version[:80]}`"
        found.gap(_gap(place, reason, State.UNMATCHED))
    try:
        source = _source(file)
    except MalformedError as error:
        source = _Source()
        found.gap(_gap(place, f"direct_url.json: {error.problem}", State.UNREADABLE))
    except UnreadableError as error:
        source = _Source()
        found.gap(_gap(place, f"direct_url.json: {error.reason}", error.state))
    component = Component(
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=pypi_purl(name, version, **dict(source.qualifiers)),
        pin=source.pin,
        locations=(Location(path=place),),
        basis=Basis.OBSERVED,
        licenses=tuple(_licenses(head)),
        facts=PackageFacts(origin=source.origin, registry=source.registry),
    )
    return Distribution(component=component, project=source.project)


def _named_alike(place: str, name: str, version: str) -> bool:
    """Say whether the folder or file of a distribution bears its name and version.

    Installers go by the folder, Python by what stands in it.
    """
    parts = reversed(PurePosixPath(place).parts[-3:])
    folder = next((each for part in parts if (each := _FOLDER.fullmatch(part))), None)
    if folder is None or folder[1].startswith("~"):
        return True  # `~ip`: what pip could not remove of an older version
    stem = folder[1]
    dashes = (at for at, letter in enumerate(stem) if letter == "-")
    return _is_name(stem, name) or any(
        _is_name(stem[:at], name) and _is_version(stem[at + 1 :], version)
        for at in dashes
    )


def _is_name(text: str, name: str) -> bool:
    return canonicalize_name(text) == name


def _is_version(text: str, version: str) -> bool:
    try:
        return Version(text) == Version(version)
    except InvalidVersion:
        return False


def _source(file: File) -> _Source:
    """Read `direct_url.json` (PEP 610), which what comes from an index has not.

    Raises:
        MalformedError: It says nothing that can be understood.
        UnreadableError: It cannot be read.
    """
    if not file.path.endswith(METADATA):
        return _Source()
    try:
        record = file.beside("direct_url.json")
    except UnreadableError:
        return _Source()
    direct = Node.from_json(record.read(_LIMIT), source=record.path)
    url = direct.at("url").text()
    address = bare_url(url)
    if not address:
        raise direct.at("url").malformed("names no place")
    if address.lower().startswith("file:"):
        folder = direct.at("dir_info")
        edited = folder.exists and folder.at("editable").flag()
        project = unquote(urlsplit(url).path) if edited else None
        return _Source(origin=Origin.PATH, pin=Pin.LOCAL, project=project)
    if not direct.at("vcs_info").exists:
        return _Source(
            origin=Origin.URL,
            registry=source_address(url),
            qualifiers=(("download_url", address),),
        )
    commit = direct.at("vcs_info").at("commit_id").text()
    return _Source(
        origin=Origin.VCS,
        pin=Pin.COMMIT if is_commit(commit) else Pin.TAG,
        registry=source_address(url),
        qualifiers=(("vcs_url", vcs_url(url, commit)),),
    )


def _gap(place: str, reason: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=place),
        reason=reason,
        state=state,
        hint="reinstall the distribution",
    )


def _headers(data: bytes, place: str) -> dict[str, list[str]]:
    """Return the headers (RFC 822 style), by name in lower case."""
    head = data.replace(b"\r\n", b"\n").partition(b"\n\n")[0]
    try:
        text = head.decode("utf-8")
    except UnicodeDecodeError as error:
        raise MalformedError("METADATA is not UTF-8", source=place) from error
    found: dict[str, list[str]] = {}
    for line in text.split("\n"):
        key, colon, value = line.partition(":")
        if colon and line[:1] not in {" ", "\t"}:
            found.setdefault(key.lower(), []).append(value.strip())
    return found


def _licenses(head: dict[str, list[str]]) -> Iterator[str]:
    """Yield the licence: an expression (PEP 639), else the field, else classifiers."""
    if expression := head.get("license-expression"):
        yield expression[0]
        return
    short = head.get("license", [""])[0]
    if short and len(short) <= _SHORT and short.upper() != "UNKNOWN":
        yield short
        return
    for each in head.get("classifier", []):
        if each.startswith("License ::"):
            yield each.rpartition(" :: ")[2]
