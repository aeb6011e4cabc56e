"""The rules of a policy file: their settings, and how much their findings matter."""

import dataclasses
import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcpchain.finding import Level
from mcpchain.policy.scope import Scope, read_scope
from mcpchain.policy.values import age, known, whole
from mcpchain.rules import Rule, all_rules
from mcpchain.strict_yaml import YamlNode

Key = tuple[str, str]
"""A rule and one of its variants."""
Levels = Mapping[Key, Level]


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in a policy file something stands."""

    source: str
    line: int

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A rule as a policy wants it."""

    rule: Rule
    scope: Scope | None = None
    """What it is for; `None`: everything."""
    levels: Levels = field(default_factory=dict)
    """Those that it gives."""
    places: Mapping[Key, Place] = field(default_factory=dict, compare=False)
    """Where it gives them."""
    line: int = field(default=0, compare=False)


def default_levels() -> dict[Key, Level]:
    """Return the level of every variant of every rule where no policy speaks."""
    return {
        (rule.id, variant): level
        for rule in all_rules().values()
        for variant, level in rule.variants.items()
    }


def read_rules(
    rules: YamlNode, stages: Sequence[str], given: Mapping[str, Rule]
) -> Iterator[tuple[str, list[Entry]]]:
    """Yield each rule that the policy names, with what it says of it.

    Args:
        rules: Levels and settings by rule; or a list of them, each but the last with a
            scope, of which the first that fits holds.
        stages: Those that a scope may name.
        given: The rules with the settings that hold where none are given.
    """
    known(rules, given, what="rule")
    for rule_id, node in rules.items():
        several = isinstance(node.value, list)
        nodes = [*node.elements()] if several else [node]
        if not nodes:
            raise node.malformed("is empty, so it says nothing")
        entries = [_entry(each, given[rule_id], stages) for each in nodes]
        for each, at in zip(entries[:-1], nodes, strict=False):
            if each.scope is None:
                raise at.malformed("has no `scope`, so what follows is never asked")
        yield rule_id, entries


def read_levels(rules: YamlNode) -> Iterator[tuple[Key, Level, Place]]:
    """Yield the levels of rules that are named with nothing else."""
    everything = all_rules()
    known(rules, everything, what="rule")
    for rule_id, node in rules.items():
        yield from _levels(node, everything[rule_id])


def _entry(node: YamlNode, given: Rule, stages: Sequence[str]) -> Entry:
    rule = type(given)
    if not node.is_object():
        return _with_levels(given, None, _levels(node, rule), node.line)
    settings = settings_of(rule)
    known(node, {"level", "scope", *settings}, what="setting")
    chosen = {
        settings[key].name: _setting(settings[key], value)
        for key, value in node.items()
        if key not in {"level", "scope"}
    }
    return _with_levels(
        dataclasses.replace(given, **chosen),  # type: ignore[type-var]  # all are ones
        read_scope(node.at("scope"), stages) if "scope" in node else None,
        _levels(node.at("level"), rule) if "level" in node else (),
        node.line,
    )


def _with_levels(
    rule: Rule,
    scope: Scope | None,
    given: Sequence[tuple[Key, Level, Place]],
    line: int,
) -> Entry:
    return Entry(
        line=line,
        rule=rule,
        scope=scope,
        levels={key: level for key, level, _ in given},
        places={key: place for key, _, place in given},
    )


def _levels(node: YamlNode, rule: type[Rule]) -> list[tuple[Key, Level, Place]]:
    """Read one level for all variants, or a mapping from variants to levels."""
    if not node.is_object():
        level, place = read_level(node), place_of(node)
        return [((rule.id, variant), level, place) for variant in rule.variants]
    known(node, {*rule.variants, "other"}, what="variant")
    missing = [each for each in rule.variants if each not in node]
    if missing and "other" not in node:
        names = ", ".join(f"`{each}`" for each in missing)
        raise node.malformed(f"gives no level for {names}; name them, or add `other`")
    chosen = [(v, node.at(v if v in node else "other")) for v in rule.variants]
    if "other" in node:
        read_level(node.at("other"))
    return [((rule.id, v), read_level(each), place_of(each)) for v, each in chosen]


def place_of(node: YamlNode) -> Place:
    """Return where *node* stands."""
    return Place(source=node.source, line=node.line)


def read_level(node: YamlNode) -> Level:
    """Return a level."""
    text = node.text()
    try:
        return Level(text)
    except ValueError:
        words = ", ".join(f"`{each.value}`" for each in Level)
        raise node.malformed(f"`{text}` is no level; use {words}") from None


def settings_of(rule: type[Rule]) -> dict[str, "dataclasses.Field[Any]"]:
    """Return the settings of a rule by their names in a policy."""
    fields = dataclasses.fields(rule)  # type: ignore[arg-type]  # every rule is one
    return {each.name.replace("_", "-"): each for each in fields}


def _setting(setting: "dataclasses.Field[Any]", node: YamlNode) -> dt.timedelta | int:
    """Read a setting by its type: an age, or a number out of its `range`."""
    if setting.type is dt.timedelta:
        return age(node)
    return whole(node, setting.metadata["range"])
