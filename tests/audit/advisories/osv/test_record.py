import contextlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.advisory import Severity
from mcpchain.audit.advisories.osv.record import Affected, Interval, Record, parse
from mcpchain.errors import MalformedError
from mcpchain.inventory import State

GOOD = {"package": {"ecosystem": "PyPI", "name": "tool"}, "versions": ["1.0"]}


def read(value: object) -> Record:
    return parse(json.dumps(value).encode(), source="x.json")


def affecting(**parts: object) -> Record:
    return read({"id": "x_TEST-1", "affected": [{**GOOD, **parts}]})


def ranged(*events: object, kind: object = "ECOSYSTEM") -> Record:
    return affecting(ranges=[{"type": kind, "events": list(events)}])


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"[]", "expected an object"),
        (b"null", "expected an object"),
        (b"\xff\xfe", "UTF-16"),
        (b"\x80", "not UTF-8"),
        (b"{}", "expected a string, got nothing"),
        (b'{"id": 1}', "expected a string, got a number"),
        (b'{"id": ""}', "no advisory id"),
        (b'{"id": "../../etc/passwd"}', "no advisory id"),
        (b'{"id": "x\\n"}', "no advisory id"),
        (b'{"id": "\\u202ex"}', "no advisory id"),
        (b'{"id": "a", "id": "b"}', "appears twice"),
        (b'{"id": "a", "schema_version": "2.0.0"}', "`2.0.0` is not known"),
        (b'{"id": "a", "schema_version": 1}', "expected a string"),
        (b'{"id": "a", "schema_version": "v1"}', "is not known"),
        (b"[" * 100_000, "nested too deeply"),
        (b'{"id": "a", "x": ' + b"9" * 5000 + b"}", "not JSON"),
    ],
)
def test_what_is_no_record_of_version_1_is_malformed(data: bytes, problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        parse(data, source="x.json")


@pytest.mark.parametrize("version", [None, "1.0.0", "1.7.5", "1"])
def test_a_record_of_version_1_is_read(version: str | None) -> None:
    record = read({"id": "a", "schema_version": version, "affected": [GOOD]})
    assert record.affected == (
        Affected(
            purl_type="pypi",
            name="tool",
            severity=Severity.UNKNOWN,
            intervals=(),
            versions=("1",),
        ),
    )
    assert record.flaws == ()


@pytest.mark.parametrize("empty", [None, []])
def test_null_is_nothing(empty: object) -> None:
    names = ("aliases", "affected", "severity", "references", "withdrawn", "summary")
    record = read({"id": "a", **dict.fromkeys(names, empty)} | {"withdrawn": None})
    assert record.affected == ()
    assert not record.withdrawn


WRONG: list[Any] = [1, "x", True, {"a": 1}, [1], [[]], [None], [{"a": 1}], 1.5]


@pytest.mark.parametrize("value", WRONG)
@pytest.mark.parametrize(
    "key",
    [
        "aliases",
        "modified",
        "withdrawn",
        "severity",
        "summary",
        "references",
    ],
)
def test_a_wrong_type_beside_the_match_leaves_the_match_and_a_flaw(
    key: str, value: object
) -> None:
    if key == "summary" and isinstance(value, str):
        value = 7
    record = read({"id": "a", "affected": [GOOD], key: value})
    assert record.affected[0].versions == ("1",)
    assert not record.withdrawn
    assert record.flaws
    assert {(f.state, f.purl_type, f.name) for f in record.flaws} == {
        (State.PARTIAL, "pypi", "tool")
    }


@pytest.mark.parametrize("value", WRONG)
def test_a_block_that_names_no_package_is_a_flaw_that_could_be_about_any(
    value: object,
) -> None:
    record = read({"id": "a", "affected": [value, GOOD]})
    assert [each.name for each in record.affected] == ["tool"]
    (flaw,) = record.flaws
    assert (flaw.state, flaw.purl_type) == (State.UNREADABLE, None)


@pytest.mark.parametrize(
    "package",
    [
        {},
        {"ecosystem": "PyPI"},
        {"name": "tool"},
        {"ecosystem": "PyPI", "name": ""},
        {"ecosystem": "PyPI", "name": "a\nb"},
        {"ecosystem": "npm", "name": "a b"},
        {"ecosystem": 1, "name": "tool"},
        {"ecosystem": "npm", "name": None},
    ],
)
def test_a_package_without_a_usable_name_is_a_flaw(package: object) -> None:
    record = read({"id": "a", "affected": [{**GOOD, "package": package}, GOOD]})
    assert len(record.affected) == 1
    assert len(record.flaws) == 1


@pytest.mark.parametrize("value", [1, "x", {"a": 1}, [[]]])
def test_a_wrong_affected_list_is_a_flaw_that_could_be_about_any(value: object) -> None:
    (flaw, *_) = read({"id": "a", "affected": value}).flaws
    assert flaw.name is None


@pytest.mark.parametrize("value", [1, "1.0", {"a": 1}, [1], [None], [["1.0"]], [""]])
def test_a_wrong_list_of_versions_is_a_flaw_of_its_package(value: object) -> None:
    (flaw,) = affecting(versions=value).flaws
    assert (flaw.state, flaw.name) == (State.UNREADABLE, "tool")


def test_an_odd_version_leaves_the_others_of_its_list() -> None:
    record = affecting(versions=["1.0", 5, "2.0", "a\nb", "1.0.0"])
    assert record.affected[0].versions == ("1", "2")
    (flaw,) = record.flaws
    assert flaw.problem == "2 odd versions, such as a value of type int"


@pytest.mark.parametrize(
    "event",
    [
        {},
        {"introduced": "0", "fixed": "1"},
        {"introduced": 0},
        {"introduced": None},
        {"introduced": "a b"},
        {"introduced": ""},
        {"introducd": "0"},
        "introduced",
        None,
        {"fixed": "1.0"},
    ],
)
def test_a_wrong_event_is_a_flaw_of_its_package_and_leaves_the_rest(
    event: object,
) -> None:
    good = {"type": "ECOSYSTEM", "events": [{"introduced": "5"}]}
    bad = {"type": "ECOSYSTEM", "events": [event]}
    record = affecting(ranges=[bad, good])
    assert record.affected[0].intervals == (Interval(introduced="5"),)
    assert record.affected[0].versions == ("1",)
    (flaw,) = record.flaws
    assert (flaw.state, flaw.name) == (State.UNREADABLE, "tool")


@pytest.mark.parametrize("kind", ["ecosystem", "", 1, None, "OTHER"])
def test_an_unknown_type_of_range_is_a_flaw(kind: object) -> None:
    (flaw,) = ranged({"introduced": "0"}, kind=kind).flaws
    assert flaw.name == "tool"


@pytest.mark.parametrize("events", [None, [], 1, {"introduced": "0"}])
def test_a_range_without_events_is_a_flaw(events: object) -> None:
    (flaw,) = affecting(ranges=[{"type": "ECOSYSTEM", "events": events}]).flaws
    assert flaw.name == "tool"


@pytest.mark.parametrize("value", [1, "x", {"type": "ECOSYSTEM"}])
def test_ranges_that_are_no_list_are_a_flaw(value: object) -> None:
    (flaw,) = affecting(ranges=value).flaws
    assert flaw.name == "tool"


@pytest.mark.parametrize(
    "parts",
    [
        {"versions": []},
        {"versions": None},
        {"versions": [], "ranges": []},
        {"versions": [], "ranges": [{"type": "GIT", "events": "anything"}]},
    ],
)
def test_a_block_that_no_version_can_match_is_a_flaw(parts: dict[str, object]) -> None:
    (flaw,) = affecting(**parts).flaws
    assert (flaw.state, flaw.name) == (State.UNMATCHED, "tool")


@pytest.mark.parametrize("ecosystem", ["Debian:12", "Go", "", "Maven:https://x"])
def test_other_ecosystems_are_none_of_our_business(ecosystem: str) -> None:
    other = {"package": {"ecosystem": ecosystem, "name": 5}, "versions": 7}
    record = read({"id": "a", "affected": [other, GOOD]})
    assert len(record.affected) == 1
    assert record.flaws == ()


@pytest.mark.parametrize("ecosystem", ["pypi", "PYPI", "PyPI:x", " PyPI "])
def test_an_odd_spelling_of_an_ecosystem_loses_nothing(ecosystem: str) -> None:
    package = {"ecosystem": ecosystem, "name": "tool"}
    assert affecting(package=package).affected[0].purl_type == "pypi"


def test_a_key_that_appears_twice_is_believed_neither_time() -> None:
    data = (
        b'{"id": "a", "affected": [{"package": {"ecosystem": "PyPI", "name": "tool"},'
        b'"versions": ["1.0"], "versions": ["2.0"]}]}'
    )
    (flaw,) = parse(data, source="x").flaws
    assert flaw.name == "tool"
    assert "appears twice" in flaw.problem
    data = b'{"id": "a", "withdrawn": "2024-01-01", "withdrawn": null}'
    assert not parse(data, source="x").withdrawn


def test_a_bad_alias_leaves_the_others() -> None:
    record = read({"id": "a", "aliases": ["CVE-1", "x\n", 5, "b"], "affected": [GOOD]})
    assert record.aliases == ("CVE-1", "b")
    assert len(record.flaws) == 2


def test_a_thousand_small_flaws_are_not_a_thousand_gaps() -> None:
    record = read({"id": "a", "aliases": ["x\n"] * 1000, "affected": [GOOD]})
    assert 1 <= len(record.flaws) <= 5


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2024-10-10T17:22:00Z", "2024-10-10T17:22:00Z"),
        ("2021-07-16T01:31:34.136788Z", "2021-07-16T01:31:34Z"),
        ("2024-01-01T00:30:00+02:00", "2023-12-31T22:30:00Z"),
        ("2024-01-01", "2024-01-01T00:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59-12:00", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_times_are_told_in_utc(text: str, utc: str) -> None:
    assert read({"id": "a", "modified": text}).modified == utc


@pytest.mark.parametrize("value", [None, 5, "x", {}, {"cwe_ids": None}, []])
def test_what_a_database_adds_may_have_any_shape(value: object) -> None:
    record = read({"id": "a", "affected": [GOOD], "database_specific": value})
    assert record.flaws == ()
    assert not record.malicious


def test_malware_is_told_by_the_weakness_of_a_block_too() -> None:
    specific = {"cwes": [{"cweId": "CWE-79"}, {"cweId": "CWE-506"}]}
    assert affecting(database_specific=specific).malicious
    assert not affecting(database_specific={"cwes": [{"cweId": "CWE-5"}]}).malicious


@pytest.mark.parametrize(
    ("vectors", "word", "severity"),
    [
        ([], "CRITICAL", Severity.CRITICAL),
        ([{"type": "CVSS_V3", "score": "nonsense"}], "MODERATE", Severity.MEDIUM),
        ([], "nonsense", Severity.UNKNOWN),
        ([], 5, Severity.UNKNOWN),
        (None, None, Severity.UNKNOWN),
    ],
)
def test_a_word_counts_where_no_vector_can_be_read(
    vectors: object, word: object, severity: Severity
) -> None:
    specific = {"severity": word}
    record = read(
        {
            "id": "a",
            "affected": [GOOD],
            "severity": vectors,
            "database_specific": specific,
        }
    )
    assert record.affected[0].severity is severity


def test_the_summary_is_one_bounded_line_of_printable_text() -> None:
    assert read({"id": "a", "summary": "a\x1b[31m\nb"}).summary == "a [31m b"
    assert len(read({"id": "a", "details": "x" * (10 << 20)}).summary) == 200
    assert read({"id": "a", "details": "One. Two."}).summary == "One."
    assert read({"id": "a", "summary": " ", "details": "One"}).summary == "One"
    assert read({"id": "a"}).summary == ""


def test_only_a_few_web_addresses_are_kept() -> None:
    urls = ["javascript:x", "https://a b", *(f"https://x/{n}" for n in range(99))]
    references = read({"id": "a", "references": [{"url": u} for u in urls]}).references
    assert references == tuple(f"https://x/{n}" for n in range(8))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    "introduced",
                    "fixed",
                    "last_affected",
                    "limit",
                    "type",
                    "events",
                    "name",
                    "ecosystem",
                    "package",
                    "versions",
                    "ranges",
                    "score",
                    "severity",
                    "cwes",
                    "cweId",
                    "url",
                ]
            ),
            inner,
            max_size=4,
        )
    ),
    max_leaves=12,
)
KEYS = [
    "schema_version",
    "id",
    "modified",
    "withdrawn",
    "aliases",
    "severity",
    "affected",
    "references",
    "summary",
    "details",
    "database_specific",
]


@settings(max_examples=100)
@given(st.dictionaries(st.sampled_from(KEYS), JSON), JSON)
def test_any_json_is_a_record_with_flaws_or_malformed(
    value: dict[str, object], block: object
) -> None:
    for record in (value, {"id": "a", "affected": [GOOD, block]}):
        try:
            found = read(record)
        except MalformedError:
            continue
        assert found.id


@settings(max_examples=100)
@given(st.binary(max_size=200))
def test_any_bytes_are_a_record_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        assert parse(data, source="x").id
