"""Who signed an MCP bundle? From a file and what the user names to the answer."""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.bundle.private import PrivateAuthority
from mcpchain.errors import UsageError
from mcpchain.signature import Status, Verification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate

_LIMIT: Final = 1 << 20
_CERTIFICATES: Final = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Signers:
    """Whom the user trusts to sign bundles."""

    now: dt.datetime
    certificates: tuple["Certificate", ...] = ()
    authority: PrivateAuthority | None = None
    key: "PublicKeyTypes | None" = None


def read_certificates(path: Path) -> tuple["Certificate", ...]:
    """Return the certificates in *path*, each of which the user trusts for itself.

    Raises:
        UsageError: There are none, or more than anybody names one by one.
    """
    from mcpchain.bundle.certificate import load_all

    try:
        with path.open("rb") as stream:
            found = load_all(stream.read(_LIMIT))
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except ValueError:
        problem = f"`{path}` holds no certificate"
    else:
        if len(found) <= _CERTIFICATES:
            return found
        problem = f"`{path}` holds more than {_CERTIFICATES} certificates"
    raise UsageError(
        problem, hint="name a file that begins with `-----BEGIN CERTIFICATE-----`"
    )


def answer(
    target: str, signers: Signers, count: Callable[[int], None] | None
) -> Verification:
    """Say who signed the bundle at *target*."""
    from mcpchain.verify import mcpb_signature

    trust = mcpb_signature.BundleTrust(
        now=signers.now,
        authority=signers.authority,
        certificates=signers.certificates,
        key=signers.key,
    )
    path = Path(target)
    try:
        with path.open("rb") as stream:
            size = stream.seek(0, 2)
            return mcpb_signature.verify(stream, size, trust, target, count)
    except OSError as error:
        return Verification(
            status=Status.ERROR,
            reason=f"`{path.name}` cannot be read: {error.strerror}",
            kind=mcpb_signature.KIND,
            subject=target,
        )
