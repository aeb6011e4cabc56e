"""Names of container images, and what they say about the bytes behind them."""

import re
from dataclasses import dataclass
from typing import Final

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Pin

_COMPONENT: Final = r"[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*"
_LABEL: Final = r"[A-Za-z0-9](?:[A-Za-z0-9-]*[A-Za-z0-9])?"
_IMAGE: Final = re.compile(
    rf"(?:(?P<host>(?:localhost|{_LABEL}(?:\.{_LABEL})+|{_LABEL}(?=:[0-9]))"
    r"(?::[0-9]+)?)/)?"
    rf"(?P<path>{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}))?"
)
"""An image reference (distribution/reference, grammar)."""
_IMAGE_ID: Final = re.compile(r"[0-9a-f]{64}")
_LONGEST: Final = 1000
HUB: Final = "docker.io"
"""How Docker Hub is called, where images without a host come from."""
HUB_API: Final = "registry-1.docker.io"
"""The host that answers for it, as in Docker itself."""
_HUB_HOSTS: Final = frozenset(
    {HUB, HUB_API, "index.docker.io", "hub.docker.com", "registry.hub.docker.com"}
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Image:
    """What an image reference names."""

    name: str
    """With its host, or with its namespace in the runtime's own registry."""
    purl: PackageURL
    pin: Pin
    tag: str = ""
    """As written; a digest counts more."""
    registry: str | None = None
    """The registry that the reference itself names."""
    digest: Digest | None = None

    @property
    def place(self) -> tuple[str, str]:
        """The domain of its registry, of which one may have several hosts; its path."""
        host, _, path = self.name.partition("/")
        return ".".join(host.split(".")[-2:]), path

    @property
    def artifacts(self) -> tuple[Artifact, ...]:
        """The bytes that the digest names, if there is one."""
        return (Artifact(digests=(self.digest,)),) if self.digest else ()


def canonical(where: str) -> str:
    """Return `host/path` as all spellings of it are compared."""
    host, slash, path = where.removeprefix("https://").rstrip("/").partition("/")
    host = host.lower().removesuffix(":443")
    if host in _HUB_HOSTS:
        host = HUB
        path = path if "/" in path or not path else f"library/{path}"
    return f"{host}{slash}{path}"


def repository(purl: PackageURL) -> str:
    """Return `host/path` of an image; empty: its purl does not say.

    A purl of the type `docker` has the path in its name, and Docker Hub for its host.
    """
    where: str = purl.qualifiers.get("repository_url", "")
    host = where.removeprefix("https://").rstrip("/")
    if purl.type == "docker" and "/" not in host:
        path = f"{purl.namespace}/{purl.name}" if purl.namespace else purl.name
        where = f"{host or HUB}/{path}"
    return canonical(where)


def parse(text: str) -> Image:
    """Read an image reference, as `docker run` and `FROM` take it.

    An image without a host comes from the runtime's own registry, and without a
    namespace from its `library`.

    Raises:
        ValueError: It is none.
    """
    match = _IMAGE.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or _IMAGE_ID.fullmatch(match["path"]):
        raise ValueError(f"`{text[:140]}` is not the name of an image")
    tag = match["tag"] if match["tag"] != "latest" else None
    digest = match["digest"]
    space, _, name = match["path"].rpartition("/")
    host = match["host"]
    if host:
        full = f"{host}/{match['path']}"
        qualifiers = {"repository_url": full, **({"tag": tag} if tag else {})}
        purl = PackageURL(type="oci", name=name, version=digest, qualifiers=qualifiers)
    else:
        full = f"{space or 'library'}/{name}"
        purl = PackageURL(
            type="docker",
            namespace=space or "library",
            name=name,
            version=digest or tag,
        )
    return Image(
        name=full,
        purl=purl,
        pin=Pin.DIGEST if digest else Pin.TAG if tag else Pin.FLOATING,
        tag=match["tag"] or "",
        registry=f"https://{host}" if host else None,
        digest=Digest.parse(digest) if digest else None,
    )
