"""What joblib's compressors and gzip packed, unpacked as it is read."""

import bz2
import gzip
import io
import lzma
import zlib
from typing import BinaryIO, Final

from mcpchain.discover.pickle_model.source import Stream

_BLOCK: Final = 64 << 10
SLOW: Final = 4
"""What a byte out of bzip2 or LZMA costs, next to one out of zlib."""


class _Inflated(io.RawIOBase):
    """A zlib stream as a file."""

    def __init__(self, stream: BinaryIO) -> None:
        self.stream = stream
        self.state = zlib.decompressobj()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data = b""
        while not data and not self.state.eof:
            packed = self.state.unconsumed_tail or self.stream.read(_BLOCK)
            data = self.state.decompress(packed, len(buffer))
            if not packed and not data:
                raise EOFError("the compressed data end too early")
        buffer[: len(data)] = data
        return len(data)


def unpacked(head: bytes, stream: BinaryIO) -> tuple[Stream, int] | None:
    """Return what is packed in *stream*, and what each byte of it costs.

    Args:
        head: The first bytes, which say what packed it.
        stream: All of it, from its start.

    Returns:
        `None` if nothing that we know packed it.
    """
    if head.startswith(b"\x1f\x8b"):
        return gzip.GzipFile(fileobj=stream), 1
    if head.startswith(b"BZh"):
        return bz2.BZ2File(stream), SLOW
    if head.startswith((b"\xfd7zXZ\0", b"\x5d\0\0")):
        opened = lzma.LZMAFile(stream)  # noqa: SIM115 - the caller owns the stream
        return opened, SLOW
    if head[:1] == b"\x78" and int.from_bytes(head[:2], "big") % 31 == 0:
        return io.BufferedReader(_Inflated(stream), _BLOCK), 1
    return None
