"""Modules: configuration that Terraform fetches from elsewhere and applies."""

import re
from typing import Final
from urllib.parse import parse_qs

from packageurl import PackageURL

from mcpchain.artifact import Digest
from mcpchain.build_step import (
    add_file,
    add_repository,
    add_undecided,
    partial,
    shown,
    unreadable,
)
from mcpchain.component import BuildFacts, Component, Kind, Location, Role
from mcpchain.discover.terraform.provider import exact
from mcpchain.hcl import Block
from mcpchain.inventory import Collector

_REGISTRY: Final = re.compile(
    r"(?:(?P<host>[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?::[0-9]+)?)/)?"
    r"(?P<space>[A-Za-z0-9_-]+)/(?P<name>[A-Za-z0-9_-]+)/(?P<system>[a-z0-9]+)"
    r"(?://[^?]*)?"
)
_GIT: Final = re.compile(
    r"git::(?P<url>.+)|(?P<short>(?:github\.com|bitbucket\.org)/.+|git@.+)", re.DOTALL
)
_REMOTE: Final = re.compile(r"https?://", re.IGNORECASE)
_FOLDER: Final = re.compile(r"(?<!:)//[^?]*+")
"""The folder inside of what is fetched."""


def add_module(block: Block, path: str, found: Collector) -> None:
    """Declare the module that a block uses, unless it is a folder beside."""
    line = block.lines.get("source", block.line)
    place = Location(path=path, line=line)
    name = (block.labels[0] if block.labels else "")[:140]
    facts = BuildFacts(role=Role.MODULE, stage=name)
    source, version = block.attributes.get("source"), block.attributes.get("version")
    if "source" not in block.attributes or block.repeated & {"source", "version"}:
        unreadable(found, place, f"module `{name}` has no source, or has it twice")
    elif not isinstance(source, str) or not isinstance(version, str | None):
        add_undecided(found, name, "it has to be computed", place, facts)
    elif "version" in block.attributes and version is None:
        add_undecided(found, name, "its version has to be computed", place, facts)
    elif not source.startswith(("./", "../", ".\\", "..\\")):
        _fetched(source, version or "", place, facts, found)


def _fetched(
    source: str, version: str, place: Location, facts: BuildFacts, found: Collector
) -> None:
    if git := _GIT.fullmatch(source):
        url = git["url"] or git["short"]
        address, _, query = _FOLDER.sub("", url).partition("?")
        if "://" not in address and not re.match(r"[\w.-]+@", address):
            address = f"https://{address}"
        revision = (parse_qs(query[:1000]).get("ref") or [""])[0]
        add_repository(found, address, revision, place, facts)
    elif _REMOTE.match(source):
        _archive(source, place, facts, found)
    elif match := _REGISTRY.fullmatch(source):
        found.add(_registered(match, version, place, facts))
    else:
        # A path of this machine may tell who works where, and is not repeated.
        said = "a path" if re.match(r"[/\\~]|[A-Za-z]:", source) else shown(source)
        reason = f"`{said}` is a module from a place that is not read"
        partial(found, place, reason, "use it from a registry or a repository")


def _archive(source: str, place: Location, facts: BuildFacts, found: Collector) -> None:
    address, _, query = _FOLDER.sub("", source).partition("?")
    digest = None
    if text := (parse_qs(query[:1000]).get("checksum") or [""])[0]:
        try:
            digest = Digest.parse(text)
        except ValueError as error:
            unreadable(found, place, f"`checksum` is no digest: {error}")
    if digest is not None and not digest.algorithm.identifies:
        digest = None
    add_file(found, address, digest, place, facts)


def _registered(
    match: re.Match[str], text: str, place: Location, facts: BuildFacts
) -> Component:
    version, pin = exact(text)
    host = match["host"]
    return Component(
        kind=Kind.BUILD,
        name=f"{match['space']}/{match['name']}/{match['system']}",
        version=version,
        purl=PackageURL(
            type="terraform",
            namespace=f"{match['space']}/{match['name']}",
            name=match["system"],
            version=version,
            qualifiers={"repository_url": host} if host else {},
        ),
        pin=pin,
        requested="" if version else text[:140],
        facts=BuildFacts(
            role=facts.role,
            stage=facts.stage,
            registry=f"https://{host}" if host else None,
        ),
        locations=(place,),
    )
