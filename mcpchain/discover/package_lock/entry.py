"""One folder of npm's lock: where it lies, and what it is called."""

import posixpath
from dataclasses import dataclass
from typing import Final

from mcpchain.document import Node
from mcpchain.npm_lock.name import SHOWN, is_name

SEGMENTS: Final = 200
"""How deep a folder may lie."""
PATH_LENGTH: Final = 2000
"""How long its path may be."""
_NOWHERE: Final = frozenset({"", ".", ".."})


@dataclass(slots=True, kw_only=True)
class Entry:
    """One folder of the lock."""

    path: str
    node: Node
    folder: str
    """The name of the package's folder, with its scope: what `require` asks for."""
    installed: bool
    """Whether the folder is in a `node_modules`, and not the project's own."""
    versioned: bool = True
    """Whether the lock has to say which version it is."""
    link: str | None = None
    """The folder that this one is a link to."""
    declared: bool = False
    """Whether it was read as a package."""
    ref: str | None = None


def read_entry(path: str, node: Node) -> Entry:
    """Read what *path* says.

    Raises:
        MalformedError: It is no path below or beside the project, or it is too deep.
    """
    if node.problem or not node.is_object():
        if not node.exists:
            raise node.unexpected("an object")
        next(node.items(), None)  # raises
    parts = path.split("/") if path else []
    if len(path) > PATH_LENGTH or len(parts) > SEGMENTS:
        raise node.malformed("is a path too long or too deep to be followed")
    inner = parts
    if ".." in parts:
        inner = parts[next((i for i, p in enumerate(parts) if p != ".."), len(parts)) :]
    if not _NOWHERE.isdisjoint(inner) or "\\" in path or ":" in path:
        raise node.malformed(f"`{path[:SHOWN]}` is no relative path")
    above, found, folder = path.rpartition("node_modules/")
    installed = bool(found) and (not above or above.endswith("/"))
    if installed and not is_name(folder):
        raise node.malformed(f"`{folder[:SHOWN]}` is not the name of a package")
    link = None
    if flag(node, "link"):
        link = node.at("resolved").text().removeprefix("./")
    return Entry(
        path=path,
        node=node,
        folder=folder if installed else posixpath.basename(path),
        installed=installed,
        link=link,
    )


def flag(node: Node, key: str) -> bool:
    """Read a member that is true, or false or absent."""
    return key in node.value and node.at(key).flag()


def plain_text(node: Node, key: str) -> str | None:
    """Return a member of which nothing can be wrong; `None`: look at it closely.

    Of nearly all that can be said, and they need no node of their own.
    """
    value = node.value.get(key)
    plain = isinstance(value, str) and value.isascii() and type(node.value) is dict
    return value if plain else None
