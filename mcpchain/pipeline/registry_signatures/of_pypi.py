"""Attestations beside the files of a Python index (PEP 740)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from packaging.version import InvalidVersion, Version

from mcpchain.artifact import Algorithm, Artifact
from mcpchain.component import Component
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.pipeline.registry_signatures.answers import told
from mcpchain.pipeline.registry_signatures.lead import (
    Before,
    Document,
    Lead,
    Step,
    Trusted,
    preceding,
)
from mcpchain.pipeline.registry_signatures.whom import Whom, own_name
from mcpchain.registries.page import Problems, link
from mcpchain.registries.pypi import Project, file_of
from mcpchain.release import Release
from mcpchain.signature import Status, Verification
from mcpchain.verify import pep740
from mcpchain.verify.delivered_bytes import choose

_INTEGRITY: Final = "application/vnd.pypi.integrity.v1+json, application/json"
_KEY: Final = "provenance"


@dataclass(frozen=True, slots=True, kw_only=True)
class _File:
    artifact: Artifact
    attested: bool
    url: str
    """Where its provenance lies; empty: that cannot be read."""

    @classmethod
    def read(cls, node: Node, base: str) -> "_File":
        artifact = file_of(node, base, Problems())
        where, url = node.at(_KEY), ""
        if where.exists:
            try:
                url = link(where, base)
            except MalformedError:
                url = ""
        return cls(artifact=artifact, attested=where.exists, url=url)

    def document(self) -> Document | None:
        """Return where its provenance lies; `None`: nobody can tell what it is of."""
        digest = self.artifact.digest(Algorithm.SHA256)
        if digest is None or not self.url:
            return None
        file = pep740.File(name=self.artifact.name, sha256=bytes.fromhex(digest.value))
        return Document(url=self.url, accept=_INTEGRITY, read=partial(_verify, file))


@dataclass(frozen=True, slots=True, kw_only=True)
class OfPypi:
    """What an index offers of one release."""

    files: tuple[_File, ...] = ()
    before: tuple[Before, ...] = ()

    def beside(self, other: "OfPypi") -> "OfPypi":
        """Return what two indexes offer together."""
        before = self.before or other.before
        return OfPypi(files=(*self.files, *other.files), before=before)

    def lead(self, package: Component, trusted: Trusted, files: int) -> Lead:
        """Return where to look for *package*.

        The file that would be installed here comes first; as a rule one run of one
        workflow attests them all. A file beside attested ones that has no attestation
        is told of: it may be installed elsewhere.
        """
        del trusted
        pinned = {d for each in package.artifacts for d in each.digests}
        fitting = [
            each
            for each in self.files
            if not pinned or not pinned.isdisjoint(each.artifact.digests)
        ]
        attested = [each for each in fitting if each.attested]
        bare = [each.artifact.name for each in fitting if not each.attested]
        said: list[Verification] = []
        if not attested:
            reason = (
                "the index that was asked offers no attestation of its files; a mirror "
                "may leave them out"
            )
            said.append(told(package, Status.MISSING, reason))
        elif bare:
            more = f" and {len(bare) - 1} more are" if len(bare) > 1 else " is"
            reason = f"`{min(bare)[:140]}`{more} not attested, other files of it are"
            said.append(told(package, Status.MISSING, reason))
        documents: list[Document] = []
        for each in _ranked(package, attested)[:files]:
            if found := each.document():
                documents.append(found)
                continue
            name = each.artifact.name[:140]
            reason = f"the index gives no SHA-256 of `{name}`, or no address"
            said.append(told(package, Status.UNVERIFIABLE, reason))
        return Lead(told=tuple(said), documents=tuple(documents), before=self.before)


def _ranked(package: Component, files: Sequence[_File]) -> list[_File]:
    """Return *files*, that first which would be installed here."""
    known = tuple(each.artifact for each in files)
    release = Release(registry="", name="", version="", artifacts=known)
    first = choose(package, release) if len(files) > 1 else None
    return sorted(files, key=lambda each: each.artifact is not first)


def offers(
    page: Node, name: str, versions: Sequence[str], *, registry: str, url: str
) -> Mapping[str, OfPypi]:
    """Return what *page*, which came from *url*, offers of each of *versions*.

    Raises:
        MalformedError: It has not the shape of a page.
    """
    wanted = {text: found for text in versions if (found := _version(text))}
    listed = page.at("files").value
    raw = listed if isinstance(listed, list) else []
    # Most pages of most indexes: then there is nothing to sort.
    if not any(isinstance(each, dict) and each.get(_KEY) for each in raw):
        named = page.at("versions").value
        if isinstance(named, list) and all(text in named for text in wanted):
            return {text: OfPypi() for text in wanted}
    project = Project.read(page, name, registry, url)
    steps = {version: _step(project, version) for version in project.files}
    return {
        text: OfPypi(
            files=tuple(_files(project, version)),
            before=tuple(_before(project, version, steps)),
        )
        for text, version in wanted.items()
        if version in project.files
    }


def _version(text: str) -> Version | None:
    try:
        return Version(text)
    except InvalidVersion:
        return None


def _files(project: Project, version: Version) -> Iterator[_File]:
    for node in project.files.get(version, ()):
        yield _File.read(node, project.url)


def _step(project: Project, version: Version) -> Step:
    return Step(
        version=str(version),
        order=version,
        line=(version.epoch, version.major),
        early=version.is_prerelease,
        attested=any(node.at(_KEY).exists for node in project.files[version]),
    )


def _before(
    project: Project, version: Version, steps: Mapping[Version, Step]
) -> Iterator[Before]:
    found = preceding(steps[version], steps.values())
    for place, (text, nearest) in enumerate(found):
        before = Before(version=text, nearest=nearest)
        files = () if place else _files(project, Version(text))
        attested = next((each for each in files if each.attested), None)
        document = attested.document() if attested else None
        yield replace(before, document=document)


def _verify(
    file: pep740.File, data: bytes, trusted: Trusted, by: Whom | None
) -> Iterator[Verification]:
    for each in pep740.read_provenance(data, source=file.name):
        own = own_name(each.bundle)
        whom = by
        if whom is None:
            publisher = each.publisher
            whom = Whom(expected=(publisher,), by="index") if publisher else Whom()
        # Not the publisher: whose it is, is asked afterwards.
        bare = replace(each, publisher=None)
        for found in pep740.verify_all(
            (bare,), file, trusted.root, own, trusted.opinion
        ):
            yield whom.judge(found)
