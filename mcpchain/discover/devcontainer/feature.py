"""Features of a development container: scripts that run as it is built."""

import re
from dataclasses import replace
from typing import Final

from mcpchain import image
from mcpchain.artifact import Digest
from mcpchain.build_step import add_file, shown, unreadable
from mcpchain.component import BuildFacts, Component, Kind, Location, Pin, Role
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State

_REMOTE: Final = re.compile(r"https?://", re.IGNORECASE)
_FACTS: Final = BuildFacts(role=Role.FEATURE)


def add_feature(key: str, place: Location, found: Collector) -> None:
    """Declare the feature that *key* names, by itself or by its archive."""
    if _REMOTE.match(key):
        add_file(found, key, None, place, _FACTS)
        return
    try:
        found.add(_named(key, place))
    except ValueError as error:
        hint = "name it with its registry: `registry/namespace/feature:version`"
        unreadable(found, place, str(error), hint)


def add_locked(key: str, entry: Node, place: Location, found: Collector) -> None:
    """Declare the feature that *key* names, with what the lock says of it.

    A lock that says two things of one feature pins nothing.

    Raises:
        MalformedError: The entry of the lock is none.
    """
    resolved, version = entry.at("resolved").text(), entry.at("version").text()
    integrity = _digest(entry.at("integrity"))
    if _REMOTE.match(key):
        same = resolved == key
        if not same:
            _conflict(f"`{shown(resolved)}`", key, entry, found)
        add_file(found, key, integrity if same else None, place, _FACTS)
        return
    try:
        asked, locked = _named(key, place), image.parse(resolved)
    except ValueError as error:
        raise entry.malformed(str(error)) from None
    if locked.digest is None:
        raise entry.at("resolved").malformed("names no digest")
    digests = {each for artifact in asked.artifacts for each in artifact.digests}
    said = {locked.digest, integrity, *digests}
    if len(said) > 1 or locked.name != asked.name:
        _conflict(f"`{shown(resolved)}` with {integrity}", key, entry, found)
        found.add(asked)
        return
    purl = asked.purl._replace(version=str(locked.digest)) if asked.purl else None
    found.add(
        replace(
            asked,
            purl=purl,
            pin=Pin.DIGEST,
            version=version,
            artifacts=locked.artifacts,
        )
    )


def _named(key: str, place: Location) -> Component:
    """Return the feature by its own name.

    Raises:
        ValueError: It names no registry, or is no name at all.
    """
    try:
        named = image.parse(key)
    except ValueError:
        raise ValueError(f"`{shown(key)}` is not the name of a feature") from None
    if named.registry is None:
        raise ValueError(f"`{shown(key)}` names a feature without its registry")
    return Component(
        kind=Kind.BUILD,
        name=named.name,
        purl=named.purl,
        pin=named.pin,
        requested=named.tag,
        artifacts=named.artifacts,
        facts=replace(_FACTS, registry=named.registry),
        locations=(place,),
    )


def _digest(node: Node) -> Digest:
    try:
        digest = Digest.parse(node.text())
    except ValueError as error:
        raise node.malformed(str(error)) from None
    if not digest.algorithm.identifies:
        raise node.malformed("is a digest that does not identify bytes")
    return digest


def _conflict(what: str, key: str, entry: Node, found: Collector) -> None:
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=entry.source, pointer=entry.pointer),
            reason=f"locks `{shown(key)}` as {what}, which is something else",
            state=State.CONFLICT,
            hint="make the lock anew: remove it, and build the container",
        )
    )
