"""Addresses of servers: compared parsed, and kept apart from their credentials."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from mcpchain.naming import bare_url

_ODD: Final = re.compile(r"[^\x21-\x7e]|\\")
"""What two parsers of addresses may read differently (blanks, `\\`, other scripts)."""
_PORTS: Final = {"http": 80, "https": 443}
_LOOPBACK: Final = re.compile(r"localhost|127(?:\.\d{1,3}){3}|::1")

Origin = tuple[str, str, int]
"""Scheme, host and port (RFC 6454)."""


def origin(address: str) -> Origin | None:
    """Return the origin of an HTTP address; `None` if it is not clearly one."""
    if _ODD.search(address):
        return None
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _PORTS or not parts.hostname:
        return None
    return parts.scheme, parts.hostname, _PORTS[parts.scheme] if port is None else port


def normalise(address: str) -> str:
    """Return *address* so that two spellings of one registry are equal.

    Scheme and host in lower case; no default port, trailing slash, user name,
    password, query or fragment. What is no HTTP address equals only itself.
    """
    address = address.strip()
    where = origin(address)
    if where is None:
        return address
    scheme, host, port = where
    shown = f"[{host}]" if ":" in host else host
    suffix = "" if port == _PORTS[scheme] else f":{port}"
    return f"{scheme}://{shown}{suffix}{urlsplit(address).path.rstrip('/')}"


def public(address: str) -> str:
    """Return *address* so that it may be kept: normalised and without secrets.

    Of an HTTP address that two parsers may read differently only the scheme is left,
    so that nobody asks anything there.
    """
    if is_http(address.strip()):
        return normalise(address)
    shown = bare_url(address.strip())
    return f"{shown.partition(':')[0]}:" if is_http(shown) else shown


def plain(address: str) -> str:
    """Return *address* for a reader: bounded, without anything that may be secret."""
    shown = bare_url(address)
    return shown if len(shown) <= _SHOWN else f"{shown[:_SHOWN]}..."


_SHOWN: Final = 140


def is_loopback(address: str) -> bool:
    """Say whether *address* is on this machine."""
    where = origin(address)
    return where is not None and _LOOPBACK.fullmatch(where[1]) is not None


def lies_below(address: str, base: str) -> bool:
    """Say whether *address* is *base* or lies below its path, on the same origin.

    Whole segments count. One with dots or with escapes of escapes, which a server may
    resolve, lies below nothing but the root.
    """
    theirs = origin(address)
    if theirs is None or theirs != origin(base):
        return False
    path = urlsplit(address).path
    plain_path = unquote(path)
    # A server may resolve what we compare as text, some without what follows a `;`.
    if "%" in plain_path or {".", ".."} & set(re.split(r"[/\\;]", plain_path)):
        path = "/"
    return f"{path}/".startswith(urlsplit(base).path.rstrip("/") + "/")


def is_http(address: str) -> bool:
    """Say whether *address* is one that HTTP can fetch."""
    return origin(address) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """The value of an `Authorization` header, and the addresses that may see it."""

    scope: str
    """An address: what has its origin and lies below its path is inside."""
    header: str = field(repr=False)

    @classmethod
    def basic(cls, scope: str, user: str, password: str) -> "Credential":
        """Make one from a user name and a password (RFC 7617)."""
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        return cls(scope=scope, header=f"Basic {pair}")

    @classmethod
    def of(cls, address: str, scope: str | None = None) -> "Credential | None":
        """Take the credential out of the user name and password of *address*."""
        try:
            parts = urlsplit(address)
        except ValueError:
            return None
        user, password = parts.username or "", parts.password or ""
        if not user and not password:
            return None
        return cls.basic(scope or normalise(address), unquote(user), unquote(password))

    def covers(self, address: str) -> bool:
        """Say whether *address* may see it."""
        return lies_below(address, self.scope)


def credential_for(
    address: str, credentials: Iterable[Credential]
) -> Credential | None:
    """Return the credential with the narrowest scope that covers *address*."""
    fitting = [each for each in credentials if each.covers(address)]
    return max(fitting, key=lambda each: len(each.scope), default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """How the user reaches the network."""

    proxies: tuple[tuple[str, str], ...] = field(default=(), repr=False)
    """(`http` or `https`, the proxy's address, which may hold a password)."""
    no_proxy: tuple[str, ...] = ()
    """Host names that are asked directly, with all names below them; `*` is all."""
    roots: tuple[Path, ...] = ()
    """CA bundles in place of the system's."""
    more_roots: tuple[Path, ...] = ()
    """CA bundles beside the system's."""

    def proxy(self, address: str) -> str | None:
        """Return the proxy through which *address* is reached, if any."""
        where = origin(address)
        if where is None or is_loopback(address):
            return None
        scheme, host, port = where
        for entry in self.no_proxy:
            name = entry.lower().lstrip("*").lstrip(".")
            if entry == "*" or name in {host, f"{host}:{port}"}:
                return None
            if name and host.endswith(f".{name}"):
                return None
        return dict(self.proxies).get(scheme)
