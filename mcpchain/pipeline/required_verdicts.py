"""Whose verdict counts? From signed verdicts to a yes, or to why not."""

import datetime as dt
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpchain import verification_summary as vsa
from mcpchain.artifact import Digest
from mcpchain.bundle import keys
from mcpchain.bundle.parse import Bundle, parse
from mcpchain.bundle.root import TrustedRoot
from mcpchain.bundle.verify import Artifact, Trust, verify
from mcpchain.errors import MalformedError, UsageError
from mcpchain.pipeline.bundles import read_file
from mcpchain.pipeline.circumstances import Circumstances
from mcpchain.pipeline.expecting import Expectations
from mcpchain.pipeline.policies import load_policy
from mcpchain.pipeline.signing_jobs import about, hashed_subject
from mcpchain.pipeline.verdicts import bind, named_resource
from mcpchain.policy.values import read_age
from mcpchain.publisher import Signer
from mcpchain.signature import Subject
from mcpchain.standing import NO_VERDICT, Refused
from mcpchain.tree.paths import shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Judge:
    """Whose verdicts count, and what they have to say."""

    wanted: vsa.Wanted
    signer: Signer
    root: Callable[[], TrustedRoot]
    """Returns by what certificates and timestamps are verified."""
    now: dt.datetime

    def refuses(
        self, files: Sequence[Path], subjects: Sequence[Subject]
    ) -> Refused | None:
        """Say why the verdicts in *files* do not allow all *subjects*; `None`: they do.

        Of several about the same, the newest counts.
        """
        if not files or not subjects:
            return NO_VERDICT
        bundles = [(each.name, self._bundle(each)) for each in files]
        trust = self._trust()
        answers = (self._about(bundles, each, trust) for each in subjects)
        return next((each for each in answers if each is not None), None)

    def _about(
        self,
        bundles: Sequence[tuple[str, Bundle | Refused]],
        subject: Subject,
        trust: Trust,
    ) -> Refused | None:
        others: list[Refused] = []
        found: list[tuple[vsa.Summary, str]] = []
        for name, bundle in bundles:
            said = (
                bundle
                if isinstance(bundle, Refused)
                else _signed(bundle, subject, trust)
            )
            if isinstance(said, Refused):
                others.append(_told(said, name))
            elif other := vsa.misplaced(said, self.wanted):
                others.append(_told(other, name))
            else:
                found.append((said, name))
        if not found:
            return others[0]
        # Of two at the same time the no counts.
        newest, name = max(found, key=lambda each: (each[0].time, not each[0].passed))
        refused = vsa.refusal(newest, self.wanted, self.now)
        return refused and _told(refused, name)

    def _trust(self) -> Trust:
        key = self.signer.key
        return Trust(
            root=self.root(),
            expected=self.signer.expected,
            key=keys.load(key) if key else None,
            log_needed=False,
            predicate_types=(vsa.TYPE,),
        )

    def _bundle(self, path: Path) -> Bundle | Refused:
        try:
            return parse(read_file(path), source=path.name)
        except MalformedError as error:
            return Refused("unreadable", f"is no bundle: {error.problem}")
        except OSError as error:
            return Refused("unreadable", f"cannot be read: {error.strerror}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What a user says of the verdicts that count."""

    policies: tuple[str, ...]
    """Files, or digests."""
    stage: str
    verifier: str | None
    resource: str | None
    max_age: str
    key: Path | None
    identity: str
    issuer: str
    repository: str
    workflow: str
    ref: str

    def signer(self) -> Signer | None:
        """Return who has to have signed; `None`: it is not said here.

        Raises:
            UsageError: It names nobody, or two.
        """
        said = Expectations(
            identity=self.identity,
            issuer=self.issuer,
            repository=self.repository,
            workflow=self.workflow,
            ref=self.ref,
            key=self.key,
        )
        said.check()
        if self.key is None:
            expected = said.expected()
            return Signer(expected=expected) if expected else None
        try:
            data = self.key.read_bytes()
            keys.load(data)
        except (OSError, ValueError):
            raise UsageError(
                f"`{self.key}` holds no public key that is accepted",
                hint="name a file that begins with `-----BEGIN PUBLIC KEY-----`",
            ) from None
        return Signer(key=data)


def judge_of(
    asked: Asked, terms: Circumstances, root: Callable[[], TrustedRoot]
) -> Judge:
    """Return whose verdicts count, as a user and the policies say it.

    Raises:
        UsageError: Neither says it, or not so that it could be compared.
        PolicyError: A policy cannot be applied as written.
    """
    digests: set[str] = set()
    verifiers: dict[str, Signer] = {}
    for each in asked.policies:
        if each.startswith("sha256:") and not Path(each).exists():
            digests.add(_hexadecimal(each))
        else:
            policy = load_policy(each, terms)
            digests.add(policy.sha256)
            for known in policy.verifiers:
                if verifiers.setdefault(known.id, known.signer) != known.signer:
                    raise UsageError(
                        f"`{known.id[:140]}` is two verifiers, who sign differently",
                        hint="name them differently in the policies",
                    )
    only = next(iter(verifiers)) if len(verifiers) == 1 else ""
    verifier = asked.verifier or only
    signer = asked.signer() or verifiers.get(verifier)
    if not verifier or signer is None:
        raise UsageError(
            "nobody says who the verifier is"
            if not verifier
            else f"nobody says who signs for `{verifier[:140]}`",
            hint="name it, and its key or identity: `--verifier URL --key FILE`; or "
            "list it under `verifiers` in the policy",
        )
    try:
        max_age = read_age(asked.max_age)
    except ValueError as error:
        raise UsageError(
            f"`--max-age`: {error}", hint="write it as the policy does"
        ) from None
    return Judge(
        wanted=vsa.Wanted(
            verifier=verifier,
            resource=named_resource(asked.resource or verifier, asked.stage),
            policies=frozenset(digests),
            max_age=max_age,
        ),
        signer=signer,
        root=root,
        now=terms.now,
    )


def subjects_of(named: Sequence[str], files: Sequence[Path]) -> tuple[Subject, ...]:
    """Return what verdicts have to be about: files, folders that were judged, digests.

    Args:
        named: As the user does.
        files: The verdicts, which are none of a folder's files.

    Raises:
        UsageError: One names nothing.
        McpchainError: One cannot be read.
    """
    found: list[Subject] = []
    for each in named:
        if os.path.isdir(each):
            found += bind(Path(each), (), files, ()).subjects
            continue
        subject = about(each)
        if isinstance(subject, Path):
            subject = hashed_subject(subject, lambda _: None)
        found.append(subject)
    return tuple(found)


def _hexadecimal(text: str) -> str:
    try:
        return Digest.parse(text).value
    except ValueError as error:
        raise UsageError(
            f"`--policy`: {error}", hint="write `sha256:` and 64 hexadecimal digits"
        ) from None


def _told(refused: Refused, name: str) -> Refused:
    return Refused(refused.variant, f"the verdict in `{shown(name)}`: {refused.reason}")


def _signed(bundle: Bundle, subject: Subject, trust: Trust) -> vsa.Summary | Refused:
    """Return what *bundle* says of *subject*, if it is signed by who is trusted."""
    digests = {name: bytes.fromhex(value) for name, value in subject.digests.items()}
    found = verify(bundle, Artifact(digests=digests), trust)
    if not found:
        said = found.statement
        if found.checks[-1].id != "statement":
            return Refused("untrusted", found.reason)
        if said is None or said.predicate_type != vsa.TYPE:
            return Refused("unreadable", found.reason or "it is no summary")
        return Refused("other-subject", "it is about other bytes")
    try:
        return vsa.read(found.statement.predicate if found.statement else None)
    except MalformedError as error:
        place = f"{error.pointer} " if error.pointer else ""
        return Refused("unreadable", f"is no summary: {place}{error.problem}")
