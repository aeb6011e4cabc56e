"""The code of the project that a server runs: is it there, and which bytes are it?

A server that runs a file is only as good as the file. One that lies in the examined
folder is listed with its digest, so that a change of it is seen. Anything else cannot
be vouched for.
"""

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import PurePosixPath
from typing import Final

from mcpchain.artifact import Artifact
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.discover.mcp_config.own_copy import OwnCopies
from mcpchain.inventory import State
from mcpchain.launch.record import Code, CodeKind, Launch
from mcpchain.tree import File, UnreadableError
from mcpchain.tree.paths import shown

_FOLDER: Final = re.compile(
    r"\$\{(?:(workspaceFolder)|CLAUDE_PLUGIN_ROOT|(extensionPath))\}(?:/|$)"
)
"""How clients name the folder of the project, and that of an extension."""
_EXTENSION: Final = re.compile(r"/(?:extensions|plugins)/")
_SEPARATOR: Final = re.compile(r"\$\{(?:/|pathSeparator)\}")
_ABSOLUTE: Final = re.compile(r"[/~$%]|[A-Za-z]:|file:", re.IGNORECASE)
_LONGEST: Final = 1000
_ABOVE: Final = 100
"""How long a path is read, and how many folders upwards."""
_INLINE: Final = re.compile(rb"(?:^|[\r\n])#\s*///")
"""How a script says what is to be installed for it (PEP 723)."""
_OUTSIDE: Final = "lies outside the examined folder, and was not looked at"
_MISSING: Final = "is not in the examined folder, and was not looked at"


class CodeError(ValueError):
    """The code of a server cannot be vouched for. Says why.

    Args:
        problem: What is wrong, for a reader; repeats no argument.
        state: The kind of gap that it leaves.
    """

    def __init__(self, problem: str, state: State = State.UNREADABLE) -> None:
        super().__init__(problem)
        self.state = state


class Project:
    """The folders in which a client starts the servers of one configuration.

    Args:
        file: The configuration.
        anywhere: Whether the client may start them in any folder, as it does those of
            a user. Then only the files of an extension can be found.
    """

    def __init__(self, file: File, *, anywhere: bool = False) -> None:
        self._tree = file.tree
        self._copies = OwnCopies(file.tree)
        self._roots = () if anywhere else tuple(_roots(file.path))
        installed = not anywhere or _EXTENSION.search(file.path)
        self._own = (_own(file.path),) if installed else ()
        self._extension = file.name.lower().endswith("-extension.json")
        self._known: dict[str, Component] = {}
        self._inline: dict[str, bool] = {}
        self._there: dict[str, bool] = {}

    def code(self, launch: Launch, cwd: str) -> Iterator[Component]:
        """Yield each file that *launch* runs.

        Args:
            launch: What is started.
            cwd: The folder that the client starts it in; empty for its own choice.

        Raises:
            CodeError: One is not in the examined folder, or says itself that more is
                to be installed.
        """
        for code in launch.code:
            if code.kind is CodeKind.SCRIPT:
                raise CodeError(
                    "it runs a command that the project gives a name to, which was not "
                    "looked for",
                    State.UNSUPPORTED,
                )
            missing = True
            for each in self._found((cwd, launch.folder), code):
                missing = False
                yield each
            if missing:
                raise CodeError(f"the {code.kind.value} that it runs {_MISSING}")

    def refuse_nearby(self, launch: Launch, cwd: str) -> None:
        """Check that no file in the project changes what *launch* runs.

        Raises:
            CodeError: One does: in the folder that it starts in, or in one above.
        """
        roots, where = self._roots, ""
        for each in (cwd, launch.folder) if launch.nearby else ():
            roots, where = self._joined(roots, where, each)
        for root in roots:
            folder = PurePosixPath(os.path.normpath(f"{root}/{where}".strip("/")))
            if folder.parts[:1] == ("..",):
                raise CodeError(f"the folder that it starts in {_OUTSIDE}")
            for place in (folder, *folder.parents[:_ABOVE]):
                self._refuse_beside(launch, place)

    def _refuse_beside(self, launch: Launch, place: PurePosixPath) -> None:
        for name in launch.nearby:
            if self._is_there(str(place / name)):
                raise CodeError(
                    f"`{name}` in the project changes what it runs, and was not looked "
                    "at",
                    State.UNSUPPORTED,
                )
        for package in launch.packages:
            copy = f"node_modules/{package.alias or package.name}/package.json"
            if copy in launch.nearby and self._copies.would_run(package, str(place)):
                raise CodeError(
                    "the project has a package or program of that name itself, which "
                    "would run",
                    State.UNSUPPORTED,
                )

    def _is_there(self, path: str) -> bool:
        if path not in self._there:
            try:
                self._tree.file(shown(path))
            except UnreadableError as error:
                absent = (FileNotFoundError, NotADirectoryError)
                self._there[path] = not isinstance(error.__cause__, absent)
            except UnicodeEncodeError:
                self._there[path] = False
            else:
                self._there[path] = True
        return self._there[path]

    def _found(self, folders: Sequence[str], code: Code) -> Iterator[Component]:
        """Yield the file that *code* can mean, for each folder it may be started in."""
        roots, where = self._roots, ""
        for each in folders:
            roots, where = self._joined(roots, where, each)
        roots, _ = self._joined(roots, where, code.path)
        for root in roots:
            yield from self._first(root, where, code)

    def _joined(
        self, roots: tuple[str, ...], folder: str, path: str
    ) -> tuple[tuple[str, ...], str]:
        """Return *path* seen from *folder*, and what that is seen from.

        Raises:
            CodeError: It is no relative path.
        """
        # What another client does not replace is part of a name.
        extension = self._extension and path.startswith("${extensionPath}")
        plain = (_SEPARATOR.sub("/", path) if extension else path).replace("\\", "/")
        match = _FOLDER.match(plain)
        if match and (extension or not match[2]):
            roots = self._roots if match[1] else self._own
            folder, plain = "", plain[match.end() :]
        if _ABSOLUTE.match(plain) or "\0" in plain or len(plain) > _LONGEST:
            raise CodeError(f"the file that it runs {_OUTSIDE}")
        return roots, f"{folder}/{plain}".strip("/")

    def _first(self, root: str, folder: str, code: Code) -> Iterator[Component]:
        """Yield the first file in *folder* that *code* can mean."""
        for each in _candidates(code):
            _, path = self._joined((), folder, each)
            try:
                file = self._tree.file(shown(f"{root}/{path}".lstrip("/")))
                component = self._component(file)
                installs = code.installs and self._installs(file)
            except (UnreadableError, UnicodeEncodeError):
                continue
            yield component
            if installs:
                raise CodeError(
                    "the script that it runs says itself what to install for it",
                    State.UNSUPPORTED,
                )
            return

    def _component(self, file: File) -> Component:
        if file.path not in self._known:
            self._known[file.path] = file_component(file)
        return self._known[file.path]

    def _installs(self, file: File) -> bool:
        if file.path not in self._inline:
            self._inline[file.path] = _INLINE.search(file.read()) is not None
        return self._inline[file.path]


def _roots(path: str) -> Iterator[str]:
    """Yield the folders that a client may start the servers of *path* in.

    A configuration in `.vscode` speaks of the folder around that.
    """
    folders = PurePosixPath(path).parts[:-1]
    hidden = [at for at, name in enumerate(folders) if name.startswith(".")]
    if not hidden or hidden[-1] < len(folders) - 1:
        yield "/".join(folders)
    if hidden:
        yield "/".join(folders[: hidden[0]])


def _own(path: str) -> str:
    """Return the folder of the extension that *path* belongs to.

    A manifest in `.claude-plugin` speaks of the folder around that.
    """
    folder = PurePosixPath(path).parent
    own = folder.parent if folder.name.startswith(".") else folder
    return "" if str(own) == "." else str(own)


def _candidates(code: Code) -> Iterator[str]:
    """Yield the paths that *code* may mean, in the order in which they are tried."""
    if code.kind is CodeKind.FILE:
        yield from (code.path + suffix for suffix in code.suffixes)
        return
    path = code.path.replace(".", "/")
    for folder in ("", "src/"):
        yield f"{folder}{path}/__main__.py"
        yield f"{folder}{path}.py"


def file_component(file: File) -> Component:
    """Return the component for a file of the project.

    Raises:
        UnreadableError: It cannot be read.
    """
    artifact = Artifact(name=file.path, size=file.size(), digests=(file.digest(),))
    return Component(
        kind=Kind.APPLICATION,
        name=file.path,
        pin=Pin.LOCAL,
        basis=Basis.CONFIGURED,
        artifacts=(artifact,),
        facts=PackageFacts(origin=Origin.PATH),
        locations=(Location(path=file.path),),
    )
