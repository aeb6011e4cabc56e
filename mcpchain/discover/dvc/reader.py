"""Read what DVC keeps elsewhere."""

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath, PureWindowsPath
from typing import Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Component, DataFacts, Kind, Location, ModelFacts
from mcpchain.data_sets import DVC, SHOWN, observed
from mcpchain.data_sets.absent import facts_of
from mcpchain.data_sets.folders import DIRECTORY
from mcpchain.discover.dvc import LOCK
from mcpchain.discover.dvc.remotes import Remotes
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.naming import bare_url
from mcpchain.tree import File, UnreadableError

_LIMIT: Final = 8 << 20
"""Bytes of YAML, which takes long to read."""
_FILES: Final = 20_000
_STAGES: Final = 2_000
_LONGEST: Final = 4_000
_MD5: Final = "md5"
_HASH: Final = re.compile(r"[0-9a-f]{32}(?:\.dir)?")
_PLAIN: Final = frozenset(
    {".htm", ".html", ".json", ".md", ".png", ".svg", ".txt", ".yaml", ".yml"}
)
"""Suffixes of what a pipeline makes for people: metrics, plots, reports."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Out:
    """A file or folder that DVC keeps, as it is listed."""

    node: Node
    path: str
    md5: str
    size: int | None
    exact: bool
    """Whether the MD5 is that of the bytes: before DVC 3 line ends counted as one."""
    remote: str

    @property
    def is_folder(self) -> bool:
        return self.md5.endswith(DIRECTORY)


def discover(file: File, found: Collector) -> None:
    """Declare each file and folder that DVC keeps.

    Of what a pipeline makes, and of what it starts from, only models, data and whole
    folders: the rest is code, metrics and plots.

    Raises:
        MalformedError: It is not what its name says.
        UnreadableError: It cannot be read.
    """
    document = Node.from_yaml(file.read(_LIMIT), source=file.path)
    if not document.is_object():
        raise document.unexpected("an object")
    where = Remotes(file)
    source = None
    if file.name == LOCK:
        listed = _stages(document, file, found)
    else:
        listed = _pointer(document)
        with found.entry():
            source = _source(document)
    with found.entry():
        for count, out in enumerate(_outs(listed, found)):
            if count >= _FILES:
                raise document.malformed(f"more than {_FILES:,} files")
            _add(out, file, source or _object(out, where), found)


def _pointer(document: Node) -> Iterator[tuple[Node, str]]:
    """Yield each entry of a `.dvc` file, and the folder that its path starts from."""
    folder = document.at("wdir").optional_text() or ""
    for node in document.at("outs").elements():
        yield node, folder


def _source(document: Node) -> str | None:
    """Return whence the data of a `.dvc` file were imported, if they were."""
    for node in document.at("deps").elements():
        repository = node.at("repo")
        address = (
            repository.at("url") if repository.exists else node.at("path")
        ).text()
        if "://" in address and not address.lower().startswith("file:"):
            return bare_url(address)
    return None


def _stages(document: Node, file: File, found: Collector) -> Iterator[tuple[Node, str]]:
    """Yield models, data and folders that stages of a pipeline make or start from."""
    stages = document.at("stages") if "schema" in document else document
    folders = _folders(file)
    for count, (name, stage) in enumerate(stages.items()):
        if count >= _STAGES:
            raise stages.malformed(f"more than {_STAGES:,} stages")
        folder = folders.get(name.partition("@")[0], "")
        nodes: list[Node] = []
        with found.entry():
            nodes += (e for e in stage.at("outs").elements() if _is_data(e, made=True))
        with found.entry():
            nodes += (e for e in stage.at("deps").elements() if _is_data(e, made=False))
        for node in nodes:
            yield node, folder


def _is_data(node: Node, *, made: bool) -> bool:
    name = node.at("path").text()
    if not made or PurePosixPath(name).suffix.lower() in _PLAIN:
        return facts_of(name) is not None and _MD5 in node
    return True


def _folders(file: File) -> dict[str, str]:
    """Return in which folder each stage runs, where that is not the pipeline's own.

    The lock does not repeat it. A template leads nowhere, and so do its paths.
    """
    folders: dict[str, str] = {}
    try:
        data = file.beside("dvc.yaml").read(_LIMIT)
        stages = Node.from_yaml(data, source=file.path).at("stages")
        for name, stage in stages.items():
            inner = stage.at("do") if "do" in stage else stage
            folders[name] = inner.at("wdir").optional_text() or ""
    except (MalformedError, UnreadableError):
        return folders
    return folders


def _outs(listed: Iterable[tuple[Node, str]], found: Collector) -> Iterator[_Out]:
    """Yield each file and folder, or the files of a folder by themselves."""
    for node, folder in listed:
        outs: list[_Out] = []
        with found.entry():
            path = _path(node.at("path").text(), folder, node)
            remote = node.at("remote").optional_text() or ""
            if not node.at("files").exists:
                outs.append(_out(node, path, remote))
            for each in node.at("files").elements():
                with found.entry():
                    inner = _path(each.at("relpath").text(), path, each)
                    outs.append(_out(each, inner, remote))
        yield from outs


def _path(name: str, folder: str, node: Node) -> str:
    """Return a path seen from the file that lists it.

    Of an absolute one, or an address, the last part behind a `/`: the rest may tell who
    works where.
    """
    if len(name) + len(folder) > _LONGEST:
        raise node.malformed(f"a path of more than {_LONGEST:,} characters")
    path = name if "://" in name else posixpath.normpath(posixpath.join(folder, name))
    windows = PureWindowsPath(path)
    elsewhere = "://" in path or path.startswith(("/", "~")) or windows.drive
    return f"/{windows.name}" if elsewhere else path


def _out(node: Node, path: str, remote: str) -> _Out:
    size = node.at("size")
    if size.exists and size.integer() < 0:
        raise size.malformed("a negative size")
    return _Out(
        node=node,
        path=path,
        md5=(node.at(_MD5).optional_text() or "").lower(),
        size=size.integer() if size.exists else None,
        exact=node.at("hash").optional_text() == _MD5,
        remote=remote,
    )


def _add(out: _Out, file: File, url: str | None, found: Collector) -> None:
    """Declare what is kept; and the file, if it is here, to be compared with that."""
    facts = DataFacts(format=DVC) if out.is_folder else facts_of(out.path)
    elsewhere = out.path.startswith("/")
    beside = None if out.is_folder or elsewhere else _beside(out, file)
    name = posixpath.normpath(posixpath.join(posixpath.dirname(file.path), out.path))
    artifact = Artifact(
        # Nothing that is here may pass for what lies elsewhere.
        name="" if elsewhere else f"{name}{DIRECTORY if out.is_folder else ''}",
        digests=_digests(out, found) if out.exact or beside is None else (),
        url=url,
        size=None if out.is_folder else out.size,
    )
    found.add(
        Component(
            kind=Kind.MODEL if isinstance(facts, ModelFacts) else Kind.DATA,
            name=posixpath.basename(out.path)[:SHOWN] or "unnamed",
            locations=(Location(path=file.path, pointer=out.node.pointer),),
            artifacts=(artifact,),
            facts=facts or DataFacts(),
        )
    )
    if beside is not None:
        found.add(observed(beside, None))


def _beside(out: _Out, file: File) -> File | None:
    try:
        return file.beside(out.path)
    except UnreadableError:
        return None


def _digests(out: _Out, found: Collector) -> tuple[Digest, ...]:
    """Return the MD5, of a folder that of DVC's list of it."""
    with found.entry():
        if not out.md5:
            return ()
        value = out.md5.removesuffix(DIRECTORY)
        try:
            return (Digest(algorithm=Algorithm.MD5, value=value),)
        except ValueError as error:
            raise out.node.at(_MD5).malformed(str(error)) from error
    return ()


def _object(out: _Out, remotes: Remotes) -> str | None:
    """Return where a remote keeps the bytes."""
    address = remotes.url(out.remote)
    if address is None or not _HASH.fullmatch(out.md5):
        return address
    folder = "files/md5/" if out.exact else ""
    return f"{address}/{folder}{out.md5[:2]}/{out.md5[2:]}"
