"""`mcpchain policy explain` and `test`: what a policy makes of a case."""

from pathlib import Path

import click

from mcpchain.cli import options
from mcpchain.cli.policy_checks import FILE, OFFLINE, STAGE, verdict_of
from mcpchain.errors import Exit


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


@click.command(
    epilog="""\b
Examples:
  mcpchain policy test acme.yaml cases.yaml
  mcpchain policy test strict cases.yaml --format json

\b
A file of cases:
  apiVersion: mcpchain/policy-test/v1
  cases:
    - name: a server without a version is denied
      now: 2027-01-31
      components:
        - {purl: pkg:npm/files, kind: mcp-server, path: .mcp.json}
      expect:
        decision: deny
        findings: [{rule: unpinned-server, purl: pkg:npm/files, level: deny}]
    - name: a release of ours that somebody else has signed
      now: 2027-01-31
      components:
        - purl: pkg:pypi/acme-files@1.2.0
          sha256: <64 hexadecimal digits>
          published: 2026-11-30
          advisories: [{id: CVE-2027-0001, severity: low, fixed-in: ["1.2.1"]}]
          signatures: [{repository: evil/files, workflow: release.yml}]
      expect: {decision: deny}

\b
Exit codes: 0 all as expected, 2 usage, policy file or cases, 10 a case failed.
"""
)
@FILE
@click.argument("cases", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
def test(file: str, cases: Path, format_id: str) -> None:
    """Say whether FILE decides the CASES as each of them expects.

    A case gives `components` or a `target` (a BOM, a lock or a folder, with `evidence`
    by purl), and the time at which they are judged. Where it lists findings, they are
    all that is denied. No network is asked; of what a case does not say nothing is
    known, and where it tells of no signature there is none.
    """
    import json

    from mcpchain.pipeline.policies import load_policy
    from mcpchain.pipeline.policy_trials import attempt, load_cases
    from mcpchain.printable import printable

    # When it is judged is for each case to say.
    chosen = load_policy(file, options.circumstances(Path(file)), holding=False)
    results = [attempt(chosen, each) for each in load_cases(cases)]
    failed = sum(bool(each.differences) for each in results)
    if format_id == "json":
        entries = [
            {
                "name": each.name,
                "line": each.line,
                "decision": each.decision.value,
                "differences": [*each.differences],
            }
            for each in results
        ]
        document = {"format": "mcpchain/policy-test-result/v1", "cases": entries}
        click.echo(json.dumps(document, indent=2, ensure_ascii=True))
    else:
        for each in results:
            head = "failed" if each.differences else "ok"
            click.echo(f"{head:6} {printable(each.name)}")
            for difference in each.differences:
                click.echo(f"       {printable(difference)}")
        count = len(results)
        click.echo(f"{count} case{'s'[: count != 1]}, {failed} failed")
    click.get_current_context().exit(Exit.DENIED if failed else Exit.ALLOWED)
