"""Who stands for images that a policy names: the gate asks a registry on loopback."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.cli.test_gate_signatures import Gate, counted, rules
from tests.world.oci import OciRepository, cosign, digest_of, image, simple_signing
from tests.world.signed import BUILDER, KEY
from tests.world.sigstore.minting import statement
from tests.world.world import World

IMAGE = image()
DIGEST = digest_of(IMAGE)
PUBLIC = KEY.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)


class Built(Gate):
    """A project that is built on an image of which the policy names two signers."""

    def __init__(self, world: World, folder: Path) -> None:
        super().__init__(world, folder)
        self.image = OciRepository(world.server)
        self.image.push(IMAGE, "1.2.0")
        self.build_on(f"{self.image.name}@{DIGEST}")
        self.name(self.image.purl(), "acme/files")
        (folder / "acme.pub").write_bytes(PUBLIC)
        entry = {"packages": [self.image.purl()], "key": "acme.pub"}
        with self.policy.open("a", encoding="utf-8") as stream:
            stream.write(f"  - {json.dumps(entry)}\n")

    def build_on(self, image: str) -> None:
        (self.folder / "Dockerfile").write_text(f"FROM {image}\n", encoding="utf-8")

    def sign(
        self,
        repository: str = "acme/files",
        digest: str = DIGEST,
        **how: Any,  # noqa: ANN401 - the fields of Minter
    ) -> None:
        """Attach a signature, as cosign did."""
        minter = self.signed.minter(repository, entries=("hashedrekord/0.0.1",), **how)
        if minter.managed:
            minter.key = KEY
        layer = cosign(minter, simple_signing(digest))
        self.image.attach(DIGEST, "sig", [layer])

    def attest(self, repository: str = "acme/files") -> None:
        """Let GitHub alone have an attestation."""
        about = [{"name": "files", "digest": {"sha256": DIGEST.partition(":")[2]}}]
        made = self.signed.minter(repository).attest(
            statement(subject=about, predicate=BUILDER)
        )
        path = f"/api/v3/repos/acme/files/attestations/{DIGEST}"
        listed = {"attestations": [{"bundle": made}]}
        self.world.server.place(path).answer_json(listed)


@pytest.fixture
def built(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Built:
    monkeypatch.setenv("GH_HOST", world.server.address.removeprefix("http://"))
    return Built(world, tmp_path)


def moved(built: Built) -> None:
    built.sign()
    built.build_on(f"{built.image.name}:1.2.0")


def unread(built: Built) -> None:
    """Name it by a digest that images do not have, as a BOM may."""
    purl = built.image.purl(f"md5:{'0' * 32}")
    entry = {"type": "container", "name": "files", "purl": purl, "bom-ref": "i"}
    bom = {"bomFormat": "CycloneDX", "specVersion": "1.6", "components": [entry]}
    built.folder = built.folder.with_name("bom.cdx.json")
    built.folder.write_text(json.dumps(bom), encoding="utf-8")


@pytest.mark.parametrize(
    ("act", "signed", "denied", "exit_code"),
    [
        (Built.sign, "verified", [], 0),
        (lambda b: b.sign(managed=True), "verified", [], 0),
        (Built.attest, "verified", [], 0),
        (
            lambda b: b.attest("evil/files"),
            "by somebody else",
            ["missing-provenance", "unsigned-artifact", "untrusted-identity"],
            10,
        ),
        (
            lambda b: b.sign("evil/files"),
            "by somebody else",
            ["missing-provenance", "untrusted-identity"],
            10,
        ),
        (
            lambda _: None,
            "not signed",
            ["missing-provenance", "unsigned-artifact"],
            10,
        ),
        (
            lambda b: b.sign(digest=f"sha256:{'0' * 64}"),
            "invalid",
            ["invalid-signature", "missing-provenance", "untrusted-identity"],
            10,
        ),
        (
            lambda b: b.image.at(f"manifests/{DIGEST}").answer(403),
            "not known",
            ["gap"],
            4,
        ),
        (moved, "", ["gap", "unpinned-build-step"], 10),
        (unread, "not known", ["gap", "missing-provenance", "unpinned-build-step"], 10),
    ],
    ids=[
        "by its workflow",
        "by its key",
        "on GitHub alone",
        "on GitHub by another",
        "by another workflow",
        "by nobody",
        "another image",
        "refused",
        "a tag",
        "a digest that images do not have",
    ],
)
def test_an_image_is_signed_by_whom_the_policy_names(
    built: Built,
    act: Callable[[Built], object],
    signed: str,
    denied: list[str],
    exit_code: int,
) -> None:
    act(built)
    result = built()
    said = f"signatures: 1 {signed}" if signed else ""
    assert counted(result) == said, result.output
    assert (sorted({*rules(result)}), result.exit_code) == (denied, exit_code), (
        result.output
    )


def test_an_image_that_a_server_runs_in_is_asked_about(built: Built) -> None:
    (built.folder / "Dockerfile").unlink()
    launch = ["run", "--rm", "-i", f"{built.image.name}@{DIGEST}"]
    servers = {"files": {"command": "docker", "args": launch}}
    text = json.dumps({"mcpServers": servers})
    (built.folder / ".mcp.json").write_text(text, encoding="utf-8")
    assert {"missing-provenance", "unsigned-artifact"} <= {*rules(built())}
    built.sign()
    assert counted(built()) == "signatures: 1 verified"


@pytest.mark.parametrize("managed", [False, True])
def test_a_second_opinion_that_is_required_and_missing_is_a_gap(
    built: Built, *, managed: bool
) -> None:
    """Of cosign's older form, and of keys, sigstore-python has none."""
    built.sign(managed=managed)
    with built.policy.open("a", encoding="utf-8") as stream:
        stream.write("signatures: {second-opinion: required}\n")
    result = built()
    assert {"gap", "missing-provenance"} <= {*rules(result)}
    assert "a second opinion is required, and there is none" in result.output


def test_offline_no_registry_of_images_is_asked(built: Built, world: World) -> None:
    built.sign()
    result = built("--offline")
    assert (rules(result), result.exit_code) == (["gap"], 4)
    assert not world.server.asked


@pytest.mark.parametrize(
    "image", ["debian", "library/debian", "docker.io/debian", "index.docker.io/debian"]
)
def test_an_image_of_docker_hub_has_its_publisher_under_every_name(
    built: Built, image: str
) -> None:
    where = "docker.io/library/debian"
    built.name(f"pkg:oci/debian?repository_url={where}", "acme/files")
    built.build_on(f"{image}@{DIGEST}")
    result = built("--offline")
    assert (rules(result), result.exit_code) == (["gap"], 4), result.output
    assert "who stands for" in result.output


def test_images_that_no_policy_names_are_not_asked_about(
    built: Built, world: World
) -> None:
    built.build_on(f"{built.image.name.replace('acme', 'other')}@{DIGEST}")
    assert counted(built()) == ""
    assert not world.server.asked
