"""Python lock files after PEP 751: `pylock.toml` and `pylock.<name>.toml`.

`packaging` says what is valid. It is asked about one package at a time, so that one bad
package does not hide the others.
"""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from packaging.pylock import (
    Package,
    PackageArchive,
    PackageSdist,
    PackageWheel,
    Pylock,
    PylockValidationError,
)
from packaging.version import Version

from mcpchain.artifact import Algorithm, Artifact, Digest, identified
from mcpchain.component import (
    Attester,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
)
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, State
from mcpchain.marker import askers
from mcpchain.naming import is_commit, pypi_purl, source_address, vcs_url
from mcpchain.python_package import compare_wheels, contradict, shown
from mcpchain.requirement import public_address
from mcpchain.tree import File
from mcpchain.tree.named import Named

_BYTES: Final = 32 << 20
_FITTING: Final = 100
"""How many packages one edge may fit."""
_HEADER: Final = {"lock-version": "1.0", "created-by": "mcpchain"}
_ALGORITHMS: Final = frozenset(each.value for each in Algorithm)
_HERE: Final = frozenset({".", "./"})
"""Ways to write the folder of the lock itself."""
_FOLDER: Final = ("pyproject.toml", "setup.py")
_ATTESTERS: Final = "attestation-identities"
_LockFile = PackageArchive | PackageSdist | PackageWheel


def read(file: File, found: Collector) -> None:
    """Declare every package of the lock, with its files and dependencies.

    Raises:
        MalformedError: It is not TOML, or has no version or no packages.
        UnreadableError: It cannot be read.
    """
    lock = Node.from_toml(file.read(_BYTES), source=file.path)
    if not _supported(lock, found):
        return
    with found.entry():
        _validated({**lock.value, **_HEADER, "packages": []}, lock)
    default = frozenset(_words(lock.value.get("default-groups")))
    if not lock.at("packages").exists:
        raise lock.malformed("no `packages`")
    beside = _Beside(file, found)
    packages: list[tuple[Node, Component]] = []
    for node in lock.at("packages").elements():
        with found.entry():
            attesters = tuple(sorted({*_attesters(node, found)}, key=repr))
            document = {**_HEADER, "packages": [_without_attesters(node)]}
            (package,) = _validated(document, node).packages
            beside.look(package, node)
            artifacts = tuple(_artifacts(package, node, beside, found))
            facts = replace(_facts(package, default), attested_by=attesters)
            packages.append((node, _component(package, node, artifacts, facts)))
    contradict((component for _, component in packages), found)
    compare_wheels((component for _, component in packages), found)
    edges = [*_edges(packages, found)]
    refs = [
        found.add(replace(component, graph=component.graph and complete))
        for (_, component), (_, complete) in zip(packages, edges, strict=True)
    ]
    for ref, (targets, _) in zip(refs, edges, strict=True):
        for target in targets:
            found.relate(ref, refs[target])


def _without_attesters(node: Node) -> object:
    """Return a package for `packaging`, which would refuse all of it for one."""
    if not isinstance(node.value, dict):
        return node.value
    return {key: each for key, each in node.value.items() if key != _ATTESTERS}


def _attesters(node: Node, found: Collector) -> Iterator[Attester]:
    """Yield whom the lock has seen to attest a package; a gap for each that is none."""
    named = node.at(_ATTESTERS) if node.is_object() else None
    if named is None or not named.exists:
        return
    with found.entry():
        for each in named.elements():
            with found.entry():
                kind = each.at("kind").text()
                claims = ((key, value.text()) for key, value in each.items())
                yield Attester(
                    kind=kind,
                    claims=tuple(sorted(c for c in claims if c[0] != "kind")),
                )


def _supported(lock: Node, found: Collector) -> bool:
    """Say whether we know the version of the format; leave a gap where we do not."""
    node = lock.at("lock-version")
    text = node.text()
    try:
        version = Version(text)
    except ValueError:
        raise node.malformed(f"`{text[:140]}` is no version") from None
    if version == Version("1.0"):
        return True
    known = version.major == 1
    found.gap(
        Gap(
            stage="discover",
            location=Location(path=lock.source, pointer=node.pointer),
            reason=f"lock-version `{str(version)[:140]}` is newer than 1.0"
            + (", and what is new in it was not read" if known else ""),
            state=State.PARTIAL if known else State.UNSUPPORTED,
            hint="lock with `lock-version` 1.0",
        )
    )
    return known


def _validated(document: Mapping[str, Any], node: Node) -> Pylock:
    """Let `packaging` judge, and say where in the file it objects."""
    try:
        return Pylock.from_dict(document)
    except PylockValidationError as error:
        context = re.sub(r"\[(\d+)\]", r".\1", error.context or "")
        inner = context.removeprefix("packages.0").lstrip(".").replace(".", "/")
        problem = " ".join(error.message.split())[:140]
        pointer = f"{node.pointer}/{inner}" if inner else node.pointer
        raise MalformedError(problem, source=node.source, pointer=pointer) from error


class _Beside:
    """What a lock names on this machine: it means something only inside the tree."""

    def __init__(self, file: File, found: Collector) -> None:
        self._named = Named(file.tree)
        self._bases = [file.path.rpartition("/")[0]]
        self._found = found

    def look(self, package: Package, node: Node) -> None:
        """Leave a gap for a folder that is not there, and for any repository."""
        if package.vcs and package.vcs.path:
            what = f"the repository `{shown(package.vcs.path)}`"
            self._gap(node, f"{what} is of this machine, and is not read")
        if package.directory is None:
            return
        path = package.directory.path
        if inner := package.directory.subdirectory:
            path = f"{path}/{inner}"
        if path in _HERE:
            return
        try:
            self._named.folder(path, self._bases, _FOLDER)
        except ValueError as error:
            self._gap(node, f"the folder `{shown(path)}` {error}")

    def seen(self, artifact: Artifact, file: _LockFile, node: Node) -> Artifact:
        """Return *artifact* with the digests of its bytes, or leave a gap."""
        if _is_local(file.url):
            what = f"`{shown(file.url or '')}`"
            self._gap(node, f"{what} is an address on this machine, and is not read")
        if not file.path:
            return artifact
        try:
            digests = self._digests(file.path, artifact.digests)
        except ValueError as error:
            self._gap(node, f"the file `{shown(file.path)}` {error}")
            return artifact
        return replace(artifact, digests=digests)

    def _digests(self, path: str, pinned: tuple[Digest, ...]) -> tuple[Digest, ...]:
        """Return the digests of a file, which has all those that are pinned."""
        known = self._named.artifact(path, self._bases, pinned).digests
        if not set(pinned) <= set(known):
            raise ValueError("has other bytes than one of its digests says")
        return known

    def _gap(self, node: Node, reason: str) -> None:
        self._found.gap(
            Gap(
                stage="discover",
                location=Location(path=node.source, pointer=node.pointer),
                reason=reason,
                state=State.UNREADABLE,
                hint="put it into the examined folder, name it by a relative path, and "
                "lock again",
            )
        )


def _is_local(url: str | None) -> bool:
    return url is not None and url.lower().startswith("file:")


def _component(
    package: Package,
    node: Node,
    artifacts: tuple[Artifact, ...],
    facts: PackageFacts,
) -> Component:
    version = str(package.version) if package.version else None
    hashed = Pin.DIGEST if identified(artifacts) else None
    component = Component(
        kind=Kind.LIBRARY,
        name=package.name,
        version=version,
        purl=pypi_purl(package.name, version),
        pin=Pin.EXACT if version else hashed or Pin.FLOATING,
        artifacts=artifacts,
        facts=facts,
        # No key `dependencies` does not mean that there are none.
        graph=package.dependencies is not None,
        locations=(Location(path=node.source, pointer=node.pointer),),
    )
    vcs, archive = package.vcs, package.archive
    if vcs and vcs.url:
        address = public_address(vcs.url)
        source = vcs_url(f"{vcs.type}+{address}", vcs.commit_id)
        purl = pypi_purl(package.name, version, vcs_url=source)
        return replace(
            component,
            purl=purl._replace(subpath=vcs.subdirectory or None),
            pin=Pin.COMMIT if is_commit(vcs.commit_id) else Pin.TAG,
            requested=source,
            facts=replace(facts, origin=Origin.VCS, registry=source_address(address)),
        )
    if archive and archive.url and not _is_local(archive.url):
        address = public_address(archive.url)
        return replace(
            component,
            purl=pypi_purl(package.name, version, download_url=address),
            pin=hashed or Pin.TAG,
            requested=address,
            facts=replace(facts, origin=Origin.URL, registry=source_address(address)),
        )
    if any(each.url for each in artifacts) or (package.index and artifacts):
        return component
    return replace(
        component,
        # A folder's name is nobody's on an index: looked up, it names a stranger.
        purl=component.purl if version and artifacts else None,
        pin=Pin.LOCAL,
        facts=replace(facts, origin=Origin.PATH),
    )


def _facts(package: Package, default_groups: frozenset[str]) -> PackageFacts:
    marker = str(package.marker or "")
    asking = askers(marker)
    # PEP 751: the default groups stand for what the project itself needs.
    needed = not default_groups.isdisjoint(asking.groups)
    groups = () if needed else asking.groups
    extras = () if needed else asking.extras
    return PackageFacts(
        registry=public_address(package.index) if package.index else None,
        development=bool(groups) and not extras,
        optional=bool(extras),
        groups=groups,
        extras=extras,
        marker=marker,
    )


def _artifacts(
    package: Package, node: Node, beside: _Beside, found: Collector
) -> Iterator[Artifact]:
    files: list[tuple[str, _LockFile | None]] = [
        (f"/wheels/{index}", wheel) for index, wheel in enumerate(package.wheels or ())
    ]
    files += [("/sdist", package.sdist), ("/archive", package.archive)]
    for step, file in files:
        if file is None:
            continue
        place = node.pointer + step
        name = "" if isinstance(file, PackageArchive) else file.filename
        time, size = file.upload_time, file.size
        artifact = Artifact(
            name=name,
            digests=tuple(_digests(file.hashes, node.source, place, found)),
            url=public_address(file.url)
            if file.url and not _is_local(file.url)
            else None,
            size=size if size is None or size >= 0 else None,
            published=time.replace(tzinfo=time.tzinfo or dt.UTC) if time else None,
        )
        yield beside.seen(artifact, file, node)


def _digests(
    hashes: Mapping[str, str], source: str, pointer: str, found: Collector
) -> Iterator[Digest]:
    """Yield the digests of a file.

    PEP 751 allows every algorithm of hashlib. One that we do not know is no loss beside
    one that we do.
    """
    known = _ALGORITHMS.intersection(hashes)
    for algorithm, value in sorted(hashes.items()):
        if known and algorithm not in known:
            continue
        with found.entry():
            try:
                yield Digest.of(algorithm, value)
            except ValueError as error:
                place = f"{pointer}/hashes"
                raise MalformedError(
                    str(error), source=source, pointer=place
                ) from error


def _edges(
    packages: list[tuple[Node, Component]], found: Collector
) -> Iterator[tuple[list[int], bool]]:
    """Yield for each package where its edges lead, and whether all could be followed.

    PEP 751: a dependency repeats as many keys as tell it apart.
    """
    named: dict[object, list[int]] = {}
    for index, (node, _) in enumerate(packages):
        named.setdefault(node.value["name"], []).append(index)
    for node, _ in packages:
        targets: list[int] = []
        complete = True
        for wanted in node.at("dependencies").elements():
            followed = False
            with found.entry():
                fitting = [
                    index
                    for index in named.get(wanted.at("name").text(), ())
                    if wanted.value.items() <= packages[index][0].value.items()
                ]
                if not 0 < len(fitting) <= _FITTING:
                    raise wanted.malformed(
                        f"fits {len(fitting)} packages of this lock, not one"
                    )
                targets += fitting
                followed = True
            complete = complete and followed
        yield targets, complete


def _words(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (each for each in value if isinstance(each, str))
