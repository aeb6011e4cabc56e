"""`mcpchain gate`: may it be deployed?"""

import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpchain.cli import options
from mcpchain.cli.binding import Binding, binding_options
from mcpchain.errors import Exit, UsageError

if TYPE_CHECKING:
    from mcpchain.report import Account


@click.command(
    epilog="""\b
Examples:
  mcpchain gate                                  this folder, by the baseline policy
  mcpchain gate --policy strict                  by the strict one
  mcpchain gate --policy mcp-servers --user-config   the servers of this machine
  mcpchain gate --policy acme.yaml --advisories osv/npm.zip --advisories osv/pypi.zip
  mcpchain gate --offline --format json bom.cdx.json
  mcpchain gate .mcp.json                        one file
  mcpchain gate --resolve                        with what the servers pull in
  mcpchain gate --policy acme.yaml --stage staging --verdict staging.json --key gate.key
  mcpchain gate --policy acme.yaml --stage production --require-verdict staging.json
  mcpchain gate --policy acme.yaml --policy-digest sha256:9f86d0...
  mcpchain gate --compliance-report evidence.md
  mcpchain gate bom.cdx.json --subject agent@sha256:9f86d0... --log decisions.jsonl

\b
Exit codes: 0 allowed, 2 usage or policy file, 3 nothing to check,
4 undecided (an answer was missing), 10 denied.
"""
)
@options.TARGET
@click.option(
    "--policy",
    default="baseline",
    metavar="FILE",
    show_default=True,
    help="A policy file, or the name of one that comes with mcpchain: `baseline`, "
    "`strict`, `production`, `mcp-servers`, `models`, `air-gapped`.",
)
@click.option(
    "--policy-digest",
    metavar="sha256:HEX",
    help="Apply the policy only if it has this digest, as verdicts and `mcpchain "
    "policy verify` tell it. It covers what the policy extends, and its keys.",
)
@click.option(
    "--stage",
    metavar="NAME",
    help="At which of the policy's `stages` it is judged; needed if it has any.",
)
@click.option(
    "--advisories",
    multiple=True,
    metavar="PATH",
    type=click.Path(exists=True, path_type=Path),
    help="A folder or zip of OSV records. May be given several times.",
)
@click.option(
    "--pip-audit/--no-pip-audit",
    default=None,
    help="Ask pip-audit about Python packages. [default: only where no --advisories "
    "covers them]",
)
@click.option("--offline", is_flag=True, help="Use no network at all.")
@click.option(
    "--download",
    is_flag=True,
    help="Fetch the files that would be installed here, and hash them.",
)
@click.option(
    "--root",
    metavar="NAME",
    help="Whom to trust for signatures, by a name that `mcpchain trust` has. [default: "
    "sigstore, as last updated]",
)
@click.option(
    "--trusted-root",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The same, as a file.",
)
@click.option(
    "--registry-keys",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The keys of a registry that signs as npm's does, as it gives them at "
    "`/-/npm/v1/keys`. [default: npm's own]",
)
@options.RESOLVE
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell the verdict on standard output.",
)
@click.option(
    "--bom",
    metavar="OUT",
    type=click.Path(path_type=Path),
    help="Write the CycloneDX BOM of TARGET to this file as well.",
)
@click.option(
    "--compliance-report",
    "compliance",
    metavar="OUT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file (.json or .md) what was seen of the controls of OWASP's "
    "LLM and MCP Top 10, NIST SSDF, SLSA, the EU's CRA and AI Act, and ISO 27001.",
)
@binding_options
@options.environment_options
@options.user_config_option
def gate(  # noqa: PLR0913, PLR0917 - one parameter an option
    target: Path,
    policy: str,
    policy_digest: str | None,
    stage: str | None,
    advisories: tuple[Path, ...],
    environment: Path | None,
    bom: Path | None,
    compliance: Path | None,
    format_id: str,
    root: str | None,
    trusted_root: Path | None,
    registry_keys: Path | None,
    binding: Binding,
    *,
    pip_audit: bool | None,
    offline: bool,
    download: bool,
    resolve: bool,
    no_environment: bool,
    user_config: bool,
    verify_installed: bool,
) -> None:
    """Say whether TARGET may be deployed, and why not.

    TARGET is a project folder, a lock or configuration file, or a CycloneDX BOM. It is
    read, not run: its packages are compared with what the registries offer and who
    signed that, looked up among advisories, and judged by a policy.
    """
    from mcpchain.pipeline.judgement import judge
    from mcpchain.pipeline.policies import at_stage, load_policy, pinned
    from mcpchain.pipeline.subject import promoted
    from mcpchain.report import all_formats

    online = {"--download": download, "--resolve": resolve, "--pip-audit": pip_audit}
    if offline and any(online.values()):
        option = next(name for name, given in online.items() if given)
        raise UsageError(
            f"`--offline` and `{option}` contradict each other",
            hint="leave one of them out",
        )
    if root and trusted_root:
        raise UsageError(
            "`--root` and `--trusted-root` say the same in two ways",
            hint="name a root, or a file",
        )
    if bom is not None and str(bom) == "-":
        raise UsageError(
            "`--bom -` would write the BOM between the lines of the verdict",
            hint="name a file, or use `mcpchain sbom -o -`",
        )
    if compliance is not None and compliance.suffix not in {".json", ".md"}:
        raise UsageError(
            f"`--compliance-report {compliance}` says nothing of the format",
            hint="let its name end with `.json` or `.md`",
        )
    terms = replace(
        options.circumstances(target),
        advisories=advisories,
        pip_audit=pip_audit,
        offline=offline,
        download=download,
        root=root,
        trusted_root=trusted_root,
        registry_keys=registry_keys,
    )
    found = load_policy(policy, terms)
    if policy_digest is None:
        # Of a variable that is empty, click makes one that is not there.
        policy_digest = terms.environ.get("MCPCHAIN_GATE_POLICY_DIGEST")
    if policy_digest is not None:
        pinned(found, policy_digest)
    chosen = at_stage(found, stage)
    binding = binding.check(chosen)
    with binding.signer(terms) as signer:
        bound = binding.bind(target, chosen, bom, compliance)
        inventory = options.survey(
            target,
            environment,
            no_environment=no_environment,
            user_config=user_config,
            verify_installed=verify_installed,
        )
        if resolve:
            inventory = options.resolve(
                inventory, terms, chosen.registries, bom=bom is not None
            )
        if bom:
            options.write_bom(promoted(inventory), bom)
        refused = binding.refused(bound, chosen, terms)
        with options.progress("checking") as checking:
            account = judge(inventory, chosen, terms, checking, refused)
        account = replace(account, subjects=bound.subjects if bound else ())
        colour = sys.stdout.isatty() and "NO_COLOR" not in os.environ  # noqa: TID251
        report = all_formats()[format_id].render(account, colour=colour)
        click.echo(report, nl=False, color=colour)
        if compliance:
            _write_evidence(account, compliance)
        binding.conclude(bound, account, signer)
    click.get_current_context().exit(_EXITS[account.verdict.decision.value])


def _write_evidence(account: "Account", output: Path) -> None:
    from mcpchain.compliance import as_json, as_markdown
    from mcpchain.pipeline.writing import write_all

    text = as_json(account) if output.suffix == ".json" else as_markdown(account)
    write_all({output: text.encode()}, replace=True)


_EXITS = {"allow": Exit.ALLOWED, "undecided": Exit.UNDECIDED, "deny": Exit.DENIED}
