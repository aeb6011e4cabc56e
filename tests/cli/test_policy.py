"""`mcpchain policy`: what is said of a policy, and how it ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mcpchain.cli import main

HEAD = "apiVersion: mcpchain/policy/v1\nname: acme\n"
RULES = "rules: {unpinned-server: deny, gap: deny}\nadvisories: {max-age: 7d}\n"
WAIVER = (
    "waivers:\n  - {rule: known-vulnerability, advisory: CVE-1, purl: 'pkg:npm/a@1', "
    "reason: r, owner: o, expires: %s}\n"
)
CASES = "apiVersion: mcpchain/policy-test/v1\ncases:\n"
FLOATING = "{purl: pkg:npm/files, kind: mcp-server, path: .mcp.json}"


def run(*args: str | Path) -> Result:
    return CliRunner().invoke(main, ["policy", *map(str, args)])


def written(folder: Path, text: str, name: str = "p.yaml") -> Path:
    file = folder / name
    file.write_text(text)
    return file


def ids(result: Result) -> list[str]:
    found = json.loads(result.stdout)["entries"]
    return [f"{each['level']} {each['id']} {each['line']}" for each in found]


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        (WAIVER % "2020-01-31", ["warning expired-waiver 6"]),
        (WAIVER % "2999-01-31", ["warning long-waiver 6"]),
        ("expires: 2020-01-31\n", ["warning expired-policy 5"]),
        (
            (
                "publishers: [{packages: [pkg:cargo/a], repository: o/r, "
                "workflow: w.yml, ref: refs/tags/v*}]\n"
            ),
            ["warning never-asked 5"],
        ),
        (
            "publishers: [{packages: [pkg:pypi/a], repository: o/r}]\n",
            ["note loose-publisher 5"],
        ),
        (
            "defaults: {offline: warn}\n",
            ["warning overridden-default 5"],
        ),
        (
            "verifiers: [{id: 'https://g.example', repository: o/r}]\n",
            ["note unused-verifier 5"],
        ),
    ],
)
def test_lint_tells_what_is_odd_and_where(
    tmp_path: Path, rest: str, said: list[str]
) -> None:
    result = run("lint", written(tmp_path, HEAD + RULES + rest), "--format", "json")
    assert ids(result) == said
    assert result.exit_code == (10 if any("warning" in each for each in said) else 0)


def test_lint_tells_of_a_scope_that_a_wider_one_leaves_nothing(tmp_path: Path) -> None:
    rules = (
        "rules:\n  gap:\n    - {level: warn, scope: {paths: [tests/]}}\n"
        "    - {level: allow, scope: {paths: [tests/a/], kinds: [library]}}\n"
        "    - {level: allow, scope: {paths: [docs/]}}\n    - deny\n"
    )
    result = run("lint", written(tmp_path, HEAD + rules), "--format", "json")
    assert ids(result) == ["note no-advisory-age 1", "warning never-reached 6"]


@pytest.mark.parametrize(
    ("expression", "said"),
    [
        ("component.licenses.all(l, l == 'MIT')", ["vacuous-all"]),
        ("component.licenses.size() > 0 && component.licenses.all(l, l == 'MIT')", []),
        (
            "size(component.paths) > 0 && component.licenses.all(l, true)",
            ["vacuous-all"],
        ),
        ("component.name == 'a' || true", ["always-the-same"]),
        ("1 < 2", ["always-the-same"]),
    ],
)
def test_lint_tells_of_conditions_that_are_true_of_nothing(
    tmp_path: Path, expression: str, said: list[str]
) -> None:
    pytest.importorskip("cel_expr_python")
    text = f'custom:\n  - {{id: own, message: m, expr: "{expression}"}}\n'
    result = run("lint", written(tmp_path, HEAD + RULES + text), "--format", "json")
    assert [each.split()[1] for each in ids(result)] == said


def test_lint_tells_that_nothing_is_denied(tmp_path: Path) -> None:
    text = HEAD + RULES + "stages: {dev: {enforce: warn}}\n"
    result = run("lint", written(tmp_path, text))
    assert result.exit_code == 10
    assert result.stdout.startswith("warning[nothing-denied]: no stage blocks\n")


def test_a_waiver_that_a_verdict_did_not_need_is_told(tmp_path: Path) -> None:
    policy = written(tmp_path, HEAD + RULES + WAIVER % "2099-01-31")
    target = written(tmp_path, '{"mcpServers": {"f": {"command": "npx"}}}', ".mcp.json")
    verdict = tmp_path / "verdict.json"
    gate = ["gate", "--offline", "--format", "json", "--policy", str(policy)]
    verdict.write_text(CliRunner().invoke(main, [*gate, str(target)]).stdout)
    for against in (verdict, target):
        result = run("lint", policy, "--verdict", against, "--offline")
        assert "warning[unused-waiver]" in result.stdout, against
    other = written(tmp_path, HEAD + RULES, "other.yaml")
    result = run("lint", other, "--verdict", verdict)
    assert result.exit_code == 2
    assert "is a verdict by another policy: `acme`" in result.stderr


def test_explain_tells_line_evidence_and_way_out_without_a_network(
    tmp_path: Path,
) -> None:
    policy = written(tmp_path, HEAD + RULES)
    config = '{"mcpServers": {"f": {"command": "npx", "args": ["files"]}}}'
    target = written(tmp_path, config, ".mcp.json")
    gate = ["gate", "--offline", "--format", "json", "--policy", str(policy)]
    text = CliRunner().invoke(main, [*gate, str(target)]).stdout
    verdict = written(tmp_path, text, "verdict.json")
    found = next(
        each
        for each in json.loads(text)["findings"]
        if each["rule"] == "unpinned-server"
    )
    for what in ("unpinned-server", found["fingerprint"][:12]):
        result = run("explain", policy, what, "--verdict", verdict)
        assert result.exit_code == 0
        lines = result.stdout.splitlines()
        assert lines[0].startswith("deny[unpinned-server floating]: server `f`")
        assert f"  decided by {policy}:3: `rules: {{unpinned-server: deny" in lines[2]
        assert any(each.startswith("  to pass: name a version") for each in lines)
        assert '      purl: "pkg:npm/files"' in lines
    absent = run("explain", policy, "pkg:npm/other@1", "--verdict", verdict)
    assert absent.exit_code == 3


def test_explain_tells_what_a_policy_asks_where_there_is_no_verdict(
    tmp_path: Path,
) -> None:
    policy = written(tmp_path, HEAD + RULES + WAIVER % "2099-01-31")
    result = run("explain", policy, "gap")
    assert f"deny, by {policy}:3: `rules: {{" in result.stdout
    assert "accepted until 2099-01-31" in run("explain", policy, "pkg:npm/a@1").stdout
    unknown = run("explain", policy, "gaps")
    assert unknown.exit_code == 2
    assert "did you mean `gap`?" in unknown.stderr


def test_diff_tells_what_is_looser_first(tmp_path: Path) -> None:
    old = written(tmp_path, HEAD + RULES, "old.yaml")
    new = written(
        tmp_path,
        "# moved down by a line\n" + HEAD + "rules:\n  gap: {level: {other: warn}}\n"
        "  fresh-release: {min-age: 30d}\nadvisories: {max-age: 36h}\n",
        "new.yaml",
    )
    result = run("diff", old, new)
    assert result.exit_code == 10
    lines = result.stdout.splitlines()
    assert lines[0].startswith("loosens `gap`")
    assert lines[-3:] == [
        "tightens `fresh-release`: `min-age` is `30d`, not `3d`",
        "tightens `advisories`: max-age is `36h`, not `7d`",
        "12 looser, 2 stricter",
    ]
    assert run("diff", old, new, "--format", "markdown").stdout.startswith(
        "**Policy: 12 looser, 2 stricter**\n"
    )
    told = json.loads(run("diff", new, old, "--format", "json").stdout)["entries"]
    assert [each["loosens"] for each in told[:3]] == [True, True, False]


def test_a_policy_that_only_moved_is_the_same(tmp_path: Path) -> None:
    scoped = "rules:\n  gap: [{level: warn, scope: {paths: [a/]}}, deny]\n"
    old = written(tmp_path, HEAD + scoped, "old.yaml")
    new = written(tmp_path, f"# a line\n{HEAD}{scoped}", "new.yaml")
    result = run("diff", old, new)
    assert (result.exit_code, result.stdout) == (0, "0 looser, 0 stricter\n")


def tried(folder: Path, case: str, policy: str = HEAD + RULES) -> Result:
    cases = written(folder, f"{CASES}  - {case}\n", "cases.yaml")
    return run("test", written(folder, policy), cases)


def case(components: str, expect: str, rest: str = "") -> str:
    return (
        f"{{name: c, now: 2027-01-31, components: [{components}], {rest}"
        f"expect: {{{expect}}}}}"
    )


def test_cases_that_turn_out_as_expected_pass(tmp_path: Path) -> None:
    wanted = "{rule: unpinned-server, purl: pkg:npm/files, level: deny}"
    expect = f"decision: deny, findings: [{wanted}]"
    result = tried(tmp_path, case(FLOATING, expect))
    assert (result.exit_code, result.stdout) == (0, "ok     c\n1 case, 0 failed\n")


SIGNED = (
    "publishers: [{packages: ['pkg:pypi/acme-*'], repository: acme/files, "
    "workflow: release.yml, ref: refs/tags/v*}]\n"
)
ACME = "{{purl: pkg:pypi/acme-x@1, sha256: '" + "0" * 64 + "', signatures: [{}]}}"
OURS = "{repository: acme/files, workflow: release.yml, ref: refs/tags/v1}"


@pytest.mark.parametrize(
    ("signature", "decision"),
    [
        (OURS, "allow"),
        (OURS.replace("acme/", "evil/"), "deny"),
        (OURS.replace("tags/v1", "heads/main"), "deny"),
        (OURS.replace("}", ", issuer: 'https://evil.example'}"), "deny"),
        (OURS.replace("}", ", by-index: true}").replace("acme/", "evil/"), "deny"),
        ("", "deny"),
        ("{status: invalid}", "deny"),
        ("{status: missing}", "deny"),
        ("{status: error}", "undecided"),
    ],
)
def test_who_has_signed_a_case_is_held_against_the_publishers(
    tmp_path: Path, signature: str, decision: str
) -> None:
    policy = HEAD + RULES + "  \n" + SIGNED + "signatures: {}\n"
    policy = policy.replace("gap: deny}", "gap: deny, low-build-level: allow}")
    about = case(ACME.format(signature), f"decision: {decision}")
    result = tried(tmp_path, about, policy)
    assert (result.exit_code, result.stdout) == (0, "ok     c\n1 case, 0 failed\n")


@pytest.mark.parametrize(
    ("expect", "said"),
    [
        ("decision: allow", "decision is `deny`, expected `allow`"),
        ("decision: deny, findings: []", "denied, and not expected: unpinned-server"),
        (
            "decision: deny, findings: [{rule: unpinned-server, level: warn}]",
            "`unpinned-server` is `deny`, expected `warn`",
        ),
        (
            (
                "decision: deny, findings: [{rule: unpinned-server, level: deny}, "
                "{rule: gap, level: deny}]"
            ),
            "`gap`: nothing is found, expected `deny`",
        ),
    ],
)
def test_a_case_that_fails_says_the_difference(
    tmp_path: Path, expect: str, said: str
) -> None:
    result = tried(tmp_path, case(FLOATING, expect))
    assert result.exit_code == 10
    assert said in result.stdout


@pytest.mark.parametrize(
    ("about", "said"),
    [
        ("{name: c, now: 2027-01-31, expect: {decision: deny}}", "has either"),
        (case("", "decision: deny"), "has either"),
        (case(FLOATING, "findings: []"), "expect.decision"),
        (case(FLOATING, "decision: denied"), "known are `allow`, `deny`"),
        (case(FLOATING, "decision: deny", "stagee: dev, "), "did you mean `stage`?"),
        (case("{purl: pkg:npm/a, licence: MIT}", "decision: deny"), "`licenses`?"),
        (case("{kind: library}", "decision: deny"), "neither `purl` nor `name`"),
        (
            case(
                "{purl: pkg:npm/a@1, signatures: [{status: verified}]}",
                "decision: deny",
            ),
            "names who signed it if it holds",
        ),
        (
            case(FLOATING, "decision: deny, findings: [{rule: gaps, level: deny}]"),
            "`gaps`, which is no rule",
        ),
        (case(FLOATING, "decision: deny").replace("2027-01-31", "soon"), "is no day"),
    ],
)
def test_cases_are_read_as_strictly_as_a_policy(
    tmp_path: Path, about: str, said: str
) -> None:
    result = tried(tmp_path, about)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_case_after_the_end_of_the_policy_fails(tmp_path: Path) -> None:
    policy = HEAD + RULES + "expires: 2027-01-30\n"
    result = tried(tmp_path, case(FLOATING, "decision: deny"), policy)
    assert result.exit_code == 10
    assert "the policy has ended on 2027-01-30" in result.stdout


def test_a_target_is_judged_with_evidence_by_purl(tmp_path: Path) -> None:
    config = '{"mcpServers": {"f": {"command": "npx", "args": ["files@1.2.0"]}}}'
    written(tmp_path, config, ".mcp.json")
    known = (
        "{purl: 'pkg:npm/files@1.2.0', advisories: [{id: CVE-2027-1, severity: high}]}"
    )
    about = (
        f"{{name: c, now: 2027-01-31, target: .mcp.json, evidence: [{known}], "
        "expect: {decision: deny, findings: [{rule: known-vulnerability, level: deny}, "
        "{rule: unpinned-dependency, level: deny}, {rule: unsigned-artifact, level: "
        "deny}, {rule: missing-provenance, level: deny}]}}"
    )
    result = tried(tmp_path, about)
    assert "known-vulnerability" not in result.stdout, result.stdout
    lost = tried(tmp_path, about.replace("files@1.2.0", "other@1"))
    assert lost.exit_code == 2
    assert "tells of `pkg:npm/other@1`, which is not in the target" in lost.stderr


def test_the_schema_can_be_written(tmp_path: Path) -> None:
    out = tmp_path / "policy.schema.json"
    assert run("schema", "-o", out).exit_code == 0
    assert json.loads(out.read_text()) == json.loads(run("schema").stdout)


def test_a_server_of_a_case_is_not_called_as_its_package(tmp_path: Path) -> None:
    policy = (
        f"{HEAD}{RULES}custom:\n  - id: ours\n    message: no\n"
        "    expr: component.FACT.startsWith('@acme/')\n"
    )
    server = "{kind: mcp-server, purl: 'pkg:npm/%40acme/files@1.0.0', pin: exact}"
    for fact, code in {"package": 0, "name": 10}.items():
        expected = case(server, "decision: allow")
        result = tried(tmp_path, expected, policy.replace("FACT", fact))
        assert result.exit_code == code, result.output
