"""`mcpchain policy lint` and `diff`: what is odd, and what a change does."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpchain.cli import options
from mcpchain.errors import Exit

if TYPE_CHECKING:
    from mcpchain.document import Node
    from mcpchain.policy import Policy
    from mcpchain.policy.changes import Change
    from mcpchain.policy.lint import Remark

FILE = click.argument("file", metavar="FILE")
_FORMAT = click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
STAGE = click.option(
    "--stage",
    metavar="NAME",
    help="At which stage a target is judged; needed if the policy has any.",
)
OFFLINE = click.option(
    "--offline", is_flag=True, help="Use no network when a target is judged."
)


@click.command(
    epilog="""\b
Examples:
  mcpchain policy lint acme.yaml
  mcpchain policy lint acme.yaml --verdict verdict.json   unused waivers too
  mcpchain policy lint acme.yaml --verdict . --offline

\b
Exit codes: 0 nothing but notes, 2 usage or policy file, 10 a warning.
"""
)
@FILE
@click.option(
    "--verdict",
    "against",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A verdict by this policy (`gate --format json`), or a target to judge now: "
    "tells which waivers cover nothing.",
)
@STAGE
@OFFLINE
@click.option(
    "--soon",
    metavar="DAYS",
    type=click.IntRange(0, 365),
    default=14,
    show_default=True,
    help="What ends within so many days is told.",
)
@_FORMAT
def lint(
    file: str,
    against: Path | None,
    stage: str | None,
    soon: int,
    format_id: str,
    *,
    offline: bool,
) -> None:
    """Say what is odd about FILE, which can be applied as it is written.

    Waivers that have ended, cover nothing or accept too much; what can never decide;
    publishers who are named loosely; conditions that are true of nothing at all.
    """
    import datetime as dt

    from mcpchain.pipeline.policies import load_policy, policy_bytes
    from mcpchain.pipeline.policy_verdicts import unused
    from mcpchain.pipeline.standing import ASKED
    from mcpchain.policy.lint import Known
    from mcpchain.policy.lint import lint as remarks
    from mcpchain.strict_yaml import load

    ask = options.circumstances(Path(file))
    chosen = load_policy(file, ask, holding=False)
    covered = (
        unused(verdict_of(against, chosen, stage, offline=offline), chosen)
        if against
        else ()
    )
    known = Known(
        today=ask.now.date(),
        soon=dt.timedelta(days=soon),
        asked=ASKED,
        unused=covered,
    )
    root = load(policy_bytes(file), source=chosen.source)
    found = remarks(chosen, root, known)
    if format_id == "json":
        _as_json([_remark(each) for each in found], "mcpchain/policy-lint/v1")
    else:
        _tell(found)
    odd = any(not each.mild for each in found)
    click.get_current_context().exit(Exit.DENIED if odd else Exit.ALLOWED)


def verdict_of(
    path: Path, chosen: "Policy", stage: str | None, *, offline: bool
) -> "Node":
    """Return the verdict in *path*, or the one about it."""
    from dataclasses import replace

    from mcpchain.pipeline.policies import at_stage
    from mcpchain.pipeline.policy_verdicts import verdict
    from mcpchain.report import all_formats

    def judged() -> str:
        from mcpchain.pipeline.judgement import judge

        terms = replace(options.circumstances(path), offline=offline)
        staged = at_stage(chosen, stage)
        inventory = options.survey(path, None, no_environment=False)
        with options.progress("checking") as checking:
            account = judge(inventory, staged, terms, progress=checking)
        return all_formats()["json"].render(account, colour=False)

    return verdict(path, chosen, judged)


def _as_json(entries: list[dict[str, object]], name: str) -> None:
    import json

    document = {"format": name, "entries": entries}
    click.echo(json.dumps(document, indent=2, ensure_ascii=True))


def _remark(each: "Remark") -> dict[str, object]:
    return {
        "level": "note" if each.mild else "warning",
        "id": each.id,
        "source": each.place.source,
        "line": each.place.line,
        "text": each.text,
        "hint": each.hint,
    }


def _tell(found: "list[Remark]") -> None:
    from mcpchain.printable import printable

    for each in found:
        level = "note" if each.mild else "warning"
        click.echo(f"{level}[{each.id}]: {printable(each.text)}")
        click.echo(f"  --> {printable(str(each.place))}")
        click.echo(f"  hint: {printable(each.hint)}")
    mild = sum(each.mild for each in found)
    odd = len(found) - mild
    click.echo(f"{odd} warning{'s'[: odd != 1]}, {mild} note{'s'[: mild != 1]}")


@click.command(
    epilog="""\b
Examples:
  mcpchain policy diff old.yaml acme.yaml
  mcpchain policy diff strict acme.yaml --format markdown >> "$GITHUB_STEP_SUMMARY"

\b
Exit codes: 0 the same or stricter, 2 usage or policy file, 10 looser.
"""
)
@click.argument("old")
@click.argument("new")
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json", "markdown"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
def diff(old: str, new: str, format_id: str) -> None:
    """Say what NEW asks otherwise than OLD, and whether that is less.

    What cannot be shown to be at least as strict counts as looser: which of two
    identities is narrower, or which of two scopes, is nothing to guess about.
    """
    from mcpchain.pipeline.policies import load_policy
    from mcpchain.policy.changes import changes

    before, after = (
        load_policy(name, options.circumstances(Path(name)), holding=False)
        for name in (old, new)
    )
    found = sorted(changes(before, after), key=lambda each: not each.loosens)
    if format_id == "json":
        entries = [_change(each) for each in found]
        _as_json(entries, "mcpchain/policy-diff/v1")
    elif format_id == "markdown":
        _tell_markdown(found)
    else:
        _tell_changes(found)
    looser = any(each.loosens for each in found)
    click.get_current_context().exit(Exit.DENIED if looser else Exit.ALLOWED)


def _change(each: "Change") -> dict[str, object]:
    return {"what": each.what, "text": each.text, "loosens": each.loosens}


def _tell_changes(found: "list[Change]") -> None:
    from mcpchain.printable import printable

    for each in found:
        click.echo(printable(str(each)))
    looser = sum(each.loosens for each in found)
    click.echo(f"{looser} looser, {len(found) - looser} stricter")


def _tell_markdown(found: "list[Change]") -> None:
    """Print a table; nobody's words become more than text in it."""
    import html

    from mcpchain.printable import printable

    looser = sum(each.loosens for each in found)
    click.echo(f"**Policy: {looser} looser, {len(found) - looser} stricter**")
    if found:
        click.echo("\n| | where | what |\n|---|---|---|")
    for each in found:
        how = "**looser**" if each.loosens else "stricter"
        text = html.escape(printable(each.text), quote=False)
        cell = text.replace("\\", "\\\\").replace("|", "\\|")
        click.echo(f"| {how} | `{each.what}` | {cell} |")
