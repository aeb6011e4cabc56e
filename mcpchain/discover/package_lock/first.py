"""npm's lock files of version 1, which npm 5 and 6 write, read as later ones.

They list what lies in each `node_modules`, nested as the folders are. What the project
itself asks for stands only in its `package.json`.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any, Final

from mcpchain.discover.package_lock.edges import HINT
from mcpchain.discover.package_lock.entry import PATH_LENGTH, Entry, flag, read_entry
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.npm_lock.graph import differing
from mcpchain.npm_lock.manifest import KINDS, Manifests, declared
from mcpchain.npm_lock.name import shown
from mcpchain.npm_lock.source import address_of
from mcpchain.npm_lock.tarball import read_tarball
from mcpchain.npm_version import exact_version
from mcpchain.tree import File

_TARBALL: Final = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)
_TEXTS: Final = ("resolved", "integrity")
_FLAGS: Final = ("dev", "optional")


def first_entries(file: File, lock: Node, found: Collector) -> dict[str, Entry]:
    """Return the entries of a lock of version 1, by the folders that they lie in."""
    root = _rooted(file, lock)
    entries = {"": read_entry("", root)}
    levels = [("", lock.at("dependencies").items())]
    while levels:
        above, members = levels[-1]
        name, node = next(members, (None, lock))
        if name is None:
            levels.pop()
            continue
        path = f"{above}node_modules/{name}"
        with found.entry():
            later = _later(name, node)
            entries[path] = read_entry(path, later)
            entries[path].versioned = "version" in later
        with found.entry():
            if "dependencies" in node:
                if len(path) > PATH_LENGTH:
                    raise node.malformed("is nested too deeply to be followed")
                inner = node.at("dependencies")
                next(inner.items(), None)  # raises if it is none, or is there twice
                levels.append((f"{path}/", inner.items()))
    return entries


def compare_first(
    entries: Mapping[str, Entry], manifest: Node | None, found: Collector
) -> None:
    """Leave a gap for what *manifest* asks for by a name that is not there."""
    for name, kind, text in declared(manifest):
        entry = entries.get(f"node_modules/{name}")
        if entry is None or kind == "peerDependencies":
            continue
        said = entry.node.value
        real = name
        if text.startswith("npm:") and (alias := text[4:]):
            real = alias[0] + alias[1:].partition("@")[0]
        if said.get("name", name) != real:
            differing(name, text, entry.node, found, HINT)


def _rooted(file: File, lock: Node) -> Node:
    """Return what the lock and the manifest beside it say of the project."""
    manifest = Manifests(file).at()
    value = {key: lock.value[key] for key in ("name", "version") if key in lock}
    if manifest is not None:
        value |= {key: manifest.value[key] for key in KINDS if key in manifest}
    return Node(value=value, source=lock.source)


def _later(name: str, node: Node) -> Node:
    """Return *node* as version 3 would have it.

    Raises:
        MalformedError: It has no version, or one that says nothing.
    """
    text = node.at("version").text()
    value: dict[str, Any] = {}
    for key in _TEXTS:
        if key in node and (known := node.at(key).optional_text()) is not None:
            value[key] = known
    value |= {key: flag(node, key) for key in _FLAGS}
    value |= dict(_meaning(name, text, node))
    if "requires" in node and node.at("requires").is_object():
        value["dependencies"] = dict(node.at("requires").items())
    return Node(value=value, source=node.source, pointer=node.pointer)


def _meaning(name: str, text: str, node: Node) -> Iterator[tuple[str, Any]]:
    """Yield what the `version` of version 1 says: a version, or where it comes from."""
    real, at, version = text.removeprefix("npm:").rpartition("@")
    if exact_version(text) is not None:
        yield "version", text
    elif text.startswith("npm:") and at:
        yield from (("name", real), ("version", version))
    elif text.lower().startswith("file:") and not _TARBALL.search(text):
        yield from (("resolved", text[5:]), ("link", True))
    elif re.match(r"[a-z+]+:|[^@/]+@[^:/]+:", text, re.IGNORECASE):
        yield "resolved", text
        tarball = read_tarball(address_of(text)).tarball
        if tarball is not None and tarball.name == name:
            yield "version", tarball.version
    else:
        problem = f"`{shown(text)}` is no version, and no place of one"
        raise node.at("version").malformed(problem)
