"""Whom to trust: the roots that come with mcpchain, each with its date and SHA-256.

They are taken from the packages of their owners when mcpchain is released
(`.github/scripts/take_trust.py`). None is ever fetched on the way, and none is read
from a place that somebody else may write to.
"""

import datetime as dt
import hashlib
import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final

from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.root import parse as parse_root

SIGSTORE: Final = "sigstore"
"""The public instance, which PyPI, npm and public repositories on GitHub use."""
NPM: Final = "npm"
"""The keys with which the registry of npm signs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipped:
    """A file of trust that came with mcpchain."""

    name: str
    sha256: str
    date: dt.date
    """When it was taken from its owner."""
    origin: str
    """The package that it was taken from, with its version."""
    data: bytes

    def age(self, today: dt.date) -> int:
        """Return how many days old it is."""
        return (today - self.date).days


@cache
def shipped() -> tuple[Shipped, ...]:
    """Return every file of trust, sorted by name.

    Raises:
        RuntimeError: One is not what it was when mcpchain was released.
    """
    folder = files(__name__) / "data"
    index = json.loads((folder / "index.json").read_bytes())
    found = []
    for name, entry in sorted(index.items()):
        data = (folder / name).read_bytes()
        if hashlib.sha256(data).hexdigest() != entry["sha256"]:
            raise RuntimeError(f"the file of trust `{name}` was changed: reinstall")
        found.append(
            Shipped(
                name=name.removesuffix(".json"),
                sha256=entry["sha256"],
                date=dt.date.fromisoformat(entry["date"]),
                origin=entry["origin"],
                data=data,
            )
        )
    return tuple(found)


def find(name: str) -> Shipped:
    """Return the file of trust that is called *name*.

    Raises:
        KeyError: There is none.
    """
    for each in shipped():
        if each.name == name:
            return each
    raise KeyError(name)


@cache
def public_root() -> TrustedRoot:
    """Return the trusted root of the public instance."""
    return parse_root(find(SIGSTORE).data, name=SIGSTORE)
