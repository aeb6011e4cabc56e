"""Is a file the server that an MCP registry says it is? From both to the answer."""

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from io import BufferedReader
from pathlib import Path
from typing import TYPE_CHECKING, Final

from mcpchain.address import plain
from mcpchain.artifact import Artifact, Digest
from mcpchain.component import Component, Kind, Location, PackageFacts
from mcpchain.errors import MalformedError, UnavailableError, UsageError
from mcpchain.fetch import Fetcher, FetchError
from mcpchain.naming import npm_purl, pypi_purl
from mcpchain.pipeline import verification
from mcpchain.pipeline.verification import Terms
from mcpchain.registries import mcp
from mcpchain.settings import load
from mcpchain.signature import Status, Verification
from mcpchain.verify import mcp_registry
from mcpchain.verify.mcp_registry import Package, Seen, Server, marker, read_server

if TYPE_CHECKING:
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.registry_signatures.lead import RegistryKeys

_LIMIT: Final = 4 << 20
_PINS: Final = {"npm": "sha512", "pypi": "sha256"}
"""What a registry has signed there; another digest could be of other bytes."""
_IMAGE: Final = "oci"
_IMAGES: Final = ("pkg:docker/", "pkg:oci/")
Ask = Callable[[Component], tuple[Verification, ...]]
_KINDS: Final = {
    ".tgz": "npm",
    ".whl": "pypi",
    ".tar.gz": "pypi",
    ".mcpb": "mcpb",
    ".dxt": "mcpb",
    ".nupkg": "nuget",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """Who is asked."""

    ask: Ask | None = None
    """Returns what a registry has that is signed about a package; called for files
    beside which nothing lies. `None`: none is asked."""
    around: "Circumstances | None" = None
    """When and where GitHub, and the registry of an image, are asked. `None`: off
    line."""


def read_entry(path: Path) -> Server:
    """Return the entry in *path*, a `server.json` or the answer of a registry.

    Raises:
        UsageError: There is none.
    """
    try:
        with path.open("rb") as stream:
            data = stream.read(_LIMIT + 1)
        if len(data) <= _LIMIT:
            return read_server(data, source=path.name)
        problem = f"`{path}` is larger than {_LIMIT >> 20} MiB"
    except OSError as error:
        problem = f"`{path}` cannot be read: {error.strerror}"
    except MalformedError as error:
        problem = f"`{path}` describes no MCP server: {error}"
    raise UsageError(
        problem,
        hint="name a `server.json`, or with `--mcp-registry` the name of a server",
    )


def fetch_entry(text: str, registry: str, around: "Circumstances") -> Server:
    """Return the entry that a registry has.

    Args:
        text: `NAME`, or `NAME@VERSION`.
        registry: Its address.
        around: When and where it is asked.

    Raises:
        UsageError: *registry* is no address.
        UnavailableError: It has none, or none that can be read.
    """
    name, _, version = text.partition("@")
    try:
        asked = mcp.request(name, version, registry)
    except ValueError as error:
        raise UsageError(str(error), hint="`--mcp-registry https://...`") from None
    settings = load(around.environ, home=around.home, projects=around.projects)
    try:
        with Fetcher(offline=around.offline, route=settings.route) as fetcher:
            server = read_server(mcp.fetch(fetcher, asked), source=plain(registry))
    except FetchError as error:
        raise UnavailableError(error.reason, hint=error.hint) from None
    except MalformedError as error:
        problem = f"the registry answers what is no MCP server: {error}"
        raise UnavailableError(problem, hint="look at what it answers") from None
    if server.name != name or version not in {"", server.version}:
        problem = f"the registry was asked for `{text[:140]}`, and answers with another"
        raise UnavailableError(problem, hint="look at what it answers")
    return server


def verify_targets(
    targets: Sequence[str],
    bundles: Sequence[Path],
    terms: Terms,
    server: Server,
    progress: Callable[[int, int], None] | None = None,
    asking: "Asking | None" = None,
) -> Iterator[Verification]:
    """Yield who signed each file, and whether it is a package of *server*.

    Args:
        targets: Files.
        bundles: What is signed about them; empty: what lies beside them.
        terms: Whom the user trusts.
        server: The entry.
        progress: Called with (bytes hashed, bytes in all), for each file.
        asking: Who is asked.

    Raises:
        UsageError: A target is no file of a package, and no image.
    """
    kinds = [_kind(each) for each in targets]
    ask, around = (asking.ask, asking.around) if asking else (None, None)
    for target, kind in zip(targets, kinds, strict=True):
        # Those that have a registry of packages are asked about there.
        there = None if kind in _PINS or around is None else lambda: around
        found = tuple(
            verification.verify_targets([target], bundles, terms, progress, there)
        )
        if ask and all(each.status is Status.MISSING for each in found):
            package = _package(Path(target), kind)
            found = (package and ask(package)) or found
        if kind == _IMAGE:
            answer = _of_image(server, target, found, around)
        else:
            answer = _answer(server, Path(target), kind, found)
        answer = replace(answer, subject=target)
        # That nothing is signed is one of the links, and told once.
        unsigned = all(each.status is Status.MISSING for each in found)
        if answer or not unsigned:
            yield from found
        yield answer


def of_registry(
    package: Component, terms: Terms, known: "RegistryKeys", around: "Circumstances"
) -> tuple[Verification, ...]:
    """Return what the user's own registry has that is signed about *package*."""
    from mcpchain.closure.library import Door
    from mcpchain.pipeline.registry_signatures import verify_packages

    settings = load(around.environ, home=around.home, projects=around.projects)
    with Fetcher(
        offline=around.offline,
        cache=around.cache / "http",
        route=settings.route,
        clock=around.now.timestamp,
    ) as fetcher:
        door = Door(fetcher, settings)
        return tuple(verify_packages([package], door, terms, known))


def _package(path: Path, kind: str) -> Component | None:
    """Return what the file at *path* is, pinned to its bytes; `None`: not told."""
    algorithm = _PINS.get(kind)
    if algorithm is None:
        return None
    try:
        with path.open("rb") as stream:
            seen = _seen(stream, path.name, kind)
            stream.seek(0)
            digest = hashlib.file_digest(stream, algorithm).hexdigest()
        if seen.package is None:
            return None
        name, version = seen.package
        purl = (npm_purl if kind == "npm" else pypi_purl)(name, version)
    except (OSError, ValueError):
        return None
    return Component(
        kind=Kind.LIBRARY,
        name=name,
        version=version,
        purl=purl,
        artifacts=(Artifact(digests=(Digest.of(algorithm, digest),)),),
        locations=(Location(path="."),),
        facts=PackageFacts(),
    )


def _kind(target: str) -> str:
    if target.startswith(_IMAGES):
        return _IMAGE
    name = target.lower()
    kind = next((kind for end, kind in _KINDS.items() if name.endswith(end)), "")
    if kind and Path(target).is_file():
        return kind
    raise UsageError(
        f"`{target[:140]}` is no file that an entry of an MCP registry can be about",
        hint="with `--server`, name a `.tgz` of npm, a distribution, a `.nupkg`, a "
        "`.mcpb`, or the purl of an image",
    )


def _answer(
    server: Server, path: Path, kind: str, found: tuple[Verification, ...]
) -> Verification:
    packages = [each for each in server.packages if each.kind == kind]
    if not packages:
        return _none(server, kind)
    try:
        with path.open("rb") as stream:
            seen = _seen(stream, path.name, kind)
    except OSError as error:
        reason = f"`{path.name}` cannot be read: {error.strerror}"
        status, kind = Status.ERROR, mcp_registry.KIND
        return Verification(status=status, reason=reason, kind=kind)
    seen = replace(seen, verifications=found)
    answers = [_judged(server, each, seen) for each in packages]
    # Of several packages of one kind the file is one, if it is any.
    return next((each for each in answers if _is_it(each)), answers[0])


def _of_image(
    server: Server,
    target: str,
    found: tuple[Verification, ...],
    around: "Circumstances | None",
) -> Verification:
    from mcpchain.oci.source import SourceError
    from mcpchain.pipeline import images

    packages = [each for each in server.packages if each.kind == _IMAGE]
    if not packages:
        return _none(server, _IMAGE)
    wanted = {
        each: mcp_registry.as_image(each.identifier, each.version) for each in packages
    }
    tags = [each for _, each in wanted.values() if ":" not in each]
    try:
        looked = images.look(target, tags, around)
    except SourceError as error:
        return Verification(
            status=Status.ERROR if error.status is Status.MISSING else error.status,
            reason=error.reason,
            kind=mcp_registry.KIND,
        )
    answers = []
    for each, (_, tag) in wanted.items():
        version = tag if tag in looked.tags else str(looked.digest)
        seen = Seen(
            package=(looked.repository, version),
            markers=looked.markers,
            verifications=found,
        )
        answers.append(_judged(server, each, seen))
    return next((each for each in answers if _is_it(each)), answers[0])


def _none(server: Server, kind: str) -> Verification:
    return Verification(
        status=Status.MISSING,
        reason=f"`{server.name}` has no package of `{kind}`",
        kind=mcp_registry.KIND,
    )


def _judged(server: Server, package: Package, seen: Seen) -> Verification:
    links = mcp_registry.follow(server, package, seen)
    return mcp_registry.summary(server, package, links)


def _is_it(answer: Verification) -> bool:
    return any(each.ok for each in answer.checks if each.id in {"package", "digest"})


def _seen(stream: BufferedReader, name: str, kind: str) -> Seen:
    digest = hashlib.file_digest(stream, "sha256").digest()
    try:
        if kind == "npm":
            said = marker.of_npm(stream, source=name)
        elif kind == "pypi":
            said = marker.of_pypi(stream, source=name)
        elif kind == "nuget":
            said = marker.of_nuget(stream, source=name)
        else:
            return Seen(sha256=digest)
    except MalformedError as error:
        where = f" ({error.pointer})" if error.pointer else ""
        return Seen(sha256=digest, unlooked=f"{error.problem}{where}")
    return Seen(package=(said.name, said.version), markers=said.markers, sha256=digest)
