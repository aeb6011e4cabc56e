"""Commands that a client runs by itself, as its settings say, and their scripts."""

import re
from collections.abc import Iterator
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 1 << 20
_MOST: Final = 200
_DEPTH: Final = 12
_KEYS: Final = frozenset(
    {"command", "bash", "powershell", "apiKeyHelper", "awsAuthRefresh"}
    | {"awsCredentialExport", "otelHeadersHelper"}
)
_TABLES: Final = frozenset({"hooks", "statusLine", "subagentStatusLine"})
_FOLDER: Final = re.compile(
    r"(?:\$\{?[A-Z_]{0,40}(?:DIR|ROOT)\}?|%[A-Z_]{0,40}DIR%|\$\(pwd\)|\.)/"
)
"""What stands for the folder of the project."""
_WORD: Final = re.compile(r"[^\s\"'`;|&<>()=]+")


def scripts(file: File) -> tuple[bool, list[File]]:
    """Return whether *file* has commands, and the files of the tree that they name.

    Raises:
        MalformedError: It is not JSON, or what holds commands has another shape.
        UnreadableError: It cannot be read.
    """
    settings = Node.from_jsonc(file.read(_BYTES), source=file.path)
    if not settings.is_object():
        raise settings.unexpected("an object")
    found: dict[str, File] = {}
    some = False
    for command in _commands(settings):
        some = True
        for word in _WORD.findall(command)[:_MOST]:
            if len(found) < _MOST and (named := _script(file, word)):
                found[named.path] = named
    return some, [found[path] for path in sorted(found)]


def _commands(settings: Node) -> Iterator[str]:
    for key, value in settings.items():
        if key in _TABLES:
            yield from _inside(value)
        elif key in _KEYS and value.is_text():
            yield value.text()


def _inside(table: Node) -> Iterator[str]:
    """Yield the commands anywhere in *table*."""
    level = [table]
    for _ in range(_DEPTH):
        inner: list[Node] = []
        for node in level:
            if node.is_list():
                inner.extend(node.elements())
            elif node.is_object():
                for key, value in node.items():
                    if key in _KEYS and value.is_text():
                        yield value.text()
                    else:
                        inner.append(value)
        level = inner
    if level:
        raise MalformedError("hooks nested too deeply", source=table.source)


def _script(file: File, word: str) -> File | None:
    """Return the file that *word* names, seen from the project's folder."""
    path = _FOLDER.sub("", word, count=1)
    if "/" not in path and "." not in path:
        return None
    for start in ("../", ""):
        try:
            return file.beside(start + path)
        except UnreadableError:
            continue
    return None
