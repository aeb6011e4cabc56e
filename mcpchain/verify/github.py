"""What GitHub keeps that is signed about a file. Pure: its answers in, bundles out.

Whatever a workflow of the repository attests lands there, so that not all of it can be
asked to hold: of the statements of the kind that is asked for, *any* that holds, by
whom the user expects, is enough, and what was left aside is told.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.bundle.parse import Bundle, bundle, parse
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.verify import Artifact, Trust, another, verify
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.signature import Status, Verification

KIND: Final = "github-attestation"
PROVENANCE: Final = "https://slsa.dev/provenance/v1"
LIMIT: Final = 16 << 20
"""How many bytes one bundle may have, packed and unpacked."""
_GITHUB: Final = re.compile(r"github\.com|[a-z0-9-]+\.ghe\.com")
_NAME: Final = re.compile(r"(?!\.{1,2}\Z)[A-Za-z0-9._-]{1,100}")
_PATH: Final = re.compile(r"(?:(?:https://)?(?P<host>[^/\s]+)/)?(?P<path>[^/]+/[^/]+?)")
_PATTERN: Final = re.compile(r"(?=.*[*?\[])[A-Za-z0-9._*?\[\]-]+")
_LOOPBACK: Final = re.compile(r"127\.0\.0\.1:\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A repository, or all of an owner, and who is asked about it."""

    host: str
    owner: str
    name: str = ""
    """Empty: any repository of the owner."""

    @classmethod
    def of(cls, repository: str, home: str = "") -> "Place | None":
        """Return where *repository* is; `None`: not on GitHub.

        Args:
            repository: As a user writes it: an address, or `owner/name`, which may
                be a pattern.
            home: The host of a GitHub of the user's own, where bare names are.
        """
        found = _PATH.fullmatch(repository.removesuffix(".git").rstrip("/"))
        if found is None:
            return None
        host = (found["host"] or home or "github.com").lower()
        owner, _, name = found["path"].partition("/")
        known = _GITHUB.fullmatch(host) or host == home.lower()
        if not known or not _NAME.fullmatch(owner):
            return None
        if _NAME.fullmatch(name):
            return cls(host=host, owner=owner, name=name)
        return cls(host=host, owner=owner) if _PATTERN.fullmatch(name) else None

    @property
    def api(self) -> str:
        """The address that is asked (GitHub's REST API)."""
        if _GITHUB.fullmatch(self.host):
            return f"https://api.{self.host}"
        scheme = "http" if _LOOPBACK.fullmatch(self.host) else "https"
        return f"{scheme}://{self.host}/api/v3"

    @property
    def paths(self) -> tuple[str, ...]:
        """Where it has attestations; of an owner, of whichever of two kinds it is."""
        if self.name:
            return (f"repos/{self.owner}/{self.name}",)
        return (f"orgs/{self.owner}", f"users/{self.owner}")

    @property
    def title(self) -> str:
        """Host, owner and name, for a reader."""
        return f"{self.host}/{self.owner}/{self.name or '*'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that is listed, and could not be looked at."""

    status: Status
    reason: str


def listed(page: Node) -> Iterator[Bundle | str | Problem]:
    """Yield each bundle of a page, or the address where it lies.

    Raises:
        MalformedError: It is no list of attestations.
    """
    for each in page.at("attestations").elements():
        inner, address = each.at("bundle"), each.at("bundle_url")
        try:
            if inner.exists:
                yield bundle(inner)
            else:
                yield address.text()
        except MalformedError as error:
            yield malformed(error)


def read(data: bytes) -> Bundle | Problem:
    """Read the bundle that lies at an address, packed or as it is."""
    try:
        # As a length that begins a packed one, this would be less than any bundle is.
        plain = data if data[:1] == b"{" else unpack(data)
        return parse(plain, source="bundle")
    except MalformedError as error:
        return malformed(error)


def malformed(error: MalformedError) -> Problem:
    """Say that what GitHub has is none."""
    place = f"{error.pointer} " if error.pointer else ""
    reason = f"`{error.source}` is malformed: {place}{error.problem}"
    return Problem(status=Status.INVALID, reason=reason)


def answers(
    found: Sequence[Bundle | Problem],
    artifact: Artifact,
    trust: Trust,
    unlogged: TrustedRoot | None,
    title: str,
) -> tuple[Verification, ...]:
    """Return every yes, or else every reason why there is none.

    Args:
        found: What GitHub has about the file.
        artifact: The file.
        trust: Whom the user trusts, and for which statements.
        unlogged: The root of the instance for private repositories, which has no log.
        title: Of which repository it was asked.
    """
    told = [_verified(each, artifact, trust, unlogged) for each in found]
    good = [each for each in told if each]
    kept = [each for each in told if each.status is not Status.MISSING]
    if good:
        notes = _aside([each for each in told if not each], len(told))
        return tuple(replace(each, notes=(*each.notes, *notes)) for each in good)
    if kept:
        return tuple(kept)
    wanted = " or ".join(f"`{each}`" for each in trust.predicate_types)
    reason = f"GitHub has no {wanted} about it of `{title}`"
    if told:
        reason += f", only other statements: {told[0].reason}"
    return (Verification(status=Status.MISSING, reason=reason, kind=KIND),)


def _aside(others: list[Verification], count: int) -> tuple[str, ...]:
    if not others:
        return ()
    note = (
        f"{count - len(others)} of {count} attestations on GitHub hold and are what is "
        f"asked for, and one by whom you expect is enough; another: {others[0].reason}"
    )
    return (note,)


def _verified(
    given: Bundle | Problem,
    artifact: Artifact,
    trust: Trust,
    unlogged: TrustedRoot | None,
) -> Verification:
    by = "user" if trust.expected else ""
    if isinstance(given, Problem):
        found = Verification(status=given.status, reason=given.reason)
    elif reason := another(given, trust.predicate_types):
        found = Verification(status=Status.MISSING, reason=reason)
    else:
        # By its shape, and not by what fails: only that instance has no log.
        private = unlogged is not None and given.certificate and not given.entries
        root = unlogged if unlogged is not None and private else trust.root
        found = verify(given, artifact, replace(trust, root=root))
    return replace(found, kind=KIND, expected_by=by, root=found.root or str(trust.root))


def unpack(data: bytes, limit: int = LIMIT) -> bytes:
    """Unpack a block of Snappy (its format description, 2011-10-05).

    Raises:
        MalformedError: It is none, is cut off, or would be more than *limit* bytes.
    """
    try:
        size, place = _length(data)
        if size > limit:
            raise _packed(f"says that it has {size:,} bytes, of which {limit:,} are")
        out = bytearray()
        while place < len(data):
            place = _element(data, place, out, size)
    except IndexError:
        raise _packed("is cut off") from None
    if len(out) != size:
        raise _packed(f"has {len(out):,} bytes, and says {size:,}")
    return bytes(out)


def _packed(problem: str) -> MalformedError:
    return MalformedError(f"packed by Snappy, it {problem}", source="bundle")


def _length(data: bytes) -> tuple[int, int]:
    """Return the length that it says, and where its elements begin."""
    size = 0
    for place in range(5):
        size |= (data[place] & 0x7F) << (7 * place)
        if not data[place] & 0x80:
            return size, place + 1
    raise _packed("has no length of 32 bits")


def _element(data: bytes, place: int, out: bytearray, size: int) -> int:
    """Add the element at *place* to *out*, and return where the next one begins."""
    tag, kind = data[place] >> 2, data[place] & 3
    place += 1
    if kind == 0:
        more = max(tag - 59, 0)
        count = 1 + (_number(data, place, more) if more else tag)
        place += more
        piece = data[place : place + count]
        if len(piece) < count:
            raise IndexError
        place += count
    else:
        width = 1 if kind == 1 else 2 if kind == 2 else 4  # noqa: PLR2004 - its kinds
        count = (tag & 7) + 4 if kind == 1 else tag + 1
        back = _number(data, place, width) | ((tag >> 3) << 8 if kind == 1 else 0)
        place += width
        if not 0 < back <= len(out):
            raise _packed("copies from before its beginning")
        start = len(out) - back
        piece = bytes(out[start : start + count])
        # A copy may run into what it writes itself.
        piece = (piece * (count // len(piece) + 1))[:count]
    if len(out) + count > size:
        raise _packed("has more bytes than it says")
    out += piece
    return place


def _number(data: bytes, place: int, width: int) -> int:
    if place + width > len(data):
        raise IndexError
    return int.from_bytes(data[place : place + width], "little")
