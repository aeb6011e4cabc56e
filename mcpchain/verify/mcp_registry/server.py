"""What a `server.json` claims, or an MCP registry about one: nobody has signed it."""

import re
from dataclasses import dataclass
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.document import Node
from mcpchain.naming import bare_url

_NAME: Final = re.compile(r"[A-Za-z0-9.-]{1,100}/[A-Za-z0-9._-]{1,100}")
_GITHUB: Final = re.compile(r"io\.github\.([A-Za-z0-9][A-Za-z0-9-]{0,38})")
_PACKAGES: Final = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A package that the server comes as."""

    kind: str
    """`npm`, `pypi`, `oci`, `nuget`, `mcpb`, `cargo`, `go`, or something new."""
    identifier: str
    version: str = ""
    sha256: bytes = b""
    """Of the file; empty: not said."""

    @property
    def title(self) -> str:
        """Kind, identifier and version, for a reader."""
        version = f"@{self.version}" if self.version else ""
        return f"{self.kind} {bare_url(self.identifier)[:140]}{version[:60]}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server as its publisher describes it."""

    name: str
    version: str
    repository: str = ""
    """The address of its source, as it is written."""
    repository_id: str = ""
    packages: tuple[Package, ...] = ()

    @property
    def owner(self) -> str:
        """The account on GitHub that the name belongs to; empty: it is of a domain."""
        found = _GITHUB.fullmatch(self.name.partition("/")[0])
        return found[1] if found else ""


def read_server(data: bytes, *, source: str) -> Server:
    """Read a `server.json`, or the answer of a registry that has one in it.

    Raises:
        MalformedError: It is none.
    """
    node = Node.from_json(data, source=source)
    wrapped = _member(node, "server")
    node = wrapped if wrapped.exists else node
    name = _member(node, "name")
    if not _NAME.fullmatch(name.text()):
        raise name.malformed("is not the name of a server, `namespace/name`")
    repository = _member(node, "repository")
    url, number = "", ""
    if repository.exists:
        url = _member(repository, "url").optional_text() or ""
        number = _member(repository, "id").optional_text() or ""
    packages = [*_member(node, "packages").elements()]
    if len(packages) > _PACKAGES:
        raise node.malformed(f"more than {_PACKAGES:,} packages")
    return Server(
        name=name.text(),
        version=_member(node, "version").optional_text() or "",
        repository=url,
        repository_id=number,
        packages=tuple(map(_package, packages)),
    )


def _package(node: Node) -> Package:
    digest = _member(node, "fileSha256")
    sha256 = b""
    if digest.exists:
        try:
            sha256 = bytes.fromhex(Digest.of("sha256", digest.text()).value)
        except ValueError as error:
            raise digest.malformed(str(error)) from None
    return Package(
        kind=_member(node, "registryType", "registryName").text().strip().lower(),
        identifier=_member(node, "identifier", "name").text(),
        version=_member(node, "version").optional_text() or "",
        sha256=sha256,
    )


def _member(node: Node, *names: str) -> Node:
    """Return a member in whatever spelling: versions of the format differ in it.

    Raises:
        MalformedError: It is there in several, of which readers take different ones.
    """
    wanted = {each.lower() for each in names}
    found = [
        child
        for key, child in node.items()
        if key.replace("_", "").lower() in wanted and child.exists
    ]
    if len(found) > 1:
        raise node.malformed(f"has `{names[0]}` in several spellings")
    return found[0] if found else node.at(names[0])
