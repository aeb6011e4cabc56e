"""Who signs: an identity, or a key, wherever that is kept; and whose timestamps."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle.root import TrustedRoot
from mcpchain.errors import UsageError
from mcpchain.sign import Key, Signer
from mcpchain.sign.key_signer import KeySigner

if TYPE_CHECKING:
    from mcpchain.fetch import Fetcher
    from mcpchain.pipeline.circumstances import Circumstances

_AZURE: Final = "azurekms"
_PKCS11: Final = "pkcs11"
_LIMIT: Final = 4 << 20
NOBODY: Final = TrustedRoot(name="none", sha256="")
"""By what a bundle is verified in which there is nothing but a signature by a key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Who:
    """Whom the user wants to sign."""

    passphrase: Callable[[], str | None]
    """Asked for that of an encrypted key."""
    root: Callable[[], TrustedRoot]
    """Returns by what timestamps and certificates are verified."""
    key: str | None = None
    """The path of a private key, or the address of one that is kept elsewhere. `None`:
    an identity signs."""
    timestamp_url: str | None = None
    """Who signs for the time, where a key signs."""
    token: str | None = field(default=None, repr=False)
    """Of an identity. `None`: the surroundings have one."""
    instance: Path | None = None
    """The trust configuration of the Sigstore that certifies it; `None`: the public."""
    browser: bool = False
    """Whether somebody is there who could log in."""

    def identity(self, environ: Mapping[str, str]) -> str:
        """Return whose identity it will be, as far as that is known without asking.

        Raises:
            UsageError: The token cannot be used, or nobody is there who could sign.
        """
        from mcpchain.sign.keyless import identity, may_have_token

        if self.token is not None:
            return identity(self.token)
        if not (may_have_token(environ) or self.browser):
            raise _nobody()
        return "an identity of Sigstore"


@contextmanager
def opened(who: Who, around: "Callable[[], Circumstances]") -> Iterator[Signer]:
    """Yield who signs, with the connections that it needs.

    Args:
        who: Whom the user wants.
        around: Returns when and where it is.

    Raises:
        UsageError: The key or the token cannot be used.
        UnavailableError: The place where the key is kept, or Sigstore, does not answer.
    """
    if who.key is None:
        if who.timestamp_url is not None:
            raise UsageError(
                "`--timestamp-url` is for a key; an instance of Sigstore has its own",
                hint="leave it out, or name a key: `--key`",
            )
        yield _identity(who)
        return
    if _is_file(who.key) and who.timestamp_url is None:
        yield KeySigner(key=_file(who.key, who), root=NOBODY)
        return
    from mcpchain.fetch import Fetcher
    from mcpchain.settings import load

    here = around()
    settings = load(here.environ, home=here.home, projects=here.projects)
    with Fetcher(
        offline=here.offline, route=settings.route, clock=here.now.timestamp
    ) as fetcher:
        is_file = _is_file(who.key)
        key = _file(who.key, who) if is_file else _elsewhere(who.key, here, fetcher)
        if who.timestamp_url is None:
            yield KeySigner(key=key, root=NOBODY)
            return
        from mcpchain.sign.timestamp import TimestampAuthority

        root = who.root()
        stamp = TimestampAuthority(url=who.timestamp_url, fetcher=fetcher, root=root)
        yield KeySigner(key=key, root=root, stamp=stamp)


def _is_file(key: str) -> bool:
    return ":" not in key or Path(key).exists()


def _file(key: str, who: Who) -> Key:
    from mcpchain.sign import local_key

    return local_key.load(Path(key), who.passphrase)


def _elsewhere(key: str, around: "Circumstances", fetcher: "Fetcher") -> Key:
    scheme = key.partition(":")[0]
    if scheme == _PKCS11:
        from mcpchain.sign.remote.pkcs11 import open_pkcs11

        return open_pkcs11(key, around.environ)
    if scheme == _AZURE:
        from mcpchain.sign.remote.azure import open_azure

        return open_azure(key)
    from mcpchain.sign.remote.kms import SCHEMES, open_kms

    if scheme not in SCHEMES:
        raise UsageError(
            "the key is no file, and no address of a kind that is known",
            hint="name a file, or one of "
            f"{', '.join(f'{each}:' for each in (_PKCS11, _AZURE, *SCHEMES))}",
        )
    return open_kms(key, around.environ, fetcher)


def _identity(who: Who) -> Signer:
    from mcpchain.sign.keyless import (
        Keyless,
        ambient_token,
        browser_token,
        public_instance,
        read_instance,
    )

    instance = None
    if who.instance is not None:
        instance = read_instance(_read(who.instance), name=who.instance.name)
    token = who.token or ambient_token()
    if token is None and not who.browser:
        raise _nobody()
    chosen = instance or public_instance(who.root())

    def renew() -> str:
        return who.token or ambient_token() or browser_token(chosen)

    return Keyless.open(chosen, token or browser_token(chosen), renew)


def _nobody() -> UsageError:
    return UsageError(
        "nobody is named who signs, and there is no identity token here",
        hint="`--key FILE` (`mcpchain key generate -o NAME` makes one), or "
        "`--identity-token`",
    )


def _read(path: Path) -> bytes:
    try:
        with path.open("rb") as stream:
            return stream.read(_LIMIT)
    except OSError as error:
        raise UsageError(
            f"`{path}` cannot be read: {error.strerror}", hint="check who may read it"
        ) from None
