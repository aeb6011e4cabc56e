"""The lock of yarn 2 and later, which is YAML.

Its `checksum` is of the archive that yarn makes of a package, and not of the one that a
registry delivers: it says nothing of those bytes, and is not told.
"""

import re
from typing import Final
from urllib.parse import quote

from mcpchain.component import Location
from mcpchain.discover.yarn_lock.locator import Locator, read_locator, split
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
)
from mcpchain.npm_lock.manifest import Manifests, own_name, own_version
from mcpchain.npm_lock.name import shown, version_of
from mcpchain.tree import File

_HINT: Final = "`yarn install --mode=update-lockfile`"
_VERSIONS: Final = range(4, 11)


def read(data: bytes, file: File, found: Collector) -> None:
    """Declare every package of the lock *data*.

    Raises:
        MalformedError: It is not YAML, or has no version.
    """
    lock = Node.from_yaml(data, source=file.path)
    version = lock.at("__metadata").at("version").integer()
    if version not in _VERSIONS:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer="/__metadata/version"),
                reason=f"version {str(version)[:40]} of yarn's lock is not read",
                state=State.UNSUPPORTED,
                hint=f"lock with a yarn that writes version {_VERSIONS[-1]}",
            )
        )
        return
    reader = _Reader(file, found)
    for patterns, node in lock.items():
        if patterns != "__metadata":
            with found.entry():
                reader.add(patterns, node)
    reader.connect()
    declare(reader.packages, found, _HINT)


class _Reader:
    def __init__(self, file: File, found: Collector) -> None:
        self.packages: dict[str, Package] = {}
        self._found = found
        self._describer = Describer(file, found, _HINT)
        self._entries: dict[str, str] = {}
        """The entry of each descriptor."""
        self._named: dict[str, str | None] = {}
        """The only entry for a name; `None`: there are several."""
        self._nodes: dict[str, tuple[Node, Locator]] = {}
        self._manifests = Manifests(file)
        self._resolutions = _resolutions(self._manifests.at())

    def add(self, key: str, node: Node) -> None:
        """Declare the package of one entry.

        Raises:
            MalformedError: It cannot be read, or another is for the same.
        """
        descriptors = re.split(r" *, *", key)
        if again := [each for each in descriptors if each in self._entries]:
            raise node.malformed(f"`{shown(again[0])}` is in two entries")
        where = node.at("resolution")
        locator = read_locator(where.text(), where)
        self.packages[key] = self._package(node, locator)
        self._nodes[key] = (node, locator)
        for descriptor in descriptors:
            name, _ = split(descriptor)
            self._entries[descriptor] = key
            if self._named.setdefault(name, key) != key:
                self._named[name] = None

    def _package(self, node: Node, locator: Locator) -> Package:
        if locator.protocol == "workspace":
            return self._project(node, locator)
        version = node.at("version").text()
        own = None if locator.is_folder else version_of(version, node)
        if locator.version not in {None, own}:
            problem = f"is version {locator.version}, and not `{shown(version)}`"
            raise node.at("resolution").malformed(problem)
        stated = Stated(
            node=node,
            name=locator.name,
            version=own,
            resolved=locator.resolved,
            graph=locator.protocol != "link",
            marker=self._describer.conditions(node),
        )
        if locator.is_folder:
            return self._describer.folder(stated, locator.path)
        if locator.patches:
            patched(f"{locator.name}@{version}", node, self._found)
        return Package(component=self._describer.package(stated))

    def _project(self, node: Node, locator: Locator) -> Package:
        folder = "" if locator.path == "." else locator.path
        manifest = self._manifests.at(folder)
        stated = Stated(
            node=node,
            name=own_name(manifest, locator.name),
            version=own_version(manifest),
        )
        component = self._describer.project(stated, folder, manifest)
        return Package(component=component, root=True)

    def connect(self) -> None:
        """Follow what every package needs."""
        for key, (node, locator) in self._nodes.items():
            package = self.packages[key]
            folder = "" if locator.path == "." else locator.path
            manifest = self._manifests.at(folder) if package.root else None
            development = _developed(manifest)
            optional = _optional(node)
            with self._found.entry():
                for name, range_ in node.at("dependencies").items():
                    need = Need.REQUIRED
                    if name in optional:
                        need = Need.OPTIONAL
                    elif name in development:
                        need = Need.DEVELOPMENT
                    texts = package.asked.setdefault(name, set())
                    if range_.is_text() and name not in self._resolutions:
                        texts.add(range_.value)
                    with self._found.entry():
                        self._need(package, name, range_, need, locator)
            if package.root:
                undeclared(manifest, package.asked, node, self._found, _HINT)

    def _need(
        self, package: Package, name: str, node: Node, need: Need, locator: Locator
    ) -> None:
        target = self._target(name, node.text(), locator)
        if target is not None:
            self.packages[target].names.add(name)
            package.needs.append((target, need))
        elif need is not Need.OPTIONAL:
            missing(name, node, self._found, _HINT)

    def _target(self, name: str, text: str, locator: Locator) -> str | None:
        bound = f"::locator={quote(locator.text, safe='')}"
        ways = [text, f"npm:{text}", f"{text}{bound}", *self._resolutions.get(name, ())]
        for way in ways:
            if (key := self._entries.get(f"{name}@{way}")) is not None:
                return key
        return self._named.get(name)


def _developed(manifest: Node | None) -> frozenset[str]:
    """Return what only development needs; the lock does not tell it apart."""
    if manifest is None:
        return frozenset()
    kinds = [manifest.value.get(each) for each in ("devDependencies", "dependencies")]
    first, second = ({*each} if isinstance(each, dict) else set() for each in kinds)
    return frozenset(first - second)


def _optional(node: Node) -> frozenset[str]:
    meta = node.value.get("dependenciesMeta")
    if not isinstance(meta, dict):
        return frozenset()
    return frozenset(
        name
        for name, value in meta.items()
        if isinstance(value, dict) and value.get("optional") is True
    )


def _resolutions(manifest: Node | None) -> dict[str, list[str]]:
    """Return what the project chooses in place of what is asked for, by name."""
    chosen = manifest.value.get("resolutions") if manifest is not None else None
    found: dict[str, list[str]] = {}
    for pattern, value in chosen.items() if isinstance(chosen, dict) else ():
        if isinstance(value, str):
            parts = pattern.split("/")
            scoped = len(parts) > 1 and parts[-2].startswith("@")
            last = "/".join(parts[-2:] if scoped else parts[-1:])
            name, _ = split(last)
            found.setdefault(name, []).extend((value, f"npm:{value}"))
    return found
