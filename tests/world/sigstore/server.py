"""A Sigstore on loopback that real clients sign with: Fulcio, Rekor 1 and 2, a TSA.

Fulcio verifies the token, as the real one does; every attack is a switch.
"""

import base64
import datetime as dt
import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding

from tests.world.sigstore import der
from tests.world.sigstore.instance import Instance, Json, moment
from tests.world.sigstore.minting import CLAIMS, ISSUER, WORKFLOW

_SHA256 = bytes.fromhex("0609608648016503040201")


class SigstoreServer:
    """The services of an instance, at one address."""

    def __init__(self, instance: Instance, address: str) -> None:
        self.instance = instance
        self.address = address
        self.oidc = ec.generate_private_key(ec.SECP256R1())
        self.claims = dict(CLAIMS)
        self.failing: dict[str, int] = {}
        """Status by the path of a service that does not answer as it should."""
        self.last: dict[str, int] = {}
        """After how many answers a service does not answer any more, by its path."""
        self.asked: list[str] = []
        self.late: dict[str, threading.Event] = {}
        """What a service waits for before it answers, by its path."""
        self.entry: Json | None = None
        """What the log answers with, whatever it is asked to log."""
        self.stamper = instance
        """Whose authority signs for the time."""
        self.lifetimes: list[dt.timedelta] = []
        """How long the first certificates are valid, in place of ten minutes."""
        self.challenges: list[str] = []
        """Of logins in a browser."""

    def token(self, **claims: Any) -> str:  # noqa: ANN401 - of a token
        """Return a token of the provider, as GitHub gives it to a workflow."""
        now = dt.datetime.now(dt.UTC)
        given = {
            "iss": ISSUER,
            "aud": "sigstore",
            "sub": "repo:acme/files:ref:refs/tags/v1.2.0",
            "iat": now - dt.timedelta(seconds=5),
            "nbf": now - dt.timedelta(seconds=5),
            "exp": now + dt.timedelta(minutes=5),
        }
        return jwt.encode(given | claims, self.oidc, algorithm="ES256")

    def trust_config(self, *, version: int = 1, stamped: bool = True) -> str:
        """Return the configuration of a client (sigstore protobuf-specs)."""

        def service(path: str, api: int) -> list[Json]:
            valid = {"start": moment(self.instance.start)}
            url = f"{self.address}{path}"
            operator = {"operator": "test", "validFor": valid}
            return [{"url": url, "majorApiVersion": api} | operator]

        one = {"selector": "ANY"}
        signing = {
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": service("", 1),
            "oidcUrls": service("/oidc", 1),
            "rekorTlogUrls": service("", version),
            "rekorTlogConfig": one,
            "tsaUrls": service("/api/v1/timestamp", 1) if stamped else [],
            "tsaConfig": one,
        }
        return json.dumps(
            {
                "mediaType": "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json",
                "trustedRoot": json.loads(self.instance.trusted_root()),
                "signingConfig": signing,
            }
        )

    def answer(self, path: str, headers: Any, body: bytes) -> tuple[int, bytes]:  # noqa: ANN401 - of http.server
        self.asked.append(path)
        if path in self.late:
            self.late[path].wait()
        if self.asked.count(path) > self.last.get(path, len(self.asked)):
            self.failing[path] = 503
        if path in self.failing:
            return self.failing[path], b"{}"
        if path == "/api/v2/signingCert":
            return self._certificate(headers.get("Authorization", ""), json.loads(body))
        if path == "/oidc/token":
            return self._logged_in(body)
        if path == "/api/v1/timestamp":
            return 201, self._timestamp(body)
        logs = {
            "/api/v1/log/entries": self._logged,
            "/api/v2/log/entries": self._logged2,
        }
        if log := logs.get(path):
            return 201, json.dumps(log(json.loads(body))).encode()
        return 404, b"{}"

    def page(self, url: str) -> tuple[int, dict[str, str], Json]:
        """Answer a GET: of a browser that logs in, or of a job of GitHub Actions."""
        path, asked = urlsplit(url).path, parse_qs(urlsplit(url).query)
        self.asked.append(path)
        if path in self.failing:
            return self.failing[path], {}, {}
        if path == "/oidc/.well-known/openid-configuration":
            of = {each: f"{self.address}/oidc/{each}" for each in ("auth", "token")}
            told = {"authorization_endpoint": of["auth"], "token_endpoint": of["token"]}
            return 200, {}, told
        if path == "/oidc/auth":
            self.challenges += asked["code_challenge"]
            back = f"{asked['redirect_uri'][0]}?code=1234&state={asked['state'][0]}"
            return 302, {"Location": back}, {}
        if path == "/actions/token":
            return 200, {}, {"value": self.token(aud=asked["audience"][0])}
        return 404, {}, {}

    def _logged_in(self, body: bytes) -> tuple[int, bytes]:
        asked = parse_qs(body.decode())
        known = hashlib.sha256(asked["code_verifier"][0].encode()).digest()
        challenge = base64.urlsafe_b64encode(known).rstrip(b"=").decode()
        if challenge not in self.challenges or asked["code"] != ["1234"]:
            return 400, b"{}"
        given = {"access_token": self.token(email="me@acme.example")}
        return 200, json.dumps(given).encode()

    def _certificate(self, authorization: str, asked: Json) -> tuple[int, bytes]:
        scheme, _, token = authorization.partition(" ")
        try:
            claims = jwt.decode(
                token,
                self.oidc.public_key(),
                algorithms=["ES256"],
                audience="sigstore",
                issuer=ISSUER,
            )
        except jwt.InvalidTokenError as error:
            # As if it repeated what it was shown.
            return 401, json.dumps({"message": f"{error}: {token}"}).encode()
        request = x509.load_pem_x509_csr(
            base64.b64decode(asked["certificateSigningRequest"])
        )
        if scheme != "Bearer" or not request.is_signature_valid:
            return 400, b"{}"
        email = claims.get("email")
        san: x509.GeneralName = x509.UniformResourceIdentifier(WORKFLOW)
        told = self.claims
        if email:
            san, told = x509.RFC822Name(email), {1: ISSUER, 8: ISSUER}
        lives = self.lifetimes.pop(0) if self.lifetimes else dt.timedelta(minutes=10)
        key = request.public_key()
        leaf = self.instance.certificate(key, san, told, lifetime=lives)
        chain = [leaf, *self.instance.fulcio.chain]
        pems = [each.public_bytes(Encoding.PEM).decode() for each in chain]
        answer = {"signedCertificateEmbeddedSct": {"chain": {"certificates": pems}}}
        return 200, json.dumps(answer).encode()

    def _logged(self, proposed: Json) -> Json:
        body = proposed
        if proposed["kind"] == "dsse":
            content = proposed["spec"]["proposedContent"]
            envelope = json.loads(content["envelope"])
            payload = base64.b64decode(envelope["payload"])
            whole = hashlib.sha256(content["envelope"].encode()).hexdigest()
            inner = hashlib.sha256(payload).hexdigest()
            body = {
                "kind": "dsse",
                "apiVersion": "0.0.1",
                "spec": {
                    "envelopeHash": {"algorithm": "sha256", "value": whole},
                    "payloadHash": {"algorithm": "sha256", "value": inner},
                    "signatures": [
                        {
                            "signature": envelope["signatures"][0]["sig"],
                            "verifier": content["verifiers"][0],
                        }
                    ],
                },
            }
        entry = self.entry or self.instance.rekor.enter(body, self.instance.now)
        proof, promise = entry["inclusionProof"], entry["inclusionPromise"]

        def hexadecimal(text: str) -> str:
            return base64.b64decode(text).hex()

        return {
            "24296fb24b8ad77a" + "0" * 64: {
                "body": entry["canonicalizedBody"],
                "integratedTime": int(entry["integratedTime"]),
                "logID": hexadecimal(entry["logId"]["keyId"]),
                "logIndex": int(entry["logIndex"]),
                "verification": {
                    "inclusionProof": {
                        "checkpoint": proof["checkpoint"]["envelope"],
                        "hashes": [hexadecimal(each) for each in proof["hashes"]],
                        "logIndex": int(proof["logIndex"]),
                        "rootHash": hexadecimal(proof["rootHash"]),
                        "treeSize": int(proof["treeSize"]),
                    },
                    "signedEntryTimestamp": promise["signedEntryTimestamp"],
                },
            }
        }

    def _logged2(self, proposed: Json) -> Json:
        asked = proposed["hashedRekordRequestV002"]
        data = {"algorithm": "SHA2_256", "digest": asked["digest"]}
        spec = {"hashedRekordV002": {"data": data, "signature": asked["signature"]}}
        body = {"kind": "hashedrekord", "apiVersion": "0.0.2", "spec": spec}
        return self.entry or self.instance.rekor2.enter(body, self.instance.now)

    def _timestamp(self, request: bytes) -> bytes:
        at = request.index(_SHA256) + len(_SHA256)
        if request[at : at + 2] == b"\5\0":
            at += 2
        assert request[at : at + 2] == b"\4\x20"
        digest, rest = request[at + 2 : at + 34], request[at + 34 :]
        nonce = b""
        if rest[:1] == b"\2":
            nonce = rest[: 2 + rest[1]]
        asked = rest.endswith(der.TRUE)
        return self.stamper.timestamp_of(digest, certificates=asked, nonce=nonce)


@contextmanager
def open_sigstore(instance: Instance | None = None) -> Iterator[SigstoreServer]:
    """Serve *instance* on loopback."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            status, answer = sigstore.answer(self.path, self.headers, body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def do_GET(self) -> None:
            status, headers, told = sigstore.page(self.path)
            answer = json.dumps(told).encode()
            self.send_response(status)
            for each in (headers | {"Content-Length": str(len(answer))}).items():
                self.send_header(*each)
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its own
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    address = f"http://127.0.0.1:{server.server_port}"
    sigstore = SigstoreServer(instance or Instance(), address)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield sigstore
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
