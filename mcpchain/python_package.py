"""What a Python lock says of one package: its version, its files, and where it lies.

The locks of uv, Poetry, PDM and pipenv spell it differently and mean the same. What
lies on this machine means something only inside the examined tree.
"""

import contextlib
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Final
from urllib.parse import unquote

from packaging.utils import parse_wheel_filename
from packaging.version import Version

from mcpchain.artifact import Digest, identified
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import bare_url, is_commit, pypi_purl, source_address, vcs_url
from mcpchain.requirement import public_address
from mcpchain.tree import File
from mcpchain.tree.named import Named

_PATH: Final = re.compile(r"[/\\]")
_ABSOLUTE: Final = re.compile(r"(?:\w+\+)?file:|[/\\~]|[A-Za-z]:[/\\]", re.IGNORECASE)
_HERE: Final = frozenset({".", "./"})
"""Ways to write the folder of the lock itself."""
_MARKS: Final = ("pyproject.toml", "setup.py")


def declared(node: Node, name: Node, version: Node, found: Collector) -> Component:
    """Declare the package at *node*, which comes from an index unless it says more.

    A version that is none is a gap, and the package has none.

    Raises:
        MalformedError: *name* is not the name of a package.
    """
    try:
        purl = pypi_purl(name.text())
    except ValueError as error:
        raise name.malformed(str(error)) from None
    exact = None
    with found.entry():
        exact = version_of(version)
    return Component(
        kind=Kind.LIBRARY,
        name=purl.name,
        version=exact,
        purl=pypi_purl(purl.name, exact),
        pin=Pin.EXACT if exact else Pin.FLOATING,
        facts=PackageFacts(),
        locations=(Location(path=node.source, pointer=node.pointer),),
    )


def version_of(node: Node) -> str | None:
    """Read a version (PEP 440), normalised; `None` where there is none.

    Raises:
        MalformedError: It is something else.
    """
    text = node.optional_text()
    if text is None:
        return None
    try:
        return str(Version(text))
    except ValueError:
        raise node.malformed(f"`{text[:140]}` is no version (PEP 440)") from None


def from_repository(
    component: Component, url: str, commit: str, folder: str | None = None
) -> Component:
    """Return *component* as it comes from a repository.

    Args:
        component: What the lock calls it.
        url: Of the repository.
        commit: A commit, tag or branch; empty: whatever is newest.
        folder: Where in the repository the package is.
    """
    address = public_address(url)
    where = vcs_url(address, commit or None)
    purl = pypi_purl(component.name, component.version, vcs_url=where)
    firm = Pin.COMMIT if is_commit(commit) else Pin.TAG
    return replace(
        component,
        purl=purl._replace(subpath=folder or None),
        pin=firm if commit else Pin.FLOATING,
        requested=where,
        facts=replace(
            facts_of(component), origin=Origin.VCS, registry=source_address(address)
        ),
    )


def from_address(
    component: Component, node: Node, url: str, found: Collector
) -> Component:
    """Return *component* as it comes from a URL that names one file.

    A wheel of another name or version there is a gap at *node*.
    """
    address = public_address(url)
    with found.entry():
        try:
            component = _as_wheel(component, address)
        except ValueError as error:
            raise node.malformed(f"`{shown(address)}` {error}") from None
    return replace(
        component,
        purl=pypi_purl(component.name, component.version, download_url=address),
        pin=Pin.DIGEST if identified(component.artifacts) else Pin.TAG,
        requested=address,
        facts=replace(
            facts_of(component), origin=Origin.URL, registry=source_address(address)
        ),
    )


def unplaced(component: Component) -> Component:
    """Return *component* as it comes from a source that could not be read."""
    facts = replace(facts_of(component), origin=Origin.URL, registry="")
    return replace(component, purl=None, pin=Pin.FLOATING, facts=facts)


def facts_of(component: Component) -> PackageFacts:
    """Return what is known of *component* as a package."""
    facts = component.facts
    return facts if isinstance(facts, PackageFacts) else PackageFacts()


def is_local(url: str) -> bool:
    """Say whether *url* is an address on this machine."""
    return url.lower().startswith("file:")


class Beside:
    """The files and folders that one lock names, looked at in the tree.

    Args:
        file: The lock.
        found: Where a gap is left for what is not as the lock says.
    """

    def __init__(self, file: File, found: Collector) -> None:
        self._named = Named(file.tree)
        self._base = file.path.rpartition("/")[0]
        self._found = found

    def folder(self, component: Component, node: Node, path: str) -> Component:
        """Return *component* as the project in the folder *path*."""
        if path not in _HERE:
            with self.doubt(node, f"the folder `{shown(path)}`"):
                self._named.folder(path, [self._base], _MARKS)
        # A folder's name is nobody's on an index: looked up, it names a stranger.
        return replace(_local(component), purl=None)

    def archive(self, component: Component, node: Node, path: str) -> Component:
        """Return *component* as the wheel or source archive at *path*."""
        local = _local(component)
        pins = [digest for each in local.artifacts for digest in each.digests]
        with self.doubt(node, f"the file `{shown(path)}`"):
            if is_local(path):
                raise ValueError("is an address on this machine, and is not read")
            seen = self._named.artifact(path, [self._base], pins)
            local = _as_wheel(replace(local, artifacts=(seen,)), seen.name)
        return local if local.version else replace(local, purl=None)

    def index(
        self, component: Component, node: Node, folder: str, paths: Sequence[str | None]
    ) -> Component:
        """Return *component* as it comes from a folder that serves as an index.

        Args:
            component: What the lock calls it, with its files.
            node: Where the lock does.
            folder: The index.
            paths: Of each of its files in there.
        """
        artifacts = list(component.artifacts)
        with self.doubt(node, f"the index `{shown(folder)}`"):
            if not artifacts or len(artifacts) != len(paths) or None in paths:
                raise ValueError("has a file of which the lock gives no path")
            bases = [f"{self._base}/{folder}" if self._base else folder]
            for index, path in enumerate(filter(None, paths)):
                self._named.folder(folder, [self._base], [path])
                pins = artifacts[index].digests
                artifacts[index] = self._named.artifact(path, bases, pins)
        return replace(_local(component), artifacts=tuple(artifacts))

    @contextlib.contextmanager
    def doubt(self, node: Node, what: str) -> Iterator[None]:
        """Turn what is not as the lock says into a gap."""
        try:
            yield
        except ValueError as error:
            self._found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=node.source, pointer=node.pointer),
                    reason=f"{what} {error}",
                    state=State.UNREADABLE,
                    hint="put it into the examined folder, name it by a relative path, "
                    "and lock again",
                )
            )


def _as_wheel(component: Component, path: str) -> Component:
    """Return *component* with the version that the name of a wheel tells.

    Raises:
        ValueError: It tells another than the lock, or another package. The message
            goes on after its name.
    """
    name = unquote(path).rpartition("/")[2]
    if not name.lower().endswith(".whl"):
        return component
    try:
        told, version, _, _ = parse_wheel_filename(name)
    except ValueError:
        return component  # no installer takes a wheel of such a name
    # One of a version with a local part is one of that version, too (PEP 440).
    fitting = {None, str(version), version.public}
    if told != component.name or component.version not in fitting:
        raise ValueError("is a wheel of another package or version")
    purl = pypi_purl(component.name, str(version))
    return replace(component, version=str(version), purl=purl)


def _local(component: Component) -> Component:
    facts = replace(facts_of(component), origin=Origin.PATH, registry=None)
    return replace(component, pin=Pin.LOCAL, facts=facts)


def shown(text: str) -> str:
    """Return *text* for a reader: bounded, and without anything that may be secret.

    An absolute path tells who works where; its end is enough.
    """
    bare = bare_url(text)
    if _ABSOLUTE.match(bare):
        bare = f"…/{_PATH.split(bare.rstrip('/'))[-1]}"
    return bare[:140]


def compare_wheels(components: Iterable[Component], found: Collector) -> None:
    """Leave a gap for each package of an index with a wheel that is another's.

    For locks whose files are fetched from where they are said to lie.
    """
    for each in components:
        if facts_of(each).origin is not Origin.REGISTRY or each.version is None:
            continue
        for artifact in each.artifacts:
            name = (artifact.url or artifact.name).rpartition("/")[2]
            try:
                _as_wheel(each, name)
            except ValueError as error:
                found.gap(
                    Gap(
                        stage="discover",
                        location=each.location,
                        reason=f"`{unquote(name)[:140]}` {error}",
                        state=State.CONFLICT,
                        hint="find out who changed the lock, and lock again",
                    )
                )
                break


def contradict(components: Iterable[Component], found: Collector) -> None:
    """Leave a gap for each file of one release to which a lock gives two hashes."""
    known: dict[tuple[object, ...], tuple[Digest, ...]] = {}
    told: set[tuple[object, ...]] = set()
    for each in components:
        for artifact in each.artifacts:
            if not artifact.name:
                continue
            for digest in artifact.digests:
                facts = facts_of(each)
                release = (each.name, each.version, facts.origin, facts.registry)
                key = (*release, artifact.name, digest.algorithm)
                if known.setdefault(key, (digest,)) == (digest,) or release in told:
                    continue
                told.add(release)
                found.gap(
                    Gap(
                        stage="discover",
                        location=each.location,
                        reason=f"two {digest.algorithm.value} hashes for "
                        f"`{artifact.name[:140]}` of `{each.title[:140]}`",
                        state=State.UNREADABLE,
                        hint="find out who changed the lock, and lock again",
                    )
                )
