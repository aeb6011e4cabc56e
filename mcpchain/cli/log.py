"""`mcpchain log`: whether a log of decisions is what was written."""

from pathlib import Path

import click

from mcpchain.errors import Exit


@click.group()
def log() -> None:
    """Look at a log of decisions, which `mcpchain gate --log` writes.

    \b
    Examples:
      mcpchain gate --log decisions.jsonl
      mcpchain log verify decisions.jsonl
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


@log.command(
    epilog="""\b
Examples:
  mcpchain log verify decisions.jsonl
  mcpchain log verify decisions.jsonl --head sha256:9f86d0...

\b
Exit codes: 0 all lines follow each other; 2 usage; 4 it cannot be read; 10 a line was
changed, removed or moved.
"""
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--head",
    default=None,
    metavar="DIGEST",
    help="What the log ended with before, as the gate or this command told it: that "
    "line has to be there.",
)
def verify(file: Path, head: str | None) -> None:
    """Say whether FILE is a log to which lines were only ever added.

    A line that was changed, removed or moved is found by those after it. That the last
    ones are missing, or all was written anew, shows only with `--head`: keep that
    somewhere else.
    """
    from mcpchain.artifact import Digest
    from mcpchain.errors import MalformedError, UsageError
    from mcpchain.pipeline.decision_logs import verify as verify_log
    from mcpchain.printable import printable

    try:
        wanted = Digest.parse(head).value if head is not None else ""
    except ValueError as error:
        raise UsageError(
            f"`--head`: {error}", hint="write `sha256:` and 64 hexadecimal digits"
        ) from None
    try:
        ends = verify_log(file, wanted)
    except MalformedError as error:
        where = f"{file}, {error.pointer}" if error.pointer else str(file)
        click.echo(printable(f"broken: {where}: {error.problem}"))
        click.get_current_context().exit(Exit.DENIED)
    if not ends.lines:
        from mcpchain.errors import NothingToCheckError

        raise NothingToCheckError(
            f"`{file}` has no line", hint="name a log that `mcpchain gate --log` wrote"
        )
    click.echo(f"whole: {ends.lines:,} line{'s'[: ends.lines != 1]}")
    click.echo(f"head: sha256:{ends.head}")
