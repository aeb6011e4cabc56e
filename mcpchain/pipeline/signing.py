"""Sign things: hash, sign, verify by our own core, and only then write.

Several things are all signed before the first bundle is written, so that whatever fails
leaves nothing behind.
"""

import hashlib
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Protocol

from mcpchain.bundle.parse import VERSIONS, Bundle, parse
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.document import Node
from mcpchain.errors import MalformedError, McpchainError, UnavailableError, UsageError
from mcpchain.pipeline.writing import write_all
from mcpchain.sign import Signer
from mcpchain.sign.summary import Signed
from mcpchain.signature import Verification
from mcpchain.tree.hashing import stamp

LIMIT: Final = 32 << 20
"""Bytes of a bundle, beyond which nobody reads it."""
_START: Final = 64
Count = Callable[[int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """A bundle that verified, and is not written yet."""

    bundle: bytes
    verification: Verification
    digest: str
    check: Callable[[], None] = lambda: None
    """Raises an `McpchainError` where a file is no more what it was before it was
    hashed."""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Models:
    """How folders are signed."""

    ignored: tuple[str, ...] = ()
    """Paths in each, as `model_signatures.paths` has them."""
    links: bool = False
    always: bool = False
    """Whether a file is a model too."""
    key: Path | None = None
    """Where who signs has the private key, which nobody else is to get."""


class Job(Protocol):
    """Something to sign."""

    @property
    def subject(self) -> str:
        """What it is, as the user named it."""

    @property
    def kind(self) -> str:
        """`file`, `digest`, `model` or `attestation`."""

    @property
    def output(self) -> Path:
        """Where the bundle goes."""

    @property
    def size(self) -> int:
        """How many bytes will be hashed."""

    def make(self, signer: Signer, count: Count) -> Made:
        """Hash, sign and verify it.

        Raises:
            McpchainError: One of these failed.
        """


def watched(paths: Iterable[str]) -> Callable[[], None]:
    """Return what raises an error once one of *paths* has changed or is another.

    Raises:
        UnavailableError: One cannot be looked at.
    """
    names = tuple(paths)
    before = _stamps(names)

    def check() -> None:
        if _stamps(names) != before:
            raise UnavailableError("it changed meanwhile", hint="run again")

    return check


def _stamps(paths: Iterable[str]) -> list[tuple[int, ...]]:
    """Return what tells whether one of *paths* changes or is replaced.

    Raises:
        UnavailableError: One cannot be looked at.
    """
    found: list[tuple[int, ...]] = []
    for each in paths:
        try:
            status = os.stat(each)
        except OSError as error:
            raise UnavailableError(
                f"`{each}` cannot be read: {error.strerror}",
                hint="check that it is there and who may read it",
            ) from None
        found.append((status.st_dev, status.st_ino, *stamp(status)))
    return found


def verified(data: bytes, artifact: Artifact, trust: Trust) -> Verification:
    """Return what our own core says of the bundle in *data*, if that is a yes.

    Raises:
        UnavailableError: It is none.
    """
    try:
        found = verify(_parsed(data), artifact, trust)
    except MalformedError as error:
        problem = str(error)
    else:
        if found:
            return found
        problem = f"{found.checks[-1].id}: {found.reason}"
    raise UnavailableError(
        f"what was signed does not verify: {problem}",
        hint="look at who signs, and at the trusted root; the bundle was thrown away",
    )


def sign_all(
    jobs: Sequence[Job],
    signer: Signer,
    *,
    force: bool = False,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[Signed, ...]:
    """Sign all *jobs*, and write their bundles, or none.

    Args:
        jobs: What to sign.
        signer: Who signs.
        force: Whether bundles that are there already are replaced.
        progress: Called with (bytes hashed, bytes in all).

    Raises:
        UsageError: Something cannot be signed or written as asked.
        UnavailableError: A file, a service or the system failed.
    """
    check_outputs(jobs, force=force)
    total, done = sum(each.size for each in jobs), 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    made = [(each, _made(each, signer, count)) for each in jobs]
    for job, each in made:
        try:
            each.check()
        except McpchainError as error:
            raise _failed(job, error) from None
    write_all({job.output: each.bundle for job, each in made}, replace=force)
    return tuple(_signed(*each) for each in made)


def check_outputs(jobs: Sequence[Job], *, force: bool) -> None:
    """Refuse to begin where a bundle could not be written in the end.

    Raises:
        UsageError: Two would be one file, a place is taken, or is none.
    """
    seen: dict[str, str] = {}
    for job in jobs:
        output, place = job.output, os.path.realpath(job.output)
        if place in seen:
            raise UsageError(
                f"the bundles of `{seen[place]}` and `{job.subject}` would both be "
                f"`{output}`",
                hint="sign them one by one, each with its own `--bundle`",
            )
        seen[place] = job.subject
        if not os.access(output.parent, os.W_OK | os.X_OK) or output.is_dir():
            raise UsageError(
                f"`{output}` cannot be written",
                hint="name a file in a folder that exists and is writable: `--bundle`, "
                "`--output-dir`",
            )
        if not os.path.lexists(output):
            continue
        if not force:
            raise UsageError(
                f"`{output}` exists", hint="`--force` replaces it, `--bundle` keeps it"
            )
        if not is_bundle(output):
            raise UsageError(
                f"`{output}` exists and is no bundle, so it is not replaced",
                hint="name another file, or remove this one first",
            )


def planned(jobs: Iterable[Job]) -> tuple[Signed, ...]:
    """Return what would be signed."""
    return tuple(
        Signed(subject=each.subject, kind=each.kind, bundle=str(each.output))
        for each in jobs
    )


def _made(job: Job, signer: Signer, count: Count) -> Made:
    try:
        made = job.make(signer, count)
    except McpchainError as error:
        raise _failed(job, error) from error
    if len(made.bundle) > LIMIT:
        problem = f"its bundle has more than {LIMIT >> 20} MiB, which nobody reads"
        raise _failed(job, UsageError(problem, hint="sign it in parts"))
    return made


def _failed(job: Job, error: McpchainError) -> McpchainError:
    kind = UsageError if isinstance(error, UsageError) else UnavailableError
    return kind(
        f"`{job.subject}` was not signed, and nothing was written: {error}",
        hint=error.hint,
    )


def _signed(job: Job, made: Made) -> Signed:
    # A key stands in no log; the bundle of a large model takes long to read.
    logged = () if made.verification.key else _parsed(made.bundle).entries
    return Signed(
        subject=job.subject,
        kind=job.kind,
        bundle=str(job.output),
        digest=made.digest,
        verification=made.verification,
        log_indexes=tuple(each.index for each in logged),
        notes=made.notes,
        sha256=hashlib.sha256(made.bundle).hexdigest(),
    )


def _parsed(data: bytes) -> Bundle:
    return parse(data, source="the new bundle", chains=True)


def is_bundle(path: Path) -> bool:
    """Say whether the file at *path* is a Sigstore bundle, whatever its name."""
    try:
        with path.open("rb") as stream:
            start = stream.read(_START)
            if not start.lstrip().startswith(b"{"):
                return False
            data = start + stream.read(LIMIT)
        node = Node.from_json(data, source=path.name)
        return node.at("mediaType").text() in VERSIONS
    except (OSError, MalformedError):
        return False
