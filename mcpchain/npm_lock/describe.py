"""Declare what a lock says of one package."""

import re
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.artifact import Digest
from mcpchain.component import Component, Kind, Location, Origin, PackageFacts, Pin
from mcpchain.document import Node
from mcpchain.inventory import Collector, Gap, State
from mcpchain.naming import npm_purl
from mcpchain.npm_lock.graph import Package
from mcpchain.npm_lock.integrity import artifacts
from mcpchain.npm_lock.manifest import Manifests
from mcpchain.npm_lock.marker import marker_of
from mcpchain.npm_lock.name import SHOWN, is_name, shown
from mcpchain.npm_lock.source import (
    FOLDER,
    Source,
    address_of,
    folder_problem,
    source_of,
)
from mcpchain.npm_lock.tarball import read_tarball
from mcpchain.tree import File
from mcpchain.tree.named import Named

_SHA: Final = "(?P<commit>[0-9a-fA-F]{40})"
_SNAPSHOT: Final = re.compile(
    rf"""https://(?:
      codeload\.(?P<github>github\.com/[^/]+/[^/]+)/tar\.gz/{_SHA}
    | (?P<bitbucket>bitbucket\.org/[^/]+/[^/]+)/get/{_SHA.replace("commit", "second")}
      \.tar\.gz
    )""",
    re.VERBOSE,
)
"""How GitHub and Bitbucket deliver a commit as an archive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stated:
    """What a lock says of one package."""

    node: Node
    name: str
    version: str | None = None
    """Exact, as the registry names it."""
    resolved: str = ""
    """Where it comes from, as npm writes it; empty: from a registry."""
    digests: tuple[Digest, ...] = ()
    marker: str = ""
    graph: bool = True
    origin: Origin = Origin.REGISTRY
    """Where it comes from if `resolved` is empty."""
    registry: str | None = None
    """The registry that the lock names, if `resolved` is empty."""
    folder: str = ""
    """The folder of the package in the repository that it comes from."""


class Describer:
    """Declares the packages of one lock.

    Args:
        file: The lock.
        found: Gets the gaps.
        hint: How to write the lock anew.
    """

    def __init__(self, file: File, found: Collector, hint: str) -> None:
        self._base = file.path.rpartition("/")[0]
        self._named = Named(file.tree)
        self._manifests = Manifests(file)
        self._found = found
        self._hint = hint

    def package(self, stated: Stated) -> Component:
        """Declare a package that is installed.

        Raises:
            MalformedError: Its name is none.
        """
        node, name, version = stated.node, stated.name, stated.version
        if not is_name(name):
            raise node.malformed(f"`{shown(name)}` is not the name of a package")
        resolved = _cloned(stated.resolved)
        files = artifacts(stated.digests, address_of(resolved))
        if resolved:
            tarball = read_tarball(address_of(resolved)).tarball
            if version is None and tarball is not None and tarball.name == name:
                version = tarball.version
            source = source_of(
                resolved, (name, version), files, self._named, self._base
            )
            self.doubt(node, source.problem, source.state)
            files = (source.artifact,) if source.artifact else files
        else:
            firm = Pin.EXACT if version else Pin.FLOATING
            source = Source(origin=stated.origin, pin=firm, registry=stated.registry)
        if source.other is not None:
            name, version = source.other.name, source.other.version
        purl = npm_purl(name, version) if source.named else None
        if purl and source.qualifiers:
            folder = stated.folder or None
            purl = purl._replace(qualifiers=source.qualifiers, subpath=folder)
        return Component(
            kind=Kind.LIBRARY,
            name=name,
            version=version,
            purl=purl,
            pin=source.pin,
            requested=source.requested,
            artifacts=files,
            graph=stated.graph,
            facts=PackageFacts(
                origin=source.origin, registry=source.registry, marker=stated.marker
            ),
            locations=(Location(path=node.source, pointer=node.pointer),),
        )

    def folder(self, stated: Stated, folder: str) -> Package:
        """Declare a package that is a folder beside the lock."""
        problem = folder_problem(folder, self._named, self._base)
        self.doubt(stated.node, problem)
        component = self._own(stated, Kind.LIBRARY)
        # Of a link the lock does not say what it needs.
        manifest = self._manifests.at(folder) if stated.graph else None
        if manifest is None:
            return Package(component=component)
        return Package(
            component=_placed(component, manifest), folder=(stated.node, manifest)
        )

    def project(self, stated: Stated, folder: str, manifest: Node | None) -> Component:
        """Declare the project itself, or the member of it that lies in *folder*.

        Args:
            stated: What the lock says of it.
            folder: Where it lies; empty: beside the lock.
            manifest: Its own, which is a place of it too.
        """
        if folder:
            problem = folder_problem(folder, self._named, self._base)
            self.doubt(stated.node, problem)
        project = self._own(stated, Kind.APPLICATION, member=bool(folder))
        return project if manifest is None else _placed(project, manifest)

    def marker(self, node: Node) -> str:
        """Return for which machines a package is, as `marker_of` does."""
        known: list[str] = []
        with self._found.entry():
            known.append(marker_of(node))
        return "".join(known)

    def conditions(self, node: Node) -> str:
        """Return the same where it is written as we write it.

        Raises:
            MalformedError: It is no such text.
        """
        text = node.at("conditions").optional_text() or ""
        if not text.isprintable() or len(text) > SHOWN:
            raise node.at("conditions").malformed("is no list of conditions")
        return text

    def doubt(self, node: Node, problem: str, state: State = State.UNREADABLE) -> None:
        """Leave a gap if there is a problem with what *node* names."""
        if problem:
            self._found.gap(
                Gap(
                    stage="discover",
                    location=Location(path=node.source, pointer=node.pointer),
                    reason=problem,
                    state=state,
                    hint="examine the folder in which this lock would be installed, "
                    f"and write the lock anew: {self._hint}",
                )
            )

    def _own(self, stated: Stated, kind: Kind, *, member: bool = False) -> Component:
        node, name, version = stated.node, stated.name, stated.version
        if not name.isprintable() or len(name) > SHOWN:
            raise node.malformed("has a name that no folder and no package has")
        known = version is not None and version.isprintable() and len(version) < SHOWN
        return Component(
            kind=kind,
            name=name,
            version=version if known else None,
            pin=FOLDER.pin,
            graph=stated.graph,
            facts=PackageFacts(origin=FOLDER.origin, workspace=member),
            locations=(Location(path=node.source, pointer=node.pointer),),
        )


def _placed(component: Component, manifest: Node) -> Component:
    """Return *component* with its manifest as one of its places."""
    places = (*component.locations, Location(path=manifest.source))
    return replace(component, locations=tuple(sorted(places, key=str)))


def _cloned(resolved: str) -> str:
    """Return the repository and commit that an archive's address is of, if it is."""
    match = _SNAPSHOT.fullmatch(resolved.partition("#")[0])
    if match is None:
        return resolved
    place, commit = match["github"] or match["bitbucket"], match["commit"]
    return f"git+https://{place}.git#{commit or match['second']}"
