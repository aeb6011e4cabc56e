"""What `mcpchain sign` and `mcpchain attest` share: who signs, and where it goes."""

import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from mcpchain.cli import options

if TYPE_CHECKING:
    from mcpchain.bundle.root import TrustedRoot
    from mcpchain.pipeline.signing import Job
    from mcpchain.pipeline.signing_jobs import Where

_Command = Callable[..., Any]
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


class Wishes(NamedTuple):
    """What the shared options say."""

    key: str | None
    identity_token: str | None
    trust_config: Path | None
    timestamp_url: str | None
    trusted_root: Path | None
    root_name: str | None
    bundle: Path | None
    output_dir: Path | None
    force: bool
    dry_run: bool
    format_id: str

    @property
    def where(self) -> "Where":
        """Where the bundles go."""
        from mcpchain.pipeline.signing_jobs import Where

        return Where(bundle=self.bundle, folder=self.output_dir)

    def root(self) -> "TrustedRoot":
        """Return whose timestamps and certificates count."""
        from mcpchain.pipeline.trusting import choose, from_file

        if self.trusted_root is not None:
            return from_file(self.trusted_root).root
        return choose(self.root_name, options.trust_folder(), options.now()).root

    def check(self) -> None:
        """Refuse what contradicts itself.

        Raises:
            UsageError: Something is said in two ways.
        """
        from mcpchain.errors import UsageError

        for one, other in (
            ("bundle", "output_dir"),
            ("trusted_root", "root_name"),
            ("key", "trust_config"),
            ("trust_config", "trusted_root"),
            ("trust_config", "root_name"),
        ):
            if getattr(self, one) is not None and getattr(self, other) is not None:
                first, second = (
                    f"`--{each.removesuffix('_name').replace('_', '-')}`"
                    for each in (one, other)
                )
                raise UsageError(
                    f"{first} and {second} exclude each other", hint="choose one"
                )
        if self.bundle is not None and str(self.bundle) == "-":
            raise UsageError(
                "a bundle goes to a file, not to standard output", hint="name a file"
            )
        if self.trusted_root is not None:
            self.root()
        if self.key is None:
            return
        # A variable may be set for other commands; who says it here means it.
        source = click.get_current_context().get_parameter_source("identity_token")
        if source is click.core.ParameterSource.COMMANDLINE:
            raise UsageError(
                "`--key` and `--identity-token` exclude each other", hint="choose one"
            )
        if self.timestamp_url is None and (self.trusted_root or self.root_name):
            option = "--trusted-root" if self.trusted_root else "--root"
            raise UsageError(
                f"`{option}` changes nothing where a key signs without a timestamp",
                hint="leave it out, or say who signs for the time: `--timestamp-url`",
            )


WHO = (
    click.option(
        "--key",
        metavar="FILE|URI",
        help="A private key in PEM (ECDSA, Ed25519, RSA), which nobody else may read, "
        "or where one is kept: `pkcs11:`, `awskms:`, `gcpkms:`, `hashivault:`, "
        "`azurekms:`. The passphrase of an encrypted file is asked for on a terminal, "
        "or taken from MCPCHAIN_KEY_PASSPHRASE. [default: an identity signs]",
    ),
    click.option(
        "--identity-token",
        metavar="TOKEN",
        envvar=["MCPCHAIN_IDENTITY_TOKEN", "SIGSTORE_IDENTITY_TOKEN"],
        help="Whose identity signs, in place of a key. Rather set it as "
        "MCPCHAIN_IDENTITY_TOKEN: arguments can be seen by others. [default: that of "
        "the CI system, or a login in a browser]",
    ),
    click.option(
        "--trust-config",
        type=_EXISTING,
        help="The Sigstore that certifies the identity: its trusted root and where its "
        "services are (JSON). [default: the public instance]",
    ),
    click.option(
        "--timestamp-url",
        metavar="URL",
        help="An authority that signs for the time (RFC 3161); the trusted root has to "
        "know it.",
    ),
)
_OPTIONS = (
    *WHO,
    click.option(
        "--trusted-root",
        type=_EXISTING,
        help="Whose timestamps count, in place of the public instance of Sigstore.",
    ),
    click.option(
        "--root",
        "root_name",
        metavar="NAME",
        help="The same, by the name of a root that `mcpchain trust` has.",
    ),
    click.option(
        "--bundle",
        type=click.Path(path_type=Path),
        help="Where to write the bundle, if there is one.",
    ),
    click.option(
        "--output-dir",
        type=click.Path(exists=True, file_okay=False, path_type=Path),
        help="In which folder to write the bundles. [default: beside each]",
    ),
    click.option("--force", is_flag=True, help="Replace bundles that are there."),
    click.option(
        "--dry-run",
        is_flag=True,
        help="Say what would be signed, by whom, and where the bundles would go.",
    ),
    click.option(
        "--format",
        "format_id",
        type=click.Choice(["text", "json"]),
        default="text",
        show_default=True,
        help="How to tell it on standard output.",
    ),
)


def signing_options(command: _Command) -> _Command:
    """Add the options of `Wishes`."""
    for each in reversed(_OPTIONS):
        command = each(command)
    return command


def run(jobs: "Sequence[Job]", wishes: Wishes) -> None:
    """Sign *jobs*, or say that they would be signed, and tell it."""
    from mcpchain import __version__
    from mcpchain.pipeline.signers import Who, opened
    from mcpchain.pipeline.signing import check_outputs, planned, sign_all
    from mcpchain.sign.summary import RENDERERS, Summary

    wishes.check()
    check_outputs(jobs, force=wishes.force)
    who = Who(
        passphrase=options.passphrase,
        root=wishes.root,
        key=wishes.key,
        timestamp_url=wishes.timestamp_url,
        token=wishes.identity_token,
        instance=wishes.trust_config,
        browser=sys.stdin.isatty(),
    )
    if wishes.dry_run and wishes.key is None:
        # To know the identity for certain takes a certificate, which is public at once.
        environ = options.circumstances(Path.cwd()).environ
        title, signed = who.identity(environ), planned(jobs)
    else:
        with (
            opened(who, lambda: options.circumstances(Path.cwd())) as signer,
            options.progress("hashing") as hashing,
        ):
            title, force = signer.title, wishes.force
            signed = (
                planned(jobs)
                if wishes.dry_run
                else sign_all(jobs, signer, force=force, progress=hashing)
            )
    summary = Summary(signer=title, signed=signed, version=__version__)
    _tell(RENDERERS[wishes.format_id](summary), wishes)


def _tell(text: str, wishes: Wishes) -> None:
    from mcpchain.errors import UnavailableError

    try:
        click.echo(text, nl=False)
    except BrokenPipeError:
        raise
    except OSError as error:
        done = "nothing was to be written" if wishes.dry_run else "all is written"
        raise UnavailableError(
            f"{done}, but standard output takes nothing: {error.strerror}",
            hint="see to where it goes",
        ) from None
