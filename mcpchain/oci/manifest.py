"""Manifests and indexes (OCI image-spec 1.1; Docker's v2 schema 2 is read as these).

Pure: bytes in. That they have their digest is for the source to see to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.document import Node

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
ACCEPTED: Final = (
    INDEX,
    MANIFEST,
    "application/vnd.docker.distribution.manifest.list.v2+json",
    "application/vnd.docker.distribution.manifest.v2+json",
)
LIMIT: Final = 4 << 20
"""How many bytes a manifest may have (OCI distribution-spec, Pushing Manifests)."""
ALGORITHMS: Final = frozenset({Algorithm.SHA256, Algorithm.SHA512})
"""Those that the OCI has registered for digests."""
_DESCRIPTORS: Final = 10_000
_BUILDKIT: Final = ("vnd.docker.reference.type", "attestation-manifest")


@dataclass(frozen=True, slots=True, kw_only=True)
class Descriptor:
    """What a manifest says of other content."""

    digest: Digest
    size: int
    media_type: str
    artifact_type: str = ""
    annotations: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A manifest of one image or other artifact, or an index of several."""

    digest: Digest
    data: bytes = field(repr=False)
    artifact_type: str = ""
    subject: Digest | None = None
    """What it says that it is attached to."""
    layers: tuple[Descriptor, ...] = ()
    manifests: tuple[Descriptor, ...] = ()
    """Of an index: those that it lists."""
    is_index: bool = False

    @property
    def claims(self) -> int:
        """How many attestations BuildKit put in beside the images, all unsigned."""
        key, value = _BUILDKIT
        return sum(each.annotations.get(key) == value for each in self.manifests)

    @property
    def platforms(self) -> tuple[Descriptor, ...]:
        """Of an index: the images in it."""
        key, value = _BUILDKIT
        return tuple(e for e in self.manifests if e.annotations.get(key) != value)

    @property
    def config(self) -> Descriptor:
        """The configuration of an image.

        Raises:
            MalformedError: There is none.
        """
        return _descriptor(Node.from_json(self.data, source="manifest").at("config"))


def digest(node: Node) -> Digest:
    """Read a digest, of an algorithm that the OCI has registered.

    Raises:
        MalformedError: It is none.
    """
    text = node.text()
    try:
        found = Digest.parse(text)
    except ValueError as error:
        raise node.malformed(str(error)) from None
    if found.algorithm not in ALGORITHMS or str(found) != text:
        raise node.malformed(f"`{text[:140]}` is no digest of an OCI descriptor")
    return found


def parse(data: bytes, known: Digest, *, source: str) -> Manifest:
    """Read a manifest or an index, whose bytes have the digest *known*.

    Raises:
        MalformedError: It is neither, or both (CVE-2021-41190).
    """
    node = Node.from_json(data, source=source)
    version = node.at("schemaVersion").integer()
    if version != 2:  # noqa: PLR2004 - the only one of the OCI
        raise node.malformed(f"manifests of schema version {version} are not read")
    layers, manifests = node.at("layers"), node.at("manifests")
    if layers.exists and manifests.exists:
        raise node.malformed("it is a manifest and an index at once")
    kind, subject = node.at("artifactType"), node.at("subject")
    # Before artifactType was introduced, the type of the configuration was used.
    config = node.at("config")
    old = config.at("mediaType") if config.exists else config
    return Manifest(
        digest=known,
        data=data,
        artifact_type=(kind if kind.exists else old).optional_text() or "",
        subject=digest(subject.at("digest")) if subject.exists else None,
        layers=_descriptors(layers),
        manifests=_descriptors(manifests),
        is_index=manifests.exists,
    )


def _descriptors(node: Node) -> tuple[Descriptor, ...]:
    listed = [*node.elements()]
    if len(listed) > _DESCRIPTORS:
        raise node.malformed(f"more than {_DESCRIPTORS:,} descriptors")
    return tuple(_descriptor(each) for each in listed)


def _descriptor(node: Node) -> Descriptor:
    size = node.at("size").integer()
    if size < 0:
        raise node.at("size").malformed("is negative")
    notes = {key: value.text() for key, value in node.at("annotations").items()}
    return Descriptor(
        digest=digest(node.at("digest")),
        size=size,
        media_type=node.at("mediaType").optional_text() or "",
        artifact_type=node.at("artifactType").optional_text() or "",
        annotations=MappingProxyType(notes),
    )
