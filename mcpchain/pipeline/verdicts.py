"""Verdicts that bind: what one is about, who signs it, and whether another counts."""

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote

from mcpchain import verification_summary as vsa
from mcpchain.errors import McpchainError, UnavailableError, UsageError
from mcpchain.pipeline.signing import watched
from mcpchain.pipeline.signing_jobs import StatementJob, about, hashed_subject
from mcpchain.policy import Policy
from mcpchain.report import Account
from mcpchain.signature import Subject
from mcpchain.tree.contents import contents
from mcpchain.tree.paths import shown
from mcpchain.verdict import Decision

_SHIPPED: Final = "mcpchain:"
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What a verdict is about, as it was before it was judged."""

    title: str
    subjects: tuple[Subject, ...]
    inputs: tuple[Subject, ...]
    """What else was read: the file that is judged, and verdicts of other stages."""
    check: Callable[[], None]
    """Raises an `UnavailableError` once any of it is no more what it was."""

    @property
    def told(self) -> str:
        """The digests, for a reader."""
        digests = (next(iter(each.digests.items())) for each in self.subjects)
        return ", ".join(f"{name}:{value}" for name, value in digests)


def bind(
    target: Path,
    named: Sequence[str],
    read: Sequence[Path],
    written: Sequence[Path],
    progress: Progress | None = None,
) -> Bound:
    """Take the digests of what a verdict of *target* is about.

    Args:
        target: What will be judged: a folder, or a file.
        named: Files, or digests, that the verdict is about in its place.
        read: Verdicts on which it rests. They are none of a folder's files.
        written: Files that are written meanwhile; neither are these.
        progress: Called with (bytes hashed, bytes in all).

    Raises:
        UsageError: One of them names nothing.
        McpchainError: One cannot be read, or there is something in the folder of which
            its digest would say nothing.
    """
    subjects = [about(each) for each in named]
    folder = None
    if target.is_dir() and not named:
        folder = contents(target, (*read, *written))
        if not folder.files:
            raise UsageError(
                f"there is no file in `{target}`, so a verdict would be about nothing",
                hint="say what it is about: `--subject FILE`, or its digest",
            )
    others = [*read] if target.is_dir() else [target, *read]
    files = [each for each in subjects if isinstance(each, Path)]
    same = watched(str(each) for each in (*files, *others))
    total = folder.size if folder else 0
    total += sum(os.path.getsize(each) for each in (*files, *others))
    done = 0

    def count(more: int) -> None:
        nonlocal done
        done += more
        if progress:
            progress(done, total)

    def check() -> None:
        try:
            same()
            changed = folder and not folder.same(contents(target, (*read, *written)))
        except McpchainError:
            changed = True
        if changed:
            raise UnavailableError(
                f"`{target}`, or its subject, changed while it was judged",
                hint="run again once nothing writes to it",
            )

    found = [
        each if isinstance(each, Subject) else hashed_subject(each, count)
        for each in subjects
    ]
    inputs = [hashed_subject(each, count) for each in others]
    if folder:
        name = f"{shown(os.path.basename(folder.root.path))}/"
        found = [Subject(name=name, digests={"sha256": folder.digest(count)})]
    elif not found:
        found, inputs = inputs[:1], inputs[1:]
    check()
    return Bound(
        title=", ".join(named) or str(target),
        subjects=tuple(found),
        inputs=tuple(inputs),
        check=check,
    )


def verifier_of(policy: Policy) -> str:
    """Return under which name others expect the verdict of the stage of *policy*.

    If no stage requires that, the only verifier that the policy knows. Empty: nothing
    tells whose it is.
    """
    here = policy.stage.name if policy.stage else ""
    needed = (each.requires for each in policy.stages)
    found = {each.verifier.id for each in needed if each and each.stage == here}
    found = found or {each.id for each in policy.verifiers}
    return found.pop() if len(found) == 1 else ""


def named_resource(address: str, stage: str) -> str:
    """Return what is judged at *stage*, as verdicts name it.

    Raises:
        UsageError: *address* is no URI.
    """
    try:
        return vsa.resource(address, stage)
    except ValueError as error:
        raise UsageError(
            str(error), hint="write it as `pkg:oci/agent` or `https://HOST/PATH`"
        ) from None


def job(
    bound: Bound,
    account: Account,
    output: Path,
    *,
    verifier: str,
    resource: str,
) -> StatementJob:
    """Return what is to be signed: the verdict of *account* about *bound*.

    Args:
        bound: What it is about.
        account: What came of judging it. Undecided is no yes.
        output: Where the bundle goes.
        verifier: Under which name.
        resource: What is judged.
    """
    policy = account.policy
    summary = vsa.Summary(
        verifier=verifier,
        time=account.now,
        resource=resource,
        policy=policy.sha256,
        passed=account.verdict.decision is Decision.ALLOW,
    )
    source = policy.source
    if not source.startswith(_SHIPPED):
        # No path of this machine: the digest says which it is.
        source = f"file:{quote(Path(source).name)}"
    return StatementJob(
        subject=bound.title,
        output=output,
        about=bound.subjects,
        type=vsa.TYPE,
        predicate=summary.predicate(
            version=account.version,
            policy_uri=source,
            inputs=(*bound.inputs, *_attested(account)),
        ),
        still=bound.check,
        kind="verdict",
    )


def _attested(account: Account) -> Iterator[Subject]:
    """Yield every statement about packages that was looked at, by its own digest."""
    names = {each.ref: each.title for each in account.inventory.components}
    for ref in sorted(account.standings):
        found = {each.sha256 for each in account.standings[ref].answers} - {""}
        for digest in sorted(found):
            yield Subject(name=names.get(ref, ref), digests={"sha256": digest})
