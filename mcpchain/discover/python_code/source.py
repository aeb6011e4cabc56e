"""The text of Python code: told by a glance, decoded, and taken out of notebooks."""

import ast
import re
import unicodedata
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from mcpchain.ai_providers import by_host
from mcpchain.component import Location
from mcpchain.discover.python_code.clients import ROOTS
from mcpchain.discover.python_code.hub_names import HUB_ROOTS, LOADERS
from mcpchain.document import Node
from mcpchain.inventory import State
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 16 << 20
PARSED: Final = 512 << 10
"""How many bytes of code are parsed: a tree of them takes some hundred times that."""
_IMPORT: Final = re.compile(rb"(?:import|from)[ \t\f]([^\r\n;#\"']+)")
_GOES_ON: Final = re.compile(rb"\\\r?\n")
"""A line that the next one continues."""
_BY_NAME: Final = re.compile(
    rb"import(?:_module|__)\s{0,40}\(\s{0,40}[rRuU]?(?:\\?[\"']){1,3}([\w.]{1,100})"
)
_ESCAPED: Final = re.compile(rb"\\u00[4-7]")
"""A letter in JSON, written as its number."""
_WORD: Final = re.compile(rb"\w+")
_HOST: Final = re.compile(rb"://([\w.{}-]{1,255})")
_TORCH: Final = re.compile(rb"\bhub\b")
_ROOTS: Final = ROOTS | HUB_ROOTS
_LOADS: Final = re.compile(rb"\b(?:%s)\b" % b"|".join(sorted(LOADERS)))
_CHAINS: Final = re.compile(rb"langchain|llama_index|haystack")
"""How packages begin that are many."""
_COOKIE: Final = re.compile(rb"[ \t\f]*#.*?coding[:=][ \t]*([-\w.]+)")
_WESTERN: Final = re.compile(
    r"(?:iso-?8859-?\d{1,2}|latin-?1|l1|cp125\d|windows-125\d|koi8-?[ru]|mac-?roman"
    r"|(?:us-?)?ascii)"
)
_EASTERN: Final = re.compile(
    r"(?:gbk|gb2312|gb18030|big5|shift-?jis|sjis|euc-?(?:jp|kr)|cp9(?:32|49|36|50))"
)
_CELLS: Final = 10_000
_MAGIC: Final = re.compile(
    r"^(?P<start>[ \t]*+)(?:[%!?].*|(?P<to>[\w, ]+=[ \t]*)[%!].*"
    r"|[^\n#'\"]*\?{1,2}[ \t]*)$",
    re.MULTILINE,
)
_OTHER_LANGUAGE: Final = re.compile(r"\s*%%(?!time|capture|prun|snakeviz|px\b)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """A piece of code, and where it is."""

    text: str
    path: str
    pointer: str = ""
    """Where in a notebook; empty in a file of code."""

    def place(self, line: int) -> Location:
        """Return the place of *line*; in a notebook that of the cell."""
        if self.pointer:
            return Location(path=self.path, pointer=self.pointer)
        return Location(path=self.path, line=line)

    def parse(self) -> ast.Module:
        """Return what the code consists of.

        Raises:
            ValueError: It is no code that this interpreter can read.
        """
        try:
            return _parsed(self.text)
        except ValueError:
            if not self.pointer:
                raise
        return _parsed(_MAGIC.sub(_blank, self.text))


def _parsed(text: str) -> ast.Module:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(text)
    except SyntaxError as error:
        where = f", line {error.lineno}" if error.lineno else ""
        raise ValueError(f"{str(error.msg)[:140]}{where}") from None
    except (MemoryError, RecursionError):
        raise ValueError("nested too deeply") from None


def speaks(data: bytes) -> bool:
    """Say whether code may ask a service or a hub, at a glance.

    It may not if it neither imports a library that does nor writes an address of one.
    One that only loads models asks nobody where no function is named that loads one.
    """
    if b"\\" in data:
        data = _GOES_ON.sub(b" ", data)
    for match in _IMPORT.finditer(data):
        words = match[1]
        if not words.isascii():
            # Python takes letters of other widths for what they stand for (PEP 3131).
            text = words.decode("utf-8", "ignore")
            words = unicodedata.normalize("NFKC", text).encode()
        names = _WORD.findall(words)
        if not ROOTS.isdisjoint(names) or _CHAINS.search(words):
            return True
        hub = not HUB_ROOTS.isdisjoint(names)
        # Letters of other widths may stand for those of a name.
        if hub and (not data.isascii() or _LOADS.search(data)):
            return True
        if b"torch" in names and _TORCH.search(data):
            return True
    if b"bedrock" in data or b"sagemaker-runtime" in data:
        return True
    if any(m[1].partition(b".")[0] in _ROOTS for m in _BY_NAME.finditer(data)):
        return True
    hosts = {match[1] for match in _HOST.finditer(data)}
    return any(by_host(each.decode("ascii")) for each in hosts)


def read(file: File) -> bytes:
    """Return the bytes of *file*; empty if they ask nobody at a glance.

    Raises:
        UnreadableError: It is too large, or cannot be read, at a glance or at all.
    """
    if file.suffix == ".ipynb":
        data = file.read(4 * _BYTES)
        return data if _ESCAPED.search(data) or speaks(data) else b""
    data = file.read(_BYTES)
    _encoding(data, file.path)
    return data if speaks(data) else b""


def codes(file: File, data: bytes) -> Iterator[Code]:
    """Yield the pieces of code in *data*, which *file* holds.

    Raises:
        MalformedError: A notebook is not what its name says.
        UnreadableError: The code is written in a way that is not read.
    """
    if file.suffix == ".ipynb":
        yield from _cells(Node.from_json(data, source=file.path))
    else:
        yield Code(text=_decoded(data, file.path), path=file.path)


def _decoded(data: bytes, path: str) -> str:
    """Decode code as its first two lines say.

    Raises:
        UnreadableError: They name an encoding that is not read.
    """
    name = _encoding(data, path)
    if name == _UTF_8:
        # One wrong byte in a comment hides nothing: names are ASCII.
        return data.removeprefix(b"\xef\xbb\xbf").decode("utf-8", "replace")
    try:
        return data.decode(name, "replace")
    except LookupError:
        return data.decode("latin-1")


_UTF_8: Final = "utf-8"


def _encoding(data: bytes, path: str) -> str:
    """Return the encoding that the first two lines of code name (PEP 263).

    Raises:
        UnreadableError: They name an encoding in which ASCII may mean something else.
    """
    name = _UTF_8
    for line in data[:1_000].splitlines()[:2]:
        if match := _COOKIE.match(line):
            name = match[1].decode("ascii").lower().replace("_", "-")
            break
    if name == _UTF_8 or re.fullmatch(r"utf-?8(?:-.*)?", name):
        return _UTF_8
    if not _WESTERN.fullmatch(name) and not _EASTERN.fullmatch(name):
        raise UnreadableError(
            path,
            f"code in the encoding `{name[:40]}`, which is not read",
            State.UNSUPPORTED,
            hint="save it as UTF-8",
        )
    return name


def _cells(notebook: Node) -> Iterator[Code]:
    """Yield the cells of code of a Jupyter notebook (nbformat 3 and 4)."""
    language = _language(notebook)
    if language not in {"", "python", "ipython"}:
        return
    sheets = [notebook]
    if notebook.at("worksheets").exists:
        sheets = list(notebook.at("worksheets").elements())
    left = _CELLS
    for sheet in sheets:
        for cell in sheet.at("cells").elements():
            left -= 1
            if left < 0:
                raise cell.malformed(f"one more than the {_CELLS:,} that are read")
            if cell.at("cell_type").text() == "code":
                yield from _cell(cell)


def _cell(cell: Node) -> Iterator[Code]:
    source = cell.at("source" if "source" in cell else "input")
    text = source.text() if source.is_text() else "".join(source.texts())
    if not _OTHER_LANGUAGE.match(text):
        yield Code(text=text, path=cell.source, pointer=source.pointer)


def _blank(match: re.Match[str]) -> str:
    """Put code that does nothing in place of what only a notebook understands."""
    if match["to"]:
        return f"{match['start']}{match['to']}None"
    return f"{match['start']}pass"


def _language(notebook: Node) -> str:
    metadata = notebook.at("metadata")
    if not metadata.is_object():
        return ""
    for outer, inner in (("language_info", "name"), ("kernelspec", "language")):
        table = metadata.at(outer)
        if table.is_object() and table.at(inner).is_text():
            return table.at(inner).text().lower()
    return ""
