"""Real records: every shape that public databases use, against a plain evaluation."""

import datetime as dt
import functools
import json
import re
import sqlite3
import time
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packaging.version import InvalidVersion, Version

from mcpchain.advisory import Severity
from mcpchain.audit.advisories import Package
from mcpchain.audit.advisories.osv import Index, match, open_index
from mcpchain.audit.advisories.osv.build import build
from mcpchain.audit.advisories.osv.source import Item
from mcpchain.audit.versions import Scheme, scheme

ROOT = Path(__file__).resolve().parents[4].parent
CORPUS = ROOT / "shared" / "corpus" / "advisories"
NOW = dt.datetime(2026, 11, 25, tzinfo=dt.UTC)
Json = dict[str, Any]
CRITICAL = Severity.CRITICAL


@pytest.fixture(scope="module")
def records() -> dict[str, list[Json]]:
    if not CORPUS.is_dir():
        pytest.skip(f"the advisory fixtures are not at {CORPUS}")
    found = {}
    for name in ("pypi", "npm"):
        with zipfile.ZipFile(CORPUS / f"{name}.zip") as archive:
            found[name] = [
                json.loads(archive.read(each)) for each in archive.namelist()
            ]
    return found


@pytest.fixture(scope="module")
def indexes(
    records: dict[str, list[Json]], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Index]]:
    cache = tmp_path_factory.mktemp("cache")
    found = {
        name: open_index(CORPUS / f"{name}.zip", cache=cache / "osv")
        for name in records
    }
    yield found
    for each in found.values():
        each.close()


def ids_of(record: Json) -> set[str]:
    return {record["id"], *(record.get("aliases") or ())}


def plainly_affected(record: Json, package: Package, rules: Scheme) -> bool:
    """Evaluate a record as the OSV schema writes it down, word for word."""
    if record.get("withdrawn") or package.version is None:
        return False
    key = rules.key(package.version)
    for block in record["affected"]:
        if plain_name(block["package"]["name"]) != plain_name(package.name):
            continue
        listed = block.get("versions") or ()
        if any(rules.key(each) == key for each in listed):
            return True
        ranges = (r for r in block.get("ranges") or () if r["type"] != "GIT")
        if any(
            plainly_within(each["events"], package.version, rules) for each in ranges
        ):
            return True
    return False


def plainly_within(  # noqa: C901 - as long as the text it follows
    events: list[Json], version: str, rules: Scheme
) -> bool:
    def compare(one: str, other: str) -> int:
        left, right = rules.key(one), rules.key(other)
        return int(left > right) - int(left < right)

    def order(one: Json, other: Json) -> int:
        starts = [each.get("introduced") == "0" for each in (one, other)]
        if any(starts):
            return starts[1] - starts[0]
        return compare(*one.values(), *other.values())

    limits = [each["limit"] for each in events if "limit" in each]
    below = any(each == "*" or compare(version, each) < 0 for each in limits)
    if limits and not below:
        return False
    turns = [each for each in events if "limit" not in each]
    vulnerable = False
    for event in sorted(turns, key=functools.cmp_to_key(order)):
        if "introduced" in event:
            start = event["introduced"]
            if start == "0" or compare(version, start) >= 0:
                vulnerable = True
        elif "fixed" in event:
            if compare(version, event["fixed"]) >= 0:
                vulnerable = False
        elif compare(version, event["last_affected"]) > 0:
            vulnerable = False
    return vulnerable


def plain_name(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def versions_of(record: Json) -> set[tuple[str, str]]:
    """Return name and version of all that a record lists or names as a bound."""
    found = set()
    for block in record["affected"]:
        name = block["package"]["name"]
        for each in block.get("versions") or ():
            found.add((name, each))
        for one in block.get("ranges") or ():
            if one["type"] != "GIT":
                for event in one["events"]:
                    found.update((name, each) for each in event.values() if each != "0")
    return found


@pytest.mark.parametrize("ecosystem", ["pypi", "npm"])
def test_every_listed_version_of_every_record_is_judged_as_the_schema_says(
    records: dict[str, list[Json]], indexes: dict[str, Index], ecosystem: str
) -> None:
    rules = scheme(ecosystem)
    assert rules is not None
    by_name: dict[str, list[Json]] = {}
    pairs: dict[str, set[str]] = {}
    for record in records[ecosystem]:
        for name in {block["package"]["name"] for block in record["affected"]}:
            by_name.setdefault(plain_name(name), []).append(record)
        for name, version in versions_of(record):
            pairs.setdefault(plain_name(name), set()).add(version)
    asked = [
        Package(ecosystem, name, version)
        for name, found in pairs.items()
        # Every version of most, and some of the few packages with hundreds of both.
        for version in sorted(found)[:: 1 + len(found) * len(by_name[name]) // 400]
        if rules.is_exact(version)
    ]
    assert len(asked) > (2000 if ecosystem == "pypi" else 25)
    lookup = indexes[ecosystem].look_up(asked, now=NOW)
    wrong = []
    for package in asked:
        expected = {
            record["id"]
            for record in by_name[plain_name(package.name)]
            if plainly_affected(record, package, rules)
        }
        known = lookup.advisories.get(package, ())
        told = {each for one in known for each in one.ids}
        # An advisory names its aliases too; each must have a record that matches.
        lost = expected - told
        invented = [one.ids for one in known if not one.ids & expected]
        if lost or invented:
            wrong.append((package, lost, invented))
    assert wrong == []


def test_the_shapes_of_pypi_are_those_that_we_know(
    records: dict[str, list[Json]],
) -> None:
    shapes: Counter[str] = Counter()
    for record in records["pypi"]:
        (block,) = record["affected"]
        ranges = block.get("ranges") or []
        ours = [each for each in ranges if each["type"] == "ECOSYSTEM"]
        events = [event for each in ours for event in each["events"]]
        shapes["withdrawn"] += bool(record.get("withdrawn"))
        shapes["no severity"] += not record.get("severity")
        shapes["no list"] += not block.get("versions")
        shapes["commits"] += len(ours) < len(ranges)
        shapes["several introduced"] += any(
            sum("introduced" in e for e in each["events"]) > 1 for each in ours
        )
        shapes["last affected"] += any("last_affected" in each for each in events)
        shapes["no alias"] += not record.get("aliases")
        shapes["odd name"] += block["package"]["name"] != plain_name(
            block["package"]["name"]
        )
        shapes["odd bound"] += any(
            not is_pep440(value) for event in events for value in event.values()
        )
        shapes["odd listed"] += sum(
            not is_pep440(each) for each in set(block.get("versions") or ())
        )
    assert shapes == {
        "withdrawn": 10,
        "no severity": 2459,
        "no list": 40,
        "commits": 1391 - 6,
        "several introduced": 1093,
        "last affected": 1,
        "no alias": 12,
        "odd name": 1,
        "odd bound": 2,
        "odd listed": 108,
    }


def is_pep440(version: str) -> bool:
    try:
        Version(version)
    except InvalidVersion:
        return False
    return True


def test_every_record_is_read(
    records: dict[str, list[Json]], indexes: dict[str, Index]
) -> None:
    (pypi,) = indexes["pypi"].coverage(NOW)
    (npm,) = indexes["npm"].coverage(NOW)
    assert (pypi.records, npm.records) == (2661, 14)
    assert pypi.newest == dt.datetime(2024, 10, 10, 17, 22, tzinfo=dt.UTC)
    names = {each["affected"][0]["package"]["name"] for each in records["pypi"]}
    asked = [Package("pypi", name, "0.0.1") for name in names]
    lookup = indexes["pypi"].look_up(asked, now=NOW)
    odd = ["PYSEC-2022-184", "PYSEC-2024-55"]  # an alias with a comma, the year 1
    told = [re.findall(r"PYSEC-[0-9-]+[0-9]", gap.reason) for gap in lookup.gaps]
    assert sorted(told) == [[each] for each in odd]


@pytest.mark.parametrize(
    ("name", "version", "expected", "fixed", "severity", "malicious"),
    [
        ("lodash", "4.17.20", "CVE-2021-23337", "4.17.21", Severity.HIGH, False),
        ("lodash-es", "4.17.20", "CVE-2021-23337", "4.17.21", Severity.HIGH, False),
        (
            "ua-parser-js",
            "0.7.29",
            "GHSA-pjwm-rvh2-c87w",
            "0.7.30",
            Severity.CRITICAL,
            True,
        ),
        (
            "ua-parser-js",
            "1.0.0",
            "GHSA-pjwm-rvh2-c87w",
            "1.0.1",
            Severity.CRITICAL,
            True,
        ),
        ("chalk", "5.6.1", "GHSA-2v46-p5h4-248w", "", Severity.UNKNOWN, True),
        ("--hiljson", "0.0.1", "GHSA-qqfx-rpxc-ghp4", "", Severity.UNKNOWN, True),
        ("postmark-mcp", "1.0.16", "MAL-2025-47604", "", Severity.UNKNOWN, True),
        ("mixin-deep", "1.3.1", "CVE-2019-10746", "1.3.2", Severity.UNKNOWN, False),
        ("mixin-deep", "2.0.0", "CVE-2019-10746", "2.0.1", Severity.UNKNOWN, False),
        ("jquery", "2.1.1-0", "CVE-2016-10707", "3.0.0", Severity.UNKNOWN, False),
        ("axios", "1.5.1", "CVE-2023-45857", "1.6.0", Severity.MEDIUM, False),
        ("ws", "7.0.0", "CVE-2024-37890", "7.5.10", Severity.HIGH, False),
    ],
)
def test_known_npm_records_say_what_they_say(  # noqa: PLR0913 - one column each
    indexes: dict[str, Index],
    name: str,
    version: str,
    expected: str,
    fixed: str,
    severity: Severity,
    *,
    malicious: bool,
) -> None:
    package = Package("npm", name, version)
    (advisory,) = indexes["npm"].look_up([package], now=NOW).advisories[package]
    assert advisory.id == expected
    assert advisory.fixed_in == ((fixed,) if fixed else ())
    assert (advisory.severity, advisory.malicious) == (severity, malicious)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        ("lodash", "4.17.21"),
        ("chalk", "5.6.2"),
        ("postmark-mcp", "1.0.15"),
        ("mixin-deep", "1.3.2"),
        ("jquery", "2.1.0"),
        ("ws", "2.0.0"),
    ],
)
def test_versions_that_no_npm_record_covers_are_clean(
    indexes: dict[str, Index], name: str, version: str
) -> None:
    lookup = indexes["npm"].look_up([Package("npm", name, version)], now=NOW)
    assert (lookup.advisories, lookup.gaps, len(lookup.answered)) == ({}, (), 1)


class Memory:
    """Records that lie nowhere."""

    def __init__(self, records: Sequence[Json]) -> None:
        self._raw = [json.dumps(each).encode() for each in records]

    def digest(self) -> str:
        return "same"

    def items(self) -> Iterator[Item]:
        for number, raw in enumerate(self._raw):
            yield Item(member=str(number), content=raw)

    def is_index(self) -> bool:
        return False

    def close(self) -> None:
        pass


VERSIONS = ["0.dev1", "0.1", "1.0a1", "1.0", "1.0.0", "1.1", "1.5", "2.0", "0.8.7p1"]
EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["introduced", "fixed", "last_affected", "limit"]),
        st.sampled_from(["0", *VERSIONS]),
    ),
    max_size=6,
)


@settings(max_examples=100, deadline=None)
@given(st.lists(EVENTS, min_size=1, max_size=3), st.lists(st.sampled_from(VERSIONS)))
def test_any_ranges_are_judged_as_the_schema_says(
    ranges: list[list[tuple[str, str]]], listed: list[str]
) -> None:
    rules = scheme("pypi")
    assert rules is not None
    written = [
        {
            "type": "ECOSYSTEM",
            "events": [{"introduced": "1.5"}, *({key: value} for key, value in events)],
        }
        for events in ranges
    ]
    block = {
        "package": {"ecosystem": "PyPI", "name": "tool"},
        "ranges": written,
        "versions": listed,
    }
    record = {"id": "x_TEST-1", "affected": [block]}
    connection = sqlite3.connect(":memory:")
    build(connection, Memory([record]), "same", None)
    for version in VERSIONS:
        package = Package("pypi", "tool", version)
        found = match.advisories(connection, package, "test", "2026-11-25T00:00:00Z")
        assert bool(found) == plainly_affected(record, package, rules), version
        for fixed in found[0].fixed_in if found else ():
            way = Package("pypi", "tool", fixed)
            assert not plainly_affected(record, way, rules), fixed
    connection.close()


def test_look_ups_of_150_packages_take_milliseconds(
    records: dict[str, list[Json]], indexes: dict[str, Index]
) -> None:
    asked: dict[str, Package] = {}
    for record in records["pypi"]:
        for name, version in versions_of(record):
            asked.setdefault(name, Package("pypi", name, version))
    packages = sorted(asked.values(), key=str)[:150]
    start = time.process_time()
    lookup = indexes["pypi"].look_up(packages, now=NOW)
    assert len(lookup.advisories) > 50
    assert time.process_time() - start < 0.5
