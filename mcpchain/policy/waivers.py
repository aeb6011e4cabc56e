"""The waivers of a policy file."""

import datetime as dt
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Final

from packageurl import PackageURL

from mcpchain.policy.custom import VIOLATED
from mcpchain.policy.limits import Limits
from mcpchain.policy.scope import stage
from mcpchain.policy.values import day, known, unlike, words
from mcpchain.publisher import npm_name
from mcpchain.rules import all_rules
from mcpchain.strict_yaml import YamlNode
from mcpchain.verdict import Waiver

KEYS: Final = {
    "rule",
    "variant",
    "purl",
    "advisory",
    "reason",
    "owner",
    "approver",
    "expires",
    "until",
    "stages",
}
UNWAIVABLE: Final = {
    "digest-mismatch": "lock the bytes that you accept instead",
    "missing-verdict": "get the verdict of the stage before instead",
    "untrusted-identity": "list the signer under `publishers` instead",
    "untrusted-registry": "list the registry under `registries` instead",
}
"""Rules whose findings something else accepts, bound to what is accepted."""
NEEDS_ADVISORY: Final = frozenset({"known-vulnerability", "malicious-release"})


def read_waivers(
    node: YamlNode,
    *,
    variants: Mapping[str, Sequence[str]],
    stages: Sequence[str],
    today: dt.date | None,
    limits: Limits,
) -> Iterator[Waiver]:
    """Yield each waiver.

    Args:
        node: The list of them.
        variants: What of the policy's own rules can be waived; nobody can live with
            not knowing.
        stages: Those that one may name.
        today: `None`: how long it lasts is not looked at.
        limits: What may be waived, and for how long.
    """
    known_rules = {rule.id: [*rule.variants] for rule in all_rules().values()}
    known_rules |= {rule: [*some] for rule, some in variants.items()}
    for each in node.elements():
        known(each, KEYS)
        rule = _rule(each, known_rules, limits)
        variant = each.at("variant").optional_text()
        if variant is not None and variant not in known_rules[rule]:
            problem = unlike(variant, known_rules[rule], "variant")
            raise each.at("variant").malformed(problem)
        if variant is None and rule in variants:
            variant = VIOLATED
        if rule == "gap" and variant is None:
            problem = "a waiver of `gap` names the `variant` that it accepts"
            raise each.malformed(problem)
        advisory = each.at("advisory").optional_text()
        if rule in NEEDS_ADVISORY and not advisory:
            problem = f"a waiver of `{rule}` names the `advisory` that it accepts"
            raise each.malformed(problem)
        yield Waiver(
            rule=rule,
            purl=_purl(each.at("purl")),
            name=npm_name(each.at("purl").text()),
            variant=variant,
            advisory=advisory,
            reason=words(each.at("reason")),
            owner=words(each.at("owner")),
            approver=_approver(each, limits),
            expires=_last(each.at("expires"), today, limits),
            until_fixed=_until_fixed(each, rule),
            stages=_stages(each, stages),
            source=each.source,
            line=each.line,
        )


def _rule(node: YamlNode, rules: Collection[str], limits: Limits) -> str:
    rule = node.at("rule").text()
    if rule not in rules:
        raise node.at("rule").malformed(unlike(rule, rules, "rule"))
    if rule in UNWAIVABLE:
        raise node.malformed(f"`{rule}` cannot be waived; {UNWAIVABLE[rule]}")
    if rule in limits.unwaivable:
        raise node.malformed(f"`{rule}` is listed as `unwaivable`")
    return rule


def _approver(node: YamlNode, limits: Limits) -> str:
    """Return who else agreed, who is not the owner."""
    if "approver" not in node:
        if limits.approvers:
            problem = "names no `approver`, as the `limits` ask"
            raise node.malformed(problem)
        return ""
    approver = words(node.at("approver"))
    if _plain(approver) in {"", _plain(words(node.at("owner")))}:
        raise node.at("approver").malformed("is the owner; somebody else has to agree")
    return approver


def _plain(name: str) -> str:
    """Return *name* as people compare it: without case, form and what is not seen."""
    folded = unicodedata.normalize("NFKC", name).casefold()
    seen = "".join(c for c in folded if unicodedata.category(c) not in {"Cf", "Cc"})
    return " ".join(seen.split())


def _last(node: YamlNode, today: dt.date | None, limits: Limits) -> dt.date:
    last, days = day(node), limits.max_waiver_days
    if today and days is not None and last > today + dt.timedelta(days=days):
        problem = f"is more than {days} days away (`max-waiver-days`)"
        raise node.malformed(problem)
    return last


def _until_fixed(node: YamlNode, rule: str) -> bool:
    if "until" not in node:
        return False
    if node.at("until").text() != "fixed":
        raise node.at("until").malformed("is `fixed`, or not there")
    if rule not in NEEDS_ADVISORY:
        names = " and ".join(f"`{each}`" for each in sorted(NEEDS_ADVISORY))
        raise node.at("until").malformed(f"means something for {names} only")
    return True


def _stages(node: YamlNode, stages: Sequence[str]) -> frozenset[str]:
    if "stages" not in node:
        return frozenset()
    named = frozenset(stage(each, stages) for each in node.at("stages").elements())
    if not named:
        raise node.at("stages").malformed("is empty, so it holds nowhere")
    return named


def _purl(node: YamlNode) -> PackageURL:
    text = node.text()
    try:
        purl = PackageURL.from_string(text)
    except ValueError as error:
        raise node.malformed(f"`{text[:140]}` is no purl: {error}") from None
    if "*" in text:
        raise node.malformed("a waiver names one package, without wildcards")
    return purl
