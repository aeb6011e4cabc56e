"""What is here? From a target on disk to an inventory, and on to a BOM."""

import datetime as dt
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.component import Kind, Location
from mcpchain.errors import MalformedError, NothingToCheckError, UsageError
from mcpchain.inventory import Collector, Gap, Inventory, State

if TYPE_CHECKING:
    from mcpchain.bom.spdx.write import Written as SpdxWritten
    from mcpchain.bom.write import Written
    from mcpchain.discover.environment.installed import Wish
    from mcpchain.discover.mcp_config.user import UserFolder
    from mcpchain.tree import File

_MANIFESTS: Final = frozenset({"package.json", "pyproject.toml"})
_NEAR: Final = 3
"""How many folders around a file may be hidden ones of its project."""
_BOM_LIMIT: Final = 512 << 20
_CONFIGURATION: Final = 4 << 20
"""How many bytes of a BOM are read, and of what may be a configuration."""


def survey(
    target: Path,
    *,
    environment: Path | None,
    wish: "Wish | None" = None,
    user: "UserFolder | None" = None,
    verbatim: bool = False,
    hashing: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Return what *target*, a folder, file or BOM, is made of.

    Args:
        target: What to examine.
        environment: A Python environment to read as well.
        wish: What to look at in it besides.
        user: Whose configurations of MCP clients to read as well.
        verbatim: For a list, and not for a judge: take a BOM at its word, and the
            project at the root for the whole that the list is about.
        hashing: Called with (bytes done, bytes in all) while files are hashed.

    Raises:
        UsageError: There is no environment where *environment* says.
        NothingToCheckError: *target* is a file of no kind that mcpchain reads.
    """
    # What one target needs is loaded for that one: a lock needs no reader of BOMs.
    name = Path(os.path.abspath(target)).name or "root"
    if target.is_dir():
        from mcpchain.discover import survey as survey_tree
        from mcpchain.tree import Tree

        inventory = survey_tree(Tree(target), name=name, hashing=hashing)
        if verbatim:
            inventory = _promoted(inventory)
    else:
        inventory = _survey_file(target, name, hashing, verbatim=verbatim)
    if environment is None and user is None:
        return _unfolded(inventory)
    found = Collector(inventory.name)
    if environment is not None:
        from mcpchain.discover.environment.installed import (
            environment_root,
            read_environment,
        )

        inventory = _without(inventory, target, environment_root(environment))
        found.include(read_environment(environment, wish))
    found.include(inventory)
    if user is not None:
        from mcpchain.discover.mcp_config.user import read_user_configs

        found.include(read_user_configs(user))
    whole = replace(
        found.inventory(),
        carried=inventory.carried,
        resolved_for=inventory.resolved_for,
    )
    return _unfolded(whole)


def _unfolded(inventory: Inventory) -> Inventory:
    """Return *inventory* with what is inside its packages."""
    if not inventory.embedded:
        return inventory
    from mcpchain.pipeline.embedded import unfold

    return unfold(inventory)


def _without(inventory: Inventory, target: Path, environment: Path) -> Inventory:
    """Drop the gap that says that the folder of *environment* was not walked."""
    try:
        folder = environment.resolve().relative_to(target.resolve()).as_posix()
    except ValueError:
        return inventory
    kept = (
        gap
        for gap in inventory.gaps
        if (gap.location.path, gap.state) != (folder, State.PARTIAL)
    )
    return replace(inventory, gaps=tuple(kept))


def _survey_file(
    target: Path,
    name: str,
    hashing: Callable[[int, int], None] | None,
    *,
    verbatim: bool,
) -> Inventory:
    if name in _MANIFESTS:
        raise NothingToCheckError(
            f"`{name}` says what is wanted, not what is installed",
            hint="name its lock, or the folder",
        )
    from mcpchain.discover import survey as survey_tree
    from mcpchain.tree import Tree, UnreadableError

    folder, path = _placed(target)
    tree = Tree(folder, only=path)
    inventory = survey_tree(tree, name=name, hashing=hashing)
    if inventory:
        return _promoted(inventory) if verbatim else inventory
    try:
        data = tree.file(path).read(_BOM_LIMIT)
        servers = _servers(tree.file(path), data, name)
    except UnreadableError as error:
        raise UsageError(str(error), hint=error.hint) from error
    if servers:
        return servers
    from mcpchain.bom.formats import read, unread

    begins = data.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if begins not in {b"{", b"<"} and not unread(data):
        raise NothingToCheckError(
            f"`{name}` is neither a lock, a configuration, a model nor a BOM",
            hint="name a folder, a CycloneDX or SPDX BOM, or a file as those who read "
            "it call it: `.mcp.json`, `uv.lock`, ...",
        )
    from mcpchain.bom.worth import declared

    try:
        said = read(data, source=name)
        return said if verbatim else declared(said)
    except MalformedError as error:
        found = Collector(name)
        hint = (
            "name a BOM (CycloneDX 1.4 to 1.7 or SPDX 2.2 or 2.3, as JSON), a folder, "
            "or a file as those who read it call it: `.mcp.json`, `uv.lock`, ..."
        )
        place = Location(path=error.source, pointer=error.pointer)
        found.gap(
            Gap(
                stage="discover",
                location=place,
                reason=error.problem,
                state=State.UNREADABLE,
                hint=hint,
            )
        )
        return found.inventory()


def _servers(file: "File", data: bytes, name: str) -> Inventory:
    """Return the MCP servers of a configuration that has a name of nobody's."""
    found = Collector(name)
    if b'ervers"' not in data or len(data) > _CONFIGURATION:
        return found.inventory()
    from mcpchain.discover.mcp_config.reader import read_unnamed

    read_unnamed(file, data, found)
    return found.inventory()


def _promoted(inventory: Inventory) -> Inventory:
    if all(each.kind is not Kind.APPLICATION for each in inventory.components):
        return inventory
    from mcpchain.pipeline.subject import promoted

    return promoted(inventory)


def _placed(target: Path) -> tuple[Path, str]:
    """Return the project that the file *target* belongs to, and its path in there.

    A file in a hidden folder, such as `.vscode/mcp.json`, configures the one around it.
    """
    whole = Path(os.path.abspath(target))
    near = whole.parents[:_NEAR]
    hidden = [folder for folder in near if folder.name.startswith(".")]
    root = hidden[-1].parent if hidden else whole.parent
    return root, whole.relative_to(root).as_posix()


def bom(
    inventory: Inventory,
    *,
    now: dt.datetime,
    version: str,
    reproducible: bool,
    spec_version: str,
) -> "Written":
    """Return *inventory* as a CycloneDX BOM that was validated.

    Raises:
        NothingToCheckError: There is nothing in it.
        MalformedError: What we wrote is not valid, which is a bug of ours.
    """
    if not inventory.components:
        raise nothing(inventory)
    from mcpchain.bom.validate import validate
    from mcpchain.bom.write import compose

    written = compose(
        inventory,
        timestamp=now,
        version=version,
        reproducible=reproducible,
        spec_version=spec_version,
    )
    validate(written.document, source="the BOM that mcpchain wrote")
    return written


def spdx(inventory: Inventory, *, now: dt.datetime, version: str) -> "SpdxWritten":
    """Return *inventory* as an SPDX 2.3 document that was checked.

    Raises:
        NothingToCheckError: There is nothing in it.
        MalformedError: What we wrote is not valid, which is a bug of ours.
    """
    if not inventory.components:
        raise nothing(inventory)
    from mcpchain.bom.spdx.validate import problems
    from mcpchain.bom.spdx.write import compose

    written = compose(inventory, timestamp=now, version=version)
    for pointer, problem in problems(written.document):
        raise MalformedError(
            problem, source="the SPDX document that mcpchain wrote", pointer=pointer
        )
    return written


def nothing(inventory: Inventory) -> NothingToCheckError:
    """Make the error for a target in which nothing was found."""
    gaps = inventory.gaps
    if gaps:
        more = f", and {len(gaps) - 1} more" if len(gaps) > 1 else ""
        return NothingToCheckError(
            f"nothing could be read in `{inventory.name}`: `{gaps[0].location}`: "
            f"{gaps[0].reason}{more}",
            hint=gaps[0].hint or "repair what could not be read",
        )
    return NothingToCheckError(
        f"no package, model or MCP server was found in `{inventory.name}`, so there is "
        "nothing to check",
        hint="name the root of a project, a lock, a configuration, a model, or a BOM "
        "itself",
    )
