"""`mcpchain policy init` and `schema`: files to write a policy with."""

import json
from pathlib import Path

import click

from mcpchain.cli import options


@click.command(
    epilog="""\b
Examples:
  mcpchain policy schema -o policy.schema.json
  then, as the first line of a policy beside it:
  # yaml-language-server: $schema=policy.schema.json
"""
)
@click.option(
    "-o",
    "--output",
    metavar="OUT",
    default="-",
    show_default=True,
    type=click.Path(path_type=Path),
    help="The file to write; `-` is standard output.",
)
def schema(output: Path) -> None:
    """Print the JSON Schema (2020-12) of a policy file, for editors.

    The gate asks for more than a schema can say; `mcpchain policy lint` does too.
    """
    data = schema_bytes()
    if str(output) == "-":
        click.echo(data, nl=False)
    else:
        options.write_file(output, data)


def schema_bytes() -> bytes:
    """Return the schema as it is written."""
    from mcpchain.policy.schema import schema as made

    return (json.dumps(made(), indent=1, ensure_ascii=True) + "\n").encode()
