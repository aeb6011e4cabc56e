"""What somebody tries who wants a policy to say yes."""

import hashlib
import time
from pathlib import Path

import pytest

from mcpchain.component import Component, Location
from mcpchain.errors import PolicyError
from mcpchain.finding import Level
from mcpchain.license_terms import LicenseTerms
from mcpchain.pipeline.policies import at_stage, load_policy
from mcpchain.policy.changes import changes
from tests.making import TODAY, case, component, finding, waiver
from tests.test_policy_parts import HEAD, RULES, WAIVER, Folder, child, read
from tests.test_policy_publishers import PUBLIC

KEY = PUBLIC.decode()

VERIFIER = "verifiers: [{id: 'https://gate.example/a', repository: acme/gate}]\n"
OTHER = "verifiers: [{id: 'https://gate.example/a', repository: evil/gate}]\n"
SCOPED = (
    "rules:\n"
    "  unpinned-server:\n"
    "    - {level: deny, scope: {packages: [pkg:npm/files]}}\n"
    "    - warn\n"
)
STAGED = "rules: {unpinned-server: warn}\nstages:\n"
LOOSER = {
    "a new stage, over what a scope denies": (
        SCOPED,
        "stages: {x: {rules: {unpinned-server: warn}}}",
        "stages",
    ),
    "a stage that was there, over what a scope denies": (
        SCOPED + "stages: {x: {}}\n",
        "stages: {x: {rules: {unpinned-server: warn}}}",
        "unpinned-server",
    ),
    "a scope, over what a stage denies": (
        STAGED + "  x: {rules: {unpinned-server: deny}}\n",
        "rules: {unpinned-server: [{level: warn, scope: {stages: [x]}}, warn]}",
        "unpinned-server",
    ),
    "a new stage that asks less than another": (
        STAGED
        + "  dev: {rules: {unpinned-server: warn}}\n"
        + "  x: {rules: {unpinned-server: deny}}\n"
        + VERIFIER,
        (
            "stages: {y: {requires: {stage: dev, verifier: 'https://gate.example/a', "
            "max-age: 1d}}}"
        ),
        "stages",
    ),
    "a new stage out of a scope": (
        "rules: {unpinned-server: [{level: deny, scope: {stages: [x]}}, warn]}\n"
        "stages: {x: {}}\n" + VERIFIER,
        (
            "stages: {y: {requires: {stage: x, verifier: 'https://gate.example/a', "
            "max-age: 1d}}}"
        ),
        "stages",
    ),
    "a scope without a level, and a lower one": (
        SCOPED,
        "rules: {unpinned-server: [{scope: {packages: [pkg:npm/files]}}, warn]}",
        "unpinned-server",
    ),
    "no scope": (SCOPED, "rules: {unpinned-server: warn}", "unpinned-server"),
    "an exception to a denied licence": (
        "rules: {gap: deny}\nlicenses: {deny: [GPL-2.0-only]}\n",
        (
            "licenses: {deny: [GPL-2.0-only], "
            "allow: [GPL-2.0-only WITH Classpath-exception-2.0]}"
        ),
        "licenses",
    ),
    "somebody else as the same verifier": (
        RULES.removeprefix(HEAD) + VERIFIER,
        OTHER,
        "verifiers",
    ),
    "another verifier": (
        RULES.removeprefix(HEAD) + VERIFIER,
        "verifiers: [{id: 'https://gate.example/b', repository: evil/gate}]",
        "verifiers",
    ),
    "licences of nothing": (
        "rules: {gap: deny}\nadvisories: {max-age: 1d}\n",
        "advisories: null",
        "advisories",
    ),
    "no signatures": (
        "rules: {gap: deny}\nsignatures: {second-opinion: required}\n",
        "signatures: null",
        "signatures",
    ),
    "nothing unwaivable": (
        "rules: {gap: deny}\nlimits: {unwaivable: [gap]}\n",
        "limits: {unwaivable: null}",
        "limits",
    ),
    "a registry by another spelling": (
        "rules: {gap: deny}\nregistries: ['https://registry.example/a']\n",
        "registries: ['https://registry.example']",
        "registries",
    ),
    "a publisher by another case": (
        (
            "rules: {gap: deny}\n"
            "publishers: [{packages: ['pkg:pypi/acme_x'], repository: acme/a}]\n"
        ),
        "publishers: [{packages: ['pkg:pypi/ACME.*'], repository: evil/a}]",
        "publishers",
    ),
}


@pytest.mark.parametrize(("base", "rest", "what"), LOOSER.values(), ids=LOOSER)
def test_no_way_round_what_a_base_asks(base: str, rest: str, what: str) -> None:
    with pytest.raises(PolicyError, match=f"loosens `{what}`: "):
        child(HEAD + base, rest + "\n")


TIGHTER = {
    "denied in every scope": (SCOPED, "rules: {unpinned-server: deny}"),
    "a stage that denies": (
        SCOPED + "stages: {x: {}}\n",
        "stages: {x: {rules: {unpinned-server: deny}}}",
    ),
    "one more stage as strict": (
        STAGED + "  x: {rules: {unpinned-server: deny}}\n",
        "stages: {y: {rules: {unpinned-server: deny}}}",
    ),
    "the first stages": (
        SCOPED,
        VERIFIER + "stages: {x: {}, y: {requires: {stage: x, "
        "verifier: 'https://gate.example/a', max-age: 1d}}}",
    ),
    "variants that differ, in one more scope": (
        "rules: {unpinned-server: {level: {floating: deny, other: warn}}}\n",
        (
            "rules: {unpinned-server: [{scope: {paths: [x/]}, "
            "level: {floating: deny, other: warn}}]}"
        ),
    ),
}


@pytest.mark.parametrize(("base", "rest"), TIGHTER.values(), ids=TIGHTER)
def test_what_is_shown_to_be_as_strict_is_accepted(base: str, rest: str) -> None:
    policy = child(HEAD + base, rest + "\n")
    assert not any(each.loosens for each in changes(read(HEAD + base), policy))


def test_what_may_be_loosened_may_be_so_at_a_stage() -> None:
    base = HEAD + STAGED + "  x: {rules: {unpinned-server: deny}}\n"
    base += "extended-by: {may-loosen: [unpinned-server]}\n"
    rest = "rules: {unpinned-server: [{level: warn, scope: {stages: [x]}}, warn]}\n"
    assert at_stage(child(base, rest), "x").level(finding()) is Level.WARN


@pytest.mark.parametrize(
    "limits", ["unwaivable: [known-vulnerability]", "approvers: true"]
)
def test_what_a_child_will_not_have_waived_its_base_does_not_waive(limits: str) -> None:
    base = f"{RULES}waivers: [{WAIVER}}}]\n"
    assert len(child(base, "").waivers) == 1
    assert child(base, f"limits: {{{limits}}}\n").waivers == ()


@pytest.mark.parametrize(
    ("owner", "approver"),
    [
        ("Alice", " alice\u200b"),
        ("alice", "\uff41lice"),
        ("Alice  Ng", "alice ng"),
        ("jos\u00e9", "jose\u0301"),
        ("a\u00adlice", "alice"),
    ],
    ids=ascii,
)
def test_nobody_approves_their_own_waiver_in_another_spelling(
    owner: str, approver: str
) -> None:
    one = WAIVER.replace("owner: a,", f'owner: "{owner}", approver: "{approver}",')
    with pytest.raises(PolicyError, match=r"is the owner; somebody else|is empty"):
        read(f"{RULES}waivers: [{one}}}]\n")


def test_a_waiver_of_an_advisory_is_none_of_what_has_no_advisory() -> None:
    given = waiver("known-vulnerability", advisory="CVE-1")
    assert not given.covers(finding("known-vulnerability", "high"), today=TODAY)


def test_a_day_is_written_in_one_way() -> None:
    with pytest.raises(PolicyError, match="is no day"):
        read(f"{RULES}expires: 2031-W05-7\n")


def test_a_scope_tells_packages_of_npm_apart_that_differ_in_case() -> None:
    text = f"{HEAD}rules:\n  unpinned-dependency:\n"
    text += "  - {level: allow, scope: {packages: [pkg:npm/JSONStream]}}\n  - deny\n"
    policy = read(text)

    def level(name: str) -> Level:
        about = component(f"pkg:npm/{name}@1", name=name)
        return policy.level(finding("unpinned-dependency", "range", about=about))

    assert [level(e) for e in ("JSONStream", "jsonstream")] == [Level.ALLOW, Level.DENY]


@pytest.mark.parametrize(
    ("declared", "concluded", "answer"),
    [
        (
            ["GNU Affero General Public License v3 or later (AGPLv3+)"],
            ["MIT"],
            "denied",
        ),
        (["MPL-1.1+"], [], "denied"),
        (["licenseref-ACME"], [], "denied"),
        (["MIT AND LicenseRef-acme"], [], "denied"),
        (["MIT"], ["NOASSERTION"], "unknown"),
        (["MIT"], ["NONE"], "unknown"),
        (["MIT"], [""], "unknown"),
        (["BSD License"], ["BSD-3-Clause"], ""),
        (["MIT OR AGPL-3.0-or-later"], [], ""),
        (["agpl-3.0+ with classpath-exception-2.0"], [], "denied"),
    ],
    ids=str,
)
def test_a_denied_licence_is_denied_however_it_is_written(
    declared: list[str], concluded: list[str], answer: str
) -> None:
    denied = frozenset({"AGPL-3.0-or-later", "MPL-1.1", "LicenseRef-Acme"})
    assert LicenseTerms(deny=denied).answer(declared, concluded) == answer


def test_many_licences_are_read_in_no_time() -> None:
    terms = LicenseTerms(allow=frozenset({"MIT"}))
    start = time.perf_counter()
    for number in range(500):
        assert terms.answer([f"LicenseRef-{number}"], []) == "unlisted"
    assert time.perf_counter() - start < 5


MANY = tuple(Location(path=f"p{n:04}") for n in range(1000))
NAMED: dict[str, Component] = {
    "half a character": component(name="\ud800"),
    "half a character in a path": component(locations=(Location(path="\udcff"),)),
    "no end": component(locations=MANY),
}


@pytest.mark.parametrize("about", NAMED.values(), ids=NAMED.keys())
def test_what_no_expression_can_be_asked_of_is_an_error_and_denied(
    about: Component,
) -> None:
    pytest.importorskip("cel_expr_python")
    expr = (
        "component.paths.all(a, component.paths.all(b, a + b + component.name != ''))"
    )
    policy = read(f'{RULES}custom: [{{id: x-y, message: m, expr: "{expr}"}}]\n')
    found = [*policy.check(case(about))]
    assert [each.variant for each in found] == ["error"]
    assert policy.level(found[0]) is Level.DENY


@pytest.mark.parametrize("name", ["a\\0b", "\\uD800"])
@pytest.mark.parametrize("what", ["file", "key"])
def test_names_that_no_file_can_have_are_told(
    tmp_path: Path, name: str, what: str
) -> None:
    path = tmp_path / "p.yaml"
    path.write_text(
        f"{RULES}publishers: [{{packages: [pkg:oci/a?repository_url=a.example/a], "
        f'key: "{name}"}}]\n'
        if what == "key"
        else f"{HEAD}extends: {{file: \"{name}\", sha256: '{'0' * 64}'}}\n"
    )
    with pytest.raises(PolicyError):
        load_policy(str(path))


def test_a_digest_tells_the_policy_from_the_keys_beside_it() -> None:
    publisher = (
        "publishers: [{packages: ['pkg:oci/a?repository_url=a.example/a'], "
        "key: k.pem}]\n"
    )
    more = f"waivers: [{WAIVER}}}]\n"
    one = read(RULES + publisher, Folder({"k.pem": more + KEY}))
    other = read(RULES + publisher + more, Folder({"k.pem": KEY}))
    assert (len(one.waivers), len(other.waivers)) == (0, 1)
    assert one.sha256 != other.sha256
    assert read(RULES).sha256 == hashlib.sha256(RULES.encode()).hexdigest()
