import datetime as dt
from pathlib import Path

import pytest

from mcpchain.errors import PolicyError
from mcpchain.finding import Level
from mcpchain.policy import Policy, default_levels
from mcpchain.policy.reading import parse
from mcpchain.rules import all_rules
from mcpchain.rules.fresh_release import FreshRelease
from mcpchain.rules.low_build_level import LowBuildLevel
from mcpchain.signature import Demand
from mcpchain.standing import Builders
from tests.making import finding

POLICIES = Path(__file__).resolve().parents[1] / "policies"
HEAD = "apiVersion: mcpchain/policy/v1\nname: test\n"
RULES = HEAD + "rules:\n  gap: deny\n"
WAIVER = """\
waivers:
  - rule: unpinned-server
    purl: pkg:npm/files@1.2.0
    reason: upstream is fixing it
    owner: platform
    expires: 2030-01-02
"""


def read(text: str) -> Policy:
    return parse(text.encode(), source="p.yaml")


@pytest.mark.parametrize("name", ["baseline", "strict"])
def test_the_policies_that_we_ship_name_every_rule(name: str) -> None:
    data = (POLICIES / f"{name}.yaml").read_bytes()
    policy = parse(data, source=name)
    assert policy.name == name
    assert policy.max_advisory_age is not None
    for rule in all_rules():
        assert f"\n  {rule}:".encode() in data


def levels(name: str, level: Level) -> set[str]:
    """Return what the policy *name* gives *level*, as `rule variant`."""
    policy = parse((POLICIES / f"{name}.yaml").read_bytes(), source=name)
    return {" ".join(key) for key, each in policy.levels.items() if each is level}


def test_the_strict_policy_denies_all_but_signatures_that_nobody_has_promised() -> None:
    assert levels("strict", Level.ALLOW) == set()
    assert levels("strict", Level.WARN) == {
        "identity-change workflow",
        "low-build-level unstated",
        "missing-provenance dependency",
        "unsigned-artifact dependency",
        "untrusted-identity unnamed",
    }


def test_the_baseline_never_allows_what_the_strict_one_denies_in_silence() -> None:
    allowed = levels("baseline", Level.ALLOW) - {"low-build-level low"}
    assert allowed == levels("strict", Level.WARN)
    worst = {
        "malicious-release malicious",
        "digest-mismatch published",
        "known-vulnerability unknown",
        "gap unreachable",
        "gap offline",
        "identity-change owner",
        "invalid-signature invalid",
        "missing-provenance named",
        "unsigned-artifact named",
        "untrusted-identity named",
        "untrusted-identity index",
    }
    assert worst <= levels("baseline", Level.DENY)


def test_a_rule_that_no_policy_names_is_as_strict_as_the_strict_one() -> None:
    policy = parse((POLICIES / "strict.yaml").read_bytes(), source="strict")
    assert policy.levels == default_levels()


def test_every_rule_runs_even_if_the_policy_names_only_one() -> None:
    policy = read(RULES)
    assert {rule.id for rule in policy.rules} == set(all_rules())
    assert policy.level(finding("malicious-release", "malicious")) is Level.DENY


def test_a_level_holds_for_all_variants_or_for_one() -> None:
    policy = read(
        HEAD
        + "rules:\n"
        + "  unpinned-server: warn\n"
        + "  known-vulnerability:\n"
        + "    level: {low: allow, medium: warn, other: deny}\n"
    )
    levels = {
        variant: policy.level(finding("known-vulnerability", variant))
        for variant in ("unknown", "low", "medium", "high", "critical")
    }
    assert levels == {
        "unknown": Level.DENY,
        "low": Level.ALLOW,
        "medium": Level.WARN,
        "high": Level.DENY,
        "critical": Level.DENY,
    }
    assert policy.level(finding("unpinned-server", "opaque")) is Level.WARN


def test_a_rule_takes_its_settings() -> None:
    policy = read(HEAD + "rules:\n  fresh-release: {level: warn, min-age: 7d}\n")
    (rule,) = [rule for rule in policy.rules if isinstance(rule, FreshRelease)]
    assert rule.min_age == dt.timedelta(days=7)
    assert policy.level(finding("fresh-release", "fresh")) is Level.WARN


def test_a_rule_with_settings_keeps_its_own_levels() -> None:
    policy = read(HEAD + "rules:\n  fresh-release: {min-age: 12h}\n")
    assert policy.level(finding("fresh-release", "fresh")) is Level.DENY


def test_reads_registries_ages_and_waivers() -> None:
    policy = read(
        RULES
        + "registries: ['https://mirror.example/simple', 'conda:forge']\n"
        + "advisories: {max-age: 36h}\n"
        + WAIVER
    )
    assert policy.registries == ("https://mirror.example/simple", "conda:forge")
    assert policy.max_advisory_age == dt.timedelta(hours=36)
    (waiver,) = policy.waivers
    assert waiver.expires == dt.date(2030, 1, 2)
    assert waiver.line == 8


@pytest.mark.parametrize(
    ("purl", "name"),
    [
        ("pkg:npm/JSONStream@1.0.0", "JSONStream"),
        ("pkg:npm/%40acme/Files@1.0.0?x=y#z", "@acme/Files"),
        ("pkg:npm/@acme/files", "@acme/files"),
        ("pkg:pypi/Flask@1", ""),
    ],
)
def test_a_waiver_keeps_the_name_of_an_npm_package_as_it_is_written(
    purl: str, name: str
) -> None:
    (waiver,) = read(RULES + WAIVER.replace("pkg:npm/files@1.2.0", purl)).waivers
    assert waiver.name == name


def test_knows_the_digest_of_its_file() -> None:
    assert read(RULES).sha256 != read(RULES + "\n").sha256


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "p.yaml:1: expected an object, got null"),
        ("[]", "p.yaml:1: expected an object, got a list"),
        ("{}", "p.yaml:1: `apiVersion`: is missing; expected a string"),
        (HEAD, "p.yaml:1: `rules`: names no rule, so it asks for nothing"),
        (HEAD + "rules: {}\n", "p.yaml:3: `rules`: names no rule"),
        (HEAD + "rules: deny\n", "p.yaml:3: `rules`: expected an object"),
        (HEAD + "rules: [gap]\n", "p.yaml:3: `rules`: expected an object"),
        (
            "apiVersion: mcpchain/policy/v2\nname: x\nrules: {gap: deny}",
            "`mcpchain/policy/v2` is not known here; this mcpchain reads",
        ),
        (RULES + "waiver: []\n", "`waiver` is no key here; did you mean `waivers`?"),
        (
            HEAD + "rules: {unpined-server: deny}\n",
            "`unpined-server` is no rule here; did you mean `unpinned-server`?",
        ),
        (HEAD + "rules: {gap: denied}\n", "`denied` is no level; use `allow`,"),
        (HEAD + "rules: {gap: true}\n", "expected a string, got a boolean"),
        (HEAD + "rules:\n  gap:\n", "p.yaml:4: `rules.gap`: is missing"),
        (HEAD + "rules: {gap: {lvl: deny}}\n", "`lvl` is no setting here"),
        (
            HEAD + "rules: {gap: {level: {ofline: warn, other: deny}}}\n",
            "`ofline` is no variant here; did you mean `offline`?",
        ),
        (
            HEAD + "rules: {known-vulnerability: {level: {high: deny, low: warn}}}\n",
            "gives no level for `critical`, `medium`, `unknown`; name them, or add",
        ),
        (
            HEAD + "rules: {fresh-release: {min-age: 3}}\n",
            "`rules.fresh-release.min-age`: `3` is no age; write hours or days",
        ),
        (
            HEAD + "rules: {fresh-release: {min-age: 3 days}}\n",
            "`3 days` is no age; write hours or days",
        ),
        (HEAD + "rules: {fresh-release: {min-age: 0h}}\n", "`0h` is no age"),
        (HEAD + "rules: {fresh-release: {min-age: -1h}}\n", "`-1h` is no age"),
        (
            HEAD + "rules: {low-build-level: {min-level: 4}}\n",
            "`rules.low-build-level.min-level`: `4` is not one of 1 to 3",
        ),
        (HEAD + "rules: {low-build-level: {min-level: 0}}\n", "`0` is not one of"),
        (HEAD + "rules: {low-build-level: {min-level: true}}\n", "got a boolean"),
        (HEAD + "rules: {low-build-level: {min-level: '2'}}\n", "got a string"),
        (RULES + "signatures: {second: off}\n", "`second` is no key here"),
        (
            RULES + "signatures: {second-opinion: always}\n",
            "`signatures.second-opinion`: `always` is no demand here",
        ),
        (RULES + "signatures: {self-hosted-runners: 1}\n", "got a number"),
        (
            RULES + "signatures:\n  isolating-workflows:\n"
            "    - https://github.com/o/r/.github/workflows/w.yml@main\n",
            "p.yaml:7: `signatures.isolating-workflows`: `https://github.com/o/r/.gith",
        ),
        (
            RULES
            + "signatures: {isolating-workflows: ['https://github.com/o/r@"
            + "1" * 40
            + "']}\n",
            "is no workflow at a commit",
        ),
        (RULES + "advisories: {maxage: 1d}\n", "did you mean `max-age`?"),
        (RULES + "advisories: {}\n", "`advisories.max-age`: is missing"),
        (RULES + "registries: https://a.example\n", "expected a list"),
        (RULES + "registries: ['http://a.example/']\n", "is no registry"),
        (RULES + "registries: ['https://*.example/']\n", "is no registry"),
        (RULES + "registries: ['https://u:p@a.example/']\n", "is no registry"),
        (RULES + "registries: [a.example]\n", "is no registry"),
        (RULES + "registries: ['conda:']\n", "is no registry"),
        (RULES + "registries: ['conda:*']\n", "is no registry"),
        (RULES + "registries: ['conda://a.example']\n", "is no registry"),
        (
            RULES + WAIVER.replace("unpinned-server", "unpinned"),
            "`unpinned` is no rule here",
        ),
        (RULES + WAIVER.replace("    reason", "    why"), "`why` is no key here"),
        (
            RULES + WAIVER.replace("upstream is fixing it", "'  '"),
            "`waivers.reason`: is empty",
        ),
        (
            RULES + WAIVER.replace("    owner: platform\n", ""),
            "p.yaml:6: `waivers.owner`: is missing; expected a string",
        ),
        (
            RULES + WAIVER.replace("    expires: 2030-01-02\n", ""),
            "`waivers.expires`: is missing; expected a string",
        ),
        (RULES + WAIVER.replace("2030-01-02", "never"), "`never` is no day"),
        (RULES + WAIVER.replace("2030-01-02", "20300102T10"), "is no day"),
        (RULES + WAIVER.replace("pkg:npm/files@1.2.0", "files"), "is no purl"),
        (
            RULES + WAIVER.replace("files@1.2.0", "*"),
            "a waiver names one package, without wildcards",
        ),
        (
            RULES + WAIVER.replace("unpinned-server", "digest-mismatch"),
            "`digest-mismatch` cannot be waived; lock the bytes that you accept",
        ),
        (
            RULES + WAIVER.replace("unpinned-server", "untrusted-registry"),
            "`untrusted-registry` cannot be waived; list the registry under",
        ),
        (
            RULES + WAIVER.replace("unpinned-server", "gap"),
            "a waiver of `gap` names the `variant` that it accepts",
        ),
        (
            RULES + WAIVER + "    variant: floatng\n",
            "`floatng` is no variant here; did you mean `floating`?",
        ),
        (
            RULES + WAIVER.replace("unpinned-server", "known-vulnerability"),
            "a waiver of `known-vulnerability` names the `advisory`",
        ),
        (
            RULES + WAIVER.replace("unpinned-server", "malicious-release"),
            "a waiver of `malicious-release` names the `advisory`",
        ),
    ],
)
def test_says_what_is_wrong_and_where(text: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(text)
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("p.yaml:")
    assert "mcpchain explain baseline" in caught.value.hint


def test_reads_what_signatures_need() -> None:
    workflow = f"https://github.com/o/r/.github/workflows/w.yml@{'1' * 40}"
    policy = read(
        RULES
        + "signatures:\n  second-opinion: required\n  self-hosted-runners: true\n"
        + f'  isolating-workflows: ["{workflow}"]\n'
    )
    assert policy.second_opinion is Demand.REQUIRED
    assert policy.builders == Builders(
        isolating=frozenset({workflow}), self_hosted=True
    )


def test_without_a_word_signatures_are_taken_as_strictly_as_can_be() -> None:
    for policy in (read(RULES), read(RULES + "signatures: {}\n")):
        assert policy.second_opinion is Demand.OFF
        assert policy.builders == Builders()
        assert policy.publishers == ()


def test_a_rule_takes_a_number() -> None:
    policy = read(HEAD + "rules: {low-build-level: {min-level: 3}}\n")
    (rule,) = [each for each in policy.rules if isinstance(each, LowBuildLevel)]
    assert rule.min_level == 3
