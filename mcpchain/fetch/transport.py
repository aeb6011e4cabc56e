"""One HTTP exchange through urllib3, within a time that nobody can stretch.

The only module that imports urllib3; it is itself imported when the first request is
made. urllib3 is used bare: no cookies, no environment, no redirects, no retries and no
decoding but ours.
"""

import http.client
import io
import socket
import ssl
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import ClassVar, Final, TypeVar

import urllib3
from urllib3 import exceptions
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Timeout

from mcpchain.address import Credential, Route, origin, plain
from mcpchain.fetch.answer import failure, release, target, why
from mcpchain.fetch.message import FetchError, Request
from mcpchain.inventory import State
from mcpchain.naming import bare_url

STALL: Final = 20.0
"""Seconds without a single byte after which a server is given up."""
REDIRECTS: Final = 5
_CONNECT: Final = 10.0
_REDIRECT: Final = frozenset({301, 302, 303, 307, 308})
_T = TypeVar("_T")

Answer = urllib3.BaseHTTPResponse


class Transport:
    """Connections to servers, kept open and shared between threads.

    Args:
        route: Proxies and CA bundles.
        size: How many connections to one server are kept.
        heard: Called with the address of every server that answers anything.
    """

    def __init__(
        self, route: Route, *, size: int, heard: Callable[[str], None]
    ) -> None:
        self._heard = heard
        self._route = route
        self._size = size
        self._clock = _Deadline()
        self._lock = threading.Lock()
        self._managers: dict[tuple[str | None, bool], urllib3.PoolManager] = {}

    def follow(
        self,
        request: Request,
        receive: Callable[[Answer, str], _T],
        headers: Mapping[str, str],
        until: float,
    ) -> _T:
        """Ask, go where the servers point, and return what *receive* makes of it.

        Args:
            request: Whom to ask for what.
            receive: Called with the answer, before its body is read, and its address.
            headers: Headers beside those that *request* implies.
            until: The `time.monotonic()` at which all of it ends, body included.

        Raises:
            FetchError: There is no usable answer.
        """
        url, credential = request.url, request.credential
        for _ in range(REDIRECTS + 1):
            sent = {"User-Agent": "mcpchain", "Accept": request.accept, **headers}
            if credential and credential.covers(url):
                sent["Authorization"] = credential.header
            if request.body:
                sent["Content-Type"] = request.content_type
            answer = self._open(url, sent, until, request.body)
            try:
                if answer.status not in _REDIRECT:
                    return receive(answer, url)
                if request.body:
                    raise FetchError(
                        State.UNSUPPORTED,
                        f"`{plain(url)}` redirects what it is sent elsewhere",
                        hint="use the address at which the redirects should end",
                    )
                onward = target(url, answer.headers.get("Location", ""))
            finally:
                release(answer)
            if origin(onward) != origin(url):
                credential = None
            url = onward
        raise FetchError(
            State.UNREACHABLE,
            f"`{plain(request.url)}` redirects more than {REDIRECTS} times",
            hint="use the address at which the redirects should end",
        )

    def close(self) -> None:
        """Close every connection."""
        for manager in self._managers.values():
            for key in manager.pools.keys():  # noqa: SIM118  (it cannot be iterated)
                # `clear` would leave it to the garbage collector.
                manager.pools[key].close()
            manager.clear()

    def _open(
        self, url: str, headers: Mapping[str, str], until: float, body: bytes
    ) -> Answer:
        """Send one request; return when the headers of its answer are read."""
        where = plain(url)
        self._clock.until = until
        left = max(until - time.monotonic(), 0.001)
        manager = self._manager(self._route.proxy(url), secure=url.startswith("https"))
        try:
            answer = manager.request(
                "POST" if body else "GET",
                url,
                body=body or None,
                headers=dict(headers),
                redirect=False,
                retries=False,
                preload_content=False,
                decode_content=False,
                timeout=Timeout(connect=min(_CONNECT, left), read=min(STALL, left)),
            )
        except exceptions.SSLError as error:
            raise FetchError(
                State.UNREACHABLE,
                f"`{where}`: TLS failed: {why(error)}",
                hint="if your network has a CA of its own, name it in SSL_CERT_FILE",
            ) from error
        except exceptions.HTTPError as error:
            raise failure(where, error) from error
        self._heard(url)
        return answer

    def _manager(self, proxy: str | None, *, secure: bool) -> urllib3.PoolManager:
        with self._lock:
            known = self._managers.get((proxy, secure))
            if known is None:
                known = self._make_manager(proxy, secure=secure)
                self._managers[proxy, secure] = known
            return known

    def _make_manager(self, proxy: str | None, *, secure: bool) -> urllib3.PoolManager:
        context = _context(self._route) if secure else None
        manager = (
            urllib3.PoolManager(maxsize=self._size, ssl_context=context)
            if proxy is None
            else urllib3.ProxyManager(
                bare_url(proxy),
                maxsize=self._size,
                ssl_context=context,
                proxy_headers=_proxy_headers(proxy),
            )
        )
        manager.pool_classes_by_scheme = _pool_classes(self._clock)
        return manager


def _proxy_headers(proxy: str) -> dict[str, str]:
    login = Credential.of(proxy)
    return {"Proxy-Authorization": login.header} if login else {}


def _context(route: Route) -> ssl.SSLContext:
    """Trust the user's CA bundles, or else what the system and certifi trust."""
    context = ssl.create_default_context()
    if route.roots:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    else:
        # Some Pythons come without access to the system's store.
        import certifi

        context.load_verify_locations(certifi.where())
    for bundle in (*route.roots, *route.more_roots):
        _load(context, bundle)
    return context


def _load(context: ssl.SSLContext, bundle: Path) -> None:
    try:
        if bundle.is_dir():
            context.load_verify_locations(capath=bundle)
        else:
            context.load_verify_locations(cafile=bundle)
    except OSError as error:  # ssl.SSLError is one
        reason = error.strerror or "it holds no certificate"
        raise FetchError(
            State.UNREACHABLE,
            f"the CA bundle `{bundle.name}` cannot be used: {reason}",
            hint="repair the setting that names it, or the file",
        ) from error


class _Deadline(threading.local):
    """When the exchange of this thread ends. Set before each exchange."""

    until: float = 0.0


class _Reader(io.RawIOBase):
    """Reads a socket until a deadline, however small the pieces that arrive.

    A socket's own timeout starts again with every byte, so that a server which drips
    would hold us for hours, in the headers as in the body.
    """

    def __init__(self, sock: socket.socket, until: float) -> None:
        self._sock = sock
        self._raw: io.RawIOBase = sock.makefile("rb", buffering=0)
        self._until = until

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview | bytearray") -> int | None:  # type: ignore[override]
        left = self._until - time.monotonic()
        if left <= 0:
            raise TimeoutError("the whole answer takes too long")
        self._sock.settimeout(min(left, STALL))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """A response whose every read ends at a deadline."""

    clock: ClassVar[_Deadline]

    def __init__(
        self, sock: socket.socket, debuglevel: int = 0, method: str | None = None
    ) -> None:
        super().__init__(sock, debuglevel, method)
        self.fp.close()
        self.fp = io.BufferedReader(_Reader(sock, self.clock.until))


def _pool_classes(deadline: _Deadline) -> dict[str, type[HTTPConnectionPool]]:
    """Return connection pools whose responses obey *deadline*."""

    class Timed(_Response):
        clock = deadline

    class Plain(HTTPConnection):
        response_class = Timed

    class Secure(HTTPSConnection):
        response_class = Timed

    class PlainPool(HTTPConnectionPool):
        ConnectionCls = Plain

    class SecurePool(HTTPSConnectionPool):
        ConnectionCls = Secure

    return {"http": PlainPool, "https": SecurePool}
