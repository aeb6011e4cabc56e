"""The door to the network: bounded in time, size and hops, and closed when offline.

Whoever answers is not trusted: not to be quick, not to be short, not to be who was
asked for. Nothing is asked of the environment; proxies, roots and credentials are
handed in.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, Self, TypeVar

from mcpchain.address import Origin, Route, is_http, is_loopback, origin, plain
from mcpchain.artifact import Algorithm
from mcpchain.fetch.cache import Cache, Entry
from mcpchain.fetch.message import (
    DOCUMENT_LIMIT,
    FILE_LIMIT,
    RETRY,
    ChallengeError,
    Download,
    FetchError,
    Request,
    Response,
    TransientError,
    unreadable,
)
from mcpchain.inventory import State

if TYPE_CHECKING:
    from mcpchain.fetch.transport import Answer, Transport

__all__ = [
    "DOCUMENT_LIMIT",
    "FILE_LIMIT",
    "ChallengeError",
    "Download",
    "FetchError",
    "Fetcher",
    "Request",
    "Response",
    "unreadable",
]

THREADS: Final = 32
ATTEMPTS: Final = 3
_PATIENCE: Final = 10.0
"""Seconds that a server may make us wait before the next attempt."""
_FAILURES: Final = 3
"""Requests in a row that must go unanswered before a server counts as down."""
_T = TypeVar("_T")


class Fetcher:
    """Fetches what it is asked for, or says why not.

    Close it, or use it in a `with` statement. All methods but `close` may be called
    from several threads.

    Args:
        offline: Open no connection at all. Answers in the cache are not used either:
            an old answer must not read as today's.
        cache: A folder for answers; `None` keeps none.
        route: How the network is reached.
        clock: The time of day in POSIX seconds, for the age of answers.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        *,
        offline: bool = False,
        cache: Path | None = None,
        route: Route | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.offline = offline
        self._cache = Cache(cache) if cache is not None else None
        self._route = route or Route()
        self._clock = clock
        self._sleep = sleep
        self._lock = threading.Lock()
        self._opened: Transport | None = None
        self._unanswered: dict[Origin | None, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        if self._opened is not None:
            self._opened.close()

    def fetch(self, request: Request) -> Response:
        """Return the answer to *request*, from the server or a fresh copy.

        Raises:
            FetchError: There is no usable one.
        """
        self._refuse_unsafe(request)
        # Not where a credential is sent: the answer is for its owner alone.
        keep = request.keep and not request.body and request.credential is None
        cache = self._cache if keep else None
        kept = (
            cache.load(request.url, request.accept, limit=request.limit)
            if cache
            else None
        )
        age = self._clock() - kept.stored if kept else 0.0
        if kept and 0 <= age < kept.max_age:
            return _response(kept)

        from mcpchain.fetch import answer as read

        def receive(answer: "Answer", url: str) -> Entry:
            if kept and answer.status == read.NOT_MODIFIED:
                return read.renewed(kept, answer, self._clock())
            return read.received(answer, url, request, self._clock())

        entry = self._exchange(request, receive, _conditions(kept))
        if cache and entry.reusable:
            cache.store(request.url, request.accept, entry)
        return _response(entry)

    def fetch_all(
        self,
        requests: Sequence[Request],
        read: Callable[[int, Response], _T],
        progress: Callable[[int, int], None] | None = None,
    ) -> list[_T | FetchError]:
        """Fetch *requests* at once and return what *read* makes of each, in order.

        Args:
            requests: What to fetch.
            read: Called with the index of a request and its answer, in any thread.
                Answers are not kept, so that many large ones fit into memory.
            progress: Called with (done, in all), in this thread.
        """

        def one(index: int, request: Request) -> _T | FetchError:
            try:
                return read(index, self.fetch(request))
            except FetchError as error:
                return error

        if not requests:
            return []
        pool = ThreadPoolExecutor(min(THREADS, len(requests)))
        try:
            tasks = [pool.submit(one, *each) for each in enumerate(requests)]
            for done, _ in enumerate(as_completed(tasks), 1):
                if progress:
                    progress(done, len(tasks))
            return [task.result() for task in tasks]
        finally:
            # Who interrupts us does not wait for what has not begun.
            pool.shutdown(cancel_futures=True)

    def download(
        self,
        request: Request,
        algorithms: Sequence[Algorithm],
        progress: Callable[[int], None] | None = None,
    ) -> Download:
        """Read the file that *request* names, and return its digests.

        The bytes are hashed as they are delivered, never decoded.

        Args:
            request: What to download, and how much of it at most.
            algorithms: The digests to compute.
            progress: Called with the number of further bytes read.

        Raises:
            FetchError: It could not be read to its end.
        """
        self._refuse_unsafe(request)

        from mcpchain.fetch.answer import digested

        def receive(answer: "Answer", url: str) -> Download:
            return digested(answer, url, request.limit, algorithms, progress)

        return self._exchange(request, receive, {"Accept-Encoding": "identity"})

    def _transport(self) -> "Transport":
        from mcpchain.fetch.transport import Transport

        with self._lock:
            if self._opened is None:
                heard = partial(self._note, answered=True)
                self._opened = Transport(self._route, size=THREADS, heard=heard)
            return self._opened

    def _refuse_unsafe(self, request: Request) -> None:
        """Refuse what must not be sent at all."""
        where = plain(request.url)
        if self.offline:
            raise FetchError(
                State.OFFLINE,
                f"`{where}` was not asked (offline)",
                hint="run without `--offline`",
            )
        if not is_http(request.url):
            raise FetchError(
                State.UNSUPPORTED,
                f"`{where}` is not an HTTP address",
                hint="use an address that begins with https://",
            )
        if (
            request.credential
            and request.url.startswith("http:")
            and not is_loopback(request.url)
        ):
            raise FetchError(
                State.UNSUPPORTED,
                f"`{where}` was not asked: your credentials for it would travel "
                "unencrypted",
                hint="use https:// in its address",
            )

    def _exchange(
        self,
        request: Request,
        receive: Callable[["Answer", str], _T],
        headers: Mapping[str, str],
    ) -> _T:
        """Try until *receive* has an answer, the attempts or the time are used up."""
        until = time.monotonic() + request.seconds
        attempt = 0
        while True:
            self._refuse_down(request.url)
            attempt += 1
            try:
                return self._transport().follow(request, receive, headers, until)
            except TransientError as error:
                wait = max(error.wait, 0.25 * 2**attempt)
                late = wait > _PATIENCE or time.monotonic() + wait >= until
                if late or not error.again or attempt >= ATTEMPTS:
                    self._note(request.url, answered=error.answered)
                    raise
                self._sleep(wait)

    def _refuse_down(self, url: str) -> None:
        """Do not wait for a server that has kept everybody waiting."""
        with self._lock:
            down = self._unanswered.get(origin(url), 0) >= _FAILURES
        if down:
            raise FetchError(
                State.UNREACHABLE,
                f"`{plain(url)}` was not asked: its server did not answer "
                f"{_FAILURES} requests before this one",
                hint=RETRY,
            )

    def _note(self, url: str, *, answered: bool) -> None:
        with self._lock:
            before = self._unanswered.get(origin(url), 0)
            self._unanswered[origin(url)] = 0 if answered else before + 1


def _conditions(kept: Entry | None) -> dict[str, str]:
    headers = {"Accept-Encoding": "gzip"}
    if kept and kept.etag:
        headers["If-None-Match"] = kept.etag
    elif kept and kept.last_modified:
        headers["If-Modified-Since"] = kept.last_modified
    return headers


def _response(entry: Entry) -> Response:
    return Response(
        url=entry.url, media_type=entry.media_type, body=entry.body, link=entry.link
    )
