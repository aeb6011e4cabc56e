import re
from dataclasses import replace

import pytest

from mcpchain.artifact import Artifact
from mcpchain.component import BuildFacts, Kind, Location, Role, ServerFacts, Transport
from mcpchain.finding import Finding
from mcpchain.inventory import Inventory, State
from mcpchain.policy import Policy
from mcpchain.policy.reading import parse
from mcpchain.printable import printable
from mcpchain.report import Account, all_formats
from mcpchain.signature import Status, Verification
from mcpchain.standing import Standing
from mcpchain.verdict import Verdict, Waived
from tests.making import NOW, TODAY, component, finding, gap, waiver

POLICY = parse(
    b"apiVersion: mcpchain/policy/v1\nname: acme\nrules: {gap: deny}\n",
    source="acme.yaml",
)


def account(
    verdict: Verdict, *, inventory: Inventory | None = None, policy: Policy = POLICY
) -> Account:
    return Account(
        inventory=inventory or Inventory(name="agent", components=(component(),)),
        verdict=verdict,
        policy=policy,
        now=NOW,
        version="1.2.3",
        sources=("OSV, 6 records, newest 2029-12-31",),
    )


def test_how_packages_are_signed_is_one_line() -> None:
    missing = Verification(status=Status.MISSING, reason="")
    by_key = Verification(status=Status.VERIFIED, reason="", key="1")
    told = [Standing(answers=(each,)) for each in (missing, missing, by_key)]
    whole = replace(
        account(Verdict()), standings=dict(zip("abc", told, strict=True)), root="r"
    )
    text = all_formats()["text"].render(whole, colour=False)
    assert "signatures: 1 by the registry alone, 2 not signed\n" in text
    assert "note:" not in text
    noted = all_formats()["text"].render(replace(whole, root_note="old"), colour=False)
    assert "not signed\nnote: old\n" in noted


def render(verdict: Verdict, *, colour: bool = False) -> str:
    return all_formats()["text"].render(account(verdict), colour=colour)


SERVER = component(
    "pkg:npm/files",
    Kind.MCP_SERVER,
    name="files",
    locations=(
        Location(path=".mcp.json", pointer="/mcpServers/files"),
        Location(path="app/.mcp.json", pointer="/mcpServers/files"),
    ),
)

WHOLE = """\
deny[unpinned-server]: server `files` floats
  --> .mcp.json#/mcpServers/files (and 1 more)
  why: what runs is chosen anew at every start.
  purl: pkg:npm/files
  hint: pin it

deny[unpinned-server]: again
  --> package-lock.json#/packages/x
  purl: pkg:npm/files@1.2.0
  hint: h

warn[known-vulnerability]: it leaks
  --> package-lock.json#/packages/x
  why: the weakness is public, so whoever wants to use it has read about it too.
  see: https://advisories.example/CVE-2030-1
  purl: pkg:npm/files@1.2.0
  hint: upgrade

waived[gap]: not read: not JSON
  --> x.json
  why: what was not looked at was not checked.
  waiver: until 2030-01-02, platform: upstream is fixing it

note: the waiver of `gap` for `pkg:npm/other@1` is not used
  --> acme.yaml:9
  hint: remove it from the policy, before it hides something new

note: the waiver of `gap` for `pkg:npm/files@1.2.0` expired on 2029-12-31
  --> acme.yaml:0
  hint: review it again, or repair what it was for

looked at: agent: 1 package
advisories from: OSV, 6 records, newest 2029-12-31
policy: acme (acme.yaml)
verdict: deny (2 denied, 1 warned, 1 waived, 1 allowed; 1 of them is a gap)
"""


def test_tells_what_where_why_and_what_to_do() -> None:
    blind = finding("gap", "unreadable", gap=gap(), message="not read: not JSON")
    verdict = Verdict(
        denied=(
            finding(about=SERVER, message="server `files` floats", hint="pin it"),
            finding(message="again"),
        ),
        warned=(
            finding(
                "known-vulnerability",
                "low",
                message="it leaks",
                hint="upgrade",
                references=("https://advisories.example/CVE-2030-1", "https://b"),
            ),
        ),
        waived=(Waived(finding=blind, waiver=waiver("gap")),),
        allowed=(finding(),),
        unused_waivers=(
            waiver("gap", "pkg:npm/other@1", line=9),
            waiver("gap", expires=TODAY.replace(year=2029, month=12, day=31)),
        ),
    )
    assert render(verdict) == WHOLE


def test_a_waiver_that_misses_what_was_found_says_so() -> None:
    near = waiver(purl="pkg:npm/files@1.1.0")
    told = render(Verdict(denied=(finding(),), unused_waivers=(near,)))
    assert "names another version, variant or advisory than what was found" in told


def test_tells_how_much_was_downloaded() -> None:
    some = replace(account(Verdict()), downloaded=3)
    told = all_formats()["text"].render(some, colour=False)
    assert "downloaded and hashed: 3 files\n" in told


def test_says_when_it_could_not_be_decided() -> None:
    blind = finding("gap", "offline", gap=gap(State.OFFLINE))
    told = render(Verdict(denied=(blind,)))
    assert "verdict: undecided (1 denied," in told
    assert told.endswith(
        "hint: only answers were missing; try again with the network, or with the "
        "source that could give them\n"
    )


def test_colour_changes_no_word() -> None:
    verdict = Verdict(denied=(finding(),), unused_waivers=(waiver(),))
    coloured = render(verdict, colour=True)
    assert "\x1b[1;31mdeny[unpinned-server]\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == render(verdict)


@pytest.mark.parametrize(
    ("hostile", "shown"),
    [
        ("plain, with `backticks` and ümläut", None),
        ("two\nlines", "two\\nlines"),
        ("\x1b[2J\x1b]8;;https://evil.example\x07", None),
        ("a\u202egnp.exe", "a\\u202egnp.exe"),
        ("zero\u200bwidth", "zero\\u200bwidth"),
        ("tag\U000e0041", "tag\\U000e0041"),
        ("lone \udc80", "lone \\udc80"),
        ("c1 \x9b31m", "c1 \\x9b31m"),
        ("::error::gone", " ::error::gone"),
        ("x ##vso[task.complete result=Succeeded]", "x # #vso[task.complete"),
        ("##[error]", "# #[error]"),
    ],
)
def test_what_others_wrote_is_shown_and_does_nothing(
    hostile: str, shown: str | None
) -> None:
    told = render(Verdict(denied=(finding(message=hostile, hint=hostile),)))
    assert not re.search(
        r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u202e\ud800-\udfff]", told
    )
    assert "##vso[" not in told
    assert "##[" not in told
    assert not re.search(r"^::", told, re.MULTILINE)
    if shown is not None:
        assert shown in printable(hostile)
    told.encode()


def test_one_line_of_theirs_stays_one_line_of_ours() -> None:
    hostile = "x\nverdict: allow\r\x85\u2028verdict: allow"
    told = render(Verdict(denied=(finding(message=hostile),)))
    assert [line for line in told.splitlines() if line.startswith("verdict")] == [
        "verdict: deny (1 denied, 0 warned, 0 waived, 0 allowed)"
    ]


@pytest.mark.parametrize(("count", "told"), [(5, 5), (6, 6), (7, 5), (400, 5)])
def test_many_findings_with_one_remedy_are_told_in_part(count: int, told: int) -> None:
    found = tuple(finding(message=f"number {n}") for n in range(count))
    text = render(Verdict(denied=found))
    assert text.count(": number ") == told
    assert f"({count} denied, " in text
    if count > told:
        head = f"deny[unpinned-server]: {count - told} more with the same hint"
        assert f"{head}\n  hint: h; `--format json` tells all\n" in text


def test_a_server_that_is_switched_off_is_said_to_be() -> None:
    facts = ServerFacts(client="goose", transport=Transport.STDIO, disabled=True)
    about = component(None, Kind.MCP_SERVER, facts=facts)
    text = render(Verdict(denied=(finding(about=about),)))
    assert "  note: its client is told not to start it, for now\n" in text


@pytest.mark.parametrize(
    ("states", "remedy"),
    [
        ([State.NO_SOURCE], "such as `--advisories`"),
        ([State.NO_SOURCE, State.STALE], "such as `--advisories`"),
        ([State.NO_SOURCE, State.OFFLINE], "try again with the network"),
    ],
)
def test_what_is_missing_is_what_is_asked_for(states: list[State], remedy: str) -> None:
    found = tuple(finding("gap", each.value, gap=gap(each)) for each in states)
    assert remedy in render(Verdict(denied=found)).splitlines()[-1]


def test_everything_but_what_nobody_knows_is_counted_by_its_name() -> None:
    file = Artifact(name="m.gguf")
    made = [
        *(component(None, each) for each in Kind),
        component(None, Kind.MODEL, artifacts=(file,)),
        component(kind=Kind.APPLICATION),
        component(None, Kind.FILE),
    ]
    inventory = Inventory(name="agent", components=tuple(made))
    text = all_formats()["text"].render(
        account(Verdict(), inventory=inventory), colour=False
    )
    assert (
        "looked at: agent: 1 package, 1 server package, 1 MCP server, 1 model, "
        "1 model file, 1 data set, 1 service, 2 files, 1 image, 1 build step, "
        "1 project\n"
    ) in text


def test_of_many_findings_those_about_what_ships_are_told_first() -> None:
    def step(name: str, role: Role) -> Finding:
        about = component(
            f"pkg:docker/{name}", Kind.CONTAINER, name=name, facts=BuildFacts(role=role)
        )
        return finding("unpinned-build-step", "tag", about=about, message=name)

    builds = [step(f"a{n}", Role.BUILD_IMAGE) for n in range(9)]
    text = render(Verdict(denied=(*builds, step("redis", Role.SERVICE_IMAGE))))
    assert text.startswith("deny[unpinned-build-step]: redis\n")
    assert "5 more with the same hint" in text


def test_the_purl_is_shown_that_a_waiver_needs() -> None:
    about = component("pkg:npm/%40acme/files@1.0.0", name="@acme/Files")
    (shown,) = (
        line
        for line in render(Verdict(denied=(finding(about=about),))).splitlines()
        if "purl" in line
    )
    assert shown == "  purl: pkg:npm/%40acme/Files@1.0.0"
    blind = finding("gap", "stale", gap=gap(), about=about)
    assert f"{shown}\n  variant: stale\n" in render(Verdict(denied=(blind,)))


def test_no_purl_is_shown_where_no_waiver_could_name_it() -> None:
    text = render(Verdict(denied=(finding("untrusted-registry", "registry"),)))
    assert "purl:" not in text
    evil = component("pkg:npm/a%1b%5b31m@1")
    assert "\x1b" not in render(Verdict(denied=(finding(about=evil),)))
