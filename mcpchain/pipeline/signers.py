"""Who signs: with which key, wherever it is kept, and whose timestamps."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.bundle.root import TrustedRoot
from mcpchain.fetch import Fetcher
from mcpchain.pipeline.knowledge import Circumstances
from mcpchain.settings import load
from mcpchain.sign import Key, Signer
from mcpchain.sign.key_signer import KeySigner
from mcpchain.sign.timestamp import TimestampAuthority

_AZURE: Final = "azurekms"
_PKCS11: Final = "pkcs11"


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whom the user wants to sign."""

    key: str
    """The path of a private key, or the address of one that is kept elsewhere."""
    passphrase: Callable[[], str | None]
    """Asked for that of an encrypted key."""
    timestamp_url: str | None = None
    """Who signs for the time."""


@contextmanager
def opened(who: Who, root: TrustedRoot, around: Circumstances) -> Iterator[Signer]:
    """Yield who signs, with the connections that it needs.

    Args:
        who: Whom the user wants.
        root: By what timestamps are verified.
        around: When and where it is.

    Raises:
        UsageError: The key cannot be used.
        UnavailableError: The place where it is kept does not answer.
    """
    settings = load(around.environ, home=around.home, projects=around.projects)
    with Fetcher(
        offline=around.offline, route=settings.route, clock=around.now.timestamp
    ) as fetcher:
        stamp = None
        if who.timestamp_url is not None:
            stamp = TimestampAuthority(
                url=who.timestamp_url, fetcher=fetcher, root=root
            )
        yield KeySigner(key=_key(who, around, fetcher), root=root, stamp=stamp)


def _key(who: Who, around: Circumstances, fetcher: Fetcher) -> Key:
    scheme, colon, _ = who.key.partition(":")
    if not colon or Path(who.key).exists():
        from mcpchain.sign import local_key

        return local_key.load(Path(who.key), who.passphrase)
    if scheme == _PKCS11:
        from mcpchain.sign.remote.pkcs11 import open_pkcs11

        return open_pkcs11(who.key, around.environ)
    if scheme == _AZURE:
        from mcpchain.sign.remote.azure import open_azure

        return open_azure(who.key)
    from mcpchain.sign.remote.kms import open_kms

    return open_kms(who.key, around.environ, fetcher)
