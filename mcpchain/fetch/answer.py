"""Read an answer: its status, its headers and its body, none of them trusted.

Imports urllib3, so it is itself imported when the first answer is there.
"""

import hashlib
import re
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import urljoin

from urllib3 import BaseHTTPResponse, exceptions

from mcpchain.address import is_http, plain
from mcpchain.artifact import Algorithm, Digest
from mcpchain.fetch.cache import Entry
from mcpchain.fetch.message import (
    RETRY,
    ChallengeError,
    Download,
    FetchError,
    Request,
    TransientError,
    unreadable,
)
from mcpchain.inventory import State

_BLOCK: Final = 64 << 10
_FRESH: Final = 600.0
"""Seconds for which an answer is used without asking, whatever its sender allows."""
_LINK: Final = 4096
"""How many characters of a header are kept that says where an answer goes on."""
_BUSY: Final = frozenset({429, 502, 503, 504})
_GONE: Final = frozenset({404, 410})
_REFUSED: Final = frozenset({401, 403, 407})
NOT_MODIFIED: Final = 304


def failure(where: str, error: Exception) -> TransientError:
    """Say what a failed exchange was, and whether to try again at once."""
    if isinstance(error, exceptions.ReadTimeoutError | TimeoutError):
        # Not again: a server that is slow on purpose would cost us every attempt.
        reason = f"`{where}` did not answer in time"
        return TransientError(reason, again=False, answered=False)
    if isinstance(
        error, exceptions.NewConnectionError | exceptions.ConnectTimeoutError
    ):
        reason = f"`{where}` cannot be reached: {why(error)}"
        return TransientError(reason, answered=False)
    reason = f"`{where}` broke off: {why(error)}"
    return TransientError(reason, answered=True)


def why(error: BaseException) -> str:
    """Name the innermost cause, without addresses or object ids."""
    seen = 0
    while (cause := error.__cause__ or error.__context__) and seen < 10:  # noqa: PLR2004
        error, seen = cause, seen + 1
    words = re.sub(r"^\[[^]]*\] ?", "", str(error)) or type(error).__name__
    return re.sub(r"[^\x20-\x7e]|<[^>]*>", " ", words)[:140].strip().lower()


def target(url: str, location: str) -> str:
    """Return the address that a redirect from *url* leads to.

    Raises:
        FetchError: It leads out of HTTP, or from https to http.
    """
    hint = "check the address, and what stands in front of it"
    try:
        target = urljoin(url, location)
    except ValueError:
        target = ""
    if not location or not is_http(target):
        raise FetchError(
            State.UNSUPPORTED,
            f"`{plain(url)}` redirects to `{plain(location)}`, not an HTTP address",
            hint=hint,
        )
    if url.startswith("https:") and not target.startswith("https:"):
        raise FetchError(
            State.UNSUPPORTED,
            f"`{plain(url)}` redirects to unencrypted `{plain(target)}`",
            hint=hint,
        )
    return target


def expect_success(answer: BaseHTTPResponse, url: str, *, sent: bool = False) -> None:
    """Raise the error that the status of *answer* stands for, if it does for one.

    Args:
        answer: Of which only the head has been read.
        url: Who answers.
        sent: Whether it was sent something, of which it may have made something (201).
    """
    status, where = answer.status, plain(url)
    if status == 200 or (sent and status == 201):  # noqa: PLR2004  (a whole answer)
        return
    if status in _GONE:
        raise FetchError(
            State.MISSING,
            f"`{where}` answered {status} (not found)",
            hint="check the name, and whether this registry should have it",
        )
    if status in _REFUSED:
        reason = f"`{where}` answered {status} (not allowed)"
        hint = "check the credentials for it in your configuration"
        if status == 401:  # noqa: PLR2004
            wanted = answer.headers.get("WWW-Authenticate", "")[:_LINK]
            raise ChallengeError(reason, hint=hint, url=url, challenge=wanted)
        raise FetchError(State.UNREACHABLE, reason, hint=hint)
    if status == 406:  # noqa: PLR2004
        raise FetchError(
            State.UNSUPPORTED,
            f"`{where}` answered 406: it does not offer JSON",
            hint="use an index that offers its pages as JSON (PEP 691)",
        )
    if status in _BUSY:
        text = answer.headers.get("Retry-After", "")
        wait = float(text) if re.fullmatch(r"\d{1,6}", text) else 0.0
        reason = f"`{where}` answered {status}"
        raise TransientError(reason, wait=wait, answered=True)
    raise FetchError(State.UNREACHABLE, f"`{where}` answered {status}", hint=RETRY)


def blocks(answer: BaseHTTPResponse, url: str) -> Iterator[bytes]:
    """Yield the body as it is delivered."""
    try:
        while block := answer.read(_BLOCK, decode_content=False):
            yield block
    except (exceptions.HTTPError, OSError) as error:
        raise failure(plain(url), error) from error


def digested(
    answer: BaseHTTPResponse,
    url: str,
    limit: int,
    algorithms: Sequence[Algorithm],
    progress: Callable[[int], None] | None,
) -> Download:
    """Return the digests of the body as it is delivered.

    Raises:
        FetchError: It is not whole, or larger than *limit* bytes.
    """
    expect_success(answer, url)
    hashes = [(each, hashlib.new(each.value)) for each in algorithms]
    size = 0
    for block in blocks(answer, url):
        size += len(block)
        if size > limit:
            raise too_large(url, limit)
        for _, state in hashes:
            state.update(block)
        if progress:
            progress(len(block))
    digests = (Digest(algorithm=a, value=h.hexdigest()) for a, h in hashes)
    return Download(digests=tuple(digests), size=size)


def _body(answer: BaseHTTPResponse, url: str, limit: int) -> bytes:
    """Return the whole body, decompressed, within *limit* bytes."""
    coding = answer.headers.get("Content-Encoding", "identity").strip().lower()
    if coding not in {"identity", "gzip", "x-gzip"}:
        raise unreadable(
            plain(url), f"sent as `{coding[:40]}`, which was not asked for"
        )
    squeezed = coding != "identity"
    inflate = zlib.decompressobj(zlib.MAX_WBITS | 16)
    parts, size = [], 0
    for block in blocks(answer, url):
        try:
            part = inflate.decompress(block, limit + 1 - size) if squeezed else block
        except zlib.error as error:
            raise unreadable(plain(url), "not the gzip data it claims") from error
        size += len(part)
        if size > limit or inflate.unconsumed_tail:
            raise too_large(url, limit)
        parts.append(part)
    if squeezed and (not inflate.eof or inflate.unused_data):
        raise unreadable(plain(url), "its gzip data do not end where the answer ends")
    return b"".join(parts)


def too_large(url: str, limit: int) -> FetchError:
    """Make the error for an answer of more than *limit* bytes."""
    return FetchError(
        State.LIMIT,
        f"`{plain(url)}` answered more than {limit:,} bytes",
        hint="check that this address is what it should be",
    )


def release(answer: BaseHTTPResponse) -> None:
    """Give the connection back where little is left to read; otherwise close it."""
    length = answer.headers.get("Content-Length", "")
    short = re.fullmatch(r"\d{1,6}", length) and int(length) <= _BLOCK
    if answer.status == NOT_MODIFIED or (answer.status >= _BODILESS and short):
        # Cheaper than a new connection; as bounded in time as every other read.
        answer.drain_conn()
    if not answer.closed:
        answer.close()
    answer.release_conn()


_BODILESS: Final = 300
"""From this status on nobody reads the body."""


def received(answer: BaseHTTPResponse, url: str, request: Request, now: float) -> Entry:
    """Return the whole answer.

    Raises:
        FetchError: Its status or its body is not that of a whole answer.
    """
    expect_success(answer, url, sent=bool(request.body))
    headers = answer.headers
    return Entry(
        url=url,
        media_type=headers.get("Content-Type", "").partition(";")[0].strip().lower(),
        stored=now,
        max_age=_max_age(headers.get("Cache-Control", "")),
        etag=_validator(headers.get("ETag", "")),
        last_modified=_validator(headers.get("Last-Modified", "")),
        link=headers.get("Link", "")[:_LINK],
        body=_body(answer, url, request.limit),
    )


def renewed(kept: Entry, answer: BaseHTTPResponse, now: float) -> Entry:
    """Return *kept*, which the server says is still what it would answer."""
    max_age = _max_age(answer.headers.get("Cache-Control", ""))
    return replace(kept, stored=now, max_age=max_age)


def _validator(value: str) -> str:
    """Return *value* if it can be sent back in a header."""
    return value if re.fullmatch(r"[\x20-\x7e]{1,200}", value) else ""


def _max_age(control: str) -> float:
    """Read how long an answer stays fresh; negative if it must not be kept."""
    control = control.lower()
    if "no-store" in control or "private" in control:
        return -1.0
    found = re.search(r"\bmax-age=(\d{1,9})", control)
    if found is None or "no-cache" in control:
        return 0.0
    return min(float(found[1]), _FRESH)
