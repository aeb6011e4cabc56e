"""Who stands for a file or a model? From it and its bundles to the answers."""

import datetime as dt
import os
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Final
from urllib.parse import unquote

from mcpchain import trust
from mcpchain.bundle.parse import Envelope, parse
from mcpchain.bundle.policy import Expected
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.statement import BUNDLE, SUFFIXES
from mcpchain.bundle.verify import Artifact, Opinion, Trust
from mcpchain.errors import MalformedError, UsageError
from mcpchain.pipeline.bundles import ATTESTATIONS, PROVENANCE, answers, read_file
from mcpchain.pipeline.hashed import hashed
from mcpchain.signature import Status, Verification

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
    from cryptography.x509 import Certificate

    from mcpchain.bundle.private import PrivateAuthority
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.mcp_bundles import Signers
    from mcpchain.pipeline.model_signatures import Given
    from mcpchain.tree import UnreadableError

_BUNDLES: Final = (".sigstore.json", ".sigstore", ".bundle")
_DIGEST: Final = "sha256:"
_HEX: Final = 64
_MODEL: Final = ".sig"
_OF_MODEL: Final = b"model_signing"
"""Stands in every statement about a model, of whatever version."""
_MCP: Final = frozenset({".dxt", ".mcpb"})
_Count = Callable[[int], None]
_IMAGES: Final = ("pkg:oci/", "pkg:docker/")
_IN_PURL: Final = re.compile("@(sha256:[0-9a-f]{64})(?![0-9a-f])")
_LAYOUT: Final = "oci-layout"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whom the user trusts."""

    expected: Expected | None = None
    key: "PublicKeyTypes | None" = None
    root: TrustedRoot | None = None
    """`None`: the public instance, as it came with mcpchain."""
    log_needed: bool = True
    opinion: Opinion | None = None
    """Asked about every bundle besides."""
    authority: "PrivateAuthority | None" = None
    """In place of an identity and of the root."""
    predicate_types: tuple[str, ...] = ()
    """Which statements are meant; empty: any, and signatures over the file too."""
    ignored: tuple[str, ...] = ()
    """What of a folder a signature need not be about."""
    certificates: tuple["Certificate", ...] = ()
    """Of those who sign MCP bundles."""
    now: dt.datetime | None = None
    """Without it no MCP bundle is looked at."""

    @property
    def trust(self) -> Trust:
        """The same, for one bundle."""
        return Trust(
            root=self.root or trust.public_root(),
            expected=self.expected,
            key=self.key,
            log_needed=self.log_needed,
            authority=self.authority,
            predicate_types=self.predicate_types,
            passed_only=True,
            opinion=self.opinion,
        )

    @property
    def signers(self) -> "Signers | None":
        """Who may sign MCP bundles."""
        if self.now is None:
            return None
        from mcpchain.pipeline.mcp_bundles import Signers

        return Signers(
            now=self.now,
            certificates=self.certificates,
            authority=self.authority,
            key=self.key,
        )


def verify_targets(
    targets: Sequence[str],
    bundles: Sequence[Path],
    terms: Terms,
    progress: Callable[[int, int], None] | None = None,
    circumstances: "Callable[[], Circumstances] | None" = None,
) -> Iterator[Verification]:
    """Yield an answer for each bundle of each target, and one where there is none.

    Args:
        targets: Files, or `sha256:` and the digest of one that is elsewhere; images:
            their purls, or folders with them.
        bundles: The bundles to look at; empty: those beside the files.
        terms: Whom the user trusts.
        progress: Called with (bytes hashed, bytes in all).
        circumstances: Returns when and where it is asked; without them the network is
            closed.

    Raises:
        UsageError: A target is neither, or a digest has no bundle to go with it.
    """
    around = circumstances() if circumstances else None
    subjects = [
        each for target in targets for each in _subjects(target, bundles, terms, around)
    ]
    total, done = sum(each.size for each in subjects), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    for subject in subjects:
        for found in _answered(subject, terms, count, circumstances, around):
            yield replace(found, target=subject.target)


def _answered(
    subject: "_Subject",
    terms: Terms,
    count: _Count,
    circumstances: "Callable[[], Circumstances] | None",
    around: "Circumstances | None",
) -> Iterator[Verification]:
    if subject.image:
        from mcpchain.pipeline import images

        yield from images.verify(subject.target, terms, circumstances)
        return
    of_mcp = subject.model is None and is_mcp_bundle(subject.target)
    # What it holds itself is no statement.
    signers = terms.signers if of_mcp and not terms.predicate_types else None
    if signers:
        from mcpchain.pipeline import mcp_bundles

        # With bundles elsewhere, it is hashed twice, and counted once.
        elsewhere = subject.bundles or _on_github(terms, around)
        counted = count if not elsewhere else None
        found = mcp_bundles.answer(subject.target, signers, counted)
        if signed := found.status is not Status.MISSING or not elsewhere:
            yield found
        if signed and not subject.bundles:
            return
    yield from _verified(subject, terms, count, around)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Subject:
    """What a target stands for, and what may be about it. Nothing is hashed yet."""

    target: str
    bundles: Sequence[Path]
    model: "Given | None" = None
    """What a model signature has to be about."""
    problem: "UnreadableError | None" = None
    """Why the model cannot be looked at."""
    image: bool = False

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""
        if self.model is not None:
            return self.model.model.size
        path = Path(self.target)
        return path.stat().st_size if path.is_file() else 0

    def artifact(self, count: _Count, key: "PublicKeyTypes | None") -> Artifact:
        """Hash it, unless it is a digest, by what *key* needs."""
        if _is_digest(self.target):
            return Artifact(digests={"sha256": _hex(self.target)})
        return hashed(Path(self.target), count, key)


def _subjects(
    target: str,
    bundles: Sequence[Path],
    terms: Terms,
    around: "Circumstances | None",
) -> Iterator[_Subject]:
    path = Path(target)
    if target.startswith(_IMAGES) or is_layout(path):
        if bundles:
            digest = _IN_PURL.search(unquote(target))
            named = digest[1] if digest else "sha256:..."
            raise UsageError(
                f"the bundles of `{target[:140]}` are found where the image is",
                hint=f"with `--bundle`, name the digest of the image: `{named}`",
            )
        yield _Subject(target=target, bundles=(), image=True)
        return
    if _is_digest(target):
        _hex(target)
        if not bundles and not _on_github(terms, around):
            raise UsageError(
                f"`{target}` is a digest, beside which no bundle can lie",
                hint="name the bundle: `--bundle FILE`; or the repository on GitHub "
                "that attests it: `--repository OWNER/NAME`",
            )
        yield _Subject(target=target, bundles=bundles)
        return
    if path.is_dir():
        from mcpchain.pipeline import model_signatures

        found = bundles or model_signatures.beside(path)
        models, others = [*found], []
    elif not path.is_file():
        from mcpchain.pipeline.sorting import unknown

        raise unknown(target)
    else:
        found = bundles or beside(path)
        models = [each for each in found if _is_of_model(each)]
        others = [each for each in found if each not in models]
    if others or not found:
        yield _Subject(target=target, bundles=others)
    if models:
        from mcpchain.pipeline.model_signatures import listed
        from mcpchain.tree import UnreadableError

        try:
            given = listed(path, models, terms.ignored)
            yield _Subject(target=target, bundles=models, model=given)
        except UnreadableError as error:
            yield _Subject(target=target, bundles=models, problem=error)


def is_layout(path: Path) -> bool:
    """Say whether *path* is a folder with images."""
    if not (path / _LAYOUT).is_file():
        return False
    from mcpchain.oci import layout

    return layout.is_layout(path)


def _is_of_model(path: Path) -> bool:
    """Say whether the file at *path* is a signature of a model: few bundles are."""
    try:
        content = parse(read_file(path), source=path.name, chains=True).content
    except (OSError, MalformedError):
        return False
    if not isinstance(content, Envelope) or _OF_MODEL not in content.payload:
        return False
    from mcpchain.pipeline.model_signatures import is_signature

    return is_signature(path)


def is_mcp_bundle(target: str) -> bool:
    """Say whether *target* is a file that is named as MCP bundles are."""
    path = Path(target)
    return path.suffix.lower() in _MCP and not _is_digest(target) and path.is_file()


def _is_digest(target: str) -> bool:
    return target.startswith(_DIGEST) and not Path(target).exists()


def _hex(target: str) -> bytes:
    value = target.removeprefix(_DIGEST)
    try:
        digest = bytes.fromhex(value) if len(value) == _HEX else b""
    except ValueError:
        digest = b""
    if not digest:
        raise UsageError(
            f"`{target[:140]}` is no SHA-256",
            hint="write `sha256:` and 64 hexadecimal digits",
        )
    return digest


def beside(path: Path) -> list[Path]:
    """Return the bundles that lie beside *path*, by the names that are in use."""
    suffixes = (*_BUNDLES, *SUFFIXES, *ATTESTATIONS, PROVENANCE)
    candidates = [path.with_name(path.name + suffix) for suffix in suffixes]
    candidates += [each for each in _others(path) if each not in candidates]
    found = [each for each in candidates if each.is_file()]
    model = path.with_name(path.name + _MODEL)
    return [*found, model] if _is_of_model(model) else found


def _others(path: Path) -> Iterator[Path]:
    """Yield `FILE.*.sigstore.json`, unless that is of another file `FILE.*`."""
    start = f"{path.name}."
    try:
        names = _names(str(path.parent), path.parent.stat().st_mtime_ns)
    except OSError:
        return
    for name in islice(names, bisect_left(names, start), None):
        if not name.startswith(start):
            return
        rest = name.removeprefix(start).removesuffix(BUNDLE).split(".")
        longer = (start + ".".join(rest[: i + 1]) for i in range(len(rest)))
        if not any(path.with_name(each).is_file() for each in longer):
            yield path.with_name(name)


@lru_cache(maxsize=1)
def _names(folder: str, _changed: int) -> list[str]:
    """Return the names of bundles in *folder*, as it is since it was last changed."""
    return sorted(each for each in os.listdir(folder) if each.endswith(BUNDLE))


def _verified(
    subject: _Subject,
    terms: Terms,
    count: _Count,
    around: "Circumstances | None" = None,
) -> Iterator[Verification]:
    target = subject.target
    origin = str(terms.authority or terms.trust.root)
    if subject.problem is not None:
        reason = str(subject.problem)
        yield Verification(
            status=Status.ERROR, reason=reason, subject=target, root=origin
        )
        return
    if not subject.bundles:
        for found in _elsewhere(subject, terms, count, around):
            notes = found.notes if found else (*found.notes, *_besides(target))
            told = found.root or origin
            yield replace(found, subject=target, root=told, notes=notes)
        return
    what = subject.model or subject.artifact(count, terms.key)
    yield from answers(target, subject.bundles, what, terms, count)


def _elsewhere(
    subject: _Subject, terms: Terms, count: _Count, around: "Circumstances | None"
) -> Iterator[Verification]:
    """Yield what is known of something beside which nothing lies: GitHub may know."""
    reason = "no bundle or attestation lies beside it"
    if Path(subject.target).is_dir():
        reason = "no signature of a model lies in it or beside it"
    elif around and _on_github(terms, around):
        from mcpchain.pipeline import github

        lacks = "" if _is_digest(subject.target) else f"{reason}, and "
        artifact = subject.artifact(count, None)
        digest = artifact.digests["sha256"].hex()
        for found in github.verify(artifact, terms, around, lacks):
            yield replace(found, bytes_sha256=digest)
        return
    yield Verification(status=Status.MISSING, reason=reason)


def _on_github(terms: Terms, around: "Circumstances | None") -> bool:
    """Say whether GitHub may know who the user expects."""
    if terms.expected is None or around is None:
        return False
    from mcpchain.pipeline.github import place

    return place(terms, around) is not None


def _besides(target: str) -> tuple[str, ...]:
    """Say what else can be verified of something that nobody signed."""
    from mcpchain.pipeline.sorting import besides

    return tuple(besides(Path(target)))
