"""What `mcpchain sign` and `mcpchain attest` share: who signs, and where it goes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpchain.cli import options

if TYPE_CHECKING:
    from mcpchain.bundle.root import TrustedRoot
    from mcpchain.pipeline.signing import Job
    from mcpchain.pipeline.signing_jobs import Where

_Command = Callable[..., Any]
_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """What the shared options say."""

    key: str | None
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
        from mcpchain.errors import UsageError
        from mcpchain.pipeline.signing_jobs import Where

        if self.bundle is not None and self.output_dir is not None:
            raise UsageError(
                "`--bundle` and `--output-dir` say the same in two ways",
                hint="name the file, or the folder",
            )
        return Where(bundle=self.bundle, folder=self.output_dir)

    @property
    def root(self) -> "TrustedRoot":
        """Whose timestamps count."""
        from mcpchain.errors import UsageError
        from mcpchain.pipeline.trusting import choose, from_file

        if self.trusted_root is None:
            return choose(self.root_name, options.trust_folder(), options.now()).root
        if self.root_name is not None:
            raise UsageError(
                "`--root` and `--trusted-root` say the same in two ways",
                hint="name a root, or a file",
            )
        return from_file(self.trusted_root).root


_OPTIONS = (
    click.option(
        "--key",
        metavar="FILE|URI",
        help="A private key in PEM (ECDSA, Ed25519, RSA), which nobody else may read, "
        "or where one is kept: `pkcs11:`, `awskms:`, `gcpkms:`, `hashivault:`, "
        "`azurekms:`. The passphrase of an encrypted file is asked for on a terminal, "
        "or taken from MCPCHAIN_KEY_PASSPHRASE.",
    ),
    click.option(
        "--timestamp-url",
        metavar="URL",
        help="An authority that signs for the time (RFC 3161); the trusted root has to "
        "know it.",
    ),
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
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.signers import Who, opened
    from mcpchain.pipeline.signing import check_outputs, planned, sign_all
    from mcpchain.sign.summary import RENDERERS, Summary

    check_outputs(jobs, force=wishes.force)
    if wishes.key is None:
        raise UsageError(
            "nobody is named who signs",
            hint="`--key FILE`; `mcpchain key generate -o NAME` makes one",
        )
    who = Who(
        key=wishes.key,
        passphrase=options.passphrase,
        timestamp_url=wishes.timestamp_url,
    )
    with opened(who, wishes.root, options.circumstances(Path.cwd())) as signer:
        if wishes.dry_run:
            signed = planned(jobs)
        else:
            with options.progress("hashing") as hashing:
                signed = sign_all(jobs, signer, force=wishes.force, progress=hashing)
        summary = Summary(signer=signer.title, signed=signed, version=__version__)
    click.echo(RENDERERS[wishes.format_id](summary), nl=False)
