"""`mcpchain verdict`: whether a signed verdict counts."""

from pathlib import Path
from typing import Any

import click

from mcpchain.cli import options
from mcpchain.cli.expecting import IDENTITY
from mcpchain.errors import Exit, UsageError

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group()
def verdict() -> None:
    """Look at verdicts, which `mcpchain gate --verdict` signs.

    \b
    Examples:
      mcpchain gate --policy acme.yaml --stage staging --verdict it.json --key gate.key
      mcpchain verdict verify it.json --subject . --policy acme.yaml --stage staging
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


def _identity(command: Any) -> Any:  # noqa: ANN401 - click's decorators
    for option in reversed(IDENTITY):
        command = option(command)
    return command


@verdict.command(
    epilog="""\b
Examples:
  mcpchain verdict verify it.json --subject app.whl --policy acme.yaml --stage staging
  mcpchain verdict verify it.json --subject sha256:9f86d0... --stage production \\
    --policy sha256:2c26b4... --verifier https://gate.acme.example --key gate.pub

\b
Exit codes: 0 it counts; 2 usage or policy file; 4 what it is about cannot be read;
10 it does not count.
"""
)
@click.argument("files", nargs=-1, required=True, metavar="FILE...", type=_EXISTING)
@click.option(
    "--subject",
    "subjects",
    multiple=True,
    required=True,
    metavar="PATH|DIGEST",
    help="What the verdict has to be about: a file, the folder that was judged, "
    "`sha256:...`. May be given several times.",
)
@click.option(
    "--policy",
    "policies",
    multiple=True,
    required=True,
    metavar="FILE|DIGEST",
    help="What has to have been applied: a policy, or its digest as the verdict has "
    "it. May be given several times.",
)
@click.option(
    "--stage", default="", metavar="NAME", help="Of which stage it has to be."
)
@click.option(
    "--verifier",
    metavar="URL",
    help="Whose it has to be. [default: the only one of the policy's `verifiers`]",
)
@click.option(
    "--resource",
    metavar="URI",
    help="What has to have been judged, as `gate --resource` named it. [default: the "
    "verifier]",
)
@click.option(
    "--max-age",
    default="7d",
    show_default=True,
    help="How old it may be, in hours or days.",
)
@click.option(
    "--key",
    type=_EXISTING,
    help="The public key (PEM) of the verifier. [default: as the policy's `verifiers` "
    "say]",
)
@_identity
@click.option(
    "--trusted-root",
    type=_EXISTING,
    help="Whom to trust, in place of the public instance of Sigstore.",
)
@click.option(
    "--root",
    metavar="NAME",
    help="The same, by the name of a root that `mcpchain trust` has.",
)
def verify(
    files: tuple[Path, ...],
    subjects: tuple[str, ...],
    trusted_root: Path | None,
    root: str | None,
    **given: Any,  # noqa: ANN401 - click's values
) -> None:
    """Say whether the verdicts in FILEs allow all of what they have to be about.

    One counts only if the verifier has signed it, it is about these very bytes, this
    stage and this policy, it passed, and it is neither too old nor of the future. Of
    several about the same the newest counts.
    """
    from dataclasses import replace

    from mcpchain.pipeline.required_verdicts import Asked, judge_of, subjects_of
    from mcpchain.pipeline.trusting import used
    from mcpchain.printable import printable

    if root and trusted_root:
        raise UsageError(
            "`--root` and `--trusted-root` say the same in two ways",
            hint="name a root, or a file",
        )
    terms = replace(
        options.circumstances(Path.cwd()), root=root, trusted_root=trusted_root
    )
    judge = judge_of(Asked(**given), terms, lambda: used(terms).root)
    about = subjects_of(subjects, files)
    if refused := judge.refuses(files, about):
        click.echo(printable(f"denied ({refused.variant}): {refused.reason}"))
        click.get_current_context().exit(Exit.DENIED)
    for each in about:
        (name, value), *_ = each.digests.items()
        click.echo(printable(f"allowed: {each.name or 'it'} ({name}:{value})"))
    click.echo(printable(f"by: {judge.wanted.verifier} ({judge.wanted.resource})"))
