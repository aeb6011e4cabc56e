"""What is installed in a conda environment: `conda-meta/*.json`, one file a package.

conda writes such a file when it installs a package, with what the channel says of it.
"""

from typing import Final

from mcpchain import license as licence
from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, PackageFacts, Pin
from mcpchain.conda_package import (
    Spec,
    bare_channel,
    channel_name,
    conda_purl,
    digests_of,
    installed,
)
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.tree import File

_BYTES: Final = 64 << 20


def read(file: File, found: Collector) -> None:
    """Declare the package, and what it needs by name.

    Raises:
        MalformedError: It is not JSON, or names no package.
        UnreadableError: It cannot be read.
    """
    record = Node.from_json(file.read(_BYTES), source=file.path)
    needs, complete = _needs(record.at("depends"), found)
    ref = found.add(_component(record, found, graph=complete))
    for each in needs:
        found.relate(ref, installed(file.path, each))


def _needs(depends: Node, found: Collector) -> tuple[list[str], bool]:
    """Return the packages that are needed, and whether these are all.

    What the system provides (`__glibc`) is no package.
    """
    names: list[str] = []
    nodes: list[Node] = []
    complete = False
    with found.entry():
        nodes = list(depends.elements())
        complete = depends.exists
    for node in nodes:
        read = False
        with found.entry():
            try:
                names.append(Spec.parse(node.text()).name)
            except ValueError as error:
                raise node.malformed(str(error)) from None
            read = True
        complete = complete and read
    return [each for each in names if not each.startswith("__")], complete


def _component(record: Node, found: Collector, *, graph: bool) -> Component:
    name, version = record.at("name"), record.at("version").text()
    channel = url = subdir = build = ""
    licenses: tuple[str, ...] = ()
    with found.entry():
        build = record.at("build").optional_text() or ""
        subdir = record.at("subdir").optional_text() or ""
        url = bare_channel(record.at("url").optional_text() or "")
        channel = bare_channel(record.at("channel").optional_text() or "").rstrip("/")
        channel = channel.removesuffix(f"/{subdir}") if subdir else channel
        licenses = tuple(filter(None, [record.at("license").optional_text()]))
    remote = url if "://" in url else None
    file = url.rpartition("/")[2] if remote else ""
    kinds = (each for each in ("conda", "tar.bz2") if file.endswith(f".{each}"))
    artifact = Artifact(name=file, digests=digests_of(record, found), url=remote)
    try:
        purl = conda_purl(
            name.text().lower(),
            version,
            build=build,
            channel=channel_name(channel),
            subdir=subdir,
            type=next(kinds, ""),
        )
    except ValueError as error:
        raise name.malformed(str(error)) from None
    return Component(
        kind=Kind.LIBRARY,
        name=purl.name,
        version=version,
        purl=purl,
        pin=Pin.EXACT,
        basis=Basis.OBSERVED,
        artifacts=(artifact,),
        licenses=licenses,
        concluded=licence.concluded(licenses),
        graph=graph,
        facts=PackageFacts(registry=channel or None),
        locations=(Location(path=record.source),),
    )
