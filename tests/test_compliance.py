"""`gate --compliance-report`: what is met, what is not, and what nobody looked at."""

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mcpchain import controls
from mcpchain.cli import main
from mcpchain.compliance import assess
from mcpchain.inventory import Inventory
from mcpchain.policy.reading import parse
from mcpchain.report import Account
from mcpchain.rules import all_rules
from mcpchain.signature import Status, Verification
from mcpchain.standing import Standing
from mcpchain.verdict import Verdict
from tests.making import NOW, component
from tests.model_folder.making import CONFIG, put, weights
from tests.world.npm import sri
from tests.world.world import World

POLICY = "apiVersion: mcpchain/policy/v1\nname: p\nrules: {fresh-release: allow}\n"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)


def gate(target: Path, policy: str, *more: str) -> tuple[dict[str, Any], Result]:
    file, out = target.parent / "policy.yaml", target.parent / "evidence.json"
    file.write_text(policy, encoding="utf-8")
    args = [f"--policy={file}", f"--compliance-report={out}", "--no-pip-audit", *more]
    told = CliRunner().invoke(main, ["gate", *args, str(target)])
    assert told.exit_code in {0, 4, 10}, told.output
    report: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
    return report, told


def status(report: dict[str, Any], framework: str, control: str) -> tuple[str, str]:
    (found,) = (e for e in report["frameworks"] if e["id"] == framework)
    (one,) = (each for each in found["controls"] if each["id"] == control)
    return one["status"], one["why"]


def statuses(report: dict[str, Any]) -> set[str]:
    return {c["status"] for f in report["frameworks"] for c in f["controls"]}


def osv(folder: Path, about: str = "something-else") -> str:
    folder.mkdir()
    now = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    package = {"ecosystem": "npm", "name": about}
    affected = [{"package": package, "versions": ["1.0.0"]}]
    record = {"id": "ACME-1", "modified": now, "affected": affected}
    (folder / "ACME-1.json").write_text(json.dumps(record), encoding="utf-8")
    return f"--advisories={folder}"


def project(folder: Path) -> Path:
    entry = {"version": "1.0.0", "integrity": sri(b"left@1.0.0")}
    packages = {"": {"name": "project"}, "node_modules/left": entry}
    lock = {"lockfileVersion": 3, "packages": packages}
    return put(folder / "project", {"package-lock.json": lock})


def test_every_rule_that_a_control_names_exists_and_every_id_has_its_form() -> None:
    known = {*all_rules(), controls.INVENTORY, controls.ADVISORIES}
    for name, framework in controls.FRAMEWORKS.items():
        for each, control in framework.controls.items():
            assert controls.parse(f"{name}:{each}") == (name, each)
            assert {*control.rules, *control.refuting} <= known


def test_nothing_is_met_where_nothing_of_that_kind_is_there(tmp_path: Path) -> None:
    files = {"m/config.json": CONFIG, "m/model.safetensors": weights("a")}
    report, told = gate(put(tmp_path / "p", files), POLICY, "--offline")
    assert told.exit_code == 0, told.output
    for framework, control in (
        ("eu-cra", "I(2)(a)"),
        ("slsa", "Build L1"),
        ("iso-27001", "8.8"),
        ("nist-ssdf", "RV.1.1"),
    ):
        found = status(report, framework, control)
        assert found == ("no evidence", "nothing of that kind is there")
    assert status(report, "eu-ai-act", "Article 15")[0] == "no evidence"


def test_what_was_looked_up_and_is_fine_is_met(
    tmp_path: Path, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.npm.publish("left", "1.0.0")
    for name, value in world.environ.items():
        monkeypatch.setenv(name, value)
    target, source = project(tmp_path), osv(tmp_path / "osv")
    report, _ = gate(target, POLICY, source)
    assert status(report, "eu-cra", "I(2)(a)")[0] == "met"
    assert status(report, "eu-cra", "II(1)")[0] == "met"
    assert status(report, "nist-ssdf", "RV.1.1")[0] == "met"
    # The package is not signed: whatever the policy makes of it, it is a finding.
    assert status(report, "slsa", "Build L1") == ("not met", "1 finding")
    assert report["evidence"]["advisories"]


def test_offline_nothing_is_met_that_only_a_registry_could_tell(tmp_path: Path) -> None:
    target, source = project(tmp_path), osv(tmp_path / "osv")
    report, _ = gate(target, POLICY, "--offline", source)
    assert status(report, "eu-cra", "I(2)(a)")[0] == "met"
    for framework, control in (
        ("slsa", "Build L1"),
        ("slsa", "Verifying artifacts"),
        ("owasp-llm", "LLM03"),
        ("nist-ssdf", "PW.4.4"),
    ):
        found, why = status(report, framework, control)
        assert found == "no evidence"
        assert "(offline)" in why


def test_a_gap_that_the_policy_allows_is_no_evidence_all_the_same(
    tmp_path: Path,
) -> None:
    target, source = project(tmp_path), osv(tmp_path / "osv")
    put(target, {"broken/package-lock.json": "{"})
    policy = POLICY.replace("{", "{gap: allow, ")
    report, told = gate(target, policy, "--offline", source)
    assert told.exit_code == 0, told.output
    assert "met" not in statuses(report)


def test_without_advisories_no_package_is_free_of_them(tmp_path: Path) -> None:
    policy = POLICY.replace("{", "{gap: allow, ")
    report, told = gate(project(tmp_path), policy, "--offline")
    assert told.exit_code == 0, told.output
    found = status(report, "eu-cra", "I(2)(a)")
    assert found[0] == "no evidence"
    assert "no source of advisories answered" in found[1]


def test_a_finding_that_the_policy_bears_is_not_met_and_is_told(tmp_path: Path) -> None:
    target, source = project(tmp_path), osv(tmp_path / "osv", "left")
    policy = POLICY.replace("{", "{gap: allow, known-vulnerability: allow, ")
    report, told = gate(target, policy, "--offline", source)
    assert told.exit_code == 0, told.output
    (cra,) = (each for each in report["frameworks"] if each["id"] == "eu-cra")
    (one,) = (each for each in cra["controls"] if each["id"] == "I(2)(a)")
    assert one["status"] == "not met"
    (row,) = (each for each in one["rules"] if each["findings"])
    assert (row["rule"], row["lookedAt"]) == ("known-vulnerability", 1)
    assert row["findings"][0]["outcome"] == "allowed"


def test_what_no_rule_looks_at_is_never_met(tmp_path: Path) -> None:
    report, _ = gate(project(tmp_path), POLICY, "--offline")
    found = status(report, "owasp-llm", "LLM01")
    assert found == ("no evidence", "no rule of mcpchain looks at this")


def account(policy: str, signed: str) -> Account:
    """Return a verdict without findings; a package a letter, `y` if it is signed."""
    packages = [component(f"pkg:npm/p{number}@1.0.0") for number in range(len(signed))]
    holds = Verification(subject="p", kind="npm", status=Status.VERIFIED, reason="")
    standings = {
        each.ref: Standing(answers=(holds,) if letter == "y" else ())
        for each, letter in zip(packages, signed, strict=True)
    }
    return Account(
        inventory=Inventory(name="p", components=tuple(packages)),
        verdict=Verdict(),
        policy=parse(policy.encode(), source="p.yaml"),
        now=NOW,
        version="1",
        sources=("osv",),
        standings=standings,
        root="root",
    )


def test_a_build_level_is_met_as_far_as_the_policy_asks_for_one() -> None:
    report = assess(account(POLICY, "y"))
    assert status(report, "slsa", "Build L1")[0] == "met"
    assert status(report, "slsa", "Build L2")[0] == "met"
    no = ("no evidence", "the policy asks for no build level above 2")
    assert status(report, "slsa", "Build L3") == no
    three = POLICY.replace("{", "{low-build-level: {min-level: 3}, ")
    assert status(assess(account(three, "y")), "slsa", "Build L3")[0] == "met"


def test_one_package_of_unknown_signer_is_enough_to_doubt() -> None:
    report = assess(account(POLICY, "y?"))
    found = ("no evidence", "`missing-provenance` could not look at all: nobody was ")
    assert status(report, "slsa", "Build L1")[0] == found[0]
    assert status(report, "slsa", "Build L1")[1].startswith(found[1])


def test_the_report_says_what_it_is_and_what_it_rests_on(tmp_path: Path) -> None:
    report, told = gate(project(tmp_path), POLICY, "--offline")
    assert "no certification" in report["notice"]
    verdict = CliRunner().invoke(
        main,
        [
            *("gate", "--offline", "--no-pip-audit", "--format=json"),
            *(f"--policy={tmp_path / 'policy.yaml'}", str(tmp_path / "project")),
        ],
    )
    assert report["policy"] == {
        key: json.loads(verdict.stdout)["policy"][key]
        for key in ("name", "sha256", "stage")
    }
    assert (
        report["decision"] == {0: "allow", 4: "undecided", 10: "deny"}[told.exit_code]
    )


def test_names_are_no_markup_for_a_reader(tmp_path: Path) -> None:
    server = {"command": "npx", "args": ["-y", "a|b<script>\n# x"]}
    name = "<img src=x> | [x](y)\n## fake"
    target = put(tmp_path / "p", {".mcp.json": {"mcpServers": {name: server}}})
    out = tmp_path / "evidence.md"
    args = ["gate", "--offline", f"--compliance-report={out}", str(target)]
    CliRunner().invoke(main, args)
    text = out.read_text(encoding="utf-8")
    assert "no certification" in text
    assert "<img" not in text
    assert "<script" not in text
    assert "\n## fake" not in text
    assert "[x](y)" not in text


@pytest.mark.parametrize("name", ["evidence", "evidence.txt", "-"])
def test_a_report_of_no_known_format_is_a_usage_error(
    name: str, tmp_path: Path
) -> None:
    args = ["gate", "--offline", f"--compliance-report={name}", str(tmp_path)]
    told = CliRunner().invoke(main, args)
    assert told.exit_code == 2
    assert "`.json` or `.md`" in told.output


def test_a_report_that_cannot_be_written_is_no_yes(tmp_path: Path) -> None:
    files = {"m/config.json": CONFIG, "m/model.safetensors": weights("a")}
    target = put(tmp_path / "p", files)
    out = tmp_path / "gone" / "evidence.json"
    args = ["gate", "--offline", f"--compliance-report={out}", str(target)]
    assert CliRunner().invoke(main, args).exit_code != 0


# what a policy adds


def test_a_policy_adds_controls_to_rules(tmp_path: Path) -> None:
    more = "controls:\n  unpinned-dependency: ['iso-27001:8.9', 'owasp-llm:LLM06']\n"
    target, source = project(tmp_path), osv(tmp_path / "osv")
    report, _ = gate(target, POLICY + more, "--offline", source)
    assert status(report, "iso-27001", "8.9")[0] == "met"
    assert status(report, "owasp-llm", "LLM06")[0] == "met"


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{gap: ['pci-dss:1']}", "`pci-dss` is no framework that is known"),
        ("{gap: ['owasp-llm:LLM11']}", "`LLM11` is no id of OWASP Top 10"),
        ("{gap: ['owasp-llm']}", "`` is no id of"),
        ("{gap: []}", "is empty; leave it out"),
        ("{gapp: ['owasp-llm:LLM01']}", "`gapp` is no rule here; did you mean `gap`?"),
        ("[gap]", "expected an object"),
    ],
)
def test_a_control_that_is_none_is_an_error_with_its_line(
    text: str, complaint: str, tmp_path: Path
) -> None:
    file = tmp_path / "policy.yaml"
    file.write_text(f"{POLICY}controls: {text}\n", encoding="utf-8")
    told = CliRunner().invoke(main, ["gate", f"--policy={file}", str(tmp_path)])
    assert told.exit_code == 2
    assert complaint in told.output
    assert f"{file}:4" in told.output
