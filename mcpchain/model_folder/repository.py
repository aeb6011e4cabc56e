"""Which commit of which repository of the Hub a folder claims to be.

Two layouts tell, both written by the Hub's own library: its cache, in which folders
bear the names of repository and commit and large files that of their SHA-256, and
`.cache/huggingface/download` in a folder that was downloaded into. The reference is
huggingface_hub, "Understand caching".

Neither is a proof: who can write the weights can write such names. So they are
compared with the bytes, and what they give to a model is declared.
"""

import hashlib
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import Final

from mcpchain import hub_name
from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Basis, Component, FileFacts, Kind, Location
from mcpchain.inventory import Gap, Inventory, State
from mcpchain.model_folder.shelf import Shelf, shown
from mcpchain.tree import Tree, UnreadableError

_SNAPSHOT: Final = re.compile(
    r"(?:(?P<above>.*)/)?(?P<cache>models--[^/]+)/snapshots/(?P<commit>[0-9a-f]{40})"
)
_INSIDE: Final = re.compile(r"snapshots/(?P<commit>[0-9a-f]{40})")
_REF: Final = re.compile(r"(?:(?P<cache>.*)/)?refs/.+")
_METADATA: Final = ".cache/huggingface/download"
_SHA1: Final = re.compile(r"[0-9a-f]{40}")
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_LINES: Final = 3
"""Of metadata: the commit, the name of the bytes, and the time."""
_SMALL: Final = 4 << 10
_DOCUMENT: Final = 16 << 20
_HINT: Final = "get it again from the Hub, or find out who changed it"


@dataclass(slots=True)
class Repository:
    """What a folder claims to be, and of which file it claims which bytes."""

    name: str = ""
    """`organisation/name`; empty where only a commit is told."""
    commit: str = ""
    claims: list[Component] = field(default_factory=list)


def snapshot(folder: str, name: str) -> tuple[str, str, str] | None:
    """Return cache, repository and commit, if *folder* is a snapshot in a cache.

    Args:
        folder: From the root of what is examined.
        name: Of that root, which may be the cache itself.
    """
    if match := _SNAPSHOT.fullmatch(folder):
        cache = "/".join(filter(None, (match["above"], match["cache"])))
        return cache, hub_name.from_cache(match["cache"]) or "", match["commit"]
    if (match := _INSIDE.fullmatch(folder)) and (own := hub_name.from_cache(name)):
        return "", own, match["commit"]
    return None


def root(path: str, name: str) -> str | None:
    """Return the folder of the snapshot that *path* is in, if it is in one."""
    parts = path.split("/")
    for count in range(2, len(parts)):
        if _SHA1.fullmatch(parts[count - 1]) and parts[count - 2] == "snapshots":
            folder = "/".join(parts[:count])
            return folder if snapshot(folder, name) else None
    return None


class Blobs:
    """The files of a cache to which the names in its snapshots lead.

    Args:
        tree: Where they are.
        paths: Of all blobs.
    """

    def __init__(self, tree: Tree, paths: Iterable[str]) -> None:
        self._tree = tree
        self._known: dict[tuple[int, int], str] = {}
        for path in sorted(paths):
            identity = self._identity(path)
            if identity is not None:
                self._known.setdefault(identity, path)

    def of(self, path: str) -> str | None:
        """Return the path of the blob that *path* is another name of."""
        identity = self._identity(path) if self._known else None
        blob = self._known.get(identity) if identity else None
        return None if blob == path else blob

    def _identity(self, path: str) -> tuple[int, int] | None:
        try:
            return self._tree.file(path).identity()
        except UnreadableError:
            return None


def without_blobs(inventory: Inventory, blobs: Blobs) -> Inventory:
    """Return *inventory* without blobs that have a name in a snapshot as well.

    They are the same bytes. What was wrong with a blob is told of its name.
    """
    names: dict[str, Component] = {}
    for each in inventory.components:
        if each.basis is Basis.OBSERVED and "/snapshots/" in f"/{each.location.path}":
            blob = blobs.of(each.location.path)
            if blob is not None:
                names.setdefault(blob, each)
    gone = {
        each.ref: names[each.location.path].ref
        for each in inventory.components
        if each.location.path in names
    }
    if not gone:
        return inventory
    return replace(
        inventory,
        components=tuple(e for e in inventory.components if e.ref not in gone),
        relations=tuple(
            replace(each, source=gone.get(each.source, each.source))
            for each in inventory.relations
        ),
        gaps=tuple(_moved(inventory.gaps, names)),
    )


def _moved(gaps: Sequence[Gap], names: dict[str, Component]) -> Iterator[Gap]:
    for gap in gaps:
        name = names.get(gap.location.path)
        if name is None:
            yield gap
        else:
            place = replace(gap.location, path=name.location.path)
            yield replace(gap, location=place, ref=name.ref if gap.ref else None)


def identify(
    shelf: Shelf,
    folder: str,
    paths: Sequence[str],
    beside: frozenset[str],
    blobs: Blobs,
) -> Repository:
    """Return what *folder* claims to be.

    Args:
        shelf: Where documents are read, and conflicts kept.
        folder: The folder of a model; empty for the root.
        paths: Its files.
        beside: All that is known to lie anywhere.
        blobs: Of all caches.
    """
    found = Repository()
    if known := snapshot(folder, shelf.name):
        _, found.name, found.commit = known
        for path in paths:
            if blob := blobs.of(path):
                _claim(shelf, path, PurePosixPath(blob).name, blob, found)
        return found
    commits = _downloaded(shelf, folder, paths, beside, found)
    if len(commits) == 1:
        found.commit = next(iter(commits))
    elif commits:
        some = sorted(commits)
        shelf.gap(
            Location(path=min(commits[some[1]])),
            f"is of commit `{some[1]}`, but `{min(commits[some[0]])}` of `{some[0]}`",
            State.CONFLICT,
            "download all files of one commit",
        )
    return found


def _downloaded(
    shelf: Shelf,
    folder: str,
    paths: Sequence[str],
    beside: frozenset[str],
    found: Repository,
) -> dict[str, list[str]]:
    """Return which metadata name which commit, and keep what they claim of files."""
    commits: dict[str, list[str]] = defaultdict(list)
    start = f"{folder}/" if folder else ""
    for path in paths:
        metadata = f"{start}{_METADATA}/{path.removeprefix(start)}.metadata"
        data = shelf.data(metadata, _SMALL) if metadata in beside else None
        if data is None:
            continue
        lines = data.decode("utf-8", "replace").split("\n")
        commit = lines[0].strip()
        if len(lines) < _LINES or not hub_name.is_commit(commit):
            place = Location(path=metadata)
            shelf.gap(place, "names no commit of the Hub", State.UNREADABLE)
            continue
        commits[commit].append(metadata)
        etag = lines[1].strip().removeprefix("W/").strip('"')
        _claim(shelf, path, etag, metadata, found)
    return commits


def _claim(shelf: Shelf, path: str, name: str, place: str, found: Repository) -> None:
    """Keep what the bytes of *path* are said to be; compare the small ones at once.

    Large files are named by their SHA-256, others by the SHA-1 that git gives them.
    """
    if _SHA256.fullmatch(name):
        digest = Digest(algorithm=Algorithm.SHA256, value=name)
        found.claims.append(
            Component(
                kind=Kind.FILE,
                name=path,
                locations=(Location(path=place),),
                basis=Basis.DECLARED,
                artifacts=(Artifact(name=path, digests=(digest,)),),
                facts=FileFacts(role="index"),
            )
        )
    elif _SHA1.fullmatch(name):
        data = shelf.data(path, _DOCUMENT)
        if data is None:
            return
        state = hashlib.sha1(b"blob %d\0" % len(data), usedforsecurity=False)
        state.update(data)
        if (other := state.hexdigest()) != name:
            shelf.gap(
                Location(path=place),
                f"says that `{shown(path)}` is git's object {name}, but it is {other}",
                State.CONFLICT,
                _HINT,
            )


def stale(shelf: Shelf, beside: Iterable[str], folders: Iterable[str]) -> None:
    """Tell every ref of a cache that leads to a commit of which nothing is here."""
    known = (snapshot(each, shelf.name) for each in folders)
    here = {(each[0], each[2]) for each in known if each}
    for path in sorted(beside):
        match = _REF.fullmatch(path)
        cache = (match["cache"] or "") if match else ""
        own = PurePosixPath(cache).name or shelf.name
        if match is None or not hub_name.from_cache(own):
            continue
        data = shelf.data(path, _SMALL)
        commit = (data or b"").decode("utf-8", "replace").strip()
        if data is not None and (cache, commit) not in here:
            shelf.gap(
                Location(path=path),
                f"is commit `{shown(commit)}`, of which no model is here",
                State.PARTIAL,
                "examine the whole cache, with its blobs",
            )
