"""`mcpchain attest`: say something of files, and stand for it."""

from pathlib import Path
from typing import Any

import click

from mcpchain.cli.signing import Wishes, run, signing_options


@click.command(
    epilog="""\b
Examples:
  mcpchain attest --predicate-type cyclonedx --predicate bom.cdx.json app.whl
                                                   app.whl.cyclonedx.sigstore.json
  mcpchain attest --predicate-type slsaprovenance1 --predicate build.json dist/*.whl \\
    --key release.key --bundle provenance.sigstore.json
  mcpchain attest --predicate-type https://acme.example/review/v1 \\
    --predicate review.json app@sha256:9f86d0... --key release.key --bundle it.json
  mcpchain verify app.whl --key release.pub --no-log

\b
Exit codes: 0 signed; 2 usage, or a key or token that cannot be used; 4 a
file, a service or the place of a key failed. Unless it is 0, nothing was written, or it
says so.
"""
)
@click.argument("subjects", nargs=-1, required=True, metavar="SUBJECT...")
@click.option(
    "--predicate-type",
    "kind",
    required=True,
    metavar="TYPE",
    help="What is said: slsaprovenance1, cyclonedx, spdx, vsa, vuln, or a URI.",
)
@click.option(
    "--predicate",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="The JSON that says it; of the types above, what they must have is checked.",
)
@signing_options
def attest(
    subjects: tuple[str, ...],
    kind: str,
    predicate: Path,
    **given: Any,  # noqa: ANN401 - the shared options
) -> None:
    """Sign a statement (in-toto) about every SUBJECT: that the predicate is true of it.

    SUBJECT is a file, `sha256:` and the digest of one, or NAME@sha256:... of one that
    is elsewhere. Several are in one statement and one bundle. Whether what is said is
    true is for you to know; only its form is looked at.
    """
    from mcpchain.pipeline.signing_jobs import to_attest

    wishes = Wishes(**given)
    run(to_attest(subjects, kind, predicate, wishes.where), wishes)
