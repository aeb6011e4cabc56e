"""Rules of a policy's own, in CEL."""

import re
import sys
from pathlib import Path

import pytest

from mcpchain.component import (
    Component,
    Kind,
    Location,
    Pin,
    ServerFacts,
    Transport,
)
from mcpchain.errors import PolicyError
from mcpchain.finding import Finding, Level
from mcpchain.gate import decide
from mcpchain.policy import Policy
from mcpchain.policy.changes import changes
from mcpchain.policy.custom import FACTS
from mcpchain.policy.reading import parse
from mcpchain.release import Release
from mcpchain.verdict import Decision
from tests.making import TODAY, case, component

HEAD = "apiVersion: mcpchain/policy/v1\nname: test\nrules: {gap: deny}\n"


def custom(expression: str, rest: str = "", head: str = HEAD) -> Policy:
    text = (
        f"{head}custom:\n"
        f"  - id: ours\n"
        f"    expr: {expression!r}\n"
        f"    message: not one of ours\n"
        f"{rest}"
    )
    return parse(text.encode(), source="p.yaml", today=TODAY)


def asked(policy: Policy, about: Component, **more: object) -> list[Finding]:
    found = policy.check(case(about, **more))
    return [each for each in found if each.rule == "ours"]


SERVER = component(
    "pkg:npm/%40acme/files@1.2.0",
    Kind.MCP_SERVER,
    pin=Pin.EXACT,
    facts=ServerFacts(client="cursor", transport=Transport.STDIO, env=("TOKEN",)),
)


@pytest.mark.parametrize(
    ("expression", "variant"),
    [
        ('component.name.startsWith("@acme/")', None),
        ('component.name.startsWith("@other/")', "violated"),
        ('component.kind != "mcp-server" || !("TOKEN" in server.env)', "violated"),
        ('component.kind == "mcp-server" && server.tools.size() == 0', None),
        ("!release.known || release.age_days > 7", None),
        ("component.licenses.all(l, l == 'MIT')", None),
        ("component.licenses.size() > 0", "violated"),
        # What is not known, and what goes wrong, is no yes.
        ("release.age_days > 7", "error"),
        ("release.age_days <= 7", "error"),
        ("signed.verified", "error"),
        ("!signed.verified", "error"),
        ("component.licenses[0] == 'MIT'", "error"),
        ("component.licenses[0] != 'MIT'", "error"),
        ("component.paths.size() / 0 == 1", "error"),
        ("'a'.matches('(')", "error"),
    ],
)
def test_only_what_is_true_is_no_finding(expression: str, variant: str | None) -> None:
    found = [each.variant for each in asked(custom(expression), SERVER)]
    assert found == ([variant] if variant else [])


def test_says_what_is_not_known() -> None:
    (found,) = asked(custom("release.age_days > 7"), SERVER)
    assert found.message == (
        "`@acme/files@1.2.0`: not one of ours (no answer: `release.age_days` is not "
        "known)"
    )
    (found,) = asked(custom("component.licenses[0] == 'MIT'"), SERVER)
    assert "no answer: " in found.message
    assert "index=0 size=0" in found.message
    assert found.hint == "ask for it: component.licenses[0] == 'MIT'"


def test_an_error_denies_whatever_the_level() -> None:
    policy = custom("release.age_days > 7", "    level: allow\n")
    found = asked(policy, SERVER)
    assert decide(found, policy, today=TODAY).decision is Decision.DENY
    old = Release(registry="https://r.example", name="files", version="1.2.0")
    found = asked(policy, SERVER, release=old)
    assert decide(found, policy, today=TODAY).decision is Decision.DENY
    policy = custom("component.hashed", "    level: allow\n")
    found = asked(policy, SERVER)
    assert decide(found, policy, today=TODAY).decision is Decision.ALLOW
    place = policy.ruling(found[0])
    assert (place[0], str(place[1])) == (Level.ALLOW, "p.yaml:5")


def test_a_server_is_no_package_by_the_name_that_a_client_gives_it() -> None:
    ours = component(
        "pkg:npm/evil@1.0.0", Kind.MCP_SERVER, name="@acme/files", pin=Pin.EXACT
    )
    remote = component(None, Kind.MCP_SERVER, name="@acme/remote")
    policy = custom("component.package.startsWith('@acme/')")
    assert [e.variant for e in asked(policy, ours)] == ["violated"]
    assert [e.variant for e in asked(policy, remote)] == ["error"]
    assert asked(policy, SERVER) == []


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("component.kidn == 'x'", "at 1:10: undeclared reference to 'component.kidn'"),
        ("component.name == 5", "found no matching overload"),
        ("release.age_days >= '7'", "found no matching overload"),
        ("component.name", "is no condition; it has to be true or false"),
        ("1", "is no condition"),
        ("dyn(true)", "is no condition"),
        ("component.name ==", "Syntax error"),
        ("component == 1", "undeclared reference to 'component'"),
        (" ", "is empty"),
        ("component.kind != 'mcp_server'", "did you mean `mcp-server`"),
        ("'nope' == component.kind", "is no `component.kind` here"),
        ("component.pin == 'flaoting'", "did you mean `floating`"),
        ("component.kind in ['library', 'modle']", "is no `component.kind` here"),
        ("server.transport!='studio'", "did you mean `stdio`"),
        ("true || " * 600 + "true", "longer than 4,096 characters"),
    ],
)
def test_what_is_no_condition_is_told_when_the_policy_is_read(
    expression: str, complaint: str
) -> None:
    with pytest.raises(PolicyError) as caught:
        custom(expression)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("p.yaml:6: `custom.expr`: ")


@pytest.mark.parametrize(
    ("rest", "complaint"),
    [
        ("    levle: warn\n", "did you mean `level`"),
        ("    level: maybe\n", "is no level"),
        ("  - {id: ours, expr: 'true', message: x}\n", "a rule `ours` already"),
        ("  - {id: gap, expr: 'true', message: x}\n", "a rule `gap` already"),
        ("  - {id: Ours Too, expr: 'true', message: x}\n", "is no id"),
        ("  - {id: x, message: x}\n", "`custom.expr`: is missing"),
        ("  - {id: x, expr: 'true'}\n", "`custom.message`: is missing"),
        ("  - {id: x, expr: true, message: x}\n", "expected a string"),
        ("    scope: {paths: []}\n", "fits nothing"),
    ],
)
def test_says_what_is_wrong_with_a_rule(rest: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        custom("component.hashed", rest)
    assert complaint in str(caught.value)


def test_without_the_engine_such_a_policy_cannot_be_applied(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "cel_expr_python", None)
    with pytest.raises(PolicyError) as caught:
        custom("component.hashed")
    assert str(caught.value) == (
        "p.yaml:5: `custom`: is an expression in CEL, which is not installed here; "
        "`pip install 'mcpchain[cel]'`"
    )


def test_it_is_asked_in_its_scope_alone() -> None:
    policy = custom("false", "    scope: {kinds: [mcp-server], paths: [tools/]}\n")
    here = component(kind=Kind.MCP_SERVER, locations=(Location(path="tools/x"),))
    both = component(
        kind=Kind.MCP_SERVER, locations=(Location(path="a"), Location(path="tools/x"))
    )
    counts = [len(asked(policy, each)) for each in (here, both, SERVER, component())]
    assert counts == [1, 1, 0, 0]


def test_what_is_violated_can_be_waived_and_an_error_cannot() -> None:
    waiver = (
        "waivers:\n  - {rule: ours, purl: 'pkg:npm/%40acme/files@1.2.0', reason: r, "
        "owner: o, expires: 2030-01-31}\n"
    )
    for expression, decision in {
        "component.hashed": Decision.ALLOW,
        "signed.verified": Decision.DENY,
    }.items():
        policy = custom(expression, waiver)
        found = asked(policy, SERVER)
        assert decide(found, policy, today=TODAY).decision is decision, expression
    with pytest.raises(PolicyError, match="`error` is no variant here"):
        custom("true", waiver.replace("reason", "variant: error, reason"))


def test_of_two_expressions_none_is_taken_to_ask_for_more() -> None:
    one = custom("component.hashed")
    for other, loosens in (
        (custom("component.hashed", "    level: warn\n"), True),
        (custom("component.hashed || true"), True),
        (parse(HEAD.encode(), source="p.yaml"), True),
    ):
        assert [each.loosens for each in changes(one, other)] == [loosens]
    assert [*changes(one, custom("component.hashed"))] == []
    assert [e.loosens for e in changes(parse(HEAD.encode(), source=""), one)] == [False]


def test_every_fact_has_the_type_that_it_is_said_to_have() -> None:
    release = Release(registry="https://r.example", name="files", version="1.2.0")
    of = {"bool": bool, "int": int, "string": str, "list": list}
    for name, fact in FACTS.items():
        for each in (case(SERVER), case(component(), release=release)):
            value = fact.of(each)
            assert value is None or type(value) is of[fact.type], name


def test_the_readme_names_every_fact_and_its_rule_is_one() -> None:
    text = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
    (shown,) = re.findall(
        r"^```yaml\n(custom:\n.+?)^```", text, re.DOTALL | re.MULTILINE
    )
    policy = parse((HEAD + shown).encode(), source="README.md")
    assert asked(policy, SERVER) == []
    (told,) = re.findall(r"Facts are\s(.+?)\n\n", text, re.DOTALL)
    names: set[str] = set()
    group = ""
    for each in re.findall(r"`([a-z_.]+)`", told):
        group = each.partition(".")[0] if "." in each else group
        names.add(each if "." in each else f"{group}.{each}")
    assert names == set(FACTS)


def test_the_system_itself_is_not_asked() -> None:
    whole = component(None, Kind.APPLICATION, name="agent")
    assert asked(custom("component.package == 'x'"), whole) == []
    assert len(asked(custom("false"), component(kind=Kind.APPLICATION))) == 1
