"""`mcpchain policy explain` and `test`: what a policy makes of a case."""

from pathlib import Path

import click

from mcpchain.cli import options
from mcpchain.cli.policy_checks import FILE, OFFLINE, STAGE, verdict_of


@click.command(
    epilog="""\b
Examples:
  mcpchain policy explain acme.yaml known-vulnerability
  mcpchain policy explain acme.yaml pkg:pypi/example@1.2.3 --verdict verdict.json
  mcpchain policy explain acme.yaml 3f2a9c1d --verdict verdict.json  a fingerprint

\b
Exit codes: 0, 2 usage or policy file, 3 no finding is about it.
"""
)
@FILE
@click.argument("what", metavar="RULE|PURL|FINDING")
@click.option(
    "--verdict",
    "against",
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A verdict by this policy (`gate --format json`), for which no network is "
    "asked; or a target, which is judged now.",
)
@STAGE
@OFFLINE
def explain(
    file: str, what: str, against: Path | None, stage: str | None, *, offline: bool
) -> None:
    """Say which line of FILE decides, on which evidence, and how it would pass.

    RULE is a rule, PURL a package as a verdict shows it, FINDING the beginning of a
    finding's `fingerprint`. Without a verdict, say what FILE asks of it.
    """
    from mcpchain.pipeline.policies import load_policy, policy_bytes
    from mcpchain.pipeline.policy_explaining import explained
    from mcpchain.printable import printable

    ask = options.circumstances(Path(file))
    chosen = load_policy(file, ask, holding=False)
    verdict = verdict_of(against, chosen, stage, offline=offline) if against else None
    if verdict is not None:
        stage = verdict.at("policy").at("stage").optional_text()
    for line in explained(chosen, policy_bytes(file), what, stage, verdict):
        click.echo(printable(line))
