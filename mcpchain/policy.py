"""What an organisation asks of the systems that it deploys.

A policy file is read as strictly as code: a key that is misspelt, given twice or of the
wrong type is an error with its line, since a policy that was read in part would allow
what its author forbids.
"""

import dataclasses
import datetime as dt
import difflib
import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import unquote

from packageurl import PackageURL

from mcpchain.errors import MalformedError, PolicyError
from mcpchain.finding import Finding, Level
from mcpchain.publisher import Publisher
from mcpchain.rules import Rule, all_rules
from mcpchain.signature import Demand
from mcpchain.standing import Builders
from mcpchain.strict_yaml import YamlNode, load
from mcpchain.verdict import Waiver

API_VERSION: Final = "mcpchain/policy/v1"
_WAIVER_KEYS: Final = {
    "rule",
    "variant",
    "purl",
    "advisory",
    "reason",
    "owner",
    "expires",
}
_AGE: Final = re.compile(r"([1-9]\d{0,5})([hd])")
UNWAIVABLE: Final = {
    "digest-mismatch": "lock the bytes that you accept instead",
    "untrusted-registry": "list the registry under `registries` instead",
}
"""Rules whose findings another setting accepts, bound to what is accepted."""
_NEEDS_ADVISORY: Final = frozenset({"known-vulnerability", "malicious-release"})


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
    """Of the file's bytes."""

    def level(self, finding: Finding) -> Level:
        """Return what this policy makes of *finding*.

        A finding of a rule or variant that nobody knows is denied.
        """
        return self.levels.get((finding.rule, finding.variant), Level.DENY)


def default_levels() -> dict[tuple[str, str], Level]:
    """Return the level of every variant of every rule where no policy speaks."""
    return {
        (rule.id, variant): level
        for rule in all_rules().values()
        for variant, level in rule.variants.items()
    }


def parse(data: bytes, *, source: str) -> Policy:
    """Read a policy file.

    Raises:
        PolicyError: It cannot be applied as written; says the line and what to do.
    """
    try:
        return _policy(load(data, source=source), data)
    except MalformedError as error:
        place = error.pointer.removeprefix("line ")
        where = f"{error.source}:{place}" if place else error.source
        hint = "repair the policy; `mcpchain explain baseline` shows every key"
        raise PolicyError(f"{where}: {error.problem}", hint=hint) from error


def _policy(root: YamlNode, data: bytes) -> Policy:
    _known(
        root,
        {"apiVersion", "name", "rules", "registries", "advisories", "waivers"},
    )
    version = root.at("apiVersion").text()
    if version != API_VERSION:
        problem = f"`{version}` is not known here; this mcpchain reads `{API_VERSION}`"
        raise root.at("apiVersion").malformed(problem)
    name = root.at("name").text()
    rules = dict(_rules(root.at("rules")))
    if not rules:
        raise root.at("rules").malformed("names no rule, so it asks for nothing")
    levels = default_levels()
    for _, given in rules.values():
        levels.update(given)
    instances = {rule_id: rule() for rule_id, rule in all_rules().items()}
    instances.update({rule_id: rule for rule_id, (rule, _) in rules.items()})
    advisories = root.at("advisories")
    max_age = None
    if advisories.exists:
        _known(advisories, {"max-age"})
        max_age = _age(advisories.at("max-age"))
    return Policy(
        name=name,
        rules=tuple(instances.values()),
        levels=levels,
        registries=tuple(_addresses(root.at("registries"))),
        max_advisory_age=max_age,
        waivers=tuple(_waivers(root.at("waivers"))),
        source=root.source,
        sha256=hashlib.sha256(data).hexdigest(),
    )


def _rules(
    rules: YamlNode,
) -> Iterator[tuple[str, tuple[Rule, dict[tuple[str, str], Level]]]]:
    known = all_rules()
    _known(rules, set(known), what="rule")
    for rule_id, node in rules.items():
        rule = known[rule_id]
        if not node.is_object():
            yield rule_id, (rule(), _levels(node, rule))
            continue
        settings = _settings(rule)
        _known(node, {"level", *settings}, what="setting")
        given = {
            # Every setting so far is an age; another kind needs a reader of its own.
            settings[key].name: _age(value)
            for key, value in node.items()
            if key != "level"
        }
        level = node.at("level")
        levels = _levels(level, rule) if level.exists else {}
        yield rule_id, (rule(**given), levels)


def _levels(node: YamlNode, rule: type[Rule]) -> dict[tuple[str, str], Level]:
    """Read one level for all variants, or a mapping from variants to levels."""
    if not node.is_object():
        return dict.fromkeys(((rule.id, each) for each in rule.variants), _level(node))
    _known(node, {*rule.variants, "other"}, what="variant")
    given = {variant: _level(value) for variant, value in node.items()}
    missing = [each for each in rule.variants if each not in given]
    if missing and "other" not in given:
        names = ", ".join(f"`{each}`" for each in missing)
        raise node.malformed(f"gives no level for {names}; name them, or add `other`")
    return {
        (rule.id, each): given.get(each, given.get("other", Level.DENY))
        for each in rule.variants
    }


def _level(node: YamlNode) -> Level:
    text = node.text()
    try:
        return Level(text)
    except ValueError:
        words = ", ".join(f"`{each.value}`" for each in Level)
        raise node.malformed(f"`{text}` is no level; use {words}") from None


def _settings(rule: type[Rule]) -> dict[str, "dataclasses.Field[Any]"]:
    fields = dataclasses.fields(rule)  # type: ignore[arg-type]  # every rule is one
    return {each.name.replace("_", "-"): each for each in fields}


def _age(node: YamlNode) -> dt.timedelta:
    # `7` alone is a number in YAML, and of nothing.
    text = str(node.value) if node.exists else node.text()
    match = _AGE.fullmatch(text)
    if match is None:
        problem = f"`{text[:40]}` is no age; write hours or days, such as `72h` or `7d`"
        raise node.malformed(problem)
    count = int(match[1])
    return dt.timedelta(hours=count) if match[2] == "h" else dt.timedelta(days=count)


_CHANNEL: Final = re.compile(r"conda:[A-Za-z0-9][A-Za-z0-9._-]*(?:/[A-Za-z0-9._-]+)?")


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


def _waivers(node: YamlNode) -> Iterator[Waiver]:
    rules = all_rules()
    for each in node.elements():
        _known(each, _WAIVER_KEYS)
        rule = each.at("rule").text()
        if rule not in rules:
            raise each.at("rule").malformed(_unlike(rule, set(rules), "rule"))
        if rule in UNWAIVABLE:
            raise each.malformed(f"`{rule}` cannot be waived; {UNWAIVABLE[rule]}")
        variant = each.at("variant").optional_text()
        known = rules[rule].variants
        if variant is not None and variant not in known:
            raise each.at("variant").malformed(_unlike(variant, set(known), "variant"))
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
            reason=_words(each.at("reason")),
            owner=_words(each.at("owner")),
            expires=_day(each.at("expires")),
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


def _words(node: YamlNode) -> str:
    text = node.text().strip()
    if not text:
        raise node.malformed("is empty")
    return text


def _day(node: YamlNode) -> dt.date:
    text = node.text()
    try:
        return dt.date.fromisoformat(text)
    except ValueError:
        raise node.malformed(f"`{text}` is no day; write it as 2027-01-31") from None


def _known(node: YamlNode, keys: set[str], *, what: str = "key") -> None:
    for key, value in node.items():
        if key not in keys:
            raise value.malformed(_unlike(key, keys, what))


def _unlike(word: str, known: set[str], what: str) -> str:
    near = difflib.get_close_matches(word, sorted(known), n=1)
    guess = f"did you mean `{near[0]}`? " if near else ""
    words = ", ".join(f"`{each}`" for each in sorted(known))
    return f"`{word[:140]}` is no {what} here; {guess}known are {words}"
