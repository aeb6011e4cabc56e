"""Scopes, stages, limits, licences and what a policy extends."""

import datetime as dt
import hashlib
from collections.abc import Mapping

import pytest

from mcpchain.artifact import Artifact
from mcpchain.component import Component, Kind, Location, Pin
from mcpchain.errors import PolicyError, UsageError
from mcpchain.finding import Level
from mcpchain.gate import decide
from mcpchain.license_terms import LicenseTerms
from mcpchain.pipeline.policies import at_stage
from mcpchain.policy import Policy
from mcpchain.policy.changes import changes
from mcpchain.policy.reading import Around, Base, parse
from mcpchain.release import Release
from mcpchain.verdict import Decision
from tests.making import NOW, TODAY, case, component, finding

HEAD = "apiVersion: mcpchain/policy/v1\nname: test\n"
RULES = HEAD + "rules:\n  gap: deny\n"
WAIVER = (
    "{rule: known-vulnerability, advisory: CVE-1, purl: pkg:npm/files@1.2.0, "
    "reason: no way around, owner: a, expires: 2030-01-31"
)
STAGES = (
    "verifiers: [{id: 'https://gate.example/staging', repository: acme/gate}]\n"
    "stages:\n"
    "  dev: {enforce: warn}\n"
    "  staging: {}\n"
    "  production:\n"
    "    rules: {unpinned-server: deny}\n"
    "    requires: {stage: staging, verifier: 'https://gate.example/staging', "
    "max-age: 7d}\n"
)


class Folder:
    """Policies beside each other."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self.files = files

    def key(self, name: str) -> bytes:
        return self.files[name].encode()

    def base(self, base: Base) -> tuple[bytes, str, Around]:
        if base.file not in self.files:
            raise FileNotFoundError(2, "No such file or directory")
        return self.files[base.file].encode(), base.file, self


def read(text: str, around: Around | None = None, today: dt.date = TODAY) -> Policy:
    return parse(text.encode(), source="p.yaml", around=around, today=today)


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def child(base: str, rest: str, **files: str) -> Policy:
    """Read a policy that extends *base*."""
    head = f"{HEAD}extends: {{file: base.yaml, sha256: '{sha256(base)}'}}\n"
    return read(head + rest, Folder({"base.yaml": base, **files}))


def at(*paths: str, purl: str = "pkg:pypi/a@1", kind: Kind = Kind.LIBRARY) -> Component:
    return component(purl, kind, locations=tuple(Location(path=p) for p in paths))


SCOPED = read(
    HEAD
    + "rules:\n"
    + "  unpinned-dependency:\n"
    + "    - {level: allow, scope: {paths: [tests/], kinds: [library]}}\n"
    + "    - {level: warn, scope: {packages: ['pkg:pypi/acme-*']}}\n"
    + "    - deny\n"
)


@pytest.mark.parametrize(
    ("about", "level", "line"),
    [
        (at("tests/a.txt"), Level.ALLOW, 5),
        (at("tests/a.txt", kind=Kind.APPLICATION), Level.DENY, 7),
        (at("tests"), Level.DENY, 7),
        (at("testsuite/a.txt"), Level.DENY, 7),
        (at("a.txt", purl="pkg:pypi/Acme_X@1"), Level.WARN, 6),
        (at("a.txt", purl="pkg:npm/acme-x@1"), Level.DENY, 7),
        (at("a.txt", "tests/a.txt"), Level.DENY, 7),
        (at("tests/a.txt", "tests/b.txt"), Level.ALLOW, 5),
    ],
)
def test_the_first_entry_that_fits_holds_and_of_several_places_the_strictest(
    about: Component, level: Level, line: int
) -> None:
    found = finding("unpinned-dependency", "range", about=about)
    ruling, place = SCOPED.ruling(found)
    assert (ruling, str(place)) == (level, f"p.yaml:{line}")


def test_a_setting_holds_where_its_scope_fits_and_the_default_elsewhere() -> None:
    policy = read(
        HEAD
        + "rules:\n"
        + "  fresh-release:\n"
        + "    - {min-age: 30d, scope: {packages: [pkg:pypi/slow]}}\n"
    )
    ten_days = NOW - dt.timedelta(days=10)
    old = Release(
        registry="https://registry.example",
        name="x",
        version="1",
        artifacts=(Artifact(name="x", published=ten_days),),
    )
    for name, count in {"slow": 1, "quick": 0}.items():
        about = component(f"pkg:pypi/{name}@1")
        found = [*policy.check(case(about, release=old))]
        assert [each.rule for each in found] == ["fresh-release"] * count, name


@pytest.mark.parametrize(
    ("rules", "complaint"),
    [
        ("gap: []", "is empty, so it says nothing"),
        ("gap: [deny, warn]", "has no `scope`, so what follows is never asked"),
        ("gap: {level: deny, scope: {}}", "names nothing"),
        ("gap: {level: deny, scope: {kind: [library]}}", "did you mean `kinds`"),
        ("gap: {level: deny, scope: {kinds: [libary]}}", "did you mean `library`"),
        ("gap: {level: deny, scope: {kinds: []}}", "is empty, so it fits nothing"),
        ("gap: {level: deny, scope: {kinds: null}}", "is empty, so it fits nothing"),
        ("gap: {level: deny, scope: null}", "names nothing"),
        ("gap: {level: deny, scope: {packages: ['*']}}", "names no packages"),
        ("gap: {level: deny, scope: {paths: ['**/x']}}", "is no path here"),
        ("gap: {level: deny, scope: {paths: [../x]}}", "is no path here"),
        ("gap: {level: deny, scope: {paths: [/x]}}", "is no path here"),
        ("gap: {level: deny, scope: {stages: [dev]}}", "the policy has no `stages`"),
    ],
)
def test_says_what_is_wrong_with_a_scope(rules: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{HEAD}rules:\n  {rules}\n")
    assert complaint in str(caught.value)
    assert str(caught.value).startswith("p.yaml:4: ")


def staged(name: str | None, text: str = RULES + STAGES) -> Policy:
    return at_stage(read(text), name)


def test_a_stage_says_what_blocks_there() -> None:
    text = (
        HEAD
        + "rules:\n"
        + "  unpinned-server: warn\n"
        + "  unpinned-dependency:\n"
        + "    - {level: allow, scope: {stages: [staging]}}\n"
        + "    - {level: allow, scope: {paths: [tests/]}}\n"
        + STAGES.replace("deny}", "deny, unpinned-dependency: deny}")
    )
    server = finding()
    package = finding("unpinned-dependency", "range", about=at("tests/x"))
    malware = finding("malicious-release", "malicious")
    levels = {
        name: [staged(name, text).level(each).value for each in (server, package)]
        for name in ("dev", "staging", "production")
    }
    assert levels == {
        "dev": ["warn", "allow"],
        "staging": ["warn", "allow"],
        "production": ["deny", "deny"],
    }
    assert staged("dev", text).level(malware) is Level.WARN
    required = staged("production", text).stage
    assert required is not None
    assert required.requires is not None
    assert required.requires.verifier.id == "https://gate.example/staging"
    assert required.requires.max_age == dt.timedelta(days=7)


def test_a_policy_with_stages_is_never_applied_without_one() -> None:
    for name, complaint in {
        None: "has stages, and none is named",
        "prod": "has no stage `prod`",
    }.items():
        with pytest.raises(UsageError, match=complaint):
            staged(name)
    with pytest.raises(UsageError, match="has no stage `dev`"):
        staged("dev", RULES)


@pytest.mark.parametrize(
    ("stages", "complaint"),
    [
        ("{a: {enforce: off}}", "is no way to enforce here"),
        ("{a: {enforce: null}}", "expected a string"),
        ("{a: {requires: null}}", "expected an object"),
        ("{a: {require: {}}}", "did you mean `requires`"),
        ("{a: {rules: {gap: {level: deny}}}}", "is no variant here"),
        ("{a: {requires: {stage: a}}}", "a stage cannot wait for itself"),
        (
            (
                "{a: {requires: {stage: b, verifier: 'https://g.example', "
                "max-age: 7d}}, b: {enforce: warn}}\n"
                "verifiers: [{id: 'https://g.example', repository: a/b}]"
            ),
            "`stages.a`: `b` only warns, so its verdict says nothing",
        ),
        (
            (
                "{a: {enforce: warn, requires: {stage: b, verifier: "
                "'https://g.example', max-age: 7d}}, b: {}}\n"
                "verifiers: [{id: 'https://g.example', repository: a/b}]"
            ),
            "`stages.a`: `a` requires a verdict, and only warns without it",
        ),
        ("{a: {requires: {stage: b}}}", "`b` is no stage here"),
        ("{a: {requires: {stage: b, verifier: x, max-age: 7d}}, b: {}}", "no `verif"),
        ("{a: {requires: {stage: b, max-age: 7d}}, b: {}}", "is missing"),
    ],
)
def test_says_what_is_wrong_with_a_stage(stages: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{RULES}stages: {stages}\n")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("verifiers", "complaint"),
    [
        ("[{id: 'https://a.example', key: k.pub}]", "only a policy in a file"),
        ("[{id: a, repository: a/b}]", "is no `https://` address"),
        ("[{id: 'https://*', repository: a/b}]", "is no `https://` address"),
        ("[{id: 'https://a.example'}]", "names nobody"),
        ("[{id: 'https://a.example', repository: a/b, packages: []}]", "is no key"),
        (
            (
                "[{id: 'https://a.example', repository: a/b}, "
                "{id: 'https://a.example', repository: c/d}]"
            ),
            "is there twice",
        ),
    ],
)
def test_says_what_is_wrong_with_a_verifier(verifiers: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{RULES}verifiers: {verifiers}\n")
    assert complaint in str(caught.value)


@pytest.mark.parametrize(
    ("waivers", "complaint"),
    [
        (f"[{WAIVER}, until: tomorrow}}]", "is `fixed`, or not there"),
        (f"[{WAIVER}, approver: A}}]", "is the owner; somebody else has to agree"),
        (f"[{WAIVER}, approver: null}}]", "expected a string"),
        (f"[{WAIVER}, stages: []}}]", "is empty, so it holds nowhere"),
        (f"[{WAIVER}, stages: [dev]}}]", "the policy has no `stages`"),
        (f"[{WAIVER}}}]\nlimits: {{approvers: true}}", "names no `approver`"),
        (f"[{WAIVER}}}]\nlimits: {{max-waivers: 0}}", "1 are more than `max-waivers`"),
        (f"[{WAIVER}}}]\nlimits: {{max-waiver-days: 29}}", "more than 29 days away"),
        (
            f"[{WAIVER}}}]\nlimits: {{unwaivable: [known-vulnerability]}}",
            "is listed as `unwaivable`",
        ),
        ("[]\nlimits: {unwaivable: [known]}", "is no rule here"),
        ("[]\nlimits: {max-waiver-days: null}", "expected a whole number"),
        ("[]\nlimits: {max-days: 3}", "is no key here"),
    ],
)
def test_says_what_is_wrong_with_a_waiver(waivers: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{RULES}waivers: {waivers}\n")
    assert complaint in str(caught.value)


def test_a_waiver_until_fixed_ends_when_there_is_a_fix() -> None:
    policy = read(f"{RULES}waivers: [{WAIVER}, until: fixed, approver: b}}]\n")
    found = finding("known-vulnerability", "high", ids=frozenset({"CVE-1"}))
    assert decide([found], policy, today=TODAY).decision is Decision.ALLOW
    fixed = finding("known-vulnerability", "high", ids=frozenset({"CVE-1"}), fixed=True)
    assert decide([fixed], policy, today=TODAY).decision is Decision.DENY


def test_a_waiver_holds_at_the_stages_that_it_names() -> None:
    waived = f"{RULES}{STAGES}waivers: [{WAIVER}, stages: [staging]}}]\n"
    found = finding("known-vulnerability", "high", ids=frozenset({"CVE-1"}))
    decisions = {
        name: decide([found], staged(name, waived), today=TODAY).decision
        for name in ("staging", "production")
    }
    assert decisions == {"staging": Decision.ALLOW, "production": Decision.DENY}


def test_a_policy_that_has_ended_judges_nothing() -> None:
    text = f'{RULES}expires: "2030-01-01"\n'
    assert read(text).expires == TODAY
    with pytest.raises(PolicyError, match=r"p.yaml:5: `expires`: the policy has ended"):
        read(text, today=TODAY + dt.timedelta(days=1))
    with pytest.raises(PolicyError, match="expected a string"):
        read(f"{RULES}expires:\n")


def test_defaults_are_the_levels_of_what_could_not_be_known() -> None:
    policy = read(
        HEAD
        + "defaults: {errors: deny, offline: warn, unknown-severity: warn, "
        + "stale-advisories: warn, missing-evidence: warn}\n"
        + "rules:\n  unpinned-server: deny\n"
    )
    levels = {
        variant: policy.level(finding("gap", variant)).value
        for variant in ("unreadable", "unreachable", "offline", "stale", "no-source")
    }
    assert levels == {
        "unreadable": "deny",
        "unreachable": "deny",
        "offline": "warn",
        "stale": "warn",
        "no-source": "warn",
    }
    assert policy.level(finding("known-vulnerability", "unknown")) is Level.WARN
    stricter = read(f"{HEAD}defaults: {{offline: warn}}\nrules: {{gap: deny}}\n")
    assert stricter.level(finding("gap", "offline")) is Level.DENY
    with pytest.raises(PolicyError, match="did you mean `offline`"):
        read(f"{HEAD}defaults: {{of-line: warn}}\nrules: {{gap: deny}}\n")


TERMS = LicenseTerms(
    allow=frozenset({"MIT", "Apache-2.0", "LicenseRef-acme"}),
    deny=frozenset({"AGPL-3.0-only"}),
)


@pytest.mark.parametrize(
    ("declared", "concluded", "answer"),
    [
        (("MIT",), (), ""),
        (("mit",), (), ""),
        (("MIT OR GPL-3.0-only",), (), ""),
        (("MIT AND GPL-3.0-only",), (), "unlisted"),
        (("AGPL-3.0-only OR MIT",), (), ""),
        (("AGPL-3.0-only AND MIT",), (), "denied"),
        (("AGPL-3.0-only OR GPL-3.0-only",), (), "denied"),
        (("AGPL-3.0-or-later",), (), "denied"),
        (("AGPL-3.0+",), (), "denied"),
        (("(MIT OR AGPL-3.0-only) AND Apache-2.0",), (), ""),
        (("Apache-2.0 WITH LLVM-exception",), (), ""),
        (("LicenseRef-acme",), (), ""),
        (("LicenseRef-other",), (), "unlisted"),
        (("MIT", "GPL-3.0-only"), (), "unlisted"),
        (("MIT License",), (), "unknown"),
        (("MIT License",), ("MIT",), ""),
        (("GPL-3.0-only",), ("MIT",), "unlisted"),
        (("MIT",), ("AGPL-3.0-only",), "denied"),
        (("MIT", "whatever you like"), (), "unknown"),
        ((), (), "unknown"),
    ],
)
def test_expressions_are_read_as_spdx_means_them(
    declared: tuple[str, ...], concluded: tuple[str, ...], answer: str
) -> None:
    assert TERMS.answer(declared, concluded) == answer


def test_licences_matter_only_where_the_policy_lists_some() -> None:
    about = component(licenses=("GPL-3.0-only",))
    silent, speaking = read(RULES), read(f"{RULES}licenses: {{allow: [MIT]}}\n")
    assert [*silent.check(case(about, licenses=silent.licenses))] == []
    (found,) = speaking.check(case(about, licenses=speaking.licenses))
    assert (found.rule, found.variant) == ("unaccepted-license", "unlisted")
    assert "is under `GPL-3.0-only`, which is not accepted" in found.message
    server = component(kind=Kind.MCP_SERVER, pin=Pin.EXACT)
    assert [*speaking.check(case(server, licenses=speaking.licenses))] == []
    itself = component(None, Kind.APPLICATION)
    assert [*speaking.check(case(itself, licenses=speaking.licenses))] == []


@pytest.mark.parametrize(
    ("licenses", "complaint"),
    [
        ("{allow: [mit]}", "did you mean `MIT`"),
        ("{allow: [MIT OR Apache-2.0]}", "is no licence of SPDX by id"),
        ("{allow: [BSD]}", "is no licence of SPDX by id"),
        ("{allow: [MIT], deny: [MIT]}", "`MIT` is allowed and denied"),
        ("{}", "lists no licence"),
        ("{allowed: [MIT]}", "did you mean `allow`"),
    ],
)
def test_says_what_is_wrong_with_licences(licenses: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{RULES}licenses: {licenses}\n")
    assert complaint in str(caught.value)


BASE = (
    HEAD.replace("test", "base")
    + "rules:\n"
    + "  unpinned-server: warn\n"
    + "  fresh-release: {level: deny, min-age: 3d}\n"
    + "registries: ['https://registry.example']\n"
    + "licenses: {allow: [MIT, Apache-2.0], deny: [GPL-3.0-only]}\n"
    + "publishers: [{packages: ['pkg:pypi/acme-*'], repository: acme/a}]\n"
    + "signatures: {second-opinion: when-supported}\n"
    + "advisories: {max-age: 48h}\n"
    + "limits: {max-waiver-days: 90, unwaivable: [malicious-release]}\n"
    + STAGES
)
LOOSER = {
    "a level": ("rules: {unpinned-server: allow}", "unpinned-server"),
    "a variant": (
        "rules: {unpinned-server: {level: {tag: allow, other: deny}}}",
        "unpinned-server",
    ),
    "a rule of ours": ("rules: {malicious-release: warn}", "malicious-release"),
    "a setting": ("rules: {fresh-release: {min-age: 2d}}", "fresh-release"),
    "a scope": (
        "rules: {gap: [{level: warn, scope: {paths: [x/]}}]}",
        "gap",
    ),
    "a setting in a scope": (
        "rules: {fresh-release: [{level: deny, min-age: 1h, scope: {paths: [x/]}}]}",
        "fresh-release",
    ),
    "a default": ("defaults: {offline: warn}", "gap"),
    "a registry": ("registries: ['https://other.example']", "registries"),
    "a licence": ("licenses: {allow: [MIT, Zlib], deny: [GPL-3.0-only]}", "licenses"),
    "a denied licence": ("licenses: {allow: [MIT]}", "licenses"),
    "all licences": ("licenses: {deny: [GPL-3.0-only]}", "licenses"),
    "a publisher beside": (
        "publishers: [{packages: [pkg:pypi/acme-x], repository: acme/b}]",
        "publishers",
    ),
    "no second opinion": ("signatures: {second-opinion: off}", "signatures"),
    "own runners": (
        "signatures: {second-opinion: required, self-hosted-runners: true}",
        "signatures",
    ),
    "older advisories": ("advisories: {max-age: 49h}", "advisories"),
    "a waiver": (f"waivers: [{WAIVER}}}]", "waivers"),
    "longer waivers": ("limits: {max-waiver-days: 91}", "limits"),
    "more to waive": ("limits: {unwaivable: []}", "limits"),
    "a stage that warns": (
        "stages: {dev: {enforce: warn, rules: {gap: warn}}}",
        "stages",
    ),
    "a stage without verdict": ("stages: {production: {}}", "stages"),
    "an older verdict": (
        (
            "stages: {production: {rules: {unpinned-server: deny}, requires: {stage: "
            "staging, verifier: 'https://gate.example/staging', max-age: 8d}}}"
        ),
        "stages",
    ),
    "a new stage": ("stages: {canary: {}}", "stages"),
    "who may loosen": ("extended-by: {may-loosen: [gap]}", "extended-by"),
}


@pytest.mark.parametrize(("rest", "what"), LOOSER.values(), ids=LOOSER.keys())
def test_who_extends_a_policy_loosens_nothing(rest: str, what: str) -> None:
    with pytest.raises(PolicyError) as caught:
        child(BASE, rest + "\n")
    assert str(caught.value).startswith("p.yaml:3: `extends`: loosens ")
    assert f"loosens `{what}`: " in str(caught.value)
    assert str(caught.value).endswith("; `base` does not allow that")


TIGHTER = {
    "nothing": "",
    "a level": "rules: {unpinned-server: deny}",
    "a setting": "rules: {fresh-release: {min-age: 4d}}",
    "a scope": "rules: {unpinned-server: [{level: deny, scope: {paths: [x/]}}]}",
    "fewer registries": "registries: []",
    "fewer licences": "licenses: {allow: [MIT], deny: [GPL-3.0-only, Zlib]}",
    "another publisher": "publishers: [{packages: [pkg:npm/x], repository: acme/b}]",
    "a second opinion": "signatures: {second-opinion: required}",
    "newer advisories": "advisories: {max-age: 24h}",
    "shorter waivers": "limits: {max-waiver-days: 30, approvers: true}",
    "an end": 'expires: "2031-01-01"',
}


@pytest.mark.parametrize("rest", TIGHTER.values(), ids=TIGHTER.keys())
def test_who_extends_a_policy_may_tighten_it(rest: str) -> None:
    base = read(BASE)
    policy = child(BASE, rest + "\n")
    assert not any(each.loosens for each in changes(base, policy))
    assert policy.name == "test"
    assert policy.sha256 != base.sha256
    assert [each.name for each in policy.stages] == ["dev", "staging", "production"]


def test_what_the_base_allows_may_be_loosened_and_no_more() -> None:
    base = BASE + "extended-by: {may-loosen: [waivers, unpinned-server]}\n"
    policy = child(base, f"waivers: [{WAIVER}}}]\nrules: {{unpinned-server: allow}}\n")
    assert len(policy.waivers) == 1
    assert policy.loosened_by == set()
    with pytest.raises(PolicyError, match="loosens `registries`"):
        child(base, "registries: ['https://other.example']\n")
    with pytest.raises(PolicyError, match="did you mean `waivers`"):
        read(BASE + "extended-by: {may-loosen: [waiver]}\n")


@pytest.mark.parametrize(
    ("extends", "complaint"),
    [
        ("{file: base.yaml}", "`extends.sha256`: is missing"),
        (f"{{file: base.yaml, sha256: '{'0' * 64}'}}", "has the SHA-256 "),
        ("{file: base.yaml, sha256: abc}", "is not a SHA-256 in hexadecimal digits"),
        (f"{{file: gone.yaml, sha256: '{'0' * 64}'}}", "No such file or directory"),
        (f"{{file: a, sha256: '{'0' * 64}', commit: '{'1' * 40}'}}", "no `git` in"),
        (f"{{file: a, sha256: '{'0' * 64}', git: 'https://a'}}", "is missing"),
        (
            f"{{file: a, sha256: '{'0' * 64}', git: 'https://a', commit: main}}",
            "is not a commit",
        ),
        ("null", "expected an object"),
    ],
)
def test_says_what_is_wrong_with_the_base(extends: str, complaint: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read(f"{HEAD}extends: {extends}\n", Folder({"base.yaml": BASE}))
    assert complaint in str(caught.value)


def test_a_base_that_has_ended_ends_who_extends_it() -> None:
    with pytest.raises(PolicyError, match=r"base.yaml:\d+: `expires`: the policy has"):
        child(BASE + 'expires: "2029-12-31"\n', "")


def test_all_that_is_loosened_is_told_at_once() -> None:
    with pytest.raises(PolicyError) as caught:
        child(BASE, "rules: {unpinned-server: allow, gap: warn}\n")
    told = str(caught.value)
    assert "loosens `unpinned-server`: " in told
    assert told.count("loosens `gap`: ") == 1
    assert told.endswith("; `base` does not allow that")


def test_a_chain_of_policies_is_held_to_each() -> None:
    middle = (
        f"{HEAD}extends: {{file: base.yaml, sha256: '{sha256(BASE)}'}}\n"
        "rules: {unpinned-server: deny}\n"
    )
    top = f"{HEAD}extends: {{file: middle.yaml, sha256: '{sha256(middle)}'}}\n"
    files = Folder({"base.yaml": BASE, "middle.yaml": middle})
    assert read(top, files).level(finding()) is Level.DENY
    with pytest.raises(PolicyError, match="loosens `unpinned-server`"):
        read(top + "rules: {unpinned-server: warn}\n", files)
