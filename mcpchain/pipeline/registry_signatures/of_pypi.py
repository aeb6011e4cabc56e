"""Attestations beside the files of a Python index (PEP 740)."""

from collections.abc import Iterator, Sequence
from typing import Final

from packaging.version import InvalidVersion, Version

from mcpchain.artifact import Algorithm, Artifact
from mcpchain.bundle.verify import Trust
from mcpchain.closure import project
from mcpchain.closure.library import Door, Library
from mcpchain.closure.project import Page
from mcpchain.component import Component
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Request
from mcpchain.pipeline.registry_signatures.answers import failed, told
from mcpchain.registries.page import Problems, link
from mcpchain.registries.pypi import Project, file_of
from mcpchain.signature import Status, Verification
from mcpchain.verify import pep740

_INTEGRITY: Final = "application/vnd.pypi.integrity.v1+json"
_FILES: Final = 4
"""How many attested files of one release are looked at: as a rule, one run of one
workflow attests them all."""


def of_pypi(
    asked: Sequence[tuple[Component, Page]], door: Door, trust: Trust
) -> Iterator[Verification]:
    """Yield the answers for each package of *asked*, beside its page."""
    pages: Library[Page, Project] = Library(door, project.request, project.read)
    pages.load(page for _, page in asked)
    attested: list[tuple[Component, Artifact, str]] = []
    for package, page in asked:
        found = pages[page]
        if isinstance(found, FetchError):
            yield failed(package, found)
            continue
        files = [*_attested(found, package)]
        if not files:
            yield told(
                package,
                Status.MISSING,
                "the index that was asked offers no attestation of its files; a "
                "mirror may leave them out",
            )
        attested += ((package, file, url) for file, url in files[:_FILES])
    documents: Library[str, bytes] = Library(
        door,
        lambda url: Request(url=url, accept=f"{_INTEGRITY}, application/json"),
        lambda _, response: response.body,
    )
    documents.load(url for _, _, url in attested)
    for package, file, url in attested:
        yield from _provenance(package, file, documents[url], trust)


def _provenance(
    package: Component, file: Artifact, data: bytes | FetchError, trust: Trust
) -> Iterator[Verification]:
    digest = file.digest(Algorithm.SHA256)
    if isinstance(data, FetchError):
        yield failed(package, data)
    elif digest is None:
        reason = f"the index gives no SHA-256 of `{file.name[:140]}`"
        yield told(package, Status.UNVERIFIABLE, reason)
    else:
        try:
            found = pep740.read_provenance(data, source=file.name)
        except MalformedError as error:
            reason = f"its provenance is malformed: {error.problem}"
            yield told(package, Status.UNVERIFIABLE, reason)
            return
        about = pep740.File(name=file.name, sha256=bytes.fromhex(digest.value))
        yield from pep740.verify_all(
            found, about, trust.root, trust.expected, trust.opinion
        )


def _attested(found: Project, package: Component) -> Iterator[tuple[Artifact, str]]:
    """Yield the files of *package* beside which there is provenance, and where."""
    try:
        version = Version(package.version or "")
    except InvalidVersion:
        return
    pinned = {d for each in package.artifacts for d in each.digests}
    for node in found.files.get(version, ()):
        file = file_of(node, found.url, Problems())
        where = node.at("provenance")
        if not where.exists or (pinned and pinned.isdisjoint(file.digests)):
            continue
        try:
            yield file, link(where, found.url)
        except MalformedError:
            continue
