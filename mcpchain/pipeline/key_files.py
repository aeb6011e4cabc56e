"""Make a key to sign with, and the public key that goes to whoever verifies."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Final

from mcpchain.bundle import keys
from mcpchain.errors import UsageError
from mcpchain.pipeline.writing import write_all
from mcpchain.sign import local_key

_OWNER: Final = 0o600


def generate(prefix: Path, kind: str, passphrase: str | None) -> tuple[Path, Path, str]:
    """Write a new key as PREFIX.key and PREFIX.pub, in place of nothing.

    Args:
        prefix: Their name without its end.
        kind: One of `local_key.kinds`.
        passphrase: By which the private key is encrypted; `None`: by none.

    Returns:
        Where they are, and the fingerprint.

    Raises:
        UsageError: One is there already, or there is no such place.
        UnavailableError: The system fails.
    """
    if not prefix.name:
        raise UsageError(f"`{prefix}` is no name", hint="choose a name: `-o NAME`")
    private = prefix.with_name(f"{prefix.name}.key")
    public = prefix.with_name(f"{prefix.name}.pub")
    for each in (private, public):
        if os.path.lexists(each):
            raise UsageError(
                f"`{each}` exists, and a key is never replaced",
                hint="choose another name: `-o NAME`",
            )
    made = local_key.kinds()[kind]()
    pem = local_key.as_pem(made, passphrase)
    write_all({private: pem}, replace=False, mode=_OWNER)
    try:
        shown = local_key.public_pem(made.public_key())
        write_all({public: shown}, replace=False)
    except BaseException:
        with suppress(OSError):
            private.unlink()
        raise
    return private, public, keys.fingerprint(made.public_key())
