"""Say what is not read, and what to do about it."""

import re
from collections.abc import Iterator, Mapping
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.unread import LOCKS, MANIFESTS, NPM_LOCK, SETUP
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.tree import File, UnreadableError

_PYTHON_LOCKS: Final = (
    "requirements.txt",
    "uv.lock",
    "pylock.toml",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
)
_SETS: Final = re.compile(rb"^[^#\n]*\b(?:install|setup|extras)_require", re.MULTILINE)
_UV: Final = (
    "index",
    "index-url",
    "extra-index-url",
    "find-links",
    "allow-insecure-host",
)


def discover(file: File, found: Collector) -> None:
    """Leave the gap, unless the file names nothing or a lock beside it speaks.

    Raises:
        MalformedError: A manifest is not what its name says.
        UnreadableError: It cannot be read.
    """
    for reason, hint in _gaps(file):
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path),
                reason=reason,
                state=State.UNSUPPORTED,
                hint=hint,
            )
        )


def _gaps(file: File) -> Iterator[tuple[str, str]]:
    """Yield what is not read and what to do about it."""
    name = file.name.casefold()
    if name in LOCKS:
        yield "a lock file whose format is not read", LOCKS[name]
    elif name in MANIFESTS:
        if hint := _unlocked(file):
            yield "names dependencies, and no lock that is read lies beside it", hint
        if name == "pyproject.toml":
            yield from _indexes(file, ("tool", "uv"))
    elif name in SETUP:
        if _SETS.search(file.read()) and not _speaks(file):
            hint = "declare them in `pyproject.toml`, and lock them: `uv lock`"
            yield "names dependencies, and no lock that is read lies beside it", hint
    elif name == "uv.toml":
        yield from _indexes(file, ())
    elif _asks(file) and not _locked(file, (f"{file.name[:-3]}.txt",), above=False):
        hint = "compile it: `pip-compile --generate-hashes`, or `uv pip compile`"
        yield "names dependencies, and no list compiled from it lies beside", hint


def _speaks(file: File) -> bool:
    """Say whether a lock, or the `pyproject.toml` beside it, speaks for *file*.

    Where that has a table of the project, setuptools takes nothing else.
    """
    if _locked(file, _PYTHON_LOCKS):
        return True
    try:
        data = file.beside("pyproject.toml").read()
        document = Node.from_toml(data, source=file.path).value
    except (MalformedError, UnreadableError):
        return False  # what is there but broken leaves a gap of its own
    return _names(document, (("project",), ("tool", "poetry")))


def _asks(file: File) -> bool:
    """Say whether a list that is yet to be compiled holds more than comments."""
    lines = file.read().splitlines()
    return any(each.strip() and not each.strip().startswith(b"#") for each in lines)


def _indexes(file: File, place: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    """Yield a gap if uv is told whom to ask, unless its lock says whom it asked."""
    document = Node.from_toml(file.read(), source=file.path).value
    places = tuple((*place, *inner, key) for inner in ((), ("pip",)) for key in _UV)
    if _names(document, places) and not _locked(file, ("uv.lock",)):
        yield (
            "chooses package indexes for uv, which were not compared with any list",
            "lock it with `uv lock`, or keep indexes in your own configuration",
        )


def _unlocked(file: File) -> str | None:
    """Return how to lock a manifest that names dependencies and is not locked."""
    data = file.read()
    if file.name.casefold() == "package.json":
        document = Node.from_json(data, source=file.path).value
        # Left out again, once all is read, where a lock speaks for this manifest.
        return NPM_LOCK if _names(document, _NODE) else None
    document = Node.from_toml(data, source=file.path).value
    if file.name.casefold() == "pipfile":
        unlocked = _names(document, _PIPENV) and not _locked(file, ("Pipfile.lock",))
        return "lock it: `pipenv lock`" if unlocked else None
    unlocked = _names(document, _PYTHON) and not _locked(file, _PYTHON_LOCKS)
    hint = "lock it: `uv lock`, or `pip-compile --generate-hashes`"
    return hint if unlocked else None


_PIPENV: Final = (("packages",), ("dev-packages",))
_NODE: Final = (
    ("dependencies",),
    ("devDependencies",),
    ("optionalDependencies",),
    ("peerDependencies",),
)
_PYTHON: Final = (
    ("project", "dependencies"),
    ("project", "optional-dependencies"),
    ("dependency-groups",),
    ("tool", "poetry", "dependencies"),
    ("tool", "poetry", "group"),
    ("tool", "pdm", "dev-dependencies"),
    ("tool", "uv", "dev-dependencies"),
)


def _names(document: object, places: tuple[tuple[str, ...], ...]) -> bool:
    """Say whether there is something at one of *places*, each a path of keys."""
    for place in places:
        value = document
        for key in place:
            value = value.get(key) if isinstance(value, Mapping) else None
        if value:
            return True
    return False


def _locked(file: File, locks: tuple[str, ...], *, above: bool = True) -> bool:
    """Say whether a lock lies beside *file*, or above it as in a workspace."""
    for depth in range(file.path.count("/") + 1 if above else 1):
        for lock in locks:
            try:
                found = file.beside("../" * depth + lock)
                # An empty file locks nothing, and neither does a list of bare names.
                if not lock.endswith(".txt") or b"==" in found.read():
                    return True
            except UnreadableError:
                continue
    return False
