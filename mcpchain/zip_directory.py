"""How large the directory of a zip is, before anybody reads it.

zipfile reads the directory all at once, as many bytes as the end of the zip says.
"""

from typing import BinaryIO, Final

_END: Final = b"PK\x05\x06"
_END_64: Final = b"PK\x06\x06"
_LOCATOR: Final = b"PK\x06\x07"
_SIZE: Final = 22
_SIZE_64: Final = 56
_SIZE_LOCATOR: Final = 20
_WIDE: Final = 0xFFFFFFFF
"""In place of a number: it does not fit, and stands in the other end."""


def directory_size(stream: BinaryIO, size: int) -> int:
    """Return how many bytes a reader may take for the directory of a zip, at most.

    A large zip (Zip64) has a second end, which counts whatever the plain one says.
    zipfile looks for it before what leads to it, and newer versions where that leads.

    Args:
        stream: The zip. Where it stands is not kept.
        size: How many bytes it has.
    """
    start = max(0, size - (1 << 16) - _SIZE - _SIZE_LOCATOR - _SIZE_64)
    stream.seek(start)
    tail = stream.read(size - start)
    at = len(tail) - _SIZE
    if tail[max(0, at) :][:4] != _END or tail[-2:] != b"\0\0":
        at = tail.rfind(_END)
    if at < 0:
        return 0
    plain = int.from_bytes(tail[at + 12 : at + 16], "little")
    locator = tail[max(0, at - _SIZE_LOCATOR) : at]
    if not locator.startswith(_LOCATOR):
        return plain
    usual = start + at - _SIZE_LOCATOR - _SIZE_64
    told = int.from_bytes(locator[8:16], "little")
    lengths = [_large(stream, min(max(0, each), size)) for each in (usual, told)]
    # Without one in its usual place, there are readers that go by the plain end.
    known = [] if plain == _WIDE and lengths[0] is not None else [plain]
    return max(known + [each for each in lengths if each is not None])


def _large(stream: BinaryIO, place: int) -> int | None:
    """Return what the end of a large zip says, if one stands at *place*."""
    stream.seek(place)
    end = stream.read(_SIZE_64)
    return int.from_bytes(end[40:48], "little") if end.startswith(_END_64) else None
