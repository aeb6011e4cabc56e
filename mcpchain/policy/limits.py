"""What a policy says of itself: how long it holds, and how much may be waived."""

from dataclasses import dataclass, replace
from typing import Final

from mcpchain.finding import Level
from mcpchain.license import declared_expression
from mcpchain.license_terms import LicenseTerms
from mcpchain.policy.levels import Key, Place, place_of, read_level
from mcpchain.policy.values import known, unlike, whole
from mcpchain.rules import all_rules
from mcpchain.strict_yaml import YamlNode

DAYS: Final = range(1, 3651)
COUNTS: Final = range(10_001)
DEFAULTS: Final = {
    "errors": (
        *(("gap", "unreadable"), ("gap", "unsupported"), ("gap", "limit")),
        *(("gap", "conflict"), ("gap", "unreachable")),
    ),
    "missing-evidence": (
        *(("gap", "partial"), ("gap", "missing")),
        *(("gap", "unmatched"), ("gap", "no-source")),
    ),
    "unknown-severity": (("known-vulnerability", "unknown"),),
    "offline": (("gap", "offline"),),
    "stale-advisories": (("gap", "stale"),),
}
"""What `defaults` speaks of, in the variants of rules, which may say otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How much may be waived, and for how long."""

    max_waiver_days: int | None = None
    """How far from today a waiver may end."""
    max_waivers: int | None = None
    approvers: bool = False
    """Whether each names somebody else who agreed."""
    unwaivable: frozenset[str] = frozenset()
    """Rules of which nothing may be waived."""


def read_limits(node: YamlNode, base: Limits) -> Limits:
    """Return what *node* says, and else what *base* does."""
    known(node, {"approvers", "max-waiver-days", "max-waivers", "unwaivable"})
    limits = base
    if "max-waiver-days" in node:
        days = whole(node.at("max-waiver-days"), DAYS)
        limits = replace(limits, max_waiver_days=days)
    if "max-waivers" in node:
        count = whole(node.at("max-waivers"), COUNTS)
        limits = replace(limits, max_waivers=count)
    if "approvers" in node:
        limits = replace(limits, approvers=node.at("approvers").flag())
    if "unwaivable" in node:
        rules = all_rules()
        for each in node.at("unwaivable").elements():
            if each.text() not in rules:
                raise each.malformed(unlike(each.text(), rules, "rule"))
        named = frozenset(node.at("unwaivable").texts())
        limits = replace(limits, unwaivable=named)
    return limits


def read_licenses(node: YamlNode) -> LicenseTerms:
    """Read which licences are accepted, and which never.

    Raises:
        MalformedError: An id is none of SPDX, or is on both lists.
    """
    known(node, {"allow", "deny"})
    listed = {key: frozenset(_licenses(node, key)) for key in ("allow", "deny")}
    if not any(listed.values()):
        raise node.malformed("lists no licence; leave it out to say nothing of them")
    if both := sorted(listed["allow"] & listed["deny"]):
        raise node.malformed(f"`{both[0]}` is allowed and denied")
    return LicenseTerms(allow=listed["allow"], deny=listed["deny"])


def _licenses(node: YamlNode, key: str) -> list[str]:
    if key not in node:
        return []
    for each in node.at(key).elements():
        text = each.text()
        if declared_expression(text) != text or " AND " in text or " OR " in text:
            right = declared_expression(text)
            near = f"; did you mean `{right}`?" if right and " " not in right else ""
            raise each.malformed(f"`{text[:80]}` is no licence of SPDX by id{near}")
    return [*node.at(key).texts()]


def read_defaults(node: YamlNode) -> list[tuple[Key, Level, Place]]:
    """Return the levels of what could not be known."""
    known(node, DEFAULTS)
    return [
        (key, read_level(value), place_of(value))
        for name, value in node.items()
        for key in DEFAULTS[name]
    ]
