"""A registry of images on loopback (OCI distribution), and whoever attacks it.

Blobs and manifests are places of the server, so that each can be told to misbehave.
"""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.world.server import Place, Server
from tests.world.sigstore.instance import Json
from tests.world.sigstore.minting import Minter, statement

MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
BUNDLE = "application/vnd.dev.sigstore.bundle.v0.3+json"
SIGNED = "application/vnd.dev.cosign.simplesigning.v1+json"
ENVELOPE = "application/vnd.dsse.envelope.v1+json"
CONFIG = b"{}"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def descriptor(data: bytes, media: str, **more: Any) -> Json:  # noqa: ANN401 - JSON
    return {"mediaType": media, "digest": digest_of(data), "size": len(data), **more}


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Something signed, as a layer with its annotations."""

    data: bytes
    media: str
    annotations: dict[str, str] = field(default_factory=dict)

    @property
    def descriptor(self) -> Json:
        return descriptor(self.data, self.media, annotations=self.annotations)


def manifest(*layers: Layer, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    return json.dumps(
        {
            "schemaVersion": 2,
            "mediaType": MANIFEST,
            "config": descriptor(CONFIG, "application/vnd.oci.image.config.v1+json"),
            "layers": [each.descriptor for each in layers],
            **more,
        }
    ).encode()


def index(*manifests: Json, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    listed = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [*manifests]}
    return json.dumps(listed | more).encode()


def image(name: str = "files") -> bytes:
    """Return the manifest of an image of one platform."""
    data = f"the files of {name}".encode()
    kind = "application/vnd.oci.image.layer.v1.tar+gzip"
    return manifest(Layer(data=data, media=kind))


def simple_signing(image: str, reference: str = "registry.example/acme/files") -> Json:
    return {
        "critical": {
            "identity": {"docker-reference": reference},
            "image": {"docker-manifest-digest": image},
            "type": "cosign container image signature",
        },
        "optional": None,
    }


def cosign(minter: Minter, payload: Json | bytes, **changes: str) -> Layer:
    """Sign *payload* as `cosign sign` did, without a bundle."""
    data = payload if isinstance(payload, bytes) else json.dumps(payload).encode()
    bundle = minter.sign(data)
    signature = bundle["messageSignature"]["signature"]
    notes = annotations(bundle) | {"dev.cosignproject.cosign/signature": signature}
    return Layer(data=data, media=SIGNED, annotations=notes | _full(changes))


def cosign_attest(minter: Minter, payload: bytes, **changes: str) -> Layer:
    """Attest as `cosign attest` did: the layer is the envelope."""
    bundle = minter.attest(payload)
    envelope = bundle["dsseEnvelope"]
    shown = {
        "payloadType": envelope["payloadType"],
        "payload": envelope["payload"],
        "signatures": [{"keyid": "", "sig": envelope["signatures"][0]["sig"]}],
    }
    notes = annotations(bundle) | {"dev.cosignproject.cosign/signature": ""}
    data = json.dumps(shown, separators=(",", ":")).encode()
    return Layer(data=data, media=ENVELOPE, annotations=notes | _full(changes))


def _full(changes: dict[str, str]) -> dict[str, str]:
    return {f"dev.sigstore.cosign/{key}": value for key, value in changes.items()}


def annotations(bundle: Json) -> dict[str, str]:
    """Return what of *bundle* cosign writes into annotations."""
    material = bundle["verificationMaterial"]
    found = {}
    if certificate := material.get("certificate"):
        raw = certificate["rawBytes"]
        lines = [raw[at : at + 64] for at in range(0, len(raw), 64)]
        pem = ["-----BEGIN CERTIFICATE-----", *lines, "-----END CERTIFICATE-----", ""]
        found["certificate"] = "\n".join(pem)
        found["chain"] = found["certificate"]
    for entry in material["tlogEntries"]:
        log = base64.b64decode(entry["logId"]["keyId"])
        payload = {
            "body": entry["canonicalizedBody"],
            "integratedTime": int(entry["integratedTime"]),
            "logIndex": int(entry["logIndex"]),
            "logID": log.hex(),
        }
        promise = entry["inclusionPromise"]["signedEntryTimestamp"]
        kept = {"SignedEntryTimestamp": promise, "Payload": payload}
        found["bundle"] = json.dumps(kept)
    stamps = material.get("timestampVerificationData", {})
    for stamp in stamps.get("rfc3161Timestamps", []):
        kept = {"SignedRFC3161Timestamp": stamp["signedTimestamp"]}
        found["rfc3161timestamp"] = json.dumps(kept)
    return _full(found)


def bundled(bundle: Json) -> Layer:
    return Layer(data=json.dumps(bundle).encode(), media=BUNDLE)


def of_image(data: bytes, **more: Any) -> bytes:  # noqa: ANN401 - JSON
    """Return a statement about the manifest *data*."""
    return statement(data, name="registry.example/acme/files", **more)


class OciRepository:
    """One repository. What is pushed is at a place, for a test to break."""

    def __init__(self, server: Server, path: str = "acme/files") -> None:
        self._server = server
        self.path = path
        self.name = f"{server.address.removeprefix('http://')}/{path}"
        self.referrers: dict[str, list[Json]] = {}
        """What is attached to which digest, as it is listed."""
        self.keeps_referrers = True
        """Whether it has the API for them; else they are listed under a tag."""

    def purl(self, digest: str = "", **more: str) -> str:
        name = self.path.rpartition("/")[2]
        query = "".join(f"&{key}={value}" for key, value in more.items())
        at = f"@{digest}" if digest else ""
        return f"pkg:oci/{name}{at}?repository_url={self.name}{query}"

    def at(self, where: str) -> Place:
        return self._server.place(f"/v2/{self.path}/{where}")

    def blob(self, data: bytes) -> Place:
        place = self.at(f"blobs/{digest_of(data)}")
        place.answer(200, data)
        return place

    def manifest(self, data: bytes, *tags: str, media: str = MANIFEST) -> str:
        """Push *data* by its digest and under *tags*; return the digest."""
        digest = digest_of(data)
        for each in (digest, *tags):
            place = Place(lambda: data, media)
            self._server.places[f"/v2/{self.path}/manifests/{each}"] = place
        return digest

    def push(self, data: bytes, *tags: str) -> str:
        """Push an image or an index, to which nothing is attached yet."""
        digest = self.manifest(data, *tags, media=json.loads(data)["mediaType"])
        if self.keeps_referrers:
            self.at(f"referrers/{digest}").answer(200, index())
        return digest

    def attach(self, digest: str, suffix: str, layers: Sequence[Layer]) -> str:
        """Attach as cosign did, under a tag."""
        self.blob(CONFIG)
        for each in layers:
            self.blob(each.data)
        tag = f"{digest.replace(':', '-')}.{suffix}"
        return self.manifest(manifest(*layers), tag)

    def refer(
        self, digest: str, layer: Layer, *, kind: str = BUNDLE, subject: str = ""
    ) -> str:
        """Attach as a referrer, listed where this registry lists them."""
        self.blob(CONFIG)
        self.blob(layer.data)
        about = {"mediaType": MANIFEST, "digest": subject or digest, "size": 1}
        data = manifest(layer, artifactType=kind, subject=about)
        listed = self.referrers.setdefault(digest, [])
        listed.append(descriptor(data, MANIFEST, artifactType=kind))
        found = index(*listed)
        if self.keeps_referrers:
            self.at(f"referrers/{digest}").answer(200, found)
        else:
            self.manifest(found, digest.replace(":", "-"), media=INDEX)
        return self.manifest(data)

    def guard(
        self, wanted: str, challenge: str, others: Mapping[str, str] | None = None
    ) -> None:
        """Let every place answer only to the header *wanted*, and else challenge.

        *others* want another header, by their paths.
        """
        below = f"/v2/{self.path}/"
        for path, place in self._server.places.items():
            if path.startswith(below):
                header = (others or {}).get(path, wanted)
                self._server.places[path] = _Guarded(place, header, challenge)


class _Guarded(Place):
    """A place behind a login."""

    def __init__(self, inner: Place, wanted: str, challenge: str) -> None:
        super().__init__()
        self._inner = inner
        self._wanted = wanted
        self._refusal = Place().answer(401, b"", WWW_Authenticate=challenge)

    def respond(self, to: Any) -> None:  # noqa: ANN401 - the server's handler
        allowed = to.headers.get("Authorization") == self._wanted
        (self._inner if allowed else self._refusal).respond(to)
