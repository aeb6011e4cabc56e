"""Who has signed an image? In a registry by its purl, or in a folder on disk."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain import image
from mcpchain.artifact import Algorithm, Digest
from mcpchain.bundle.verify import Artifact, Trust
from mcpchain.errors import MalformedError, UsageError
from mcpchain.fetch import Fetcher
from mcpchain.oci.attached import collect
from mcpchain.oci.layout import Layout, is_layout
from mcpchain.oci.manifest import ALGORITHMS, Manifest
from mcpchain.oci.registry import Registry
from mcpchain.oci.source import Source, SourceError
from mcpchain.purl import parse
from mcpchain.settings import docker, load
from mcpchain.signature import Status, Verification
from mcpchain.verify.mcp_registry.marker import of_image
from mcpchain.verify.oci import KIND, verify_image

if TYPE_CHECKING:
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.verification import Terms

_BESIDE: Final = "COSIGN_REPOSITORY"
"""Where cosign keeps signatures that do not lie beside their images."""
_PLATFORMS: Final = 16
_CONFIG: Final = 4 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named:
    """What a purl says of an image."""

    repository: str
    """Empty: it does not say."""
    digest: Digest | None
    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Asked:
    """What is asked about an image."""

    terms: "Terms"
    around: "Circumstances | None"
    beside: Source | None = None
    """A repository for signatures alone."""
    reference: str = ""
    """The repository that cosign's signatures have to name."""


def verify(
    target: str,
    terms: "Terms",
    circumstances: "Callable[[], Circumstances] | None" = None,
) -> Iterator[Verification]:
    """Yield the answers for one image, or for each image of a folder.

    GitHub is asked about those that nothing is attached to.

    Args:
        target: A purl, or a folder (OCI image layout).
        terms: Whom the user trusts.
        circumstances: Returns when and where it is asked; `None`: off line.

    Raises:
        UsageError: *target* is neither, or does not say where the image is.
    """
    around = circumstances() if circumstances else None
    asked = _Asked(terms=terms, around=around)
    if is_layout(Path(target)):
        yield from _in_folder(target, asked)
        return
    named = _named(target)
    if not named.repository:
        raise UsageError(
            f"`{target[:140]}` does not say in which registry the image is",
            hint="write it into the purl: `?repository_url=HOST/PATH`",
        )
    with _fetcher(around) as fetcher:
        yield from _in_registry(target, named, asked, fetcher)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """What an image in a registry is, and says of itself."""

    repository: str
    digest: Digest
    tags: frozenset[str]
    """Of those that were asked for, which name it now."""
    markers: tuple[str, ...]
    """The names of MCP servers that it says it is."""


def look(target: str, tags: Iterable[str], around: "Circumstances | None") -> Looked:
    """Return what the image of a purl says that it is.

    Args:
        target: The purl.
        tags: Tags that may name it.
        around: When and where it is asked; `None`: off line.

    Raises:
        SourceError: That cannot be told.
    """
    named = _named(target)
    known = docker.load(around.environ, around.home) if around else None
    with _fetcher(around) as fetcher:
        source = Registry(fetcher, named.repository, known or docker.DockerSettings())
        digest = named.digest or source.resolve(named.tag)
        markers = _markers(source, source.manifest(digest))
        now = frozenset(each for each in tags if _names(source, each, digest))
    return Looked(repository=source.title, digest=digest, tags=now, markers=markers)


def _names(source: Registry, tag: str, digest: Digest) -> bool:
    try:
        return source.resolve(tag) == digest
    except SourceError as error:
        if error.status is Status.MISSING:
            return False
        raise


def _markers(source: Source, manifest: Manifest) -> tuple[str, ...]:
    """Return what an image says in its label; of an index, what all in it say."""
    images = manifest.platforms[: _PLATFORMS + 1]
    if len(images) > _PLATFORMS:
        reason = f"more than {_PLATFORMS} images are in it"
        raise SourceError(Status.ERROR, reason)
    said = set()
    try:
        for each in images or (None,):
            one = source.manifest(each.digest) if each else manifest
            config = source.blob(one.config, _CONFIG)
            said.add(of_image(config, source="configuration"))
    except MalformedError as error:
        reason = f"its configuration is malformed: {error.problem}"
        raise SourceError(Status.UNVERIFIABLE, reason) from None
    if len(said) > 1:
        reason = "its images for several platforms say that they are different servers"
        raise SourceError(Status.UNVERIFIABLE, reason)
    return said.pop()


def _in_folder(target: str, asked: _Asked) -> Iterator[Verification]:
    given = asked.terms.trust
    layout = Layout(Path(target))
    try:
        images = layout.images()
    except SourceError as error:
        yield _failed(target, given, error)
        return
    if not images:
        problem = SourceError(Status.ERROR, "no image is in this folder")
        yield _failed(target, given, problem)
    for digest in images:
        yield from _of_digest(f"{target}@{digest}", layout, digest, asked)


def _in_registry(
    target: str,
    named: _Named,
    asked: _Asked,
    fetcher: Fetcher,
) -> Iterator[Verification]:
    known, elsewhere, around = docker.DockerSettings(), "", asked.around
    if around is not None:
        known = docker.load(around.environ, around.home)
        elsewhere = around.environ.get(_BESIDE, "")
    try:
        source = Registry(fetcher, named.repository, known)
        beside = Registry(fetcher, elsewhere, known) if elsewhere else None
    except ValueError as error:
        raise UsageError(
            f"`{target[:140]}`: {error}",
            hint="write `?repository_url=HOST/PATH`, and set COSIGN_REPOSITORY to such "
            "a place too, if at all",
        ) from None
    asked = replace(asked, beside=beside)
    if named.digest is not None:
        title = f"{source.title}@{named.digest}"
        yield from _of_digest(title, source, named.digest, asked)
        return
    try:
        digest = source.resolve(named.tag)
    except SourceError as error:
        problem = error
        if error.status is Status.MISSING:
            reason = f"`{source.title}` has no tag `{named.tag}`"
            problem = SourceError(Status.ERROR, reason)
        yield _failed(target, asked.terms.trust, problem)
        return
    # What a tag is, the registry alone says: it could be another image of the signer.
    asked = replace(asked, reference=source.title)
    title = f"{source.title}:{named.tag}, now {digest}"
    moves = f"`{named.tag}` is a tag, and tags move: use the digest"
    for each in _of_digest(title, source, digest, asked):
        yield replace(each, notes=(moves, *each.notes))


def _of_digest(
    title: str, source: Source, digest: Digest, asked: _Asked
) -> Iterator[Verification]:
    terms, around = asked.terms, asked.around
    try:
        attached = collect(source, digest, asked.beside)
    except SourceError as error:
        yield _failed(title, terms.trust, error)
        return
    found = verify_image(attached, terms.trust, asked.reference)
    if around and all(each.status is Status.MISSING for each in found):
        from mcpchain.pipeline import github

        if github.place(terms, around) and digest.algorithm is Algorithm.SHA256:
            artifact = Artifact(digests={"sha256": bytes.fromhex(digest.value)})
            lacks = f"{found[0].reason}, and "
            found = github.verify(artifact, terms, around, lacks)
    for each in found:
        yield replace(each, subject=title, root=each.root or str(terms.trust.root))


def _failed(subject: str, given: Trust, error: SourceError) -> Verification:
    return Verification(
        status=error.status,
        reason=error.reason,
        kind=KIND,
        subject=subject,
        root=str(given.root),
    )


def _named(target: str) -> _Named:
    """Read a purl of an image (purl-spec, types oci and docker).

    Raises:
        UsageError: It is none.
    """
    try:
        purl = parse(target)
        version = purl.version or ""
        pinned = ":" in version
        digest = Digest.parse(version) if pinned else None
    except ValueError as error:
        raise _misread(target, str(error)) from None
    if digest and digest.algorithm not in ALGORITHMS:
        raise _misread(target, f"`{digest.algorithm.value}` is no digest of an image")
    tag = purl.qualifiers.get("tag") or ("" if pinned else version) or "latest"
    return _Named(repository=image.repository(purl), digest=digest, tag=tag)


def _misread(target: str, why: str) -> UsageError:
    return UsageError(
        f"`{target[:200]}` is no purl of an image: {why}",
        hint="write `pkg:oci/NAME@sha256:DIGEST?repository_url=HOST/PATH`",
    )


def _fetcher(around: "Circumstances | None") -> Fetcher:
    if around is None:
        return Fetcher(offline=True)
    settings = load(around.environ, home=around.home, projects=around.projects)
    return Fetcher(
        offline=around.offline,
        cache=around.cache / "http",
        route=settings.route,
        clock=around.now.timestamp,
    )
