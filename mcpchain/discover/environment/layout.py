"""Where an environment keeps its packages, and whether it uses those of another."""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from mcpchain.errors import UsageError
from mcpchain.tree import Tree, UnreadableError

_CONFIGURATION: Final = "pyvenv.cfg"
_LIMIT: Final = 1 << 16
_INTERPRETER: Final = re.compile(r"(?:python|pypy)[\d.]*(?:\.exe)?")
_VERSION: Final = re.compile(r"(\d+\.\d+(?:\.\d+)?)(?:\.|$)")
_FEATURE: Final = re.compile(r"/(?:python|pypy)(\d+\.\d+)/")
_SITES: Final = (
    "lib/python3*/site-packages",
    "lib64/python3*/site-packages",
    "lib/pypy3*/site-packages",
    "lib/python3*/dist-packages",
    "lib/python3/dist-packages",
    "local/lib/python3*/dist-packages",
    "Lib/site-packages",
)


def environment_root(location: Path) -> Path:
    """Return the folder of the environment at *location*, as `read_environment` does.

    Raises:
        UsageError: It is neither an interpreter nor a folder.
    """
    absolute = Path(os.path.abspath(location))
    for folder in (absolute, *absolute.parents[:2]):
        if (folder / _CONFIGURATION).is_file():
            return folder
    if absolute.is_dir():
        return absolute
    if not _INTERPRETER.fullmatch(absolute.name.lower()):
        raise UsageError(
            f"`{location}` is neither a Python interpreter nor an environment",
            hint="name the interpreter in the environment, such as .venv/bin/python",
        )
    # No virtual environment: the interpreter itself may be a link into its prefix.
    return Path(os.path.realpath(absolute)).parent.parent


def site_packages(root: Path) -> Iterator[Path]:
    """Yield the folders from which the interpreters of the environment import."""
    seen: set[str] = set()
    for pattern in _SITES:
        for folder in root.glob(pattern):
            real = os.path.realpath(folder)
            if folder.is_dir() and real not in seen:
                seen.add(real)
                yield folder


def has_system_packages(root: Path) -> bool:
    """Say whether a virtual environment imports from its base's site-packages, too.

    As Python's `site` reads `pyvenv.cfg` (PEP 405): the last line counts, and without
    one it does.

    Raises:
        UnreadableError: Its configuration cannot be read.
    """
    if not (root / _CONFIGURATION).is_file():
        return False
    data = Tree(root).file(_CONFIGURATION).read(_LIMIT)
    value = "true"
    for line in data.decode("utf-8", "replace").splitlines():
        key, equals, told = line.partition("=")
        if equals and key.strip().lower() == "include-system-site-packages":
            value = told.strip().lower()
    return value == "true"


def python_version(root: Path, folder: Path) -> str:
    """Return the version of Python of the environment, as far as it is told.

    Args:
        root: The environment.
        folder: Its site-packages, whose path has at least the feature version.
    """
    told = ""
    if (root / _CONFIGURATION).is_file():
        try:
            data = Tree(root).file(_CONFIGURATION).read(_LIMIT)
        except UnreadableError:
            data = b""  # which `has_system_packages` says
        for line in data.decode("utf-8", "replace").splitlines():
            key, _, value = line.partition("=")
            if key.strip().lower() in {"version", "version_info"}:
                told = value.strip()
    version = _VERSION.match(told) or _FEATURE.search(folder.as_posix())
    return version[1] if version else ""
