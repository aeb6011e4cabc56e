"""What is attached to an image: everything that may be a signature, from all places.

Three places are looked into: the tags `.sig` and `.att` of cosign, and what refers to
the image. What cannot be looked at is a problem of its own, so that it is never taken
for nothing.
"""

import enum
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final, TypeVar

from mcpchain.artifact import Digest
from mcpchain.oci.manifest import Descriptor, Manifest
from mcpchain.oci.source import Source, SourceError
from mcpchain.signature import Status

BUNDLE: Final = "application/vnd.dev.sigstore.bundle"
SIGNED: Final = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
_COSIGN: Final = "application/vnd.dev.cosign.artifact."
_LIMIT: Final = 32 << 20
"""How many bytes one of them may have."""
_TOTAL: Final = 256 << 20
_NOTARY: Final = "application/vnd.cncf.notary.signature"
_KIND: Final = 100
"""How many characters of the name of a kind are kept."""
_COUNT: Final = 64
"""How many of them are looked at."""
_T = TypeVar("_T")


@enum.unique
class Form(enum.Enum):
    """In which form something is signed."""

    SIGNATURE = "oci-signature"
    """Cosign's signature: simple signing, and annotations."""
    ATTESTATION = "oci-attestation"
    """Cosign's attestation: an envelope, and annotations."""
    BUNDLE = "oci-bundle"
    """A Sigstore bundle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """One thing that is attached, not yet verified."""

    form: Form
    layer: Descriptor
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """A place that could not be looked into, or something in it."""

    where: str
    status: Status
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Attached:
    """An image, and all that is attached to it as far as could be looked."""

    title: str
    """The repository, for a reader."""
    image: Manifest
    pieces: tuple[Piece, ...] = ()
    problems: tuple[Problem, ...] = ()
    others: tuple[str, ...] = ()
    """The kinds of what is attached besides, such as BOMs."""


def collect(source: Source, digest: Digest, beside: Source | None = None) -> Attached:
    """Gather what is attached to the image with *digest*.

    Args:
        source: The repository of the image.
        digest: Of a manifest or of an index: each has its own signatures.
        beside: A repository for signatures alone, if there is one.

    Raises:
        SourceError: The image itself cannot be had, so nothing is known of it.
    """
    try:
        image = source.manifest(digest)
    except SourceError as error:
        if error.status is not Status.MISSING:
            raise
        problem = f"`{source.title}` has no image `{digest}`"
        raise SourceError(Status.ERROR, problem) from None
    work = _Work()
    for each in (source, beside):
        if each is not None:
            work.look(each, digest)
    return Attached(
        title=source.title,
        image=image,
        pieces=tuple(work.pieces),
        problems=tuple(work.problems),
        others=tuple(sorted(work.others)),
    )


@dataclass(slots=True, kw_only=True)
class _Work:
    """What was found so far."""

    others: set[str] = field(default_factory=set)
    pieces: list[Piece] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    size: int = 0
    full: bool = False

    def look(self, source: Source, digest: Digest) -> None:
        """Look into the three places of *source*."""
        for suffix in ("sig", "att"):
            where = f"the tag for `.{suffix}`"
            for manifest in self._told(where, partial(source.tagged, digest, suffix)):
                self._take(source, manifest, where)
        where = "the referrers"
        for each in self._told(where, partial(source.referrers, digest)):
            if self._is_full(where):
                break
            kind = each.artifact_type
            if kind == _NOTARY:
                problem = "it has a signature of Notary, which is not read"
                self._add(where, Status.UNVERIFIABLE, problem)
            elif kind and not kind.startswith((BUNDLE, _COSIGN)):
                self._set_aside(kind)
            else:
                self._refer(source, each.digest, digest)

    def _refer(self, source: Source, referrer: Digest, digest: Digest) -> None:
        where = f"the referrer `{referrer}`"
        for manifest in self._told(where, lambda: (source.manifest(referrer),)):
            if manifest.subject == digest:
                self._take(source, manifest, where)
                continue
            other = f"to `{manifest.subject}`" if manifest.subject else "to nothing"
            self._add(where, Status.INVALID, f"it refers {other}, not to this image")

    def _take(self, source: Source, manifest: Manifest, where: str) -> None:
        known = [(each, _form(each.media_type)) for each in manifest.layers]
        for layer, form in known:
            if form is None:
                self._set_aside(layer.media_type)
                continue
            if self._is_full(where):
                break
            for data in self._told(where, partial(_alone, source, layer)):
                self.size += len(data)
                self.pieces.append(Piece(form=form, layer=layer, data=data))

    def _told(self, where: str, ask: Callable[[], tuple[_T, ...]]) -> tuple[_T, ...]:
        """Return what *ask* returns, or tell what stood in the way."""
        try:
            return ask()
        except SourceError as error:
            # What is listed and is not there could have been anything.
            missing = error.status is Status.MISSING
            self._add(where, Status.ERROR if missing else error.status, error.reason)
            return ()

    def _is_full(self, where: str) -> bool:
        full = len(self.pieces) + len(self.problems) >= _COUNT or self.size > _TOTAL
        if full and not self.full:
            self.full = True
            problem = f"more is attached than the {_COUNT} things that are looked at"
            self._add(where, Status.ERROR, problem)
        return full

    def _set_aside(self, kind: str) -> None:
        if len(self.others) < _COUNT:
            self.others.add(kind[:_KIND])

    def _add(self, where: str, status: Status, reason: str) -> None:
        self.problems.append(Problem(where=where, status=status, reason=reason))


def _alone(source: Source, layer: Descriptor) -> tuple[bytes]:
    return (source.blob(layer, _LIMIT),)


def _form(media_type: str) -> Form | None:
    if media_type.startswith(BUNDLE):
        return Form.BUNDLE
    return {SIGNED: Form.SIGNATURE, ENVELOPE: Form.ATTESTATION}.get(media_type)
