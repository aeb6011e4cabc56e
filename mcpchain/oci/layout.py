"""A folder with images (OCI image-layout 1.0), as `cosign save` and others write it.

Nothing outside the folder is read, whatever links in it say.
"""

import os
import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.oci.manifest import LIMIT, MANIFEST, Descriptor, Manifest, parse
from mcpchain.oci.source import SourceError, checked, parsed, sized
from mcpchain.signature import Status

MARK: Final = "oci-layout"
_INDEX: Final = "index.json"
_NAME: Final = "org.opencontainers.image.ref.name"
_KIND: Final = "kind"
_OF_COSIGN: Final = "dev.cosignproject.cosign/"
_KINDS: Final = {"sigs": "sig", "atts": "att"}
"""How `cosign save` names what it attached, and the ends of its tags."""
_ATTACHED: Final = re.compile(r"sha(?:256|512)-[0-9a-f]{64}(?:\.[a-z]+)?")
_MANIFESTS: Final = 1_000
"""How many manifests are opened to see what they refer to."""


_OURS: Final = frozenset(
    {MARK, _INDEX, "blobs", "ingest", "manifest.json", "repositories"}
)
"""What is in such a folder, be it written by containerd or by Docker."""


def is_layout(path: Path) -> bool:
    """Say whether *path* is a folder with images, and with nothing else.

    What stands for an image in a folder says nothing of a model beside it.
    """
    if not path.is_dir() or not (path / MARK).is_file():
        return False
    return all(name in _OURS for name in os.listdir(path))


class Layout:
    """One folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.title = folder.name

    @cached_property
    def _listed(self) -> tuple[Descriptor, ...]:
        """What the index of the folder lists."""
        try:
            mark = Node.from_json(self._read(MARK, LIMIT), source=MARK)
            version = mark.at("imageLayoutVersion").text()
            if not version.startswith("1."):
                raise mark.malformed(f"layouts of version `{version[:20]}` are unknown")
            data = self._read(_INDEX, LIMIT)
            # An index of a folder has no digest of its own that anybody names.
            listed = parse(data, _nobodys(), source=_INDEX)
        except MalformedError as error:
            place = f"{error.pointer} " if error.pointer else ""
            problem = f"`{error.source}` is malformed: {place}{error.problem}"
            raise SourceError(Status.ERROR, problem) from None
        return listed.manifests

    def images(self) -> tuple[Digest, ...]:
        """Return the images of the folder, without what is attached to them.

        Raises:
            SourceError: The folder cannot be read.
        """
        found = [
            each.digest
            for each in self._listed
            if not _is_attached(each) and self._subjects.get(each.digest) is None
        ]
        return tuple(dict.fromkeys(found))

    def manifest(self, digest: Digest) -> Manifest:
        """Return the manifest with *digest*, whose bytes have it."""
        data = self._read(_path(digest), LIMIT)
        return parsed(checked(data, digest, self.title), digest, self.title)

    def tagged(self, digest: Digest, suffix: str) -> tuple[Manifest, ...]:
        """Return what is named as cosign names it, and what `cosign save` marks."""
        tag = f"{digest.algorithm.value}-{digest.value[:64]}.{suffix}"
        found = [
            each.digest
            for each in self._listed
            if each.annotations.get(_NAME) == tag or _kind(each) == suffix
        ]
        return tuple(self._needed(each) for each in dict.fromkeys(found))

    def referrers(self, digest: Digest) -> tuple[Descriptor, ...]:
        """Return what is listed and refers to *digest*, or is listed by its tag."""
        return tuple(self._referrers(digest))

    def blob(self, descriptor: Descriptor, limit: int) -> bytes:
        """Return the bytes that *descriptor* names."""

        def read() -> bytes:
            try:
                return self._read(_path(descriptor.digest), descriptor.size)
            except SourceError as error:
                if error.status is not Status.MISSING:
                    raise
                problem = f"blob missing: `{self.title}` has no `{descriptor.digest}`"
                raise SourceError(Status.ERROR, problem) from None

        data = sized(descriptor, limit, read)
        return checked(data, descriptor.digest, self.title)

    @cached_property
    def _subjects(self) -> Mapping[Digest, Digest | None]:
        """What each listed manifest says that it is attached to."""
        listed = [each for each in self._listed if each.media_type == MANIFEST]
        if len(listed) > _MANIFESTS:
            problem = f"it lists more than {_MANIFESTS:,} manifests, none was opened"
            raise SourceError(Status.ERROR, problem)
        return {each.digest: self._subject(each.digest) for each in listed}

    def _subject(self, digest: Digest) -> Digest | None:
        try:
            return self.manifest(digest).subject
        except SourceError:
            return None  # so that it counts as an image, of which this is told

    def _referrers(self, digest: Digest) -> Iterator[Descriptor]:
        tag = f"{digest.algorithm.value}-{digest.value[:64]}"
        for each in self._listed:
            if each.annotations.get(_NAME) == tag:
                yield from self._needed(each.digest).manifests
            elif self._subjects.get(each.digest) == digest:
                yield each

    def _needed(self, digest: Digest) -> Manifest:
        """Return a manifest that the index lists, so that it has to be there."""
        try:
            return self.manifest(digest)
        except SourceError as error:
            if error.status is not Status.MISSING:
                raise
            problem = f"blob missing: `{self.title}` lists `{digest}` and has it not"
            raise SourceError(Status.ERROR, problem) from None

    def _read(self, path: str, limit: int) -> bytes:
        """Return the bytes of a file in the folder, one more than *limit* at most."""
        try:
            root, real = self._folder.resolve(), (self._folder / path).resolve()
            if not real.exists():
                raise SourceError(Status.MISSING, f"`{path}` is missing")
            if not real.is_relative_to(root) or not real.is_file():
                raise SourceError(Status.ERROR, f"`{path}` is no file of this folder")
            descriptor = os.open(real, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
            with os.fdopen(descriptor, "rb") as stream:
                return stream.read(limit + 1)
        except (OSError, RuntimeError) as error:  # RuntimeError: links in a circle
            why = getattr(error, "strerror", None) or "links in a circle"
            problem = f"`{path}` cannot be read: {why}"
            raise SourceError(Status.ERROR, problem) from None


def _path(digest: Digest) -> str:
    return f"blobs/{digest.algorithm.value}/{digest.value}"


def _kind(each: Descriptor) -> str:
    kind = each.annotations.get(_KIND, "")
    if not kind.startswith(_OF_COSIGN):
        return ""
    return _KINDS.get(kind.removeprefix(_OF_COSIGN), "")


def _is_attached(each: Descriptor) -> bool:
    name = each.annotations.get(_NAME, "")
    return bool(_kind(each) or each.artifact_type or _ATTACHED.fullmatch(name))


def _nobodys() -> Digest:
    return Digest.of("sha256", "0" * 64)
