"""What an organisation asks of the systems that it deploys.

A policy file is read as strictly as code: a key that is misspelt, given twice or of the
wrong type is an error with its line, since a policy that was read in part would allow
what its author forbids.
"""

import datetime as dt
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from mcpchain.errors import MalformedError, PolicyError
from mcpchain.finding import Finding, Level
from mcpchain.policy.levels import default_levels, read_rules
from mcpchain.policy.publishers import (
    Beside,
    read_builders,
    read_demand,
    read_publishers,
)
from mcpchain.policy.values import age, known
from mcpchain.policy.waivers import UNWAIVABLE, read_waivers
from mcpchain.publisher import Publisher
from mcpchain.rules import Rule, all_rules
from mcpchain.signature import Demand
from mcpchain.standing import Builders
from mcpchain.strict_yaml import YamlNode, load
from mcpchain.verdict import Waiver

__all__ = ["API_VERSION", "UNWAIVABLE", "Policy", "default_levels", "parse"]

API_VERSION: Final = "mcpchain/policy/v1"
_KEYS: Final = {
    "apiVersion",
    "name",
    "rules",
    "registries",
    "publishers",
    "signatures",
    "advisories",
    "waivers",
}
_CHANNEL: Final = re.compile(r"conda:[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)?")


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """Which rules apply with which settings, and how much their findings matter.

    Every rule of mcpchain always runs. A policy that does not name one leaves it at
    its own levels.
    """

    name: str
    rules: tuple[Rule, ...]
    levels: Mapping[tuple[str, str], Level] = field(default_factory=dict)
    """By rule and variant."""
    registries: tuple[str, ...] = ()
    """Registries that are trusted beside those that the user has configured."""
    max_advisory_age: dt.timedelta | None = None
    """How old an advisory source may be."""
    waivers: tuple[Waiver, ...] = ()
    publishers: tuple[Publisher, ...] = ()
    """Who has to stand for what. Of several that fit a component, any one."""
    second_opinion: Demand = Demand.OFF
    builders: Builders = Builders()  # noqa: RUF009 - frozen, like every value here
    source: str = ""
    sha256: str = ""
    """Of the file's bytes, and then those of the keys that it names."""

    def level(self, finding: Finding) -> Level:
        """Return what this policy makes of *finding*.

        A finding of a rule or variant that nobody knows is denied.
        """
        return self.levels.get((finding.rule, finding.variant), Level.DENY)


def parse(data: bytes, *, source: str, beside: Beside | None = None) -> Policy:
    """Read a policy file.

    Args:
        data: Its bytes.
        source: What it is called.
        beside: Returns the bytes of a file beside it, or raises `OSError`.

    Raises:
        PolicyError: It cannot be applied as written; says the line and what to do.
    """
    try:
        return _policy(load(data, source=source), data, beside)
    except MalformedError as error:
        place = error.pointer.removeprefix("line ")
        where = f"{error.source}:{place}" if place else error.source
        hint = "repair the policy; `mcpchain explain baseline` shows every key"
        raise PolicyError(f"{where}: {error.problem}", hint=hint) from error


def _policy(root: YamlNode, data: bytes, beside: Beside | None) -> Policy:
    known(root, _KEYS)
    version = root.at("apiVersion").text()
    if version != API_VERSION:
        problem = f"`{version}` is not known here; this mcpchain reads `{API_VERSION}`"
        raise root.at("apiVersion").malformed(problem)
    name = root.at("name").text()
    rules = [*read_rules(root.at("rules"))]
    if not rules:
        raise root.at("rules").malformed("names no rule, so it asks for nothing")
    levels = default_levels()
    instances = {rule_id: rule() for rule_id, rule in all_rules().items()}
    for rule, given in rules:
        levels.update(given)
        instances[rule.id] = rule
    publishers = tuple(read_publishers(root.at("publishers"), beside))
    signatures = root.at("signatures")
    return Policy(
        name=name,
        rules=tuple(instances.values()),
        levels=levels,
        registries=tuple(_addresses(root.at("registries"))),
        publishers=publishers,
        builders=read_builders(signatures),
        second_opinion=read_demand(signatures),
        max_advisory_age=_max_age(root.at("advisories")),
        waivers=tuple(read_waivers(root.at("waivers"))),
        source=root.source,
        sha256=hashlib.sha256(
            b"".join([data, *(each.key for each in publishers)])
        ).hexdigest(),
    )


def _max_age(advisories: YamlNode) -> dt.timedelta | None:
    if not advisories.exists:
        return None
    known(advisories, {"max-age"})
    return age(advisories.at("max-age"))


def _addresses(node: YamlNode) -> Iterator[str]:
    for each in node.elements():
        address = each.text()
        if _CHANNEL.fullmatch(address):
            yield address
            continue
        if not address.startswith("https://") or any(c in address for c in "*?#@ "):
            problem = (
                f"`{address[:140]}` is no registry; write its full `https://` address, "
                "without user name, wildcard or query (of conda: `conda:<channel>`)"
            )
            raise each.malformed(problem)
        yield address
