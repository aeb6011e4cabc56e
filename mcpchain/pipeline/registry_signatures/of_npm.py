"""Signatures of npm's registry, and the attestations that it keeps (npm provenance)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from mcpchain.artifact import Algorithm, Digest
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.verify import Trust
from mcpchain.closure.library import Door, Library
from mcpchain.closure.project import Page
from mcpchain.component import Component
from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.fetch import FetchError, Request, Response
from mcpchain.pipeline.registry_signatures.answers import failed, told
from mcpchain.registries import npm
from mcpchain.registries.page import instant, link
from mcpchain.signature import Status, Verification
from mcpchain.verify import npm_signatures

_GITHUB: Final = "https://token.actions.githubusercontent.com"


@dataclass(frozen=True, slots=True, kw_only=True)
class RegistryKeys:
    """The keys by which a registry of npm's kind signs what it delivers."""

    keys: tuple[npm_signatures.Key, ...]
    origin: str
    """What they are called, with their SHA-256."""


def of_npm(
    asked: Sequence[tuple[Component, Page]],
    door: Door,
    trust: Trust,
    known: RegistryKeys,
) -> Iterator[Verification]:
    """Yield the answers for each package of *asked*, beside its page."""
    wanted: dict[Page, set[str]] = {}
    for package, page in asked:
        wanted.setdefault(page, set()).add(package.version or "")

    def read(page: Page, response: Response) -> Mapping[str, _Manifest]:
        node = Node.from_json(response.body, source=response.url)
        npm.check(node, page[0])
        versions, times = node.at("versions"), node.at("time")
        return {
            version: _Manifest.read(versions.at(version), times, response.url)
            for version in wanted[page]
            if version in versions
        }

    pages: Library[Page, Mapping[str, _Manifest]] = Library(
        door, lambda page: npm.REGISTRY.request(*page), read
    )
    pages.load(sorted(wanted))
    attested: list[tuple[Component, _Manifest]] = []
    for package, page in asked:
        found = pages[page]
        if isinstance(found, FetchError):
            yield failed(package, found)
            continue
        manifest = found.get(package.version or "")
        if manifest is None:
            reason = "the registry does not know this version"
            yield told(package, Status.UNVERIFIABLE, reason)
        elif problem := manifest.flaw(package):
            yield told(package, Status.INVALID, problem)
        else:
            yield manifest.signed(known)
            if manifest.attestations:
                attested.append((package, manifest))
    documents: Library[str, bytes] = Library(
        door, lambda url: Request(url=url), lambda _, response: response.body
    )
    documents.load(manifest.attestations for _, manifest in attested)
    for package, manifest in attested:
        data = documents[manifest.attestations]
        if isinstance(data, FetchError):
            yield failed(package, data)
        else:
            yield from _of_reply(package, manifest, data, trust, known)


def _of_reply(
    package: Component,
    manifest: "_Manifest",
    data: bytes,
    trust: Trust,
    known: RegistryKeys,
) -> Iterator[Verification]:
    try:
        found = npm_signatures.read_attestations(data, source="attestations")
    except MalformedError as error:
        reason = f"its attestations are malformed: {error.problem}"
        yield told(package, Status.UNVERIFIABLE, reason)
        return
    expected = trust.expected or manifest.declared()
    for each in npm_signatures.verify_attestations(
        found, manifest.package, known.keys, trust.root, expected, trust.opinion
    ):
        by_index = each.expected_by == "user" and trust.expected is None
        yield replace(each, expected_by="index") if by_index else each


@dataclass(frozen=True, slots=True, kw_only=True)
class _Manifest:
    """What npm's registry says of one version, as far as signatures go."""

    package: npm_signatures.Package
    dist: Node
    attestations: str
    """Where they are; empty if there are none."""
    repository: str
    """As the package declares it."""

    @classmethod
    def read(cls, manifest: Node, times: Node, base: str) -> "_Manifest":
        dist, version = manifest.at("dist"), manifest.at("version").text()
        integrity = dist.at("integrity").optional_text() or ""
        time = times.at(version) if times.exists else None
        where = dist.at("attestations")
        url = where.at("url") if where.exists else where
        return cls(
            package=npm_signatures.Package(
                name=manifest.at("name").text(),
                version=version,
                integrity=integrity,
                sha512=_sha512(integrity),
                published=instant(time) if time is not None and time.exists else None,
            ),
            dist=dist,
            attestations=link(url, base) if url.exists else "",
            repository=_address(manifest.at("repository")),
        )

    def flaw(self, package: Component) -> str:
        """Say how the version differs from what is pinned; empty: it does not."""
        if not self.package.sha512:
            return "the registry gives no SHA-512 of it, which all signatures are over"
        pinned = {d for each in package.artifacts for d in each.digests}
        ours = {d for d in pinned if d.algorithm is Algorithm.SHA512}
        theirs = self.package.sha512.hex()
        if ours and all(each.value != theirs for each in ours):
            return "the registry delivers other bytes than those that are pinned"
        return ""

    def signed(self, known: RegistryKeys) -> Verification:
        """Say whether the registry has signed it."""
        return npm_signatures.verify_signatures(
            self.dist, self.package, known.keys, known.origin
        )

    def declared(self) -> Expected | None:
        """Return whom the package itself says to be built by, where that is GitHub."""
        if not self.repository.startswith("https://github.com/"):
            return None
        return Expected(issuer=_GITHUB, repository=self.repository)


def _sha512(integrity: str) -> bytes:
    try:
        found = Digest.parse_sri(integrity)
    except ValueError:
        return b""
    for each in found:
        if each.algorithm is Algorithm.SHA512:
            return bytes.fromhex(each.value)
    return b""


def _address(node: Node) -> str:
    """Return the address of a repository, in the forms that npm takes."""
    if node.is_object():
        node = node.at("url")
    text = node.optional_text() if node.exists else None
    text = (text or "").removeprefix("git+").removesuffix(".git")
    for start in ("git://github.com/", "ssh://git@github.com/", "github:"):
        if text.startswith(start):
            text = f"https://github.com/{text.removeprefix(start)}"
    plain = text.startswith("https://github.com/") and "*" not in text
    return text if plain and "?" not in text and "[" not in text else ""
