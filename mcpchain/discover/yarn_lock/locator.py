"""Where yarn 2 and later have a package from: `files@npm:1.0.0`, `files@patch:…`."""

import posixpath
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import parse_qs, unquote

from mcpchain.document import Node
from mcpchain.npm_lock.name import SHOWN, version_of

_NESTED: Final = 5
"""How many patches may lie one upon the other."""
_TARBALL: Final = re.compile(r"\.(?:tgz|tar\.gz)$", re.IGNORECASE)
_BUILTIN: Final = re.compile(r"(?:optional!|~)?builtin<[\w@/.-]+>")
"""A patch that comes with yarn itself."""
_ADDRESS: Final = re.compile(
    r"(?:https?|ssh|git|git\+\w+)://|[^@/:]+@[^:/]+:|github:", re.IGNORECASE
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Where a package is from."""

    text: str
    name: str
    protocol: str
    resolved: str = ""
    """As npm writes it; empty: from a registry, or a folder."""
    version: str | None = None
    """That of a package in a registry."""
    path: str = ""
    """The folder, seen from that of the lock."""
    patches: bool = False
    """Whether it is changed by a patch that does not come with yarn."""

    @property
    def is_folder(self) -> bool:
        """Whether it is a folder of this machine."""
        return self.protocol in {"link", "portal"} or (
            self.protocol == "file" and not self.resolved
        )


def split(text: str) -> tuple[str, str]:
    """Split a locator or descriptor into a name and the rest."""
    head, _, rest = text[1:].partition("@")
    return text[:1] + head, rest


def read_locator(text: str, node: Node) -> Locator:
    """Read the `resolution` of an entry.

    Raises:
        MalformedError: It is of no kind that is known here.
    """
    inner, patches = text, False
    for _ in range(_NESTED):
        name, rest = split(inner)
        if not rest.startswith("patch:"):
            return _plain(text, name, rest, node, patches=patches)
        source, _, how = rest[6:].partition("#")
        names = how.partition("::")[0].split("&")
        patches = patches or not all(map(_BUILTIN.fullmatch, names))
        inner = unquote(source)
    raise node.malformed("is a patch of patches too deep to be followed")


def _plain(text: str, name: str, rest: str, node: Node, *, patches: bool) -> Locator:
    body, _, params = rest.partition("::")
    given = parse_qs(params)
    protocol, colon, path = body.partition(":")
    base = _base(given.get("locator", [""])[0])
    resolved, place, version = "", "", None
    if protocol == "npm" and colon:
        version = version_of(path, node)
        addresses = given.get("__archiveUrl", [""])
        if len(addresses) > 1:
            raise node.malformed("is said to lie at several addresses")
        resolved = addresses[0]
    elif protocol in {"workspace", "link", "portal"}:
        place = posixpath.normpath(posixpath.join(base, path))
    elif protocol == "file":
        place = posixpath.normpath(posixpath.join(base, path.partition("#")[0]))
        resolved = f"file:{place}" if _TARBALL.search(place) else ""
    elif _ADDRESS.match(body):
        protocol, resolved = "address", _fetched(body)
    else:
        raise node.malformed(f"`{protocol[:SHOWN]}:` is not read as a source")
    return Locator(
        text=text,
        name=name,
        protocol=protocol,
        resolved=resolved,
        version=version,
        path=place,
        patches=patches,
    )


def _base(locator: str) -> str:
    """Return the folder of the member that a path is seen from."""
    _, rest = split(locator)
    return rest.removeprefix("workspace:") if rest.startswith("workspace:") else ""


def _fetched(body: str) -> str:
    """Return an address as npm writes it; a repository is told by its commit."""
    url, _, reference = body.partition("#")
    commit = parse_qs(reference).get("commit", [""])[0]
    if not commit:
        return body
    return f"{url if url.startswith('git') else f'git+{url}'}#{commit}"
