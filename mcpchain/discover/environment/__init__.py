"""What is installed in a Python environment, read without starting its interpreter.

Every distribution leaves a `*.dist-info` folder (PEP 376, PEP 427) whose METADATA says
what it is, and whose `direct_url.json` (PEP 610) where it came from if not an index.
What else Python would import from there is a gap.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar, Final

from mcpchain.component import Location
from mcpchain.discover import Discoverer
from mcpchain.discover.environment import distribution
from mcpchain.discover.environment.distribution import METADATA
from mcpchain.discover.environment.layout import (
    environment_root,
    has_system_packages,
    site_packages,
)
from mcpchain.discover.environment.site import Site
from mcpchain.errors import MalformedError, UsageError
from mcpchain.inventory import Collector, Gap, Inventory, State
from mcpchain.tree import File, Tree, UnreadableError
from mcpchain.tree.paths import shown

__all__ = ["DISCOVERER", "InstalledDistribution", "environment_root"]

_PREFIX: Final = "environment"
"""Stands before the paths in an environment, whose own path says who works where."""
_REINSTALL: Final = "reinstall the distribution"


class InstalledDistribution:
    """Reads the METADATA of a distribution that lies in a project."""

    id: ClassVar[str] = "environment"

    def wants(self, file: File) -> bool:
        """Say whether it is the METADATA of a distribution."""
        return file.path.endswith(METADATA)

    def discover(self, file: File, found: Collector) -> None:
        """Declare the distribution.

        Raises:
            MalformedError: It names no distribution.
            UnreadableError: It cannot be read.
        """
        found.add(distribution.read(file, file.path, found).component)


def read_environment(location: Path) -> Inventory:
    """Return the distributions of the environment at *location*.

    Args:
        location: An interpreter, or the folder of a virtual environment. A link to an
            interpreter is not followed: it stands in the environment that it means.

    Raises:
        UsageError: There is no environment there.
    """
    found = Collector(_PREFIX)
    root = environment_root(location)
    folders = sorted(site_packages(root))
    if not folders:
        raise UsageError(
            f"`{location}` belongs to no Python environment that can be read",
            hint="name the interpreter in the environment, such as .venv/bin/python",
        )
    place = f"{_PREFIX}/pyvenv.cfg"
    with _gaps(found, place, "make the environment anew"):
        if has_system_packages(root):
            reason = "the packages of the system can be imported too, and are not read"
            hint = "make the environment without `--system-site-packages`"
            found.gap(_gap(place, reason, State.UNSUPPORTED, hint))
    seen: dict[str, str] = {}
    for folder in folders:
        _read_site(folder, folder.relative_to(root).as_posix(), seen, found)
    return found.inventory()


def _read_site(folder: Path, name: str, seen: dict[str, str], found: Collector) -> None:
    """Read one folder of packages; *seen* tells what was found in others."""
    tree, site = Tree(folder), Site(folder=folder, place=f"{_PREFIX}/{name}")
    entries = sorted(os.listdir(folder))
    for entry in _metadata(folder, entries):
        place = f"{site.place}/{entry}"
        with _gaps(found, place, _REINSTALL):
            file = tree.file(entry)
            one = distribution.read(file, place, found)
            for gap in site.own(file, one):
                found.gap(gap)
            ref = found.add(one.component)
            if seen.setdefault(one.component.name, ref) != ref:
                reason = f"`{one.component.name}` is installed twice"
                found.gap(_gap(place, reason, State.PARTIAL, _REINSTALL))
    for gap in site.gaps(entries):
        found.gap(gap)


def _metadata(folder: Path, entries: list[str]) -> Iterator[str]:
    """Yield the file with the metadata of each distribution, as `File.path` has it."""
    for entry in entries:
        name = shown(entry)
        if entry.endswith(".dist-info"):
            yield f"{name}/METADATA"
        elif entry.endswith(".egg-info"):
            yield f"{name}/PKG-INFO" if (folder / entry).is_dir() else name
        elif entry.endswith(".egg") and (folder / entry).is_dir():
            yield f"{name}/EGG-INFO/PKG-INFO"


@contextlib.contextmanager
def _gaps(found: Collector, place: str, hint: str) -> Iterator[None]:
    try:
        yield
    except MalformedError as error:
        found.gap(_gap(place, error.problem, State.UNREADABLE, hint))
    except UnreadableError as error:
        found.gap(_gap(place, error.reason, error.state, hint))


def _gap(place: str, reason: str, state: State, hint: str) -> Gap:
    location = Location(path=place)
    return Gap(
        stage="discover", location=location, reason=reason, state=state, hint=hint
    )


DISCOVERER: Final[Discoverer] = InstalledDistribution()
