"""BOMs as documents: to be compared and merged, not judged."""

import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.bom.child import Child
from mcpchain.bom.formats import is_bom, read
from mcpchain.bom.merge import merge
from mcpchain.errors import MalformedError, UsageError
from mcpchain.inventory import Inventory
from mcpchain.pipeline.target import nothing, survey

_LIMIT: Final = 512 << 20
"""How many bytes of a BOM are read."""


def described(target: Path) -> Inventory:
    """Return what a BOM says, or what a folder, lock or configuration is made of.

    Of a BOM, everything that it says: what that is worth is for a judge to say.

    Raises:
        NothingToCheckError: There is nothing in it.
        UsageError: It cannot be read, or begins like a BOM and is none.
    """
    data = b"" if target.is_dir() else _bytes(target)
    if is_bom(data):
        inventory = _read(data, target)
    else:
        inventory = survey(target, environment=None, verbatim=True)
    if not inventory.components:
        raise nothing(inventory)
    return inventory


def merged(targets: Sequence[Path]) -> Inventory:
    """Return one inventory of several BOMs. The same file twice counts once.

    Raises:
        UsageError: One of them cannot be read, or is no BOM.
    """
    documents = {data: target for target in targets for data in [_bytes(target)]}
    known = {data: _read(data, each) for data, each in documents.items()}
    names = Counter(inventory.name for inventory in known.values())
    children = []
    for data, inventory in known.items():
        digest = Digest.of("sha256", hashlib.sha256(data).hexdigest())
        label = inventory.name or "unnamed"
        if names[inventory.name] > 1:
            label += f"-{digest.value[:8]}"
        document = documents[data].name
        children.append(
            Child(label=label, inventory=inventory, document=document, digest=digest)
        )
    return merge(children, name=" + ".join(sorted(each.label for each in children)))


def _read(data: bytes, target: Path) -> Inventory:
    try:
        return read(data, source=target.name)
    except MalformedError as error:
        raise UsageError(
            str(error),
            hint="name a BOM: CycloneDX (1.4 to 1.7) or SPDX (2.2, 2.3), as JSON",
        ) from error


def _bytes(target: Path) -> bytes:
    try:
        if target.stat().st_size > _LIMIT:
            raise UsageError(
                f"`{target}` is larger than {_LIMIT >> 20} MiB, and is not read",
                hint="merge or compare smaller BOMs",
            )
        return target.read_bytes()
    except OSError as error:
        raise UsageError(
            f"`{target}` cannot be read: {error.strerror or error}",
            hint="name a CycloneDX BOM (1.4 to 1.7, JSON); `mcpchain sbom` makes one",
        ) from error
