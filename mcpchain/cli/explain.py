"""`mcpchain explain`: the manual page of a rule."""

import click


@click.command(
    epilog="""\b
Examples:
  mcpchain explain                  the rules, a line each
  mcpchain explain fresh-release    what it finds, why it matters, its settings
  mcpchain explain baseline         the policy of that name, to copy and change
"""
)
@click.argument("rule", required=False)
def explain(rule: str | None) -> None:
    """Say what RULE finds, why it matters and what to do instead.

    With the name of a policy that comes with mcpchain, print that policy.
    """
    import difflib

    from mcpchain.errors import UsageError
    from mcpchain.finding import Level
    from mcpchain.pipeline.policies import shipped
    from mcpchain.rules import all_rules, page

    rules, policies = all_rules(), shipped()
    if rule is None:
        width = max(map(len, rules))
        for rule_id, known in rules.items():
            click.echo(f"{rule_id:{width}}  {page(known).partition(chr(10))[0]}")
        return
    if rule in policies:
        click.echo(policies[rule].read_text(encoding="utf-8"), nl=False)
        return
    if rule not in rules:
        near = difflib.get_close_matches(rule, [*rules, *policies], n=1)
        guess = f"did you mean `{near[0]}`? " if near else ""
        raise UsageError(
            f"`{rule}` is no rule of mcpchain",
            hint=f"{guess}`mcpchain explain` lists the rules",
        )
    click.echo(f"{rule}\n\n{page(rules[rule])}")
    levels = rules[rule].variants.items()
    warned = " and ".join(f"`{each}`" for each, level in levels if level != Level.DENY)
    but = f" but {warned}, which is a warning" if warned else ""
    click.echo(f"\nWithout a policy that says otherwise, every variant is denied{but}.")
