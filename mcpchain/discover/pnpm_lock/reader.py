"""pnpm's lock file, `pnpm-lock.yaml`, versions 5, 6 and 9.

pnpm publishes no specification of it; what is read here is what pnpm 3 to 12 write. A
newer pnpm puts a document of its own tools in front of the one of the project.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.pnpm_lock.entry import Reader
from mcpchain.discover.pnpm_lock.key import SNAPSHOTS, refer, split
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import Need, Package, declare, missing, undeclared
from mcpchain.npm_lock.manifest import Manifests, own_name, own_version
from mcpchain.npm_lock.name import SHOWN
from mcpchain.tree import File

_BYTES: Final = 32 << 20
_VERSION: Final = re.compile(r"([569])(?:\.\d{1,3})?(?:-inlineSpecifiers)?")
_HINT: Final = "`pnpm install --lockfile-only`"
_KINDS: Final = {
    "dependencies": Need.REQUIRED,
    "devDependencies": Need.DEVELOPMENT,
    "optionalDependencies": Need.OPTIONAL,
    "configDependencies": Need.DEVELOPMENT,
    "packageManagerDependencies": Need.DEVELOPMENT,
}


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its digest and dependencies.

    Raises:
        MalformedError: It is not YAML, or has no version.
        UnreadableError: It cannot be read.
    """
    locks = Node.all_from_yaml(file.read(_BYTES), source=file.path)
    if not locks:
        raise Node(value=None, source=file.path).unexpected("an object")
    for lock in locks:
        with found.entry():
            _read_lock(lock, file, found)


def _read_lock(lock: Node, file: File, found: Collector) -> None:
    version = lock.at("lockfileVersion")
    text = str(version.integer()) if not version.is_text() else version.text()
    match = _VERSION.fullmatch(text)
    if match is None:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path, pointer=version.pointer),
                reason=f"lockfileVersion {text[:40]} is not read",
                state=State.UNSUPPORTED,
                hint="lock with a pnpm that writes version 9",
            )
        )
        return
    major = int(match[1])
    describer = Describer(file, found, _HINT)
    reader = Reader(lock, major, describer, found)
    packages = reader.packages()
    projects = _Projects(file, major, describer, packages, found)
    projects.read(lock)
    for key, node in reader.edges():
        with found.entry():
            projects.connect(key, node)
    reader.patches(packages)
    declare(packages, found, _HINT)


class _Projects:
    """The members of a project, and what hangs on what."""

    def __init__(
        self,
        file: File,
        major: int,
        describer: Describer,
        packages: dict[str, Package],
        found: Collector,
    ) -> None:
        self._file = file
        self._manifests = Manifests(file)
        self._major = major
        self._describer = describer
        self._packages = packages
        self._overrides: frozenset[tuple[str, str]] = frozenset()
        self._found = found

    def read(self, lock: Node) -> None:
        """Add each member of the project, and then what they ask for."""
        members: dict[str, Node] = {}
        self._overrides = _overridden(lock)
        if "importers" in lock:
            for path, node in lock.at("importers").items():
                with self._found.entry():
                    self._add(path, node)
                    members[path] = node
        elif self._major < SNAPSHOTS:
            self._add(".", lock)
            members["."] = lock
        for path, node in members.items():
            self._ask(path, node)
            package = self._packages[_project(path)]
            manifest = self._manifests.at("" if path == "." else path)
            undeclared(manifest, package.asked, node, self._found, _HINT)

    def _add(self, path: str, node: Node) -> None:
        next(node.items(), None)  # raises if it is none, or is there twice
        folder = "" if path == "." else path
        manifest = self._manifests.at(folder)
        last = posixpath.basename(folder or posixpath.dirname(self._file.path))
        stated = Stated(
            node=node,
            name=own_name(manifest, last or "."),
            version=own_version(manifest),
        )
        if _project(path) in self._packages:
            raise node.malformed("has the name of another entry")
        self._packages[_project(path)] = Package(
            component=self._describer.project(stated, folder, manifest), root=True
        )

    def _ask(self, path: str, node: Node) -> None:
        package = self._packages[_project(path)]
        specifiers = node.value.get("specifiers") if node.is_object() else None
        for kind, need in _KINDS.items():
            if kind not in node:
                continue
            with self._found.entry():
                for name, edge in node.at(kind).items():
                    with self._found.entry():
                        texts = package.asked.setdefault(name, set())
                        text = _member(edge.value, "specifier")
                        text = text or _member(specifiers, name)
                        if text and (name, text) not in self._overrides:
                            texts.add(text)
                        inner = edge.at("version") if edge.is_object() else edge
                        target = self._target(name, inner, path)
                        self._need(package, name, target, need, inner)

    def connect(self, key: str, node: Node) -> None:
        """Follow what one entry needs."""
        package = self._packages[key]
        for kind, name, inner, is_peer in _needs(node):
            package.asked.setdefault(name, set())
            with self._found.entry():
                target = self._target(name, inner, ".")
                need = Need.PEER if is_peer else kind
                self._need(package, name, target, need, inner)

    def _need(
        self, package: Package, name: str, target: str, need: Need, node: Node
    ) -> None:
        known = self._packages.get(target)
        if known is not None:
            known.names.add(name)
            package.needs.append((target, need))
        elif need is not Need.OPTIONAL:
            missing(name, node, self._found, _HINT)

    def _target(self, name: str, node: Node, path: str) -> str:
        """Return the key of what a dependency means; a folder is added if need be."""
        reference = node.text()
        if not reference.startswith("link:"):
            return refer(reference, name, self._major)
        folder = posixpath.normpath(posixpath.join(path, reference[5:]))
        if (key := _project(folder)) in self._packages:
            return key
        key = f"link:{folder}"
        if key not in self._packages:
            stated = Stated(node=node, name=name[:SHOWN], graph=False)
            self._packages[key] = self._describer.folder(stated, folder)
        return key


def _member(value: object, key: str) -> str | None:
    """Return the text at *key*, if there is one."""
    text = value.get(key) if isinstance(value, dict) else None
    return text if isinstance(text, str) else None


def _overridden(lock: Node) -> frozenset[tuple[str, str]]:
    """Return the names for which the project itself asks something else, and what."""
    chosen = lock.value.get("overrides")
    return frozenset(
        (split(pattern.rpartition(">")[2])[0], text)
        for pattern, text in (chosen.items() if isinstance(chosen, dict) else ())
        if isinstance(text, str)
    )


def _project(path: str) -> str:
    """Return the key of a member among the packages."""
    return f"project:{path}"


def _needs(node: Node) -> Iterator[tuple[Need, str, Node, bool]]:
    peers = node.value.get("peerDependencies")
    for kind in ("dependencies", "optionalDependencies"):
        if kind in node:
            for name, inner in node.at(kind).items():
                is_peer = isinstance(peers, dict) and name in peers
                yield _KINDS[kind], name, inner, is_peer
