"""Declare the files that a description in Croissant lists."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import unquote

from mcpchain.artifact import Algorithm, Artifact, Digest, identified
from mcpchain.component import Component, DataFacts, Kind, Location, Pin
from mcpchain.data_sets import observed
from mcpchain.discover.croissant.terms import elements, identity, term
from mcpchain.document import Node
from mcpchain.inventory import Collector, RelationKind
from mcpchain.naming import bare_url
from mcpchain.tree import File, UnreadableError

_BYTES: Final = re.compile(r"(\d{1,18})(?: ?(?:B|bytes?))?", re.ASCII)
_ABSOLUTE: Final = re.compile(r"\w[\w.+-]*:|[/~\\]")
"""How an address starts, and a path that is none from here."""
_LONGEST: Final = 4_000
_FORMATS: Final = {
    "application/jsonlines": "json-lines",
    "application/x-ndjson": "json-lines",
    "application/json": "json",
    "application/x-parquet": "parquet",
    "application/vnd.apache.parquet": "parquet",
    "text/csv": "csv",
    "text/tab-separated-values": "tsv",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listed:
    """One file, as it is listed."""

    node: Node
    id: str
    name: str
    address: str
    within: str
    """The id of what it is in; empty if it is fetched by itself."""
    encoding: str

    @property
    def is_repository(self) -> bool:
        """Whether it is a repository and no file."""
        return self.encoding.startswith("git")


def add_files(document: Node, file: File, whole: str, found: Collector) -> None:
    """Declare each file that *document* lists as a part of *whole*.

    One that lies beside *file* is declared as a file too, so that its bytes are
    compared with what is said of them (`mcpchain.claimed`).
    """
    listed: list[_Listed] = []
    with found.entry():
        for node in elements(term(document, "distribution")):
            with found.entry():
                listed += _listed(node)
    repositories = {each.id for each in listed if each.is_repository}
    for each in listed:
        if each.is_repository:
            continue
        with found.entry():
            inside = bool(each.within) and each.within not in repositories
            names = _names(each)
            beside = None if inside else _beside(names, file)
            artifact = Artifact(
                name=beside.path if beside else _path(each, names, file, inside=inside),
                digests=tuple(_digests(each.node, found)),
                url=_url(each.address),
                size=_size(each.node),
            )
            claim = _claim(each, artifact, file.path)
            found.relate(whole, found.add(claim), RelationKind.CONTAINS)
            if beside is not None:
                found.add(observed(beside, None))


def _listed(node: Node) -> Iterator[_Listed]:
    """Read an entry, if it is one file; a set of files has patterns only."""
    kinds = [each.text() for each in elements(node.at("@type"))]
    if not any(each.endswith("FileObject") for each in kinds):
        return
    encodings = elements(term(node, "encodingFormat"))
    within = elements(term(node, "containedIn"))
    listed = _Listed(
        node=node,
        id=identity(node),
        name=term(node, "name").optional_text() or "",
        address=term(node, "contentUrl").optional_text() or "",
        within=identity(within[0]) if within else "",
        encoding=encodings[0].text() if encodings else "",
    )
    texts = (listed.id, listed.name, listed.address, listed.within)
    if max(map(len, texts)) > _LONGEST:
        raise node.malformed(f"a name or address of more than {_LONGEST:,} characters")
    yield listed


def _claim(listed: _Listed, artifact: Artifact, source: str) -> Component:
    """Return what is said of a file."""
    return Component(
        kind=Kind.DATA,
        name=PurePosixPath(artifact.name).name,
        locations=(Location(path=source, pointer=listed.node.pointer),),
        pin=Pin.DIGEST if identified([artifact]) else None,
        artifacts=(artifact,),
        facts=DataFacts(format=_FORMATS.get(listed.encoding, "")),
    )


def _names(listed: _Listed) -> list[str]:
    """Return by which names the file may lie beside, the likeliest first."""
    names = map(_local, (listed.address, listed.name, listed.id))
    return [each for each in names if each] or ["unnamed"]


def _local(name: str) -> str:
    """Return *name*; of an address, or a path that is none from here, the last part."""
    if "://" in name:
        name = re.split(r"[?#]", name, maxsplit=1)[0]
    if not _ABSOLUTE.match(name):
        return name
    return unquote(re.split(r"[/\\]", name)[-1])


def _beside(names: list[str], file: File) -> File | None:
    for name in names:
        try:
            return file.beside(name)
        except UnreadableError:
            continue
    return None


def _path(listed: _Listed, names: list[str], file: File, *, inside: bool) -> str:
    """Return what to call a file that does not lie beside: as nothing there is."""
    folder = PurePosixPath(file.path).parent
    if inside:
        return f"{folder / _local(listed.within)}!/{names[0]}"
    return str(folder / names[0])


def _url(address: str) -> str | None:
    """Return whence it is fetched, if not from the machine of its maker."""
    elsewhere = "://" in address and not address.lower().startswith("file:")
    return bare_url(address) if elsewhere else None


def _size(node: Node) -> int | None:
    """Return the size, if it is given in bytes: others are rounded."""
    size = term(node, "contentSize")
    match = _BYTES.fullmatch(size.value.strip()) if size.is_text() else None
    return int(match[1]) if match else None


def _digests(node: Node, found: Collector) -> Iterator[Digest]:
    for algorithm in (Algorithm.SHA256, Algorithm.MD5):
        said = term(node, algorithm.value)
        if not said.exists:
            continue
        with found.entry():
            text = said.text()
            try:
                yield Digest.of(algorithm.value, text)
            except ValueError as error:
                raise said.malformed(str(error)) from error
