"""Models that are pickles, or hold one: torch, joblib, NumPy and plain pickle files.

Content decides, never the suffix: it only says what must not pass in silence. Nothing
is unpickled; `walk` says what loading it would import.
"""

import ast
import bz2
import contextlib
import gzip
import io
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import BinaryIO, ClassVar, Final, cast

from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind, Location, ModelFacts
from mcpchain.discover import Discoverer
from mcpchain.discover.pickle_model.walk import JOBLIB, Source, StopError, Walk
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File

_SUFFIXES: Final = frozenset(
    {".ckpt", ".dill", ".joblib", ".pickle", ".pkl", ".pt", ".pth"}
)
_PACKED: Final = frozenset({".bz2", ".gz", ".lz4", ".lzma", ".xz", ".z"})
_PROTOCOLS: Final = tuple(bytes([0x80, each]) for each in range(2, 6))
_ZIP: Final = b"PK"
_NPY: Final = b"\x93NUMPY"
_LZ4: Final = b"\x04\x22\x4d\x18"
_TORCH_MAGIC: Final = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."

_KEPT: Final = 64 << 10
_BYTES: Final = 256 << 20
_MEMBERS: Final = 1_000
_FAILURES: Final = 100
_DIRECTORY: Final = 16 << 20
_MOST: Final = 2**63 - 1
"""Limits of one file: bytes of a header or block, bytes unpacked, members that are
read, gaps, bytes of a zip's directory, and numbers in one array."""

_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    RuntimeError,
    ValueError,
    lzma.LZMAError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for a damaged, encrypted or unknown archive."""


class PickleModel:
    """Reads models that can run code when they are loaded, and NumPy arrays."""

    id: ClassVar[str] = "pickle-model"

    def wants(self, file: File) -> bool:
        """Say whether it may be one; reading it decides."""
        signs = (*_PROTOCOLS, _ZIP, _NPY)
        return _named(file.path) or _packed(file.path) or file.head.startswith(signs)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the model if it is one; a pickle by name alone is a gap."""
        size = file.size()
        look = _Look()
        with file.open() as stream:
            look.examine(file, stream, size)
        if look.format:
            found.add(
                Component(
                    kind=Kind.MODEL,
                    name=file.name,
                    locations=(Location(path=file.path),),
                    basis=Basis.OBSERVED,
                    artifacts=(Artifact(name=file.path, size=size),),
                    facts=ModelFacts(
                        format=look.format,
                        parameters=look.parameters,
                        tensors=look.tensors,
                        imports=tuple(sorted(look.imports)),
                    ),
                )
            )
        elif not _named(file.path):
            return
        elif not look.stops:
            look.note(
                "named like a pickle, and nothing that we know", State.UNSUPPORTED
            )
        for stop in look.stops[:_FAILURES]:
            found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=file.path),
                    reason=stop.reason,
                    state=stop.state,
                    hint="check where the file comes from, or convert it to "
                    "safetensors",
                )
            )


class _Look:
    """What one file turns out to be."""

    def __init__(self) -> None:
        self.format = ""
        self.parameters: int | None = None
        self.tensors: int | None = None
        self.imports: set[str] = set()
        self.stops: list[StopError] = []
        self.budget = _BYTES

    def note(self, reason: str, state: State = State.UNREADABLE) -> None:
        """Keep why something could not be read."""
        self.stops.append(StopError(reason, state))

    def examine(self, file: File, stream: BinaryIO, size: int) -> None:
        """Recognise the content of *stream* and read it as what it is."""
        with self._noted():
            self._examine(file, stream, size)

    @contextlib.contextmanager
    def _noted(self, where: str = "") -> Iterator[None]:
        """Turn what stops us into a note."""
        try:
            yield
        except StopError as stop:
            self.note(where + stop.reason, stop.state)
        except _BROKEN as error:
            self.note(f"{where}cannot be unpacked: {str(error)[:140]}")

    def _examine(self, file: File, stream: BinaryIO, size: int) -> None:
        head = file.head
        may_be_packed = _named(file.path) or _packed(file.path)
        if head.startswith(_ZIP):
            self._zip(file, stream, size)
        elif head.startswith(_NPY):
            self._array(stream, size)
        elif _named(file.path) and head.startswith(_LZ4):
            raise StopError("compressed with LZ4, which is not read", State.UNSUPPORTED)
        elif may_be_packed and (unpacked := _unpacked(head, stream)):
            self._pickle(Source(unpacked, _BYTES, State.LIMIT), "joblib")
        elif _named(file.path) or head.startswith(_PROTOCOLS):
            legacy = head[2:].startswith(_TORCH_MAGIC)
            self._pickle(Source(stream, size), "torch-legacy" if legacy else "pickle")

    def _pickle(self, source: Source, name: str) -> None:
        """Walk the pickles in *source*; it is one if it ends, or imports anything."""
        walk = Walk(source, self.imports)
        with self._noted("not read to its end as a pickle: "):
            walk.all()
        if walk.streams or self.imports or (walk.framed and walk.opcodes > 1):
            joblib = any(each.startswith(JOBLIB) for each in self.imports)
            self.format = "joblib" if joblib else name

    def _zip(self, file: File, stream: BinaryIO, size: int) -> None:
        try:
            _check_directory(stream, size)
            archive = zipfile.ZipFile(stream)
        except (StopError, *_BROKEN):
            # The name, or the first member, still says what it was.
            if b"/data.pkl" in file.head:
                self.format = "torch-zip"
            elif file.suffix == ".npz":
                self.format = "numpy"
            raise
        with archive:
            members = archive.infolist()
            names = [each.filename for each in members]
            if any(_is_torch(each) for each in names):
                self.format = "torch-zip"
                members = [each for each in members if _is_pickle(each.filename)]
            elif file.suffix == ".npz" or (
                names and all(each.endswith(".npy") for each in names)
            ):
                self.format = "numpy"
            else:
                return
            for member in members[:_MEMBERS]:
                self._member(archive, member)
            if len(members) > _MEMBERS:
                self.note(
                    f"more than {_MEMBERS:,} members; the rest was not read",
                    State.LIMIT,
                )

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        """Read one member. A bad one is noted, and its siblings are read."""
        where = f"`{member.filename[:140]}`: "
        with self._noted(where), archive.open(member) as opened:
            source = Source(cast("BinaryIO", opened), self.budget, State.LIMIT)
            try:
                if self.format == "torch-zip":
                    Walk(source, self.imports).all()
                else:
                    self._npy(source)
            finally:
                self.budget = max(0, self.budget - source.position)

    def _array(self, stream: BinaryIO, size: int) -> None:
        self.format = "numpy"
        self._npy(Source(stream, size))

    def _npy(self, source: Source) -> None:
        """Read one array (NEP 1). One of Python objects is a pickle."""
        prefix = source.read(len(_NPY) + 2)
        if not prefix.startswith(_NPY):
            raise StopError("not an array, and not read", State.PARTIAL)
        width = 2 if prefix[-2] == 1 else 4
        length = int.from_bytes(source.read(width), "little")
        if length > _KEPT:
            raise StopError(f"a header of `{length}` bytes", State.LIMIT)
        try:
            header = ast.literal_eval(source.read(length).decode("latin-1").strip())
            kind, shape = header["descr"], header["shape"]
            objects = _has_objects(kind)
            count = math.prod(int(each) for each in shape)
        except (
            IndexError,
            KeyError,
            MemoryError,
            RecursionError,
            SyntaxError,
            TypeError,
            ValueError,
        ) as error:
            raise StopError("the header of the array cannot be read") from error
        if not 0 <= count <= _MOST:
            raise StopError("the header of the array gives an impossible shape")
        self.tensors = (self.tensors or 0) + 1
        self.parameters = (self.parameters or 0) + count
        if objects:
            self.format = "numpy-object"
            Walk(source, self.imports).all()


def _named(path: str) -> bool:
    """Say whether the name is one that pickles have, packed or not."""
    name = PurePosixPath(path.lower())
    if name.suffix in _PACKED:
        return PurePosixPath(name.stem).suffix in _SUFFIXES
    return name.suffix in _SUFFIXES


def _packed(path: str) -> bool:
    """Say whether joblib may have written it under this suffix."""
    return path.lower().endswith(".z")


def _is_torch(name: str) -> bool:
    parts = name.lower().split("/")
    return parts[-1] == "data.pkl" and len(parts) <= len(("archive", "data.pkl"))


def _is_pickle(name: str) -> bool:
    return name.lower().endswith(".pkl")


def _has_objects(kind: object) -> bool:
    """Say whether a NumPy type holds Python objects, at any depth."""
    if isinstance(kind, str):
        return "O" in kind or "object" in kind
    if isinstance(kind, list):
        return any(_has_objects(each[1]) for each in kind if isinstance(each, tuple))
    return isinstance(kind, tuple) and any(_has_objects(each) for each in kind)


def _check_directory(stream: BinaryIO, size: int) -> None:
    """Refuse a zip whose directory would fill the memory when it is read."""
    stream.seek(max(0, size - (1 << 16) - 98))
    tail = stream.read()
    for sign, start, width in ((b"PK\5\6", 12, 4), (b"PK\6\6", 40, 8)):
        at = tail.rfind(sign)
        length = int.from_bytes(tail[at + start : at + start + width], "little")
        absent = width == len(sign) and length == 2**32 - 1
        if at >= 0 and not absent and length > _DIRECTORY:
            raise StopError(f"a directory of {length:,} bytes", State.LIMIT)
    stream.seek(0)


class _Inflated(io.RawIOBase):
    """A zlib stream as a file, unpacked as it is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.state = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data = b""
        while not data and not self.state.eof:
            packed = self.state.unconsumed_tail or self.stream.read(_KEPT)
            data = self.state.decompress(packed, len(buffer))
            if not packed and not data:
                raise EOFError("the compressed data end too early")
        buffer[: len(data)] = data
        return len(data)


def _unpacked(head: bytes, stream: BinaryIO) -> BinaryIO | None:
    """Return what joblib's compressors packed; `None` if none of them did."""
    opened: object = None
    if head.startswith(b"\x1f\x8b"):
        opened = gzip.GzipFile(fileobj=stream)
    elif head.startswith(b"BZh"):
        opened = bz2.BZ2File(stream)
    elif head.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
        opened = lzma.LZMAFile(stream)  # noqa: SIM115 - the caller owns the stream
    elif head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0:
        opened = io.BufferedReader(_Inflated(stream))
    return cast("BinaryIO | None", opened)


DISCOVERER: Final[Discoverer] = PickleModel()
