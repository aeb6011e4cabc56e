"""Whom to trust: the keys and certificates of one Sigstore instance.

A trusted root (sigstore protobuf-specs, `TrustedRoot`) comes from the user's side, or
with mcpchain, and never from what is verified with it.
"""

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from mcpchain.bundle import keys
from mcpchain.bundle.certificate import load
from mcpchain.bundle.parse import binary
from mcpchain.document import Node

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """When something is valid. Both ends belong to it."""

    start: dt.datetime
    end: dt.datetime | None = None

    def __contains__(self, time: dt.datetime) -> bool:
        return self.start <= time and (self.end is None or time <= self.end)


@dataclass(frozen=True, slots=True, kw_only=True)
class Log:
    """A transparency log, or a certificate transparency log."""

    id: bytes
    url: str
    key: "PublicKeyTypes"
    window: Window


@dataclass(frozen=True, slots=True, kw_only=True)
class Authority:
    """An authority for certificates or timestamps: a chain up to a root."""

    uri: str
    certificates: tuple[bytes, ...]
    """DER."""
    window: Window

    @property
    def chain(self) -> tuple["Certificate", ...]:
        """The issuing certificate first, the anchor last.

        Of a timestamp authority, the certificate that signs first.
        """
        return _read(self.certificates)


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustedRoot:
    """All that one instance of Sigstore is known by."""

    name: str
    sha256: str
    """Of the file that it was read from, in hexadecimal."""
    logs: tuple[Log, ...] = ()
    ct_logs: tuple[Log, ...] = ()
    authorities: tuple[Authority, ...] = ()
    timestamp_authorities: tuple[Authority, ...] = ()

    def __str__(self) -> str:
        return f"{self.name} (sha256:{self.sha256})"


def parse(data: bytes, *, name: str, known: bool = False) -> TrustedRoot:
    """Read a trusted root.

    Args:
        data: JSON.
        name: What to call it, also in errors.
        known: Whether its certificates have been read before, and need no look.

    Raises:
        MalformedError: It is none, a key is of a kind that is not accepted, or it
            trusts nobody.
    """
    node = Node.from_json(data, source=name)
    kind = node.at("mediaType").text()
    if not kind.startswith("application/vnd.dev.sigstore.trustedroot"):
        raise node.malformed(f"`{kind[:140]}` is no media type of a trusted root")
    root = TrustedRoot(
        name=name,
        sha256=hashlib.sha256(data).hexdigest(),
        logs=tuple(_log(each) for each in node.at("tlogs").elements()),
        ct_logs=tuple(_log(each) for each in node.at("ctlogs").elements()),
        authorities=_authorities(node.at("certificateAuthorities"), known=known),
        timestamp_authorities=_authorities(
            node.at("timestampAuthorities"), known=known
        ),
    )
    if not (root.authorities or root.logs):
        raise node.malformed("it names no certificate authority and no log")
    return root


def _log(node: Node) -> Log:
    public = node.at("publicKey")
    raw = public.at("rawBytes")
    try:
        key = keys.load(binary(raw))
    except ValueError as error:
        raise raw.malformed(f"holds no key that is accepted: {error}") from None
    url = node.at("baseUrl")
    return Log(
        id=binary(node.at("logId").at("keyId")),
        url=url.text() if url.exists else "",
        key=key,
        window=window(public.at("validFor")),
    )


@lru_cache(maxsize=64)
def _read(chain: tuple[bytes, ...]) -> tuple["Certificate", ...]:
    return tuple(map(load, chain))


def _authorities(node: Node, *, known: bool) -> tuple[Authority, ...]:
    return tuple(_authority(each, known=known) for each in node.elements())


def _authority(node: Node, *, known: bool) -> Authority:
    chain = []
    for each in node.at("certChain").at("certificates").elements():
        raw = each.at("rawBytes")
        chain.append(binary(raw))
        try:
            if not known:
                _read((chain[-1],))
        except ValueError:
            raise raw.malformed("holds no certificate") from None
    if not chain:
        raise node.malformed("an authority without a certificate")
    uri = node.at("uri")
    return Authority(
        uri=uri.text() if uri.exists else "",
        certificates=tuple(chain),
        window=window(node.at("validFor")),
    )


def window(node: Node) -> Window:
    """Read `validFor`, which has to say from when on.

    Raises:
        MalformedError: It does not, or a time is none.
    """
    start = node.at("start")
    if not start.exists:
        raise node.malformed("does not say from when on it is valid")
    end = node.at("end")
    return Window(start=moment(start), end=moment(end) if end.exists else None)


def moment(node: Node) -> dt.datetime:
    """Read a time, in UTC.

    Raises:
        MalformedError: It is none, or says not of which zone.
    """
    try:
        time = dt.datetime.fromisoformat(node.text())
    except ValueError:
        time = None
    if time is None or time.tzinfo is None:
        raise node.malformed("is no time in RFC 3339 with its offset")
    return time.astimezone(dt.UTC)
