"""Judging a hundred thousand components, and reading a long policy."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from mcpchain.component import Kind, Location
from mcpchain.gate import decide
from mcpchain.policy import Policy
from mcpchain.policy.reading import parse
from mcpchain.rules import all_rules
from tests.making import NOW, TODAY, case, component

Pair = Callable[[str, Callable[[], float], Callable[[], float]], None]
COMPONENTS = 100_000
HEAD = "apiVersion: mcpchain/policy/v1\nname: bench\n"
SCOPE = "[{level: warn, scope: {packages: [pkg:npm/x-*], paths: [tests/]}}, deny]"
CUSTOM = """\
custom:
  - id: ours
    expr: component.kind != "mcp-server" || component.package.startsWith("@acme/")
    message: not one of ours
"""


def parts(pair: Pair) -> dict[str, Callable[[Path], None]]:
    """Return the parts of this benchmark by name; each takes an empty folder."""
    return {"policy": partial(policies, pair=pair)}


def policies(folder: Path, *, pair: Pair) -> None:
    """Judge by policies of several sizes, against the bare loop over the cases."""
    del folder
    cases = [
        case(
            component(
                f"pkg:npm/p-{n}@1.2.0",
                Kind.LIBRARY,
                locations=(Location(path="package-lock.json"),),
            )
        )
        for n in range(COMPONENTS)
    ]

    def loop() -> float:
        start = time.perf_counter()
        names = [each.component.title for each in cases]
        assert len(names) == COMPONENTS
        return time.perf_counter() - start

    def judge(policy: Policy) -> float:
        start = time.perf_counter()
        found = [finding for each in cases for finding in policy.check(each)]
        decide(found, policy, today=TODAY)
        return time.perf_counter() - start

    plain = "".join(f"  {each}: deny\n" for each in all_rules())
    scoped = plain
    for each in [*all_rules()][:5]:
        scoped = scoped.replace(f"  {each}: deny\n", f"  {each}: {SCOPE}\n")
    rules = f"{HEAD}rules:\n{plain}"
    for title, text in {
        "every rule and 200 waivers": rules + waivers(200),
        "the same, five rules with a scope": (f"{HEAD}rules:\n{scoped}" + waivers(200)),
        "the same as the first, and a rule in CEL": rules + waivers(200) + CUSTOM,
    }.items():
        policy = parse(text.encode(), source="p.yaml", today=TODAY)
        about = f"{COMPONENTS:,} components by {title}, against a loop"
        pair(about, partial(judge, policy), loop)
    pair("reading a policy of 500 waivers, against 50", read(500), read(50))


def waivers(count: int) -> str:
    """Return waivers of as many advisories."""
    return "waivers:\n" + "".join(
        f"  - {{rule: known-vulnerability, advisory: CVE-{NOW.year}-{n}, "
        f"purl: 'pkg:npm/p-{n}@1.2.0', reason: r, owner: a, expires: 2030-01-20}}\n"
        for n in range(count)
    )


def read(count: int) -> Callable[[], float]:
    """Return what times the reading of a policy with so many waivers."""
    data = f"{HEAD}rules: {{gap: deny}}\n{waivers(count)}".encode()

    def once() -> float:
        start = time.perf_counter()
        parse(data, source="p.yaml", today=TODAY)
        return time.perf_counter() - start

    return once
