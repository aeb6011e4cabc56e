"""Compare what lies in an environment with what was installed there.

RECORD has the digest of every file that an installer wrote. A file with other bytes was
changed since, one that is gone was removed, and a module that no RECORD lists was put
there by somebody else. RECORD itself is not signed: who can change a file can change
the digest as well, so this finds accidents, patches and careless attackers. Bytecode is
made anew by Python wherever it may write, and no RECORD has its digest: only such is
told as never asks for its source.
"""

import base64
import hashlib
import os
import posixpath
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.environment import bytecode, record
from mcpchain.discover.environment.record import Row
from mcpchain.errors import MalformedError
from mcpchain.inventory import Gap, State
from mcpchain.tree import FILES_LIMIT, beneath
from mcpchain.tree.paths import shown
from mcpchain.tree.root import Root

MODULES: Final = (".py", ".pyc", ".pyd", ".so")
_THREADS: Final = 2
_BLOCK: Final = 1 << 20
_ABSOLUTE: Final = re.compile(r"/|[A-Za-z]:/")
_TOLD: Final = 20
"""How many files of one folder of packages are told one by one, of each fault."""
_DEPTH: Final = 100
_UNHASHED: Final = frozenset(
    {"INSTALLER", "RECORD", "RECORD.jws", "RECORD.p7s", "REQUESTED", "direct_url.json"}
)
"""What installers write beside the files of the wheel, some of them without digest."""
_CHANGED: Final = "was changed after it was installed"
_GONE: Final = "is gone, though its distribution lists it"
_BARE: Final = "is listed without a digest that could be compared"
_OPEN: Final = "is listed without any digest, and was not compared"
_STRANGE: Final = "is a module that no installed distribution lists"
_UNCHECKED: Final = "is bytecode that Python runs without a look at its source"
_OUTSIDE: Final = "is listed, and lies outside the environment"


@dataclass(slots=True)
class Integrity:
    """What the distributions of an environment list, compared with what is there."""

    root: Path
    place: str
    """The root as a reader knows it."""
    progress: Callable[[int, int], None] | None = None
    _rows: dict[str, dict[str, Row]] = field(default_factory=dict)
    """By folder, and by name in it; folders are relative to the root."""
    _tops: dict[str, None] = field(default_factory=dict)
    """The folders that distributions put into folders of packages."""
    _open: set[str] = field(default_factory=set)
    """Those in which a distribution has files that it does not list."""
    _faults: dict[str, dict[str, None]] = field(default_factory=dict)
    _total: int = 0
    _count: int = 0

    def own(self, data: bytes, site: str, source: str) -> Iterator[Gap]:
        """Take note of what a RECORD lists.

        Args:
            data: Its content.
            site: The folder of packages, relative to the root.
            source: Where RECORD is, for a reader.
        """
        try:
            for row in record.rows(data, source=source):
                self._count += 1
                if self._count > FILES_LIMIT:
                    reason = f"more than {FILES_LIMIT:,} files; the rest was not read"
                    yield self._gap(source, reason, State.LIMIT)
                    return
                self._note(row, site)
        except MalformedError as error:
            yield self._gap(source, error.problem, State.UNREADABLE)

    def unlisted(self, names: Sequence[str], site: str) -> None:
        """Take note that a distribution without RECORD may own *names* in *site*."""
        self._open.update(f"{site}/{name}" for name in names)

    def _note(self, row: Row, site: str) -> None:
        path = posixpath.normpath(posixpath.join("/", site, row.path))
        above = posixpath.normpath(posixpath.join(site, row.path))
        if above.startswith("../") or _ABSOLUTE.match(row.path):
            self._fault(_OUTSIDE, row.path)
            return
        folder, _, name = path[1:].rpartition("/")
        self._rows.setdefault(folder, {})[name] = row
        self._total += row.size
        if path.startswith(f"/{site}/"):
            top, slash, _ = path[len(site) + 2 :].partition("/")
            if slash and not top.endswith(".dist-info"):
                self._tops[f"{site}/{top}"] = None

    def gaps(self) -> Iterator[Gap]:
        """Yield a gap for every file that is not as it was installed."""
        self._compare()
        left = FILES_LIMIT
        root = os.fspath(self.root)
        for top in self._tops:
            if top not in self._open and not os.path.islink(f"{root}/{top}"):
                left = self._strangers(root, top, left, 0)
        self._bytecode(root)
        for fault, paths in self._faults.items():
            yield from self._told(fault, sorted(paths))
        if left <= 0:
            reason = f"more than {FILES_LIMIT:,} files; the rest was not looked at"
            yield self._gap(self.place, reason, State.LIMIT)

    def _told(self, fault: str, paths: Sequence[str]) -> Iterator[Gap]:
        """Yield a gap for each of some paths, and one for the rest."""
        if fault == _OPEN:
            # Programs that virtualenv makes, and nothing that is imported.
            reason = f"`{paths[0]}` {fault}; {len(paths):,} such in all"
            yield self._gap(self.place, reason, State.PARTIAL)
            return
        for path in paths[:_TOLD]:
            yield self._gap(f"{self.place}/{path}", fault, State.UNMATCHED)
        if len(paths) > _TOLD:
            reason = f"{len(paths) - _TOLD:,} more: each {fault}"
            yield self._gap(self.place, reason, State.UNMATCHED)

    def _compare(self) -> None:
        """Hash every file that has a digest, folder by folder, in threads."""
        lock, done = threading.Lock(), 0
        root = Root(self.root)
        stopped = threading.Event()

        def one(folder: str) -> list[tuple[str, str]]:
            nonlocal done
            if stopped.is_set():
                return []
            rows = self._rows[folder]
            faults = [*_faults(root, folder, rows)]
            with lock:
                done += sum(row.size for row in rows.values())
                if self.progress and self._total:
                    self.progress(min(done, self._total), self._total)
            return faults

        pool = ThreadPoolExecutor(_THREADS)
        try:
            for faults in pool.map(one, self._rows):
                for fault, path in faults:
                    self._fault(fault, path)
        finally:
            # On an interrupt: without this the pool would hash all that is left first.
            stopped.set()
            pool.shutdown(cancel_futures=True)

    def _bytecode(self, root: str) -> None:
        """Find what runs in place of sources, and was not compared itself."""
        for folder, rows in sorted(self._rows.items()):
            if not any(name.endswith(".py") for name in rows):
                continue
            path = f"{folder}/{bytecode.FOLDER}"
            listed = self._rows.get(path, {})
            for name in bytecode.unchecked(f"{root}/{path}", FILES_LIMIT):
                row = listed.get(name)
                if row is None or not row.digest or row.algorithm not in record.STRONG:
                    self._fault(_UNCHECKED, f"{path}/{name}")

    def _strangers(self, root: str, folder: str, left: int, depth: int) -> int:
        """Find modules that nobody lists; return how many entries may yet be seen."""
        listed = self._rows.get(folder, {})
        try:
            with os.scandir(f"{root}/{folder}") as listing:
                entries = sorted(listing, key=lambda each: each.name)
        except OSError:
            return left  # what is listed in it was missed already
        for entry in entries:
            left -= 1
            if left <= 0:
                return 0
            name = entry.name
            path = f"{folder}/{name}"
            if entry.is_dir(follow_symlinks=False):
                if name != bytecode.FOLDER and depth < _DEPTH:
                    left = self._strangers(root, path, left, depth + 1)
            elif name.endswith(MODULES):
                if name not in listed:
                    self._fault(_STRANGE, path)
            elif entry.is_symlink() and entry.is_dir() and name not in listed:
                self._fault(_STRANGE, path)
        return left

    def _fault(self, fault: str, path: str) -> None:
        self._faults.setdefault(fault, {})[_printable(path)] = None

    def _gap(self, place: str, reason: str, state: State) -> Gap:
        return Gap(
            # What does not match was looked at, and is not what it should be.
            stage="verify" if state is State.UNMATCHED else "discover",
            location=Location(path=place),
            reason=reason,
            state=state,
            hint="reinstall the distribution that it belongs to, and find out why",
        )


def _printable(path: str) -> str:
    try:
        return shown(path)
    except UnicodeEncodeError:
        return ascii(path)


def _faults(root: Root, folder: str, rows: dict[str, Row]) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with the listed files of one folder."""
    try:
        place = root.enter(folder.split("/") if folder else [])
    except (OSError, ValueError):
        place = None  # a link on the way: each file is opened by its whole path
    try:
        for name, row in rows.items():
            path = f"{folder}/{name}" if folder else name
            fault = _fault(root, place, path, row)
            if fault is not None:
                yield fault, path
    finally:
        if place is not None:
            beneath.leave(place)


def _fault(root: Root, place: beneath.Place | None, path: str, row: Row) -> str | None:
    folder, _, name = path.rpartition("/")
    made = name.endswith(".pyc") and folder.endswith(bytecode.FOLDER)
    try:
        descriptor = _opened(root, place, path, name)
    except (OSError, ValueError):
        # virtualenv lists bytecode that it never writes.
        return _GONE if row.digest and not made else None
    with os.fdopen(descriptor, "rb", buffering=0) as stream:
        if row.algorithm not in record.STRONG or not row.digest:
            return None if made and not row.digest else _incomparable(name, row)
        state = hashlib.new(row.algorithm, usedforsecurity=False)
        try:
            while block := stream.read(_BLOCK):
                state.update(block)
        except OSError:
            return _GONE
    digest = base64.urlsafe_b64encode(state.digest()).decode().rstrip("=")
    return None if digest == row.digest.rstrip("=") else _CHANGED


def _incomparable(name: str, row: Row) -> str | None:
    """Say what it means that a file is listed without a digest, or a strong one."""
    if row.digest or name.endswith((*MODULES, ".pth")):
        return _BARE
    own = name in _UNHASHED and ".dist-info/" in row.path
    return None if own or name.endswith(".virtualenv") else _OPEN


def _opened(root: Root, place: beneath.Place | None, path: str, name: str) -> int:
    if place is not None:
        try:
            return beneath.open_file(place, name)
        except OSError as error:
            if error.errno not in beneath.LINKED:
                raise
    return root.descriptor(shown(path))
