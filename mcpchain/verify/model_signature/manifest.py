"""What a model signature says of a model: its files, and how they were hashed.

The payload is that of the OpenSSF Model Signing specification, 1.0. It is read before
its signature is verified, and believed only after.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from mcpchain.bundle.statement import document
from mcpchain.document import Node
from mcpchain.tree.paths import shown

MODEL: Final = "https://model_signing/signature/v1.0"
OLD: Final = "https://model_signing/Digests/v0.1"
"""Of the releases before 1.0, whose envelopes sign other bytes."""
WHOLE: Final = "."
"""The name of a model that is one file."""
_SIZES: Final = {"sha256": 32, "blake2b": 64}
"""The hashes that are computed here, and how many bytes they have."""
_RESOURCES: Final = 1_000_000
_NAME: Final = 4096
_SHARD: Final = re.compile(r"(.+):(0|[1-9][0-9]{0,17}):([1-9][0-9]{0,17})", re.DOTALL)
PLAIN: Final = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
"""What most paths are: without a flaw, and shown as they are."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_HEX: Final = re.compile(r"[0-9a-f]+")


class UnreadError(Exception):
    """It may be sound, and cannot be verified here."""


class Signed(NamedTuple):
    """A file as the signer has it."""

    digests: tuple[bytes, ...]
    """Of the whole file, or of each shard."""
    size: int | None = None
    """In bytes; known only of a file in shards."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What was signed."""

    name: str
    """Of the model, as its signer called it. Nothing rests on it."""
    root: bytes
    """SHA-256 over all digests in their order: what the subject has to have."""
    algorithm: str
    """As hashlib names it."""
    files: Mapping[str, Signed]
    """By path, as `File.path` has it; `.` is a model that is one file."""
    shard: int | None = None
    """How many bytes a shard has; `None`: each file was hashed as a whole."""
    links: bool = False
    """Whether symbolic links to files may be among them."""
    ignored: tuple[str, ...] = ()
    """What the signer left out, as `File.path` has it."""
    twins: Mapping[str, str] = field(default_factory=dict)
    """The paths of the files by what they are without case: see `folded`."""


def read(payload: bytes, *, source: str) -> Manifest:
    """Read the statement about a model.

    Raises:
        UnreadError: It is of a version, or hashed in a way, that is not read here.
        MalformedError: It is none, or contradicts itself.
    """
    node = document(payload, source=source)
    kind = node.at("predicateType").text()
    if kind == OLD:
        raise UnreadError(
            "it is of a release before 1.0 of the format, whose signatures are over "
            "other bytes: ask its maker to sign it again"
        )
    if kind != MODEL:
        raise node.malformed(f"a `{kind[:140]}` is no model signature")
    subjects = [*node.at("subject").elements()]
    if len(subjects) != 1:
        raise node.malformed(f"{len(subjects)} subjects; a model signature has one")
    predicate = node.at("predicate")
    serialization = predicate.at("serialization")
    algorithm = _algorithm(serialization.at("hash_type"))
    shard = _shard_size(serialization)
    listed = predicate.at("resources")
    resources = _Resources(listed, algorithm, shard)
    root = resources.read()
    files = resources.files()
    if not files:
        raise listed.malformed("no file is signed")
    if WHOLE in files and len(files) > 1:
        raise listed.malformed("`.` is a model of one file, and there are others")
    told = subjects[0].at("digest").at("sha256")
    if told.text() != root.hex():
        raise told.malformed("is not the digest of the list of files")
    name = subjects[0].at("name").optional_text()
    return Manifest(
        name=name or "",
        root=root,
        algorithm=algorithm,
        files=files,
        shard=shard,
        links=serialization.at("allow_symlinks").flag(),
        ignored=_ignored(serialization.at("ignore_paths")),
        twins=resources.twins,
    )


def folded(path: str) -> str:
    """Return what *path* is on a system that knows no case, and no composed letters."""
    if path.isascii():
        return path.lower()
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def _algorithm(node: Node) -> str:
    name = node.text()
    if name not in _SIZES:
        raise UnreadError(f"its files are hashed with `{name[:40]}`, not read here")
    return name


def _shard_size(node: Node) -> int | None:
    method = node.at("method").text()
    size = node.at("shard_size")
    if method == "files":
        return None
    if method != "shards":
        raise UnreadError(f"its files are listed by `{method[:40]}`, not read here")
    # The reference writes the number through a protobuf `Value`, which is a double.
    value = size.value
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 1 << 53:
        raise size.malformed("is no size of a shard")
    return value


def _ignored(node: Node) -> tuple[str, ...]:
    """Read what the signer left out; what can be nothing in the folder says nothing."""
    found = []
    for each in node.elements():
        text = each.text().rstrip("/")
        path = text.removeprefix("./")
        if path and not flaw(path):
            found.append(shown(path))
    return tuple(found)


@dataclass(slots=True, kw_only=True)
class _Shards:
    """What has been read of a file in shards."""

    node: Node
    read: dict[int, tuple[int, bytes]]
    """End and digest by start."""

    def signed(self, size: int) -> Signed:
        """Return the file, if no byte of it is left out, and none is there twice."""
        ordered = sorted(self.read.items())
        at = 0
        for start, (end, _) in ordered:
            if start != at or at % size or not at < end <= at + size:
                raise self.node.malformed(
                    f"the shards of this file do not follow each other at byte {at:,}"
                )
            at = end
        return Signed(digests=tuple(digest for _, (_, digest) in ordered), size=at)


class _Resources:
    """The list of what was signed, and all that has been read of it so far.

    There may be very many, so that of what is plain no `Node` is made.
    """

    def __init__(self, listed: Node, algorithm: str, shard: int | None) -> None:
        self.shard = shard
        self.twins: dict[str, str] = {}
        """The paths by what they are without case."""
        self._listed = listed
        self._length = 2 * _SIZES[algorithm]
        self._algorithm = algorithm
        self._names = {algorithm}
        if shard is not None:
            self._names.add(f"{algorithm}-sharded-{shard}")
        self._files: dict[str, Signed] = {}
        self._shards: dict[str, _Shards] = {}

    def read(self) -> bytes:
        """Take in all of the list, and return the digest over all digests."""
        state = hashlib.sha256()
        if next(self._listed.elements(), None) is not None:
            for index, value in enumerate(self._listed.value):
                if index == _RESOURCES:
                    problem = f"more than {_RESOURCES:,} resources"
                    raise self._listed.malformed(problem)
                state.update(self._add(index, value))
        return state.digest()

    def files(self) -> dict[str, Signed]:
        """Return every file that was listed."""
        size = self.shard or 0
        shards = {path: each.signed(size) for path, each in self._shards.items()}
        return self._files | shards

    def _add(self, index: int, value: object) -> bytes:
        """Take in one resource, and return its digest."""
        name, algorithm, text = _plain(value) or self._texts(index)
        digest = self._digest(index, algorithm, text)
        path, start, end = name, 0, 0
        if self.shard is not None:
            path, start, end = self._parts(index, name)
        if len(name) > _NAME:
            raise self._node(index).malformed(
                f"a name of more than {_NAME:,} characters"
            )
        if not PLAIN.fullmatch(path):
            if path != WHOLE and (problem := flaw(path)):
                raise self._node(index).malformed(f"`{path[:140]}` {problem}")
            path = shown(path)
        twin = self.twins.setdefault(folded(path), path)
        if twin != path:
            raise self._node(index).malformed(
                f"`{path[:140]}` and `{twin[:140]}` differ only in case or in how "
                "letters are composed, so that one may stand for the other"
            )
        if self.shard is None:
            signed = Signed((digest,))
            twice = self._files.setdefault(path, signed) is not signed
        else:
            twice = self._is_twice(index, path, start, (end, digest))
        if twice:
            raise self._node(index).malformed(f"`{name[:140]}` is signed twice")
        return digest

    def _is_twice(
        self, index: int, path: str, start: int, shard: tuple[int, bytes]
    ) -> bool:
        """Keep a shard, unless it is there already."""
        if path not in self._shards:
            self._shards[path] = _Shards(node=self._node(index), read={})
        return self._shards[path].read.setdefault(start, shard) is not shard

    def _digest(self, index: int, algorithm: str, text: str) -> bytes:
        if algorithm not in self._names:
            problem = f"`{algorithm[:60]}` is not the hash that the signature names"
            raise self._node(index).at("algorithm").malformed(problem)
        if len(text) != self._length or not _HEX.fullmatch(text):
            problem = f"is no digest of {self._algorithm}"
            raise self._node(index).at("digest").malformed(problem)
        return bytes.fromhex(text)

    def _parts(self, index: int, name: str) -> tuple[str, int, int]:
        found = _SHARD.fullmatch(name[: _NAME + 1])
        if found is None:
            problem = f"`{name[:140]}` names no shard: path:start:end"
            raise self._node(index).malformed(problem)
        return found[1], int(found[2]), int(found[3])

    def _texts(self, index: int) -> tuple[str, str, str]:
        """Return name, algorithm and digest of a resource, or say what is wrong."""
        node = self._node(index)
        name, algorithm = node.at("name").text(), node.at("algorithm").text()
        return name, algorithm, node.at("digest").text()

    def _node(self, index: int) -> Node:
        listed = self._listed
        pointer = f"{listed.pointer}/{index}"
        return Node(value=listed.value[index], source=listed.source, pointer=pointer)


def _plain(value: object) -> tuple[str, str, str] | None:
    """Return name, algorithm and digest of a resource that has nothing odd."""
    if type(value) is not dict:
        return None
    get = value.get
    name, algorithm, digest = get("name"), get("algorithm"), get("digest")
    if not (type(name) is type(algorithm) is type(digest) is str):
        return None
    whole = name.isascii() and algorithm.isascii() and digest.isascii()
    return (name, algorithm, digest) if whole else None


def flaw(path: str) -> str:
    """Say why *path* is none of a file in the folder; empty if it is."""
    if "\\" in path:
        return "has a `\\`, which parts folders on some systems only"
    if path.startswith("/") or _DRIVE.match(path):
        return "is no path within the model"
    if "\0" in path:
        return "holds a zero byte, which no name can"
    parts = path.split("/")
    if ".." in parts:
        return "leads out of a folder by `..`"
    if "" in parts or "." in parts:
        return "is not written in its shortest form"
    return ""
