"""What the hub's library says of the files of a data set that it fetched.

In its cache the names of a snapshot lead to blobs, and a large blob is named by its
SHA-256. In a folder that was downloaded into, `.cache/huggingface/download` has the
commit and that same name for each file. The reference is huggingface_hub, "Understand
caching". Both are claims, to be compared with the bytes (`mcpchain.claimed`): who can
write the data can write them.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from mcpchain.artifact import Algorithm, Artifact, Digest
from mcpchain.component import Component, DataFacts, Kind, Location
from mcpchain.tree import Tree, UnreadableError

_BLOB: Final = re.compile(r"(?:.*/)?blobs/(?P<name>[0-9a-f]{40}(?:[0-9a-f]{24})?)")
_SNAPSHOT: Final = re.compile(r"(?:.*/)?snapshots/[0-9a-f]{40}/.*", re.DOTALL)
_METADATA: Final = ".cache/huggingface/download"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_COMMIT: Final = re.compile(r"[0-9a-f]{40}")
_LIMIT: Final = 4 << 10


def blobs_of(tree: Tree, paths: Iterable[str], beside: Iterable[str]) -> dict[str, str]:
    """Return the path of the blob that each file of a snapshot is another name of.

    Args:
        tree: Where they are.
        paths: Of files, by any name.
        beside: Of all that may be a blob.
    """
    blobs: dict[tuple[int, int], str] = {}
    for path in sorted(each for each in beside if _BLOB.fullmatch(each)):
        if identity := _identity(tree, path):
            blobs.setdefault(identity, path)
    found: dict[str, str] = {}
    for path in paths if blobs else ():
        identity = _identity(tree, path) if _SNAPSHOT.fullmatch(path) else None
        if identity and identity in blobs:
            found[path] = blobs[identity]
    return found


def claim_of_blob(path: str, blob: str) -> Iterator[Component]:
    """Yield what the name of *blob* says of the bytes of *path*, if it does."""
    match = _BLOB.fullmatch(blob)
    if match and _SHA256.fullmatch(match["name"]):
        yield _claim(path, match["name"], blob)


class Downloads:
    """What is written beside files that were downloaded into a folder.

    Args:
        tree: Where they are.
        beside: Of all that may say so.
    """

    def __init__(self, tree: Tree, beside: Iterable[str]) -> None:
        self._tree = tree
        self._known = {each for each in beside if f"{_METADATA}/" in each}

    def read(self, path: str, folder: str) -> tuple[str, Component | None]:
        """Return the commit that *path* is of, and what is said of its bytes.

        Args:
            path: A file.
            folder: The data set that it is in; the commit is empty if nothing is said.
        """
        start = f"{folder}/" if folder else ""
        place = f"{start}{_METADATA}/{path.removeprefix(start)}.metadata"
        if place not in self._known:
            return "", None
        try:
            data = self._tree.file(place).read(_LIMIT)
        except UnreadableError:
            return "", None
        commit, _, rest = data.decode("utf-8", "replace").partition("\n")
        name = rest.partition("\n")[0].strip().strip('"')
        claim = _claim(path, name, place) if _SHA256.fullmatch(name) else None
        return (commit if _COMMIT.fullmatch(commit) else ""), claim


def _claim(path: str, sha256: str, place: str) -> Component:
    digest = Digest(algorithm=Algorithm.SHA256, value=sha256)
    return Component(
        kind=Kind.DATA,
        name=path,
        locations=(Location(path=place),),
        artifacts=(Artifact(name=path, digests=(digest,)),),
        facts=DataFacts(),
    )


def _identity(tree: Tree, path: str) -> tuple[int, int] | None:
    try:
        return tree.file(path).identity()
    except UnreadableError:
        return None
