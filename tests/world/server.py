"""An HTTP server on loopback whose every address can be told to misbehave."""

import gzip
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self

_PIECE = b"a" * 65536


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    path: str
    headers: dict[str, str]
    body: bytes = b""


class Place:
    """One address, and how it answers."""

    def __init__(
        self, body: Callable[[], bytes] = lambda: b"{}", media: str = "application/json"
    ) -> None:
        self._body = body
        self._media = media
        self._script: list[Callable[[_Handler], None]] = []
        self._default: Callable[[_Handler], None] = self._plain
        self.headers: dict[str, str] = {}
        """Sent with every answer that is whole."""

    def then(self, number: int = 1) -> Self:
        """Let the attack that comes before end after *number* answers."""
        self._script = [self._default] * number
        self._default = self._plain
        return self

    def answer(self, status: int, body: bytes = b"", **headers: str) -> Self:
        extra = {name.replace("_", "-"): value for name, value in headers.items()}
        self._default = lambda to: to.send(status, body, self._media, extra)
        return self

    def answer_html(self) -> Self:
        page = b"<!DOCTYPE html><title>Sign in</title>"
        self._default = lambda to: to.send(200, page, "text/html; charset=utf-8", {})
        return self

    def answer_json(self, value: object) -> Self:
        self._body = lambda: json.dumps(value).encode()
        return self

    def redirect_to(self, address: str, status: int = 302) -> Self:
        return self.answer(status, Location=address)

    def slow(self) -> Self:
        """Never answer at all."""
        self._default = lambda to: to.wait()
        return self

    def drip(self) -> Self:
        """Answer with a header, one byte now and then, that never ends."""

        def drip(to: _Handler) -> None:
            to.close_connection = True
            to.wfile.write(b"HTTP/1.1 200 OK\r\nX-Slow: ")
            while not to.stopped(0.05):
                to.wfile.write(b"a")

        self._default = drip
        return self

    def drip_body(self) -> Self:
        def drip(to: _Handler) -> None:
            to.close_connection = True
            to.head(200, self._media, {"Content-Length": "100000"})
            while not to.stopped(0.05):
                to.wfile.write(b" ")

        self._default = drip
        return self

    def endless(self) -> Self:
        """Answer with a body that has no length and no end."""

        def endless(to: _Handler) -> None:
            to.head(200, self._media, {"Connection": "close"})
            while not to.stopped(0):
                to.wfile.write(_PIECE)

        self._default = endless
        return self

    def gzip_bomb(self, size: int) -> Self:
        bomb = gzip.compress(b" " * size, mtime=0)
        headers = {"Content-Encoding": "gzip"}
        self._default = lambda to: to.send(200, bomb, self._media, headers)
        return self

    def zipped(self) -> Self:
        headers = {"Content-Encoding": "gzip"}
        self._default = lambda to: to.send(
            200, gzip.compress(self._body(), mtime=0), self._media, headers
        )
        return self

    def encoded(self, coding: str, body: bytes) -> Self:
        headers = {"Content-Encoding": coding}
        self._default = lambda to: to.send(200, body, self._media, headers)
        return self

    def promise(self, more: int) -> Self:
        """Claim a length that is *more* than what comes, then hang up."""

        def cut(to: _Handler) -> None:
            body = self._body()
            length = {"Content-Length": str(len(body) + more)}
            to.head(200, self._media, length | {"Connection": "close"})
            to.wfile.write(body[: len(body) + min(more, 0)])

        self._default = cut
        return self

    def hang_up(self) -> Self:
        """Close the connection without a word."""

        def hang_up(to: _Handler) -> None:
            to.close_connection = True

        self._default = hang_up
        return self

    def raw(self, text: bytes) -> Self:
        """Answer with *text*, whatever it is, and hang up."""

        def raw(to: _Handler) -> None:
            to.close_connection = True
            to.wfile.write(text)

        self._default = raw
        return self

    def respond(self, to: "_Handler") -> None:
        (self._script.pop(0) if self._script else self._default)(to)

    def _plain(self, to: "_Handler") -> None:
        tag = self.headers.get("ETag")
        date = self.headers.get("Last-Modified")
        if (tag and to.headers.get("If-None-Match") == tag) or (
            date and to.headers.get("If-Modified-Since") == date
        ):
            to.head(304, self._media, self.headers)
        else:
            to.send(200, self._body(), self._media, self.headers)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    timeout = 5
    server: "Server"

    def do_GET(self) -> None:
        sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append(Asked(self.path, dict(self.headers), sent))
        place = self.server.places.get(self.path.partition("?")[0])
        self.server.stopped.wait(self.server.delay)
        try:
            if place is None:
                self.send(404, b"not found", "text/plain", {})
            else:
                place.respond(self)
        except OSError:
            self.close_connection = True

    def do_POST(self) -> None:
        self.do_GET()

    def do_CONNECT(self) -> None:
        self.server.asked.append(Asked(f"CONNECT {self.path}", dict(self.headers)))
        self.send(403, b"", "text/plain", {})

    def send(
        self, status: int, body: bytes, media: str, headers: dict[str, str]
    ) -> None:
        self.head(status, media, {"Content-Length": str(len(body))} | headers)
        self.wfile.write(body)

    def head(self, status: int, media: str, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": media} | headers).items():
            self.send_header(name, value)
        if headers.get("Connection") == "close":
            self.close_connection = True
        self.end_headers()

    def stopped(self, seconds: float) -> bool:
        return self.server.stopped.wait(seconds)

    def wait(self) -> None:
        self.close_connection = True
        self.stopped(30)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - theirs
        pass


class Server(ThreadingHTTPServer):
    """Listens from the moment it is made."""

    request_queue_size = 128
    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.places: dict[str, Place] = {}
        self.asked: list[Asked] = []
        self.stopped = threading.Event()
        self.delay = 0.0
        """How many seconds away it is."""
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))
        self.address = f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stopped.set()
        self.shutdown()
        self.server_close()
        self._thread.join()

    def place(self, path: str, place: Place | None = None) -> Place:
        return self.places.setdefault(path, place or Place())

    def paths(self) -> list[str]:
        return [each.path for each in self.asked]

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever is attacked may hang up."""
