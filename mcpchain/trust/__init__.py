"""Whom to trust: the roots that come with mcpchain, each with its date and SHA-256.

They are taken from the packages of their owners when mcpchain is released
(`.github/scripts/take_trust.py`). None is ever fetched on the way. What a user has
imported or updated lies in a folder of theirs (`folder`), and is checked on every use:
an import against the digest that was recorded (`imported`), an update against the TUF
root that came with mcpchain (`updated`).
"""

import datetime as dt
import enum
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from pkgutil import get_data
from typing import Final

from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root

SIGSTORE: Final = "sigstore"
"""The public instance, which PyPI, npm and public repositories on GitHub use."""
NPM: Final = "npm"
"""The keys with which the registry of npm signs."""
TUF: Final = "sigstore.tuf"
"""The TUF root of the public instance: what an update is verified with."""
UPDATE: Final = "updated.json"
"""What an update is kept as, in the folder of the user."""


@enum.unique
class Source(enum.Enum):
    """How a file of trust came to be here."""

    SHIPPED = "shipped"
    IMPORTED = "imported"
    UPDATED = "updated"


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustFile:
    """A file of trust, and where it is from."""

    name: str
    source: Source
    sha256: str
    date: dt.date
    """When it was taken from its owner, or imported."""
    origin: str
    """Whence, for a reader: a package with its version, a file, an address."""
    data: bytes
    expires: dt.datetime | None = None
    """Of an update: until when its owner has signed for it to be the newest."""

    def age(self, today: dt.date) -> int:
        """Return how many days old it is."""
        return (today - self.date).days

    @property
    def title(self) -> str:
        """Its name, and how it came here if not with mcpchain."""
        plain = self.source is Source.SHIPPED
        return self.name if plain else f"{self.name}, {self.source.value}"

    def root(self) -> TrustedRoot:
        """Read it as a trusted root.

        Raises:
            MalformedError: It is none.
        """
        known = self.source is Source.SHIPPED
        return parse_root(self.data, name=self.title, known=known)


@cache
def shipped() -> tuple[TrustFile, ...]:
    """Return every file of trust that came with mcpchain, sorted by name.

    Raises:
        RuntimeError: One is not what it was when mcpchain was released.
    """
    index = json.loads(_data("index.json"))
    found = []
    for name, entry in sorted(index.items()):
        data = _data(name)
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise RuntimeError(f"the file of trust `{name}` was changed: reinstall")
        found.append(
            TrustFile(
                name=name.removesuffix(".json"),
                source=Source.SHIPPED,
                sha256=entry["sha256"],
                date=dt.date.fromisoformat(entry["date"]),
                origin=entry["origin"],
                data=data,
            )
        )
    return tuple(found)


def _data(name: str) -> bytes:
    data = get_data(__name__, f"data/{name}")
    if data is None:
        raise RuntimeError(f"the file of trust `{name}` cannot be read: reinstall")
    return data


def find(name: str) -> TrustFile:
    """Return the file of trust that came with mcpchain and is called *name*.

    Raises:
        KeyError: There is none.
    """
    for each in shipped():
        if each.name == name:
            return each
    raise KeyError(name)


@cache
def public_root() -> TrustedRoot:
    """Return the trusted root of the public instance that came with mcpchain."""
    return find(SIGSTORE).root()
