"""Write the path of any file so that it can be printed, stored and read back.

A name may hold line breaks, control characters and bytes that are no UTF-8. In a report
such a name could pass for a line of its own; in JSON it could not be written at all.
"""

import re
from typing import Final

_ESCAPE: Final = re.compile(rb"%([0-9A-F]{2})")


def shown(name: str) -> str:
    """Return *name* with each character that cannot be printed as `%XX` of its bytes.

    A `%` that could be read as such an escape becomes `%25`; any other stays.

    Args:
        name: As the file system has it, undecodable bytes as surrogates (PEP 383).

    Raises:
        UnicodeEncodeError: It holds half a character, which no file name can.
    """
    if name.isprintable() and "%" not in name:
        return name
    return "".join(
        "".join(f"%{byte:02X}" for byte in each.encode("utf-8", "surrogateescape"))
        if not each.isprintable()
        or _ESCAPE.match(name[at : at + 3].encode("utf-8", "replace"))
        else each
        for at, each in enumerate(name)
    )


def raw(path: str) -> str:
    """Return the path as the file system has it: the inverse of `shown`."""
    if "%" not in path:
        return path
    data = _ESCAPE.sub(
        lambda match: bytes([int(match[1], 16)]),
        path.encode("utf-8", "surrogateescape"),
    )
    return data.decode("utf-8", "surrogateescape")
