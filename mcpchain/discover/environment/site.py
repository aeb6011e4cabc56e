"""What a folder of installed packages holds that no distribution in it owns.

An environment is known by its distributions, and Python imports whatever lies there:
modules that nobody installed, eggs, links, and lines of `.pth` files, which it runs at
every start.
"""

import base64
import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from mcpchain.component import Location
from mcpchain.discover.environment import makers, record
from mcpchain.discover.environment.distribution import Distribution
from mcpchain.discover.environment.info import Info
from mcpchain.discover.environment.integrity import MODULES, Integrity
from mcpchain.inventory import Gap, State
from mcpchain.tree import File, Tree, UnreadableError
from mcpchain.tree.paths import shown

_PATH_LIMIT: Final = 1 << 20
_TOLD: Final = 5
"""How many modules without an owner are told by name."""
_LOOKED_AT: Final = 1000
"""How many files of a folder are looked at before it counts as one with modules."""
_FIRST: Final = re.compile(rb'^"?([^/,\n"]+).*(?:\n\1/.*)*', re.MULTILINE)
"""The first part of a path in RECORD, once for a run of lines that begin with it."""
_HASHED: Final = re.compile(rb'^"?([^/,\n"]+\.pth)"?,sha256=([\w-]+)', re.MULTILINE)
_INSTALLED: Final = re.compile(rb"^\.\./([^/\r\n]+)", re.MULTILINE)
_SHIM: Final = re.compile(
    r"import os; var = 'SETUPTOOLS_USE_DISTUTILS'; "
    r"enabled = os\.environ\.get\(var, '(?:local|stdlib)'\) == 'local'; "
    r"enabled and __import__\('_distutils_hack'\)(?:\.add_shim\(\))?;? *"
)
"""`distutils-precedence.pth` of setuptools: some systems install it without RECORD."""
_LINE_END: Final = re.compile(r"[\r\n]")
"""Where `site` ends a line; since Python 3.13 wherever `splitlines` does."""
_PROJECTS: Final = ("pyproject.toml", "setup.py", "setup.cfg")
_MAKERS: Final = frozenset({"_virtualenv.py"})
"""Modules that the makers of environments put there, beside a `.pth` of that name."""


@dataclass(slots=True)
class Site:
    """One folder of packages, and what its distributions own of it."""

    folder: Path
    place: str
    """The folder as a reader knows it."""
    name: str = ""
    """The folder, relative to the environment."""
    integrity: Integrity | None = None
    """Takes what is to be compared with the files, if anything is."""
    _names: set[str] = field(default_factory=set)
    """Entries that a RECORD lists."""
    _modules: set[str] = field(default_factory=set)
    """Modules of distributions that list no files."""
    _hashes: dict[str, set[str]] = field(default_factory=dict)
    """SHA-256 of `.pth` files, as a RECORD has it."""
    _projects: dict[str, str] = field(default_factory=dict)
    """Whither the `.pth` file of a distribution may lead that is being edited."""

    def own(self, info: Info, distribution: Distribution) -> Iterator[Gap]:
        """Take note of what *distribution*, whose metadata are in *info*, owns."""
        # PEP 376; what pip and setuptools wrote before.
        lists = (("RECORD", _FIRST), ("installed-files.txt", _INSTALLED))
        for name, pattern in lists:
            listing = info.beside(name)
            if listing is None:
                continue
            try:
                data = listing.read(record.LIMIT)
            except UnreadableError as error:
                yield self._gap(listing.path, error.reason, error.state)
                return
            if self.integrity and name == "RECORD":
                source = f"{self.place}/{listing.path}"
                yield from self.integrity.own(data, self.name, source)
            elif self.integrity:
                yield self._unverified(info.metadata)
            names = set(map(os.fsdecode, pattern.findall(data)))
            self._names |= names
            links = [each for each in names if each.endswith(".pth")]
            for path, digest in _HASHED.findall(data) if links else ():
                known = self._hashes.setdefault(os.fsdecode(path), set())
                known.add(digest.decode())
            project = distribution.project
            if project is not None and self._may_be_project(project):
                self._projects.update(dict.fromkeys(links, project))
            return
        names = {distribution.component.name.replace("-", "_")}
        with contextlib.suppress(UnreadableError):
            top = info.beside("top_level.txt")
            tops = top.read(_PATH_LIMIT) if top else b""
            names.update(os.fsdecode(each.strip()) for each in tops.splitlines())
        self._modules |= names
        if self.integrity:
            self.integrity.unlisted(sorted(names), self.name)
            yield self._unverified(info.metadata)

    def _may_be_project(self, project: str) -> bool:
        """Say whether a distribution could be edited in the folder *project*.

        A project may hold the environment, and then looks like a project. Whatever
        else is above leads to everything.
        """
        real = _normal(os.path.realpath(_normal(project)))
        if not _below(_normal(os.path.realpath(self.folder)), real):
            return True
        top = os.path.dirname(real) == real
        return not top and any(os.path.isfile(f"{real}/{each}") for each in _PROJECTS)

    def _unverified(self, file: File) -> Gap:
        reason = "has no RECORD with which its files could be compared"
        return self._gap(file.path, reason, State.UNMATCHED)

    def gaps(self, entries: Sequence[str]) -> Iterator[Gap]:
        """Yield a gap for each of *entries* through which foreign code could come.

        Args:
            entries: What the folder holds, as the file system has it.
        """
        tree, bare = Tree(self.folder), []
        for entry in entries:
            if entry.endswith(".pth"):
                yield from self._lines(tree, entry)
            elif entry.endswith(".egg-link"):
                reason = "leads to a folder whose packages are not read"
                yield self._gap(shown(entry), reason, State.UNSUPPORTED)
            elif entry.lower().endswith(".egg") and (self.folder / entry).is_file():
                reason = "an egg in an archive is not read"
                yield self._gap(shown(entry), reason, State.UNSUPPORTED)
            elif entry in _MAKERS and not self._owns(entry):
                yield from self._maker(tree, entry)
            elif not self._owns(entry) and self._is_module(entry):
                bare.append(shown(entry)[:140])
        if bare:
            names = ", ".join(f"`{each}`" for each in bare[:_TOLD])
            more = f" and {len(bare) - _TOLD:,} more" if len(bare) > _TOLD else ""
            reason = f"no installed distribution owns {names}{more}"
            yield self._gap("", reason, State.UNMATCHED)

    def _owns(self, entry: str) -> bool:
        return entry in self._names or entry.partition(".")[0] in self._modules

    def _is_module(self, entry: str) -> bool:
        """Say whether an import could find something there."""
        stem = entry.partition(".")[0]
        if entry == "__pycache__" or not stem.isidentifier():
            return False
        path = self.folder / entry
        if entry.endswith(MODULES):
            return True
        if stem != entry or not path.is_dir():
            return False
        return path.is_symlink() or _holds_modules(path)

    def _maker(self, tree: Tree, entry: str) -> Iterator[Gap]:
        """Say so if a module is not one that makers of environments write."""
        try:
            data = tree.file(entry).read(_PATH_LIMIT)
        except UnreadableError as error:
            yield self._gap(entry, error.reason, error.state)
            return
        if hashlib.sha256(data.replace(b"\r\n", b"\n")).hexdigest() not in makers.KNOWN:
            reason = "runs at every start, and is of no known virtualenv or uv"
            gap = self._gap(entry, reason, State.PARTIAL)
            yield replace(gap, hint="make the environment anew, or review that file")

    def _lines(self, tree: Tree, entry: str) -> Iterator[Gap]:
        """Yield what is wrong with a `.pth` file, which is read as `site` does it."""
        name = shown(entry)
        try:
            data = tree.file(name).read(_PATH_LIMIT)
        except UnreadableError as error:
            yield self._gap(name, error.reason, error.state)
            return
        digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest())
        listed = self._hashes.get(entry)
        owned = entry in self._names
        if listed and digest.decode().rstrip("=") not in listed:
            reason = "was changed after its distribution was installed"
            yield self._gap(name, reason, State.UNMATCHED)
        text = data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "surrogateescape")
        split = dict.fromkeys([*_LINE_END.split(text), *text.splitlines()])
        lines = [line for line in split if line.strip()]
        code = [line for line in lines if line.startswith(("import ", "import\t"))]
        if code and not owned and not _is_furniture(entry, code):
            reason = "runs code at every start, and no installed distribution owns it"
            yield self._gap(name, reason, State.UNMATCHED)
        paths = (x for x in lines if x not in code and not x.startswith("#"))
        if not all(self._is_known(entry, path.rstrip()) for path in paths):
            reason = "leads to a folder whose packages are not read"
            yield self._gap(name, reason, State.UNSUPPORTED)

    def _is_known(self, entry: str, path: str) -> bool:
        """Say whether a line leads to what a distribution owns, or is edited in."""
        folder = _normal(str(self.folder))
        target = _normal(os.path.join(folder, path))
        if _below(target, folder):
            first = target[len(folder) :].strip("/").partition("/")[0]
            return not first or first.lower().endswith(".egg") or self._owns(first)
        project = self._projects.get(entry)
        return project is not None and _below(target, _normal(project))

    def _gap(self, name: str, reason: str, state: State) -> Gap:
        return Gap(
            stage="discover",
            location=Location(path=f"{self.place}/{name}".rstrip("/")),
            reason=reason,
            state=state,
            hint="install packages as wheels, and remove what is left of others",
        )


def _is_furniture(entry: str, code: Sequence[str]) -> bool:
    """Say whether it is what the makers of environments put into each of them."""
    if entry == "_virtualenv.pth":
        return code == ["import _virtualenv"]
    return entry == "distutils-precedence.pth" and all(map(_SHIM.fullmatch, code))


def _holds_modules(folder: Path) -> bool:
    count, refused = 0, list[OSError]()
    for _, folders, files in os.walk(folder, onerror=refused.append):
        if "__pycache__" in folders:
            folders.remove("__pycache__")
        count += len(folders) + len(files)
        if count > _LOOKED_AT or any(each.endswith(MODULES) for each in files):
            return True
    return bool(refused)


def _normal(path: str) -> str:
    """Write a path in one way; `/C:/x` of a URL is `C:/x`."""
    drive = os.name == "nt" and re.match(r"/[A-Za-z]:", path)
    return os.path.normpath(path[1:] if drive else path).replace(os.sep, "/")


def _below(path: str, folder: str) -> bool:
    return path == folder or path.startswith(f"{folder.rstrip('/')}/")
