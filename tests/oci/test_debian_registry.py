"""A real registry (Debian's docker-registry 2.8, which keeps no list of referrers)."""

import http.client
import json
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

import pytest

from mcpchain.artifact import Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import parse as parse_root
from mcpchain.bundle.verify import Trust
from mcpchain.fetch import Fetcher
from mcpchain.oci.attached import collect
from mcpchain.oci.registry import Registry
from mcpchain.oci.source import SourceError
from mcpchain.settings.docker import DockerSettings, Login
from mcpchain.signature import Status, Verification
from mcpchain.verify.oci import verify_image
from tests.world.oci import (
    BUNDLE,
    CONFIG,
    INDEX,
    MANIFEST,
    Layer,
    bundled,
    cosign,
    cosign_attest,
    descriptor,
    digest_of,
    image,
    index,
    manifest,
    of_image,
    simple_signing,
)
from tests.world.sigstore.instance import Instance
from tests.world.sigstore.minting import ISSUER, Minter

PROGRAM = shutil.which("docker-registry")
INSTANCE = Instance()
ROOT = parse_root(INSTANCE.trusted_root(), name="test")
TRUST = Trust(root=ROOT, expected=Expected(issuer=ISSUER, repository="acme/files"))
IMAGE = image()
DIGEST = digest_of(IMAGE)
TAG = DIGEST.replace(":", "-")
FILES = b"the files of files"
HASHED = "me:$2y$05$abcdefghijklmnopqrstuuOQiyCxlgf/oeuTqixKmWdcYUh4Hjl0a"
"""`me:secret`, as htpasswd writes it."""
BASIC = {"Authorization": "Basic bWU6c2VjcmV0"}


@pytest.fixture(autouse=True)
def installed() -> None:
    if PROGRAM:
        return
    reason = "docker-registry is not installed (`apt-get install docker-registry`)"
    if os.environ.get("MCPCHAIN_NEEDS_REGISTRY"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def running(folder: Path, auth: str = "{}") -> Iterator[str]:
    """Start a registry on a port of its own choice, and yield its host."""
    config = folder / "config.yml"
    config.write_text(
        "version: 0.1\n"
        "log: {accesslog: {disabled: true}}\n"
        f"storage: {{filesystem: {{rootdirectory: {folder / 'data'}}}}}\n"
        f"auth: {auth}\n"
        "http: {addr: '127.0.0.1:0'}\n"
    )
    with subprocess.Popen(
        [PROGRAM or "", "serve", config],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
    ) as process:
        try:
            assert process.stderr is not None
            yield _host(process.stderr)
        finally:
            process.terminate()


def _host(log: IO[str]) -> str:
    for line in log:
        if found := re.search(r"listening on (127\.0\.0\.1:\d+)", line):
            # It would stop when nobody reads what it has to say.
            threading.Thread(target=log.read).start()
            return found[1]
    pytest.fail("docker-registry did not start")


class Pushed:
    """A repository in it, and somebody who may push."""

    def __init__(self, host: str, headers: dict[str, str] | None = None) -> None:
        self.name = f"{host}/acme/files"
        self._host = host
        self._headers = headers or {}

    def _send(self, method: str, path: str, data: bytes = b"", kind: str = "") -> str:
        connection = http.client.HTTPConnection(self._host, timeout=10)
        try:
            headers = self._headers | {"Content-Type": kind}
            connection.request(method, path, data, headers)
            answer = connection.getresponse()
            body = answer.read()
            assert answer.status in {201, 202}, body
            return answer.headers["Location"]
        finally:
            connection.close()

    def blob(self, data: bytes) -> None:
        started = self._send("POST", "/v2/acme/files/blobs/uploads/")
        parts = urlsplit(started)
        path = f"{parts.path}?{parts.query}&digest={digest_of(data)}"
        self._send("PUT", path, data, "application/octet-stream")

    def manifest(self, data: bytes, reference: str = "", kind: str = MANIFEST) -> None:
        where = reference or digest_of(data)
        self._send("PUT", f"/v2/acme/files/manifests/{where}", data, kind)

    def image(self) -> None:
        self.blob(CONFIG)
        self.blob(FILES)
        self.manifest(IMAGE, "1.2.0")

    def attach(self, suffix: str, layer: Layer) -> None:
        self.blob(layer.data)
        self.manifest(manifest(layer), f"{TAG}.{suffix}")

    def refer(self, layer: Layer) -> None:
        self.blob(layer.data)
        about = descriptor(IMAGE, MANIFEST)
        data = manifest(layer, artifactType=BUNDLE, subject=about)
        self.manifest(data)
        listed = index(descriptor(data, MANIFEST, artifactType=BUNDLE))
        self.manifest(listed, TAG, INDEX)


@pytest.fixture
def pushed(tmp_path: Path) -> Iterator[Pushed]:
    with running(tmp_path) as host:
        made = Pushed(host)
        made.image()
        yield made


def answers(
    pushed: Pushed,
    settings: DockerSettings = DockerSettings(),  # noqa: B008 - frozen
) -> list[Verification]:
    with Fetcher() as fetcher:
        source = Registry(fetcher, pushed.name, settings)
        digest = source.resolve("1.2.0")
        assert str(digest) == DIGEST
        return [*verify_image(collect(source, digest), TRUST)]


def minter(*entries: str) -> Minter:
    return Minter(instance=INSTANCE, entries=entries or ("hashedrekord/0.0.1",))


def test_an_image_to_which_nothing_is_attached_is_unsigned(pushed: Pushed) -> None:
    (found,) = answers(pushed)
    assert (found.status, found.reason) == (
        Status.MISSING,
        "no signature is attached to it",
    )


def test_what_is_attached_in_all_three_places_is_found(pushed: Pushed) -> None:
    pushed.attach("sig", cosign(minter(), simple_signing(DIGEST)))
    attested = cosign_attest(minter("intoto/0.0.1"), of_image(IMAGE))
    pushed.attach("att", attested)
    pushed.refer(bundled(minter("dsse/0.0.1").attest(of_image(IMAGE))))
    assert [(each.status, each.kind) for each in answers(pushed)] == [
        (Status.VERIFIED, "oci-signature"),
        (Status.VERIFIED, "oci-attestation"),
        (Status.VERIFIED, "oci-bundle"),
    ]


def test_what_is_signed_for_another_image_is_refused(pushed: Pushed) -> None:
    evil = digest_of(image("evil"))
    pushed.attach("sig", cosign(minter(), simple_signing(evil)))
    (found,) = answers(pushed)
    assert (found.status, f"image `{evil}`" in found.reason) == (Status.INVALID, True)


def test_an_image_that_is_not_there_is_not_unsigned(pushed: Pushed) -> None:
    gone = Digest.parse(digest_of(image("gone")))
    with Fetcher() as fetcher, pytest.raises(SourceError) as caught:
        collect(Registry(fetcher, pushed.name, DockerSettings()), gone)
    assert caught.value.status is Status.ERROR
    assert caught.value.reason == f"`{pushed.name}` has no image `{gone}`"


def test_an_index_and_its_image_are_two(pushed: Pushed) -> None:
    pushed.attach("sig", cosign(minter(), simple_signing(DIGEST)))
    outer = index(descriptor(IMAGE, MANIFEST))
    pushed.manifest(outer, kind=INDEX)
    with Fetcher() as fetcher:
        source = Registry(fetcher, pushed.name, DockerSettings())
        found = collect(source, Digest.parse(digest_of(outer)))
    assert [each.status for each in verify_image(found, TRUST)] == [Status.MISSING]


def test_a_login_is_presented_to_it(tmp_path: Path) -> None:
    users = tmp_path / "users"
    users.write_text(f"{HASHED}\n")
    auth = f"{{htpasswd: {{realm: test, path: {users}}}}}"
    with running(tmp_path, auth) as host:
        made = Pushed(host, BASIC)
        made.image()
        made.attach("sig", cosign(minter(), simple_signing(DIGEST)))
        known = Login(host=host, user="me", password=json.loads('"secret"'))
        (found,) = answers(made, DockerSettings(logins=(known,)))
        assert found.status is Status.VERIFIED
        with pytest.raises(SourceError) as caught:
            answers(made)
    assert caught.value.status is Status.ERROR
    assert "no login" in caught.value.reason
