"""The waivers of a policy file."""

import re
from collections.abc import Iterator
from typing import Final
from urllib.parse import unquote

from packageurl import PackageURL

from mcpchain.policy.values import day, known, unlike, words
from mcpchain.rules import all_rules
from mcpchain.strict_yaml import YamlNode
from mcpchain.verdict import Waiver

_KEYS: Final = {
    "rule",
    "variant",
    "purl",
    "advisory",
    "reason",
    "owner",
    "expires",
}
UNWAIVABLE: Final = {
    "digest-mismatch": "lock the bytes that you accept instead",
    "untrusted-identity": "list the signer under `publishers` instead",
    "untrusted-registry": "list the registry under `registries` instead",
}
"""Rules whose findings another setting accepts, bound to what is accepted."""
_NEEDS_ADVISORY: Final = frozenset({"known-vulnerability", "malicious-release"})


def read_waivers(node: YamlNode) -> Iterator[Waiver]:
    """Yield each waiver."""
    rules = all_rules()
    for each in node.elements():
        known(each, _KEYS)
        rule = each.at("rule").text()
        if rule not in rules:
            raise each.at("rule").malformed(unlike(rule, rules, "rule"))
        if rule in UNWAIVABLE:
            raise each.malformed(f"`{rule}` cannot be waived; {UNWAIVABLE[rule]}")
        variant = each.at("variant").optional_text()
        variants = rules[rule].variants
        if variant is not None and variant not in variants:
            raise each.at("variant").malformed(unlike(variant, variants, "variant"))
        if rule == "gap" and variant is None:
            problem = "a waiver of `gap` names the `variant` that it accepts"
            raise each.malformed(problem)
        advisory = each.at("advisory").optional_text()
        if rule in _NEEDS_ADVISORY and not advisory:
            problem = f"a waiver of `{rule}` names the `advisory` that it accepts"
            raise each.malformed(problem)
        yield Waiver(
            rule=rule,
            purl=_purl(each.at("purl")),
            name=_npm_name(each.at("purl").text()),
            variant=variant,
            advisory=advisory,
            reason=words(each.at("reason")),
            owner=words(each.at("owner")),
            expires=day(each.at("expires")),
            line=each.line,
        )


def _purl(node: YamlNode) -> PackageURL:
    text = node.text()
    try:
        purl = PackageURL.from_string(text)
    except ValueError as error:
        raise node.malformed(f"`{text[:140]}` is no purl: {error}") from None
    if "*" in text:
        raise node.malformed("a waiver names one package, without wildcards")
    return purl


def _npm_name(text: str) -> str:
    """Return the name in a purl of npm as it is written; empty for other kinds."""
    kind, _, rest = text.partition("/")
    if kind.lower() != "pkg:npm":
        return ""
    return unquote(re.split(r"(?<!^)@|[?#]", rest, maxsplit=1)[0])
