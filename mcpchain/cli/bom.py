"""`mcpchain bom`: BOMs as documents."""

from dataclasses import replace
from pathlib import Path

import click

from mcpchain.cli import options
from mcpchain.completeness import PROFILES
from mcpchain.errors import Exit

_EXISTING = click.Path(exists=True, path_type=Path)


@click.group()
def bom() -> None:
    """Check BOMs, sign them, merge them, or tell what changed from one to the next.

    \b
    Examples:
      mcpchain bom validate bom.cdx.json
      mcpchain bom diff old.cdx.json new.cdx.json
      mcpchain bom merge api.cdx.json worker.cdx.json -o all.cdx.json
      mcpchain bom sign bom.cdx.json --key release.pem -o signed.cdx.json
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


@bom.command(
    epilog="""\b
Examples:
  mcpchain bom diff old.cdx.json new.cdx.json
  mcpchain bom diff bom.cdx.json .             a released BOM and this folder
  mcpchain bom diff OLD NEW --format markdown  for a comment on a pull request
  mcpchain bom diff OLD NEW --exit-code        ends with 10 where there are alarms
"""
)
@click.argument("old", type=_EXISTING)
@click.argument("new", type=_EXISTING)
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
@click.option(
    "--exit-code",
    is_flag=True,
    help="End with 10 if there are alarms, with 4 if NEW has gaps that OLD has not, "
    "else with 0.",
)
def diff(old: Path, new: Path, format_id: str, *, exit_code: bool) -> None:
    """Tell what changed from OLD to NEW, alarms first.

    Each is a CycloneDX BOM, or a folder, lock or configuration that is read as
    `sbom --no-environment` reads it. Alarms are: other bytes under the same version, or
    not as installed; a new text of a tool; a server that turned remote; a new endpoint,
    environment variable or header; another registry; a pin that was loosened. Serial
    numbers, times and places do not count.
    """
    from mcpchain.difference import compare
    from mcpchain.difference.render import RENDERERS
    from mcpchain.pipeline.documents import described

    difference = compare(described(old), described(new))
    click.echo(RENDERERS[format_id](difference), nl=False)
    code = Exit.ALLOWED
    if exit_code and difference.alarms:
        code = Exit.DENIED
    elif exit_code and difference.gaps_added:
        code = Exit.UNDECIDED
    click.get_current_context().exit(code)


@bom.command(
    epilog="""\b
Examples:
  mcpchain bom merge api.cdx.json worker.cdx.json -o all.cdx.json
"""
)
@click.argument("boms", nargs=-1, required=True, type=_EXISTING, metavar="A B...")
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to write the BOM; `-` is standard output.",
)
def merge(boms: tuple[Path, ...], output: Path) -> None:
    """Make one CycloneDX BOM of several.

    The same package becomes one component, with the hashes, licences, places and edges
    of all. Where two BOMs contradict each other, both are kept and a gap says so; paths
    begin with the name of the BOM that they come from.
    """
    from mcpchain.pipeline.documents import merged
    from mcpchain.printable import printable

    inventory = merged(boms)
    options.write_bom(inventory, output)
    for gap in inventory.gaps:
        place = printable(str(gap.location))
        click.echo(f"gap: {place}: {printable(gap.reason)}", err=True)


@bom.command(
    epilog="""\b
Examples:
  mcpchain bom validate bom.cdx.json
  mcpchain bom validate bom.spdx.json --profile ntia --profile cisa
  mcpchain bom validate bom.cdx.json --require cra     10 if anything is missing
  mcpchain bom validate bom.cdx.json --key release.pub  10 unless signed by that key
  mcpchain bom validate bom.cdx.json --format markdown for a pull request
"""
)
@click.argument("file", type=_EXISTING)
@click.option(
    "--profile",
    "profiles",
    multiple=True,
    type=click.Choice(PROFILES),
    help="What to hold it against; may be given more than once.  [default: what is "
    "required, else all]",
)
@click.option(
    "--require",
    "required",
    multiple=True,
    type=click.Choice(PROFILES),
    help="End with 10 if anything that this profile asks for is missing.",
)
@click.option(
    "--key",
    type=_EXISTING,
    help="End with 10 unless the BOM holds a signature by this public key (PEM).",
)
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
def validate(
    file: Path,
    profiles: tuple[str, ...],
    required: tuple[str, ...],
    key: Path | None,
    format_id: str,
) -> None:
    """Tell whether FILE is a valid BOM, and how much of it is there.

    FILE is CycloneDX (1.4 to 1.7) or SPDX (2.2, 2.3), as JSON, of whatever tool. Beyond
    the schema: equal references, references to nothing, purls, lengths of hashes and
    licence expressions. A score of 100 means that nothing is missing which NTIA (2021),
    CISA (draft of 2025), BSI TR-03183-2, the Cyber Resilience Act or the G7 (for AI)
    ask for and a document can show. Ends with 10 if it is not valid, with 3 if it lists
    nothing.
    """
    from mcpchain.completeness.report import RENDERERS
    from mcpchain.pipeline.validation import validate as check

    chosen = {*profiles, *required} or PROFILES
    validation = check(file, [each for each in PROFILES if each in chosen])
    validation = replace(validation, required=required)
    from mcpchain.pipeline.enveloped import flaw, is_broken

    if key is not None:
        validation = replace(validation, signature=flaw(file, key))
    elif is_broken(file):
        told = "warning: the signature in it does not hold: the BOM was changed since"
        click.echo(f"{told} (`--key` makes that a failure)", err=True)
    click.echo(RENDERERS[format_id](validation), nl=False)
    failed = bool(validation.failures)
    click.get_current_context().exit(Exit.DENIED if failed else Exit.ALLOWED)


@bom.command(
    epilog="""\b
Examples:
  mcpchain bom sign bom.cdx.json --key release.pem -o signed.cdx.json
  mcpchain bom validate signed.cdx.json --key release.pub
"""
)
@click.argument("file", type=_EXISTING)
@click.option(
    "--key",
    required=True,
    type=_EXISTING,
    help="A private key in PEM (ECDSA, Ed25519 or RSA), which nobody else may read. "
    "The passphrase of an encrypted one is asked for on a terminal, or taken from "
    "MCPCHAIN_KEY_PASSPHRASE.",
)
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to write the BOM; `-` is standard output.",
)
def sign(file: Path, key: Path, output: Path) -> None:
    """Put a signature into FILE, a CycloneDX BOM in JSON (JSF, RFC 8785).

    It says that the holder of the key wrote this BOM, whatever its layout becomes. What
    the BOM is about is not signed with it, and nothing is said of when.
    """
    from mcpchain.pipeline.enveloped import signed
    from mcpchain.printable import printable
    from mcpchain.sign.local_key import load

    data, replaced = signed(file, load(key, options.passphrase))
    if str(output) == "-":
        click.echo(data, nl=False)
        return
    options.write_file(output, data)
    told = ", in place of the signature that it had" if replaced else ""
    click.echo(printable(f"wrote {output}: signed with {key}{told}"), err=True)
