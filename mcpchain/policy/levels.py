"""The rules of a policy file: their settings, and how much their findings matter."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping
from typing import Any

from mcpchain.finding import Level
from mcpchain.policy.values import age, known, whole
from mcpchain.rules import Rule, all_rules
from mcpchain.strict_yaml import YamlNode

Levels = Mapping[tuple[str, str], Level]
"""By rule and variant."""


def default_levels() -> dict[tuple[str, str], Level]:
    """Return the level of every variant of every rule where no policy speaks."""
    return {
        (rule.id, variant): level
        for rule in all_rules().values()
        for variant, level in rule.variants.items()
    }


def read_rules(rules: YamlNode) -> Iterator[tuple[Rule, Levels]]:
    """Yield each rule that the policy names, with the levels that it gives."""
    everything = all_rules()
    known(rules, everything, what="rule")
    for rule_id, node in rules.items():
        rule = everything[rule_id]
        if not node.is_object():
            yield rule(), _levels(node, rule)
            continue
        settings = _settings(rule)
        known(node, {"level", *settings}, what="setting")
        given = {
            settings[key].name: _setting(settings[key], value)
            for key, value in node.items()
            if key != "level"
        }
        level = node.at("level")
        yield rule(**given), _levels(level, rule) if level.exists else {}


def _levels(node: YamlNode, rule: type[Rule]) -> Levels:
    """Read one level for all variants, or a mapping from variants to levels."""
    if not node.is_object():
        return dict.fromkeys(((rule.id, each) for each in rule.variants), _level(node))
    known(node, {*rule.variants, "other"}, what="variant")
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


def _setting(setting: "dataclasses.Field[Any]", node: YamlNode) -> dt.timedelta | int:
    """Read a setting by its type: an age, or a number out of its `range`."""
    if setting.type is dt.timedelta:
        return age(node)
    return whole(node, setting.metadata["range"])
