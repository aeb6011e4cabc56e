"""What an index says about packages: the shapes of OSV records, and their silence."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from mcpchain.advisory import Advisory, Severity
from mcpchain.audit.advisories import Lookup
from mcpchain.inventory import State

Look = Callable[..., Lookup]


def block(
    name: str = "tool", ecosystem: str = "PyPI", **parts: object
) -> dict[str, Any]:
    return {"package": {"ecosystem": ecosystem, "name": name}, **parts}


def between(*events: str, kind: str = "ECOSYSTEM") -> dict[str, Any]:
    """Write a range: `introduced 1.0`, `fixed 1.2`, ..."""
    pairs = (each.partition(" ") for each in events)
    return {"type": kind, "events": [{key: value} for key, _, value in pairs]}


def record(*affected: object, id: str = "x_TEST-1", **parts: object) -> dict[str, Any]:  # noqa: A002 - the word of OSV
    return {
        "id": id,
        "modified": "2026-11-20T00:00:00Z",
        "affected": list(affected),
        **parts,
    }


def only(lookup: Lookup) -> Advisory:
    ((advisory,),) = lookup.advisories.values()
    return advisory


def ids(lookup: Lookup) -> list[str]:
    return [each.id for known in lookup.advisories.values() for each in known]


RANGE = record(block(ranges=[between("introduced 1.0", "fixed 1.2")]))


@pytest.mark.parametrize(
    ("ranges", "versions", "inside", "outside"),
    [
        (["introduced 0", "fixed 1.2"], [], "0.dev0 0.0 1.1.9 1.2rc1", "1.2 1.2.0 2"),
        (["introduced 1.0", "fixed 1.2"], [], "1.0 1 1.1.post1", "0.9 1.0rc1 1.2"),
        (
            ["introduced 1.0", "last_affected 1.2"],
            [],
            "1.0 1.2 1.2.0",
            "1.2.1 1.2.post1",
        ),
        (["introduced 1.0"], [], "1.0 999", "0.9"),
        (["introduced 0"], [], "0.dev0 0.8.7p1 9", ""),
        # not in order, and with several branches
        (
            ["fixed 2.0.1", "introduced 0", "fixed 1.3.2", "introduced 2.0.0"],
            [],
            "0.1 1.3.1 2.0.0",
            "1.3.2 1.9 2.0.1",
        ),
        (["introduced 0", "introduced 1.0", "fixed 1.2"], [], "0.5 1.1", "1.2"),
        (["introduced 1.0", "fixed 1.2", "fixed 1.4"], [], "1.1", "1.2 1.3 1.4"),
        (
            ["introduced 0", "fixed 1.0", "introduced 1.0", "fixed 2"],
            [],
            "0.9 1.0",
            "2",
        ),
        (["introduced 1.0", "fixed 1.0"], ["3"], "3", "0.9 1.0 1.1"),
        (["introduced 0", "last_affected 1.0", "fixed 1.0"], [], "0.9", "1.0 1.1"),
        (["introduced 0", "last_affected 1.0", "fixed 1.2"], [], "1.0", "1.1 1.2"),
        (["introduced 0", "limit 1.0"], [], "0.9", "1.0 2"),
        (["introduced 0", "limit 1.0", "limit 3.0"], [], "0.9 2", "3.0"),
        (["introduced 0", "limit 1.0", "limit *"], [], "0.9 2", ""),
        # the list alone, and beside a range that says otherwise
        ([], ["1.0", "1.3"], "1.0 1.0.0 v1.3", "1.1"),
        (["introduced 1.0", "fixed 1.2"], ["2.7", "0.8.7p1"], "1.1 2.7 0.8.7p1", "2.6"),
        # bounds that PEP 440 does not know sort below all that it knows
        (["introduced 0.8.7p1", "fixed 0.8.8p2"], [], "0.8.7p1 0.8.8p1", "0.8.8p2 0.1"),
    ],
)
def test_a_version_is_affected_if_the_list_or_a_range_says_so(
    look: Look, ranges: list[str], versions: list[str], inside: str, outside: str
) -> None:
    one = block(versions=versions, ranges=[between(*ranges)] if ranges else [])
    for version in inside.split():
        assert ids(look([record(one)], f"pypi/tool@{version}")) == ["x_TEST-1"], version
    for version in outside.split():
        lookup = look([record(one)], f"pypi/tool@{version}")
        assert (ids(lookup), lookup.gaps) == ([], ()), version
        assert len(lookup.answered) == 1


@pytest.mark.parametrize("kind", ["ECOSYSTEM", "SEMVER"])
@pytest.mark.parametrize(
    ("events", "inside", "outside"),
    [
        (["introduced 0", "fixed 1.2.3"], "1.2.3-beta 0.0.0-0 1.2.2+x", "1.2.3 v1.2.3"),
        (["introduced 2.1.1-0", "fixed 3"], "2.1.1-0 2.1.1 2.9.9", "2.1.0 3.0.0"),
        (["introduced 0.0.0"], "0.0.0 0.0.1-rc.1 99.0.0", "0.0.0-1"),
    ],
)
def test_both_kinds_of_ranges_use_the_order_of_npm(
    look: Look, kind: str, events: list[str], inside: str, outside: str
) -> None:
    one = record(block("files", "npm", ranges=[between(*events, kind=kind)]))
    for version in inside.split():
        assert ids(look([one], f"npm/files@{version}")) == ["x_TEST-1"], version
    for version in outside.split():
        assert ids(look([one], f"npm/files@{version}")) == [], version


def test_commits_are_not_compared_with_versions(look: Look) -> None:
    git = {"type": "GIT", "repo": "https://x.example", "events": [{"introduced": "0"}]}
    one = block(ranges=[git, between("introduced 1.0", "fixed 1.2")])
    assert ids(look([record(one)], "pypi/tool@0.5")) == []
    assert ids(look([record(one)], "pypi/tool@1.1")) == ["x_TEST-1"]


def test_several_blocks_for_one_package_count_together(look: Look) -> None:
    one = record(
        block("ws", "npm", ranges=[between("introduced 7.0.0", "fixed 7.5.10")]),
        block("ws", "npm", ranges=[between("introduced 8.0.0", "fixed 8.17.1")]),
        block("other", "npm", versions=["7.9.9"]),
    )
    assert only(look([one], "npm/ws@7.1.0")).fixed_in == ("7.5.10",)
    assert only(look([one], "npm/ws@8.1.0")).fixed_in == ("8.17.1",)
    assert ids(look([one], "npm/ws@7.9.9")) == []
    assert ids(look([one], "npm/other@7.9.9")) == ["x_TEST-1"]


@pytest.mark.parametrize(
    ("withdrawn", "told"),
    [
        ("2024-01-01T00:00:00Z", []),
        ("2026-11-25", []),
        ("2026-11-25T01:00:00+02:00", []),
        ("2026-11-25T00:00:01Z", ["x_TEST-1"]),
        ("2999-01-01T00:00:00Z", ["x_TEST-1"]),
        ("9999-12-31T23:59:59Z", ["x_TEST-1"]),
    ],
)
def test_a_record_is_withdrawn_from_its_time_on(
    look: Look, withdrawn: str, told: list[str]
) -> None:
    one = record(block(versions=["1.0"]), withdrawn=withdrawn)
    lookup = look([one], "pypi/tool@1.0")
    assert (ids(lookup), lookup.gaps) == (told, ())


@pytest.mark.parametrize("broken", [block(versions=7), {"package": 7}])
def test_the_flaws_of_a_record_count_until_it_is_withdrawn(
    look: Look, broken: dict[str, object]
) -> None:
    other = record(block("other", versions=["1"]), id="x_TEST-2")
    for withdrawn, count in (("2024-01-01", 0), ("2999-01-01", 1)):
        one = record(broken, withdrawn=withdrawn)
        assert len(look([one, other], "pypi/tool@1.0").gaps) == count


@pytest.mark.parametrize(
    ("recorded", "asked"),
    [("Flask_Thing", "flask-thing"), ("a.b", "A__B"), ("tool", "TOOL")],
)
def test_names_of_pypi_are_normalised_on_both_sides(
    look: Look, recorded: str, asked: str
) -> None:
    one = record(block(recorded, versions=["1.0"]))
    assert ids(look([one], f"pypi/{asked}@1.0")) == ["x_TEST-1"]


def test_names_of_npm_are_compared_without_case_and_with_scope(look: Look) -> None:
    one = record(block("@Acme/Files", "npm", versions=["1.0.0"]))
    assert ids(look([one], "npm/@acme/files@1.0.0")) == ["x_TEST-1"]
    assert ids(look([one], "npm/files@1.0.0")) == []


def test_a_name_that_begins_with_a_dash_is_a_name(look: Look) -> None:
    one = record(block("--x", "npm", ranges=[between("introduced 0")]), id="MAL-2022-2")
    advisory = only(look([one], "npm/--x@1.0.0"))
    assert advisory.malicious
    assert advisory.fixed_in == ()


def test_a_package_of_another_ecosystem_with_the_same_name_is_another(
    look: Look,
) -> None:
    one = record(block("tool", "npm", versions=["1.0.0"]))
    other = record(block("else", versions=["1"]), id="x_TEST-2")
    assert ids(look([one, other], "pypi/tool@1.0.0")) == []


@pytest.mark.parametrize(
    ("version", "confidence"), [("2.13.0+cpu", "low"), ("2.13.0", "high")]
)
@pytest.mark.parametrize(
    "parts",
    [
        {"versions": ["2.13.0"]},
        {"ranges": [between("introduced 2.0", "last_affected 2.13.0")]},
        {"ranges": [between("introduced 2.0", "fixed 2.13.1")]},
    ],
)
def test_a_local_version_is_matched_by_its_public_part_with_low_confidence(
    look: Look, parts: dict[str, Any], version: str, confidence: str
) -> None:
    lookup = look([record(block(**parts))], f"pypi/tool@{version}")
    assert only(lookup).confidence == confidence


def test_a_local_version_that_is_listed_itself_is_matched_with_high_confidence(
    look: Look,
) -> None:
    one = record(block(versions=["2.13.0+cpu"]))
    assert only(look([one], "pypi/tool@2.13.0+cpu")).confidence == "high"
    assert ids(look([one], "pypi/tool@2.13.0")) == []
    assert ids(look([one], "pypi/tool@2.13.0+cu118")) == []


@pytest.mark.parametrize(
    ("events", "version", "fixed"),
    [
        (["introduced 0", "fixed 1.2"], "1.0", ("1.2",)),
        (
            ["introduced 0", "fixed 1.3.2", "introduced 2.0", "fixed 2.1"],
            "1",
            ("1.3.2",),
        ),
        (
            ["introduced 0", "fixed 1.3.2", "introduced 2.0", "fixed 2.1"],
            "2.0",
            ("2.1",),
        ),
        # the end of our own branch is affected again at once
        (["introduced 0", "fixed 1.0", "introduced 1.0", "fixed 2.0"], "0.5", ("2.0",)),
        (["introduced 0", "last_affected 1.2"], "1.0", ()),
        # no fix on our branch: the next version that is no longer affected
        (
            ["introduced 0", "last_affected 1.2", "introduced 2", "fixed 2.5"],
            "1.0",
            ("2.5",),
        ),
        (["introduced 0"], "1.0", ()),
    ],
)
def test_fixed_versions_lead_out_of_what_is_affected(
    look: Look, events: list[str], version: str, fixed: tuple[str, ...]
) -> None:
    one = record(block(ranges=[between(*events)]))
    assert only(look([one], f"pypi/tool@{version}")).fixed_in == fixed


def test_a_fix_of_one_record_that_its_alias_calls_affected_is_no_fix(
    look: Look,
) -> None:
    one = record(block(ranges=[between("introduced 0", "fixed 1.3.2")]), id="GHSA-1")
    other = record(
        block(ranges=[between("introduced 0", "fixed 1.3.3")]),
        id="PYSEC-1",
        aliases=["GHSA-1"],
    )
    assert only(look([one, other], "pypi/tool@1.0")).fixed_in == ("1.3.3",)


def test_records_that_are_aliases_however_far_are_one_advisory(look: Look) -> None:
    records = [
        record(block(versions=["1"]), id="PYSEC-1", aliases=["CVE-2024-9"]),
        record(block(versions=["1"]), id="GHSA-1", aliases=["CVE-2024-9"]),
        # related and upstream tie nothing together
        record(block(versions=["1"]), id="x_TEST-3", related=["GHSA-1"]),
        record(block(versions=["1"]), id="x_TEST-4", upstream=["GHSA-1"]),
        # one direction is enough, and a record about something else can be the link
        record(block("else", versions=["1"]), id="x_TEST-5", aliases=["GHSA-1", "y-1"]),
    ]
    lookup = look(records, "pypi/tool@1")
    assert ids(lookup) == ["CVE-2024-9", "x_TEST-3", "x_TEST-4"]
    first = next(iter(lookup.advisories.values()))[0]
    assert first.ids == {"CVE-2024-9", "PYSEC-1", "GHSA-1", "x_TEST-5", "y-1"}
    assert first.sources == ("osv:osv",)


def test_a_withdrawn_record_ties_nothing_together(look: Look) -> None:
    records = [
        record(block(versions=["1"]), id="CVE-1"),
        record(block(versions=["1"]), id="CVE-2"),
        record(id="x_TEST-3", aliases=["CVE-1", "CVE-2"], withdrawn="2024-01-01"),
    ]
    assert ids(look(records, "pypi/tool@1")) == ["CVE-1", "CVE-2"]


def test_two_records_with_one_id_are_both_read(look: Look) -> None:
    records = [
        record(block(versions=["1"]), withdrawn="2024-01-01"),
        record(block(versions=["2"])),
        record(block(versions=["3"])),
    ]
    lookup = look(records, "pypi/tool@1", "pypi/tool@2", "pypi/tool@3")
    assert [str(each) for each in lookup.advisories] == ["tool@2", "tool@3"]


@pytest.mark.parametrize(
    "parts",
    [
        {"id": "MAL-2025-1"},
        {"aliases": ["MAL-2025-1"]},
        {"database_specific": {"cwe_ids": ["CWE-1", "CWE-506"]}},
    ],
)
def test_malware_is_told_from_a_mistake(look: Look, parts: dict[str, Any]) -> None:
    assert only(look([record(block(versions=["1"]), **parts)], "pypi/tool@1")).malicious


def test_malware_in_an_alias_counts_only_where_it_is_that_version(look: Look) -> None:
    records = [
        record(block(versions=["1"]), id="GHSA-1"),
        record(block(versions=["2"]), id="MAL-1", aliases=["GHSA-1"]),
    ]
    lookup = look(records, "pypi/tool@1", "pypi/tool@2")
    kinds = {str(p): a[0].malicious for p, a in lookup.advisories.items()}
    assert kinds == {"tool@1": False, "tool@2": True}


HIGH = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:H/UI:N/S:U/C:H/I:H/A:H"}
CRITICAL = {"type": "CVSS_V3", "score": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}


@pytest.mark.parametrize(
    ("top", "own", "severity"),
    [
        ([HIGH], None, Severity.HIGH),
        ([HIGH], [CRITICAL], Severity.CRITICAL),
        ([CRITICAL], [HIGH], Severity.HIGH),
        (None, None, Severity.UNKNOWN),
        ([], [], Severity.UNKNOWN),
    ],
)
def test_the_severity_of_a_package_goes_before_that_of_the_record(
    look: Look, top: object, own: object, severity: Severity
) -> None:
    one = record(block(versions=["1"], severity=own), severity=top)
    assert only(look([one], "pypi/tool@1")).severity is severity


def test_the_worst_severity_of_all_records_of_an_advisory_counts(look: Look) -> None:
    records = [
        record(block(versions=["1"]), id="PYSEC-1", aliases=["GHSA-1"]),
        record(block(versions=["1"]), id="GHSA-1", severity=[HIGH]),
    ]
    assert only(look(records, "pypi/tool@1")).severity is Severity.HIGH


def test_an_advisory_tells_what_a_reader_needs(look: Look) -> None:
    one = record(
        block(versions=["1"]),
        details="First line\nof it. Second sentence.",
        references=[{"type": "WEB", "url": "https://example.org/1"}, {"url": "x:y"}],
    )
    assert only(look([one], "pypi/tool@1")) == Advisory(
        id="x_TEST-1",
        summary="First line of it.",
        sources=("osv:osv",),
        references=("https://example.org/1",),
        modified="2026-11-20T00:00:00Z",
    )


def test_a_package_without_an_exact_version_is_a_gap_and_never_clean(
    look: Look,
) -> None:
    asked = ["pypi/tool", "pypi/tool@latest", "npm/files@^1.0.0", "pypi/tool@"]
    lookup = look([RANGE], *asked)
    assert lookup.answered == frozenset()
    assert {gap.state for gap in lookup.gaps} == {State.UNMATCHED}
    assert sum(len(miss.packages) for miss in lookup.misses) == 4


def test_an_ecosystem_without_a_record_is_a_gap_for_each_of_its_packages(
    look: Look,
) -> None:
    lookup = look([RANGE], "npm/a@1.0.0", "npm/b@1.0.0", "pypi/tool@1.2")
    (gap,) = lookup.gaps
    assert gap.state is State.NO_SOURCE
    assert gap.reason.startswith("`a@1.0.0`, `b@1.0.0`: ")
    assert {each.name for each in lookup.answered} == {"tool"}


def test_a_record_of_another_ecosystem_only_covers_nothing(look: Look) -> None:
    other = record(block("openssl", "Debian:12", versions=["1.0"]))
    lookup = look([other], "pypi/tool@1.0")
    assert [gap.state for gap in lookup.gaps] == [State.NO_SOURCE]


def test_an_ecosystem_with_a_suffix_is_that_ecosystem(look: Look) -> None:
    one = record(block("tool", "PyPI:any", versions=["1.0"]))
    assert ids(look([one], "pypi/tool@1.0")) == ["x_TEST-1"]


MONTH = dt.timedelta(days=30)


def dated(*moments: str) -> list[dict[str, Any]]:
    return [
        record(block(versions=["1"]), id=f"x_TEST-{n}", modified=moment)
        for n, moment in enumerate(moments)
    ]


@pytest.mark.parametrize(
    ("moments", "stale"),
    [
        (["2026-11-24T00:00:00Z"], False),
        (["2026-10-26T00:00:01Z"], False),
        (["2026-11-25T00:30:00+02:00"], False),
        (["2026-10-25T23:59:59Z"], True),
        (["2024-01-01T00:00:00Z", "2026-11-01T00:00:00Z"], False),
        # a date that has yet to come says nothing about today
        (["2024-01-01T00:00:00Z", "2999-01-01T00:00:00Z"], True),
        (["2999-01-01T00:00:00Z"], True),
        (["2026-11-25T00:00:01Z"], True),
        (["9999-12-31T23:59:59Z", "2026-11-20T00:00:00Z"], False),
    ],
)
def test_a_source_whose_newest_record_is_too_old_is_a_gap_for_its_packages(
    look: Look, moments: list[str], *, stale: bool
) -> None:
    lookup = look(dated(*moments), "pypi/tool@2", "pypi/other@1", max_age=MONTH)
    assert [gap.state for gap in lookup.gaps] == [State.STALE] * stale
    assert bool(lookup.answered) != stale
    assert look(dated(*moments), "pypi/tool@2").gaps == ()


def test_what_a_stale_source_knows_still_counts(look: Look) -> None:
    old = dated("2024-01-01T00:00:00Z", "2999-01-01T00:00:00Z")
    lookup = look(old, "pypi/tool@1", max_age=dt.timedelta(hours=36))
    assert len(ids(lookup)) == 2
    (gap,) = lookup.gaps
    assert gap.reason == (
        "`tool@1`: the newest advisory is of 2024-01-01, and the policy accepts 36 "
        "hours (1 dates yet to come do not count)"
    )


def test_the_age_of_each_ecosystem_is_its_own(look: Look) -> None:
    records = [
        *dated("2024-01-01T00:00:00Z"),
        record(block("files", "npm", versions=["1.0.0"]), id="x_TEST-9"),
    ]
    lookup = look(records, "pypi/tool@2", "npm/files@2.0.0", max_age=MONTH)
    assert [each.name for each in lookup.answered] == ["files"]


def test_records_without_a_usable_date_are_stale(look: Look) -> None:
    undated = {"id": "x_TEST-1", "affected": [block(versions=["1"])]}
    lookup = look([undated], "pypi/tool@2", max_age=MONTH)
    (gap,) = lookup.gaps
    assert "without a usable date, and the policy accepts 30 days" in gap.reason


def test_nothing_asked_is_nothing_answered(look: Look) -> None:
    assert look([RANGE]) == Lookup()
