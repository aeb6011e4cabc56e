"""Make a key to sign with, and the public key that goes to whoever verifies."""

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle import keys
from mcpchain.errors import UsageError
from mcpchain.pipeline.signers import NOBODY, Who, opened
from mcpchain.pipeline.writing import write_all
from mcpchain.sign import local_key

if TYPE_CHECKING:
    from mcpchain.pipeline.circumstances import Circumstances

_OWNER: Final = 0o600


def public_of(
    key: str,
    passphrase: Callable[[], str | None],
    around: "Callable[[], Circumstances]",
) -> tuple[bytes, str]:
    """Return the public key of *key*, as PEM, and its fingerprint.

    Args:
        key: A file, or where it is kept.
        passphrase: Asked for that of an encrypted one.
        around: Returns when and where this is.

    Raises:
        UsageError: There is no such key.
        UnavailableError: The place where it is kept does not answer.
    """
    who = Who(passphrase=passphrase, root=lambda: NOBODY, key=key)
    with opened(who, around) as signer:
        found = signer.trust.key
    assert found is not None  # noqa: S101 - of a signer with a key
    return local_key.public_pem(found), keys.fingerprint(found)


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
