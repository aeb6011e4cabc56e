"""`mcpchain policy export`, `sign` and `verify`: a policy on its way to others."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from mcpchain.cli import options
from mcpchain.cli.expecting import expecting_options
from mcpchain.cli.signing import Wishes, run, signing_options

if TYPE_CHECKING:
    from mcpchain.pipeline.expecting import Expectations

_FILE = click.argument(
    "file", type=click.Path(exists=True, dir_okay=False, path_type=Path)
)


@click.command(
    epilog="""\b
Examples:
  mcpchain policy export --cluster-image-policy acme.yaml -o images.yaml
  mcpchain policy export --kyverno acme.yaml --stage production | kubectl apply -f -

\b
Exit codes: 0 written, 2 usage or policy file, 3 the policy says nothing of images.
"""
)
@click.argument("file", metavar="FILE")
@click.option(
    "--cluster-image-policy",
    "kind",
    flag_value="cluster-image-policy",
    help="For sigstore's policy-controller.",
)
@click.option(
    "--kyverno",
    "kind",
    flag_value="kyverno",
    help="For Kyverno, as ImageValidatingPolicy.",
)
@click.option(
    "--stage",
    metavar="NAME",
    help="At which stage images run there; needed if the policy has any. Of one that "
    "requires the verdict of another, the cluster asks for that too.",
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write it to this file. [default: standard output]",
)
def export(file: str, kind: str | None, stage: str | None, output: Path | None) -> None:
    """Write what FILE asks of images for the admission controller of a cluster.

    That is who has to have signed them (`publishers`), and which verdict is required.
    What such a controller cannot say is told on standard error, and in the file.
    """
    from mcpchain.errors import NothingToCheckError, UsageError
    from mcpchain.pipeline.policies import at_stage, load_policy
    from mcpchain.pipeline.writing import write_all
    from mcpchain.policy import admission
    from mcpchain.printable import printable

    writers = {
        "cluster-image-policy": admission.cluster_image_policy,
        "kyverno": admission.kyverno,
    }
    if kind is None:
        raise UsageError(
            "nothing says for which controller",
            hint="add `--cluster-image-policy` or `--kyverno`",
        )
    chosen = at_stage(load_policy(file, options.circumstances(Path(file))), stage)
    found = admission.export(chosen, writers[kind])
    if not found.documents:
        raise NothingToCheckError(
            f"`{chosen.name}` says of no image who has to sign it",
            hint="name images under `publishers`: "
            "`pkg:oci/NAME?repository_url=HOST/PATH/NAME`",
        )
    told = [
        f"From the policy `{chosen.name}`, sha256:{chosen.sha256}.",
        *(f"Not the same here: {each}." for each in dict.fromkeys(found.notes)),
    ]
    text = "".join(f"# {printable(each)}\n" for each in told)
    text += _yaml(found.documents)
    for each in told[1:]:
        click.echo(printable(each.replace("Not the same here", "note", 1)), err=True)
    if output is None:
        click.echo(text, nl=False)
    else:
        write_all({output: text.encode()}, replace=True)


def _yaml(documents: tuple[dict[str, Any], ...]) -> str:
    """Return *documents* as YAML, with a key as a block."""
    import yaml

    class Dumper(yaml.SafeDumper):
        """Of its own, so that no other writer changes."""

    def text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
        style = "|" if "\n" in value else None
        return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)

    Dumper.add_representer(str, text)
    written: str = yaml.dump_all(
        documents, Dumper=Dumper, explicit_start=True, sort_keys=False, width=10_000
    )
    return written


@click.command(
    epilog="""\b
Examples:
  mcpchain policy sign acme.yaml --key security.key   acme.yaml.sigstore.json
  mcpchain policy sign acme.yaml                      as who runs it
"""
)
@_FILE
@signing_options
def sign(file: Path, **given: Any) -> None:  # noqa: ANN401 - the shared options
    """Sign the policy FILE, once it can be applied as it is written.

    The bundle goes to FILE.sigstore.json. It stands for the bytes of that file alone:
    a policy that it extends is pinned in it, and keys beside it are signed each for
    itself.
    """
    from mcpchain.pipeline.policies import load_policy
    from mcpchain.pipeline.signing import Models
    from mcpchain.pipeline.signing_jobs import to_sign

    load_policy(str(file), options.circumstances(file))
    wishes = Wishes(**given)
    run(to_sign([str(file)], [], wishes.where, Models()), wishes)


@click.command(
    epilog="""\b
Examples:
  mcpchain policy verify acme.yaml --key security.pub --no-log
  mcpchain policy verify acme.yaml --repository acme/policies --ref refs/heads/main

\b
Exit codes: 0 verified, 2 usage or policy file, 4 it could not be told, 10 anything
else.
"""
)
@_FILE
@expecting_options
@click.option("--offline", is_flag=True, help="Open no connection.")
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
def verify(
    file: Path, expectations: "Expectations", format_id: str, *, offline: bool
) -> None:
    """Say who signed the policy FILE, and by which digest the gate pins it.

    The bundle lies beside it, as FILE.sigstore.json. `gate --policy-digest` takes the
    digest, which covers the policies that FILE extends and the keys that it names too.
    """
    from dataclasses import replace

    from mcpchain.cli.verify import chosen_root, tell
    from mcpchain.pipeline.policies import load_policy
    from mcpchain.pipeline.sorting import Sorted
    from mcpchain.pipeline.verifying import Verifier

    expectations.check()
    around = replace(options.circumstances(file), offline=offline)
    digest = load_policy(str(file), around, holding=False).sha256
    chosen = chosen_root(expectations)
    verifier = Verifier(
        expectations=expectations,
        chosen=chosen,
        around=around,
        folder=options.trust_folder(),
        bar=options.progress,
    )
    found = verifier.of_targets(Sorted(files=(str(file),)))
    if found.answers and all(found.answers):  # nobody should pin what does not hold
        click.echo(f"its digest, for `gate --policy-digest`: sha256:{digest}", err=True)
    tell(found, chosen, format_id, offline=offline)
