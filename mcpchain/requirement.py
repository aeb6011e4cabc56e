"""One Python requirement: what a line for pip, or an argument of its kin, asks for.

A name with a version specifier (PEP 508), a URL, a repository or a path. What does not
name exact bytes or an exact version is never taken for one that does.
"""

import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import (
    canonicalize_name,
    parse_sdist_filename,
    parse_wheel_filename,
)
from packaging.version import Version

from mcpchain.artifact import Artifact, Digest, identified
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.naming import (
    bare_url,
    is_commit,
    pypi_purl,
    source_address,
    vcs_purl,
    vcs_url,
)

_LENGTH: Final = 8 << 10
_CLAUSES: Final = 50
"""How many characters of a requirement are read, and how many parts it may have."""
_CLAUSE: Final = re.compile(r",|\band\b|\bor\b")
_URL: Final = re.compile(
    r"(?:https?|file|ftp|ssh|sftp|(?:git|hg|svn|bzr)(?:\+\w+)?):", re.IGNORECASE
)
_VCS: Final = re.compile(r"(?:git|hg|svn|bzr|ssh|sftp)(?:\+\w+)?:", re.IGNORECASE)
ARCHIVE: Final = re.compile(
    r"\.(?:whl|zip|tar|tgz|tbz|txz|tlz|tar\.(?:gz|bz2|xz|lz|lzma))$", re.IGNORECASE
)
"""How the name of a file ends that pip can install; that of a folder does not."""
_ABSOLUTE: Final = re.compile(
    r"(?<![^\s='\"([,+@])(?:file:|~|[A-Za-z]:)?[/\\](?:[^\s/\\]*[/\\])*",
    re.IGNORECASE,
)
_HERE: Final = re.compile(
    r"((?:(?:git|hg|svn|bzr)\+)*)(?:file:|(?P<host>[/\\]{2})|[/\\]|~|[A-Za-z]:(?=[/\\]))",
    re.IGNORECASE,
)
_SECRET: Final = re.compile(r"[@?:]|(?<![=!<>~])=(?!=)")
"""Where a text that we could not read may turn into a secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A requirement or constraint, as it is written."""

    place: Location
    name: str = ""
    """Normalised (PEP 503); empty where the text names no distribution."""
    specifier: SpecifierSet = field(default_factory=SpecifierSet)
    marker: str = ""
    extras: tuple[str, ...] = ()
    """Of the package that is asked for."""
    source: str = ""
    """A URL or path, as written; empty: it comes from an index."""
    digests: frozenset[Digest] = frozenset()
    """Of the files that may be installed, any one of them."""

    @classmethod
    def parse(cls, text: str, place: Location, *, editable: bool = False) -> "Request":
        """Read *text* as pip does: a URL, a path, or PEP 508.

        Args:
            text: The requirement, without options.
            place: Where it stands.
            editable: It is the value of `--editable`.

        Raises:
            ValueError: It is none of them.
        """
        if len(text) > _LENGTH:
            raise ValueError(f"a requirement longer than {_LENGTH:,} characters")
        text = text.replace("\t", " ")
        if not text.isprintable():
            raise ValueError(f"`{harmless(text)}` holds characters that do not show")
        if clauses(text) > _CLAUSES:
            raise ValueError(f"a requirement with more than {_CLAUSES} parts")
        url = _URL.match(text)
        source, _, marker = text.partition("; " if url else ";")
        source = source.strip()
        before, at, _ = source.partition("@")
        path = re.search(r"[/\\]", before) or before.startswith(".")
        archive = not at and ARCHIVE.search(source)
        if url or path or archive or (editable and not at):
            source = source if url else re.sub(r"\[[^\[\]]*\]$", "", source)
            if not source:
                raise ValueError(f"`{harmless(text)}` names nothing")
            name = _named(source)
            return cls(place=place, name=name, source=source, marker=marker.strip())
        try:
            parsed = Requirement(text)
        except (ValueError, RecursionError):
            parsed = None
        # packaging takes `a@latest` for the URL `latest`; pip takes it for a mistake.
        if parsed is None or not _URL.match(parsed.url or "https:"):
            raise ValueError(f"`{harmless(text)}` is not a requirement (PEP 508)")
        return cls(
            place=place,
            name=canonicalize_name(parsed.name),
            specifier=parsed.specifier,
            source=parsed.url or "",
            marker=str(parsed.marker or ""),
            extras=tuple(sorted(map(canonicalize_name, parsed.extras))),
        )

    @property
    def local(self) -> bool:
        """Whether it asks for a file or folder, and neither an index nor a server."""
        remote = _URL.match(self.source) and not self.source.lower().startswith("file:")
        return bool(self.source) and not remote

    @property
    def archive(self) -> bool:
        """Whether what it asks for is called like a file, and not like a folder."""
        return ARCHIVE.search(_path(self.source)) is not None

    def path(self) -> str:
        """Return the path that a local one asks for.

        Raises:
            ValueError: It names another machine, or a place on this one. The message
                goes on after its name.
        """
        path = _path(self.source)
        if path.replace("\\", "/").startswith("//"):
            raise ValueError("names a machine or an absolute path, which is not read")
        return path

    def component(
        self, registry: str | None = None, extra_registries: tuple[str, ...] = ()
    ) -> Component:
        """Declare the package that is asked for.

        Args:
            registry: The index that a package without an address of its own comes
                from, if the source names one.
            extra_registries: Others that it may come from.
        """
        if _VCS.match(self.source):
            return _from_vcs(self)
        if self.source:
            return _from_file(self)
        version = _exact(self.specifier)
        requested = "" if version else str(self.specifier)
        unpinned = Pin.RANGE if requested else Pin.FLOATING
        return Component(
            kind=Kind.LIBRARY,
            name=self.name,
            version=version,
            purl=pypi_purl(self.name, version),
            pin=Pin.EXACT if version else unpinned,
            requested=requested,
            artifacts=_artifacts(self.digests),
            facts=PackageFacts(registry=registry, extra_registries=extra_registries),
            locations=(self.place,),
        )


def clauses(text: str) -> int:
    """Count what a requirement is made of, which costs time: versions and markers."""
    return sum(1 for _ in _CLAUSE.finditer(text)) + 1


def _path(source: str) -> str:
    """Return the path in *source*, whose escapes count only after `file:`."""
    if not source.lower().startswith("file:"):
        return source
    return unquote(re.split(r"[?#]", source[len("file:") :], maxsplit=1)[0])


def harmless(text: str) -> str:
    """Return so much of a text that could not be read as cannot be a secret."""
    head = _SECRET.split(text, maxsplit=1)[0][:140]
    shown = "".join(
        each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in head
    )
    shown = _relative(shown)
    return shown if len(head) == len(text) else f"{shown}…"


def _relative(text: str) -> str:
    """Return *text* without absolute paths, which tell who works where."""
    return _ABSOLUTE.sub("…/", text)


def public_address(url: str) -> str:
    """Return *url* without secrets, and of a place on this machine only its end."""
    bare = bare_url(url)
    here = _HERE.match(bare)
    if here is None:
        return bare
    _, separator, end = bare.rstrip("/\\").replace("\\", "/").rpartition("/")
    head = "//" if here["host"] else "file:///"
    return f"{here[1]}{head}{end if separator else ''}"


def _from_vcs(request: Request) -> Component:
    """Declare what a repository holds: `git+https://host/path@revision#options`."""
    address, _, fragment = request.source.partition("#")
    scheme, _, rest = address.partition("?")[0].partition("://")
    host, slash, path = rest.partition("/")
    if "@" in path:
        path, _, revision = path.rpartition("@")
    else:
        revision = ""
    url = public_address(f"{scheme}://{host}{slash}{path}")
    folder = _option(fragment, "subdirectory")
    source = vcs_url(url, revision or None)
    purl = vcs_purl(url, revision or None, folder=folder)
    if request.name:
        purl = pypi_purl(request.name, vcs_url=source)._replace(subpath=folder or None)
    firm = Pin.COMMIT if is_commit(revision) else Pin.TAG
    return Component(
        kind=Kind.LIBRARY,
        name=request.name or purl.name,
        purl=purl,
        pin=firm if revision else Pin.FLOATING,
        requested=source,
        artifacts=_artifacts(request.digests),
        facts=PackageFacts(origin=Origin.VCS, registry=source_address(url)),
        locations=(request.place,),
    )


def _from_file(request: Request) -> Component:
    """Declare a wheel, an archive or a folder, by its address or path."""
    address = bare_url(request.source).replace("\\", "/")
    remote = _URL.match(address) and not address.lower().startswith("file:")
    file = address.rstrip("/").rpartition("/")[2]
    named, version = _distribution(unquote(file), request.name)
    artifacts = _artifacts(request.digests, file, address if remote else None)
    purl: PackageURL | None
    if remote:
        firm = Pin.DIGEST if identified(artifacts) else Pin.TAG
        other = PackageURL(
            type="generic", name=file or "unnamed", qualifiers={"download_url": address}
        )
        purl = pypi_purl(named, version, download_url=address) if named else other
        title, requested = named or file or address, address
        facts = PackageFacts(origin=Origin.URL, registry=source_address(address))
    else:
        firm, facts = Pin.LOCAL, PackageFacts(origin=Origin.PATH)
        # A folder's name is nobody's on an index: looked up, it names a stranger.
        purl = pypi_purl(named, version) if version else None
        # Of an absolute path its end is enough.
        absolute = address.startswith(("/", "file:", "~")) or ":" in address
        requested = file if absolute else _relative(address)
        title = named or requested or "."
    return Component(
        kind=Kind.LIBRARY,
        name=title,
        version=version,
        purl=purl,
        pin=firm,
        requested=requested,
        artifacts=artifacts,
        facts=facts,
        locations=(request.place,),
    )


def _named(source: str) -> str:
    """Return the name that a URL or a wheel's path gives to what it points to."""
    address, _, fragment = source.partition("#")
    egg = _option(fragment, "egg").partition("[")[0]
    try:
        return canonicalize_name(egg, validate=True)
    except ValueError:
        file = re.split(r"[/\\]", address.partition("?")[0])[-1]
        return _distribution(unquote(file), "")[0]


def _distribution(file: str, name: str) -> tuple[str, str | None]:
    """Tell name and version from a file name, as far as an installer insists on them.

    pip holds a wheel to the name and version of its file; it does not so with a source
    archive, whose file name is believed only where it agrees with *name*.
    """
    try:
        if file.lower().endswith(".whl"):
            told, version, _, _ = parse_wheel_filename(file)
        else:
            told, version = parse_sdist_filename(file)
            if not name:
                return "", None
    except ValueError:
        return name, None
    return name or told, str(version) if told == (name or told) else None


def _exact(specifier: SpecifierSet) -> str | None:
    """Return the one version that satisfies *specifier*, if it names one."""
    exact = {
        (each.operator, each.version)
        for each in specifier
        if each.operator == "===" or (each.operator == "==" and "*" not in each.version)
    }
    if len(exact) != 1:
        return None
    ((operator, version),) = exact
    try:
        return str(Version(version))
    except ValueError:
        # `===` compares text (PEP 440, arbitrary equality).
        return version if operator == "===" else None


def _artifacts(
    digests: frozenset[Digest], name: str = "", url: str | None = None
) -> tuple[Artifact, ...]:
    return tuple(
        Artifact(name=name, digests=(digest,), url=url)
        for digest in sorted(digests, key=str)
    )


def _option(fragment: str, key: str) -> str:
    pairs = (each.partition("=") for each in fragment.split("&"))
    return next((unquote(value) for name, _, value in pairs if name == key), "")
