"""The options that bind a verdict: what it is about, who signs it, what it needs."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from mcpchain.cli import options
from mcpchain.cli.signing import WHO
from mcpchain.errors import McpchainError, UsageError

if TYPE_CHECKING:
    from mcpchain.bundle.root import TrustedRoot
    from mcpchain.pipeline.circumstances import Circumstances
    from mcpchain.pipeline.verdicts import Bound
    from mcpchain.policy import Policy
    from mcpchain.report import Account
    from mcpchain.sign import Signer
    from mcpchain.standing import Refused

_Command = Callable[..., Any]
_OUT: Final = click.Path(dir_okay=False, path_type=Path)
_OPTIONS: Final = (
    click.option(
        "--subject",
        "subjects",
        multiple=True,
        metavar="FILE|DIGEST",
        help="What the verdict is about: a file, `sha256:...`, or NAME@sha256:... May "
        "be given several times. [default: TARGET; of a folder, all its files]",
    ),
    click.option(
        "--verdict",
        type=_OUT,
        metavar="OUT",
        help="Sign the verdict, whatever it is, and write it to this file.",
    ),
    click.option(
        "--verifier",
        metavar="URL",
        help="Who gives the verdict. [default: whose verdict of this stage another "
        "stage of the policy requires, or its only verifier]",
    ),
    click.option(
        "--resource",
        metavar="URI",
        help="What is judged, as who reads the verdict will name it. [default: the "
        "verifier]",
    ),
    click.option(
        "--require-verdict",
        "required",
        multiple=True,
        type=click.Path(exists=True, dir_okay=False, path_type=Path),
        metavar="FILE",
        help="The signed verdict of another stage, where the policy requires one. May "
        "be given several times.",
    ),
    click.option(
        "--log",
        type=_OUT,
        metavar="FILE",
        help="Add the decision to this log: JSON lines, each with the digest of that "
        "before.",
    ),
    *WHO,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """What these options say."""

    subjects: tuple[str, ...]
    verdict: Path | None
    verifier: str | None
    resource: str | None
    required: tuple[Path, ...]
    log: Path | None
    key: str | None
    identity_token: str | None
    trust_config: Path | None
    timestamp_url: str | None

    def check(self, policy: "Policy") -> "Binding":
        """Return the same, with what *policy* says of it.

        Raises:
            UsageError: Something would not be looked at, or is not known.
        """
        stage = policy.stage
        needed = stage.requires if stage else None
        if self.required and needed is None:
            where = f"the stage `{stage.name}`" if stage else f"`{policy.name}`"
            raise UsageError(
                f"`--require-verdict`: {where} of the policy `requires` none",
                hint="write whose it has to be into the policy, or ask "
                "`mcpchain verdict verify`",
            )
        if self.verdict and self.verdict in self.required:
            raise UsageError(
                f"`{self.verdict}` is required, and would be written",
                hint="give the new verdict another name",
            )
        signing = ("verifier", "key", "trust_config", "timestamp_url")
        if self.verdict is None:
            self._idle(signing, "--verdict")
            if needed is None:
                self._idle(("resource",), "--verdict")
                if self.log is None:
                    self._idle(("subjects",), "--verdict")
            return self
        if self.key and self.trust_config:
            raise UsageError(
                "`--key` and `--trust-config` exclude each other", hint="choose one"
            )
        return replace(self, verifier=self._verifier(policy))

    def _idle(self, names: tuple[str, ...], other: str) -> None:
        for name in names:
            if getattr(self, name):
                shown = name.removesuffix("s").replace("_", "-")
                raise UsageError(
                    f"`--{shown}` would not be looked at without `{other}`",
                    hint=f"leave it out, or say where it goes: `{other} OUT`",
                )

    def _verifier(self, policy: "Policy") -> str:
        from mcpchain.pipeline.verdicts import verifier_of

        found = self.verifier or verifier_of(policy)
        if not found:
            raise UsageError(
                "nobody says who gives the verdict",
                hint="name the gate by an address: "
                "`--verifier https://gate.acme.example`",
            )
        if not found.startswith("https://"):
            raise UsageError(
                f"`--verifier {found[:140]}` is no `https://` address that names one",
                hint="write it as the policy of who reads the verdict has it",
            )
        return found

    def bind(
        self, target: Path, policy: "Policy", *more: Path | None
    ) -> "Bound | None":
        """Return what the verdict is about; `None`: nobody asks.

        Args:
            target: What will be judged.
            policy: What is asked.
            more: Files that are written as well.
        """
        needed = policy.stage and policy.stage.requires
        if not (self.verdict or self.log or needed):
            return None
        from mcpchain.pipeline.verdicts import bind

        if self.verdict:
            self._make_room(self.verdict)
        written = [each for each in (self.verdict, self.log, *more) if each]
        with options.progress("hashing") as hashing:
            return bind(target, self.subjects, self.required, written, hashing)

    @staticmethod
    def _make_room(verdict: Path) -> None:
        """Remove a verdict that is there: one of another run is none of this."""
        from mcpchain.pipeline.signing import check_outputs
        from mcpchain.pipeline.signing_jobs import StatementJob

        job = StatementJob(
            subject="the verdict", output=verdict, about=(), type="", predicate={}
        )
        check_outputs([job], force=True)
        verdict.unlink(missing_ok=True)

    def refused(
        self, bound: "Bound | None", policy: "Policy", terms: "Circumstances"
    ) -> "Refused | None":
        """Say why no verdict counts that the stage requires."""
        from mcpchain.standing import NO_VERDICT, Refused

        needed = policy.stage.requires if policy.stage else None
        if needed is None or bound is None:
            return NO_VERDICT
        if not self.required:
            told = f"the verdict of the stage `{needed.stage}` was not given"
            return Refused("absent", told)
        from mcpchain.pipeline.required_verdicts import Judge
        from mcpchain.pipeline.verdicts import named_resource
        from mcpchain.verification_summary import Wanted

        named = self.resource or needed.verifier.id
        judge = Judge(
            wanted=Wanted(
                verifier=needed.verifier.id,
                resource=named_resource(named, needed.stage),
                policies=frozenset({policy.sha256}),
                max_age=needed.max_age,
            ),
            signer=needed.verifier.signer,
            root=lambda: _root(terms),
            now=terms.now,
        )
        return judge.refuses(self.required, bound.subjects)

    def conclude(
        self, bound: "Bound | None", account: "Account", signer: "Signer | None"
    ) -> None:
        """Sign the verdict of *account*, and write it down; nothing if nobody asks.

        Raises:
            McpchainError: What it is about has changed, or one of these failed: then no
                verdict is left.
        """
        if bound is None:
            return
        bound.check()
        digest = ""
        if self.verdict and signer:
            digest = self._sign(bound, account, signer, self.verdict)
        if self.log is None:
            return
        from mcpchain.pipeline.decision_logs import append, entry

        try:
            ends = append(self.log, entry(account, digest))
        except McpchainError:
            if digest and self.verdict:
                self.verdict.unlink(missing_ok=True)
            raise
        click.echo(f"log: line {ends.lines:,}, head sha256:{ends.head}", err=True)

    def _sign(
        self, bound: "Bound", account: "Account", signer: "Signer", output: Path
    ) -> str:
        from mcpchain.pipeline.signing import sign_all
        from mcpchain.pipeline.verdicts import job, named_resource
        from mcpchain.printable import printable

        stage, verifier = account.policy.stage, self.verifier or ""
        made = job(
            bound,
            account,
            output,
            verifier=verifier,
            resource=named_resource(
                self.resource or verifier, stage.name if stage else ""
            ),
        )
        (signed,) = sign_all([made], signer, force=True)
        result = made.predicate["verificationResult"]
        told = f"wrote {output}: {result}, about {bound.told}, by {signer.title}"
        click.echo(printable(told), err=True)
        return signed.sha256

    @contextmanager
    def signer(self, terms: "Circumstances") -> "Iterator[Signer | None]":
        """Yield who signs; `None`: nobody has to."""
        if self.verdict is None:
            yield None
            return
        if terms.offline and self.key is None:
            raise UsageError(
                "an identity of Sigstore does not sign with `--offline`",
                hint="name a key: `--key FILE`",
            )
        from mcpchain.pipeline.signers import Who, opened

        who = Who(
            passphrase=options.passphrase,
            root=lambda: _root(terms),
            key=self.key,
            timestamp_url=self.timestamp_url,
            token=self.identity_token,
            instance=self.trust_config,
            browser=sys.stdin.isatty(),
        )
        with opened(who, lambda: terms) as signer:
            yield signer


def _root(terms: "Circumstances") -> "TrustedRoot":
    from mcpchain.pipeline.trusting import used

    return used(terms).root


def binding_options(command: _Command) -> _Command:
    """Add them; the command takes what they say as one, `binding`."""

    @wraps(command)
    def collected(**given: Any) -> Any:  # noqa: ANN401 - click's values
        said = {each.name: given.pop(each.name) for each in fields(Binding)}
        return command(binding=Binding(**said), **given)

    made: _Command = collected
    for option in reversed(_OPTIONS):
        made = option(made)
    return made
