"""`mcpchain key`: keys to sign with."""

from pathlib import Path

import click

from mcpchain.cli import options

_KINDS = ("ecdsa-p256", "ecdsa-p384", "ecdsa-p521", "ed25519", "rsa-3072", "rsa-4096")


@click.group()
def key() -> None:
    """Make keys to sign with.

    \b
    Examples:
      mcpchain key generate -o release
      mcpchain sign dist/* --key release.key
      mcpchain verify dist/app.whl --key release.pub --no-log
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


@key.command(
    epilog="""\b
Examples:
  mcpchain key generate -o release                 release.key and release.pub
  mcpchain key generate -o ci --unencrypted        for a machine that keeps secrets

\b
Exit codes: 0; 2 usage, a file is there already, or no such place; 4 the system failed.
"""
)
@click.option(
    "-o",
    "--output-key-prefix",
    "prefix",
    required=True,
    metavar="NAME",
    type=click.Path(path_type=Path),
    help="Write NAME.key, for nobody but you, and NAME.pub, for everybody.",
)
@click.option(
    "--type",
    "kind",
    type=click.Choice(_KINDS),
    default=_KINDS[0],
    show_default=True,
    help="The kind of key. Others than ECDSA P-256 are known to fewer tools.",
)
@click.option(
    "--unencrypted",
    is_flag=True,
    help="Write the private key without a passphrase: who can read it can sign.",
)
def generate(prefix: Path, kind: str, *, unencrypted: bool) -> None:
    """Make a private key and its public key, in place of nothing that is there.

    The private key is encrypted by a passphrase that is asked for, twice, on a
    terminal, or taken from MCPCHAIN_KEY_PASSPHRASE.
    """
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.key_files import generate as make
    from mcpchain.printable import printable

    if unencrypted and options.has_passphrase():
        raise UsageError(
            "`--unencrypted` and MCPCHAIN_KEY_PASSPHRASE exclude each other",
            hint="leave the option out, or unset the variable",
        )
    passphrase = None if unencrypted else options.new_passphrase()
    if not unencrypted and not passphrase:
        raise UsageError(
            "there is no passphrase for the private key",
            hint="set MCPCHAIN_KEY_PASSPHRASE, or say `--unencrypted`",
        )
    private, public, fingerprint = make(prefix, kind, passphrase)
    how = "unencrypted" if unencrypted else "encrypted"
    click.echo(printable(f"wrote {private}: {kind}, {how}; keep it secret"), err=True)
    click.echo(
        printable(f"wrote {public}: sha256:{fingerprint}; give it to who verifies"),
        err=True,
    )


@key.command(
    epilog="""\b
Examples:
  mcpchain key public release.key                  on standard output
  mcpchain key public 'pkcs11:token=release;object=signing' -o release.pub

\b
Exit codes: 0; 2 usage; 4 the place where the key is kept does not answer.
"""
)
@click.argument("private", metavar="KEY")
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="-",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to write it.  [default: standard output]",
)
def public(private: str, output: Path) -> None:
    """Write the public key of KEY, for who verifies: a file, or where one is kept.

    KEY is what `mcpchain sign --key` takes. Nothing that is there is replaced.
    """
    from mcpchain.pipeline.key_files import public_of
    from mcpchain.pipeline.writing import write_all
    from mcpchain.printable import printable

    pem, fingerprint = public_of(
        private, options.passphrase, lambda: options.circumstances(Path.cwd())
    )
    if str(output) == "-":
        click.echo(pem, nl=False)
        return
    if output.exists():
        from mcpchain.errors import UsageError

        raise UsageError(f"`{output}` exists", hint="name another file: `-o FILE`")
    write_all({output: pem}, replace=False)
    click.echo(
        printable(f"wrote {output}: sha256:{fingerprint}; give it to who verifies"),
        err=True,
    )
