"""The front door: argv in, exit code out. The only place that prints.

A command's module imports what it needs when it is called: `mcpchain --help` pays for
click and nothing else.
"""

import gc
import os
import signal
import sys
from contextlib import suppress
from typing import Any, Final

import click

from mcpchain import __version__
from mcpchain.cli.attest import attest
from mcpchain.cli.bom import bom
from mcpchain.cli.explain import explain
from mcpchain.cli.gate import gate
from mcpchain.cli.key import key
from mcpchain.cli.log import log
from mcpchain.cli.policy import policy
from mcpchain.cli.sbom import sbom
from mcpchain.cli.sign import sign
from mcpchain.cli.trust import trust
from mcpchain.cli.verdict import verdict
from mcpchain.cli.verify import verify
from mcpchain.errors import Exit, McpchainError

_INTERRUPTED: Final = 130
"""What a shell gives for a command that was interrupted."""


_ELSEWHERE: Final = dict.fromkeys(("diff", "merge", "validate"), "bom")
"""Commands that are looked for at the top, and the group that they are in."""


class FrontDoor(click.Group):
    """Turns an error into words and an exit code, once, for every command."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; of one that is in a group, say where it is."""
        name = args[0]
        if name in _ELSEWHERE and self.get_command(ctx, name) is None:
            ctx.fail(f"No such command '{name}': it is `mcpchain bom {name}`.")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        """Run the command; exit with the code of the error if it raises one of ours."""
        # What a run makes is needed until its end: collecting it would free nothing.
        gc.disable()
        # Who ends us is told no more than who interrupts us, and as little is left.
        with suppress(ValueError):  # in a thread, where none can be set
            signal.signal(signal.SIGTERM, signal.default_int_handler)
        try:
            return super().invoke(ctx)
        except McpchainError as error:
            from mcpchain.printable import printable

            click.echo(f"error: {printable(str(error))}", err=True)
            click.echo(f"hint: {printable(error.hint)}", err=True)
            ctx.exit(error.exit)
        except BrokenPipeError:
            # Who closed the pipe has heard enough; what is left must not be flushed.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            ctx.exit(Exit.UNDECIDED)
        except OSError as error:
            what = error.strerror or str(error)
            if isinstance(error.filename, str):
                from mcpchain.printable import printable

                what = f"`{printable(error.filename)}`: {what}"
            click.echo(f"error: {what}", err=True)
            click.echo("hint: nothing was decided; see to this and run again", err=True)
            ctx.exit(Exit.UNDECIDED)
        except KeyboardInterrupt:
            click.echo("interrupted: nothing was decided", err=True)
            ctx.exit(_INTERRUPTED)


@click.group(
    cls=FrontDoor,
    context_settings={
        "auto_envvar_prefix": "MCPCHAIN",
        "help_option_names": ["-h", "--help"],
        "max_content_width": 88,
    },
    epilog="""\b
Exit codes: 0 allowed, 2 usage or policy file, 3 nothing to check,
4 undecided (an answer was missing), 10 denied.
""",
)
@click.version_option(__version__, prog_name="mcpchain")
def main() -> None:
    """Verify the supply chain of an AI system: packages, models and MCP servers.

    \b
    Examples:
      mcpchain gate                     may this folder be deployed?
      mcpchain gate --offline           the same, without the network
      mcpchain sbom -o bom.cdx.json     what is it made of?
      mcpchain verify FILE --repository acme/files   who signed it?
      mcpchain sign dist/* --key release.key         stand for it
      mcpchain trust list               whom are signatures verified against?
      mcpchain bom diff OLD NEW         what changed?
      mcpchain policy lint acme.yaml    is it what you mean?
      mcpchain explain unpinned-server  what does a rule mean?
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


for _command in (
    *(gate, policy, verdict, log, sbom, verify, sign, attest),
    *(key, trust, bom, explain),
):
    main.add_command(_command)
