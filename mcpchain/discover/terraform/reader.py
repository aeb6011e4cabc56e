"""Read which providers and modules infrastructure is made with.

The reference is the language and the dependency lock file as Terraform and OpenTofu
publish them. Nothing is evaluated: what has to be computed is not known.
"""

from functools import lru_cache
from typing import Final

from mcpchain.build_step import unreadable
from mcpchain.component import Location
from mcpchain.discover.terraform import LOCK
from mcpchain.discover.terraform.module import add_module
from mcpchain.discover.terraform.provider import (
    add_locked,
    add_required,
    addresses,
)
from mcpchain.document import decode
from mcpchain.hcl import Block, blocks
from mcpchain.inventory import Collector
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_LOCK_BYTES: Final = 1 << 18
"""How large a lock may be that is looked at for other files."""


def discover(file: File, found: Collector) -> None:
    """Declare the providers of a lock, or what a configuration asks for.

    Raises:
        MalformedError: It is no UTF-8 text.
        UnreadableError: It cannot be read.
    """
    text = decode(file.read(_BYTES), source=file.path)
    read, problem = blocks(text)
    if file.name.casefold() == LOCK:
        _lock(read, file.path, found)
    else:
        _configuration(read, file, found)
    if problem is not None:
        place = Location(path=file.path, line=problem.line)
        unreadable(found, place, f"not HCL: {problem}; the rest was not read")


def _lock(read: list[Block], path: str, found: Collector) -> None:
    seen: set[tuple[str, ...]] = set()
    for block in read:
        place = Location(path=path, line=block.line)
        if block.type != "provider":
            unreadable(found, place, f"`{block.type[:140]}` is nothing that locks have")
        elif block.labels in seen:
            name = " ".join(block.labels)[:140]
            unreadable(found, place, f"`{name}` is locked twice")
        else:
            seen.add(block.labels)
            add_locked(block, place, found)


def _configuration(read: list[Block], file: File, found: Collector) -> None:
    required: list[Block] = []
    for block in read:
        if block.type == "module":
            add_module(block, file.path, found)
        elif block.type == "terraform":
            inner = (each for each in block.blocks)
            required += [each for each in inner if each.type == "required_providers"]
    if not required:
        return
    locked = _locked(file)
    for block in required:
        add_required(block, file.path, locked, found)


def _locked(file: File) -> frozenset[str]:
    """Return the providers of the next lock, in this folder or above."""
    for depth in range(file.path.count("/") + 1):
        try:
            data = file.beside("../" * depth + LOCK).read(_LOCK_BYTES)
        except UnreadableError:
            continue
        return _addresses(data)
    return frozenset()


@lru_cache(maxsize=8)
def _addresses(lock: bytes) -> frozenset[str]:
    """Return what a lock locks; it is asked once for every file beside it."""
    read, _ = blocks(lock.decode("utf-8", "replace"))
    named = [each.labels[0] for each in read if each.type == "provider" and each.labels]
    return frozenset(form for label in named for form in addresses(label))
