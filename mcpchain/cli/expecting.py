"""The options that say whom the user expects to have signed."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

_EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_Command = Callable[..., Any]
_OPTIONS: Final = (
    click.option(
        "--identity",
        default="",
        help="The subject of the certificate: an e-mail or URI.",
    ),
    click.option(
        "--issuer",
        default="",
        help="Who vouches for the identity. [default with --repository: its host's]",
    ),
    click.option(
        "--repository",
        default="",
        help="The source repository: an address, or OWNER/NAME; `OWNER/*`: any of "
        "theirs.",
    ),
    click.option(
        "--workflow", default="", help="The path of the workflow that signed."
    ),
    click.option(
        "--ref", default="", help="The branch or tag; `*` stands for anything."
    ),
    click.option(
        "--predicate-type",
        default="",
        metavar="URL",
        help="Which statements count; others are left aside. [default: any; of those "
        "on GitHub, SLSA provenance]",
    ),
    click.option(
        "--key",
        type=_EXISTING,
        help="A public key (PEM), in place of an identity. Of a folder of a model, and "
        "of an MCP bundle, a signature by it needs no transparency log.",
    ),
    click.option(
        "--ca",
        type=_EXISTING,
        help="Certificates (PEM) of an authority for who signs models and MCP bundles, "
        "in place of an issuer; `--identity` then is the name in the certificate.",
    ),
    click.option(
        "--certificate",
        type=_EXISTING,
        help="Certificates (PEM) of those who sign MCP bundles, each trusted for "
        "itself.",
    ),
    click.option(
        "--ignore",
        "ignored",
        multiple=True,
        metavar="PATH",
        help="In the folder of a model, and as seen from it: what need not be signed.",
    ),
    click.option(
        "--no-log",
        is_flag=True,
        help="With --key: accept a signature that is in no transparency log.",
    ),
    click.option(
        "--trusted-root",
        type=_EXISTING,
        help="Whom to trust, in place of the public instance of Sigstore.",
    ),
    click.option(
        "--root",
        default="",
        metavar="NAME",
        help="The same, by the name of a root that `mcpchain trust` has. [default: "
        "sigstore, as last updated]",
    ),
    click.option(
        "--second-opinion",
        type=click.Choice(["required", "when-supported", "off"]),
        default="off",
        show_default=True,
        help="Ask sigstore-python too about every Sigstore bundle. What the two "
        "disagree on is invalid; `required` takes nothing that it cannot be asked "
        "about.",
    ),
)
IDENTITY: Final = _OPTIONS[:5]
"""Those that say something of the identity in a certificate."""


def expecting_options(command: _Command) -> _Command:
    """Add them; the command takes what they say as one, `expectations`."""

    @wraps(command)
    def collected(**given: Any) -> Any:  # noqa: ANN401 - click's values
        from dataclasses import fields

        from mcpchain.pipeline.expecting import Expectations

        said = {each.name: given.pop(each.name) for each in fields(Expectations)}
        return command(expectations=Expectations(**said), **given)

    made: _Command = collected
    for option in reversed(_OPTIONS):
        made = option(made)
    return made
