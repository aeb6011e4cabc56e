"""The BOMs that a distribution brought along (PEP 770), as bytes.

Whoever knows how to read a BOM reads them; here they are only found.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mcpchain.component import Location
from mcpchain.core_metadata import BOM_LIMIT, BOMS
from mcpchain.inventory import Collector, Embedded, Gap, State
from mcpchain.tree import File, Tree, UnreadableError
from mcpchain.tree.paths import shown

FOLDER: Final = "sboms"
_DEPTH: Final = 5
"""How many folders inside one another are entered."""


def embed(tree: Tree, info: Path, place: str, ref: str, found: Collector) -> None:
    """Keep the BOMs that lie in the folder of metadata *info*.

    Args:
        tree: The folder of packages.
        info: A folder in it.
        place: That folder, for a reader.
        ref: The distribution.
        found: Takes the BOMs, and what cannot be read.
    """
    names = _names(info)
    for path in names[:BOMS]:
        try:
            file = tree.file(f"{shown(info.name)}/{path}")
            found.embed(embedded(file, f"{place}/{path}", ref))
        except UnreadableError as error:
            found.gap(_gap(f"{place}/{path}", error.reason, error.state, ref))
    if len(names) > BOMS:
        reason = f"more than {BOMS} BOMs; the rest was not read"
        found.gap(_gap(f"{place}/{FOLDER}", reason, State.LIMIT, ref))


def embedded(file: File, place: str, ref: str) -> Embedded:
    """Read a BOM that came with the component *ref*.

    Raises:
        UnreadableError: It cannot be read.
    """
    data = file.read(BOM_LIMIT)
    return Embedded(ref=ref, location=Location(path=place), data=data)


def _names(info: Path) -> list[str]:
    """Return what lies in the folder of BOMs, a bit more than is read at most."""
    found: list[str] = []
    for name in _walk(os.fspath(info / FOLDER)):
        found.append(shown(os.path.relpath(name, info).replace(os.sep, "/")))
        if len(found) > BOMS:
            break
    return found


def _walk(folder: str, depth: int = 0) -> Iterator[str]:
    try:
        with os.scandir(folder) as listing:
            entries = sorted(listing, key=lambda each: each.name)
    except OSError:
        # Most have none. One that is locked away, or a file, is named itself.
        if depth or os.path.lexists(folder):
            yield folder
        return
    for entry in entries:
        if entry.is_dir(follow_symlinks=False) and depth < _DEPTH:
            yield from _walk(entry.path, depth + 1)
        else:
            yield entry.path


def _gap(place: str, reason: str, state: State, ref: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=place),
        reason=f"the BOM of a distribution: {reason}",
        state=state,
        hint="reinstall the distribution",
        ref=ref,
    )
