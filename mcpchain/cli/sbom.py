"""`mcpchain sbom`: what is here?"""

from pathlib import Path

import click

from mcpchain.cli import options


@click.command(
    epilog="""\b
Examples:
  mcpchain sbom -o bom.cdx.json               this folder
  mcpchain sbom app/ --environment .venv/bin/python -o bom.cdx.json
  mcpchain sbom --user-config -o bom.cdx.json your own MCP servers as well
  mcpchain sbom --resolve -o bom.cdx.json     with what the servers pull in
  mcpchain sbom --manufacturer "Acme <psirt@acme.example>" -o bom.cdx.json
  mcpchain sbom --format spdx -o bom.spdx.json
  SOURCE_DATE_EPOCH=0 mcpchain sbom -o a.json the same bytes on every run
"""
)
@options.TARGET
@click.option(
    "-o",
    "--output",
    required=True,
    metavar="FILE",
    type=click.Path(path_type=Path, allow_dash=True),
    help="Where to write the BOM; `-` is standard output.",
)
@click.option(
    "--license-texts",
    is_flag=True,
    help="Put the texts of licences that came with installed packages into the BOM.",
)
@click.option(
    "--spec-version",
    type=click.Choice(["1.6", "1.7"]),
    default="1.6",
    show_default=True,
    help="The version of CycloneDX to write.",
)
@click.option(
    "--format",
    "--output-format",
    "output_format",
    type=click.Choice(["json", "xml", "spdx"]),
    default="json",
    show_default=True,
    help="CycloneDX as JSON holds all of it. CycloneDX as XML and SPDX 2.3 (as JSON) "
    "leave out some, and say what.",
)
@click.option(
    "--manufacturer",
    metavar="NAME",
    help="Who makes TARGET, and how to reach them: `Acme GmbH <psirt@acme.example>`, "
    "or an address in the brackets.",
)
@click.option(
    "--project-version",
    metavar="VERSION",
    help="The version of TARGET, where none of its manifests names it.",
)
@options.RESOLVE
@options.environment_options
@options.user_config_option
def sbom(  # noqa: PLR0913 - one parameter an option
    target: Path,
    output: Path,
    environment: Path | None,
    *,
    resolve: bool,
    no_environment: bool,
    user_config: bool,
    verify_installed: bool,
    license_texts: bool,
    spec_version: str,
    output_format: str,
    manufacturer: str | None,
    project_version: str | None,
) -> None:
    """Write what TARGET is made of, as a CycloneDX or SPDX BOM.

    TARGET is a folder, a lock or configuration file, or a BOM. Nothing of it is run,
    and the network is not used but for `--resolve`. What could not be read is said on
    standard error, and in the BOM.
    """
    from mcpchain.pipeline.subject import stated
    from mcpchain.printable import printable

    inventory = options.survey(
        target,
        environment,
        no_environment=no_environment,
        user_config=user_config,
        verify_installed=verify_installed,
        license_texts=license_texts,
        verbatim=True,
    )
    if resolve:
        inventory = options.resolve(inventory, options.circumstances(target))
    inventory = stated(inventory, manufacturer=manufacturer, version=project_version)
    options.write_bom(
        inventory, output, spec_version=spec_version, output_format=output_format
    )
    for gap in inventory.gaps:
        place = printable(str(gap.location))
        click.echo(f"gap: {place}: {printable(gap.reason)}", err=True)
