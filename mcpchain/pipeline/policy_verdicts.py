"""A verdict that was written down, or is made now, to hold a policy against."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from mcpchain.document import Node
from mcpchain.errors import MalformedError, UsageError
from mcpchain.policy import Policy
from mcpchain.report.json import FORMAT_VERSION
from mcpchain.verdict import Waiver

_LIMIT: Final = 256 << 20
_MARK: Final = f'"{FORMAT_VERSION}"'.encode()
_LOOK: Final = 4096


def verdict(path: Path, policy: Policy, judged: Callable[[], str]) -> Node:
    """Return the verdict in *path*; of a target, the one that *judged* gives as JSON.

    Raises:
        UsageError: It is of another policy, or cannot be read.
    """
    given = path.is_file() and _is_verdict(path)
    if given and path.stat().st_size > _LIMIT:
        raise UsageError(
            f"`{path}` is larger than {_LIMIT >> 20} MiB",
            hint="no verdict is; look at what it is",
        )
    data = path.read_bytes() if given else judged().encode()
    try:
        found = Node.from_json(data, source=str(path))
        by = found.at("policy").at("sha256").text()
        name = found.at("policy").at("name").text()
    except MalformedError as error:
        hint = "give what `mcpchain gate --format json` wrote, or what it is about"
        raise UsageError(str(error), hint=hint) from error
    if by != policy.sha256:
        raise UsageError(
            f"`{path}` is a verdict by another policy: `{name}`, sha256 {by[:12]}",
            hint="name the policy by which it was judged, or run the gate again",
        )
    return found


def _is_verdict(path: Path) -> bool:
    with path.open("rb") as stream:
        return _MARK in stream.read(_LOOK)


def unused(found: Node, policy: Policy) -> tuple[Waiver, ...]:
    """Return the waivers of *policy* that covered nothing in the verdict *found*."""
    told = {
        (each.at("line").integer(), each.at("rule").text(), each.at("purl").text())
        for each in found.at("unusedWaivers").elements()
    }
    return tuple(
        each
        for each in policy.waivers
        if (each.line, each.rule, each.purl.to_string()) in told
    )
