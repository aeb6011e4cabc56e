"""What is here? From a target on disk to an inventory, and on to a BOM."""

import datetime as dt
import os
from collections.abc import Callable
from pathlib import Path
from typing import Final

from mcpchain.bom.read import declared, read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import write
from mcpchain.discover import survey as survey_tree
from mcpchain.discover.environment import read_environment
from mcpchain.errors import NothingToCheckError, UsageError
from mcpchain.inventory import Collector, Inventory
from mcpchain.tree import Tree, UnreadableError

_BOM_LIMIT: Final = 512 << 20
"""How many bytes of a BOM are read."""


def survey(
    target: Path,
    *,
    environment: Path | None,
    hashing: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Return what *target*, a folder, file or BOM, is made of.

    Raises:
        UsageError: *target* is a file that no part of mcpchain reads, or there is no
            environment where *environment* says.
        MalformedError: It is a BOM that cannot be read at all.
    """
    name = Path(os.path.abspath(target)).name or "root"
    if target.is_dir():
        inventory = survey_tree(Tree(target), name=name, hashing=hashing)
    else:
        inventory = _survey_file(target, name, hashing)
    if environment is None:
        return inventory
    found = Collector(name)
    found.include(inventory)
    found.include(read_environment(environment))
    return found.inventory()


def _survey_file(
    target: Path, name: str, hashing: Callable[[int, int], None] | None
) -> Inventory:
    tree = Tree(target.parent, only=target.name)
    inventory = survey_tree(tree, name=name, hashing=hashing)
    if inventory:
        return inventory
    try:
        data = tree.file(target.name).read(_BOM_LIMIT)
    except UnreadableError as error:
        raise UsageError(str(error), hint=error.hint) from error
    if data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in {b"{", b"<"}:
        raise NothingToCheckError(
            f"`{name}` is neither a lock, a configuration, a model nor a BOM",
            hint="name a folder, a file that mcpchain knows, or a CycloneDX BOM",
        )
    return declared(read(data, source=name))


def bom(
    inventory: Inventory, *, now: dt.datetime, version: str, reproducible: bool
) -> bytes:
    """Return *inventory* as a CycloneDX BOM that was validated.

    Raises:
        NothingToCheckError: There is nothing in it.
        MalformedError: What we wrote is not valid, which is a bug of ours.
    """
    if not inventory:
        raise nothing()
    data = write(inventory, timestamp=now, version=version, reproducible=reproducible)
    validate(data, source="the BOM that mcpchain wrote")
    return data


def nothing() -> NothingToCheckError:
    """Make the error for a target in which nothing was found."""
    return NothingToCheckError(
        "no package, model or MCP server was found, so there is nothing to judge",
        hint="run it in the root of the project, or name a folder, lock or BOM",
    )
