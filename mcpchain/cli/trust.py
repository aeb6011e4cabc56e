"""`mcpchain trust`: whom we trust, and how that changes."""

from dataclasses import replace
from pathlib import Path
from typing import BinaryIO, Final

import click

from mcpchain.cli import options
from mcpchain.errors import Exit

_FORMAT = click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
_LIMIT: Final = 4 << 20
_STDIN: Final = "<stdin>"


@click.group()
def trust() -> None:
    """See whom signatures are verified against, and change that on purpose.

    The roots come with mcpchain, and nothing but these commands brings others. What
    they bring lies in a folder of yours and is checked on every use: an import against
    its digest, an update against the TUF root that came with mcpchain.

    \b
    Examples:
      mcpchain trust list
      mcpchain trust update
      gh attestation trusted-root > roots.jsonl
      mcpchain trust import roots.jsonl --line 2 --name github
      mcpchain verify app.tar.gz --root github --repository acme/app
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


@trust.command(
    name="list",
    epilog="""\b
Exit codes: 0; 4 a file is refused.
""",
)
@_FORMAT
def list_(format_id: str) -> None:
    """List every root: its age, its digest, and whom it knows until when.

    `used` is what counts under its name where no `--root` is named. Whoever `ended` is
    trusted for what was signed before; that is no fault of the root, whose age is told.
    """
    from mcpchain.pipeline.trusting import listing
    from mcpchain.trust.listing import as_json, as_text

    folder, (now, _) = options.trust_folder(), options.timestamp()
    listed = listing(folder)
    if format_id == "json":
        click.echo(as_json(listed, now), nl=False)
    else:
        click.echo(as_text(listed, now), nl=False)
        click.echo(f"imports and updates are kept in {folder}", err=True)
    refused = any(each.problem for each in listed)
    click.get_current_context().exit(Exit.UNDECIDED if refused else Exit.ALLOWED)


@trust.command(
    name="import",
    epilog="""\b
Examples:
  mcpchain trust import trusted_root.json --name acme
  gh attestation trusted-root | mcpchain trust import - --line 2 --name github
""",
)
@click.argument("file", type=click.File("rb"))
@click.option(
    "--name", help="How `--root` is to call it. [default: FILE up to its first dot]"
)
@click.option(
    "--line",
    type=click.IntRange(min=1),
    help="Which root, where FILE holds one a line.",
)
@click.option(
    "--replace",
    "replacing",
    is_flag=True,
    help="Take the place of what has that name; what came with mcpchain stays, and is "
    "still what counts where no `--root` is named.",
)
def import_(
    file: BinaryIO, name: str | None, line: int | None, *, replacing: bool
) -> None:
    """Keep the trusted root in FILE, to be used with `--root NAME`.

    Look at where FILE is from before you do: whoever made it says whom you trust.
    """
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.trusting import Wish, import_root

    named = getattr(file, "name", _STDIN)
    origin = "standard input" if named == _STDIN else Path(named).name
    data = file.read(_LIMIT + 1)
    if len(data) > _LIMIT:
        raise UsageError(
            f"`{origin}` is larger than {_LIMIT >> 20} MiB",
            hint="no trusted root is; look at what it is",
        )
    wish = Wish(name=name, line=line, replace=replacing)
    folder, today = options.trust_folder(), options.now().date()
    made, before = import_root(data, origin, wish, folder, today)
    told = f"imported {made.name}"
    if before:
        told = f"{made.name} is the same since it was imported on {made.date}"
    click.echo(f"{told}: sha256:{made.sha256}", err=True)


@trust.command(
    epilog="""\b
Exit codes: 0 updated, or nothing was newer; 4 refused, or the network failed.
"""
)
@click.option(
    "--mirror",
    metavar="URL",
    help="A copy of the TUF repository of the public instance. It need not be trusted: "
    "what it offers has to be signed by the owners.",
)
@click.option("--offline", is_flag=True, help="Open no connection, which is to fail.")
def update(mirror: str | None, *, offline: bool) -> None:
    """Ask the owners of the public instance for its newest root, and npm's keys.

    The one command that fetches a root. What is signed by somebody else, older than
    what you have, or expired is refused, and nothing changes then.
    """
    from mcpchain.pipeline.trust_update import update as ask

    terms = replace(options.circumstances(Path.cwd()), offline=offline)
    with options.progress("asking") as asking:
        found = ask(options.trust_folder(), terms, mirror, progress=asking)
    for each in found:
        click.echo(f"updated {each.name}: sha256:{each.sha256}", err=True)
