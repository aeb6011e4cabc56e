"""The copies of npm packages that a project has itself: a launcher runs those first.

`npx x` runs the program `x` of whatever the project has installed, and fetches the
package `x` only if there is none. Nobody commits `node_modules`, so what would be in it
is read from `package.json` and npm's lock.
"""

from collections.abc import Iterator, Mapping
from typing import Final

from mcpchain.component import Pin
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.launch.record import Requested
from mcpchain.tree import Tree, UnreadableError

_DEPENDENCIES: Final = ("dependencies", "devDependencies", "optionalDependencies")
_FOLDER: Final = "node_modules/"


class OwnCopies:
    """What the folders of a project have installed, each read once.

    Args:
        tree: The examined folder.
    """

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self._known: dict[str, Mapping[str, bool]] = {}

    def would_run(self, package: Requested, folder: str) -> bool:
        """Say whether the copy of *folder* may run in the place of *package*.

        It may if the version is left open, or where it comes from elsewhere than a
        registry. A tag is asked of the registry first.
        """
        if folder not in self._known:
            names: dict[str, bool] = {}
            for name, elsewhere in self._all(folder):
                names[name] = names.get(name, False) or elsewhere
            self._known[folder] = names
        name = package.alias or package.name
        if name not in self._known[folder]:
            return False
        is_open = package.pin is Pin.RANGE or (
            package.pin is not Pin.EXACT and not package.requested
        )
        return is_open or self._known[folder][name]

    def _all(self, folder: str) -> Iterator[tuple[str, bool]]:
        """Yield names of packages and programs, and whether no registry has them."""
        for file, read in (("package.json", _asked), ("package-lock.json", _locked)):
            try:
                found = self._tree.file(f"{folder}/{file}".removeprefix("./"))
                document = Node.from_json(found.read(), source=found.path)
            except (MalformedError, UnreadableError, UnicodeEncodeError):
                continue  # which is told where those files are read
            yield from read(document.value)


def _asked(manifest: object) -> Iterator[tuple[str, bool]]:
    for key in _DEPENDENCIES:
        for name, wanted in _members(_member(manifest, key)):
            yield name, isinstance(wanted, str) and ":" in wanted
    own, programs = _member(manifest, "name"), _member(manifest, "bin")
    if programs and isinstance(own, str):
        yield own, False
        yield own.rpartition("/")[2], False
    yield from ((name, False) for name, _ in _members(programs))


def _locked(lock: object) -> Iterator[tuple[str, bool]]:
    for path, entry in _members(_member(lock, "packages")):
        if _FOLDER not in path:
            continue
        resolved = _member(entry, "resolved")
        fetched = not isinstance(resolved, str) or resolved.startswith("http")
        elsewhere = _member(entry, "link") is True or not fetched
        yield path.rpartition(_FOLDER)[2], elsewhere
        name = _member(entry, "name")
        if isinstance(name, str):
            yield name, elsewhere
        for program, _ in _members(_member(entry, "bin")):
            yield program, False
    for name, entry in _members(_member(lock, "dependencies")):
        version = _member(entry, "version")
        yield name, isinstance(version, str) and ":" in version


def _member(value: object, key: str) -> object:
    return value.get(key) if isinstance(value, Mapping) else None


def _members(value: object) -> Iterator[tuple[str, object]]:
    if isinstance(value, Mapping):
        yield from value.items()
