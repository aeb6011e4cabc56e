"""Say what a file is that may be a pickle, and what loading it would import."""

import ast
import contextlib
import lzma
import math
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import BinaryIO, Final, cast

from mcpchain.component import DataFacts, Location, ModelFacts
from mcpchain.discover.pickle_model import script, tar
from mcpchain.discover.pickle_model.machine import JOBLIB
from mcpchain.discover.pickle_model.packed import SLOW, unpacked
from mcpchain.discover.pickle_model.signs import (
    NPY,
    OLD,
    PROTOCOLS,
    TARS,
    ZIP,
    is_loose,
    is_named,
)
from mcpchain.discover.pickle_model.source import Budget, Source, StopError, Stream
from mcpchain.discover.pickle_model.walk import Walk
from mcpchain.inventory import Collector, Gap, State
from mcpchain.model_file import observed
from mcpchain.tree import File
from mcpchain.zip_directory import directory_size

_SCRIPT: Final = b"#!"
"""How a program starts that is called `train.pt`: no loader of models takes it."""
_LZ4: Final = b"\x04\x22\x4d\x18"
_TORCH_MAGIC: Final = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
_KEPT: Final = 64 << 10
_MEMBERS: Final = 1_000
_FAILURES: Final = 100
_DIRECTORY: Final = 4 << 20
_MOST: Final = 2**63 - 1
"""Limits of one file: bytes of a header, members that are read, gaps, bytes of a zip's
directory, and numbers in one array."""

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


def discover(file: File, found: Collector) -> None:
    """Declare the model if it is one; a pickle by name alone is a gap."""
    size = file.size()
    look = _Look()
    with file.open() as stream:
        look.examine(file, stream, size)
    if look.format:
        found.add(observed(file, look.facts()))
    elif not is_named(file) or file.head.startswith(_SCRIPT):
        # What is nothing of ours is no loss, unless it was too much to tell.
        kept = (State.LIMIT, State.UNSUPPORTED) if is_loose(file) else ()
        look.stops = [each for each in look.stops if each.state in kept]
    elif not look.stops:
        look.note("named like a pickle, and nothing that we know", State.UNSUPPORTED)
    for stop in look.stops[:_FAILURES]:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path),
                reason=stop.reason,
                state=stop.state,
                hint="check where the file comes from, or convert it to safetensors",
            )
        )


class _Look:
    """What one file turns out to be."""

    def __init__(self) -> None:
        self.format = ""
        self.parameters: int | None = None
        self.tensors: int | None = None
        self.imports: set[str] = set()
        self.operators: set[str] = set()
        self.stops: list[StopError] = []
        self.budget = Budget()

    def facts(self) -> ModelFacts | DataFacts:
        """Say what it is: arrays of numbers are no model, and run nothing."""
        if self.format == "numpy":
            return DataFacts(format=self.format)
        return ModelFacts(
            format=self.format,
            parameters=self.parameters,
            tensors=self.tensors,
            imports=tuple(sorted(self.imports)),
            operators=tuple(sorted(self.operators)),
        )

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
        told = is_named(file) or is_loose(file)
        if head.startswith(ZIP):
            self._zip(file, stream, size)
            return
        if head.startswith(NPY):
            self.format = "numpy"
            self._npy(self._plain(stream, size))
            return
        if told or file.suffix == ".tar" or head.startswith(TARS):
            self._tar(stream, size)
            stream.seek(0)
        if head.startswith(PROTOCOLS):
            legacy = head[2:].startswith(_TORCH_MAGIC)
            name = "torch-legacy" if legacy else "pickle"
            self._pickle(file, self._plain(stream, size), name)
        elif self.format:
            return
        elif told and head.startswith(_LZ4):
            raise StopError("compressed with LZ4, which is not read", State.UNSUPPORTED)
        elif (found := unpacked(head, stream)) is not None:
            opened, cost = found
            source = Source(opened, 0, self.budget, cost)
            source.hold(2)
            if told or source.data.startswith(PROTOCOLS) or OLD.match(source.data):
                self._pickle(file, source, "joblib")
        elif told or OLD.match(head):
            self._pickle(file, self._plain(stream, size), "pickle")

    @staticmethod
    def _plain(stream: BinaryIO, size: int) -> Source:
        return Source(cast("Stream", stream), size)

    def _pickle(self, file: File, source: Source, name: str) -> None:
        """Walk the pickles in *source*, and decide whether they are any.

        The older protocols have no mark by which to know them, and every byte is the
        start of something. Then a name that says nothing must not make a pickle out of
        what breaks off before it imports anything.
        """
        source.hold(2)
        marked = source.data.startswith(PROTOCOLS)
        walk = Walk(source, self.imports, self.budget)
        limit = False
        with self._noted("not read to its end as a pickle: "):
            try:
                walk.all()
            except StopError as stop:
                limit = stop.state is State.LIMIT
                raise
        if marked or is_named(file):
            framed = walk.framed and walk.steps > len((b"PROTO", b"FRAME"))
            sure = bool(walk.streams or self.imports or framed or limit)
        elif is_loose(file):
            sure = walk.named or limit
        else:
            sure = limit or (walk.named and bool(walk.streams or walk.called))
        if sure:
            joblib = any(each.startswith(JOBLIB) for each in self.imports)
            self.format = self.format or ("joblib" if joblib else name)

    def _tar(self, stream: BinaryIO, size: int) -> None:
        """Read the archive as torch would, if it is one of its own."""
        for each in tar.members(stream):
            self.format = "torch-legacy"
            with self._noted(f"`{each.name}`: "):
                if not 0 <= each.start <= size - each.size:
                    raise StopError("a member that does not stand there")
                stream.seek(each.start)
                source = self._plain(stream, each.size)
                walk = Walk(source, self.imports, self.budget)
                walk.all()
                if each.size > walk.end:
                    raise StopError(
                        f"what follows byte {walk.end:,} was not read", State.PARTIAL
                    )

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
                self._torch(archive, members)
                return
            if file.suffix == ".npz" or (
                names and all(each.endswith(".npy") for each in names)
            ):
                self.format = "numpy"
            else:
                return
            self._members(archive, members)

    def _torch(self, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> None:
        """Read the pickles of torch; TorchScript is what proves to be nothing else."""
        self.format = "torch-zip"
        self._members(archive, [e for e in members if _is_pickle(e.filename)])
        if script.is_script(each.filename for each in members):
            self._members(archive, [e for e in members if script.is_code(e.filename)])
            if script.is_harmless(self.imports) and not self.stops:
                self.format = "torchscript"
                self.imports = script.imported(self.imports)

    def _members(
        self, archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]
    ) -> None:
        for member in members[:_MEMBERS]:
            self._member(archive, member)
        if len(members) > _MEMBERS:
            reason = f"more than {_MEMBERS:,} members; the rest was not read"
            self.note(reason, State.LIMIT)

    def _member(self, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> None:
        """Read one member. A bad one is noted, and its siblings are read."""
        where = f"`{member.filename[:140]}`: "
        with self._noted(where), archive.open(member) as opened:
            slow = member.compress_type in {zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA}
            source = Source(cast("Stream", opened), 0, self.budget, SLOW if slow else 1)
            if script.is_code(member.filename) and self.format == "torch-zip":
                self.operators.update(script.operators(source))
            elif self.format == "torch-zip":
                Walk(source, self.imports, self.budget).all()
            else:
                self._npy(source)

    def _npy(self, source: Source) -> None:
        """Read one array (NEP 1). One of Python objects is a pickle."""
        prefix = source.read(len(NPY) + 2)
        if not prefix.startswith(NPY):
            raise StopError("not an array, and not read", State.PARTIAL)
        width = 2 if prefix[-2] == 1 else 4
        length = int.from_bytes(source.read(width), "little")
        if length > _KEPT:
            raise StopError(f"a header of `{length}` bytes", State.LIMIT)
        self.budget.steps -= length
        if self.budget.steps < 0:
            raise StopError("more headers of arrays than are read", State.LIMIT)
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
            Walk(source, self.imports, self.budget).all()


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
    if (length := directory_size(stream, size)) > _DIRECTORY:
        raise StopError(f"a directory of {length:,} bytes", State.LIMIT)
    stream.seek(0)
