"""`mcpchain policy`: write a policy, try it, and see what a change of it does."""

import click

from mcpchain.cli.policy_checks import diff, lint
from mcpchain.cli.policy_export import export, sign, verify
from mcpchain.cli.policy_files import init, schema
from mcpchain.cli.policy_tries import explain, test


@click.group()
def policy() -> None:
    """Write a policy, try it, and see what a change of it does.

    FILE is a policy file, or the name of one that comes with mcpchain.

    \b
    Examples:
      mcpchain policy init                          a first one for what is here
      mcpchain policy lint acme.yaml                what is odd about it?
      mcpchain policy test acme.yaml cases.yaml     does it do what it is meant to?
      mcpchain policy explain acme.yaml gap         which line decides, and how to pass?
      mcpchain policy diff old.yaml acme.yaml       is it looser than before?
      mcpchain policy schema -o policy.schema.json  for editors
      mcpchain policy sign acme.yaml --key FILE     stand for it
      mcpchain policy export --kyverno acme.yaml    what a cluster can ask of images
    """  # noqa: D301 - \b is click's mark for a block that is not wrapped


for _command in (init, lint, test, explain, diff, schema, export, sign, verify):
    policy.add_command(_command)
