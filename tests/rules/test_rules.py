"""Promises that every rule makes, whoever wrote it."""

import dataclasses
import datetime as dt
import re

import pytest

from mcpchain.finding import Level
from mcpchain.rules import Rule, all_rules, page, why

RULES = [
    "digest-mismatch",
    "fresh-release",
    "gap",
    "identity-change",
    "invalid-signature",
    "known-vulnerability",
    "low-build-level",
    "malicious-release",
    "missing-provenance",
    "missing-verdict",
    "plaintext-remote-server",
    "provenance-downgrade",
    "provenance-repository-mismatch",
    "remote-model-code",
    "unaccepted-license",
    "unhashed-dependency",
    "unpinned-build-step",
    "unpinned-dependency",
    "unpinned-model",
    "unpinned-server",
    "unsafe-model-format",
    "unsigned-artifact",
    "untrusted-identity",
    "untrusted-registry",
    "withdrawn-release",
]


@pytest.fixture(params=all_rules().values(), ids=lambda rule: rule.id)
def rule(request: pytest.FixtureRequest) -> type[Rule]:
    chosen: type[Rule] = request.param
    return chosen


def test_these_are_the_rules() -> None:
    assert list(all_rules()) == RULES


def test_the_file_name_is_the_id(rule: type[Rule]) -> None:
    assert rule.__module__.rpartition(".")[2].replace("_", "-") == rule.id


def test_the_page_says_why_and_what_instead(rule: type[Rule]) -> None:
    text = page(rule)
    assert "Why it matters:" in text
    assert "Use instead:" in text
    assert why(rule.id).endswith(".")


def test_the_page_names_every_variant_and_setting(rule: type[Rule]) -> None:
    text = page(rule)
    for variant in rule.variants:
        assert re.search(rf"^\s+{variant}: |`{variant}`", text, re.MULTILINE), variant
    for field in dataclasses.fields(rule):  # type: ignore[arg-type]  # it is one
        assert f"{field.name.replace('_', '-')}: " in text


def test_every_setting_is_an_age_or_a_number_out_of_a_range(rule: type[Rule]) -> None:
    for field in dataclasses.fields(rule):  # type: ignore[arg-type]  # it is one
        if field.type is not dt.timedelta:
            assert field.type is int
            assert field.default in field.metadata["range"]


def test_without_a_policy_nothing_is_allowed(rule: type[Rule]) -> None:
    assert set(rule.variants.values()) <= {Level.DENY, Level.WARN}


def test_nobody_can_say_why_an_unknown_rule_matters() -> None:
    assert why("unheard-of") == ""
