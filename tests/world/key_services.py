"""Services on loopback that keep keys: Vault's transit engine, Azure, Google Cloud.

Each does what its documentation says of the few things that we ask, over TLS with a CA
of its own, and is told in one line to do something else.
"""

import base64
import datetime as dt
import hashlib
import ipaddress
import json
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils
from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

TOKEN = "token-2741-secret"  # noqa: S105 - opens nothing
VERSION = "0123456789abcdef0123456789abcdef"
PROJECT = "projects/acme/locations/global/keyRings/release/cryptoKeys"
Json = dict[str, Any]
Answer = tuple[int, Json]
_USAGE = (
    *("digital_signature", "content_commitment", "key_encipherment"),
    *("data_encipherment", "key_agreement", "key_cert_sign", "crl_sign"),
    *("encipher_only", "decipher_only"),
)
_HASHES = {256: hashes.SHA256(), 384: hashes.SHA384(), 512: hashes.SHA512()}
KEYS: dict[str, PrivateKeyTypes] = {
    "p256": ec.generate_private_key(ec.SECP256R1()),
    "p384": ec.generate_private_key(ec.SECP384R1()),
    "p521": ec.generate_private_key(ec.SECP521R1()),
    "rsa": rsa.generate_private_key(65537, 2048),
    "ed25519": ed25519.Ed25519PrivateKey.generate(),
    "koblitz": ec.generate_private_key(ec.SECP256K1()),
    "other": ec.generate_private_key(ec.SECP256R1()),
}


class KeyService:
    """Keeps `KEYS`. What its kind says is in the classes below."""

    def __init__(self, address: str, authority: Path) -> None:
        self.address = address
        self.authority = authority
        """The file of the CA that its certificate is from."""
        self.asked: list[tuple[str, str]] = []
        self.tokens: set[str] = set()
        """That were shown, whatever for."""
        self.token = TOKEN
        """The one that opens everything."""
        self.tamper: Callable[[str, Answer], Answer] = lambda _, answer: answer
        """Makes another answer of the one to this path."""
        self.late = threading.Event()
        """Nothing is answered before it is set."""
        self.late.set()

    @property
    def host(self) -> str:
        return urlsplit(self.address).netloc

    def answer(self, path: str, sent: Json | None) -> Answer:
        raise NotImplementedError

    def login(self) -> Answer:
        """Answer to somebody who wants a token."""
        return 404, {}

    def unknown(self, authorization: str) -> tuple[int, Json, dict[str, str]] | None:
        """Return the answer to somebody who is not known, or has not said so."""
        if authorization == f"Bearer {self.token}":
            return None
        return 403, {"errors": ["permission denied"]}, {}


Kind = TypeVar("Kind", bound=KeyService)


class Vault(KeyService):
    def answer(self, path: str, sent: Json | None) -> Answer:
        what, _, rest = path.removeprefix("/v1/transit/").partition("/")
        name, _, kind = rest.partition("/")
        key = KEYS.get(name)
        if key is None or what not in {"keys", "sign"}:
            return 404, {"errors": []}
        if sent is None:
            kinds = {"rsa": "rsa-2048", "ed25519": "ed25519"}
            shown = {"type": kinds.get(name, f"ecdsa-{name}"), "latest_version": 2}
            shown["keys"] = {"1": _shown(KEYS["other"]), "2": _shown(key)}
            return 200, {"data": shown}
        version = sent.get("key_version") or 2
        if version == 1:
            key = KEYS["other"]
        data = base64.b64decode(sent["input"])
        if isinstance(key, ed25519.Ed25519PrivateKey):
            made = key.sign(data)
        else:
            bits = int((kind or "sha2-256").removeprefix("sha2-"))
            if not sent.get("prehashed"):
                data = hashlib.new(f"sha{bits}", data).digest()
            made = _sign(key, data, bits, sent.get("signature_algorithm", "pss"))
        text = f"vault:v{version}:{base64.b64encode(made).decode()}"
        return 200, {"data": {"signature": text, "key_version": version}}


class Google(KeyService):
    account = (
        rsa.generate_private_key(65537, 2048)
        .private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        .decode()
    )
    """The key by which a service account logs in."""

    def login(self) -> Answer:
        return 200, {"access_token": TOKEN, "expires_in": 3600, "token_type": "Bearer"}

    def answer(self, path: str, sent: Json | None) -> Answer:
        name = path.removeprefix("/v1/").removesuffix("/publicKey")
        name = name.removesuffix(":asymmetricSign")
        key = KEYS.get(name.removeprefix(f"{PROJECT}/").partition("/")[0])
        if key is None or not name.endswith("/cryptoKeyVersions/1"):
            return 404, {"error": {"code": 404, "status": "NOT_FOUND"}}
        bits = 256 if isinstance(key, rsa.RSAPrivateKey) else _bits(key)
        if sent is None:
            curve = f"EC_SIGN_P{bits}_SHA{bits}"
            kind = "RSA_SIGN_PKCS1_2048_SHA256"
            kind = kind if isinstance(key, rsa.RSAPrivateKey) else curve
            shown = _shown(key)["public_key"]
            return 200, {"name": name, "algorithm": kind, "pem": shown}
        digest = base64.b64decode(sent["digest"][f"sha{bits}"])
        made = base64.b64encode(_sign(key, digest, bits, "pkcs1v15")).decode()
        return 200, {"name": name, "signature": made}


class Azure(KeyService):
    def __init__(self, address: str, authority: Path) -> None:
        super().__init__(address, authority)
        # A domain above the vault's own, as `vault.azure.net` is.
        self.resource = f"https://{self.host.partition('.')[2]}"

    def unknown(self, authorization: str) -> tuple[int, Json, dict[str, str]] | None:
        if authorization == f"Bearer {self.token}":
            return None
        wanted = (
            f'Bearer authorization="https://login.example/{"0" * 8}", '
            f'resource="{self.resource}"'
        )
        error = {"error": {"code": "Unauthorized", "message": "AKV10000"}}
        return 401, error, {"WWW-Authenticate": wanted}

    def answer(self, path: str, sent: Json | None) -> Answer:
        name, _, rest = path.removeprefix("/keys/").partition("/")
        key = KEYS.get(name)
        if key is None or rest.removesuffix("/sign") != VERSION:
            return 404, {"error": {"code": "KeyNotFound", "message": "not found"}}
        kid = f"{self.address}/keys/{name}/{VERSION}"
        if sent is None:
            return 200, {"key": {"kid": kid, **_jwk(key)}, "attributes": {}}
        letters, bits = sent["alg"][:2], int(sent["alg"][2:])
        wanted = "RS" if isinstance(key, rsa.RSAPrivateKey) else "ES"
        digest = base64.urlsafe_b64decode(sent["value"] + "==")
        if letters != wanted or len(digest) * 8 != bits:
            return 400, {"error": {"code": "BadParameter", "message": "no"}}
        made = _sign(key, digest, bits, "pkcs1v15")
        if isinstance(key, ec.EllipticCurvePrivateKey):
            size = (key.curve.key_size + 7) // 8
            parts = utils.decode_dss_signature(made)
            made = b"".join(each.to_bytes(size) for each in parts)
        return 200, {"kid": kid, "value": url64(made)}


@contextmanager
def open_service(kind: Callable[[str, Path], Kind], folder: Path) -> Iterator[Kind]:
    """Start a service of *kind*."""
    certificate, authority = _certificates(folder)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    service = kind(f"https://127.0.0.1:{server.server_address[1]}", authority)
    server.RequestHandlerClass = type("_", (_Handler,), {"service": service})
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield service
    finally:
        service.late.set()
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5
    service: KeyService

    def do_GET(self) -> None:
        size = int(self.headers.get("Content-Length", 0))
        body = self.rfile.read(size)
        path = urlsplit(self.path).path
        authorization = self.headers.get("Authorization", "")
        self.service.asked.append((self.command, path))
        self.service.late.wait(10)
        if authorization:
            self.service.tokens.add(authorization)
        stranger = self.service.unknown(authorization)
        if path == "/token":
            self._send(*self.service.tamper(path, self.service.login()), {})
        elif stranger:
            self._send(*stranger)
        else:
            answer = self.service.answer(path, json.loads(body) if body else None)
            self._send(*self.service.tamper(path, answer), {})

    def do_POST(self) -> None:
        self.do_GET()

    def _send(self, status: int, value: Json, headers: dict[str, str]) -> None:
        data = json.dumps(value).encode()
        self.send_response(status)
        plain = {"Content-Type": "application/json", "Content-Length": str(len(data))}
        for name, text in (plain | headers).items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
        pass


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _bits(key: PrivateKeyTypes) -> int:
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    return {521: 512}.get(key.curve.key_size, key.curve.key_size)


def _sign(key: PrivateKeyTypes, digest: bytes, bits: int, scheme: str) -> bytes:
    prehashed = utils.Prehashed(_HASHES[bits])
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(digest, ec.ECDSA(prehashed))
    assert isinstance(key, rsa.RSAPrivateKey)
    if scheme == "pkcs1v15":
        return key.sign(digest, padding.PKCS1v15(), prehashed)
    pss = padding.PSS(padding.MGF1(_HASHES[bits]), padding.PSS.AUTO)
    return key.sign(digest, pss, prehashed)


def _shown(key: PrivateKeyTypes) -> Json:
    public = key.public_key()
    if isinstance(public, ed25519.Ed25519PublicKey):
        raw = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
        return {"public_key": base64.b64encode(raw).decode()}
    pem = public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return {"public_key": pem.decode()}


def _jwk(key: PrivateKeyTypes) -> Json:
    def number(value: int, size: int) -> str:
        return url64(value.to_bytes(size))

    if isinstance(key, rsa.RSAPrivateKey):
        numbers = key.public_key().public_numbers()
        parts = {"n": number(numbers.n, 256), "e": number(numbers.e, 3)}
        return {"kty": "RSA", "key_ops": ["sign"], **parts}
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    size = (key.curve.key_size + 7) // 8
    name = {"secp256k1": "P-256K"}.get(key.curve.name, f"P-{key.curve.key_size}")
    point = key.public_key().public_numbers()
    both = {"x": number(point.x, size), "y": number(point.y, size)}
    return {"kty": "EC-HSM", "key_ops": ["sign"], "crv": name, **both}


def _certificates(folder: Path) -> tuple[Path, Path]:
    """Make a CA, and a certificate by it for this machine; return both files.

    What is in them is what Python asks for since 3.13.
    """
    now = dt.datetime.now(dt.UTC)
    ca, leaf = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    issuer = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "the CA")])

    def make(subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.Certificate:
        us = x509.IPAddress(ipaddress.ip_address("127.0.0.1"))
        may = dict.fromkeys(_USAGE, False) | {_USAGE[0]: True, _USAGE[5]: key is ca}
        extensions: list[tuple[x509.ExtensionType, bool]] = [
            (x509.BasicConstraints(ca=key is ca, path_length=None), True),
            (x509.SubjectAlternativeName([us]), True),
            (x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False),
            (
                x509.AuthorityKeyIdentifier.from_issuer_public_key(ca.public_key()),
                False,
            ),
            (x509.KeyUsage(**may), True),
        ]
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(minutes=5))
            .not_valid_after(now + dt.timedelta(hours=5))
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        return builder.sign(ca, hashes.SHA256())

    authority, certificate = folder / "ca.pem", folder / "server.pem"
    authority.write_bytes(make(issuer, ca).public_bytes(Encoding.PEM))
    private = leaf.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    certificate.write_bytes(
        private + make(x509.Name([]), leaf).public_bytes(Encoding.PEM)
    )
    return certificate, authority
