"""`package.json`: what a project asks for, where no lock says what it gets."""

import posixpath
import re
from dataclasses import replace
from typing import Final

from mcpchain import supplier
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.launch.npm_spec import read_npm_spec
from mcpchain.npm_lock.graph import Need
from mcpchain.npm_lock.manifest import own_name, own_version
from mcpchain.npm_lock.name import SHOWN, is_name, shown
from mcpchain.tree import File

_BYTES: Final = 4 << 20
_LOCAL: Final = re.compile(r"(?:workspace|link|portal|file):|[.~]|/")
_CATALOG: Final = re.compile(r"catalog:")


def read(file: File, found: Collector) -> None:
    """Declare the project and what it asks for, unless a lock tells more.

    Raises:
        MalformedError: It is no JSON, or no object.
        UnreadableError: It cannot be read.
    """
    manifest = Node.from_json(file.read(_BYTES), source=file.path)
    kinds = [need for need in Need if manifest.at(need.value).exists]
    if not any(manifest.value[need.value] for need in kinds):
        return
    # Its own name is nobody's in a registry: looked up, it names a stranger.
    last = posixpath.basename(posixpath.dirname(file.path)) or "."
    project = found.add(
        Component(
            kind=Kind.APPLICATION,
            name=own_name(manifest, last),
            version=own_version(manifest),
            supplier=supplier.of_manifest(manifest.value),
            pin=Pin.LOCAL,
            graph=True,
            facts=PackageFacts(origin=Origin.PATH),
            locations=(Location(path=file.path),),
        )
    )
    optional = _optional_peers(manifest)
    for need in kinds:
        with found.entry():
            for name, node in manifest.at(need.value).items():
                with found.entry():
                    loose = need is Need.PEER and name in optional
                    component = _asked(name, node, need, loose=loose)
                    found.relate(project, found.add(component))


def _asked(name: str, node: Node, need: Need, *, loose: bool) -> Component:
    """Declare what a project asks for.

    Raises:
        MalformedError: It is no specification of a package that npm or its kin read.
    """
    text = node.text().strip()
    if not is_name(name):
        raise node.malformed(f"`{shown(name)}` is not the name of a package")
    facts = PackageFacts(
        development=need is Need.DEVELOPMENT,
        optional=need is Need.OPTIONAL or loose,
        peer=need is Need.PEER,
    )
    place = (Location(path=node.source, pointer=node.pointer),)
    if _LOCAL.match(text):
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            pin=Pin.LOCAL,
            facts=replace(facts, origin=Origin.PATH),
            locations=place,
        )
    catalog = _CATALOG.match(text) is not None
    try:
        asked = read_npm_spec(f"{name}@{'*' if catalog else text}", {})
    except ValueError as error:
        raise node.malformed(str(error)) from None
    return Component(
        kind=Kind.LIBRARY,
        name=asked.name,
        version=asked.version,
        purl=asked.purl,
        pin=asked.pin,
        requested=text[:SHOWN] if catalog else asked.requested,
        facts=replace(
            facts, origin=asked.origin, registry=asked.registry, alias=asked.alias
        ),
        locations=place,
    )


def _optional_peers(manifest: Node) -> frozenset[str]:
    meta = manifest.value.get("peerDependenciesMeta")
    members = meta.items() if isinstance(meta, dict) else ()
    return frozenset(
        name
        for name, value in members
        if isinstance(value, dict) and value.get("optional") is True
    )
