"""Private keys in files: which are accepted, and what is said of the others.

Nothing of a key or a passphrase is ever shown.
"""

import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.errors import UsageError

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PrivateKeyTypes

_LIMIT: Final = 64 << 10
_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def load(path: Path, passphrase: Callable[[], str | None]) -> "PrivateKeyTypes":
    """Return the private key in *path*, a PEM file.

    Args:
        path: Where it is. Nobody but its owner may read it.
        passphrase: Asked for the passphrase of an encrypted one; it may have none.

    Raises:
        UsageError: It cannot be read or used, and why.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    data, mode = _read(path)
    if b"-----BEGIN PUBLIC KEY" in data:
        raise UsageError(
            f"`{path}` is a public key, which signs nothing",
            hint="name the private key that belongs to it",
        )
    if os.name == "posix" and stat.S_ISREG(mode) and mode & _OTHERS:
        raise UsageError(
            f"the private key `{path}` can be read by others than its owner",
            hint=f"chmod 600 {path}",
        )
    encrypted = b"ENCRYPTED" in data
    secret = passphrase() if encrypted else None
    if encrypted and not secret:
        raise UsageError(
            f"the key in `{path}` is encrypted",
            hint="give its passphrase in the variable MCPCHAIN_KEY_PASSPHRASE",
        )
    try:
        key = load_pem_private_key(data, secret.encode() if secret else None)
        keys.check(key.public_key())
    except keys.WeakKeyError as error:
        raise UsageError(f"`{path}`: {error}", hint="make another key") from None
    except (UnsupportedAlgorithm, TypeError, ValueError):
        what, hint = "it is no private key in PEM", "name a file that begins with "
        hint += (
            "`-----BEGIN PRIVATE KEY-----` or `-----BEGIN ENCRYPTED PRIVATE KEY-----`"
        )
        if encrypted:
            what = "the passphrase is wrong, or the file damaged"
            hint = "give the passphrase that it was made with"
        raise UsageError(f"`{path}` cannot be used: {what}", hint=hint) from None
    return key


def _read(path: Path) -> tuple[bytes, int]:
    try:
        with path.open("rb") as stream:
            mode = os.fstat(stream.fileno()).st_mode
            data = stream.read(_LIMIT)
    except OSError as error:
        hint = "check who may read it"
        if isinstance(error, FileNotFoundError):
            hint = "name a key that is there; `mcpchain key generate -o NAME` makes one"
        raise UsageError(
            f"`{path}` cannot be read: {error.strerror}", hint=hint
        ) from None
    return data, mode
