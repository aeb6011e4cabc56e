"""Read a bundle, or the manifest of one."""

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import BinaryIO, Final

from packageurl import PackageURL

from mcpchain.artifact import Artifact, Digest
from mcpchain.component import (
    Basis,
    Component,
    Kind,
    Location,
    Origin,
    PackageFacts,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.discover.mcpb.inside import Inside
from mcpchain.discover.mcpb.manifest import Manifest, is_manifest, read_manifest
from mcpchain.discover.mcpb.place import Bundle, Folder, Zipped
from mcpchain.discover.mcpb.zipped import ArchiveError, is_zip, open_archive
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.inventory import Collector, Gap, RelationKind, State
from mcpchain.launch.record import Requested
from mcpchain.license import concluded
from mcpchain.secret import masked
from mcpchain.tree import File
from mcpchain.tree.hashing import sha256
from mcpchain.tree.unreadable import guarded

_NAME: Final = "manifest.json"
_BYTES: Final = 4 << 20
_MARKS: Final = re.compile(rb"mcp_config|dxt_version|manifest_version|\\u00[0-7]")
"""What stands in the manifest of a bundle, or could hide it."""


def read_bundle(file: File, found: Collector) -> None:
    """Declare the server of a bundle, and all that is in it.

    Raises:
        MalformedError: It is named like a bundle, and is none.
        UnreadableError: It cannot be read.
    """
    with file.open() as stream:
        size = file.size()
        if file.suffix == ".mcpb" or guarded(file.path, lambda: is_zip(stream, size)):
            guarded(file.path, lambda: _discover_archive(file, stream, found))


def read_manifest_file(file: File, found: Collector) -> None:
    """Declare the server of a manifest that is not packed, if it is one of a bundle.

    Raises:
        MalformedError: It is not JSON.
        UnreadableError: It cannot be read.
    """
    data = file.read()
    if not _MARKS.search(data):
        return
    if len(data) > _BYTES:
        found.gap(
            Gap(
                stage="discover",
                location=Location(path=file.path),
                reason=f"larger than {_BYTES:,} bytes, and may be a bundle's manifest",
                state=State.LIMIT,
                hint="check that it is what its name says",
            )
        )
        return
    document = Node.from_json(data, source=file.path)
    if is_manifest(document):
        _Reader(file, document, found).declare(Folder(file), None)


def _discover_archive(file: File, stream: BinaryIO, found: Collector) -> None:
    """List the bundle by its bytes in any case, and what can be read of it."""
    stream.seek(0)
    digest = sha256(stream, file.path)  # type: ignore[arg-type] # it is buffered
    size = stream.tell()
    artifact = Artifact(name=file.path, digests=(digest,), size=size)
    try:
        archive = open_archive(stream, size)
    except ArchiveError as error:
        ref = found.add(_bundle(file, artifact, Manifest()))
        found.gap(replace(_gap(file.path, error.reason, error.state), ref=ref))
        return
    inside = Inside(file.path, archive)
    inside.look()
    place = f"{file.path}!/{_NAME}"
    manifest, ref = Manifest(), ""
    with found.entry():
        if _NAME not in archive.members:
            raise MalformedError("no manifest stands there that is the only one",
                                 source=place)  # fmt: skip
        try:
            data = archive.read(_NAME, _BYTES)
        except ArchiveError as error:
            raise MalformedError(error.reason, source=place) from error
        document = Node.from_json(data, source=place)
        if not is_manifest(document):
            raise document.malformed("is not the manifest of a bundle")
        reader = _Reader(file, document, found)
        manifest = reader.manifest
        ref = found.add(_bundle(file, artifact, manifest))
        reader.declare(Zipped(archive), ref)
    ref = ref or found.add(_bundle(file, artifact, manifest))
    inside.unread(manifest.type)
    for each in (*inside.libraries, *inside.natives):
        found.relate(ref, found.add(each), RelationKind.CONTAINS)
    for doubt in inside.doubts:
        where = f"{file.path}!/{doubt.member}" if doubt.member else file.path
        found.gap(replace(_gap(where, doubt.reason, doubt.state), ref=ref))


def _bundle(file: File, artifact: Artifact, manifest: Manifest) -> Component:
    """Declare an archive, whose name and version are its manifest's word."""
    name = manifest.name.strip() or file.name
    (digest,) = artifact.digests
    licenses = (manifest.license,) if manifest.license else ()
    return Component(
        kind=Kind.APPLICATION,
        name=name,
        version=manifest.version,
        purl=_purl(name, manifest.version, digest),
        pin=Pin.DIGEST,
        basis=Basis.OBSERVED,
        artifacts=(artifact,),
        licenses=licenses,
        concluded=concluded(licenses),
        supplier=manifest.supplier,
        facts=PackageFacts(origin=Origin.PATH),
        locations=(Location(path=file.path),),
    )


def _purl(name: str, version: str | None, digest: Digest) -> PackageURL:
    return PackageURL(
        type="generic",
        name=name,
        version=version,
        qualifiers={"checksum": str(digest)},
    )


class _Reader:
    """Declares the server of one manifest."""

    def __init__(self, file: File, document: Node, found: Collector) -> None:
        self.manifest = read_manifest(document, found)
        self._file = file
        self._document = document
        self._found = found

    def declare(self, bundle: Bundle, ref: str | None) -> None:
        """Declare the server, and what it starts.

        Args:
            bundle: Where its code is.
            ref: The bundle that it is in.
        """
        manifest = self.manifest
        code, problem = self._code(bundle)
        problem = manifest.problem or problem
        server = self._found.add(self._server(decided=not problem))
        if ref is not None:
            self._found.relate(server, ref)
        for each in code:
            self._found.relate(server, self._found.add(each))
        for package in self._packages():
            self._found.relate(server, self._found.add(package))
        if problem:
            reason = f"it cannot be told what this server runs: {problem}"
            gap = _gap(self._document.source, reason, State.UNSUPPORTED)
            self._found.gap(replace(gap, ref=server))

    def _code(self, bundle: Bundle) -> tuple[list[Component], str]:
        """Return the files that it runs, and what is wrong if one is not there."""
        code: list[Component] = []
        for launch in self.manifest.launches:
            for each in launch.code:
                try:
                    code += bundle.code(each, launch.folder, self.manifest.folders)
                except ValueError as error:
                    return code, str(error)
        return code, ""

    def _server(self, *, decided: bool) -> Component:
        manifest = self.manifest
        mains = [each.main for each in manifest.launches]
        same = len({each.purl if each else None for each in mains}) == 1
        main = mains[0] if decided and manifest.sound and same else None
        endpoints = {each.endpoint for each in manifest.launches}
        endpoint = endpoints.pop() if len(endpoints) == 1 else None
        launchers = {each.launcher for each in manifest.launches}
        sway = {name for each in manifest.launches for name in each.swayed_by}
        return Component(
            kind=Kind.MCP_SERVER,
            name=manifest.name.strip() or "unnamed",
            version=main.version if main else None,
            purl=main.purl if main else None,
            pin=manifest.pin if decided else None,
            requested=main.requested if main else "",
            basis=Basis.DECLARED,
            facts=ServerFacts(
                client="mcpb",
                transport=Transport.STDIO,
                launcher=launchers.pop() if len(launchers) == 1 else "",
                endpoint=masked(endpoint) if endpoint else None,
                env=tuple(sorted(manifest.env)),
                registry=main.registry if main else None,
                extra_registries=main.extra_registries if main else (),
                swayed_by=tuple(sorted(sway)),
                tools=manifest.tools,
            ),
            locations=(Location(path=self._document.source, pointer="/server"),),
        )

    def _packages(self) -> Iterator[Component]:
        for launch in self.manifest.launches:
            for each in launch.packages:
                yield self._package(each)

    def _package(self, package: Requested) -> Component:
        digests = (package.digest,) if package.digest else ()
        return Component(
            kind=Kind.LIBRARY if package.beside else Kind.APPLICATION,
            name=package.name,
            version=package.version,
            purl=package.purl,
            pin=package.pin,
            requested=package.requested,
            artifacts=(Artifact(digests=digests),) if digests else (),
            facts=PackageFacts(
                origin=package.origin,
                registry=package.registry,
                extra_registries=package.extra_registries,
                alias=package.alias,
                with_extras=package.extras,
            ),
            locations=(Location(path=self._document.source, pointer="/server"),),
        )


def _gap(path: str, reason: str, state: State) -> Gap:
    return Gap(
        stage="discover",
        location=Location(path=path),
        reason=reason,
        state=state,
        hint="pack it again from sources that you have checked",
    )
