"""What a model signature says of a model: its files, and how they were hashed.

The payload is that of the OpenSSF Model Signing specification, 1.0. It is read before
its signature is verified, and believed only after.
"""

import hashlib
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, TypeGuard

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
_PLAIN: Final = re.compile(r"(?:[\w-][\w.-]*/)*[\w-][\w.-]*", re.ASCII)
"""What most paths are: without a flaw, and shown as they are."""
_DRIVE: Final = re.compile(r"[A-Za-z]:")
_HEX: Final = re.compile(r"[0-9a-f]+")


class UnreadError(Exception):
    """It may be sound, and cannot be verified here."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Signed:
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
    node = Node.from_json(payload, source=source)
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
    resources = _Resources(algorithm, shard)
    state = hashlib.sha256()
    for index, each in enumerate(listed.elements()):
        if index == _RESOURCES:
            raise listed.malformed(f"more than {_RESOURCES:,} resources")
        state.update(resources.add(each))
    files = resources.files()
    if not files:
        raise listed.malformed("no file is signed")
    if WHOLE in files and len(files) > 1:
        raise listed.malformed("`.` is a model of one file, and there are others")
    told = subjects[0].at("digest").at("sha256")
    if told.text() != state.hexdigest():
        raise told.malformed("is not the digest of the list of files")
    name = subjects[0].at("name").optional_text()
    return Manifest(
        name=name or "",
        root=state.digest(),
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
    """All that has been read of the list so far."""

    def __init__(self, algorithm: str, shard: int | None) -> None:
        self.shard = shard
        self.twins: dict[str, str] = {}
        """The paths by what they are without case."""
        self._algorithm = algorithm
        self._names = {algorithm}
        if shard is not None:
            self._names.add(f"{algorithm}-sharded-{shard}")
        self._files: dict[str, Signed] = {}
        self._shards: dict[str, _Shards] = {}

    def files(self) -> dict[str, Signed]:
        """Return every file that was listed."""
        size = self.shard or 0
        shards = {path: each.signed(size) for path, each in self._shards.items()}
        return self._files | shards

    def add(self, node: Node) -> bytes:
        """Take in one resource, and return its digest."""
        name, algorithm, value = _texts(node)
        digest = self._digest(node, algorithm, value)
        path, start, end = self._name(node, name)
        if not _PLAIN.fullmatch(path):
            if path != WHOLE and (problem := flaw(path)):
                raise node.malformed(f"`{path[:140]}` {problem}")
            path = shown(path)
        twin = self.twins.setdefault(folded(path), path)
        if twin != path:
            raise node.malformed(
                f"`{path[:140]}` and `{twin[:140]}` differ only in case or in how "
                "letters are composed, so that one may stand for the other"
            )
        if self._is_twice(path, start, end, digest, node):
            raise node.malformed(f"`{name[:140]}` is signed twice")
        return digest

    def _is_twice(
        self, path: str, start: int, end: int, digest: bytes, node: Node
    ) -> bool:
        """Keep a file or a shard, unless it is there already."""
        if self.shard is None:
            signed = Signed(digests=(digest,))
            return self._files.setdefault(path, signed) is not signed
        if path not in self._shards:
            self._shards[path] = _Shards(node=node, read={})
        shard = (end, digest)
        return self._shards[path].read.setdefault(start, shard) is not shard

    def _digest(self, node: Node, algorithm: str, text: str) -> bytes:
        if algorithm not in self._names:
            problem = f"`{algorithm[:60]}` is not the hash that the signature names"
            raise node.at("algorithm").malformed(problem)
        if len(text) != 2 * _SIZES[self._algorithm] or not _HEX.fullmatch(text):
            raise node.at("digest").malformed(f"is no digest of {self._algorithm}")
        return bytes.fromhex(text)

    def _name(self, node: Node, name: str) -> tuple[str, int, int]:
        if len(name) > _NAME:
            raise node.malformed(f"a name of more than {_NAME:,} characters")
        if self.shard is None:
            return name, 0, 0
        found = _SHARD.fullmatch(name)
        if found is None:
            raise node.malformed(f"`{name[:140]}` names no shard: path:start:end")
        return found[1], int(found[2]), int(found[3])


def _texts(node: Node) -> tuple[str, str, str]:
    """Return name, algorithm and digest of a resource.

    There may be very many: what is plain is taken as it is, and what is not in the way
    that says what is wrong.
    """
    value = node.value
    if type(value) is dict:
        name, algorithm, digest = map(value.get, ("name", "algorithm", "digest"))
        if _is_plain(name) and _is_plain(algorithm) and _is_plain(digest):
            return name, algorithm, digest
    return node.at("name").text(), node.at("algorithm").text(), node.at("digest").text()


def _is_plain(value: object) -> TypeGuard[str]:
    return isinstance(value, str) and value.isascii()


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
