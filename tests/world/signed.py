"""Packages that are signed and attested, on the registries of a world.

What is signed is good; a test breaks it, or lets somebody else sign.
"""

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from mcpchain.verify.npm_signatures import PUBLISH
from tests.world.server import Place
from tests.world.sigstore.instance import SHA256, Instance, b64, spki
from tests.world.sigstore.minting import CLAIMS, SLSA, Minter, statement
from tests.world.world import World

INSTANCE: Final = Instance()
KEY: Final = ec.generate_private_key(ec.SECP256R1())
PUBLISH_ON_INDEX: Final = "https://docs.index.example/attestations/publish/v1"
BUILDER: Final = {
    "runDetails": {"builder": {"id": "https://github.com/actions/runner/github-hosted"}}
}


def registry_keys() -> bytes:
    """Return the keys of the registry of npm's kind, as it gives them."""
    public = b64(spki(KEY.public_key()))
    listed = [{"keyid": "SHA256:ours", "key": public, "expires": None}]
    return json.dumps({"keys": listed}).encode()


def claims(repository: str) -> dict[int, str]:
    """Return what a certificate says of a workflow in *repository*."""
    address = f"https://github.com/{repository}"
    workflow = f"{address}/.github/workflows/release.yml@refs/tags/v1.2.0"
    ids = {15: f"{repository} repository", 17: f"{repository.partition('/')[0]} owner"}
    return CLAIMS | ids | {9: workflow, 12: address, 18: workflow}


@dataclass
class Signed:
    """Uploads and publishes what is signed."""

    world: World
    instance: Instance = field(default_factory=lambda: INSTANCE)
    at: dict[str, Place] = field(default_factory=dict)
    """Where attestations lie, by the title of the package: `x==1.0`, `x@1.0`."""
    documents: dict[str, dict[str, Any]] = field(default_factory=dict)
    """What lies there, by the same, for a test to change."""

    def upload(
        self,
        project: str,
        version: str,
        *,
        repository: str = "acme/files",
        publisher: str = "acme/files",
        data: bytes = b"",
        tag: str = "py3-none-any",
    ) -> bytes:
        """Upload a wheel that *repository* attests, and return its bytes."""
        wheel = f"{project.replace('-', '_')}-{version}-{tag}.whl"
        content = data or wheel.encode()
        self.world.pypi.upload(project, wheel, content)
        signed = statement(content, name=wheel, predicate_type=PUBLISH_ON_INDEX)
        bundle = self.minter(repository).attest(signed)
        material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
        attestation = {
            "version": 1,
            "verification_material": {
                "certificate": material["certificate"]["rawBytes"],
                "transparency_entries": material["tlogEntries"],
            },
            "envelope": {
                "statement": envelope["payload"],
                "signature": envelope["signatures"][0]["sig"],
            },
        }
        whom = {"kind": "GitHub", "repository": publisher, "workflow": "release.yml"}
        bundles = [{"publisher": whom, "attestations": [attestation]}]
        document = {"version": 1, "attestation_bundles": bundles}
        path = f"/integrity/{wheel}"
        self._place(path, document, f"{project}=={version}")
        file = self.world.pypi[project].file(wheel)
        file["provenance"] = f"{self.world.server.address}{path}"
        return content

    def publish(
        self,
        name: str,
        version: str,
        *,
        repository: str = "acme/files",
        declared: str = "git+https://github.com/acme/files.git",
        attested: bool = True,
    ) -> dict[str, Any]:
        """Publish what the registry signs and *repository* attests."""
        data = f"{name}@{version}".encode()
        self.world.npm.publish(name, version, data, repository={"url": declared})
        dist: dict[str, Any] = self.world.npm[name].version(version)["dist"]
        message = f"{name}@{version}:{dist['integrity']}".encode()
        signature = b64(KEY.sign(message, ec.ECDSA(SHA256)))
        dist["signatures"] = [{"keyid": "SHA256:ours", "sig": signature}]
        if attested:
            digest = hashlib.sha512(data).hexdigest()
            purl = f"pkg:npm/{name.replace('@', '%40')}@{version}"
            subject = [{"name": purl, "digest": {"sha512": digest}}]
            path = f"/-/npm/v1/attestations/{name}@{version}"
            listed = [*map(dict, self._attestations(repository, subject))]
            self._place(f"/npm{path}", {"attestations": listed}, f"{name}@{version}")
            # A mirror leaves the address of the original as it is.
            dist["attestations"] = {"url": f"https://upstream.example{path}"}
        return dist

    def _attestations(
        self, repository: str, subject: list[dict[str, Any]]
    ) -> list[dict[str, Any]]:
        ours = self.minter(repository, version="0.2", managed=True)
        ours.key = KEY
        theirs = self.minter(repository, version="0.2")
        published = ours.attest(statement(predicate_type=PUBLISH, subject=subject))
        published["verificationMaterial"]["publicKey"]["hint"] = "SHA256:ours"
        built = theirs.attest(statement(subject=subject, predicate=BUILDER))
        return [
            {"predicateType": PUBLISH, "bundle": published},
            {"predicateType": SLSA, "bundle": built},
        ]

    def minter(self, repository: str, **shape: Any) -> Minter:  # noqa: ANN401 - its fields
        """Return what signs as a workflow in *repository*."""
        given = {"entries": ("dsse/0.0.1",)} | shape
        minter = Minter(instance=self.instance, **given)
        minter.claims = claims(repository)
        minter.san = x509.UniformResourceIdentifier(minter.claims[9])
        return minter

    def _place(self, path: str, document: dict[str, Any], title: str) -> None:
        self.documents[title] = document
        place = Place(lambda: json.dumps(document).encode())
        self.at[title] = self.world.server.place(path, place)
