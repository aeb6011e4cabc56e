"""Folders of images: read like a registry, and nothing outside of them."""

import json
import os
from pathlib import Path

import pytest

from mcpchain.artifact import Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root
from mcpchain.oci.attached import collect
from mcpchain.oci.layout import Layout, is_layout
from mcpchain.oci.source import SourceError
from mcpchain.pipeline.images import verify
from mcpchain.pipeline.verification import Terms
from mcpchain.signature import Status, Verification
from tests.world.oci import (
    BUNDLE,
    CONFIG,
    MANIFEST,
    Layer,
    bundled,
    cosign,
    descriptor,
    digest_of,
    image,
    index,
    manifest,
    of_image,
    simple_signing,
)
from tests.world.sigstore.instance import Instance, Json
from tests.world.sigstore.minting import ISSUER, Minter

INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
TERMS = Terms(root=ROOT, expected=Expected(issuer=ISSUER, repository="acme/files"))
IMAGE = image()
DIGEST = digest_of(IMAGE)
NAME = "org.opencontainers.image.ref.name"
CORPUS = (
    Path(__file__).resolve().parents[2].parent / "shared" / "corpus" / "attestations"
)
REAL = CORPUS / "oci-cosign" / "v1.9.0" / "container_workflow_dispatch"


class Folder:
    """A layout that a test writes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.listed: list[Json] = []
        path.mkdir()
        (path / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
        self.blob(CONFIG)

    def blob(self, data: bytes) -> Path:
        algorithm, _, value = digest_of(data).partition(":")
        place = self.path / "blobs" / algorithm / value
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
        return place

    def add(self, data: bytes, **notes: str) -> Path:
        """List *data*, a manifest or an index."""
        kind = json.loads(data)["mediaType"]
        self.listed.append(descriptor(data, kind, annotations=notes))
        (self.path / "index.json").write_bytes(index(*self.listed))
        return self.blob(data)

    def attach(self, layer: Layer, **notes: str) -> Path:
        self.blob(layer.data)
        return self.add(manifest(layer), **notes)

    def answers(self) -> list[Verification]:
        return [*verify(str(self.path), TERMS)]


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / "layout")
    made.add(IMAGE, **{NAME: "1.2.0"})
    return made


def signature() -> Layer:
    return cosign(Minter(instance=INSTANCE), simple_signing(DIGEST))


@pytest.mark.parametrize(
    "notes",
    [
        {"kind": "dev.cosignproject.cosign/sigs"},
        {NAME: f"{DIGEST.replace(':', '-')}.sig"},
    ],
    ids=["as-cosign-saves-it", "by-its-tag"],
)
def test_a_signature_in_the_folder_is_found(
    notes: dict[str, str], folder: Folder
) -> None:
    folder.attach(signature(), **notes)
    (found,) = folder.answers()
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-signature")
    assert found.subject == f"{folder.path}@{DIGEST}"


@pytest.mark.parametrize("by_tag", [True, False])
def test_a_bundle_in_the_folder_is_found(folder: Folder, *, by_tag: bool) -> None:
    made = Minter(instance=INSTANCE, entries=("dsse/0.0.1",)).attest(of_image(IMAGE))
    layer = bundled(made)
    folder.blob(layer.data)
    about = descriptor(IMAGE, MANIFEST)
    data = manifest(layer, artifactType=BUNDLE, subject=about)
    if by_tag:
        folder.blob(data)
        listed = index(descriptor(data, MANIFEST, artifactType=BUNDLE))
        folder.add(listed, **{NAME: DIGEST.replace(":", "-")})
    else:
        folder.add(data)
    (found,) = folder.answers()
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-bundle")


def test_each_image_of_the_folder_is_answered_for(folder: Folder) -> None:
    folder.attach(signature(), kind="dev.cosignproject.cosign/sigs")
    folder.add(image("other"))
    first, second = folder.answers()
    assert first.status is Status.VERIFIED
    assert (second.status, "of the image" in second.reason) == (Status.INVALID, True)


def test_a_folder_without_an_image_is_no_yes(tmp_path: Path) -> None:
    folder = Folder(tmp_path / "layout")
    (folder.path / "index.json").write_bytes(index())
    (found,) = folder.answers()
    assert (found.status, found.reason) == (
        Status.ERROR,
        "no image is in this folder",
    )


def test_a_blob_that_is_missing_is_said_to_be(folder: Folder) -> None:
    layer = signature()
    folder.attach(layer, kind="dev.cosignproject.cosign/sigs")
    folder.blob(layer.data).unlink()
    (found,) = folder.answers()
    assert found.status is Status.ERROR
    assert f"blob missing: `layout` has no `{digest_of(layer.data)}`" in found.reason


def test_a_manifest_that_is_missing_is_said_to_be(folder: Folder) -> None:
    folder.attach(signature(), kind="dev.cosignproject.cosign/sigs").unlink()
    (found,) = folder.answers()
    assert found.status is Status.ERROR
    assert "blob missing: `layout` lists `sha256:" in found.reason


def test_an_image_that_is_missing_is_said_to_be(folder: Folder) -> None:
    folder.blob(IMAGE).unlink()
    (found,) = folder.answers()
    assert (found.status, found.reason) == (
        Status.ERROR,
        f"`layout` has no image `{DIGEST}`",
    )


def test_one_image_that_cannot_be_read_spoils_no_other(folder: Folder) -> None:
    folder.attach(signature(), kind="dev.cosignproject.cosign/sigs")
    folder.add(image("broken")).unlink()
    first, second = folder.answers()
    assert (first.status, first.notes) == (Status.VERIFIED, ())
    assert (second.status, "has no image" in second.reason) == (Status.ERROR, True)


def test_a_folder_of_too_many_images_is_not_searched(folder: Folder) -> None:
    listed = [descriptor(bytes([i % 256, i // 256]), MANIFEST) for i in range(1001)]
    (folder.path / "index.json").write_bytes(index(*listed))
    (found,) = folder.answers()
    assert (found.status, "more than 1,000" in found.reason) == (Status.ERROR, True)


def test_bytes_that_have_another_digest_are_refused(folder: Folder) -> None:
    folder.blob(IMAGE).write_bytes(image("evil"))
    (found,) = folder.answers()
    assert (found.status, "delivers other bytes" in found.reason) == (
        Status.INVALID,
        True,
    )


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [
        ("index.json", b"", "`index.json` is malformed: not JSON"),
        ("index.json", b"[]", "`index.json` is malformed"),
        ("index.json", b'{"schemaVersion": 2, "layers": []}', "no image is in"),
        ("oci-layout", b"{}", "`oci-layout` is malformed: /imageLayoutVersion"),
        ("oci-layout", b'{"imageLayoutVersion": "2.0"}', "version `2.0` are unknown"),
    ],
    ids=str,
)
def test_a_folder_that_cannot_be_read_says_why(
    name: str, data: bytes, reason: str, folder: Folder
) -> None:
    (folder.path / name).write_bytes(data)
    (found,) = folder.answers()
    assert (found.status, reason in found.reason) == (Status.ERROR, True), found.reason


def test_nothing_outside_the_folder_is_read(folder: Folder, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_bytes(IMAGE)
    place = folder.blob(IMAGE)
    place.unlink()
    place.symlink_to(secret)
    (found,) = folder.answers()
    assert found.status is Status.ERROR
    assert "is no file of this folder" in found.reason


def test_links_in_a_circle_and_pipes_hold_nobody(folder: Folder) -> None:
    place = folder.blob(IMAGE)
    place.unlink()
    place.symlink_to(place)
    assert [each.status for each in folder.answers()] == [Status.ERROR]
    place.unlink()
    os.mkfifo(place)
    assert [each.status for each in folder.answers()] == [Status.ERROR]


def test_what_is_a_layout_says_so_itself(folder: Folder, tmp_path: Path) -> None:
    assert is_layout(folder.path)
    assert not is_layout(tmp_path)
    assert not is_layout(folder.path / "oci-layout")


# A real one


@pytest.fixture
def real() -> Path:
    if not REAL.is_dir():
        pytest.skip(f"the folder with a known outcome is not at {REAL}")
    return REAL


def real_root() -> TrustedRoot:
    path = CORPUS / "trust" / "public-good-trusted-root.json"
    return parse_root(path.read_bytes(), name="public")


def real_terms(repository: str = "slsa-framework/example-package") -> Terms:
    return Terms(
        root=real_root(), expected=Expected(issuer=ISSUER, repository=repository)
    )


def test_a_real_attestation_is_verified_and_that_of_buildkit_is_not(
    real: Path,
) -> None:
    (found,) = verify(str(real), real_terms())
    assert (found.status, found.kind) == (Status.VERIFIED, "oci-attestation")
    assert found.identity is not None
    assert found.identity.signer_workflow.endswith(
        "/generator_container_slsa3.yml@refs/tags/v1.9.0"
    )
    (note,) = found.notes
    assert note == "what BuildKit attests in it (1) is signed by nobody: no evidence"


def test_a_real_attestation_is_of_nobody_else(real: Path) -> None:
    (found,) = verify(str(real), real_terms("slsa-framework/slsa-github-generator"))
    assert found.status is Status.UNTRUSTED_IDENTITY
    mine = Terms(root=ROOT, expected=TERMS.expected)
    (found,) = verify(str(real), mine)
    assert found.status is Status.UNVERIFIABLE


def test_a_real_attestation_of_an_index_is_not_one_of_its_image(real: Path) -> None:
    layout = Layout(real)
    (outer,) = layout.images()
    (inner, _) = layout.manifest(outer).manifests
    attached = collect(layout, inner.digest)
    from mcpchain.bundle.verify import Trust
    from mcpchain.verify.oci import verify_image

    trust = Trust(root=real_root(), expected=real_terms().expected)
    (found,) = verify_image(attached, trust)
    assert (found.status, found.reason) == (
        Status.INVALID,
        "the statement is about other artifacts",
    )


def test_what_is_left_out_of_a_real_folder_is_missing(real: Path) -> None:
    layout = Layout(real)
    (outer,) = layout.images()
    (inner, _) = layout.manifest(outer).manifests
    (first, *_rest) = layout.manifest(inner.digest).layers
    with pytest.raises(SourceError) as caught:
        layout.blob(first, 1 << 30)
    assert caught.value.status is Status.ERROR
    assert caught.value.reason.startswith("blob missing: ")


def test_a_digest_that_is_not_there_is_no_image(real: Path) -> None:
    with pytest.raises(SourceError) as caught:
        collect(Layout(real), Digest.parse(DIGEST))
    assert caught.value.reason.endswith(f"has no image `{DIGEST}`")
