"""The lock of yarn 1. What the project itself asks for is in its `package.json`."""

import posixpath
import re
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.discover.yarn_lock.lines import Block, blocks
from mcpchain.document import Node, decode
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import Need, Package, declare, missing
from mcpchain.npm_lock.integrity import digests_of
from mcpchain.npm_lock.manifest import Manifests, declared, own_name, own_version
from mcpchain.npm_lock.name import shown, version_of
from mcpchain.tree import File

_HINT: Final = "`yarn install`"
_HEADER: Final = "# yarn lockfile v1"
_ROOT: Final = ""
_SHA1: Final = re.compile(r"#([0-9a-f]{40})$")
_FOLDER: Final = re.compile(r"(?:file:|link:)?(\.{0,2}/.*|\.\.?)|(?:file|link):(.*)")


def read(data: bytes, file: File, found: Collector) -> None:
    """Declare every package of the lock *data*.

    Raises:
        MalformedError: It is no text, or not even an empty lock.
    """
    text = decode(data, source=file.path)
    reader = _Reader(file, found)
    empty = _HEADER not in text
    for block in blocks(text, file.path):
        empty = False
        with found.entry():
            reader.add(block)
    if empty:
        raise MalformedError("holds nothing that yarn wrote", source=file.path)
    reader.connect()
    reader.start()
    declare(reader.packages, found)


def split(pattern: str) -> tuple[str, str]:
    """Split what is asked for into a name and the rest."""
    head, _, rest = pattern[1:].partition("@")
    return pattern[:1] + head, rest


class _Reader:
    def __init__(self, file: File, found: Collector) -> None:
        self.packages: dict[str, Package] = {}
        self._file = file
        self._found = found
        self._describer = Describer(file, found, _HINT)
        self._entries: dict[str, str] = {}
        """The first pattern of an entry, by each of its patterns."""
        self._named: dict[str, list[str]] = {}
        self._nodes: dict[str, Node] = {}

    def add(self, block: Block) -> None:
        """Declare the package of one entry.

        Raises:
            MalformedError: It cannot be read, or another is for the same.
        """
        node = block.node
        if block.problem or not block.patterns:
            problem = block.problem or "asks for nothing"
            raise MalformedError(problem, source=node.source, pointer=node.pointer)
        key = block.patterns[0]
        if again := [each for each in block.patterns if each in self._entries]:
            raise node.malformed(f"`{shown(again[0])}` is in two entries")
        package = self._package(block)
        self.packages[key], self._nodes[key] = package, node
        for pattern in block.patterns:
            name, _ = split(pattern)
            self._entries[pattern] = key
            self._named.setdefault(name, []).append(key)

    def connect(self) -> None:
        """Follow what every package needs."""
        for key, node in self._nodes.items():
            for kind in (Need.REQUIRED, Need.OPTIONAL):
                if kind.value in node:
                    with self._found.entry():
                        for name, text in node.at(kind.value).items():
                            self._need(key, name, text.text(), kind)

    def start(self) -> None:
        """Add the project, with what its manifest asks for."""
        manifest = Manifests(self._file).at()
        if manifest is None:
            return
        last = posixpath.basename(posixpath.dirname(self._file.path)) or "."
        node = Node(value=None, source=self._file.path)
        stated = Stated(
            node=node, name=own_name(manifest, last), version=own_version(manifest)
        )
        component = self._describer.project(stated, "")
        self.packages[_ROOT] = Package(component=component, root=True)
        self._nodes[_ROOT] = node
        for name, kind, text in declared(manifest):
            if Need(kind) is not Need.PEER:
                # yarn 1 does not write down the members of the project.
                quiet = "workspaces" in manifest or text.startswith("link:")
                self._need(_ROOT, name, text, Need(kind), quiet=quiet)

    def _need(
        self, key: str, name: str, text: str, kind: Need, *, quiet: bool = False
    ) -> None:
        target = self._entries.get(f"{name}@{text}" if text else name)
        alone = {*self._named.get(name, ())}
        if target is None and len(alone) == 1:
            (target,) = alone  # `resolutions` chose another than was asked for
        if target is not None:
            self.packages[target].names.add(name)
            self.packages[key].needs.append((target, kind))
        elif kind is not Need.OPTIONAL and not quiet:
            missing(name, self._nodes[key], self._found, _HINT)

    def _package(self, block: Block) -> Package:
        node = block.node
        name, rest = self._meant(block)
        resolved = node.at("resolved").optional_text() or ""
        version = version_of(node.at("version").text(), node.at("version"))
        digests = digests_of(node, "integrity", self._found)
        sha1 = _SHA1.search(resolved)
        # Of a repository what follows is its commit.
        if sha1 and not resolved.startswith(("git", "ssh:")):
            resolved = resolved[: sha1.start()]
            digests = digests or (Digest.of("sha1", sha1[1]),)
        stated = Stated(
            node=node, name=name, version=version, resolved=resolved, digests=digests
        )
        folder = _FOLDER.fullmatch(rest)
        if not resolved and folder is not None:
            place = posixpath.normpath(folder[1] or folder[2] or ".")
            return Package(component=self._describer.folder(stated, place))
        return Package(component=self._describer.package(stated))

    def _meant(self, block: Block) -> tuple[str, str]:
        """Return the package that an entry is of, and what is asked of it.

        Raises:
            MalformedError: It is of several.
        """
        meant: dict[str, str] = {}
        for pattern in block.patterns:
            name, rest = split(pattern)
            if rest.startswith("npm:"):
                name, rest = split(rest[4:])
            meant.setdefault(name, rest)
        given = block.node.at("name").optional_text()
        if given is not None:
            return given, next(iter(meant.values()))
        if len(meant) > 1:
            raise block.node.malformed("is the entry of several packages")
        ((name, rest),) = meant.items()
        return name, rest
