"""The network door, in front of servers that misbehave."""

import contextlib
import datetime as dt
import gc
import gzip
import hashlib
import shutil
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpchain.address import Credential, Route
from mcpchain.artifact import Algorithm
from mcpchain.fetch import ChallengeError, Fetcher, FetchError, Request, Response
from mcpchain.inventory import State
from tests.world.server import Place, Server
from tests.world.world import World


def place(world: World, path: str = "/x") -> Place:
    return world.server.place(path)


def refused(
    world: World, request: Request, fetcher: Fetcher | None = None
) -> FetchError:
    with fetcher or world.fetcher() as door, pytest.raises(FetchError) as caught:
        door.fetch(request)
    assert caught.value.hint
    return caught.value


def at(world: World, path: str = "/x", **fields: Any) -> Request:  # noqa: ANN401 - Request's
    return Request(url=f"{world.server.address}{path}", **fields)


def test_an_answer_comes_with_its_address_type_and_body(world: World) -> None:
    place(world).answer(200, b"[1]")
    with world.fetcher() as fetcher:
        got = fetcher.fetch(at(world))
    assert got == Response(
        url=f"{world.server.address}/x", media_type="application/json", body=b"[1]"
    )
    assert got.document().value == [1]


def test_a_compressed_answer_is_read(world: World) -> None:
    place(world).answer_json({"a": "b" * 10_000}).zipped()
    with world.fetcher() as fetcher:
        assert fetcher.fetch(at(world)).document().at("a").text() == "b" * 10_000
    assert world.server.asked[0].headers["Accept-Encoding"] == "gzip"


@pytest.mark.parametrize("coding", ["br", "deflate", "zstd", "gzip, gzip", "\u00e4"])
def test_a_coding_that_was_not_asked_for_is_not_read(world: World, coding: str) -> None:
    place(world).encoded(coding, b"{}")
    assert refused(world, at(world)).state is State.UNREADABLE


def test_data_after_the_end_of_gzip_are_not_ignored(world: World) -> None:
    place(world).encoded("gzip", gzip.compress(b"{}") + b"{}")
    assert "do not end" in refused(world, at(world)).reason
    place(world).encoded("gzip", gzip.compress(b"{}")[:-3])
    assert "do not end" in refused(world, at(world)).reason


def test_a_bomb_is_stopped_by_what_it_becomes(world: World) -> None:
    place(world).gzip_bomb(1000)
    with world.fetcher() as fetcher:
        assert len(fetcher.fetch(at(world, limit=1000)).body) == 1000
    assert refused(world, at(world, limit=999)).state is State.LIMIT


def test_an_endless_body_ends_at_the_limit(world: World) -> None:
    place(world).endless()
    error = refused(world, at(world, limit=1 << 20))
    assert (error.state, "1,048,576" in error.reason) == (State.LIMIT, True)


@pytest.mark.parametrize("attack", [Place.slow, Place.drip, Place.drip_body])
def test_no_server_holds_us_longer_than_the_whole_time(
    world: World, attack: Callable[[Place], Place]
) -> None:
    attack(place(world))
    started = time.monotonic()
    error = refused(world, at(world, seconds=0.4))
    assert time.monotonic() - started < 3
    assert error.state is State.UNREACHABLE
    assert "did not answer in time" in error.reason
    assert len(world.server.asked) == 1


def test_a_body_that_breaks_off_is_asked_for_again(world: World) -> None:
    place(world).answer_json([]).promise(5).then(2)
    with world.fetcher() as fetcher:
        assert fetcher.fetch(at(world)).body == b"[]"
    assert world.waited == [0.5, 1.0]


@pytest.mark.parametrize("status", [429, 502, 503, 504])
def test_a_busy_server_is_asked_again_when_it_says(world: World, status: int) -> None:
    place(world).answer(status, Retry_After="7").then(2)
    with world.fetcher() as fetcher:
        assert fetcher.fetch(at(world)).body == b"{}"
    assert world.waited == [7.0, 7.0]


@pytest.mark.parametrize("when", ["Wed, 21 Oct 2015 07:28:00 GMT", "-1", "1e9", ""])
def test_a_wish_that_is_no_number_of_seconds_is_not_followed(
    world: World, when: str
) -> None:
    place(world).answer(503, Retry_After=when).then()
    with world.fetcher() as fetcher:
        fetcher.fetch(at(world))
    assert world.waited == [0.5]


def test_nobody_makes_us_wait_for_long(world: World) -> None:
    place(world).answer(429, Retry_After="3600")
    assert refused(world, at(world)).state is State.UNREACHABLE
    assert world.waited == []


def test_attempts_are_few(world: World) -> None:
    place(world).answer(503)
    refused(world, at(world))
    assert len(world.server.asked) == 3


@pytest.mark.parametrize("status", [400, 404, 418, 500, 501])
def test_other_failures_are_not_asked_about_again(world: World, status: int) -> None:
    place(world).answer(status, b"x" * 200_000)
    refused(world, at(world))
    assert len(world.server.asked) == 1


def test_a_server_that_nobody_reaches_is_given_up(world: World) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        dead = Request(url=f"http://127.0.0.1:{free.getsockname()[1]}/x")
    with world.fetcher() as fetcher:
        for _ in range(3):
            with pytest.raises(FetchError, match="cannot be reached: connection ref"):
                fetcher.fetch(dead)
        waited = len(world.waited)
        with pytest.raises(FetchError, match="was not asked") as caught:
            fetcher.fetch(dead)
        assert len(world.waited) == waited
        assert caught.value.state is State.UNREACHABLE
        place(world)
        assert fetcher.fetch(at(world)).body == b"{}"


def test_a_name_that_does_not_exist_is_unreachable(world: World) -> None:
    error = refused(world, Request(url=f"http://{'a' * 64}.invalid/"))
    assert error.state is State.UNREACHABLE


def test_what_is_sent_is_sent_once_and_its_answer_is_not_kept(world: World) -> None:
    place(world).answer(201, b"made", Cache_Control="max-age=600")
    asked = at(world, body=b"a request", content_type="text/x-request")
    with world.fetcher() as fetcher:
        assert [fetcher.fetch(asked).body for _ in range(2)] == [b"made", b"made"]
    first, _ = world.server.asked
    assert (first.body, first.headers["Content-Type"]) == (
        b"a request",
        "text/x-request",
    )


def test_what_is_sent_follows_no_redirect(world: World) -> None:
    place(world).redirect_to("/y", 307)
    error = refused(world, at(world, body=b"a request"))
    assert "redirects what it is sent" in error.reason
    assert world.server.paths() == ["/x"]


def test_created_is_no_answer_where_nothing_was_sent(world: World) -> None:
    place(world).answer(201, b"made")
    assert "answered 201" in refused(world, at(world)).reason


def test_redirects_are_followed_and_end(world: World) -> None:
    for n in range(6):
        place(world, f"/{n}").redirect_to(f"/{n + 1}", 307)
    place(world, "/6")
    with world.fetcher() as fetcher:
        assert fetcher.fetch(at(world, "/1")).url.endswith("/6")
    assert "more than 5" in refused(world, at(world, "/0")).reason


def test_a_loop_ends(world: World) -> None:
    place(world).redirect_to("/x")
    assert refused(world, at(world)).state is State.UNREACHABLE
    assert len(world.server.asked) == 6


@pytest.mark.parametrize(
    "target",
    [
        "file:///etc/passwd",
        "ftp://host.example/x",
        "gopher://host.example/",
        "http://good.example\\@evil.example/",
        "http://[::1/",
        "",
        "data:,x",
    ],
)
def test_a_redirect_never_leaves_http(world: World, target: str) -> None:
    place(world).redirect_to(target)
    error = refused(world, at(world))
    assert error.state is State.UNSUPPORTED
    assert "redirects to" in error.reason


@pytest.fixture
def elsewhere() -> Iterator[Server]:
    with Server() as server:
        yield server


def test_a_credential_stays_at_home(world: World, elsewhere: Server) -> None:
    login = Credential.basic(f"{world.server.address}/mine", "ada", "secret")
    place(world, "/mine/x").redirect_to("/mine/y")
    place(world, "/mine/y").redirect_to("/theirs")
    place(world, "/theirs").redirect_to(f"{elsewhere.address}/mine/x")
    elsewhere.place("/mine/x").redirect_to(f"{world.server.address}/mine/z")
    place(world, "/mine/z")
    with world.fetcher() as fetcher:
        fetcher.fetch(at(world, "/mine/x", credential=login))
    sent = {each.path: "Authorization" in each.headers for each in world.server.asked}
    assert sent == {
        "/mine/x": True,
        "/mine/y": True,
        "/theirs": False,
        "/mine/z": False,
    }
    assert "Authorization" not in elsewhere.asked[0].headers


def test_a_credential_does_not_travel_unencrypted(world: World) -> None:
    login = Credential.basic("http://host.example", "ada", "secret")
    error = refused(world, Request(url="http://host.example/x", credential=login))
    assert (error.state, "unencrypted" in error.reason) == (State.UNSUPPORTED, True)
    assert "secret" not in repr(login)


@pytest.mark.parametrize("url", ["file:///x", "x", "", "http://a b/", "//host/x"])
def test_only_http_is_fetched(world: World, url: str) -> None:
    assert refused(world, Request(url=url)).state is State.UNSUPPORTED


def test_secrets_of_an_address_are_not_repeated(world: World) -> None:
    place(world).answer(500)
    url = at(world).url.replace("//", "//ada:secret@") + "?token=secret"
    assert "secret" not in refused(world, Request(url=url)).reason


def test_offline_opens_no_connection(world: World, tmp_path: Path) -> None:
    cached(world)
    with world.fetcher(cache=tmp_path / "c") as fetcher:
        fetcher.fetch(at(world))
    offline = world.fetcher(cache=tmp_path / "c", offline=True)
    assert refused(world, at(world), offline).state is State.OFFLINE
    with pytest.raises(FetchError, match="offline"):
        offline.download(at(world), [Algorithm.SHA256])
    assert len(world.server.asked) == 1


def test_time_that_we_waste_ourselves_counts(world: World) -> None:
    place(world).answer(200, bytes(1 << 20))
    with world.fetcher() as fetcher, pytest.raises(FetchError, match="in time"):
        fetcher.download(
            at(world, seconds=0.2), [Algorithm.SHA256], lambda _: time.sleep(0.3)
        )


def test_many_are_fetched_at_once_in_order_and_one_failure_is_one(
    world: World,
) -> None:
    for n in range(50):
        place(world, f"/{n}").answer(200, str(n).encode())
    place(world, "/7").answer(500)
    seen: list[tuple[int, int]] = []
    with world.fetcher() as fetcher:
        got = fetcher.fetch_all(
            [at(world, f"/{n}") for n in range(50)],
            lambda index, answer: (index, answer.body),
            lambda done, total: seen.append((done, total)),
        )
        assert fetcher.fetch_all([], lambda _, answer: answer) == []
    assert isinstance(got[7], FetchError)
    assert [each for n, each in enumerate(got) if n != 7] == [
        (n, str(n).encode()) for n in range(50) if n != 7
    ]
    assert seen == [(n + 1, 50) for n in range(50)]


def test_connections_are_used_again(world: World) -> None:
    place(world).answer(404, b"not found")
    place(world, "/y").redirect_to("/z")
    place(world, "/z")
    before = threading.active_count()
    with world.fetcher() as fetcher:
        for path in ("/x", "/y", "/z", "/x", "/y"):
            with contextlib.suppress(FetchError):
                fetcher.fetch(at(world, path))
        assert threading.active_count() == before + 1


def test_a_download_is_hashed_as_it_is_delivered(world: World) -> None:
    data = bytes(200_000)
    place(world).encoded("gzip", data)
    sizes: list[int] = []
    with world.fetcher() as fetcher:
        got = fetcher.download(
            at(world), [Algorithm.SHA256, Algorithm.SHA512], sizes.append
        )
    assert [each.value for each in got.digests] == [
        hashlib.sha256(data).hexdigest(),
        hashlib.sha512(data).hexdigest(),
    ]
    assert got.size == sum(sizes) == len(data)
    assert world.server.asked[0].headers["Accept-Encoding"] == "identity"


@pytest.mark.parametrize(
    ("attack", "state"),
    [
        (lambda p: p.answer(404), State.MISSING),
        (lambda p: p.endless(), State.LIMIT),
        (lambda p: p.promise(9), State.UNREACHABLE),
        (lambda p: p.drip_body(), State.UNREACHABLE),
    ],
)
def test_a_download_that_is_not_whole_has_no_digest(
    world: World, attack: Callable[[Place], object], state: State
) -> None:
    attack(place(world))
    with world.fetcher() as fetcher, pytest.raises(FetchError) as caught:
        fetcher.download(at(world, limit=1 << 20, seconds=0.5), [Algorithm.SHA256])
    assert caught.value.state is state


def cached(world: World, **headers: str) -> Place:
    here = place(world)
    here.headers = headers or {"Cache-Control": "public, max-age=300"}
    return here


def fetch(world: World, cache: Path, now: float = 1e9, **fields: Any) -> bytes:  # noqa: ANN401 - Request's
    with world.fetcher(cache=cache, now=now) as fetcher:
        return fetcher.fetch(at(world, **fields)).body


@pytest.mark.parametrize(
    ("seconds", "questions"), [(0, 1), (299, 1), (300, 2), (-1, 2)]
)
def test_an_answer_is_used_while_it_is_fresh(
    world: World, tmp_path: Path, seconds: float, questions: int
) -> None:
    cached(world).answer_json([])
    assert fetch(world, tmp_path / "c") == b"[]"
    assert fetch(world, tmp_path / "c", 1e9 + seconds) == b"[]"
    assert len(world.server.asked) == questions


def test_no_answer_is_fresh_for_more_than_ten_minutes(
    world: World, tmp_path: Path
) -> None:
    cached(world, **{"Cache-Control": "max-age=99999999"})
    fetch(world, tmp_path / "c")
    fetch(world, tmp_path / "c", 1e9 + 599)
    fetch(world, tmp_path / "c", 1e9 + 601)
    assert len(world.server.asked) == 2


@pytest.mark.parametrize(
    ("name", "condition"), [("ETag", "If-None-Match"), ("Last-Modified", "If-Modified")]
)
def test_an_answer_that_has_not_changed_is_not_sent_again(
    world: World, tmp_path: Path, name: str, condition: str
) -> None:
    here = cached(world, **{name: '"v1"'}).answer_json([1])
    fetch(world, tmp_path / "c")
    here.answer_json([2])
    assert fetch(world, tmp_path / "c") == b"[1]"
    assert any(key.startswith(condition) for key in world.server.asked[1].headers)
    here.headers = {name: '"v2"'}
    assert fetch(world, tmp_path / "c") == b"[2]"


@pytest.mark.parametrize(
    "control", ["no-store", "private, max-age=300", "no-cache, max-age=300", ""]
)
def test_what_may_not_be_kept_is_asked_for_again(
    world: World, tmp_path: Path, control: str
) -> None:
    cached(world, **{"Cache-Control": control})
    fetch(world, tmp_path / "c")
    fetch(world, tmp_path / "c")
    assert len(world.server.asked) == 2
    assert list((tmp_path / "c").iterdir()) == []


def test_an_answer_to_a_login_is_not_kept(world: World, tmp_path: Path) -> None:
    cached(world)
    login = Credential.basic(world.server.address, "ada", "secret")
    fetch(world, tmp_path / "c", credential=login)
    fetch(world, tmp_path / "c", credential=login)
    assert len(world.server.asked) == 2


def test_answers_of_different_kinds_are_kept_apart(
    world: World, tmp_path: Path
) -> None:
    cached(world)
    fetch(world, tmp_path / "c", accept="a/b")
    fetch(world, tmp_path / "c", accept="c/d")
    assert len(world.server.asked) == 2


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data[:-1],
        lambda data: data + b" ",
        lambda data: data[:-1] + b"}",
        lambda _: b"",
        lambda _: b"\xff",
        lambda _: b"[]\n",
        lambda _: b"{}\n",
        lambda data: data.replace(b'"key"', b'"kex"'),
        lambda data: data.replace(b'"stored": 1', b'"stored": "1"1'),
        lambda data: data.replace(b'"etag": ""', b'"etag": null'),
        lambda data: data.replace(b'"max_age": 300.0', b'"max_age": "300.0"'),
        lambda data: data.replace(b'"etag": ""', b'"etag": "", "more": 1'),
        lambda data: data + b" " * 100_000,
    ],
)
def test_a_damaged_file_of_the_cache_is_as_good_as_none(
    world: World, tmp_path: Path, damage: Callable[[bytes], bytes]
) -> None:
    cached(world).answer_json([])
    fetch(world, tmp_path / "c")
    (file,) = (tmp_path / "c").iterdir()
    before = file.read_bytes()
    file.write_bytes(damage(before))
    assert file.read_bytes() != before
    assert fetch(world, tmp_path / "c", limit=1000) == b"[]"
    assert len(world.server.asked) == 2


def test_a_kept_answer_larger_than_the_limit_is_not_used(
    world: World, tmp_path: Path
) -> None:
    cached(world).answer_json(["x" * 100])
    fetch(world, tmp_path / "c")
    with pytest.raises(FetchError):
        fetch(world, tmp_path / "c", limit=50)


def test_a_cache_that_cannot_be_written_changes_no_answer(
    world: World, tmp_path: Path
) -> None:
    cached(world)
    fetch(world, tmp_path / "c")
    (file,) = (tmp_path / "c").iterdir()
    file.unlink()
    file.mkdir()
    assert fetch(world, tmp_path / "c") == b"{}"
    assert list((tmp_path / "c").iterdir()) == [file]


def test_a_link_in_the_cache_is_not_followed(world: World, tmp_path: Path) -> None:
    cached(world).answer_json([])
    fetch(world, tmp_path / "c")
    (file,) = (tmp_path / "c").iterdir()
    file.rename(tmp_path / "kept")
    file.symlink_to(tmp_path / "kept")
    fetch(world, tmp_path / "c")
    assert len(world.server.asked) == 2


def test_the_cache_is_for_its_owner_alone(world: World, tmp_path: Path) -> None:
    cached(world)
    fetch(world, tmp_path / "c")
    assert (tmp_path / "c").stat().st_mode & 0o777 == 0o700
    (file,) = (tmp_path / "c").iterdir()
    assert file.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("mode", [0o777, 0o720])
def test_a_folder_that_others_write_to_is_no_cache(
    world: World, tmp_path: Path, mode: int
) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    folder.chmod(mode)
    cached(world)
    fetch(world, folder)
    assert list(folder.iterdir()) == []


def test_a_cache_that_is_no_folder_is_none(world: World, tmp_path: Path) -> None:
    (tmp_path / "c").write_text("mine")
    (tmp_path / "d").symlink_to(tmp_path)
    cached(world)
    for name in ("c", "d"):
        assert fetch(world, tmp_path / name) == b"{}"
    assert (tmp_path / "c").read_text() == "mine"


def self_signed(folder: Path) -> Path:
    """Write a certificate for `localhost`, and its key into the same file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    cert = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(hours=1))
        .not_valid_after(now + dt.timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "cert.pem"
    pem = serialization.Encoding.PEM
    path.write_bytes(
        cert.public_bytes(pem)
        + key.private_bytes(
            pem,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return path


@pytest.fixture
def secure(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """A server with a certificate of its own, and that certificate."""
    cert = self_signed(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert)
    with Server() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.place("/x")
        server.place("/down").redirect_to("http://localhost/x")
        yield f"https://localhost:{server.server_address[1]}", cert


def test_a_root_that_the_user_names_is_trusted(
    world: World, secure: tuple[str, Path]
) -> None:
    address, cert = secure
    for route in (Route(roots=(cert,)), Route(more_roots=(cert,))):
        with world.fetcher(route=route) as fetcher:
            assert fetcher.fetch(Request(url=f"{address}/x")).body == b"{}"


@pytest.mark.skipif(shutil.which("openssl") is None, reason="needs openssl to hash it")
def test_a_folder_of_roots_is_trusted(world: World, secure: tuple[str, Path]) -> None:
    address, cert = secure
    folder = cert.parent / "roots"
    folder.mkdir()
    (folder / "cert.pem").write_bytes(cert.read_bytes())
    subprocess.run(["openssl", "rehash", str(folder)], check=True)
    with world.fetcher(route=Route(roots=(folder,))) as fetcher:
        assert fetcher.fetch(Request(url=f"{address}/x")).body == b"{}"


def test_a_certificate_that_nobody_vouches_for_is_refused(
    world: World, secure: tuple[str, Path]
) -> None:
    error = refused(world, Request(url=f"{secure[0]}/x"))
    assert error.state is State.UNREACHABLE
    assert "TLS failed" in error.reason


def test_a_certificate_of_another_host_is_refused(
    world: World, secure: tuple[str, Path]
) -> None:
    address, cert = secure
    other = address.replace("localhost", "127.0.0.1")
    fetcher = world.fetcher(route=Route(roots=(cert,)))
    assert "TLS failed" in refused(world, Request(url=f"{other}/x"), fetcher).reason


def test_a_redirect_never_gives_up_encryption(
    world: World, secure: tuple[str, Path]
) -> None:
    address, cert = secure
    fetcher = world.fetcher(route=Route(roots=(cert,)))
    error = refused(world, Request(url=f"{address}/down"), fetcher)
    assert (error.state, "unencrypted" in error.reason) == (State.UNSUPPORTED, True)


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_an_unusable_bundle_never_means_trust_in_all(
    world: World, secure: tuple[str, Path], tmp_path: Path, content: bytes | None
) -> None:
    bundle = tmp_path / "bundle.pem"
    if content is not None:
        bundle.write_bytes(content)
    fetcher = world.fetcher(route=Route(roots=(bundle,)))
    error = refused(world, Request(url=f"{secure[0]}/x"), fetcher)
    assert "`bundle.pem` cannot be used" in error.reason


def test_a_proxy_is_asked_with_its_own_login(world: World) -> None:
    proxy = world.server.address.replace("//", "//ada:secret@")
    route = Route(proxies=(("http", proxy), ("https", proxy)))
    with world.fetcher(route=route) as fetcher:
        for url in ("http://pypi.example/x", "https://pypi.example/x"):
            with pytest.raises(FetchError) as caught:
                fetcher.fetch(Request(url=url))
            assert "secret" not in caught.value.reason
    plain, tunnel = world.server.asked[0], world.server.asked[-1]
    assert plain.path == "http://pypi.example/x"
    assert tunnel.path == "CONNECT pypi.example:443"
    for asked in (plain, tunnel):
        assert asked.headers["Proxy-Authorization"] == "Basic YWRhOnNlY3JldA=="


def test_nothing_stays_open(world: World) -> None:
    place(world).answer(404, b"x")
    place(world, "/y").endless()
    with world.fetcher() as fetcher:
        for path in ("/x", "/y"):
            with pytest.raises(FetchError):
                fetcher.fetch(at(world, path, limit=1000))
    port = world.server.server_address[1]
    ours = [
        each
        for each in gc.get_objects()
        if isinstance(each, socket.socket)
        and each.fileno() >= 0
        and each.type == socket.SOCK_STREAM
        and _peer(each) == port
    ]
    assert ours == []


def _peer(sock: socket.socket) -> int:
    try:
        port: int = sock.getpeername()[1]
    except OSError:
        return 0
    return port


def test_who_wants_to_know_who_asks_says_what_it_wants(world: World) -> None:
    place(world).answer(401, WWW_Authenticate='Bearer realm="https://t.example"')
    error = refused(world, at(world))
    assert isinstance(error, ChallengeError)
    assert error.challenge == 'Bearer realm="https://t.example"'
    assert error.url == f"{world.server.address}/x"
    assert error.state is State.UNREACHABLE


def test_who_refuses_for_good_wants_nothing(world: World) -> None:
    place(world).answer(403, WWW_Authenticate='Bearer realm="https://t.example"')
    assert not isinstance(refused(world, at(world)), ChallengeError)


def test_an_answer_says_where_it_goes_on_also_from_the_cache(
    world: World, tmp_path: Path
) -> None:
    place(world).answer(200, b"1", Link='</y>; rel="next"', Cache_Control="max-age=60")
    with world.fetcher(cache=tmp_path / "http") as fetcher:
        links = [fetcher.fetch(at(world)).link for _ in range(2)]
    assert links == ['</y>; rel="next"'] * 2
    assert len(world.server.asked) == 1


def test_what_must_not_be_kept_is_asked_for_each_time(
    world: World, tmp_path: Path
) -> None:
    place(world).answer(200, b"1", Cache_Control="max-age=60")
    folder = tmp_path / "http"
    with world.fetcher(cache=folder) as fetcher:
        for _ in range(2):
            fetcher.fetch(at(world, keep=False))
    assert len(world.server.asked) == 2
    assert not folder.exists()


def test_the_door_costs_nothing_until_it_is_opened() -> None:
    program = (
        "import sys, mcpchain.fetch, mcpchain.registries, mcpchain.settings;"
        "print(sorted({'urllib3', 'requests', 'ssl', 'pypi_simple'} & {*sys.modules}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.strip() == "[]"


@settings(
    max_examples=60,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    deadline=None,
)
@given(answer=st.binary(max_size=300), headed=st.booleans())
def test_whatever_bytes_a_server_sends_are_read_or_refused(
    world: World, answer: bytes, *, headed: bool
) -> None:
    head = b"HTTP/1.1 200 OK\r\n" if headed else b""
    place(world).raw(head + answer)
    # Anything but a FetchError fails this test.
    with world.fetcher() as fetcher, contextlib.suppress(FetchError):
        fetcher.fetch(at(world, seconds=5)).document()
