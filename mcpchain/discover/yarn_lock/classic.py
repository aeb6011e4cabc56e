"""The lock of yarn 1. What the project itself asks for is in its `package.json`."""

import posixpath
import re
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.component import Component, Pin
from mcpchain.discover.yarn_lock.lines import Block, blocks
from mcpchain.document import Node, decode
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import Need, Package, declare, differing, missing, unfit
from mcpchain.npm_lock.integrity import digests_of
from mcpchain.npm_lock.manifest import Manifests, declared, own_name, own_version
from mcpchain.npm_lock.name import SHOWN, shown, version_of
from mcpchain.npm_lock.source import address_of
from mcpchain.npm_lock.tarball import read_tarball
from mcpchain.npm_lock.workspace import members_of
from mcpchain.npm_range import excludes, limits
from mcpchain.npm_version import exact_version
from mcpchain.tree import File

_HINT: Final = "`yarn install`"
_HEADER: Final = "# yarn lockfile v1"
_FILES: Final = 20_000
"""Among how many files members of a project are looked for."""
_SHA1: Final = re.compile(r"#([0-9a-f]{40})$")
_ELSEWHERE: Final = re.compile(r"[:/]")
"""What is in no range and in no tag: an address, or a name of a repository."""
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
    declare(reader.packages, found, _HINT)


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
        self._named: dict[str, str | None] = {}
        """The only entry for a name; `None`: there are several."""
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
            if self._named.setdefault(name, key) != key:
                self._named[name] = None

    def connect(self) -> None:
        """Follow what every package needs."""
        for key, node in self._nodes.items():
            for kind in (Need.REQUIRED, Need.OPTIONAL):
                if kind.value in node:
                    with self._found.entry():
                        for name, text in node.at(kind.value).items():
                            self.packages[key].asked.setdefault(name, set())
                            self._need(key, name, text.text(), kind)

    def start(self) -> None:
        """Add the project and its members, with what their manifests ask for."""
        manifests = Manifests(self._file)
        root = manifests.at()
        if root is None:
            return
        projects = {"": root} | self._members(root, manifests)
        for folder, manifest in projects.items():
            self._project(folder, manifest)
        own = {self.packages[_at(f)].component.name: _at(f) for f in projects if f}
        chosen = frozenset(_chosen(root))
        self._compare_ranges(chosen)
        for folder, manifest in projects.items():
            key = _at(folder)
            for name, kind, text in declared(manifest):
                need = Need(kind)
                if need is Need.PEER:
                    continue
                if name in own and f"{name}@{text}" not in self._entries:
                    self.packages[key].needs.append((own[name], need))
                elif not text.startswith("link:"):
                    self._need(key, name, text, need, root=True)
                    known = self._entry(name, text) or name not in self._named
                    if not known and name not in chosen:
                        differing(name, text, self._nodes[key], self._found, _HINT)

    def _compare_ranges(self, chosen: frozenset[str]) -> None:
        """Leave a gap for each range in which the version of its entry is not.

        yarn chooses another one then, even with `--frozen-lockfile`.
        """
        for pattern, key in self._entries.items():
            name, asked = split(pattern)
            node = self._nodes[key]
            version = node.value.get("version")
            if name not in chosen and excludes(asked, str(version)):
                unfit((name, asked), str(version), node, self._found)

    def _members(self, root: Node, manifests: Manifests) -> dict[str, Node]:
        """Return the manifests of the members, which yarn 1 does not write down."""
        found: dict[str, Node] = {}
        with self._found.entry():
            if not (root.exists and "workspaces" in root):
                return found
            members = members_of(root)
            base = self._file.path.rpartition("/")[0]
            start = f"{base}/" if base else ""
            for file in islice(self._file.tree.files(), _FILES):
                if isinstance(file, Gap) or file.name != "package.json":
                    continue
                folder = posixpath.dirname(file.path).removeprefix(start)
                if file.path.startswith(start) and folder in members:
                    manifest = manifests.at(folder)
                    if manifest is not None:
                        found[folder] = manifest
        return found

    def _project(self, folder: str, manifest: Node) -> None:
        place = posixpath.join(posixpath.dirname(self._file.path), folder)
        last = posixpath.basename(place.rstrip("/")) or "."
        node = Node(value=None, source=self._file.path)
        stated = Stated(
            node=node, name=own_name(manifest, last), version=own_version(manifest)
        )
        component = self._describer.project(stated, folder, manifest)
        self.packages[_at(folder)] = Package(component=component, root=True)
        self._nodes[_at(folder)] = node

    def _entry(self, name: str, text: str) -> str | None:
        known = self._entries.get(f"{name}@{text}")
        return known if known or text else self._entries.get(name)

    def _need(
        self, key: str, name: str, text: str, kind: Need, *, root: bool = False
    ) -> None:
        # `resolutions` may have chosen another than was asked for.
        target = self._entry(name, text) or self._named.get(name)
        if target is not None:
            self.packages[target].names.add(name)
            self.packages[key].needs.append((target, kind))
        elif root or kind is not Need.OPTIONAL:
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
            return self._describer.folder(stated, place)
        loose = not resolved and not _ELSEWHERE.search(rest)
        if not resolved and not loose:
            stated = replace(stated, resolved=rest)
        component = self._describer.package(stated)
        return Package(component=_loose(component, rest) if loose else component)

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
            # `resolutions` may have chosen one of them for all.
            resolved = block.node.at("resolved").optional_text() or ""
            chosen = read_tarball(address_of(resolved)).tarball
            if chosen is None or chosen.name not in meant:
                raise block.node.malformed("is the entry of several packages")
            return chosen.name, meant[chosen.name]
        ((name, rest),) = meant.items()
        return name, rest


def _loose(component: Component, asked: str) -> Component:
    """Return *component* as it is without an address: yarn chooses it anew then."""
    exact = exact_version(asked)
    pin = Pin.EXACT if exact else Pin.RANGE if limits(asked) else Pin.FLOATING
    return replace(
        component,
        version=exact,
        purl=component.purl and component.purl._replace(version=exact),
        pin=pin,
        requested="" if exact else asked[:SHOWN],
        artifacts=(),
    )


def _at(folder: str) -> str:
    """Return the key of a project among the packages."""
    return f"project {folder}"


def _chosen(manifest: Node) -> Iterator[str]:
    """Yield the names of what the project chooses in place of what is asked for."""
    chosen = manifest.value.get("resolutions")
    for pattern in chosen if isinstance(chosen, dict) else ():
        parts = pattern.split("/")
        scoped = len(parts) > 1 and parts[-2].startswith("@")
        yield split("/".join(parts[-2:] if scoped else parts[-1:]))[0]
