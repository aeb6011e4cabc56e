"""One installed distribution: what it calls itself, and where it says it came from."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final

from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain.component import (
    Basis,
    Component,
    Kind,
    LicenseText,
    Location,
    PackageFacts,
)
from mcpchain.core_metadata import LIMIT, CoreMetadata
from mcpchain.discover.environment import is_metadata, origin
from mcpchain.discover.environment.info import Info
from mcpchain.discover.environment.origin import Source
from mcpchain.discover.environment.requires import Needs
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.license_text import identified_all
from mcpchain.naming import pypi_purl
from mcpchain.tree import File, UnreadableError

_TEXT_LIMIT: Final = 1 << 20
_LICENSE: Final = re.compile(r"licen[cs]e|copying", re.IGNORECASE)
_FILES: Final = 3
"""How many licence files are looked at to conclude what they all are."""
_TEXTS: Final = 50
"""How long a licence text may be, and how many a distribution may have."""
_FOLDER: Final = re.compile(
    r"(.+?)(?:-py\d.*)?\.(?:dist-info|egg-info|egg)", re.IGNORECASE | re.ASCII
)
"""PEP 376, PEP 427, and the eggs of setuptools."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Distribution:
    """A distribution that was read."""

    component: Component
    needs: Needs
    project: str | None = None
    """The folder on this machine that it is edited in (PEP 660). It is for comparison
    only: whose machine it is, is nobody's business."""


def read(
    info: Info, place: str, found: Collector, *, license_texts: bool = False
) -> Distribution:
    """Read the METADATA or PKG-INFO of a distribution, and what lies beside it.

    Name and version are its own in any case: where it claims to come from decides
    whom to ask for it, and never whether it is looked up among the advisories.

    Args:
        info: The METADATA or PKG-INFO, and its folder.
        place: Where it is, for a reader.
        found: Takes the gaps.
        license_texts: Whether to read the licence files that it names.

    Raises:
        MalformedError: It names no distribution.
        UnreadableError: It cannot be read.
    """
    file = info.metadata
    data = file.read(LIMIT)
    meta = CoreMetadata.parse(data, source=place)
    if not _named_alike(place, meta):
        title = f"{meta.name} {meta.version[:80]}"
        reason = f"is called otherwise than its metadata say, `{title}`"
        found.gap(_gap(place, reason, State.UNMATCHED))
    source = _source(info, place, found)
    texts = tuple(_texts(file, meta, place, found)) if license_texts else ()
    needs = Needs.parse(meta.requires)
    component = Component(
        kind=Kind.LIBRARY,
        name=meta.name,
        version=meta.version,
        purl=pypi_purl(meta.name, meta.version, **dict(source.qualifiers)),
        pin=source.pin,
        locations=(Location(path=place),),
        basis=Basis.OBSERVED,
        licenses=meta.licenses,
        concluded=meta.concluded or _concluded(file, meta),
        supplier=meta.supplier,
        license_texts=texts,
        graph=needs.whole and is_metadata(file.path),
        facts=PackageFacts(origin=source.origin, registry=source.registry),
    )
    return Distribution(component=component, needs=needs, project=source.project)


def _named_alike(place: str, meta: CoreMetadata) -> bool:
    """Say whether the folder or file of a distribution bears its name and version.

    Installers go by the folder, Python by what stands in it.
    """
    parts = reversed(place.split("/")[-3:])
    folder = next((each for part in parts if (each := _FOLDER.fullmatch(part))), None)
    if folder is None or folder[1].startswith("~"):
        return True  # `~ip`: what pip could not remove of an older version
    stem = folder[1]
    if stem == f"{meta.name.replace('-', '_')}-{meta.version}":
        return True
    dashes = (at for at, letter in enumerate(stem) if letter == "-")
    return canonicalize_name(stem) == meta.name or any(
        canonicalize_name(stem[:at]) == meta.name
        and _is_version(stem[at + 1 :], meta.version)
        for at in dashes
    )


def _is_version(text: str, version: str) -> bool:
    try:
        return Version(text) == Version(version)
    except InvalidVersion:
        return False


def _source(info: Info, place: str, found: Collector) -> Source:
    """Read where it came from. If that cannot be read, it counts as from an index."""
    if not is_metadata(info.metadata.path):
        return Source()
    try:
        return origin.read(info)
    except MalformedError as error:
        reason, state = error.problem, State.UNREADABLE
    except UnreadableError as error:
        reason, state = error.reason, error.state
    found.gap(_gap(place, f"direct_url.json: {reason}", state))
    return Source()


def _texts(
    file: File, meta: CoreMetadata, place: str, found: Collector
) -> Iterator[LicenseText]:
    """Yield the texts of its licences; one that cannot be read leaves a gap."""
    if meta.license_text:
        yield LicenseText(name="METADATA", text=meta.license_text)
    if len(meta.license_files) > _TEXTS:
        reason = f"more than {_TEXTS} licence files; the rest was not read"
        found.gap(_gap(place, reason, State.PARTIAL))
    for name in meta.license_files[:_TEXTS]:
        try:
            yield LicenseText(name=name, text=_text(file, name))
        except UnreadableError as error:
            reason = f"licence file `{name[:140]}`: {error.reason}"
            found.gap(_gap(place, reason, State.PARTIAL))


def _concluded(file: File, meta: CoreMetadata) -> tuple[str, ...]:
    """Say which licence its files are, where what it declares does not say it."""
    names = [e for e in meta.license_files if _LICENSE.match(PurePosixPath(e).name)]
    if not names or len(names) > _FILES:
        return ()
    try:
        return identified_all(_text(file, each) for each in names)
    except UnreadableError:
        return ()


def _text(file: File, name: str) -> str:
    """Read the licence file *name*, which lies in `licenses`, or as it used to."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name:
        reason = "lies outside the distribution"
        raise UnreadableError(file.path, reason, State.PARTIAL, hint="")
    try:
        text = file.beside(f"licenses/{name}")
    except UnreadableError:
        text = file.beside(name)
    return text.read(_TEXT_LIMIT).decode("utf-8", "replace")


def _gap(place: str, reason: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=place),
        reason=reason,
        state=state,
        hint="reinstall the distribution",
    )
