"""What is installed in a Python environment, read without starting its interpreter.

Every distribution leaves a `*.dist-info` folder (PEP 376, PEP 427) whose METADATA says
what it is, and whose `direct_url.json` (PEP 610) where it came from if not an index.
BOMs in that folder (PEP 770) say what is inside. What else Python would import from
there is a gap.
"""

import contextlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.environment import (
    distribution,
    is_metadata,
    metadata_above,
    sboms,
)
from mcpchain.discover.environment.info import Info
from mcpchain.discover.environment.integrity import Integrity
from mcpchain.discover.environment.layout import (
    environment_root,
    has_system_packages,
    python_version,
    site_packages,
)
from mcpchain.discover.environment.requires import Conditions, Needs
from mcpchain.discover.environment.site import Site
from mcpchain.errors import MalformedError, UsageError
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.tree import File, Tree, UnreadableError
from mcpchain.tree.paths import raw, shown

__all__ = ["Wish", "declare", "environment_root", "read_environment"]

_PREFIX: Final = "environment"
"""Stands before the paths in an environment, whose own path says who works where."""
_REINSTALL: Final = "reinstall the distribution"


def declare(file: File, found: Collector) -> None:
    """Declare the distribution whose METADATA, or BOM, is *file*.

    Raises:
        MalformedError: It names no distribution.
        UnreadableError: It cannot be read.
    """
    above = metadata_above(file.path)
    if is_metadata(file.path) or not above:
        found.add(distribution.read(Info(file), file.path, found).component)
        return
    metadata = file.tree.file(above)
    ref = found.add(distribution.read(Info(metadata), above, found).component)
    found.embed(sboms.embedded(file, file.path, ref))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to look at beyond names and versions."""

    license_texts: bool = False
    verify: bool = False
    """Whether to compare every installed file with the digest in its RECORD."""
    progress: Callable[[int, int], None] | None = None
    """Called with (bytes done, bytes in all) meanwhile."""


def read_environment(location: Path, wish: Wish | None = None) -> Inventory:
    """Return the distributions of the environment at *location*.

    Args:
        location: An interpreter, or the folder of a virtual environment. A link to an
            interpreter is not followed: it stands in the environment that it means.
        wish: What to look at besides.

    Raises:
        UsageError: There is no environment there.
    """
    root = environment_root(location)
    folders = sorted(site_packages(root))
    if not folders:
        raise UsageError(
            f"`{location}` belongs to no Python environment that can be read",
            hint="name the interpreter in the environment, such as .venv/bin/python",
        )
    return _Reader(root, wish or Wish()).inventory(folders)


class _Reader:
    """Reads one environment."""

    def __init__(self, root: Path, wish: Wish) -> None:
        self._root = root
        self._wish = wish
        self._found = Collector(_PREFIX)
        self._refs: dict[str, str] = {}
        """What is imported under a name: of two that are installed, the first."""
        self._needs: list[tuple[str, Needs]] = []
        """Refs, and what each depends on."""
        self._integrity: Integrity | None = None
        if wish.verify:
            self._integrity = Integrity(root, _PREFIX, wish.progress)

    def inventory(self, folders: list[Path]) -> Inventory:
        place = f"{_PREFIX}/pyvenv.cfg"
        with self._gaps(place, "make the environment anew"):
            if has_system_packages(self._root):
                reason = (
                    "the packages of the system can be imported too, and are not read"
                )
                hint = "make the environment without `--system-site-packages`"
                self._found.gap(_gap(place, reason, State.UNSUPPORTED, hint))
        for folder in folders:
            self._read_site(folder)
        self._relate(folders[0])
        for gap in self._integrity.gaps() if self._integrity else ():
            self._found.gap(gap)
        return self._found.inventory()

    def _read_site(self, folder: Path) -> None:
        """Read one folder of packages."""
        name = folder.relative_to(self._root).as_posix()
        place = f"{_PREFIX}/{name}"
        tree = Tree(folder)
        site = Site(folder=folder, place=place, name=name, integrity=self._integrity)
        entries = sorted(os.listdir(folder))
        for entry in _metadata(folder, entries):
            with self._gaps(f"{place}/{entry}", _REINSTALL):
                self._read(File(tree=tree, path=entry), site)
        for gap in site.gaps(entries):
            self._found.gap(gap)

    def _read(self, file: File, site: Site) -> None:
        """Read one distribution."""
        place = f"{site.place}/{file.path}"
        folder = file.path.rpartition("/")[0]
        info = Info.of(file, site.folder / raw(folder)) if folder else Info(file)
        texts = self._wish.license_texts
        one = distribution.read(info, place, self._found, license_texts=texts)
        for gap in site.own(info, one):
            self._found.gap(gap)
        ref = self._found.add(one.component)
        self._needs.append((ref, one.needs))
        if self._refs.setdefault(one.component.name, ref) != ref:
            reason = f"`{one.component.name}` is installed twice"
            self._found.gap(_gap(place, reason, State.PARTIAL, _REINSTALL))
        if info.names and sboms.FOLDER in info.names:
            path = site.folder / raw(folder)
            sboms.embed(file.tree, path, f"{site.place}/{folder}", ref, self._found)

    def _relate(self, folder: Path) -> None:
        """Say what depends on what is installed."""
        python = python_version(self._root, folder)
        conditions = Conditions(python, windows=folder.parent.name == "Lib")
        for ref, needs in self._needs:
            for target in conditions.targets(needs, self._refs):
                if target != ref:
                    self._found.relate(ref, target)

    @contextlib.contextmanager
    def _gaps(self, place: str, hint: str) -> Iterator[None]:
        try:
            yield
        except MalformedError as error:
            self._found.gap(_gap(place, error.problem, State.UNREADABLE, hint))
        except UnreadableError as error:
            self._found.gap(_gap(place, error.reason, error.state, hint))


def _metadata(folder: Path, entries: list[str]) -> Iterator[str]:
    """Yield the file with the metadata of each distribution, as `File.path` has it."""
    for entry in entries:
        name, kind = shown(entry), entry.lower()  # as importlib.metadata does
        if kind.endswith(".dist-info"):
            yield f"{name}/METADATA"
        elif kind.endswith(".egg-info"):
            yield f"{name}/PKG-INFO" if (folder / entry).is_dir() else name
        elif kind.endswith(".egg") and (folder / entry).is_dir():
            yield f"{name}/EGG-INFO/PKG-INFO"


def _gap(place: str, reason: str, state: State, hint: str) -> Gap:
    location = Location(path=place)
    return Gap(
        stage="discover", location=location, reason=reason, state=state, hint=hint
    )
