"""As much DER (X.690) as a timestamp needs to be written."""

from collections.abc import Iterable

SEQUENCE, SET, OCTETS, INTEGER, TRUE = 0x30, 0x31, 0x04, 0x02, b"\x01\x01\xff"


def tlv(tag: int, content: bytes) -> bytes:
    """Return a value with its tag and length."""
    length = len(content)
    if length < 0x80:
        return bytes([tag, length]) + content
    size = (length.bit_length() + 7) // 8
    return bytes([tag, 0x80 | size]) + length.to_bytes(size) + content


def sequence(*parts: bytes) -> bytes:
    return tlv(SEQUENCE, b"".join(parts))


def set_of(parts: Iterable[bytes]) -> bytes:
    return tlv(SET, b"".join(sorted(parts)))


def octets(data: bytes) -> bytes:
    return tlv(OCTETS, data)


def integer(value: int) -> bytes:
    return tlv(INTEGER, value.to_bytes(value.bit_length() // 8 + 1))


def oid(dotted: str) -> bytes:
    first, second, *rest = map(int, dotted.split("."))
    content = b""
    for number in (first * 40 + second, *rest):
        septets = [number & 0x7F]
        while number := number >> 7:
            septets.append(number & 0x7F | 0x80)
        content += bytes(reversed(septets))
    return tlv(0x06, content)


def utf8(text: str) -> bytes:
    return tlv(0x0C, text.encode())
