"""Every policy that comes with mcpchain does what its head says, and no less."""

import datetime as dt
import json
import pickle
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from mcpchain.artifact import Artifact
from mcpchain.cli import main
from mcpchain.component import Kind
from mcpchain.finding import Level
from mcpchain.pipeline.policies import load_policy, shipped
from mcpchain.policy.changes import changes
from mcpchain.release import Release
from mcpchain.rules import all_rules
from tests.making import NOW, case, component, finding
from tests.model_folder.making import CONFIG, put, weights

EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
NAMES = ("air-gapped", "baseline", "mcp-servers", "models", "production", "strict")
HASH = "sha512-" + "A" * 86 + "=="
Found = tuple[str, set[tuple[str, str, str]]]


@pytest.fixture(autouse=True)
def _home(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Keep what is kept between runs out of the examples, and of who tests."""
    monkeypatch.setenv("HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)


def gate(policy: str, target: Path, *more: str) -> dict[str, Any]:
    args = ["gate", "--no-environment", "--no-pip-audit", f"--policy={policy}", *more]
    told = CliRunner().invoke(main, [*args, "--format=json", str(target)])
    assert told.stdout, told.output
    report: dict[str, Any] = json.loads(told.stdout)
    assert (
        told.exit_code == {"allow": 0, "undecided": 4, "deny": 10}[report["decision"]]
    )
    return report


def outcome(policy: str, target: Path, *more: str) -> Found:
    """Return the decision, and what was said beside it: outcome, rule and variant."""
    report = gate(policy, target, *more)
    findings = {(f["outcome"], f["rule"], f["variant"]) for f in report["findings"]}
    return report["decision"], findings


def advisories(folder: Path, about: str = "something-else") -> str:
    """Return the option that gives a record of today for each registry."""
    folder.mkdir()
    now = f"{dt.datetime.now(tz=dt.UTC):%Y-%m-%dT%H:%M:%SZ}"
    for ecosystem in ("npm", "PyPI"):
        record = {
            "id": f"ACME-{ecosystem}-1",
            "modified": now,
            "published": now,
            "affected": [
                {
                    "package": {"ecosystem": ecosystem, "name": about},
                    "versions": ["1.0.0"],
                }
            ],
        }
        text = json.dumps(record)
        (folder / f"ACME-{ecosystem}-1.json").write_text(text, encoding="utf-8")
    return f"--advisories={folder}"


def lock(**of: object) -> dict[str, object]:
    entry = {"version": "1.0.0", "integrity": HASH, **of}
    packages = {"": {"name": "project"}, "node_modules/left": entry}
    return {"lockfileVersion": 3, "packages": packages}


def servers(**some: Mapping[str, object]) -> dict[str, object]:
    return {"mcpServers": some}


REMOTE = {"type": "http", "url": "https://tickets.example.com/mcp"}


def test_there_are_these_and_no_others() -> None:
    assert tuple(shipped()) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_one_names_every_rule_itself_and_how_old_advisories_may_be(name: str) -> None:
    policy = load_policy(name)
    text = shipped()[name].read_text(encoding="utf-8")
    assert policy.name == name
    assert policy.max_advisory_age is not None
    assert [each for each in all_rules() if f"\n  {each}:" not in text] == []
    assert policy.waivers == ()


@pytest.mark.parametrize("name", sorted({*NAMES} - {"baseline", "strict"}))
def test_one_says_in_its_head_whom_it_is_for_and_what_it_does_not_do(name: str) -> None:
    head = shipped()[name].read_text(encoding="utf-8").partition("apiVersion:")[0]
    assert "# For the team " in head
    assert "# What it does not do: " in head
    assert all(line.startswith("#") for line in head.splitlines())


@pytest.mark.parametrize("name", NAMES)
def test_nobody_lets_through_what_is_known_to_be_bad_or_was_not_seen(name: str) -> None:
    policy = load_policy(name)
    never = {
        ("digest-mismatch", "published"),
        ("invalid-signature", "invalid"),
        ("malicious-release", "malicious"),
        ("known-vulnerability", "critical"),
        ("known-vulnerability", "high"),
        ("known-vulnerability", "unknown"),
        ("untrusted-identity", "named"),
        ("untrusted-registry", "registry"),
        ("unsafe-model-format", "pickle"),
        ("plaintext-remote-server", "plaintext"),
        ("unpinned-server", "floating"),
        ("unpinned-server", "opaque"),
        *(
            ("gap", each)
            for each in ("unreadable", "unsupported", "stale", "no-source")
        ),
    }
    assert {
        key for key in never if policy.level(finding(*key)) is not Level.DENY
    } == set()


@pytest.mark.parametrize("name", NAMES)
def test_the_agent_of_the_examples_is_denied_and_the_worst_is_named(name: str) -> None:
    osv = f"--advisories={EXAMPLES / 'support-agent' / 'advisories'}"
    decision, found = outcome(name, EXAMPLES / "support-agent", "--offline", osv)
    assert decision == "deny"
    assert {rule for said, rule, _ in found if said == "denied"} == {
        "gap",
        "known-vulnerability",
        "malicious-release",
        "plaintext-remote-server",
        "unpinned-server",
        "unsafe-model-format",
        "untrusted-registry",
    }


@pytest.mark.parametrize(
    ("name", "decision"),
    [
        ("baseline", "undecided"),
        ("mcp-servers", "undecided"),
        ("models", "undecided"),
        # An advisory of medium severity.
        ("production", "deny"),
        ("air-gapped", "deny"),
    ],
)
def test_the_repaired_agent_lacks_nothing_but_answers_where_a_medium_one_is_borne(
    name: str, decision: str
) -> None:
    osv = f"--advisories={EXAMPLES / 'support-agent' / 'advisories'}"
    target = EXAMPLES / "support-agent-repaired"
    found = outcome(name, target, "--offline", osv)
    assert found[0] == decision
    denied = {rule for said, rule, _ in found[1] if said == "denied"}
    assert denied == {"gap"} | (
        {"known-vulnerability"} if decision == "deny" else set()
    )


def test_production_is_looser_than_strict_in_two_things_and_bounds_its_waivers() -> (
    None
):
    strict, production = load_policy("strict"), load_policy("production")
    assert sorted(
        each.text for each in changes(strict, production) if each.loosens
    ) == [
        "known-vulnerability low is `warn`, not `deny`",
        "withdrawn-release deprecated is `warn`, not `deny`",
    ]
    assert production.limits.approvers
    assert production.limits.max_waiver_days == 30
    assert "malicious-release" in production.limits.unwaivable


def test_a_waiver_of_production_needs_somebody_else_and_a_near_end(
    tmp_path: Path,
) -> None:
    file = tmp_path / "ours.yaml"
    text = shipped()["production"].read_text(encoding="utf-8")
    late = dt.datetime.now(tz=dt.UTC).date() + dt.timedelta(days=31)
    waiver = (
        "waivers:\n  - {rule: unpinned-server, purl: pkg:npm/x@1.0.0, reason: r, "
        f"owner: a, approver: b, expires: {late}}}\n"
    )
    put(tmp_path, {"m/config.json": CONFIG, "m/model.safetensors": weights("a")})
    for change in ({}, {"approver: b, ": ""}, {str(late): str(late - dt.timedelta(2))}):
        changed = waiver
        for old, new in change.items():
            changed = changed.replace(old, new)
        file.write_text(text.replace("waivers: []\n", changed), encoding="utf-8")
        args = ["gate", "--offline", "--policy", str(file), str(tmp_path / "m")]
        told = CliRunner().invoke(main, args)
        assert told.exit_code == (0 if str(late) not in changed else 2), told.output


# mcp-servers


def test_mcp_servers_allows_a_remote_server_with_encryption(tmp_path: Path) -> None:
    put(tmp_path, {".mcp.json": servers(tickets=REMOTE)})
    assert outcome("mcp-servers", tmp_path, "--offline") == ("allow", set())


@pytest.mark.parametrize(
    ("server", "said"),
    [
        ({"command": "npx", "args": ["-y", "files"]}, ("unpinned-server", "floating")),
        ({"command": "npx", "args": ["-y", "files@^1"]}, ("unpinned-server", "range")),
        (
            {"command": "docker", "args": ["run", "r.example/acme/files:1.4"]},
            ("unpinned-server", "tag"),
        ),
        ({"command": "bash", "args": ["-c", "$X"]}, ("unpinned-server", "opaque")),
        (
            {"type": "http", "url": "http://tickets.example.com/mcp"},
            ("plaintext-remote-server", "plaintext"),
        ),
    ],
)
def test_mcp_servers_denies_a_server_that_is_not_named_exactly(
    server: dict[str, object], said: tuple[str, str], tmp_path: Path
) -> None:
    put(tmp_path, {".mcp.json": servers(it=server)})
    decision, found = outcome("mcp-servers", tmp_path, "--offline")
    assert decision == "deny"
    assert ("denied", *said) in found


def test_mcp_servers_only_warns_of_what_is_careless_beside_servers(
    tmp_path: Path,
) -> None:
    put(
        tmp_path,
        {
            ".mcp.json": servers(tickets=REMOTE),
            "requirements.txt": "flask>=2\n",
            "Dockerfile": "FROM r.example/acme/base:1\n",
        },
    )
    osv = advisories(tmp_path.with_name("osv"))
    found = outcome("mcp-servers", tmp_path, "--offline", osv)[1]
    assert {each for each in found if each[1] != "gap"} == {
        ("warned", "unpinned-dependency", "range"),
        ("warned", "unpinned-build-step", "image"),
    }
    assert ("denied", "gap", "offline") in found


@pytest.mark.parametrize(
    ("kind", "days", "expected"),
    [
        (Kind.APPLICATION, 5, Level.DENY),
        (Kind.APPLICATION, 8, None),
        (Kind.LIBRARY, 5, None),
        (Kind.LIBRARY, 2, Level.WARN),
    ],
)
def test_mcp_servers_waits_longer_for_servers_than_for_what_they_use(
    kind: Kind, days: int, expected: Level | None
) -> None:
    policy = load_policy("mcp-servers")
    artifact = Artifact(name="files.tgz", published=NOW - dt.timedelta(days=days))
    release = Release(
        registry="https://registry.example",
        name="files",
        version="1.2.0",
        artifacts=(artifact,),
    )
    found = policy.check(replace(case(component(kind=kind)), release=release))
    levels = [policy.level(each) for each in found if each.rule == "fresh-release"]
    assert levels == ([expected] if expected else [])


# models


def model(**more: object) -> dict[str, object]:
    return {"m/config.json": CONFIG, "m/model.safetensors": weights("a"), **more}


def card(license_id: str) -> str:
    return f"---\nlicense: {license_id}\n---\n# Tiny\n"


@pytest.mark.parametrize(
    ("files", "decision", "said"),
    [
        (model(**{"m/README.md": card("mit")}), "allow", set()),
        (model(), "allow", {("warned", "unaccepted-license", "unknown")}),
        (
            model(**{"m/README.md": card("cc-by-nc-4.0")}),
            "deny",
            {("denied", "unaccepted-license", "denied")},
        ),
        (
            model(**{"m/README.md": card("mit"), "m/more.pkl": pickle.dumps(dt.date)}),
            "deny",
            {("denied", "unsafe-model-format", "pickle")},
        ),
        (
            model(
                **{
                    "m/README.md": card("mit"),
                    "m/config.json": CONFIG | {"auto_map": {"AutoModel": "modeling.M"}},
                    "m/modeling.py": "class M: ...\n",
                }
            ),
            "deny",
            {("denied", "remote-model-code", "offered")},
        ),
    ],
    ids=["safe", "no-licence", "no-commercial-use", "a-pickle", "code-of-its-own"],
)
def test_models_denies_what_can_run_code_and_what_may_not_be_used(
    files: dict[str, Any],
    decision: str,
    said: set[tuple[str, str, str]],
    tmp_path: Path,
) -> None:
    found = outcome("models", put(tmp_path, files), "--offline")
    assert found[0] == decision, found
    assert said <= found[1]
    assert decision == "deny" or found[1] == said


def test_models_wants_a_commit_of_what_is_fetched(tmp_path: Path) -> None:
    code = (
        'from transformers import AutoModel\nAutoModel.from_pretrained("acme/tiny")\n'
    )
    found = outcome("models", put(tmp_path, {"app.py": code}), "--offline")
    assert ("denied", "unpinned-model", "floating") in found[1]


def test_models_holds_its_licences_against_models_alone() -> None:
    policy = load_policy("models")
    library = component(licenses=("CC-BY-NC-4.0",))
    found = [*policy.check(case(library, licenses=policy.licenses))]
    levels = {
        each.variant: policy.level(each) for each in found if "license" in each.rule
    }
    assert levels == {"denied": Level.WARN}


# air-gapped


def test_air_gapped_allows_what_is_named_by_its_bytes_and_known_to_no_advisory(
    tmp_path: Path,
) -> None:
    project = put(tmp_path / "p", {"package-lock.json": lock()})
    osv = advisories(tmp_path / "osv")
    assert outcome("air-gapped", project, "--offline", osv) == (
        "allow",
        {("warned", "gap", "offline")},
    )


@pytest.mark.parametrize(
    ("files", "about", "said"),
    [
        ({"package-lock.json": lock()}, None, ("gap", "no-source")),
        ({"package-lock.json": lock()}, "left", ("known-vulnerability", "unknown")),
        (
            {"requirements.txt": "flask==3.0.0\n"},
            "other",
            ("unhashed-dependency", "none"),
        ),
        ({"requirements.txt": "flask>=3\n"}, "other", ("unpinned-dependency", "range")),
        (
            {"package-lock.json": lock(resolved="https://evil.example/left.tgz")},
            "other",
            ("untrusted-registry", "registry"),
        ),
        (
            {"package-lock.json": lock(), "Dockerfile": "FROM r.example/acme/base:1\n"},
            "other",
            ("unpinned-build-step", "image"),
        ),
        (
            {"m/model.pkl": pickle.dumps(dt.date)},
            None,
            ("unsafe-model-format", "pickle"),
        ),
    ],
    ids=[
        *("no-advisories", "an-advisory", "no-digest", "no-version"),
        *("another-registry", "an-image-by-tag", "a-pickle"),
    ],
)
def test_air_gapped_denies_what_can_be_known_without_a_network(
    files: dict[str, Any], about: str | None, said: tuple[str, str], tmp_path: Path
) -> None:
    project = put(tmp_path / "p", files)
    more = [advisories(tmp_path / "osv", about)] if about else []
    decision, found = outcome("air-gapped", project, "--offline", *more)
    assert decision in {"deny", "undecided"}
    assert ("denied", *said) in found


def test_air_gapped_bears_no_other_blindness_than_being_offline() -> None:
    policy = load_policy("air-gapped")
    gap = all_rules()["gap"]
    borne = {v for v in gap.variants if policy.level(finding("gap", v)) != Level.DENY}
    assert borne == {"offline"}


def test_air_gapped_does_not_allow_a_package_whose_publisher_cannot_be_asked(
    tmp_path: Path,
) -> None:
    named = "publishers:\n  - {packages: [pkg:npm/left], repository: acme/left}\n"
    text = shipped()["air-gapped"].read_text(encoding="utf-8")
    assert "publishers: []\n" in text
    policy = tmp_path / "ours.yaml"
    policy.write_text(text.replace("publishers: []\n", named), encoding="utf-8")
    project = put(tmp_path / "p", {"package-lock.json": lock()})
    osv = advisories(tmp_path / "osv")
    report = gate(str(policy), project, "--offline", osv)
    assert report["decision"] == "undecided"
    found = {(f["outcome"], f["variant"]) for f in report["findings"] if "gap" in f}
    assert found == {("warned", "offline"), ("denied", "unasked")}


@pytest.mark.parametrize("name", NAMES)
def test_nothing_is_odd_about_one(name: str) -> None:
    told = CliRunner().invoke(main, ["policy", "lint", name])
    assert (told.exit_code, told.output) == (0, "0 warnings, 0 notes\n")
