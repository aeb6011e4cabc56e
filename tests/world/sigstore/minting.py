"""Bundles of every shape, good ones; a test breaks them."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from tests.world.sigstore.instance import SHA256, Instance, Json, b64, spki

ISSUER = "https://token.actions.githubusercontent.com"
REPOSITORY = "https://github.com/acme/files"
WORKFLOW = f"{REPOSITORY}/.github/workflows/release.yml@refs/tags/v1.2.0"
CLAIMS = {
    1: ISSUER,
    8: ISSUER,
    9: WORKFLOW,
    11: "github-hosted",
    12: REPOSITORY,
    13: "1" * 40,
    14: "refs/tags/v1.2.0",
    15: "1001",
    16: "https://github.com/acme",
    17: "2002",
    18: WORKFLOW,
    20: "release",
    22: "public",
}
ARTIFACT = b"the bytes of a release\n"
IN_TOTO = "application/vnd.in-toto+json"
SLSA = "https://slsa.dev/provenance/v1"


def statement(
    data: bytes = ARTIFACT,
    *,
    name: str = "files",
    predicate_type: str = SLSA,
    **more: Any,  # noqa: ANN401 - JSON
) -> bytes:
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [
                {"name": name, "digest": {"sha256": hashlib.sha256(data).hexdigest()}}
            ],
            "predicateType": predicate_type,
            "predicate": {},
            **more,
        }
    ).encode()


@dataclass(kw_only=True)
class Minter:
    """Signs with an instance, in one of the shapes that bundles have."""

    instance: Instance
    san: x509.GeneralName = field(
        default_factory=lambda: x509.UniformResourceIdentifier(WORKFLOW)
    )
    claims: dict[int, str] = field(default_factory=lambda: dict(CLAIMS))
    key: ec.EllipticCurvePrivateKey = field(
        default_factory=lambda: ec.generate_private_key(ec.SECP256R1())
    )
    managed: bool = False
    """Whether the key itself signs, without a certificate."""
    entries: Sequence[str] = ("hashedrekord/0.0.1",)
    """The types of entries in logs; `/0.0.2` of `hashedrekord` is for Rekor 2."""
    stamped: bool = False
    promised: bool = True
    version: str = "0.3"
    alter: Callable[[Json], object] | None = None
    """Changes an entry before the log takes it in, and signs for it."""

    def sign(self, data: bytes = ARTIFACT) -> Json:
        """Sign *data* itself."""
        signature = self.key.sign(data, ec.ECDSA(SHA256))
        digest = hashlib.sha256(data).digest()
        hint = {"algorithm": "SHA2_256", "digest": b64(digest)}
        content = {"messageDigest": hint, "signature": b64(signature)}
        return self._bundle({"messageSignature": content}, signature, digest, None)

    def attest(self, payload: bytes | None = None, kind: str = IN_TOTO) -> Json:
        """Sign an envelope."""
        payload = statement() if payload is None else payload
        signed = b"DSSEv1 %d %b %d %b" % (
            len(kind),
            kind.encode(),
            len(payload),
            payload,
        )
        signature = self.key.sign(signed, ec.ECDSA(SHA256))
        content = {
            "payload": b64(payload),
            "payloadType": kind,
            "signatures": [{"sig": b64(signature)}],
        }
        digest = hashlib.sha256(signed).digest()
        return self._bundle({"dsseEnvelope": content}, signature, digest, payload)

    def _bundle(
        self, content: Json, signature: bytes, digest: bytes, payload: bytes | None
    ) -> Json:
        public = self.key.public_key()
        pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        raw = b""
        material: Json = {"publicKey": {"hint": "ours"}}
        if not self.managed:
            certificate = self.instance.certificate(
                public, self.san, self.claims, promised=self.promised
            )
            raw = certificate.public_bytes(Encoding.DER)
            pem = certificate.public_bytes(Encoding.PEM)
            material = {"certificate": {"rawBytes": b64(raw)}}
            if self.version != "0.3":
                chain = [
                    raw,
                    *(c.public_bytes(Encoding.DER) for c in self._authority()),
                ]
                listed = [{"rawBytes": b64(each)} for each in chain]
                material = {"x509CertificateChain": {"certificates": listed}}
        verifier = (
            {"x509Certificate": {"rawBytes": b64(raw)}}
            if raw
            else {"publicKey": {"rawBytes": b64(spki(public))}}
        )
        logged = []
        for kind in self.entries:
            log = (
                self.instance.rekor2
                if kind == "hashedrekord/0.0.2"
                else (self.instance.rekor)
            )
            body = entry_body(kind, signature, digest, payload, pem, verifier, content)
            if self.alter is not None:
                self.alter(body["spec"])
            logged.append(log.enter(body, self.instance.now))
        material["tlogEntries"] = logged
        if self.stamped:
            stamp = b64(self.instance.timestamp(signature))
            stamps = {"rfc3161Timestamps": [{"signedTimestamp": stamp}]}
            material["timestampVerificationData"] = stamps
        media = "application/vnd.dev.sigstore.bundle"
        media += (
            ".v0.3+json" if self.version == "0.3" else f"+json;version={self.version}"
        )
        return {"mediaType": media, "verificationMaterial": material, **content}

    def _authority(self) -> list[x509.Certificate]:
        return self.instance.fulcio.chain


def entry_body(  # noqa: PLR0913, PLR0917 - what the types of entries speak of
    kind: str,
    signature: bytes,
    digest: bytes,
    payload: bytes | None,
    pem: bytes,
    verifier: Json,
    content: Json,
) -> Json:
    """Return what Rekor keeps of a signature, by the type of entry."""
    title, _, version = kind.partition("/")
    sha256 = {"algorithm": "sha256", "value": digest.hex()}
    hashed = {
        "algorithm": "sha256",
        "value": hashlib.sha256(payload or b"").hexdigest(),
    }
    spec: Json = {}
    if kind == "hashedrekord/0.0.1":
        public = {"content": b64(pem)}
        inner = {"content": b64(signature), "publicKey": public}
        spec = {"data": {"hash": sha256}, "signature": inner}
    elif kind == "hashedrekord/0.0.2":
        details = {"keyDetails": "PKIX_ECDSA_P256_SHA_256"}
        inner = {"content": b64(signature), "verifier": verifier | details}
        data = {"algorithm": "SHA2_256", "digest": b64(digest)}
        spec = {"hashedRekordV002": {"data": data, "signature": inner}}
    elif kind == "dsse/0.0.1":
        listed = [{"signature": b64(signature), "verifier": b64(pem)}]
        spec = {"payloadHash": hashed, "envelopeHash": hashed, "signatures": listed}
    elif kind == "intoto/0.0.2":
        sig = b64(b64(signature).encode())
        envelope = {
            "payloadType": content["dsseEnvelope"]["payloadType"],
            "signatures": [{"publicKey": b64(pem), "sig": sig}],
        }
        spec = {"content": {"envelope": envelope, "payloadHash": hashed}}
    elif kind == "intoto/0.0.1":
        envelope = content["dsseEnvelope"]
        shown = {
            "payloadType": envelope["payloadType"],
            "payload": envelope["payload"],
            "signatures": [{"keyid": "", "sig": b64(signature)}],
        }
        raw = json.dumps(shown, separators=(",", ":")).encode()
        value = hashlib.sha256(raw).hexdigest()
        spec = {
            "content": {"hash": {"algorithm": "sha256", "value": value}},
            "publicKey": b64(pem),
        }
    return {"kind": title, "apiVersion": version, "spec": spec}
