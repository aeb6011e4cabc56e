"""Signed models: what a signer of the OpenSSF specification writes of a folder."""

import datetime as dt
import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import HashAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID

from tests.world.sigstore.instance import SHA256, Json, b64, name, usages

MODEL = "https://model_signing/signature/v1.0"
FILES = {
    "config.json": b'{"model_type": "llama"}',
    "model.safetensors": b"weights" * 100,
    "code/modeling.py": b"class Model: ...\n",
}


def lay(folder: Path, files: dict[str, bytes] | None = None) -> Path:
    """Write the files of a model."""
    for path, data in (FILES if files is None else files).items():
        file = folder / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    return folder


def resources(
    files: dict[str, bytes], algorithm: str = "sha256", shard: int | None = None
) -> list[Json]:
    """Return the list of the files, or of their shards, in the order of the tool."""
    listed = []
    for path, data in sorted(files.items()):
        steps = range(0, len(data), shard) if shard else (0,)
        for start in steps:
            piece = data[start : start + shard] if shard else data
            listed.append(
                {
                    "name": f"{path}:{start}:{start + len(piece)}" if shard else path,
                    "algorithm": f"{algorithm}-sharded-{shard}" if shard else algorithm,
                    "digest": hashlib.new(algorithm, piece).hexdigest(),
                }
            )
    return listed


def root_of(listed: Iterable[Json]) -> str:
    raw = b"".join(bytes.fromhex(each["digest"]) for each in listed)
    return hashlib.sha256(raw).hexdigest()


def statement(
    listed: Sequence[Json] | None = None,
    *,
    subject: str | None = None,
    kind: str = MODEL,
    **serialization: Any,  # noqa: ANN401 - JSON
) -> bytes:
    """Return the payload: of the usual files, if no others are given."""
    listed = resources(FILES) if listed is None else listed
    digest = root_of(listed) if subject is None else subject
    told: Json = {"method": "files", "hash_type": "sha256", "allow_symlinks": False}
    return json.dumps(
        {
            "_type": "https://in-toto.io/Statement/v1",
            "subject": [{"name": "llama", "digest": {"sha256": digest}}],
            "predicateType": kind,
            "predicate": {
                "serialization": told | serialization,
                "resources": [*listed],
            },
        }
    ).encode()


def hint(key: ec.EllipticCurvePublicKey) -> str:
    pem = key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(pem).hexdigest()


Private = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey


class PrivateCa:
    """An authority outside of any Sigstore: a root, one below it, and leaves."""

    def __init__(self, now: dt.datetime) -> None:
        self.now = now
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self.issue("root", self.root_key, by=("root", self.root_key))
        self.lower = self.issue("models", self.key, by=("root", self.root_key))

    def issue(  # noqa: PLR0913 - what certificates differ in
        self,
        subject: str,
        key: Private,
        *,
        by: tuple[str, Private],
        ca: bool = True,
        signs: bool = False,
        length: int | None = None,
        usage: x509.ObjectIdentifier | None = None,
        valid: tuple[int, int] = (-10, 10),
        san: x509.GeneralName | None = None,
        more: x509.ExtensionType | None = None,
        over: HashAlgorithm = SHA256,
    ) -> x509.Certificate:
        issuer, issuer_key = by
        days = [self.now + dt.timedelta(days=each) for each in valid]
        builder = (
            x509.CertificateBuilder()
            .subject_name(name(subject))
            .issuer_name(name(issuer))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(days[0])
            .not_valid_after(days[1])
            .add_extension(
                x509.BasicConstraints(ca=ca, path_length=length), critical=True
            )
            .add_extension(usages(signs=signs), critical=True)
        )
        if usage is not None:
            extended = x509.ExtendedKeyUsage([usage])
            builder = builder.add_extension(extended, critical=False)
        if san is not None:
            names = x509.SubjectAlternativeName([san])
            builder = builder.add_extension(names, critical=False)
        if more is not None:
            builder = builder.add_extension(more, critical=True)
        return builder.sign(issuer_key, over)  # type: ignore[arg-type]  # any hash

    def leaf(
        self,
        key: ec.EllipticCurvePrivateKey,
        **changes: Any,  # noqa: ANN401 - of issue
    ) -> x509.Certificate:
        usual: Json = {
            "by": ("models", self.key),
            "ca": False,
            "signs": True,
            "usage": ExtendedKeyUsageOID.CODE_SIGNING,
        }
        return self.issue("acme", key, **(usual | changes))

    def material(
        self, leaf: x509.Certificate, others: Sequence[x509.Certificate] | None = None
    ) -> Json:
        """Return what a bundle has of certificates: the leaf first, then a chain."""
        chain = [leaf, *([self.lower] if others is None else others)]
        raw = [{"rawBytes": b64(each.public_bytes(Encoding.DER))} for each in chain]
        return {"x509CertificateChain": {"certificates": raw}, "tlogEntries": []}

    @property
    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)
