"""What a package itself says of the servers that it is: the marker of its owner.

Whoever publishes a server under a name has to own the package that it comes as, so the
package says the name. Packages are read in part, never unpacked, and never run.
"""

import gzip
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, BinaryIO, Final, cast

from mcpchain.core_metadata import LIMIT, CoreMetadata
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.zip_directory import directory_size

OCI_LABEL: Final = "io.modelcontextprotocol.server.name"
_README: Final = re.compile(
    r"(?<![\w-])mcp-name: ([A-Za-z0-9.-]{1,100}/[A-Za-z0-9._-]{1,100}?)(?=\s|<|-->|\Z)"
)
"""The name ends where the registry lets it end, and nowhere before."""
_DESCRIPTION: Final = re.compile(
    r"^description:(.*(?:\n[ \t].*)*)", re.IGNORECASE | re.MULTILINE
)
_METADATA: Final = re.compile(r"[^/]+\.dist-info/METADATA")
_NUSPEC: Final = re.compile(r"[^/]+\.nuspec", re.IGNORECASE)
_DEPTH: Final = 64
_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RecursionError,
    RuntimeError,
    ValueError,
    tarfile.TarError,
    zipfile.BadZipFile,
    zlib.error,
)
"""What the standard library raises for a damaged, encrypted or unknown archive."""
_UNPACKED: Final = 512 << 20
_MEMBERS: Final = 100_000
_AT_ONCE: Final = 8 << 20
_BLOCK: Final = 1 << 20
_DIRECTORY: Final = 16 << 20
"""Limits: bytes unpacked in all, members, bytes of one read, and of a directory."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What a package says of itself."""

    name: str
    version: str
    markers: tuple[str, ...]
    """The names of servers that it says it is."""


def of_npm(tarball: BinaryIO, *, source: str) -> Said:
    """Return what the `package.json` of a package says; the marker is `mcpName`.

    Raises:
        MalformedError: It cannot be told which that is.
    """
    node = Node.from_json(_in_tar(tarball, "package.json", source), source=source)
    marker = node.at("mcpName").optional_text()
    return Said(
        name=node.at("name").text(),
        version=node.at("version").text(),
        markers=(marker,) if marker else (),
    )


def of_pypi(file: BinaryIO, *, source: str) -> Said:
    """Return what a distribution says; markers stand in its description.

    Args:
        file: The distribution.
        source: Its name, which says what it is.

    Raises:
        MalformedError: It is neither a wheel nor a source distribution that is read.
    """
    if source.endswith(".whl"):
        data = _in_zip(file, _METADATA, "METADATA", source)
    elif source.endswith((".tar.gz", ".tgz")):
        data = _in_tar(file, "PKG-INFO", source)
    else:
        raise MalformedError("a distribution of a kind that is not read", source=source)
    told = CoreMetadata.parse(data, source=source)
    return Said(
        name=told.name,
        version=told.version,
        markers=of_readme(_description(data, source)),
    )


def of_nuget(file: BinaryIO, *, source: str) -> Said:
    """Return what a package of NuGet says; markers stand in its readme.

    Raises:
        MalformedError: It cannot be told which that is.
    """
    said = _nuspec(_in_zip(file, _NUSPEC, ".nuspec", source), source)
    readme, text = said.get("readme", "").replace("\\", "/"), ""
    if readme:
        data = _in_zip(file, re.compile(re.escape(readme)), "readme", source)
        text = data.decode(errors="replace")
    if not said.get("id") or not said.get("version"):
        raise MalformedError("its .nuspec names no package", source=source)
    return Said(name=said["id"], version=said["version"], markers=of_readme(text))


def _nuspec(data: bytes, source: str) -> dict[str, str]:
    """Return the texts in `metadata`, by their names; no entity is expanded."""
    from xml.parsers import expat

    found: dict[str, str] = {}
    path: list[str] = []

    def refuse(*_: object) -> None:
        raise ValueError("it declares what it is made of")

    def start(name: str, _: object) -> None:
        path.append(name)
        if len(path) > _DEPTH:
            raise ValueError("it is too deep")
        if path[:-1] == ["package", "metadata"]:
            if name in found:
                raise ValueError(f"`{name[:60]}` is there twice")
            found[name] = ""

    def text(more: str) -> None:
        if path[:-1] == ["package", "metadata"]:
            found[path[-1]] += more

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.CharacterDataHandler = start, text
    parser.EndElementHandler = lambda _: path.pop()
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(data, True)  # noqa: FBT003 - as expat has it
    except (expat.ExpatError, ValueError, LookupError) as error:
        problem = f"its .nuspec cannot be read: {str(error)[:140]}"
        raise MalformedError(problem, source=source) from None
    return {name: value.strip() for name, value in found.items()}


def of_readme(text: str) -> tuple[str, ...]:
    """Return the names that *text* has markers of: `mcp-name: NAME`."""
    return tuple(dict.fromkeys(found[1] for found in _README.finditer(text)))


def of_image(config: bytes, *, source: str) -> tuple[str, ...]:
    """Return what the label says in the configuration of an image.

    Raises:
        MalformedError: It is none.
    """
    labels = Node.from_json(config, source=source).at("config").at("Labels")
    name = labels.at(OCI_LABEL).optional_text() if labels.exists else None
    return (name,) if name else ()


def _description(data: bytes, source: str) -> str:
    """Return what stands behind the headers, or in the one that once held it."""
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise MalformedError("METADATA is not UTF-8", source=source) from None
    head, _, body = "\n".join(text.splitlines()).partition("\n\n")
    header = _DESCRIPTION.search(head)
    return body if body.strip() or not header else header[1]


def _in_zip(file: BinaryIO, name: re.Pattern[str], what: str, source: str) -> bytes:
    """Return the one file in a zip that is called so."""
    try:
        size = file.seek(0, 2)
        if directory_size(file, size) > _DIRECTORY:
            raise MalformedError("a directory larger than is read", source=source)
        with zipfile.ZipFile(file) as archive:
            named = [e for e in archive.infolist() if name.fullmatch(e.filename)]
            if len(named) != 1:
                problem = f"{len(named)} {what} are in it, not one"
                raise MalformedError(problem, source=source)
            with archive.open(named[0]) as stream:
                return _all_of(stream, source)
    except _BROKEN as error:
        problem = f"not a zip that can be read: {str(error)[:140]!a}"
        raise MalformedError(problem, source=source) from None


def _all_of(stream: IO[bytes], source: str) -> bytes:
    data = stream.read(LIMIT + 1)
    if len(data) > LIMIT:
        raise MalformedError(f"a file of more than {LIMIT:,} bytes", source=source)
    return data


def _in_tar(file: BinaryIO, name: str, source: str) -> bytes:
    """Return the one file *name* in the one folder that a package is.

    Clients take that folder off, however it is called, and the last of several files.
    """
    found: list[bytes] = []
    try:
        stream = _Unpacked(file)
        for member in _members(stream):
            parts = [e for e in member.name.replace("\\", "/").split("/") if e != "."]
            parts = [each for each in parts if each]
            if not parts or parts[-1].lower() != name.lower():
                continue
            if len(parts) != 2 and ".." not in parts:  # noqa: PLR2004 - folder and file
                continue
            plain = member.isreg() and not member.issparse() and "\\" not in member.name
            if not plain or parts[1:] != [name] or ".." in parts or found:
                problem = f"which `{name}` is the package's cannot be told"
                raise MalformedError(problem, source=source)
            if member.size > LIMIT:
                problem = f"`{name}` of more than {LIMIT:,} bytes"
                raise MalformedError(problem, source=source)
            stream.seek(member.offset_data)
            found.append(stream.read(member.size))
    except _BROKEN as error:
        problem = f"not a tar that can be read: {str(error)[:140]!a}"
        raise MalformedError(problem, source=source) from None
    if not found:
        raise MalformedError(f"no `{name}` is in it", source=source)
    return found[0]


def _members(stream: "_Unpacked") -> Iterator[tarfile.TarInfo]:
    archive = tarfile.TarFile(fileobj=cast("IO[bytes]", stream))
    for _ in range(_MEMBERS):
        member = archive.next()
        if member is None:
            stream.end()
            return
        yield member
    raise ValueError(f"more than {_MEMBERS:,} members")


class _Unpacked:
    """What a gzip holds, read once and forwards, and not more than so much of it."""

    def __init__(self, packed: BinaryIO) -> None:
        packed.seek(0)
        self._stream = gzip.GzipFile(fileobj=packed)
        self._at = 0
        self._last = b""
        self._again = b""

    def tell(self) -> int:
        return self._at - len(self._again)

    def seek(self, place: int) -> int:
        # tarfile goes back by one byte, to see that all of a member is there.
        self._again = self._last if place == self._at - 1 else b""
        while (left := place - self.tell()) > 0:
            if not self._more(min(left, _BLOCK)):
                raise EOFError("it is cut off")
        if left < 0:
            raise ValueError("it is read backwards")
        return place

    def end(self) -> None:
        """Make sure that nothing follows, which another reader would take for more."""
        while data := self._more(_BLOCK):
            if data.strip(b"\0"):
                raise ValueError("something follows its end")

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= _AT_ONCE:
            raise ValueError("a header or file larger than is read")
        again, self._again = self._again[:size], self._again[size:]
        return again + self._more(size - len(again))

    def _more(self, size: int) -> bytes:
        data = self._stream.read(size)
        self._at += len(data)
        if self._at > _UNPACKED:
            raise ValueError(f"more than {_UNPACKED >> 20} MiB unpacked")
        self._last = data[-1:] or self._last
        return data
