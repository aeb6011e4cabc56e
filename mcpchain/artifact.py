"""Bytes that can be named by their digest."""

import base64
import binascii
import datetime as dt
import enum
from collections.abc import Iterable
from dataclasses import dataclass


@enum.unique
class Algorithm(enum.Enum):
    """The digest algorithms that locks and registries use, weakest first."""

    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA384 = "sha384"
    SHA512 = "sha512"

    @property
    def hex_length(self) -> int:
        """How many hexadecimal characters a digest of this kind has."""
        return _HEX_LENGTH[self]

    @property
    def identifies(self) -> bool:
        """Whether equal digests mean equal bytes: not so for MD5 and SHA-1."""
        return self not in {Algorithm.MD5, Algorithm.SHA1}


_HEX_LENGTH = {
    Algorithm.MD5: 32,
    Algorithm.SHA1: 40,
    Algorithm.SHA256: 64,
    Algorithm.SHA384: 96,
    Algorithm.SHA512: 128,
}
_NAMED = {each.value: each for each in Algorithm}
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, slots=True, kw_only=True)
class Digest:
    """A digest in lower-case hexadecimal.

    Raises:
        ValueError: The value has the wrong length or is not hexadecimal.
    """

    algorithm: Algorithm
    value: str

    def __post_init__(self) -> None:
        length = self.algorithm.hex_length
        if len(self.value) != length or not _HEX.issuperset(self.value):
            raise ValueError(
                f"`{self.value[:140]}` is not a {self.algorithm.value} digest "
                f"of {length} lower-case hexadecimal characters"
            )

    def __str__(self) -> str:
        return f"{self.algorithm.value}:{self.value}"

    @classmethod
    def parse(cls, text: str) -> "Digest":
        """Read `sha256:<hex>`, as pip, uv and OCI write it; case is folded.

        Raises:
            ValueError: The algorithm is unknown, or the value does not fit it.
        """
        name, colon, value = text.partition(":")
        if not colon:
            raise ValueError(f"`{text[:140]}` names no digest algorithm")
        return cls.of(name, value)

    @classmethod
    def of(cls, algorithm: str, value: str) -> "Digest":
        """Make a digest from an algorithm's name (`SHA-256`, `sha256`) and its hex.

        Raises:
            ValueError: The algorithm is unknown, or the value does not fit it.
        """
        try:
            known = Algorithm(algorithm.strip().lower().replace("-", ""))
        except ValueError:
            raise ValueError(
                f"`{algorithm[:40]}` is no digest algorithm here"
            ) from None
        return cls(algorithm=known, value=value.strip().lower())

    @classmethod
    def parse_sri(cls, text: str) -> "tuple[Digest, ...]":
        """Read a Subresource Integrity value: the digests of its strongest algorithm.

        W3C SRI, section 3.3.4: of several algorithms only the strongest counts; of
        several digests of that algorithm any one may match.

        Raises:
            ValueError: A part of it is no digest. One unreadable part spoils the
                whole: a reader that skips it may accept what another refuses.
        """
        digests = []
        for part in text.split():
            name, dash, rest = part.partition("-")
            if not dash:
                raise ValueError(f"`{part[:140]}` is not an integrity value")
            encoded = rest.partition("?")[0]
            try:
                value = base64.b64decode(encoded, validate=True).hex()
            except (binascii.Error, ValueError):
                raise ValueError(f"`{part[:140]}` is not valid base64") from None
            known = _NAMED.get(name)
            digest = cls(algorithm=known, value=value) if known else cls.of(name, value)
            digests.append(digest)
        if not digests:
            raise ValueError("the integrity value is empty")
        if len(digests) == 1:
            return tuple(digests)
        order = [*Algorithm]
        best = max(digests, key=lambda each: order.index(each.algorithm)).algorithm
        return tuple(each for each in digests if each.algorithm is best)


@dataclass(frozen=True, slots=True, kw_only=True)
class Artifact:
    """One file that could be delivered, loaded or run.

    In a lock it is a file that the lock accepts; in a release, a file that the
    registry offers; of a model, the file that was hashed.
    """

    name: str = ""
    digests: tuple[Digest, ...] = ()
    """Digests of the same bytes, at most one of each algorithm."""
    url: str | None = None
    """Where it is fetched from, without user name, password and query."""
    size: int | None = None
    """In bytes."""
    published: dt.datetime | None = None
    withdrawn: str | None = None
    """Why the registry asks not to use this file (PEP 592), in its words."""

    def digest(self, algorithm: Algorithm) -> Digest | None:
        """Return the digest of this kind, if there is one."""
        return next((d for d in self.digests if d.algorithm is algorithm), None)


def identified(artifacts: Iterable[Artifact]) -> bool:
    """Say whether a collision-resistant digest names every one of *artifacts*.

    False for none at all: a pin that names no bytes pins nothing.
    """
    checks = [any(d.algorithm.identifies for d in a.digests) for a in artifacts]
    return bool(checks) and all(checks)


def contradiction(first: Iterable[Artifact], second: Iterable[Artifact]) -> str:
    """Say which bytes of *first* are others in *second*; empty if none are.

    A file of the same name with another digest is. Where no such names are given, what
    has digests of the same kinds and none of them in common is.
    """
    first, second = tuple(first), tuple(second)
    named = {each.name: each for each in first if each.name}
    for artifact in second:
        known = named.get(artifact.name)
        for digest in artifact.digests if known else ():
            other = known.digest(digest.algorithm) if known else None
            if other is not None and other != digest:
                return f"`{artifact.name[:140]}`: {other} -> {digest}"
    before, after = _by_kind(first), _by_kind(second)
    shared = before.keys() & after.keys()
    if shared and all(before[kind].isdisjoint(after[kind]) for kind in shared):
        kind = max(shared)
        return f"{min(before[kind])} -> {min(after[kind])}"
    return ""


def _by_kind(artifacts: Iterable[Artifact]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for artifact in artifacts:
        for each in artifact.digests:
            found.setdefault(each.algorithm.value, set()).add(str(each))
    return found
