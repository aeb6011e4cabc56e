"""Walk through a tree, within limits, and lose no place on the way."""

import itertools
import os
from collections.abc import Callable, Iterator
from typing import Final, NamedTuple

from mcpchain.component import Location
from mcpchain.inventory import Gap, State
from mcpchain.tree import beneath, layout
from mcpchain.tree.paths import raw, shown
from mcpchain.tree.root import DEPTH_LIMIT, Root, head
from mcpchain.tree.unreadable import UnreadableError, refused

SKIPPED: Final = frozenset({".git", ".hg", ".svn"})
"""Folders in which a version control system keeps its own files: not walked if they
look like that, and not only their names."""
INSTALLED: Final = frozenset({".nox", ".tox", "node_modules"})
"""Folders of installed packages: not walked, and each leaves a gap that says so."""


_TIMES: Final = 8
_AGAIN: Final = 50_000
"""How often the same folder is walked through links, and how many entries in all of
those that are walked more often."""


class Found(NamedTuple):
    """A file, or a name that cannot be opened and so has no head."""

    path: str
    head: bytes = b""


class Walk:
    """One walk through a tree, within its limits.

    A folder may be walked under several names, since links lead to it. What that costs
    is bounded too: links are free, and what lies behind them may be much.
    """

    def __init__(self, root: Root, limit: int) -> None:
        self.root = root
        self.limit = limit
        self.left = limit
        self.again = _AGAIN
        self.walked: dict[tuple[int, int] | str, int] = {}

    def all(self) -> Iterator[Found | Gap]:
        """Yield what is found, in a stable order."""
        try:
            place = self.root.enter()
        except OSError as error:
            yield refused(".", error).gap()
            return
        try:
            yield from self._folder(place, "", 0)
        except UnreadableError as error:
            yield error.gap()

    def _folder(
        self, place: beneath.Place, path: str, depth: int, *, linked: bool = False
    ) -> Iterator[Found | Gap]:
        """Walk the open folder *place*, and close it."""
        try:
            try:
                with os.scandir(place) as listing:
                    some = list(itertools.islice(listing, self.left + 1))
            except OSError as error:
                yield refused(path or ".", error).gap()
                return
            if linked and self._often(place, len(some)):
                yield Gap(
                    stage="discover",
                    location=Location(path=path),
                    reason="a folder to which too many symbolic links lead, and was "
                    "not walked once more",
                    state=State.LIMIT,
                    hint="remove links to it, or examine a smaller folder",
                )
                return
            names = {each.name for each in some}
            if path and layout.VENV_FILE in names and layout.is_environment(place):
                yield _installed(path)
                some = [each for each in some if each.name not in layout.INSTALLED]
            taken = sorted(some, key=lambda each: each.name)[: self.left]
            self.left -= len(taken)
            for entry in taken:
                inner = f"{path}/{shown(entry.name)}" if path else shown(entry.name)
                yield from self._entry(place, entry, inner, depth, linked=linked)
            if len(taken) < len(some):
                raise UnreadableError(
                    path or ".",
                    f"more than {self.limit:,} files; the rest was not read",
                    State.LIMIT,
                    hint="examine a smaller folder",
                )
        finally:
            beneath.leave(place)

    def _often(self, place: beneath.Place, count: int) -> bool:
        """Say whether *place*, of *count* entries, has been walked often enough."""
        key: tuple[int, int] | str = os.path.realpath(str(place))
        if isinstance(place, int):
            status = os.fstat(place)
            key = (status.st_dev, status.st_ino)
        self.walked[key] = self.walked.get(key, 0) + 1
        if self.walked[key] <= _TIMES:
            return False
        # A folder costs something even if it is empty.
        self.again -= count + 1
        return self.again < 0

    def _entry(
        self,
        place: beneath.Place,
        entry: os.DirEntry[str],
        path: str,
        depth: int,
        *,
        linked: bool,
    ) -> Iterator[Found | Gap]:
        if entry.is_file(follow_symlinks=False):
            yield found(path, lambda: head(beneath.open_file(place, entry.name)))
        elif entry.is_symlink():
            yield from self._link(entry.name, path, depth, linked=linked)
        elif entry.is_dir(follow_symlinks=False):
            yield from self._inner(
                entry.name,
                path,
                depth,
                lambda: beneath.step(place, entry.name),
                linked=linked,
            )
        else:
            # A socket, a pipe, a device: opening one may hang or do something.
            yield Found(path)

    def _inner(
        self,
        name: str,
        path: str,
        depth: int,
        opened: Callable[[], beneath.Place],
        *,
        linked: bool,
    ) -> Iterator[Found | Gap]:
        """Walk a folder in a folder, unless its name or depth forbids."""
        if name in INSTALLED:
            yield _installed(path)
            return
        if depth >= DEPTH_LIMIT:
            yield Gap(
                stage="discover",
                location=Location(path=path),
                reason=f"more than {DEPTH_LIMIT} folders deep, and was not walked",
                state=State.LIMIT,
                hint="examine this folder by itself",
            )
            return
        try:
            inner = opened()
        except OSError as error:
            yield refused(path, error).gap()
            return
        if name in SKIPPED and layout.is_repository(name, inner):
            beneath.leave(inner)
            return
        yield from self._folder(inner, path, depth + 1, linked=linked)

    def _link(
        self, name: str, path: str, depth: int, *, linked: bool
    ) -> Iterator[Found | Gap]:
        """Follow a link that stays inside.

        The folder behind one is walked under the name of the link too, since the name
        decides what its files are: `.vscode` may be a link. Links to folders met on
        that second walk are not followed: the first walk meets each of them as well.
        """
        try:
            target = self.root.resolve(path)
        except OSError:
            yield _link_gap(path, "leaves the examined folder", State.UNREADABLE)
            return
        full = os.path.join(self.root.path, *target)
        if not os.path.isdir(full):
            if os.path.isfile(full):
                yield found(path, lambda: self.root.head(path))
            else:
                yield Found(path)
        elif linked:
            yield from self._second(path)
        elif raw(path).split("/")[:-1][: len(target)] == target:
            yield _link_gap(
                path,
                "points to a folder around it, and was not followed",
                State.PARTIAL,
            )
        else:
            yield from self._inner(
                name,
                path,
                depth,
                lambda: self.root.enter(target),
                linked=True,
            )

    def _second(self, path: str) -> Iterator[Gap]:
        """Pass a link that the first walk met too, or say that it did not."""
        met = self.root.resolve(path.rpartition("/")[0])
        unmet = not (SKIPPED | INSTALLED).isdisjoint(met) or any(
            os.path.lexists(os.path.join(self.root.path, *met[:n], layout.VENV_FILE))
            for n in range(1, len(met) + 1)
        )
        if unmet:
            yield _link_gap(path, "was not followed", State.PARTIAL)


def found(path: str, read: Callable[[], bytes]) -> Found | Gap:
    """Return the file at *path* with the head that *read* gives, or a gap."""
    try:
        return Found(path, read())
    except OSError as error:
        return refused(path, error).gap()


def _installed(path: str) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason="a folder of installed packages, which was not walked",
        state=State.PARTIAL,
        hint="examine a Python environment with `--environment`; for npm the "
        "package-lock.json speaks",
    )


def _link_gap(path: str, what: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=f"a symbolic link that {what}",
        state=state,
        hint="replace the link by what it points to, or remove it",
    )
