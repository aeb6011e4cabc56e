"""Read what a development container is made of.

The reference is the specification (devcontainers/spec): the configuration, features and
their lock.
"""

import re
from collections.abc import Mapping
from typing import Final

from mcpchain.build_file import is_compose, named_file, read_named_dockerfile
from mcpchain.build_step import add_image, add_undecided, partial, shown
from mcpchain.component import BuildFacts, Location, Role
from mcpchain.discover.devcontainer import FEATURE, LOCKS
from mcpchain.discover.devcontainer.feature import add_feature, add_locked
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_DEFAULT: Final = re.compile(r"\$\{localEnv:[^:{}]*+:([^{}]*+)\}")
"""A variable of whoever starts it, and what it is if there is none."""


def discover(file: File, found: Collector) -> None:
    """Declare the image and the features, with the digests of the lock.

    Raises:
        MalformedError: It is no JSON with comments.
        UnreadableError: It cannot be read.
    """
    document = Node.from_jsonc(file.read(_BYTES), source=file.path)
    name = file.name.casefold()
    if name in LOCKS:
        for key, entry in document.at("features").items():
            with found.entry():
                add_locked(key, entry, _place(entry), found)
        return
    member = "dependsOn" if name == FEATURE else "features"
    locked = _locked(file)
    with found.entry():
        for key, node in document.at(member).items():
            with found.entry():
                _feature(key, node, locked, file, found)
    if name == FEATURE:
        return
    with found.entry():
        _image(document.at("image"), found)
    with found.entry():
        _build(document, file, found)
    with found.entry():
        _composed(document.at("dockerComposeFile"), file, found)


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)


def _locked(file: File) -> Mapping[str, Node]:
    """Return the entries of the lock beside; what is wrong there is told there."""
    dot = "." if file.name.startswith(".") else ""
    try:
        other = file.beside(f"{dot}devcontainer-lock.json")
        lock = Node.from_jsonc(other.read(_BYTES), source=other.path)
        return dict(lock.at("features").items())
    except (MalformedError, UnreadableError):
        return {}


def _feature(
    key: str, node: Node, locked: Mapping[str, Node], file: File, found: Collector
) -> None:
    if key.startswith(("./", "../")):
        named_file(file, f"{key}/{FEATURE}", _place(node), found)
    elif key in locked:
        try:
            add_locked(key, locked[key], _place(node), found)
        except MalformedError:
            add_feature(key, _place(node), found)
    else:
        add_feature(key, _place(node), found)


def _image(node: Node, found: Collector) -> None:
    if not node.exists:
        return
    text = _DEFAULT.sub(r"\1", node.text())
    facts = BuildFacts(role=Role.DEVELOPMENT_IMAGE)
    if "$" in text:
        why = "it depends on whoever starts it"
        add_undecided(found, node.text(), why, _place(node), facts)
    else:
        add_image(found, text, _place(node), facts)


def _build(document: Node, file: File, found: Collector) -> None:
    """Read the Dockerfile, where its name does not tell that it is one."""
    nodes = [document.at("dockerFile")]
    given: dict[str, str | None] = {}
    if document.at("build").exists:
        with found.entry():
            for name, node in document.at("build").at("args").items():
                text = _DEFAULT.sub(r"\1", node.text())
                given[name] = None if "$" in text else text
        nodes.append(document.at("build").at("dockerfile"))
    for node in nodes:
        if node.exists:
            role = Role.DEVELOPMENT_IMAGE
            text = node.text()
            read_named_dockerfile(file, text, _place(node), found, role, given)


def _composed(node: Node, file: File, found: Collector) -> None:
    """Check that the compose files are there, and read by their own names."""
    if not node.exists:
        return
    for each in node.elements() if node.is_list() else [node]:
        with found.entry():
            text = each.text()
            other = named_file(file, text, _place(each), found)
            if other is not None and not is_compose(other.name):
                reason = f"`{shown(text)}` is not called like a compose file"
                hint = "call it `compose.yaml`, or like `compose.dev.yaml`"
                partial(found, _place(each), f"{reason}, and is not read", hint)
