"""Which package a tarball in an npm registry is, as its address says.

Registries agree on `<registry>/<name>/-/<name without scope>-<version>.tgz`. A lock may
name another package's tarball, or wind its way to it, and the bytes are that one's.
"""

import posixpath
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote

from mcpchain.npm_lock.name import is_name
from mcpchain.npm_version import exact_version

_REGISTRY: Final = r"(?P<registry>https?://[^/]+(?:/[^/]+)*?)"
_NAME: Final = r"(?P<name>(?:(?P<scope>@[^/]+)/)?(?P<bare>[^/@]+))"
_TARBALL: Final = re.compile(
    rf"{_REGISTRY}/{_NAME}/-/(?:(?P<folder>[^/]+)/)?(?P=bare)-(?P<version>[^/]+)\.tgz"
)
_DOWNLOAD: Final = re.compile(
    rf"{_REGISTRY}/download/{_NAME}/(?P<version>[^/]+)/(?P<folder>[0-9a-f]{{40,}})"
)
"""How GitHub Packages has it."""
_WINDING: Final = re.compile(r"(?:^|/)(?:\.\.?)?(?=/|$)|[;\\%]")
"""Empty segments, dots, parameters, and escapes within escapes."""
_DOT: Final = re.compile("%2e", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tarball:
    """A version of a package in a registry."""

    registry: str
    name: str
    version: str

    def __str__(self) -> str:
        return f"{self.name}@{self.version}"

    def names(self, name: str, version: str | None) -> bool:
        """Say whether it is the package *name*, in *version* if that is known."""
        return self.name == name and version in {None, self.version}


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """What the address of a tarball says."""

    tarball: Tarball | None = None
    """`None`: it is a file that has no registry's address."""
    problem: str = ""
    """Why it can be read in two ways, or in none. Goes on after the address."""


def read_tarball(address: str) -> Address:
    """Read a bare address (`naming.bare_url`) as a registry would.

    Dots are followed as a client or a server may follow them; that it has some is a
    problem all the same.
    """
    scheme, _, rest = address.partition("://")
    host, _, path = rest.partition("/")
    plain = unquote(path)
    problem = ""
    if _WINDING.search(plain) or _DOT.search(path):
        problem = "does not lead the same way for every client and server"
        plain = posixpath.normpath(f"/{plain}").lstrip("/")
    whole = f"{scheme}://{host}/{plain}"
    match = _TARBALL.fullmatch(whole) or _DOWNLOAD.fullmatch(whole)
    if match is None:
        if "/-/" in plain and plain.endswith(".tgz"):
            problem = problem or "has a registry's form, and is of no package there"
        return Address(problem=problem)
    name, version = match["name"], match["version"]
    # GitLab repeats the scope, Gitea the version.
    known = match.re is _DOWNLOAD or match["folder"] in {None, match["scope"], version}
    if not known or not is_name(name) or exact_version(version) != version:
        return Address(problem=problem or "is the tarball of no package and version")
    tarball = Tarball(registry=match["registry"], name=name, version=version)
    return Address(tarball=tarball, problem=problem)
