"""bun's lock file as text, `bun.lock`, versions 0 to 2: JSON with trailing commas.

It maps the folders of `node_modules`, as far as they are needed to tell packages apart,
to lists: what a package is, where it is from, what it needs, and its digest.
"""

from collections.abc import Set as AbstractSet
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.bun_lock.entry import Reader
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import (
    Need,
    Package,
    declare,
    missing,
    patched,
    undeclared,
    unfit,
)
from mcpchain.npm_lock.manifest import Manifests, own_name, own_version
from mcpchain.npm_range import excludes
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_STEPS: Final = 3_000_000
"""How many folders are looked into, in all, for what packages need."""
_HINT: Final = "`bun install --lockfile-only`"
_VERSIONS: Final = range(3)


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its digest and dependencies.

    Raises:
        MalformedError: It is no JSON, or has no version.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_jsonc(file.read(_BYTES), source=file.path)
    version = lock.at("lockfileVersion").integer()
    if version not in _VERSIONS:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer="/lockfileVersion"),
                reason=f"lockfileVersion {str(version)[:40]} is not read",
                state=State.UNSUPPORTED,
                hint=f"lock with a bun that writes version {_VERSIONS[-1]}",
            )
        )
        return
    _Lock(file, found).read(lock)


class _Lock:
    """What one lock holds."""

    def __init__(self, file: File, found: Collector) -> None:
        self._file = file
        self._found = found
        self._manifests = Manifests(file)
        self._describer = Describer(file, found, _HINT)
        self._packages: dict[str, Package] = {}
        self._places: dict[str, str] = {}
        """The key of the package that lies in a folder."""
        self._members: dict[str, str] = {}
        """The key of each member of the project, by its folder."""
        self._overridden: AbstractSet[str] = frozenset()
        self._steps = 0

    def read(self, lock: Node) -> None:
        """Declare everything in *lock*."""
        found = self._found
        overrides = lock.value.get("overrides")
        if isinstance(overrides, dict):
            self._overridden = overrides.keys()
        workspaces: dict[str, Node] = {}
        with found.entry():
            for folder, node in lock.at("workspaces").items():
                with found.entry():
                    self._project(folder, node)
                    workspaces[folder] = node
        reader = Reader(self._describer, self._members, found)
        needs: dict[str, Node] = {}
        with found.entry():
            for key, node in lock.at("packages").items():
                with found.entry():
                    if (member := reader.member(node)) is not None:
                        self._places[key] = member
                        continue
                    package, needed = reader.package(key, node)
                    if key in self._packages:
                        raise node.malformed("has the name of another entry")
                    self._packages[key] = package
                    self._places[key] = key
                    needs[key] = needed
        for folder, node in workspaces.items():
            package = self._packages[_member(folder)]
            name = package.component.name if folder else ""
            self._connect(package, name, node)
            manifest = self._manifests.at(folder)
            undeclared(manifest, package.asked, node, found, _HINT)
        for key, node in needs.items():
            self._connect(self._packages[key], key, node)
        if "patchedDependencies" in lock:
            with found.entry():
                for name, node in lock.at("patchedDependencies").items():
                    patched(name, node, found)
        declare(self._packages, found, _HINT)

    def _project(self, folder: str, node: Node) -> None:
        manifest = self._manifests.at(folder)
        name = node.at("name").optional_text()
        version = node.at("version").optional_text()
        default = folder or self._file.path.rpartition("/")[0]
        last = default.rpartition("/")[2] or "."
        stated = Stated(
            node=node,
            name=name or own_name(manifest, last),
            version=version or own_version(manifest),
        )
        component = self._describer.project(stated, folder, manifest)
        self._packages[_member(folder)] = Package(component=component, root=True)
        self._members[folder] = _member(folder)

    def _connect(self, package: Package, key: str, node: Node) -> None:
        """Follow what the package at *key* needs, as node looks for modules."""
        folders = _search_path(key)
        loose = _optional_peers(node)
        for need in Need:
            if need.value not in node:
                continue
            with self._found.entry():
                for name, text in node.at(need.value).items():
                    texts = package.asked.setdefault(name, set())
                    if text.is_text():
                        texts.add(text.value)
                    self._steps += len(folders)
                    if self._steps > _STEPS:
                        raise node.malformed("has more dependencies than are followed")
                    target = self._find(name, folders)
                    if target is not None:
                        self._packages[target].names.add(name)
                        package.needs.append((target, need))
                        if package.root and need is not Need.PEER:
                            self._compare(name, text.value, target, node)
                    elif need is not Need.OPTIONAL and name not in loose:
                        missing(name, node, self._found, _HINT)

    def _compare(self, name: str, asked: object, target: str, node: Node) -> None:
        """Leave a gap for a range of the project in which the version is not.

        bun chooses another one then.
        """
        version = self._packages[target].component.version
        known = isinstance(asked, str) and version and name not in self._overridden
        if known and excludes(str(asked), str(version)):
            unfit((name, str(asked)), str(version), node, self._found)

    def _find(self, name: str, folders: list[str]) -> str | None:
        for folder in folders:
            key = folder + name
            if key in self._places:
                return self._places[key]
        return None


def _member(folder: str) -> str:
    """Return the key of a member among the packages."""
    return f"member {folder}"


def _search_path(key: str) -> list[str]:
    """Return the folders in which the package at *key* finds others, nearest first."""
    names: list[str] = []
    for part in key.split("/") if key else []:
        if names and names[-1].startswith("@") and "/" not in names[-1]:
            names[-1] += f"/{part}"
        else:
            names.append(part)
    ends = range(len(names), -1, -1)
    return ["".join(f"{name}/" for name in names[:end]) for end in ends]


def _optional_peers(node: Node) -> frozenset[str]:
    listed = node.value.get("optionalPeers")
    names = listed if isinstance(listed, list) else []
    return frozenset(each for each in names if isinstance(each, str))
