"""Read what `npx` and its kin are asked for, as npm does (npm-package-arg)."""

import re
from collections.abc import Mapping
from typing import Final

from mcpchain.component import Origin, Pin
from mcpchain.launch.record import (
    Requested,
    UndecidableError,
    fetched,
    has_host,
    plain,
)
from mcpchain.naming import is_commit, npm_purl, source_address, vcs_purl
from mcpchain.npm_version import exact_version

_WORD: Final = r"[A-Za-z0-9~][A-Za-z0-9._~-]*"
_NAMED: Final = re.compile(
    rf"(?P<name>(?:(?P<scope>@[A-Za-z0-9~_-][A-Za-z0-9._~-]*)/)?{_WORD})"
    r"(?:@(?P<spec>.*))?"
)
_URL: Final = re.compile(r"(?:git\+)?[a-z]+:", re.IGNORECASE)
_SCP: Final = re.compile(r"[^@/]+@[^:.]+\.[^:]+:.+")
_PATH: Final = re.compile(r"\.|~[/\\]|[/\\]|[A-Za-z]:[/\\]|file:", re.IGNORECASE)
_ARCHIVE: Final = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)
_SHORTHAND: Final = re.compile(
    r"(?:(?P<host>github|gitlab|bitbucket):)?"
    r"(?P<path>[A-Za-z0-9_-][\w.-]*/[\w.-]+)(?:#(?P<ref>.*))?",
    re.ASCII,
)
_HOSTS: Final = {
    "github": "github.com",
    "gitlab": "gitlab.com",
    "bitbucket": "bitbucket.org",
}
_HOSTED: Final = re.compile(
    rf"https?://(?:[^/@]*@)?(?:www\.)?(?P<host>{'|'.join(_HOSTS.values())})"
    r"/(?P<path>[\w.-]+/[\w.-]+?)(?:\.git)?/?(?:#(?P<ref>.*))?",
    re.IGNORECASE | re.ASCII,
)
_RANGE: Final = re.compile(r".*[\^~<>=*|\s].*|v?[0-9xX]+(?:\.[0-9xX]+)*")
_SHOWN: Final = 140


def firmness(spec: str) -> tuple[str | None, Pin, str]:
    """Return the version that *spec* is, how firm it is, and what it asks for if none.

    Args:
        spec: What follows the `@` of a name: a version, a range or a tag.
    """
    if (version := exact_version(spec)) is not None:
        return version, Pin.EXACT, ""
    pin = Pin.RANGE if spec and _RANGE.fullmatch(spec) else Pin.FLOATING
    return None, pin, spec[:_SHOWN]


def read_npm_spec(text: str, registries: Mapping[str, str]) -> Requested:
    """Say which package *text* asks for.

    Args:
        text: `files`, `@acme/files@1.2.0`, `x@npm:files@1`, `acme/files#main`, ...
        registries: The registry of each scope; that of no scope under `""`.

    Raises:
        UndecidableError: It names no package.
    """
    text = plain(text)
    if _URL.match(text) or _SCP.fullmatch(text):
        return _elsewhere(text)
    name = text.partition("@")[0]
    if _PATH.match(text) or (name and ("/" in name or _ARCHIVE.search(name))):
        return _elsewhere(text)
    match = _NAMED.fullmatch(text)
    if match is None or match["name"].lower() in {"node_modules", "favicon.ico"}:
        raise UndecidableError("what it is asked for is not the name of a package")
    spec = (match["spec"] or "").strip()
    if spec.lower().startswith("npm:"):
        return _alias(match["name"], spec[4:], registries)
    if _URL.match(spec) or _SCP.fullmatch(spec) or re.search(r"[/\\]", spec):
        return _elsewhere(spec, alias=match["name"])
    if _PATH.match(spec) or _ARCHIVE.search(spec):
        return _elsewhere(spec, alias=match["name"])
    return _registered(match, spec, registries)


def _registered(
    match: re.Match[str], spec: str, registries: Mapping[str, str]
) -> Requested:
    version, pin, requested = firmness(spec)
    return Requested(
        name=match["name"],
        purl=npm_purl(match["name"], version),
        version=version,
        pin=pin,
        requested=requested,
        registry=registries.get((match["scope"] or "").lower(), registries.get("")),
    )


def _alias(alias: str, spec: str, registries: Mapping[str, str]) -> Requested:
    """Read `alias@npm:name@version`; what is installed is the real one."""
    match = _NAMED.fullmatch(spec)
    rest = (match["spec"] or "") if match else ""
    if match is None or _URL.match(rest) or "/" in rest:
        raise UndecidableError("what it is asked for is an alias of no package")
    real = _registered(match, rest.strip(), registries)
    return Requested(
        name=real.name,
        purl=real.purl,
        version=real.version,
        pin=real.pin,
        requested=real.requested,
        registry=real.registry,
        alias="" if alias == real.name else alias,
    )


def _elsewhere(spec: str, alias: str = "") -> Requested:
    """Read a specification that leads past the registry."""
    if _PATH.match(spec):
        return _local(spec)
    if match := _SHORTHAND.fullmatch(spec):
        host = _HOSTS[match["host"] or "github"]
        return _repository(f"https://{host}/{match['path']}", match["ref"], alias)
    if match := _HOSTED.fullmatch(spec):
        host = match["host"].lower()
        return _repository(f"https://{host}/{match['path']}", match["ref"], alias)
    if _SCP.fullmatch(spec) or re.match(r"git(?:\+[a-z]+)?://", spec, re.IGNORECASE):
        address, _, reference = spec.partition("#")
        return _repository(address, reference, alias)
    if re.match(r"https?://", spec, re.IGNORECASE):
        return fetched(spec, alias=alias)
    if not _URL.match(spec) and _ARCHIVE.search(spec):
        return _local(spec)
    raise UndecidableError("what it is asked for is not the name of a package")


def _local(path: str) -> Requested:
    return Requested(name=path, pin=Pin.LOCAL, origin=Origin.PATH)


def _repository(url: str, reference: str | None, alias: str) -> Requested:
    """Read a git repository; `#semver:^1` and `#path:x` are npm's own."""
    if not has_host(url):
        raise UndecidableError("what it is asked for is not a clear git address")
    revision, folder, pin = None, "", Pin.FLOATING
    for part in (reference or "").split("::"):
        key, colon, value = part.partition(":")
        if not colon and key:
            revision, pin = key, Pin.COMMIT if is_commit(key) else Pin.TAG
        elif key == "semver":
            revision, pin = value, Pin.RANGE
        elif key == "path":
            folder = value
        elif colon:
            raise UndecidableError("what it is asked for has an unknown reference")
    named = revision if pin in {Pin.COMMIT, Pin.TAG} else None
    purl = vcs_purl(url, named, folder=folder)
    return Requested(
        name="/".join(filter(None, (purl.namespace, purl.name))),
        purl=purl,
        pin=pin,
        requested="" if pin is Pin.COMMIT else (revision or "")[:_SHOWN],
        origin=Origin.VCS,
        registry=source_address(url),
        alias=alias,
    )
