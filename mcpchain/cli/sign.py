"""`mcpchain sign`: stand for files, folders of models, and digests."""

from pathlib import Path
from typing import Any

import click

from mcpchain.cli.signing import Wishes, run, signing_options

_MODEL = "model"


@click.command(
    epilog="""\b
Examples:
  mcpchain sign dist/*                             as who runs it: FILE.sigstore.json
  mcpchain sign dist/* --key release.key           with a key
  mcpchain sign app.tar.gz --key release.key --bundle app.sigstore.json
  mcpchain sign models/llama --key release.key     a model: models/llama/model.sig
  mcpchain sign model llama.gguf --key release.key a model of one file
  mcpchain sign --digest sha256:9f86d0... --key release.key --bundle it.sigstore.json
  mcpchain sign dist/* --key 'pkcs11:token=release;object=signing'
  mcpchain verify app.tar.gz --key release.pub --no-log

\b
Exit codes: 0 all signed; 2 usage, or a key or token that cannot be used; 4 a
file, a service or the place of a key failed. Unless it is 0, nothing was written, or it
says so.
"""
)
@click.argument("targets", nargs=-1, metavar="[model] TARGET...")
@click.option(
    "--digest",
    "digests",
    multiple=True,
    metavar="ALGORITHM:HEX",
    help="Sign a file that is elsewhere, by its digest.",
)
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="PATH",
    help="In the folder of a model: what is not signed.",
)
@click.option(
    "--allow-symlinks",
    "links",
    is_flag=True,
    help="In the folder of a model: sign the files in it that symbolic links lead to.",
)
@signing_options
def sign(
    targets: tuple[str, ...],
    digests: tuple[str, ...],
    ignored: tuple[str, ...],
    links: bool,  # noqa: FBT001 - click's flag
    **given: Any,  # noqa: ANN401 - the shared options
) -> None:
    """Sign each TARGET: a file, or the folder of a model.

    A file gets a Sigstore bundle; bundles among several targets are left out. A folder
    gets a signature of every file in it, as the OpenSSF Model Signing specification
    (OMS) has it; so does a single file after the word `model`. Every bundle is verified
    before it is written. Several are all made before one is written.

    Without `--key` an identity signs: that of the CI system, or of who logs in. A
    Sigstore instance certifies it, and its log shows it to everybody for ever. A key
    stands in no log: whoever verifies says so, by `--no-log`.
    """
    from mcpchain.pipeline.signing import Models
    from mcpchain.pipeline.signing_jobs import to_sign, without_bundles
    from mcpchain.printable import printable

    wishes = Wishes(**given)
    always, named = _parted(targets)
    rest, bundles = without_bundles(named)
    key = Path(wishes.key) if wishes.key else None
    models = Models(ignored=_paths(ignored), links=links, always=always, key=key)
    if bundles:
        more = f" and {len(bundles) - 1} more" if bundles[1:] else ""
        told = f"left out, since bundles are not signed: {bundles[0]}{more}"
        click.echo(printable(told), err=True)
    run(to_sign(rest, digests, wishes.where, models), wishes)


def _paths(ignored: tuple[str, ...]) -> tuple[str, ...]:
    if not ignored:
        return ()
    from mcpchain.pipeline.model_signatures import paths

    return paths(ignored)


def _parted(targets: tuple[str, ...]) -> tuple[bool, tuple[str, ...]]:
    """Say whether the word `model` comes first, and return what follows."""
    from mcpchain.errors import UsageError

    if len(targets) < 2 or targets[0] != _MODEL:  # noqa: PLR2004 - a word and a target
        return False, targets
    if Path(_MODEL).exists():
        raise UsageError(
            "`model` is a word of this command, and something here is called so",
            hint="write `./model` if that is to be signed, or run this elsewhere",
        )
    return True, targets[1:]
