"""Read what `uvx`, `pipx run` and `uv run --with` are asked for."""

import re
from collections.abc import Iterable
from dataclasses import replace
from typing import Final

from packageurl import PackageURL
from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import InvalidName, canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain.component import Origin, Pin
from mcpchain.launch.record import (
    Requested,
    UndecidableError,
    fetched,
    has_host,
    plain,
)
from mcpchain.naming import is_commit, pypi_purl, source_address, vcs_purl

_PATH: Final = re.compile(r"\.|~[/\\]|[/\\]|[A-Za-z]:[/\\]|file:", re.IGNORECASE)
_ARCHIVE: Final = re.compile(r"\.(?:whl|zip|tar\.(?:gz|bz2|xz)|tgz)$", re.IGNORECASE)
_VCS: Final = re.compile(r"git\+[a-z]+:", re.IGNORECASE)
_WEB: Final = re.compile(r"https?://", re.IGNORECASE)
_AT: Final = re.compile(
    r"(?P<name>[A-Za-z0-9][\w.-]*)(?:\[(?P<extras>[\w.,\s-]*)\])?@(?P<version>[^\s:/]+)",
    re.ASCII,
)
_SHOWN: Final = 140


def read_pypi_spec(text: str, *, at: bool = False) -> Requested:
    """Say which distribution *text* asks for.

    Args:
        text: `files`, `files[cli]==1.2`, `git+https://host/path@ref`, `./folder`, ...
        at: Whether `files@1.2` and `files@latest` are allowed, as in `uvx`.

    Raises:
        UndecidableError: It names no distribution.
    """
    text = plain(text).strip()
    if _VCS.match(text):
        return _repository(text)
    if _WEB.match(text):
        return fetched(text)
    if _PATH.match(text) or (
        "@" not in text and "://" not in text and ("/" in text or _ARCHIVE.search(text))
    ):
        return Requested(name=text, pin=Pin.LOCAL, origin=Origin.PATH)
    if at and (match := _AT.fullmatch(text)):
        named = _named(match["name"], *_versioned(match["version"]))
        extras = (match["extras"] or "").split(",")
        return _extended(named, filter(None, map(str.strip, extras)))
    try:
        requirement = Requirement(text)
    except (InvalidRequirement, RecursionError) as error:
        raise UndecidableError(
            "what it is asked for is not the name of a package"
        ) from error
    if requirement.url is not None:
        named = _by_address(requirement.name, requirement.url)
    else:
        named = _specified(requirement)
    return _extended(named, requirement.extras)


def _extended(requested: Requested, extras: Iterable[str]) -> Requested:
    """Add the extras that are asked for with a package."""
    try:
        names = {canonicalize_name(each, validate=True) for each in extras}
    except InvalidName as error:
        raise UndecidableError("an extra that it asks for has no clear name") from error
    return replace(requested, extras=tuple(sorted(names)))


def _specified(requirement: Requirement) -> Requested:
    """Read `name[extra]==1.2`."""
    if requirement.marker is not None:
        raise UndecidableError("what it is asked for depends on an environment marker")
    exact = [
        s.version
        for s in requirement.specifier
        if s.operator in {"==", "==="} and _is_version(s.version)
    ]
    specifier = str(requirement.specifier)
    if len(requirement.specifier) == len(exact) == 1:
        return _named(requirement.name, exact[0], Pin.EXACT, "")
    pin = Pin.RANGE if specifier else Pin.FLOATING
    return _named(requirement.name, None, pin, specifier)


def _named(name: str, version: str | None, pin: Pin, requested: str) -> Requested:
    try:
        purl = pypi_purl(name, version)
    except ValueError as error:
        raise UndecidableError(str(error)) from error
    return Requested(
        name=purl.name,
        purl=purl,
        version=version,
        pin=pin,
        requested=requested[:_SHOWN],
    )


def _versioned(text: str) -> tuple[str | None, Pin, str]:
    """Read what follows the `@` of uvx: a version or `latest`."""
    if _is_version(text):
        return text, Pin.EXACT, ""
    if text == "latest":
        return None, Pin.FLOATING, text
    raise UndecidableError("what follows the `@` is neither a version nor `latest`")


def _is_version(text: str) -> bool:
    try:
        Version(text)
    except InvalidVersion:
        return False
    return True


def _by_address(name: str, url: str) -> Requested:
    """Read `name @ url` (PEP 508)."""
    named = pypi_purl(name)
    if _VCS.match(url):
        return _repository(url, named)
    if _WEB.match(url):
        return fetched(url, named)
    if _PATH.match(url):
        return Requested(name=url, pin=Pin.LOCAL, origin=Origin.PATH)
    raise UndecidableError("what it is asked for has an address of no known kind")


def _repository(text: str, named: PackageURL | None = None) -> Requested:
    """Read `git+https://host/path@revision#subdirectory=folder` (pip, VCS support)."""
    address, _, fragment = text.partition("#")
    scheme, _, rest = address.partition("://")
    host, slash, path = rest.partition("/")
    path, _, revision = path.partition("@")
    if "@" in revision or "?" in path or not path or not has_host(text):
        raise UndecidableError("what it is asked for is not a clear git address")
    folder = ""
    for part in fragment.split("&"):
        key, _, value = part.partition("=")
        if key == "subdirectory":
            folder = value
    url = f"{scheme}://{host}{slash}{path}"
    purl = vcs_purl(url, revision or None, named, folder=folder)
    firm = Pin.COMMIT if is_commit(revision) else Pin.TAG
    pin = firm if revision else Pin.FLOATING
    name = "/".join(filter(None, (purl.namespace, purl.name)))
    return Requested(
        name=named.name if named else name,
        purl=purl,
        pin=pin,
        requested="" if pin is Pin.COMMIT else revision[:_SHOWN],
        origin=Origin.VCS,
        registry=source_address(url),
    )
