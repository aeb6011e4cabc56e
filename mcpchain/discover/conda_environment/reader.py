"""What a conda environment is asked to hold: `environment.yml` and its kin.

The reference is conda's manual, "Creating an environment file manually". Such a file
names what is wanted; only an exact version with its build says which package that is.
"""

import re
from dataclasses import replace
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.component import Location
from mcpchain.conda_package import Spec, bare_channel, from_url
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.python_package import Beside, facts_of
from mcpchain.requirement import Request, harmless
from mcpchain.tree import File, UnreadableError

_BYTES: Final = 4 << 20
_MOST: Final = 20_000
"""How many dependencies are read."""
_URL: Final = re.compile(r"(?:https?|file|s3|ftp)://", re.IGNORECASE)
_HASH: Final = re.compile(r"\s--hash[= ](\S+)")
_INCLUDE: Final = re.compile(r"(?:-r|--requirement)[ =]\s*(\S+)")
_EDITABLE: Final = re.compile(r"(?:-e|--editable)[ =]\s*(\S+)")


def read(file: File, found: Collector) -> None:
    """Declare what the environment is asked to hold, from conda and from pip.

    A file that asks for nothing is of another kind, or says nothing.

    Raises:
        MalformedError: It is not YAML.
        UnreadableError: It cannot be read.
    """
    document = Node.from_yaml(file.read(_BYTES), source=file.path)
    if "dependencies" not in document:
        return
    channels: tuple[str, ...] = ()
    with found.entry():
        named = document.at("channels").texts()
        channels = tuple(bare_channel(each) for each in named if each != "nodefaults")
    reader = _Reader(file, found, channels)
    for count, node in enumerate(document.at("dependencies").elements()):
        with found.entry():
            if count >= _MOST:
                raise node.malformed(f"one more than the {_MOST:,} that are read")
            reader.read(node)
        if count >= _MOST:
            return


class _Reader:
    """Reads the entries of one file."""

    def __init__(self, file: File, found: Collector, channels: tuple[str, ...]) -> None:
        self._file = file
        self._found = found
        self._channels = channels
        self._beside = Beside(file, found)

    def read(self, node: Node) -> None:
        """Declare one entry, or all of a list for pip.

        Raises:
            MalformedError: It is none.
        """
        if node.is_object():
            for tool, inner in node.items():
                with self._found.entry():
                    if tool != "pip":
                        raise inner.malformed("is for a tool that is not known here")
                    for each in inner.elements():
                        with self._found.entry():
                            self._pip(each)
            return
        text, place = node.text(), _place(node)
        text = text.partition(" #")[0].strip()
        try:
            if _URL.match(text) and "::" not in text:
                component = from_url(text, (), place)
            else:
                component = Spec.parse(text).component(place, self._channels)
        except ValueError as error:
            raise node.malformed(str(error)) from None
        self._found.add(component)

    def _pip(self, node: Node) -> None:
        text = node.text().strip()
        if include := _INCLUDE.fullmatch(text):
            self._include(node, include[1])
            return
        editable = _EDITABLE.fullmatch(text)
        if text.startswith("-") and not editable:
            raise node.malformed(f"`{harmless(text)}` is an option, which is not read")
        asked = editable[1] if editable else _HASH.sub("", text)
        try:
            digests = frozenset(map(Digest.parse, _HASH.findall(text)))
            request = Request.parse(asked, _place(node), editable=editable is not None)
            component = replace(request, digests=digests).component()
        except ValueError as error:
            raise node.malformed(str(error)) from None
        if request.local:
            with self._beside.doubt(node, f"`{component.requested[:140]}`"):
                look = self._beside.archive if request.archive else self._beside.folder
                component = look(component, node, request.path())
        if request.marker:
            facts = replace(facts_of(component), marker=request.marker)
            component = replace(component, facts=facts)
        self._found.add(component)

    def _include(self, node: Node, name: str) -> None:
        """See to it that a list which pip is told to read is one that is read.

        Raises:
            MalformedError: It is not.
        """
        path = name.replace("\\", "/").rpartition("/")[2].casefold()
        try:
            self._file.beside(name)
        except (UnreadableError, ValueError):
            path = ""
        if not (path.startswith("requirements") and path.endswith(".txt")):
            raise node.malformed(
                f"includes `{harmless(name)}`, which is no `requirements.txt` that is "
                "read"
            )


def _place(node: Node) -> Location:
    return Location(path=node.source, pointer=node.pointer)
