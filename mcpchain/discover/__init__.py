"""Find what a tree is made of. One file here, one kind of source there.

A discoverer reads files and declares what they name. It never asks the network, never
runs anything, and never loses an entry: what it cannot read becomes a gap.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import cache
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, ClassVar, Final, Protocol

from packageurl import PackageURL

from mcpchain import loader
from mcpchain.artifact import Artifact
from mcpchain.component import Basis, Component, Kind
from mcpchain.inventory import Collector, Gap, Inventory
from mcpchain.tree import File, Tree, UnreadableError, digest_all

if TYPE_CHECKING:
    from mcpchain.npm_project import NpmProjects

_MANIFEST: Final = "pyproject.toml"
"""Where a Python project declares what it asks for, for its lock to answer."""
_NPM_MANIFEST: Final = "package.json"
"""Where one of npm does."""
LFS_POINTER: Final = b"version https://git-lfs.github.com/spec/"
"""How a file starts that stands for another one, which Git LFS keeps."""
_POINTERS: Final = "git-lfs"
"""The part that reads those."""


class Discoverer(Protocol):
    """Reads one kind of file."""

    id: ClassVar[str]
    """Its file name, with dashes."""

    def wants(self, file: File) -> bool:
        """Say whether *file* is of that kind, by its path and its first bytes."""
        ...

    def discover(self, file: File, found: Collector) -> None:
        """Add to *found* what *file* declares.

        A file of the tree that is itself the component (a model, a wheel) is declared
        as an artifact with the path as its name, without digests: it is hashed later.

        Raises:
            MalformedError: The file as a whole is not what its name says.
            UnreadableError: It, or a file that it includes, cannot be read.
        """
        ...


def all_discoverers() -> tuple[Discoverer, ...]:
    """Return the discoverers in this package, sorted by file name."""
    return tuple(loader.parts(__name__, "DISCOVERER"))


def survey(
    tree: Tree,
    *,
    name: str,
    discoverers: Sequence[Discoverer] | None = None,
    hashing: Callable[[int, int], None] | None = None,
) -> Inventory:
    """Return what *tree* is made of, with every place that could not be read.

    Args:
        tree: What to examine.
        name: What to call it.
        discoverers: The parts to use; all of them by default.
        hashing: Called with (bytes done, bytes in all) while files are hashed.
    """
    found = Collector(name)
    files: _Files | None = None
    for file in tree.files():
        if isinstance(file, Gap):
            found.gap(file)
            continue
        if files is None:  # late: without a file, no part has to be loaded
            files = _Files(tree, found, discoverers)
        files.read(file, name)
    if files is None:
        return found.inventory()
    hashed = _hashed(files.settled(), tree, hashing)
    if any(each.kind is Kind.MODEL for each in hashed.components):
        from mcpchain.folder_name import named

        hashed = named(hashed)
    return _compared(hashed, tree)


class _Files:
    """Reads the files of one tree into *found*.

    What only some kinds of packages need is not loaded before there is one.
    """

    def __init__(
        self, tree: Tree, found: Collector, discoverers: Sequence[Discoverer] | None
    ) -> None:
        self._tree = tree
        self._found = found
        self._projects: NpmProjects | None = None
        self._parts = all_discoverers() if discoverers is None else discoverers
        self._first: Inventory | None = None
        self._merged = False
        self._manifests: list[tuple[str, Inventory]] = []
        self._npm_manifests: list[tuple[str, Inventory]] = []
        from mcpchain.model_folder import BESIDE

        self._is_beside, self._beside = BESIDE.search, list[str]()

    def read(self, file: File, name: str) -> None:
        """Give *file* to every part that wants it."""
        if self._is_beside(file.path):
            self._beside.append(file.path)
        pointer = file.head.startswith(LFS_POINTER)
        for part in self._parts:
            # What stands in place of a file is not what its name says.
            if part.wants(file) and (not pointer or part.id == _POINTERS):
                inner = _read(part, file, name)
                if file.name.casefold() == _MANIFEST:
                    self._manifests.append((file.path, inner))
                elif file.name.casefold() == _NPM_MANIFEST:
                    inner = self._attributed(inner, file.path)
                    self._npm_manifests.append((file.path, inner))
                else:
                    self._keep(self._attributed(inner, file.path))

    def _keep(self, inventory: Inventory) -> None:
        """Take in what one file declares; of a single one nothing has to be merged."""
        if not inventory:
            return
        if self._first is None:
            self._first = inventory
            return
        if not self._merged:
            self._found.include(self._first)
            self._merged = True
        self._found.include(inventory)

    def _whole(self) -> Inventory:
        inventory = self._found.inventory()
        if self._merged or self._first is None:
            return inventory
        if not inventory:
            return self._first
        self._found.include(self._first)
        return self._found.inventory()

    def _attributed(self, inventory: Inventory, path: str) -> Inventory:
        if not _names(inventory, "npm"):
            return inventory
        from mcpchain.npm_project import NpmProjects

        if self._projects is None:
            self._projects = NpmProjects(self._tree)
        return self._projects.attribute(inventory, path)

    def settled(self) -> Inventory:
        """Return what was found, once all files are read."""
        inventory = self._whole()
        if any(each.kind is Kind.DATA for each in inventory.components):
            from mcpchain.data_sets.folders import settle as settle_data

            inventory = settle_data(inventory, self._tree, self._beside)
        if _names(inventory, "conda"):
            from mcpchain.conda_package import join_installed

            inventory = join_installed(inventory)
        if self._manifests:
            from mcpchain.python_project import settle

            inventory = settle(inventory, self._manifests)
        if self._npm_manifests:
            from mcpchain.npm_lock.settle import settle_npm

            inventory = settle_npm(inventory, self._npm_manifests)
        if any(each.kind in _OF_MODELS for each in inventory.components):
            from mcpchain.model_folder.join import joined

            inventory = joined(inventory, self._tree, self._beside)
        if any(each.kind is Kind.FILE for each in inventory.components):
            from mcpchain.skills import contain

            inventory = contain(inventory)
        if any(each.kind is Kind.SERVICE for each in inventory.components):
            from mcpchain.used_services import join_services

            inventory = join_services(inventory)
        return inventory


def _names(inventory: Inventory, ecosystem: str) -> bool:
    """Say whether *inventory* names a package of *ecosystem*, a type of purls."""
    purls = (each.purl for each in inventory.components)
    return any(each is not None and each.type == ecosystem for each in purls)


def _read(part: Discoverer, file: File, name: str) -> Inventory:
    """Run one discoverer on one file. What it found before it failed is kept."""
    found = Collector(name)
    try:
        with found.entry():
            part.discover(file, found)
    except UnreadableError as error:
        found.gap(error.gap())
    return found.inventory()


def _hashed(
    inventory: Inventory, tree: Tree, hashing: Callable[[int, int], None] | None
) -> Inventory:
    """Give each observed file its digest; one that has none leaves a gap."""
    sizes = {
        artifact.name: artifact.size or 0
        for component in inventory.components
        for artifact in component.artifacts
        if _bare(component, artifact)
    }
    if not sizes:
        return inventory
    total, done = sum(sizes.values()), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if hashing:
            hashing(min(done, total), total)

    files = [File(tree=tree, path=name) for name in sorted(sizes)]
    outcomes = digest_all(files, progress=count)
    if hashing:
        hashing(total, total)
    components: list[Component] = []
    gaps = [*inventory.gaps]
    for component in inventory.components:
        artifacts: list[Artifact] = []
        for artifact in component.artifacts:
            outcome = outcomes.get(artifact.name)
            known = artifact
            if outcome is not None and _bare(component, artifact):
                if isinstance(outcome, Gap):
                    gaps.append(replace(outcome, ref=component.ref))
                else:
                    called = _file_name(component, artifact)
                    known = replace(artifact, name=called, digests=(outcome,))
            artifacts.append(known)
        components.append(_named(replace(component, artifacts=tuple(artifacts))))
    found = Collector(inventory.name)
    found.include(replace(inventory, components=tuple(components), gaps=tuple(gaps)))
    return found.inventory()


def _compared(inventory: Inventory, tree: Tree) -> Inventory:
    """Compare what manifests say of files with the files, so far as anything does."""
    said = (e for e in inventory.components if e.basis is Basis.DECLARED)
    if not any(e.kind in _CLAIMED and e.artifacts for e in said):
        return inventory
    from mcpchain.claimed import compared

    return compared(inventory, cache(tree.digest))


_OF_MODELS: Final = frozenset({Kind.MODEL, Kind.FILE})
_CLAIMED: Final = frozenset({Kind.MODEL, Kind.DATA, Kind.FILE})


def _named(component: Component) -> Component:
    """Name a file by its bytes, so that a waiver for it ends when they change."""
    digests = [each for artifact in component.artifacts for each in artifact.digests]
    observed = component.basis is Basis.OBSERVED and component.purl is None
    if not observed or len(digests) != 1:
        return component
    checksum = {"checksum": str(digests[0])}
    purl = PackageURL(type="generic", name=component.name, qualifiers=checksum)
    return replace(component, purl=purl)


def _bare(component: Component, artifact: Artifact) -> bool:
    """Say whether *artifact* is a file of the tree that has no digest yet.

    A package's artifact may bear any name, also that of another file in the tree.
    """
    own = component.purl is None or artifact.name == component.location.path
    return own and component.basis is Basis.OBSERVED and not artifact.digests


def _file_name(component: Component, artifact: Artifact) -> str:
    """Return how a file is called: that of a package as a registry has it."""
    if component.purl is None:
        return artifact.name
    return PurePosixPath(artifact.name).name
