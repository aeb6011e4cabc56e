"""`mcpchain verify`: who stands for it?"""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpchain.cli import options
from mcpchain.cli.expecting import expecting_options, once

if TYPE_CHECKING:
    from mcpchain.pipeline.expecting import Expectations
    from mcpchain.pipeline.trusting import Chosen
    from mcpchain.pipeline.verifying import Found

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command(
    epilog="""\b
Examples:
  mcpchain verify dist/*.whl --repository acme/files
  mcpchain verify sha256:9f86d0... --repository acme/app
  mcpchain verify app.tar.gz --bundle app.sigstore.json --repository acme/app \\
    --workflow .github/workflows/release.yml --ref 'refs/tags/v*'
  mcpchain verify note.txt --identity me@acme.example --issuer https://accounts.google.com
  mcpchain verify model.bin --key acme.pub
  mcpchain verify models/llama --key acme.pub
  mcpchain verify files.mcpb --certificate acme.pem
  mcpchain verify acme-files-1.2.0.tgz --server server.json --repository acme/files
  mcpchain verify sha256:9f86d0... --bundle it.sigstore.json --repository acme/app
  mcpchain verify 'pkg:oci/app@sha256:9f86d0...?repository_url=r.example/acme/app' \\
    --repository acme/app
  mcpchain verify pkg:pypi/sampleproject@4.0.0 --repository pypa/sampleproject
  mcpchain verify uv.lock package-lock.json bom.cdx.json
  mcpchain verify --environment .venv/bin/python
  mcpchain verify pkg:huggingface/acme/llama@main
  mcpchain verify models/llama --hub acme/llama@main

\b
Exit codes: 0 all verified; 10 something is invalid, by somebody else, unverifiable or
not signed; 4 something could not be looked at; 3 nothing to verify; 2 usage.
"""
)
@click.argument("targets", nargs=-1, metavar="TARGET...")
@click.option(
    "--packages",
    is_flag=True,
    help="TARGET is a folder, lock or BOM: verify its packages of PyPI and npm, "
    "whatever lies beside it, and whomever you name.",
)
@options.environment_options
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    type=_EXISTING,
    help="A Sigstore bundle or a PEP 740 attestation. [default: beside FILE those "
    "called FILE and .sigstore.json, .*.sigstore.json, .sigstore, .bundle, "
    ".provenance, .attestation, .publish.attestation, .slsa.attestation; of a model "
    "also .sig]",
)
@expecting_options
@once(
    "--server",
    metavar="FILE|NAME[@VERSION]",
    help="A `server.json`: is each TARGET the package, or the image, of that MCP "
    "server, built from its repository by the owner of its name? NAME: as "
    "`--mcp-registry` has it. Where no bundle lies beside a package, your own "
    "registries are asked for one.",
)
@once("--mcp-registry", metavar="URL", help="The MCP registry to ask.")
@once(
    "--hub",
    metavar="OWNER/NAME[@REVISION]",
    help="Compare the folder of a model with what a hub has: of Hugging Face, or that "
    "of HF_ENDPOINT. Nobody has signed that.",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Open no connection; packages, images, models of a hub and what only GitHub "
    "has about a file cannot be verified then.",
)
@once(
    "--registry-keys",
    type=_EXISTING,
    help="The keys of a registry that signs as npm's does, as it gives them at "
    "`/-/npm/v1/keys`. [default: npm's own]",
)
@click.option(
    "--format",
    "format_id",
    type=click.Choice(["text", "json"]),
    default="text",
    show_default=True,
    help="How to tell it on standard output.",
)
def verify(  # noqa: PLR0913, PLR0917 - one parameter an option
    targets: tuple[str, ...],
    packages: bool,  # noqa: FBT001 - click's flag
    environment: Path | None,
    no_environment: bool,  # noqa: FBT001 - click's flag
    verify_installed: bool,  # noqa: FBT001 - click's flag
    bundles: tuple[Path, ...],
    expectations: "Expectations",
    server: str | None,
    mcp_registry: str | None,
    hub: str | None,
    offline: bool,  # noqa: FBT001 - click's flag
    registry_keys: Path | None,
    format_id: str,
) -> None:
    """Say who signed each TARGET, and whether that is whom you expect.

    TARGET is a file with its bundle or attestation, `sha256:` and the digest of one,
    an MCP bundle that holds its signature, the folder of a signed model, or a package,
    `pkg:pypi/NAME@VERSION` or `pkg:npm/NAME@VERSION`, which your own registries are
    asked about. `pkg:oci/...` is an image, whose registry is asked, and a folder may
    hold images (OCI image layout). Anybody who can push an image can attach signatures
    to it: of those one that holds, by whom you expect, is enough. A tag in place of the
    digest of an image is looked up, and told.

    Where nothing lies beside a file or is attached to an image, or TARGET is a digest,
    and you expect a repository on GitHub, GitHub is asked for its attestations, and one
    that holds is enough. It is told the token in GH_TOKEN or GITHUB_TOKEN; one of your
    own is named by GH_HOST, and told that in GH_ENTERPRISE_TOKEN.

    Where you name nobody and nothing lies beside it, a lock, a BOM or the folder of a
    project stands for its packages, as an environment does; PyPI then says who
    published, and a package of npm which repository is its own. A snapshot in the cache
    of a hub, and `pkg:huggingface/OWNER/NAME@REVISION`, are compared with what the hub
    has now; that its files are the hub's is a yes, and nobody has signed it.

    Signature, log entry, time, certificate and statement are checked without the
    network. Every bundle of a file has to hold. Without an identity or a key no file is
    verified: anybody can sign.
    """
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.sorting import sort
    from mcpchain.pipeline.verifying import Verifier

    expectations.check()
    around = replace(
        options.circumstances(Path.cwd()),
        offline=offline,
        root=expectations.root or None,
        trusted_root=expectations.trusted_root,
    )
    expectations = expectations.at(around.environ.get("GH_HOST", ""))
    chosen = chosen_root(expectations)
    verifier = Verifier(
        expectations=expectations,
        chosen=chosen,
        around=around,
        folder=options.trust_folder(),
        bar=options.progress,
        bundles=bundles,
        registry_keys=registry_keys,
    )
    if server is None and mcp_registry is None:
        wanted = sort(
            targets, expectations, bundles, packages=packages, hub=hub is not None
        )
        # An environment that is active is no answer to who signs with a key.
        meant = wanted.beside_environment and bool(targets or not expectations.private)
        if environment is None and not no_environment and meant:
            environment = options.active_environment()
        if not targets and environment is None:
            raise UsageError("no TARGET is named", hint="name what to verify")
        found = verifier.of_targets(
            wanted, environment, hub, installed=verify_installed
        )
    elif packages or environment or verify_installed or hub:
        raise UsageError(
            "with `--server` each TARGET is a file of a package, or an image",
            hint="leave out `--packages`, `--environment` and `--hub`",
        )
    else:
        found = verifier.of_server(targets, server, mcp_registry)
    tell(found, chosen, format_id, offline=offline)


def chosen_root(expectations: "Expectations") -> "Chosen":
    """Return whom to trust, as the options say."""
    from mcpchain.pipeline.trusting import choose, from_file

    if expectations.trusted_root is not None:
        return from_file(expectations.trusted_root)
    name = expectations.root or None
    return choose(name, options.trust_folder(), options.now())


def tell(found: "Found", chosen: "Chosen", format_id: str, *, offline: bool) -> None:
    """Print what came of it, and end with its exit code."""
    from mcpchain import __version__
    from mcpchain.verification import Run, renderers

    now, _ = options.timestamp()
    run = Run(
        verifications=found.answers,
        now=now,
        version=__version__,
        root=str(chosen.root),
        root_age=chosen.age,
        root_note=chosen.note,
        notes=found.notes,
        offline=offline,
    )
    click.echo(renderers()[format_id](run), nl=False)
    click.get_current_context().exit(run.exit)
