"""One entry of `packages`: which package is it, and how firmly is that said?"""

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from packageurl import PackageURL

from mcpchain.address import is_http, origin
from mcpchain.artifact import Digest
from mcpchain.component import Origin, Pin
from mcpchain.discover.server_json.member import member
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.launch.command import read_launch
from mcpchain.launch.record import Requested
from mcpchain.naming import bare_url, nuget_version, pypi_purl, source_address
from mcpchain.settings.pip import default_index

_OPERATOR: Final = re.compile(r"\s*[=<>!~]")
_NUGET: Final = re.compile(r"[A-Za-z0-9_][\w.-]{0,99}", re.ASCII)
_SHOWN: Final = 140


class UnknownKindError(ValueError):
    """A kind of package that is not read here. Says which."""


def read_package(node: Node) -> tuple[str, Requested]:
    """Return the kind of the package, `npm` or the like, and the package.

    Raises:
        MalformedError: It cannot be told which it is.
        UnknownKindError: It is of a kind that is not read.
    """
    kind = member(node, "registryType", "registryName").text().strip().lower()
    reader = _READERS.get(_KINDS.get(kind, kind))
    if reader is None:
        raise UnknownKindError(kind)
    named = member(node, "identifier")
    named = named if named.exists else member(node, "name")
    package = reader(node, named, member(node, "version").optional_text() or "")
    package = replace(package, digest=_digest(node) or package.digest)
    return _KINDS.get(kind, kind), package


def _digest(node: Node) -> Digest | None:
    pinned = member(node, "fileSha256")
    if not pinned.exists:
        return None
    try:
        return Digest.of("sha256", pinned.text())
    except ValueError as error:
        raise pinned.malformed(str(error)) from None


def _npm(node: Node, named: Node, version: str) -> Requested:
    name = named.text()
    package = _asked("npx", f"{name}@{version}" if version else name)
    if package is None or package.name != name or package.alias:
        raise named.malformed("is not the name of an npm package with a version")
    return replace(package, registry=_base(node))


def _pypi(node: Node, named: Node, version: str) -> Requested:
    try:
        purl = pypi_purl(named.text())
    except ValueError as error:
        raise named.malformed(str(error)) from None
    latest = version.lower() == "latest"
    operator = "" if latest or not version or _OPERATOR.match(version) else "=="
    asked = "" if latest else f"{operator}{version}"
    package = _asked("uvx", f"{purl.name}{asked}")
    if package is None or package.name != purl.name:
        raise member(node, "version").malformed("is not a version (PEP 440)")
    requested = version if latest else package.requested
    return replace(package, registry=_site(node), requested=requested)


def _oci(node: Node, named: Node, version: str) -> Requested:
    image = named.text()
    host = _base(node)
    first, slash, _ = image.partition("/")
    if host and not (slash and re.search(r"[.:]|^localhost$", first)):
        image = f"{host.partition('://')[2]}/{image}"
    tagged = ":" in image.rpartition("/")[2]
    if version and not tagged:
        image += f"@{version}" if version.startswith("sha256:") else f":{version}"
    elif version and not image.endswith(f":{version}"):
        raise named.malformed("names another version than `version` does")
    package = _asked("docker", image)
    if package is None:
        raise named.malformed("is not the name of an image")
    return package


def _nuget(node: Node, named: Node, version: str) -> Requested:
    name = named.text()
    if not _NUGET.fullmatch(name):
        raise named.malformed("is not the name of a NuGet package")
    exact = nuget_version(version)
    floating = not version or version.lower() == "latest"
    pin = Pin.EXACT if exact else Pin.FLOATING if floating else Pin.RANGE
    return Requested(
        name=name,
        purl=PackageURL(type="nuget", name=name, version=exact),
        version=exact,
        pin=pin,
        requested="" if exact else version[:_SHOWN],
        registry=_base(node),
    )


def _mcpb(node: Node, named: Node, version: str) -> Requested:
    """Read a bundle, which is fetched from an address and held to its digest."""
    address = bare_url(named.text())
    file = address.partition("://")[2].partition("/")[2].rpartition("/")[2]
    if not is_http(address) or not file:
        raise named.malformed("is not the address of a bundle")
    digest = _digest(node)
    checksum = {"checksum": str(digest)} if digest else {}
    return Requested(
        name=file,
        purl=PackageURL(
            type="generic",
            name=file,
            version=version or None,
            qualifiers={"download_url": address, **checksum},
        ),
        version=version or None,
        pin=Pin.DIGEST if digest else Pin.TAG,
        requested=address[:_SHOWN],
        origin=Origin.URL,
        registry=source_address(address),
    )


_READERS: Final[Mapping[str, Callable[[Node, Node, str], Requested]]] = {
    "npm": _npm,
    "pypi": _pypi,
    "oci": _oci,
    "nuget": _nuget,
    "mcpb": _mcpb,
}
_KINDS: Final = {"docker": "oci", "docker-hub": "oci"}
"""What the first versions of the format called them."""


def start_words(kind: str, hint: str, package: Requested) -> tuple[list[str], str]:
    """Return how a client starts a package of *kind*, and how it names the package.

    Args:
        kind: As `read_package` returns it.
        hint: The program that the publisher names; empty for the usual one.
        package: What is to be started.
    """
    if kind == "npm":
        spec = package.version or package.requested
        return [hint or "npx"], f"{package.name}@{spec}" if spec else package.name
    if kind == "pypi":
        program = [hint or "uvx", *(["run"] if hint == "pipx" else [])]
        latest = package.requested.lower() == "latest"
        asked = "" if latest else package.requested
        spec = f"=={package.version}" if package.version else asked
        return program, f"{package.name}{spec}"
    host = package.purl.qualifiers.get("repository_url") if package.purl else None
    digest = f"@{package.digest}" if package.pin is Pin.DIGEST else ""
    tag = f":{package.requested}" if package.requested else ""
    return [hint or "docker", "run"], f"{host or package.name}{tag}{digest}"


def _asked(program: str, spec: str) -> Requested | None:
    """Return the one package that *program* would take *spec* for."""
    words = ["run", spec] if program == "docker" else [spec]
    return read_launch(program, words, {}).main


def _base(node: Node) -> str | None:
    """Return the registry that the entry names, if it does."""
    base = member(node, "registryBaseUrl")
    if not base.exists:
        return None
    address = bare_url(base.text()).rstrip("/")
    if not is_http(address):
        raise _no_address(base)
    return address


def _site(node: Node) -> str | None:
    """Return the index of Python packages that the entry names, if it does.

    The format has publishers name the site of PyPI, below which its index lies.
    """
    site = _base(node)
    if site is None:
        return None
    index = default_index()
    bare = site.partition("://")[2].count("/") == 0
    return index if bare and origin(site) == origin(index) else site


def _no_address(node: Node) -> MalformedError:
    return node.malformed("is not the address of a registry")
