"""Core metadata of a wheel, which an index gives beside it (PEP 658, PEP 714).

Where it does not, they are read out of the wheel, which nothing is unpacked from: one
member of it, if its bytes are those that the index names by digest.
"""

import hashlib
import io
import re
import struct
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from email.parser import BytesHeaderParser
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import InvalidVersion, Version

from mcpchain.address import plain
from mcpchain.artifact import Algorithm, Digest
from mcpchain.core_metadata import CoreMetadata
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import Request, Response, unreadable
from mcpchain.license_text import LIMIT, identified_all
from mcpchain.requirement import clauses, harmless

_BYTES: Final = 16 << 20
WHEEL: Final = 32 << 20
"""How many bytes a wheel may have whose metadata are read out of it."""
_HEADER: Final = 1 << 20
_NEEDS: Final = 2_000
"""Limits: bytes of an answer, bytes of its header, dependencies of one release."""
_LENGTH: Final = 8 << 10
_CLAUSES: Final = 50
"""How long a dependency may be, and of how many parts."""
_BROKEN: Final = (
    *(zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError),
    RuntimeError,  # an encrypted member
)
_MEMBER: Final = re.compile(r"[^/\\]+\.dist-info/METADATA")
_LICENSE: Final = re.compile(
    r"[^/\\]+\.dist-info/(?:licenses/)?(?:licen[cs]e|copying)[^/\\]*", re.IGNORECASE
)
_LICENSES: Final = 4
_END: Final = re.compile(rb"\r?\n\r?\n")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """The metadata of one wheel, not yet fetched."""

    name: str
    version: Version
    url: str
    digest: Digest | None
    """What the index says that it is; `None` if it does not say."""
    wheel: int = 0
    """How many bytes the wheel has in which it is, which then is what *url* and
    *digest* are of; 0: it lies beside the wheel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Metadata:
    """What a wheel says that it needs."""

    needs: tuple[Requirement, ...]
    problems: tuple[str, ...]
    """Which of its needs could not be read."""
    licenses: tuple[str, ...] = ()
    """As its maker declares them."""
    concluded: tuple[str, ...] = ()
    """SPDX expressions that follow from that."""
    supplier: str = ""
    """Who makes it, as its maker declares it."""


def sheet(node: Node, name: str, version: Version, url: str) -> Sheet | None:
    """Return where the metadata of the wheel *node* are; `None`: not told.

    Raises:
        MalformedError: What it says of them cannot be read.
    """
    for key in ("core-metadata", "dist-info-metadata"):
        told = node.at(key)
        if told.is_object():
            return Sheet(name=name, version=version, url=url, digest=_strongest(told))
        if told.exists and told.flag():
            return Sheet(name=name, version=version, url=url, digest=None)
    return None


def request(wanted: Sheet) -> Request:
    """Return the request for *wanted*."""
    if wanted.wheel:
        return Request(url=wanted.url, accept="*/*", limit=WHEEL)
    return Request(url=f"{wanted.url}.metadata", accept="*/*", limit=_BYTES)


def read(wanted: Sheet, response: Response) -> Metadata:
    """Read the header of *wanted*; what comes after is for people.

    Raises:
        FetchError: It is not what the index promised, or of another package.
    """
    body, digest = response.body, wanted.digest
    where = plain(response.url)
    if digest is not None:
        actual = hashlib.new(digest.algorithm.value, body).hexdigest()
        if actual != digest.value:
            problem = f"is not `{digest}`, which the index says that it is"
            raise unreadable(where, problem)
    files: tuple[str, ...] = ()
    if wanted.wheel:
        body, files = _inside(body, where)
    end = _END.search(body)
    header = body[: end.start() if end else len(body)]
    if len(header) > _HEADER:
        raise unreadable(where, f"its header has more than {_HEADER:,} bytes")
    fields = BytesHeaderParser().parsebytes(header)
    told = str(fields.get("Name", "")), str(fields.get("Version", ""))
    if canonicalize_name(told[0]) != wanted.name or _version(told[1]) != wanted.version:
        shown = f"{told[0][:140]} {told[1][:140]}"
        raise unreadable(where, f"is the metadata of another package, `{shown}`")
    texts = [str(each) for each in fields.get_all("Requires-Dist", [])]
    problems: list[str] = []
    if fields.defects or fields.get_payload():
        problems.append("its header ends at a line that is no field")
    if len(texts) > _NEEDS:
        problems.append(f"it has more than {_NEEDS:,} dependencies")
    needs = tuple(_needs(texts[:_NEEDS], problems))
    core = _core(header, where)
    meant = core.concluded if core else ()
    return Metadata(
        needs=needs,
        problems=tuple(problems),
        licenses=core.licenses if core else (),
        concluded=meant or identified_all(files),
        supplier=core.supplier if core else "",
    )


def _core(header: bytes, where: str) -> CoreMetadata | None:
    """Return what is declared, if that can be read."""
    try:
        return CoreMetadata.parse(header, source=where)
    except MalformedError:
        return None


def _inside(wheel: bytes, where: str) -> tuple[bytes, tuple[str, ...]]:
    """Return the metadata in *wheel*, and the texts of its licences."""
    try:
        with zipfile.ZipFile(io.BytesIO(wheel)) as archive:
            found = [e for e in archive.infolist() if _MEMBER.fullmatch(e.filename)]
            if len(found) != 1:
                raise unreadable(where, f"holds {len(found)} files of metadata")
            if found[0].compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
                raise unreadable(where, "is packed in an unusual way")
            with archive.open(found[0]) as member:
                body = member.read(_BYTES + 1)
            texts = tuple(_texts(archive))
    except _BROKEN as e:
        raise unreadable(where, "is not the wheel that its name promises") from e
    if len(body) > _BYTES:
        raise unreadable(where, f"has metadata of more than {_BYTES:,} bytes")
    return body, texts


def _texts(archive: zipfile.ZipFile) -> Iterator[str]:
    """Yield the licences in a wheel, of which there are few, and which are short."""
    listed = [e for e in archive.infolist() if _LICENSE.fullmatch(e.filename)]
    for each in listed[:_LICENSES]:
        with archive.open(each) as member:
            yield member.read(LIMIT + 1).decode("utf-8", "replace")


def _needs(texts: list[str], problems: list[str]) -> Iterator[Requirement]:
    for text in texts:
        if len(text) > _LENGTH or clauses(text) > _CLAUSES:
            problems.append(f"`{harmless(text)}` is too long to be read")
            continue
        try:
            yield Requirement(text)
        except (ValueError, RecursionError):
            problems.append(f"`{harmless(text)}` is not a requirement (PEP 508)")


def _strongest(node: Node) -> Digest | None:
    """Return the strongest digest of those that are known here."""
    known = {each.value: each for each in Algorithm}
    found: Digest | None = None
    for algorithm in known:
        if algorithm in node:
            try:
                found = Digest.of(algorithm, node.at(algorithm).text())
            except ValueError as error:
                raise node.at(algorithm).malformed(str(error)) from None
    return found


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None
