"""A wheel that lies in a project: what it is, and what it says is inside.

A zip whose name, METADATA and RECORD all say what it holds (PEP 427); two readers of a
zip can be made to see different files. So the three are compared, and nothing is
unpacked: single members are read, within limits.
"""

import base64
import hashlib
import io
import re
import stat
import struct
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from csv import Error as CsvError
from csv import reader as csv_reader
from dataclasses import dataclass
from lzma import LZMAError
from typing import BinaryIO, Final

from packaging.utils import InvalidWheelFilename, parse_wheel_filename
from packaging.version import InvalidVersion, Version

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.core_metadata import BOM_LIMIT, BOMS, LIMIT, CoreMetadata
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Embedded, Gap, State
from mcpchain.naming import pypi_purl
from mcpchain.tree import File
from mcpchain.zip_directory import directory_size

_DIRECTORY: Final = 16 << 20
"""How many bytes the list of members may take: zipfile reads it all at once."""
_RECORD_LIMIT: Final = 32 << 20
_TOLD: Final = 5
_INFO: Final = re.compile(r"([^/]+\.dist-info)/.", re.IGNORECASE | re.ASCII)
_UNLISTED: Final = re.compile(r"[^/]+\.dist-info/RECORD(?:\.jws|\.p7s)?")
"""What RECORD need not list (PEP 427)."""
_BROKEN: Final = (
    EOFError,
    NotImplementedError,
    OSError,
    OverflowError,
    RuntimeError,
    ValueError,
    struct.error,
    zipfile.BadZipFile,
    zlib.error,
    LZMAError,
    MemoryError,
)
"""What zipfile raises for a member that it cannot read."""


def read(file: File, found: Collector) -> None:
    """Declare the distribution that it holds.

    Raises:
        MalformedError: Neither its name nor its content says what it is.
        UnreadableError: It cannot be read.
    """
    with file.open() as stream:
        archive = _Archive.of(stream, file)
        _Reader(file, archive, found).read()


@dataclass(frozen=True, slots=True)
class _Archive:
    """The members of a zip, or why there are none."""

    zip: zipfile.ZipFile | None = None
    problem: str = ""
    state: State = State.UNREADABLE

    @classmethod
    def of(cls, stream: BinaryIO, file: File) -> "_Archive":
        """Read the list of members, if it is not too long.

        Raises:
            UnreadableError: The system refuses.
        """
        if directory_size(stream, file.size()) > _DIRECTORY:
            reason = f"has a list of members larger than {_DIRECTORY:,} bytes"
            return cls(problem=reason, state=State.LIMIT)
        try:
            return cls(zipfile.ZipFile(stream))
        except _BROKEN as error:
            return cls(problem=f"is no zip: {error}"[:140])


@dataclass(frozen=True, slots=True, kw_only=True)
class _Row:
    """What RECORD says of a file."""

    digest: str
    size: str


class _Reader:
    """Reads one wheel."""

    def __init__(self, file: File, archive: _Archive, found: Collector) -> None:
        self._file = file
        self._archive = archive
        self._found = found
        members = archive.zip.infolist() if archive.zip else []
        self._members = {each.filename: each for each in members}
        self._names = [each.filename for each in members]
        self._digests: dict[str, str] = {}
        """Of the members that were read, as RECORD writes them."""
        self._ref: str | None = None
        self._gaps: list[tuple[str, State]] = []

    def read(self) -> None:
        """Declare it, with what is wrong with it.

        Raises:
            MalformedError: Neither its name nor its content says what it is.
        """
        info = self._info()
        named = self._named()
        meta = self._metadata(info)
        if meta is None and named is None:
            problem = self._gaps[0][0] if self._gaps else "names no distribution"
            raise MalformedError(problem, source=self._file.path)
        if meta and named and (meta.name, Version(meta.version)) != named:
            title = f"{meta.name} {meta.version[:80]}"
            self._say(f"is called otherwise than its metadata say, `{title}`")
        name, version = (meta.name, meta.version) if meta else _texts(named)
        self._ref = self._found.add(self._component(name, version, meta))
        if self._archive.zip:
            self._embed(info)
            self._check(info)
        for reason, state in self._gaps:
            self._found.gap(self._gap(reason, state))

    def _named(self) -> tuple[str, Version] | None:
        """Return name and version as the file is called."""
        try:
            name, version, _, _ = parse_wheel_filename(self._file.name)
        except (InvalidWheelFilename, InvalidVersion):
            self._say("is not called as a wheel must be (PEP 427)")
            return None
        return name, version

    def _info(self) -> str:
        """Return the folder of metadata: of several, the one that the name means."""
        if self._archive.zip is None:
            self._say(self._archive.problem, self._archive.state)
            return ""
        matches = (_INFO.match(each) for each in self._names)
        folders = [*dict.fromkeys(each[1] for each in matches if each)]
        if len(folders) == 1:
            return folders[0]
        self._say(f"has {len(folders)} folders of metadata, where one belongs")
        stem = "-".join(self._file.name.split("-")[:2]).lower()
        same = (each for each in folders if each.lower() == f"{stem}.dist-info")
        return next(same, folders[0] if folders else "")

    def _metadata(self, info: str) -> CoreMetadata | None:
        if not info:
            return None
        data = self._content(f"{info}/METADATA", LIMIT)
        if data is None:
            return None
        try:
            return CoreMetadata.parse(data, source=self._file.path)
        except MalformedError as error:
            self._say(f"METADATA: {error.problem}")
            return None

    def _component(
        self, name: str, version: str, meta: CoreMetadata | None
    ) -> Component:
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            version=version,
            purl=pypi_purl(name, version),
            pin=Pin.LOCAL,
            locations=(Location(path=self._file.path),),
            basis=Basis.OBSERVED,
            artifacts=(Artifact(name=self._file.path, size=self._file.size()),),
            licenses=meta.licenses if meta else (),
            concluded=meta.concluded if meta else (),
            supplier=meta.supplier if meta else "",
            facts=PackageFacts(origin=Origin.PATH),
        )

    def _check(self, info: str) -> None:
        """Compare the members with what RECORD lists.

        Of those that were read anyhow the digests are compared too.
        """
        counts = Counter(self._names)
        if twice := [name for name, count in counts.items() if count > 1]:
            self._say(f"holds {_listed(twice)} more than once")
        if wild := [name for name in counts if _leads_out(name)]:
            self._say(f"holds {_listed(wild)}, which would be unpacked elsewhere")
        if links := [n for n, each in self._members.items() if _is_link(each)]:
            self._say(f"holds {_listed(links)}, which are links")
        data = self._content(f"{info}/RECORD", _RECORD_LIMIT) if info else None
        if data is None:
            return
        listed = dict(_rows(data))
        files = {name for name in counts if not name.endswith("/")}
        if more := [n for n in sorted(files - {*listed}) if not _UNLISTED.fullmatch(n)]:
            self._say(f"holds {_listed(more)}, which RECORD does not list")
        if gone := sorted({*listed} - files):
            self._say(f"lacks {_listed(gone)}, which RECORD lists")
        if other := [
            n for n in sorted(files & {*listed}) if self._is_other(n, listed[n])
        ]:
            self._say(f"holds {_listed(other)} with other bytes than RECORD says")

    def _is_other(self, name: str, row: _Row) -> bool:
        """Say whether a member is not what its row in RECORD says."""
        if row.size not in {"", str(self._members[name].file_size)}:
            return True
        digest = self._digests.get(name, row.digest)
        return row.digest.startswith("sha256=") and digest != row.digest.rstrip("=")

    def _embed(self, info: str) -> None:
        """Keep the BOMs in it (PEP 770)."""
        folder = f"{info}/sboms/"
        names = sorted(
            n for n in self._members if n.startswith(folder) and n[-1] != "/"
        )
        if len(names) > BOMS:
            self._say(f"has more than {BOMS} BOMs; the rest was not read", State.LIMIT)
        for name in names[:BOMS] if info else ():
            data = self._content(name, BOM_LIMIT)
            if data is not None and self._ref is not None:
                place = Location(path=f"{self._file.path}/{name}")
                self._found.embed(Embedded(ref=self._ref, location=place, data=data))

    def _content(self, name: str, limit: int) -> bytes | None:
        """Return a member; one that cannot be read, or not whole, is said.

        The size that a zip gives is a claim: what is unpacked is counted.
        """
        member = self._members.get(name)
        if member is None or self._archive.zip is None:
            self._say(f"has no `{name[:140]}`")
            return None
        try:
            with self._archive.zip.open(member) as stream:
                data = stream.read(limit + 1)
        except _BROKEN as error:
            self._say(f"`{name[:140]}` cannot be read: {error}"[:300])
            return None
        if len(data) > limit:
            reason = f"`{name[:140]}` is larger than {limit:,} bytes"
            self._say(reason, State.LIMIT)
            return None
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        self._digests[name] = f"sha256={digest.decode().rstrip('=')}"
        return data

    def _say(self, reason: str, state: State = State.UNMATCHED) -> None:
        self._gaps.append((reason, state))

    def _gap(self, reason: str, state: State) -> Gap:
        return Gap(
            stage="discover",
            location=Location(path=self._file.path),
            reason=f"the wheel {reason}",
            state=state,
            hint="build it anew, or fetch it from where it was published",
            ref=self._ref,
        )


def _texts(named: tuple[str, Version] | None) -> tuple[str, str]:
    return (named[0], str(named[1])) if named else ("", "")


def _rows(data: bytes) -> Iterator[tuple[str, _Row]]:
    """Yield path, digest and size of what RECORD lists, as long as it is a list."""
    text = data.decode("utf-8", "replace")
    try:
        for fields in csv_reader(io.StringIO(text, newline="")):
            if fields and fields[0]:
                path, digest, size, *_ = [*fields, "", ""]
                yield path, _Row(digest=digest, size=size)
    except CsvError:
        return


def _listed(names: list[str]) -> str:
    told = ", ".join(f"`{each[:140]}`" for each in names[:_TOLD])
    return told + (f" and {len(names) - _TOLD:,} more" if names[_TOLD:] else "")


def _leads_out(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return ".." in parts or not parts[0] or ":" in parts[0] or "\0" in name


def _is_link(member: zipfile.ZipInfo) -> bool:
    return stat.S_ISLNK(member.external_attr >> 16)
