"""What an npm registry says of a package: its versions, and what each one needs.

The short form is asked for, which npm itself reads. A registry that knows no short form
answers with the long one, of which no more is kept.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final
from urllib.parse import quote

from mcpchain.component import Pin
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import Request, Response
from mcpchain.npm_range import Version, parse_range, parse_version
from mcpchain.registries import npm

_SHORT: Final = "application/vnd.npm.install-v1+json; q=1.0, application/json; q=0.8"
_KEPT: Final = (
    *("name", "version", "dist", "deprecated", "engines", "os", "cpu", "libc"),
    *("dependencies", "optionalDependencies", "peerDependencies"),
    *("peerDependenciesMeta", "bundleDependencies", "bundledDependencies"),
)
_NEEDS: Final = 2_000
"""How many dependencies of one package are read."""
_TAG: Final = re.compile(r"[A-Za-z0-9._~!'()*-]+")
"""What npm takes for a tag: nothing that an address would have to escape."""

Page = tuple[str, str]
"""The name of a package, and the registry that is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """An entry of a manifest: what is to be installed under a name."""

    folder: str
    """The name in `node_modules`."""
    spec: str
    optional: bool = False
    peer: bool = False


@dataclass(frozen=True, kw_only=True)
class Packument:
    """The versions of one package, not yet read."""

    url: str
    """Where it came from: addresses in it are relative to that."""
    tags: Mapping[str, str]
    versions: Mapping[str, Node]

    def pick(self, spec: str, node: Version | None = None) -> str | None:
        """Return the version that npm would install for *spec*; `None` for none.

        As npm-pick-manifest does: the one that is tagged `latest` if it fits, else the
        newest; of these rather one that is for this Node and not deprecated.

        Args:
            spec: A version, a range or a tag.
            node: The Node that there will be; `None` if that is unknown.

        Raises:
            ValueError: It is too long to be read.
        """
        exact = parse_version(spec)
        if exact is not None:
            return self._exact.get(exact)
        fitting = parse_range(spec)
        if fitting is None:
            tagged = self.tags.get(spec)
            return tagged if tagged in self.versions else None
        latest = self.tags.get("latest", "")
        version = parse_version(latest)
        usual = fitting.everything or (version is not None and version in fitting)
        if latest in self.versions and usual and self._flaws(latest, node) == _SOUND:
            return latest
        best: tuple[tuple[bool, bool], str] | None = None
        for version, text in self._ordered:
            if version in fitting:
                flaws = self._flaws(text, node)
                if flaws == _SOUND:
                    return text
                if best is None or flaws < best[0]:
                    best = flaws, text
        return best[1] if best else None

    @cached_property
    def _ordered(self) -> list[tuple[Version, str]]:
        """All versions, newest first."""
        every = ((parse_version(text), text) for text in self.versions)
        known = [(version, text) for version, text in every if version is not None]
        return sorted(known, reverse=True)

    @cached_property
    def _exact(self) -> Mapping[Version, str]:
        """Of two spellings of one version the usual one."""
        return dict(sorted(self._ordered, reverse=True))

    def _flaws(self, text: str, node: Version | None) -> tuple[bool, bool]:
        """Say what speaks against a version, the gravest first."""
        manifest = self.versions[text]
        if not manifest.is_object():
            return _SOUND
        deprecated = bool(manifest.value.get("deprecated"))
        unfit = node is not None and not _runs_on(node, manifest.value.get("engines"))
        return unfit, deprecated


_SOUND: Final = (False, False)


def _runs_on(node: Version, engines: object) -> bool:
    """Say whether a package is for *node*; one that does not tell is for all."""
    wanted = engines.get("node") if isinstance(engines, dict) else None
    if not wanted:
        return True
    try:
        fitting = parse_range(wanted) if isinstance(wanted, str) else None
    except ValueError:
        return False
    return fitting is not None and node in fitting


def request(page: Page) -> Request:
    """Return the request for a packument.

    Raises:
        ValueError: Its name is not the name of a package.
    """
    name, registry = page
    npm.REGISTRY.request(name, registry)
    url = f"{registry.rstrip('/')}/{quote(name, safe='@')}"
    return Request(url=url, accept=_SHORT)


def read(page: Page, response: Response) -> Packument:
    """Read a packument, and keep so much of it as is needed.

    Raises:
        FetchError: It is that of another package.
        MalformedError: It has not the shape of one.
    """
    document = response.document()
    npm.check(document, page[0])
    tags = {
        tag: node.text()
        for tag, node in document.at("dist-tags").items()
        if node.is_text()
    }
    versions = {key: _kept(node) for key, node in document.at("versions").items()}
    return Packument(url=response.url, tags=tags, versions=versions)


def _kept(node: Node) -> Node:
    """Return the members of a version that are read later."""
    if not node.is_object() or node.problem:
        return node
    # A key that is there twice is a fault of the object, which must stay with it.
    if type(node.value) is not dict:
        return node
    value = {key: node.value[key] for key in _KEPT if key in node.value}
    return Node(value=value, source=node.source, pointer=node.pointer)


def needs(manifest: Node, problems: list[str]) -> tuple[Need, ...]:
    """Return what npm installs for the package that *manifest* describes.

    A later list overrides an earlier one, as in npm: peers, dependencies, optional
    ones.

    Args:
        manifest: One version.
        problems: Takes what could not be read.
    """
    found: dict[str, Need] = {}
    unwanted = _optional_peers(manifest, problems)
    lists = (
        ("peerDependencies", False, True),
        ("dependencies", False, False),
        ("optionalDependencies", True, False),
    )
    for key, optional, peer in lists:
        for folder, spec in _entries(manifest, key, problems):
            if not peer or folder not in unwanted:
                found[folder] = Need(
                    folder=folder, spec=spec, optional=optional, peer=peer
                )
    if len(found) > _NEEDS:
        problems.append(f"it has more than {_NEEDS:,} dependencies")
    return tuple(found[folder] for folder in sorted(found)[:_NEEDS])


def bundled(manifest: Node, problems: list[str]) -> frozenset[str]:
    """Return the names of dependencies that lie in the package's own archive."""
    found: set[str] = set()
    for key in ("bundleDependencies", "bundledDependencies"):
        try:
            node = manifest.at(key)
            if node.value is True:
                found.update(f for f, _ in _entries(manifest, "dependencies", []))
            elif node.is_list():
                found.update(node.texts())
            elif node.exists and node.value is not False:
                raise node.unexpected("a list")
        except MalformedError as error:
            problems.append(_told(error))
    return frozenset(found)


def platform(manifest: Node) -> str:
    """Return for which systems it is: npm's `os`, `cpu` and `libc`."""
    words = []
    for key in ("os", "cpu", "libc"):
        try:
            node = manifest.at(key)
            values = [node.text()] if node.is_text() else node.texts()
        except MalformedError:
            continue
        if values:
            words.append(f"{key}={','.join(values)}")
    return " ".join(words)[:_MARKER]


_MARKER: Final = 300


def pin_of(spec: str) -> Pin:
    """Say how firmly *spec* says what it means."""
    try:
        if parse_version(spec) is not None:
            return Pin.EXACT
        fitting = parse_range(spec)
    except ValueError:
        return Pin.RANGE
    if fitting is None:
        return Pin.TAG if spec not in {"", "latest"} else Pin.FLOATING
    return Pin.FLOATING if fitting.everything else Pin.RANGE


def is_registered(spec: str) -> bool:
    """Say whether *spec* is a version, a range or a tag, and no place elsewhere."""
    if parse_version(spec) is not None:
        return True
    if any(each in spec for each in ":/\\"):
        return False
    return parse_range(spec) is not None or _TAG.fullmatch(spec) is not None


def _optional_peers(manifest: Node, problems: list[str]) -> frozenset[str]:
    found: set[str] = set()
    try:
        for name, each in manifest.at("peerDependenciesMeta").items():
            if each.is_object() and each.at("optional").value is True:
                found.add(name)
    except MalformedError as error:
        problems.append(_told(error))
    return frozenset(found)


def _entries(
    manifest: Node, key: str, problems: list[str]
) -> Iterator[tuple[str, str]]:
    """Yield names and what is asked for; one that is malformed loses no other."""
    try:
        entries = [*manifest.at(key).items()]
    except MalformedError as error:
        problems.append(_told(error))
        return
    for name, node in entries:
        try:
            yield name, node.text().strip()
        except MalformedError as error:
            problems.append(_told(error))


def _told(error: MalformedError) -> str:
    return f"{error.pointer}: {error.problem}"[:300]
