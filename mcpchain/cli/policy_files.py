"""`mcpchain policy init` and `schema`: files to write a policy with."""

import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpchain.cli import options
from mcpchain.errors import NothingToCheckError, UsageError

if TYPE_CHECKING:
    from mcpchain.policy.draft import Draft
    from mcpchain.settings import Settings


@click.command(
    epilog="""\b
Examples:
  mcpchain policy schema -o policy.schema.json
  then, as the first line of a policy beside it:
  # yaml-language-server: $schema=policy.schema.json
"""
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    default="-",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The file to write; `-` is standard output.",
)
def schema(output: Path) -> None:
    """Print the JSON Schema (2020-12) of a policy file, for editors.

    The gate asks for more than a schema can say; `mcpchain policy lint` does too.
    """
    data = schema_bytes()
    if str(output) == "-":
        click.echo(data, nl=False)
    else:
        options.write_file(output, data)


def schema_bytes() -> bytes:
    """Return the schema as it is written."""
    from mcpchain.policy.schema import schema as made

    return (json.dumps(made(), indent=1, ensure_ascii=True) + "\n").encode()


@click.command(
    epilog="""\b
Examples:
  mcpchain policy init                            asks, on a terminal
  mcpchain policy init . -o acme.yaml --name acme --base strict --licenses
  mcpchain policy init --stages dev,staging,production

\b
Exit codes: 0 written, 2 usage, or the file is there already.
"""
)
@options.TARGET
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    default="policy.yaml",
    show_default=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The file to write; `-` is standard output.",
)
@click.option("--force", is_flag=True, help="Write over FILE if it is there.")
@click.option("--name", help="What it is called. [default: as the folder]")
@click.option(
    "--base",
    metavar="NAME",
    help="The policy that comes with mcpchain whose levels it has. [default: baseline]",
)
@click.option(
    "--stages",
    metavar="A,B,...",
    help="The stages on the way to production, in their order. [default: none]",
)
@click.option(
    "--licenses/--no-licenses",
    default=None,
    help="Accept the permissive licences that are in use, and no others.",
)
def init(  # noqa: PLR0913 - one parameter an option
    target: Path,
    output: Path,
    name: str | None,
    base: str | None,
    stages: str | None,
    *,
    force: bool,
    licenses: bool | None,
) -> None:
    """Write a first policy for TARGET, with what is found in it today.

    TARGET is read, not run, and no network is asked. What no option says is asked on a
    terminal, and has its default elsewhere.
    """
    from mcpchain.pipeline.policies import policy_bytes, shipped
    from mcpchain.pipeline.writing import write_all
    from mcpchain.policy import draft, reading

    to_file = str(output) != "-"
    if to_file and output.exists() and not force:
        raise UsageError(
            f"`{output}` is there already, and is not overwritten",
            hint="name another file with `-o`, or give `--force`",
        )
    if sys.stdin.isatty() and sys.stdout.isatty():
        name = name or _ask("Name", draft.named(target.resolve().name))
        if base is None:
            base = _ask("Like which policy", "baseline", click.Choice([*shipped()]))
        if stages is None:
            stages = _ask("Stages, parted by commas, if any", "")
        if licenses is None:
            question = "Accept no licences but the permissive ones in use?"
            licenses = click.confirm(question, default=False, err=True)
    name = name or draft.named(target.resolve().name)
    base = base or "baseline"
    if not draft.NAME.fullmatch(name):
        raise UsageError(
            f"`{name[:80]}` is no name for a policy",
            hint="use letters, digits, `.`, `_` and `-`",
        )
    if base not in shipped():
        names = ", ".join(f"`{each}`" for each in shipped())
        raise UsageError(
            f"no policy `{base[:80]}` comes with mcpchain", hint=f"use one of {names}"
        )
    try:
        wanted = tuple(draft.stages(stages or ""))
    except ValueError as error:
        raise UsageError(
            str(error), hint="use letters, digits, `.`, `_` and `-`; part by commas"
        ) from None
    text = policy_bytes(base).decode()
    first = draft.Draft(
        name=name, base=base, text=text, stages=wanted, accept=bool(licenses)
    )
    data = _found(first, target).write().encode()
    reading.parse(data, source=str(output))
    if not to_file:
        click.echo(data, nl=False)
        return
    write_all({output: data}, replace=force)
    from mcpchain.printable import printable

    shown = printable(str(output))
    click.echo(f"wrote {shown}, like `{base}`", err=True)
    beside = printable(str(output.parent / "policy.schema.json"))
    click.echo(f"next: mcpchain policy lint {shown}", err=True)
    click.echo(f"      mcpchain policy schema -o {beside}  for editors", err=True)


def _ask(question: str, default: str, kind: click.Choice[str] | None = None) -> str:
    shown = bool(default)
    answer: str = click.prompt(
        question, default=default, type=kind, show_default=shown, err=True
    )
    return answer


def _found(first: "Draft", target: Path) -> "Draft":
    """Return *first* with what *target* and the user's settings hold."""
    from mcpchain.pipeline.judgement import judge
    from mcpchain.pipeline.policies import load_policy
    from mcpchain.policy import draft
    from mcpchain.settings import load

    terms = replace(options.circumstances(target), offline=True)
    settings = load(terms.environ, home=terms.home, projects=terms.projects)
    own = _registries(settings)
    named = draft.shareable(own)
    if left := len({*own} - {*named}):
        told = f"{left} registr{'y' if left == 1 else 'ies'} of your settings left out"
        click.echo(f"note: {told}: no https address, or may be a secret", err=True)
    first = replace(first, registries=named)
    try:
        inventory = options.survey(target, None, no_environment=False)
        with options.progress("checking") as checking:
            account = judge(inventory, load_policy(first.base), terms, checking)
    except NothingToCheckError as error:
        click.echo(f"note: {error}", err=True)
        return first
    return replace(
        first,
        licenses=draft.licenses(inventory.components),
        today=draft.today(account.verdict),
    )


def _registries(settings: "Settings") -> list[str]:
    """Return what the user has configured in place of, or beside, the defaults."""
    from mcpchain.address import normalise
    from mcpchain.settings.npm import default_registry
    from mcpchain.settings.pip import default_index

    npm = settings.npm.registries
    own = [settings.pip.index, *settings.pip.extra_indexes, npm.default]
    found = {normalise(e) for e in (*own, *(each for _, each in npm.scopes)) if e}
    usual = {normalise(default_index())}
    if npm.default and settings.program:
        usual.add(default_registry(settings.program) or "")
    return sorted(found - usual)
