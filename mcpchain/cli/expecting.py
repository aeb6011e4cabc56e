"""The options that say whom the user expects to have signed."""

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, Final

import click

from mcpchain.bundle.statement import PREDICATES

_EXISTING: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_Command = Callable[..., Any]


def once(*names: str, **how: Any) -> _Command:  # noqa: ANN401 - click's settings
    """Make an option that may be given once: the last of several hides the others."""

    def only(context: click.Context, option: click.Parameter, values: Any) -> Any:  # noqa: ANN401 - click's values
        del context
        if len(values) > 1:
            from mcpchain.errors import UsageError

            told = ", ".join(f"`{str(each)[:140]}`" for each in values)
            raise UsageError(
                f"`{option.opts[0]}` is given more than once: {told}",
                hint="give it once; what others have signed, verify by itself",
            )
        return values[0] if values else default

    default = how.pop("default", None)
    if how.get("show_default"):
        how["default"] = (default,)
    option: _Command = click.option(*names, multiple=True, callback=only, **how)
    return option


_OPTIONS: Final = (
    once(
        "--identity",
        default="",
        help="The subject of the certificate: an e-mail or URI.",
    ),
    once(
        "--issuer",
        default="",
        help="Who vouches for the identity. [default with --repository: its host's]",
    ),
    once(
        "--repository",
        default="",
        help="The source repository: an address, or OWNER/NAME; `OWNER/*`: any of "
        "theirs.",
    ),
    once("--workflow", default="", help="The path of the workflow that signed."),
    once("--ref", default="", help="The branch or tag; `*` stands for anything."),
    once(
        "--predicate-type",
        default="",
        metavar="TYPE",
        help="Which statements count, as an address, or for short as `attest` has it: "
        f"{', '.join(PREDICATES)}; others are left aside. [default: any; of those on "
        "GitHub, SLSA provenance]",
    ),
    once(
        "--key",
        type=_EXISTING,
        help="A public key (PEM), in place of an identity. Of a folder of a model, and "
        "of an MCP bundle, a signature by it needs no transparency log.",
    ),
    once(
        "--ca",
        type=_EXISTING,
        help="Certificates (PEM) of an authority for who signs models and MCP bundles, "
        "in place of an issuer; `--identity` then is the name in the certificate.",
    ),
    once(
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
    once(
        "--trusted-root",
        type=_EXISTING,
        help="Whom to trust, in place of the public instance of Sigstore.",
    ),
    once(
        "--root",
        default="",
        metavar="NAME",
        help="The same, by the name of a root that `mcpchain trust` has. [default: "
        "sigstore, as last updated]",
    ),
    once(
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
