"""What a source of images answers, and what it means when it does not."""

import hashlib
from collections.abc import Callable
from typing import Protocol

from mcpchain.artifact import Digest
from mcpchain.errors import MalformedError
from mcpchain.oci import manifest
from mcpchain.oci.manifest import Descriptor, Manifest
from mcpchain.signature import Status


class SourceError(Exception):
    """A source gave no usable answer.

    Args:
        status: `ERROR` if we could not look, `INVALID` if what came is not what it
            should be, `MISSING` only if the source says that there is none.
        reason: What happened, without secrets.
    """

    def __init__(self, status: Status, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


class Source(Protocol):
    """A repository of images: in a registry, or in a folder."""

    title: str
    """What it is called, for a reader: `registry.example/acme/files`."""

    def manifest(self, digest: Digest) -> Manifest:
        """Return the manifest with *digest*.

        Raises:
            SourceError: There is none, or it cannot be had.
        """
        ...

    def tagged(self, digest: Digest, suffix: str) -> tuple[Manifest, ...]:
        """Return what cosign attached to *digest*: `sig` or `att`; none is no error.

        Raises:
            SourceError: It cannot be had, which is something else than that there is
                none.
        """
        ...

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        """Return what says that it is attached to *digest*; none is no error.

        Raises:
            SourceError: As `tagged`.
        """
        ...

    def blob(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return the bytes that *descriptor* names, at most *limit* of them.

        Raises:
            SourceError: They are not to be had, or are others.
        """
        ...


def checked(data: bytes, digest: Digest, where: str) -> bytes:
    """Return *data* if it has *digest*.

    Raises:
        SourceError: It has another.
    """
    found = hashlib.new(digest.algorithm.value, data).hexdigest()
    if found != digest.value:
        raise SourceError(
            Status.INVALID,
            f"`{where}` delivers other bytes than `{digest}`: "
            f"`{digest.algorithm.value}:{found}`",
        )
    return data


def sized(descriptor: Descriptor, limit: int, read: Callable[[], bytes]) -> bytes:
    """Return what *read* returns, if it is as long as *descriptor* says.

    Raises:
        SourceError: It is not, or would be more than *limit* bytes.
    """
    if descriptor.size > limit:
        raise SourceError(
            Status.ERROR,
            f"`{descriptor.digest}` has {descriptor.size:,} bytes, of which "
            f"{limit:,} are read",
        )
    data = read()
    if len(data) != descriptor.size:
        raise SourceError(
            Status.INVALID,
            f"`{descriptor.digest}` has {len(data):,} bytes, and not the "
            f"{descriptor.size:,} of its descriptor",
        )
    return data


def parsed(data: bytes, digest: Digest, where: str) -> Manifest:
    """Read a manifest whose digest was checked.

    Raises:
        SourceError: It is none.
    """
    try:
        return manifest.parse(data, digest, source=where)
    except MalformedError as error:
        place = f"{error.pointer} " if error.pointer else ""
        raise SourceError(
            Status.INVALID, f"`{digest}` is no manifest: {place}{error.problem}"
        ) from None
