"""Where the code of a bundle is: in a folder, or in the archive."""

import re
from collections.abc import Iterator
from typing import Final, Protocol

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
from mcpchain.discover.mcpb.zipped import Archive
from mcpchain.launch.record import Code, CodeKind
from mcpchain.tree import File, UnreadableError

_ELSEWHERE: Final = re.compile(r"[/\\~$%]|[A-Za-z]:|file:|.*\$\{", re.IGNORECASE)
_LONGEST: Final = 1000
_ABSENT: Final = "the code that it runs is not in the bundle"


class Bundle(Protocol):
    """The files that a bundle is made of."""

    def code(self, code: Code, folder: str, searched: list[str]) -> list[Component]:
        """Return the file that *code* names, if it is a component of its own.

        Args:
            code: What is run.
            folder: Where it is run, relative to the bundle.
            searched: Further folders in which a module may be.

        Raises:
            ValueError: It is not in the bundle. Says so.
        """
        ...


class Folder:
    """The folder around a manifest.

    Args:
        file: The manifest.
    """

    def __init__(self, file: File) -> None:
        self._file = file

    def code(self, code: Code, folder: str, searched: list[str]) -> list[Component]:
        """Return the file that *code* names, with its digest."""
        for path in _candidates(code, folder, searched):
            try:
                file = self._file.beside(path)
                artifact = Artifact(
                    name=file.path, size=file.size(), digests=(file.digest(),)
                )
            except UnreadableError:
                continue
            component = Component(
                kind=Kind.APPLICATION,
                name=file.path,
                pin=Pin.LOCAL,
                basis=Basis.CONFIGURED,
                artifacts=(artifact,),
                facts=PackageFacts(origin=Origin.PATH),
                locations=(Location(path=file.path),),
            )
            return [component]
        raise ValueError(_ABSENT)


class Zipped:
    """An archive, whose digest is that of all code in it.

    Args:
        archive: It, open.
    """

    def __init__(self, archive: Archive) -> None:
        self._members = archive.members

    def code(self, code: Code, folder: str, searched: list[str]) -> list[Component]:
        """Return nothing: the code is part of the archive."""
        for path in _candidates(code, folder, searched):
            if path in self._members:
                return []
        raise ValueError(_ABSENT)


def _candidates(code: Code, folder: str, searched: list[str]) -> Iterator[str]:
    """Yield the paths that *code* may mean, in the order in which they are tried."""
    if code.kind is CodeKind.FILE:
        for suffix in code.suffixes:
            yield _joined(folder, code.path + suffix)
    elif code.kind is CodeKind.MODULE:
        path = code.path.replace(".", "/")
        for base in (folder, *searched, "src"):
            yield _joined(base, f"{path}/__main__.py")
            yield _joined(base, f"{path}.py")
    else:
        raise ValueError("it runs a command that a project gives a name to")


def _joined(folder: str, path: str) -> str:
    """Return *path* seen from *folder*, both inside the bundle."""
    parts: list[str] = []
    for text in (folder, path):
        plain = text.replace("\\", "/")
        if _ELSEWHERE.match(plain) or len(plain) > _LONGEST or not plain.isprintable():
            raise ValueError("the code that it runs lies outside the bundle")
        parts += [each for each in plain.split("/") if each not in {"", "."}]
    if ".." in parts:
        raise ValueError("the code that it runs lies outside the bundle")
    return "/".join(parts)
