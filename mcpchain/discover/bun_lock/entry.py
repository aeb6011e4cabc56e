"""A package in bun's lock: a list, whose first element says what follows."""

import posixpath
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.document import Node
from mcpchain.inventory import Collector
from mcpchain.naming import bare_url
from mcpchain.npm_lock.describe import Describer, Stated
from mcpchain.npm_lock.graph import Package
from mcpchain.npm_lock.integrity import digests_at
from mcpchain.npm_lock.name import is_name, shown, version_of
from mcpchain.npm_lock.tarball import read_tarball
from mcpchain.npm_version import exact_version

_SEGMENTS: Final = 200
_LENGTH: Final = 2000
_TARBALL: Final = re.compile(r"\.(?:tgz|tar\.gz|tar)$", re.IGNORECASE)
_REPOSITORY: Final = re.compile(
    r"git\+|(?:git|ssh)://|[^@/:]+@[^:/]+:|(?:github|gitlab|bitbucket):", re.IGNORECASE
)
_FOLDER: Final = re.compile(r"(?:link|file):(.*)|(\.{0,2}/.*)")


class Reader:
    """Reads the packages of one lock.

    Args:
        describer: Declares them.
        members: The key of each member of the project, by its folder.
        found: Gets the gaps.
    """

    def __init__(
        self, describer: Describer, members: Mapping[str, str], found: Collector
    ) -> None:
        self._describer = describer
        self._members = members
        self._found = found

    def member(self, node: Node) -> str | None:
        """Return the key of the member of the project that an entry means, if any.

        Raises:
            MalformedError: It is no list, or means one that there is not.
        """
        _, rest = _ident(node)
        folder = "" if rest == "root:" else rest.removeprefix("workspace:")
        if folder == rest:
            return None
        if folder not in self._members:
            raise node.malformed(f"`{shown(folder)}` is not in `workspaces`")
        return self._members[folder]

    def package(self, key: str, node: Node) -> tuple[Package, Node]:
        """Return the package of an entry, and where it says what that needs.

        Raises:
            MalformedError: It says of no package what it is.
        """
        if len(key) > _LENGTH or key.count("/") > _SEGMENTS:
            raise node.malformed("is a path too long or too deep to be followed")
        name, rest = _ident(node)
        parts = [*node.elements()][1:]
        nothing = Node(value={}, source=node.source, pointer=node.pointer)
        info = next((each for each in parts if each.is_object()), nothing)
        texts = [each for each in parts if not each.is_object()]
        stated = Stated(node=node, name=name, marker=self._describer.marker(info))
        if exact_version(rest) is not None:
            if [each.is_object() for each in parts[:3]] != [False, True, False]:
                raise node.malformed("is no address, object and digest, as bun has it")
            stated = self._registered(stated, rest, texts)
        elif _REPOSITORY.match(rest):
            stated = replace(stated, resolved=rest)
        elif "://" in rest or _TARBALL.search(rest):
            path = rest.removeprefix("file:").removeprefix("./")
            resolved = rest if "://" in rest else f"file:{path}"
            stated = replace(stated, resolved=resolved, digests=self._digests(texts))
        elif folder := _FOLDER.fullmatch(rest):
            place = posixpath.normpath(folder[1] or folder[2] or ".")
            return self._describer.folder(stated, place), info
        else:
            raise node.malformed(f"`{shown(rest)}` is no source")
        return Package(component=self._describer.package(stated)), info

    def _registered(self, stated: Stated, version: str, texts: list[Node]) -> Stated:
        """Read where the registry is, and the digest."""
        address = texts[0].text() if texts else ""
        bare = bare_url(address)
        known = read_tarball(bare).tarball is not None
        is_tarball = known or _TARBALL.search(bare) is not None
        return replace(
            stated,
            version=version_of(version, stated.node),
            resolved=address if is_tarball else "",
            registry=bare.rstrip("/") if address and not is_tarball else None,
            digests=self._digests(texts[1:]),
        )

    def _digests(self, texts: list[Node]) -> tuple[Digest, ...]:
        digests: tuple[Digest, ...] = ()
        for node in texts[:1]:
            with self._found.entry():
                digests = digests_at(node) if node.value != "" else ()
        return digests


def _ident(node: Node) -> tuple[str, str]:
    """Return the name of a package, and its version or where it is from.

    Raises:
        MalformedError: It is no list, or begins with no package.
    """
    first = next(node.elements(), None)
    if first is None:
        raise node.malformed("says nothing of a package")
    text = first.text()
    head, _, rest = text[1:].partition("@")
    name = text[:1] + head
    if not is_name(name) or not rest:
        raise first.malformed(f"`{shown(name)}` is not the name of a package")
    return name, rest
