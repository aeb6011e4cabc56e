"""The keys and certificates of one instance of Sigstore, and what they sign."""

import base64
import datetime as dt
import hashlib
import itertools
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import rfc8785
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from tests.world.sigstore import der

FULCIO = "1.3.6.1.4.1.57264.1."
CODE = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING])
STAMPS = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING])
SHA256 = hashes.SHA256()
Json = dict[str, Any]


def spki(key: PublicKeyTypes) -> bytes:
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


@dataclass
class Authority:
    """A root and one certificate below it, for leaves or for timestamps."""

    title: str
    start: dt.datetime
    usage: x509.ExtendedKeyUsage
    signs: bool = False
    """Whether the lower certificate signs timestamps itself, and issues nothing."""
    root_key: ec.EllipticCurvePrivateKey = field(init=False)
    key: ec.EllipticCurvePrivateKey = field(init=False)
    chain: list[x509.Certificate] = field(init=False)

    def __post_init__(self) -> None:
        self.root_key = ec.generate_private_key(ec.SECP256R1())
        self.key = ec.generate_private_key(ec.SECP256R1())
        top = name(f"{self.title} root")
        root = self._certificate(top, top, self.root_key, ca=True)
        lower = self._certificate(
            name(self.title), top, self.key, ca=not self.signs, usage=self.usage
        )
        self.chain = [lower, root]

    def _certificate(
        self,
        subject: x509.Name,
        issuer: x509.Name,
        key: ec.EllipticCurvePrivateKey,
        *,
        ca: bool,
        usage: x509.ExtendedKeyUsage | None = None,
    ) -> x509.Certificate:
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(self.start)
            .not_valid_after(self.start + dt.timedelta(days=3650))
            .add_extension(
                x509.BasicConstraints(ca=ca, path_length=None), critical=True
            )
            .add_extension(usages(signs=not ca), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()),
                critical=False,
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.root_key.public_key()
                ),
                critical=False,
            )
        )
        if usage is not None:
            builder = builder.add_extension(usage, critical=self.signs)
        return builder.sign(self.root_key, SHA256)


def usages(*, signs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=signs,
        key_cert_sign=not signs,
        crl_sign=not signs,
        **dict.fromkeys(
            (
                "content_commitment",
                "key_encipherment",
                "data_encipherment",
                "key_agreement",
                "encipher_only",
                "decipher_only",
            ),
            False,
        ),
    )


class Tree:
    """An append-only log (RFC 6962), which proves what is in it."""

    def __init__(self) -> None:
        self.leaves: list[bytes] = []

    def add(self, body: bytes) -> int:
        self.leaves.append(hashlib.sha256(b"\0" + body).digest())
        return len(self.leaves) - 1

    def root(self, low: int = 0, high: int | None = None) -> bytes:
        high = len(self.leaves) if high is None else high
        if high - low == 1:
            return self.leaves[low]
        middle = self._split(low, high)
        pair = self.root(low, middle) + self.root(middle, high)
        return hashlib.sha256(b"\1" + pair).digest()

    def proof(self, index: int, low: int = 0, high: int | None = None) -> list[bytes]:
        high = len(self.leaves) if high is None else high
        if high - low == 1:
            return []
        middle = self._split(low, high)
        if index < middle:
            return [*self.proof(index, low, middle), self.root(middle, high)]
        return [*self.proof(index, middle, high), self.root(low, middle)]

    @staticmethod
    def _split(low: int, high: int) -> int:
        return low + (1 << (high - low - 1).bit_length() - 1)


class Log:
    """A transparency log: Rekor of version 1 (ECDSA) or 2 (Ed25519)."""

    def __init__(self, origin: str, start: dt.datetime, *, version: int) -> None:
        self.origin = origin
        self.start = start
        self.version = version
        self.tree = Tree()
        self.key: ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
        if version == 1:
            self.key = ec.generate_private_key(ec.SECP256R1())
            self.id = hashlib.sha256(spki(self.key.public_key())).digest()
        else:
            self.key = ed25519.Ed25519PrivateKey.generate()
            raw = self.key.public_key().public_bytes_raw()
            self.id = hashlib.sha256(origin.encode() + b"\n\1" + raw).digest()

    def sign(self, message: bytes) -> bytes:
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(SHA256))
        return self.key.sign(message)

    def checkpoint(self) -> str:
        size = len(self.tree.leaves)
        name = (
            self.origin if self.version == 2 else f"{self.origin} - 2605736670972794746"
        )
        text = f"{name}\n{size}\n{b64(self.tree.root())}\n"
        signature = b64(self.id[:4] + self.sign(text.encode()))
        return f"{text}\n\N{EM DASH} {self.origin} {signature}\n"

    def enter(self, body: Json, time: dt.datetime) -> Json:
        """Take *body* in, and return the entry as a bundle has it."""
        data = rfc8785.dumps(body)
        self.tree.add(b"an entry of somebody else")
        index = self.tree.add(data)
        self.tree.add(b"an entry of somebody else again")
        first = self.version == 1
        seconds = int(time.timestamp()) if first else 0
        entry: Json = {
            "logIndex": str(index + 1_000 * first),
            "logId": {"keyId": b64(self.id)},
            "kindVersion": {"kind": body["kind"], "version": body["apiVersion"]},
            "integratedTime": str(seconds),
            "inclusionProof": {
                "logIndex": str(index),
                "rootHash": b64(self.tree.root()),
                "treeSize": str(len(self.tree.leaves)),
                "hashes": [b64(each) for each in self.tree.proof(index)],
                "checkpoint": {"envelope": self.checkpoint()},
            },
            "canonicalizedBody": b64(data),
        }
        if first:
            promised = rfc8785.dumps(
                {
                    "body": b64(data),
                    "integratedTime": seconds,
                    "logID": self.id.hex(),
                    "logIndex": index + 1_000,
                }
            )
            entry["inclusionPromise"] = {
                "signedEntryTimestamp": b64(self.sign(promised))
            }
        return entry

    def trusted(self) -> Json:
        details = "PKIX_ECDSA_P256_SHA_256" if self.version == 1 else "PKIX_ED25519"
        return {
            "baseUrl": f"https://{self.origin}",
            "hashAlgorithm": "SHA2_256",
            "publicKey": {
                "rawBytes": b64(spki(self.key.public_key())),
                "keyDetails": details,
                "validFor": {"start": moment(self.start)},
            },
            "logId": {"keyId": b64(self.id)},
        }


def moment(time: dt.datetime) -> str:
    return time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


class Instance:
    """A whole Sigstore: Fulcio with its log, Rekor of both versions, a TSA."""

    def __init__(
        self, now: dt.datetime | None = None, host: str = "sigstore.example"
    ) -> None:
        self.now = (now or dt.datetime.now(dt.UTC)).replace(microsecond=0)
        self.host = host
        self.start = self.now - dt.timedelta(days=400)
        self.fulcio = Authority("fulcio", self.start, CODE)
        self.tsa = Authority("tsa", self.start, STAMPS, signs=True)
        self.ct = Log(f"ct.{host}", self.start, version=1)
        self.rekor = Log(f"rekor.{host}", self.start, version=1)
        self.rekor2 = Log(f"rekor2.{host}", self.start, version=2)
        self.serial = itertools.count(1)
        self.more: tuple[x509.ExtensionType, ...] = ()
        """What a leaf has besides; that it is an authority, say."""
        self.promising = [self.ct]
        """The logs that promise to take a certificate in."""
        self.bags = False
        """Whether a timestamp holds the certificate that signed it."""
        self.said = b""
        """The extensions of such a promise."""

    def trusted_root(self, **changes: Any) -> bytes:  # noqa: ANN401 - JSON
        """Return the trusted root, with some of its members *changed*."""

        def authority(of: Authority, uri: str) -> Json:
            raw = [{"rawBytes": b64(e.public_bytes(Encoding.DER))} for e in of.chain]
            return {
                "subject": {"organization": self.host, "commonName": of.title},
                "uri": uri,
                "certChain": {"certificates": raw},
                "validFor": {"start": moment(self.start)},
            }

        root = {
            "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            "tlogs": [self.rekor.trusted(), self.rekor2.trusted()],
            "certificateAuthorities": [authority(self.fulcio, f"https://{self.host}")],
            "ctlogs": [self.ct.trusted()],
            "timestampAuthorities": [authority(self.tsa, f"https://tsa.{self.host}")],
        }
        return json.dumps(root | changes).encode()

    def certificate(
        self,
        key: PublicKeyTypes,
        san: x509.GeneralName,
        claims: Mapping[int, str],
        *,
        promised: bool = True,
        lifetime: dt.timedelta = dt.timedelta(minutes=10),
    ) -> x509.Certificate:
        """Issue a certificate to *key*, as Fulcio does.

        It is made twice: the log promises for the first, which the second holds.
        """
        builder = (
            x509.CertificateBuilder()
            .subject_name(x509.Name([]))
            .issuer_name(self.fulcio.chain[0].subject)
            .public_key(key)  # type: ignore[arg-type]  # a kind that signs
            .serial_number(next(self.serial))
            .not_valid_before(self.now - dt.timedelta(seconds=5))
            .not_valid_after(self.now + lifetime)
            .add_extension(usages(signs=True), critical=True)
            .add_extension(CODE, critical=False)
            .add_extension(x509.SubjectAlternativeName([san]), critical=True)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(
                    self.fulcio.key.public_key()
                ),
                critical=False,
            )
        )
        for number, value in claims.items():
            raw = value.encode() if number < 7 else der.utf8(value)
            known = x509.ObjectIdentifier(f"{FULCIO}{number}")
            extension = x509.UnrecognizedExtension(known, raw)
            builder = builder.add_extension(extension, critical=False)
        for each in self.more:
            builder = builder.add_extension(each, critical=True)
        first = builder.sign(self.fulcio.key, SHA256)
        if not promised:
            return first
        listed = x509.UnrecognizedExtension(
            x509.ObjectIdentifier("1.3.6.1.4.1.11129.2.4.2"),
            der.octets(self._scts(first)),
        )
        return builder.add_extension(listed, critical=False).sign(
            self.fulcio.key, SHA256
        )

    def _scts(self, certificate: x509.Certificate) -> bytes:
        """Return signed certificate timestamps (RFC 6962, section 3.3)."""
        listed = b""
        for log in self.promising:
            one = self._sct(certificate, log)
            listed += len(one).to_bytes(2) + one
        return len(listed).to_bytes(2) + listed

    def _sct(self, certificate: x509.Certificate, log: Log) -> bytes:
        tbs = certificate.tbs_certificate_bytes
        time = int(self.now.timestamp() * 1000).to_bytes(8)
        issuer = hashlib.sha256(spki(self.fulcio.key.public_key())).digest()
        size = len(tbs).to_bytes(3)
        more = len(self.said).to_bytes(2) + self.said
        signature = log.sign(b"\0\0" + time + b"\0\1" + issuer + size + tbs + more)
        sct = b"\0" + log.id + time + more + b"\4\3"
        return sct + len(signature).to_bytes(2) + signature

    def timestamp(self, signature: bytes, *, certificates: bool = False) -> bytes:
        """Return a reply over the bytes of *signature* (RFC 3161, section 2.4.2)."""
        digest = hashlib.sha256(signature).digest()
        return self.timestamp_of(digest, certificates=certificates)

    def timestamp_of(
        self, digest: bytes, *, certificates: bool = False, nonce: bytes = b""
    ) -> bytes:
        sha256 = der.sequence(der.oid("2.16.840.1.101.3.4.2.1"), b"\5\0")
        info = der.sequence(
            der.integer(1),
            der.oid("1.3.6.1.4.1.57264.2"),
            der.sequence(sha256, der.octets(digest)),
            der.integer(next(self.serial)),
            der.tlv(0x18, self.now.strftime("%Y%m%d%H%M%SZ").encode()),
            nonce,
        )
        leaf = self.tsa.chain[0]
        raw = leaf.public_bytes(Encoding.DER)
        identifier = der.sequence(der.octets(hashlib.sha256(raw).digest()))
        attributes = [
            _attribute("1.2.840.113549.1.9.3", der.oid(_TST_INFO)),
            _attribute(
                "1.2.840.113549.1.9.4", der.octets(hashlib.sha256(info).digest())
            ),
            _attribute(
                "1.2.840.113549.1.9.16.2.47", der.sequence(der.sequence(identifier))
            ),
        ]
        signed = der.set_of(attributes)
        signer = der.sequence(
            der.integer(1),
            der.sequence(leaf.issuer.public_bytes(), der.integer(leaf.serial_number)),
            sha256,
            b"\xa0" + signed[1:],
            der.sequence(der.oid("1.2.840.10045.4.3.2")),
            der.octets(self.tsa.key.sign(signed, ec.ECDSA(SHA256))),
        )
        data = der.sequence(
            der.integer(3),
            der.set_of([sha256]),
            der.sequence(der.oid(_TST_INFO), der.tlv(0xA0, der.octets(info))),
            der.tlv(0xA0, raw) if certificates or self.bags else b"",
            der.set_of([signer]),
        )
        token = der.sequence(der.oid("1.2.840.113549.1.7.2"), der.tlv(0xA0, data))
        return der.sequence(der.sequence(der.integer(0)), token)


_TST_INFO = "1.2.840.113549.1.9.16.1.4"


def _attribute(kind: str, value: bytes) -> bytes:
    return der.sequence(der.oid(kind), der.set_of([value]))
