"""A file as what a signature is about: its digests, and its bytes where need be."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.bundle.verify import Artifact
from mcpchain.errors import State, UsageError
from mcpchain.tree.hashing import digests
from mcpchain.tree.unreadable import UnreadableError, guarded

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes

_MESSAGE: Final = 1 << 30
"""How many bytes of an artifact a key is given that signs no digest."""


def hashed(
    path: Path, count: Callable[[int], None], key: "PublicKeyTypes | None" = None
) -> Artifact:
    """Hash the file at *path*, by SHA-256 and by what *key* hashes with.

    Args:
        path: A regular file, perhaps by a link.
        count: Called with a number of bytes as they are done.
        key: Which key verifies or signs it.

    Raises:
        UnreadableError: It cannot be read, or changed while it was hashed.
    """
    name = keys.hash_of(key) if key is not None else ""
    names = ("sha256", name) if name else ("sha256",)

    def both() -> dict[str, bytes]:
        with path.open("rb") as stream:
            return digests(stream, path.name, names, count)

    found = guarded(path.name, both)

    def read() -> bytes:
        if path.stat().st_size > _MESSAGE:
            raise UsageError(
                f"`{path}` is too large for a key that signs no digest: more than "
                f"{_MESSAGE >> 20:,} MiB",
                hint="sign it with an ECDSA key",
            )
        data = path.read_bytes()
        if hashlib.sha256(data).digest() != found["sha256"]:
            raise UnreadableError(
                path.name,
                "it changed while it was read",
                State.UNREADABLE,
                hint="run again",
            )
        return data

    return Artifact(digests=found, read=read)
