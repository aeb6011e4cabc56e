"""How pnpm's lock names packages, and how it refers to them (its `dependency-path`).

Version 5 has `/name/1.0.0_peers`, version 6 `/name@1.0.0(peer@2.0.0)`, version 9 the
same without the first slash. What is from no registry has a name of its own.
"""

from dataclasses import dataclass
from typing import Final

SLASHES: Final = 5
BRACKETS: Final = 6
SNAPSHOTS: Final = 9
"""Versions of the format, by what is new in each."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """What the name of an entry says."""

    base: str
    """The name of the entry without the peers that it was installed with."""
    name: str = ""
    """The package; empty: only the entry itself can say."""
    version: str = ""
    """A version, or where the package comes from."""
    patched: bool = False


def read_key(text: str, major: int) -> Key:
    """Read the name of an entry in a lock of version *major*."""
    base, suffix = text, ""
    if major > SLASHES:
        end = _end(text)
        base, suffix = text[:end], text[end:]
    patched = "(patch_hash=" in suffix
    if major == SNAPSHOTS:
        name, _, version = split(base)
        return Key(base=base, name=name, version=version, patched=patched)
    if not base.startswith("/"):
        return Key(base=base, patched=patched)
    if major == BRACKETS:
        name, _, version = split(base[1:])
        return Key(base=base, name=name, version=version, patched=patched)
    name, _, version = base[1:].rpartition("/")
    return Key(base=base, name=name, version=version.partition("_")[0])


def refer(reference: str, name: str, major: int) -> str:
    """Return the entry that a dependency on *name* means by *reference*."""
    if reference.startswith("file:") and major < SNAPSHOTS:
        return reference
    if major == SNAPSHOTS:
        at, colon = reference.find("@"), reference.find(":")
        bracket = reference.find("(")
        ends = [each for each in (colon, bracket) if each >= 0]
        own = reference.startswith("@") or (at > 0 and all(at < each for each in ends))
        return reference if own else f"{name}@{reference}"
    path = reference.partition("(")[0]
    if "/" in path:
        return reference
    return f"/{name}{'@' if major == BRACKETS else '/'}{reference}"


def split(text: str) -> tuple[str, str, str]:
    """Split at the first `@` that does not begin a scope."""
    head, at, version = text[1:].partition("@")
    return text[:1] + head, at, version


def _end(text: str) -> int:
    """Return where the peers in brackets begin that *text* ends with."""
    end = len(text)
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        if text[index] == ")":
            depth += 1
        elif text[index] == "(":
            depth -= 1
            if depth == 0:
                end = index
        elif depth == 0:
            break
    return end
