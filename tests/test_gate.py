import datetime as dt
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.component import Kind
from mcpchain.finding import Finding, Level
from mcpchain.gate import decide
from mcpchain.inventory import State
from mcpchain.policy import Policy, default_levels
from mcpchain.rules import all_rules
from mcpchain.verdict import Decision, Waiver
from tests.making import TODAY, TOMORROW, component, finding, gap, waiver


def policy(*waivers: Waiver, **levels: str) -> Policy:
    chosen = default_levels()
    for name, level in levels.items():
        rule = name.replace("_", "-")
        chosen.update(dict.fromkeys([k for k in chosen if k[0] == rule], Level(level)))
    rules = tuple(rule() for rule in all_rules().values())
    return Policy(name="test", rules=rules, levels=chosen, waivers=waivers)


def test_denies_when_a_rule_that_denies_has_a_finding() -> None:
    verdict = decide([finding()], policy(), today=TODAY)
    assert verdict.decision is Decision.DENY
    assert verdict.denied == (finding(),)


@pytest.mark.parametrize(
    "unheard", [finding(rule="new"), finding(variant="new")], ids=["rule", "variant"]
)
def test_denies_what_the_policy_has_never_heard_of(unheard: Finding) -> None:
    lenient = policy(unpinned_server="allow")
    assert decide([unheard], lenient, today=TODAY).decision is Decision.DENY


@pytest.mark.parametrize("level", ["warn", "allow"])
def test_a_policy_can_lower_a_rule(level: str) -> None:
    verdict = decide([finding()], policy(unpinned_server=level), today=TODAY)
    assert verdict.decision is Decision.ALLOW
    assert len(verdict.warned) == (level == "warn")
    assert len(verdict.allowed) == (level == "allow")


def test_a_waived_finding_is_kept_with_its_waiver() -> None:
    verdict = decide([finding()], policy(waiver()), today=TODAY)
    assert verdict.decision is Decision.ALLOW
    assert [(w.finding, w.waiver) for w in verdict.waived] == [(finding(), waiver())]
    assert not verdict.unused_waivers


def test_a_waiver_counts_on_its_last_day() -> None:
    verdict = decide([finding()], policy(waiver(expires=TODAY)), today=TODAY)
    assert verdict.waived


@pytest.mark.parametrize(
    "useless",
    [
        waiver(expires=TODAY - dt.timedelta(days=1)),
        waiver(rule="gap"),
        waiver(purl="pkg:npm/files@1.2.1"),
        waiver(purl="pkg:npm/files"),
        waiver(purl="pkg:npm/%40evil/files@1.2.0"),
        waiver(purl="pkg:pypi/files@1.2.0"),
        waiver(purl="pkg:npm/files@1.2.0?repository_url=https://mirror.example"),
    ],
    ids=[
        "expired",
        "other rule",
        "other version",
        "no version",
        "other scope",
        "other ecosystem",
        "other registry",
    ],
)
def test_a_waiver_that_covers_nothing_is_handed_back(useless: Waiver) -> None:
    verdict = decide([finding()], policy(useless), today=TODAY)
    assert verdict.decision is Decision.DENY
    assert verdict.unused_waivers == (useless,)


@pytest.mark.parametrize("advisory", [None, "CVE-2030-2", "CVE-2030", ""])
def test_a_waiver_does_not_hide_the_next_advisory(advisory: str | None) -> None:
    known = finding("known-vulnerability", "high", ids=frozenset({"CVE-2030-1"}))
    wide = waiver("known-vulnerability", advisory=advisory)
    assert decide([known], policy(wide), today=TODAY).decision is Decision.DENY


def test_a_waiver_names_an_advisory_by_any_of_its_ids() -> None:
    ids = frozenset({"CVE-2030-1", "GHSA-aaaa-bbbb-cccc"})
    known = finding("known-vulnerability", "high", ids=ids)
    fitting = waiver("known-vulnerability", advisory="GHSA-aaaa-bbbb-cccc")
    assert decide([known], policy(fitting), today=TODAY).waived


def test_where_records_tie_several_cves_together_each_is_accepted_by_name() -> None:
    ids = frozenset({"CVE-2030-1", "CVE-2030-2", "GHSA-aaaa-bbbb-cccc"})
    known = finding("known-vulnerability", "critical", ids=ids)
    one = waiver("known-vulnerability", advisory="CVE-2030-1")
    alias = waiver("known-vulnerability", advisory="GHSA-aaaa-bbbb-cccc")
    other = waiver("known-vulnerability", advisory="CVE-2030-2")
    assert decide([known], policy(one, alias), today=TODAY).denied
    assert decide([known], policy(one, other), today=TODAY).waived


def test_a_waiver_of_one_variant_does_not_cover_another() -> None:
    named = policy(waiver(variant="tag"))
    assert decide([finding(variant="floating")], named, today=TODAY).denied
    assert decide([finding(variant="tag")], named, today=TODAY).waived


def test_a_waiver_tells_npm_names_apart_by_case() -> None:
    purl = "pkg:npm/jsonstream@1.0.0"
    other = component(purl, name="JSONStream")
    lower = policy(waiver(purl=purl, name="jsonstream"))
    assert decide([finding(about=other)], lower, today=TODAY).denied
    same = component(purl, name="jsonstream")
    assert decide([finding(about=same)], lower, today=TODAY).waived


def test_a_server_is_waived_by_the_package_that_it_starts() -> None:
    server = component("pkg:npm/files", Kind.MCP_SERVER, name="my files")
    named = policy(waiver(purl="pkg:npm/files", name="files"))
    assert decide([finding(about=server)], named, today=TODAY).waived


def test_a_finding_about_nothing_with_a_purl_cannot_be_waived() -> None:
    opaque = finding(purl=None)
    assert decide([opaque], policy(waiver()), today=TODAY).decision is Decision.DENY


@pytest.mark.parametrize("state", State)
def test_a_gap_leaves_it_undecided_only_where_looking_again_can_help(
    state: State,
) -> None:
    blind = finding("gap", state.value, gap=gap(state))
    expected = Decision.UNDECIDED if state.transient else Decision.DENY
    assert decide([blind], policy(), today=TODAY).decision is expected


def test_what_was_seen_to_be_bad_outweighs_what_was_not_seen() -> None:
    blind = finding("gap", "offline", gap=gap(State.OFFLINE))
    verdict = decide([blind, finding()], policy(), today=TODAY)
    assert verdict.decision is Decision.DENY


def test_nothing_found_is_allowed() -> None:
    assert decide([], policy(), today=TODAY).decision is Decision.ALLOW


STATES = st.sampled_from(State)
FINDINGS = st.one_of(
    st.builds(
        finding,
        rule=st.sampled_from(["unpinned-server", "digest-mismatch", "unheard-of"]),
        variant=st.sampled_from(["floating", "published", "unheard-of"]),
        purl=st.sampled_from(["pkg:npm/files@1.2.0", "pkg:npm/other@2.0.0", None]),
    ),
    STATES.map(lambda state: finding("gap", state.value, gap=gap(state))),
)
WAIVERS = st.builds(
    waiver,
    expires=st.sampled_from([TODAY - dt.timedelta(days=1), TODAY, TOMORROW]),
    rule=st.sampled_from(["unpinned-server", "gap"]),
)
LEVELS = st.dictionaries(
    st.sampled_from(["unpinned_server", "digest_mismatch", "gap"]),
    st.sampled_from(["allow", "warn", "deny"]),
)
POLICIES = st.builds(
    lambda waivers, levels: policy(*waivers, **levels), st.lists(WAIVERS), LEVELS
)
SEVERITY = [Decision.ALLOW, Decision.UNDECIDED, Decision.DENY]


@given(st.lists(FINDINGS), FINDINGS, POLICIES)
def test_one_more_finding_never_makes_the_decision_milder(
    some: list[Finding], more: Finding, rules: Policy
) -> None:
    before = decide(some, rules, today=TODAY).decision
    after = decide([*some, more], rules, today=TODAY).decision
    assert SEVERITY.index(after) >= SEVERITY.index(before)


@given(st.lists(FINDINGS), POLICIES, st.randoms())
def test_the_order_of_findings_does_not_matter(
    some: list[Finding], rules: Policy, chance: random.Random
) -> None:
    shuffled = chance.sample(some, k=len(some))
    assert decide(some, rules, today=TODAY) == decide(shuffled, rules, today=TODAY)


@given(st.lists(FINDINGS), POLICIES)
def test_no_finding_is_lost(some: list[Finding], rules: Policy) -> None:
    verdict = decide(some, rules, today=TODAY)
    waived = [each.finding for each in verdict.waived]
    kept = [*verdict.denied, *verdict.warned, *verdict.allowed, *waived]
    assert sorted(map(repr, kept)) == sorted(map(repr, some))
