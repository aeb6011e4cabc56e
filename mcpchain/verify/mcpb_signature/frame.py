"""Where the signature of an MCP bundle stands, and what it is about.

    zip, `MCPB_SIG_V1`, length (32 bits, little-endian), PKCS #7, `MCPB_SIG_END`

A program that opens the bundle looks for the end of the zip from the back, and programs
differ in what they take for it. So it must be where the signature begins, and nowhere
else: one in the signature would make another zip of a bundle whose signature holds.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO, Final

from mcpchain.bundle.refusal import RefusedError
from mcpchain.signature import Status

_CHECK: Final = "frame"
_HEAD: Final = b"MCPB_SIG_V1"
_FOOT: Final = b"MCPB_SIG_END"
_WIDTH: Final = 4
_LONGEST: Final = 1 << 20
"""How many bytes of PKCS #7 are read; it holds a few certificates."""
_END: Final = b"PK\x05\x06"
_END_SIZE: Final = 22
_COMMENT: Final = 20
"""Where in the end of a zip the length of the comment stands, as 16 bits."""
_COMMENTS: Final = 1 << 16
_BLOCK: Final = 1 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """A signature in its place."""

    start: int
    """Where it begins, and what is signed ends."""
    size: int
    """Of all of it."""
    message: bytes
    """PKCS #7."""
    end: int
    """Where the end of the zip stands."""
    comment: int
    """The length of the zip's comment, as it stands."""
    covers: bool
    """Whether the zip counts the signature as part of its comment."""


def find(stream: BinaryIO, size: int) -> Frame | None:
    """Return where the signature of a bundle stands; `None` if it has none.

    Args:
        stream: The bundle. Where it stands is not kept.
        size: How many bytes it has.

    Raises:
        RefusedError: There is something like a signature, or no zip.
    """
    offset = max(0, size - _LONGEST - _COMMENTS - _END_SIZE - len(_HEAD + _FOOT) - 4)
    stream.seek(offset)
    tail = stream.read(size - offset)
    if not tail.endswith(_FOOT):
        _check_unsigned(tail)
        return None
    starts = [
        at
        for at in _places(tail, _HEAD)
        if at + len(_HEAD) + _WIDTH + _length(tail, at) + len(_FOOT) == len(tail)
    ]
    if len(starts) != 1:
        problem = "no signature ends" if not starts else "two signatures end"
        raise RefusedError(_CHECK, f"{problem} where the bundle does")
    (start,) = starts
    message = tail[start + len(_HEAD) + _WIDTH : -len(_FOOT)]
    if _HEAD in message or _FOOT in message:
        raise RefusedError(_CHECK, "a second signature stands in the first")
    end, comment = _end(tail, start)
    return Frame(
        start=offset + start,
        size=len(tail) - start,
        message=message,
        end=offset + end,
        comment=comment,
        covers=end + _END_SIZE + comment == len(tail),
    )


def _length(tail: bytes, at: int) -> int:
    written = tail[at + len(_HEAD) : at + len(_HEAD) + _WIDTH]
    return int.from_bytes(written, "little")


def _places(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def _comment(tail: bytes, end: int) -> int:
    return int.from_bytes(tail[end + _COMMENT : end + _END_SIZE], "little")


def _check_unsigned(tail: bytes) -> None:
    """Make sure that it is a zip and nothing else.

    A signature that was cut off, or has something behind it, is no missing one.
    """
    ends = [*_places(tail, _END)]
    for end in ends:
        behind = end + _END_SIZE
        if tail.startswith(_HEAD, behind) or tail.startswith(
            _HEAD, behind + _comment(tail, end)
        ):
            raise RefusedError(_CHECK, "its signature is cut off, or has an addition")
    if not any(end + _END_SIZE + _comment(tail, end) == len(tail) for end in ends):
        problem = "it is no zip archive" if not ends else "something follows the zip"
        raise RefusedError(_CHECK, problem, Status.UNVERIFIABLE)


def _end(tail: bytes, start: int) -> tuple[int, int]:
    """Return where the end of the zip stands, and the length of its comment."""
    ends = [*_places(tail, _END)]
    if not ends:
        raise RefusedError(_CHECK, "what is signed is no zip archive")
    last = ends.pop()
    if last >= start:
        raise RefusedError(_CHECK, "the end of another zip stands in the signature")
    fits = {start, len(tail)}
    if last + _END_SIZE + _comment(tail, last) not in fits:
        raise RefusedError(_CHECK, "the zip does not end where the signature begins")
    if any(end + _END_SIZE + _comment(tail, end) in fits for end in ends):
        raise RefusedError(_CHECK, "two zips end where the signature begins")
    return last, _comment(tail, last)


def digests(
    stream: BinaryIO, frame: Frame, count: Callable[[int], None] | None = None
) -> tuple[bytes, ...]:
    """Return the SHA-256 of what is signed, in each way that it can have been.

    Newer programs sign the zip, and then let its comment include the signature.

    Args:
        stream: The bundle.
        frame: Where its signature stands.
        count: Called with how many more bytes were hashed.
    """
    state = hashlib.sha256()
    stream.seek(0)
    for size in _blocks(frame.end + _COMMENT):
        state.update(stream.read(size))
        if count:
            count(size)
    rest = stream.read(frame.start - frame.end - _COMMENT)
    lengths = [frame.comment]
    if frame.covers:
        lengths.append(frame.comment - frame.size)
    found = []
    for length in lengths:
        each = state.copy()
        each.update(length.to_bytes(2, "little") + rest[2:])
        found.append(each.digest())
    return tuple(found)


def _blocks(size: int) -> Iterator[int]:
    while size > 0:
        yield min(size, _BLOCK)
        size -= _BLOCK
