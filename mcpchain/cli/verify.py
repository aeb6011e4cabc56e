"""`mcpchain verify`: who stands for it?"""

from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from mcpchain.cli import options

if TYPE_CHECKING:
    from collections.abc import Callable

    from cryptography.x509 import Certificate

    from mcpchain.bundle.policy import Expected
    from mcpchain.bundle.private import PrivateAuthority
    from mcpchain.bundle.verify import Opinion
    from mcpchain.pipeline.knowledge import Circumstances
    from mcpchain.pipeline.mcp_entries import Ask
    from mcpchain.pipeline.trusting import Chosen
    from mcpchain.pipeline.verification import Terms
    from mcpchain.signature import Verification
    from mcpchain.verify.mcp_registry import Server

_EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
_GITHUB = "https://token.actions.githubusercontent.com"
_GITLAB = "https://gitlab.com"
_PURLS = ("pkg:npm/", "pkg:pypi/")


@click.command(
    epilog="""\b
Examples:
  mcpchain verify dist/*.whl --repository acme/files
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
  mcpchain verify --packages uv.lock package-lock.json

\b
Exit codes: 0 all verified; 10 something is invalid, by somebody else, unverifiable or
not signed; 4 something could not be looked at; 3 nothing to verify; 2 usage.
"""
)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "--packages",
    is_flag=True,
    help="TARGET is a folder, lock or BOM: verify every package of PyPI and npm in it.",
)
@click.option(
    "--bundle",
    "bundles",
    multiple=True,
    type=_EXISTING,
    help="A Sigstore bundle or a PEP 740 attestation. [default: those beside FILE]",
)
@click.option("--identity", help="The subject of the certificate: an e-mail or URI.")
@click.option(
    "--issuer",
    help="Who vouches for the identity. [default with --repository: its host's]",
)
@click.option("--repository", help="The source repository: an address, or OWNER/NAME.")
@click.option("--workflow", help="The path of the workflow that signed.")
@click.option("--ref", help="The branch or tag; `*` stands for anything.")
@click.option(
    "--key", type=_EXISTING, help="A public key (PEM), in place of an identity."
)
@click.option(
    "--ca",
    type=_EXISTING,
    help="Certificates (PEM) of an authority for who signs models and MCP bundles, in "
    "place of an issuer; `--identity` then is the name in the certificate.",
)
@click.option(
    "--certificate",
    type=_EXISTING,
    help="Certificates (PEM) of those who sign MCP bundles, each trusted for itself.",
)
@click.option(
    "--server",
    metavar="FILE|NAME[@VERSION]",
    help="A `server.json`: is each TARGET the package of that MCP server, built from "
    "its repository by the owner of its name? NAME: as `--mcp-registry` has it. Where "
    "no bundle lies beside a package, your own registries are asked for one.",
)
@click.option("--mcp-registry", metavar="URL", help="The MCP registry to ask.")
@click.option(
    "--ignore",
    "ignored",
    multiple=True,
    metavar="PATH",
    help="In the folder of a model: what need not be signed.",
)
@click.option(
    "--no-log",
    is_flag=True,
    help="With --key: accept a signature that is in no transparency log.",
)
@click.option(
    "--trusted-root",
    type=_EXISTING,
    help="Whom to trust, in place of the public instance of Sigstore.",
)
@click.option(
    "--root",
    "root_name",
    metavar="NAME",
    help="The same, by the name of a root that `mcpchain trust` has. [default: "
    "sigstore, as last updated]",
)
@click.option(
    "--offline",
    is_flag=True,
    help="Open no connection; packages and images cannot be verified then.",
)
@click.option(
    "--registry-keys",
    type=_EXISTING,
    help="The keys of a registry that signs as npm's does, as it gives them at "
    "`/-/npm/v1/keys`. [default: npm's own]",
)
@click.option(
    "--second-opinion",
    "demand",
    type=click.Choice(["required", "when-supported", "off"]),
    default="off",
    show_default=True,
    help="Ask sigstore-python too about every Sigstore bundle. What the two disagree "
    "on is invalid; `required` takes nothing that it cannot be asked about.",
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
    offline: bool,  # noqa: FBT001 - click's flag
    bundles: tuple[Path, ...],
    identity: str | None,
    issuer: str | None,
    repository: str | None,
    workflow: str | None,
    ref: str | None,
    key: Path | None,
    ca: Path | None,
    certificate: Path | None,
    server: str | None,
    mcp_registry: str | None,
    ignored: tuple[str, ...],
    no_log: bool,  # noqa: FBT001 - click's flag
    trusted_root: Path | None,
    root_name: str | None,
    demand: str,
    registry_keys: Path | None,
    format_id: str,
) -> None:
    """Say who signed each TARGET, and whether that is whom you expect.

    TARGET is a file with its bundle or attestation, `sha256:` and the digest of one,
    an MCP bundle that holds its signature, the folder of a signed model, or a package,
    `pkg:pypi/NAME@VERSION` or `pkg:npm/NAME@VERSION`, which your own registries are
    asked about. `pkg:oci/...` is an image, whose registry is asked, and a folder may
    hold images (OCI image layout). Anybody who can push an image can attach signatures
    to it: of those one that holds, by whom you expect, is enough.

    Signature, log entry, time, certificate and statement are checked without the
    network. Every bundle of a file has to hold. Without an identity or a key nothing is
    verified: anybody can sign.
    """
    from mcpchain import __version__
    from mcpchain.pipeline.verification import Terms, read_key, verify_targets
    from mcpchain.verification import Run, renderers

    authority = _authority(ca, identity, issuer, repository, workflow, ref, key)
    chosen = _root(trusted_root, root_name)
    terms = Terms(
        expected=None if ca else _expected(identity, issuer, repository, workflow, ref),
        key=read_key(key) if key else None,
        root=chosen.root,
        opinion=_opinion(chosen.data, demand),
        log_needed=not no_log,
        authority=authority,
        ignored=_ignored(ignored),
        certificates=_certificates(certificate),
        now=options.now(),
    )
    now, _ = options.timestamp()
    asked = [each for each in targets if packages or each.startswith(_PURLS)]
    files = [each for each in targets if each not in asked]
    around = partial(_around, offline=offline)
    entry = _entry(server, mcp_registry, around)
    with options.progress("hashing") as hashing:
        if entry:
            from mcpchain.pipeline import mcp_entries

            ask = None if offline else _asking(terms, registry_keys, around())
            found = tuple(
                mcp_entries.verify_targets(targets, bundles, terms, entry, hashing, ask)
            )
            asked = []
        else:
            found = tuple(verify_targets(files, bundles, terms, hashing, around))
    if asked:
        found += _of_packages(asked, terms, registry_keys, offline=offline)
    if demand != "off":
        from mcpchain.signature import Demand
        from mcpchain.verify.second_opinion import demanded

        found = tuple(demanded(each, Demand(demand)) for each in found)
    run = Run(
        verifications=found,
        now=now,
        version=__version__,
        root=str(chosen.root),
        root_age=chosen.age,
        root_note=chosen.note,
    )
    click.echo(renderers()[format_id](run), nl=False)
    click.get_current_context().exit(run.exit)


def _root(file: Path | None, name: str | None) -> "Chosen":
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.trusting import choose, from_file

    if file is None:
        return choose(name, options.trust_folder(), options.now())
    if name is not None:
        raise UsageError(
            "`--root` and `--trusted-root` say the same in two ways",
            hint="name a root, or a file",
        )
    return from_file(file)


def _entry(
    server: str | None, registry: str | None, around: "Callable[[], Circumstances]"
) -> "Server | None":
    from mcpchain.errors import UsageError

    if server is None:
        if registry is None:
            return None
        hint = "name a server of it: `--server io.github.acme/files`"
        raise UsageError("`--mcp-registry` is asked for a server", hint=hint)
    from mcpchain.pipeline.mcp_entries import fetch_entry, read_entry

    if registry is None:
        return read_entry(Path(server))
    return fetch_entry(server, registry, around())


def _asking(terms: "Terms", keys: Path | None, around: "Circumstances") -> "Ask | None":
    """Return how a registry is asked; it has nothing by keys of the user's."""
    if terms.key or terms.authority:
        return None
    from mcpchain.pipeline.mcp_entries import of_registry
    from mcpchain.pipeline.registry_signatures import read_registry_keys

    known = read_registry_keys(keys, options.trust_folder())
    return partial(of_registry, terms=terms, known=known, around=around)


def _opinion(root: bytes, demand: str) -> "Opinion | None":
    if demand == "off":
        return None
    from mcpchain.signature import Demand
    from mcpchain.verify.second_opinion import SecondOpinion

    return SecondOpinion(root, Demand(demand))


def _ignored(given: tuple[str, ...]) -> tuple[str, ...]:
    if not given:
        return ()
    from mcpchain.pipeline.model_signatures import paths

    return paths(given)


def _certificates(file: Path | None) -> "tuple[Certificate, ...]":
    if file is None:
        return ()
    from mcpchain.pipeline.mcp_bundles import read_certificates

    return read_certificates(file)


def _of_packages(
    targets: list[str], terms: "Terms", keys: Path | None, *, offline: bool
) -> "tuple[Verification, ...]":
    from mcpchain.pipeline.registry_signatures import read_registry_keys, verify_targets

    known = read_registry_keys(keys, options.trust_folder())
    ask = _around(offline=offline)
    with options.progress("asking") as asking:
        return verify_targets(targets, ask, terms, known, asking)


def _authority(
    ca: Path | None, identity: str | None, *others: str | Path | None
) -> "PrivateAuthority | None":
    if ca is None:
        return None
    from mcpchain.errors import UsageError
    from mcpchain.pipeline.model_signatures import read_authority

    if any(others):
        raise UsageError(
            "`--ca` stands in place of an issuer, a repository and a key",
            hint="name, besides, only whom it has certified: `--identity`",
        )
    # Not SOURCE_DATE_EPOCH: a certificate is valid by the clock on the wall.
    return read_authority(ca, options.now(), identity or "")


def _around(*, offline: bool) -> "Circumstances":
    return replace(options.circumstances(Path.cwd()), offline=offline)


def _expected(
    identity: str | None,
    issuer: str | None,
    repository: str | None,
    workflow: str | None,
    ref: str | None,
) -> "Expected | None":
    if not any((identity, issuer, repository, workflow, ref)):
        return None
    from mcpchain.bundle.policy import Expected
    from mcpchain.errors import UsageError

    if issuer is None and repository is not None and identity is None:
        issuer = _GITLAB if repository.startswith(f"{_GITLAB}/") else _GITHUB
    try:
        return Expected(
            issuer=issuer or "",
            san=identity or "",
            repository=repository or "",
            workflow=workflow or "",
            ref=ref or "",
        )
    except ValueError as error:
        raise UsageError(
            str(error), hint="`--repository OWNER/NAME`, or `--identity` and `--issuer`"
        ) from None
