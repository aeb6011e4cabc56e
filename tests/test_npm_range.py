"""Ranges as node-semver reads them with `loose`, which npm does everywhere."""

import pytest

from mcpchain.npm_range import excludes, parse_range, parse_version

VERSIONS = [
    *("0.0.1", "0.0.3", "0.1.0", "0.2.3", "1.0.0", "1.2.3-alpha.1", "1.2.3-beta"),
    *("1.2.3", "1.2.4", "1.3.0", "2.0.0-0", "2.0.0-rc.1", "2.0.0", "2.1.0", "10.0.0"),
]


def fitting(text: str) -> list[str]:
    found = parse_range(text)
    assert found is not None
    return [each for each in VERSIONS if (v := parse_version(each)) and v in found]


@pytest.mark.parametrize(
    ("text", "versions"),
    [
        ("1.2.3", ["1.2.3"]),
        ("=v1.2.3", ["1.2.3"]),
        ("1.2.3+build.7", ["1.2.3"]),
        ("1.2", ["1.2.3", "1.2.4"]),
        ("1.2.*", ["1.2.3", "1.2.4"]),
        ("1", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        ("^1.2.3", ["1.2.3", "1.2.4", "1.3.0"]),
        ("^ 1.2.3", ["1.2.3", "1.2.4", "1.3.0"]),
        ("^1.x", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        ("^0.1.0", ["0.1.0"]),
        ("^0.0.1", ["0.0.1"]),
        ("^0.0", ["0.0.1", "0.0.3"]),
        ("^0", ["0.0.1", "0.0.3", "0.1.0", "0.2.3"]),
        ("~1.2.3", ["1.2.3", "1.2.4"]),
        ("~>1.2", ["1.2.3", "1.2.4"]),
        ("~1", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        (">1.2", ["1.3.0", "2.0.0", "2.1.0", "10.0.0"]),
        (">=1.3 <2", ["1.3.0"]),
        ("<=0.1", ["0.0.1", "0.0.3", "0.1.0"]),
        ("<0.1", ["0.0.1", "0.0.3"]),
        (">1.2.3-alpha.1 <1.2.4", ["1.2.3-beta", "1.2.3"]),
        ("^1.2.3-beta", ["1.2.3-beta", "1.2.3", "1.2.4", "1.3.0"]),
        ("<2.0.0-rc.1 >=2.0.0-0", ["2.0.0-0"]),
        ("1.2.3 - 1.2", ["1.2.3", "1.2.4"]),
        ("2 - x", ["2.0.0", "2.1.0", "10.0.0"]),
        ("0.0.1||2", ["0.0.1", "2.0.0", "2.1.0"]),
        ("^9 || ^0.0.3", ["0.0.3"]),
        ("0.0.1 what", ["0.0.1"]),
        ("0.0.1 1.x.2", ["0.0.1"]),
        ("0.0.1 x.1", ["0.0.1"]),
        ("0.0.1 || >=1.*.2", ["0.0.1"]),
        ("^1.x.2", ["1.0.0", "1.2.3", "1.2.4", "1.3.0"]),
        ("~0.x.2", ["0.0.1", "0.0.3", "0.1.0", "0.2.3"]),
        ("0.x.2 - 0.1", ["0.0.1", "0.0.3", "0.1.0"]),
        ("=0.0.1 - v0.1", ["0.0.1", "0.0.3", "0.1.0"]),
        ("0+b", ["0.0.1", "0.0.3", "0.1.0", "0.2.3"]),
        ("^1.3+1.2.3", ["1.3.0"]),
        (">=v1 2+1.2", ["2.0.0", "2.1.0"]),
        ("0+b - 0.1+c", ["0.0.1", "0.0.3", "0.1.0"]),
        ("+b", [each for each in VERSIONS if "-" not in each]),
        ("what +b", [each for each in VERSIONS if "-" not in each]),
        (">*", []),
        ("<x", []),
        (">10.0.0", []),
        ("", [each for each in VERSIONS if "-" not in each]),
        (">=*", [each for each in VERSIONS if "-" not in each]),
        ("9 ||", [each for each in VERSIONS if "-" not in each]),
    ],
)
def test_a_range_holds_what_npm_takes_it_to_hold(
    text: str, versions: list[str]
) -> None:
    assert fitting(text) == versions


@pytest.mark.parametrize(
    "text",
    [
        *("latest", "next", "1.2.3.4", "^", "~", "=>1", "1.2.x-y.z$", "१.२.३", "v"),
        *("1.x.2", "x.1", "=1.x.2", ">*.1", "1.*.2-rc"),
    ],
)
def test_what_is_no_range_is_none(text: str) -> None:
    assert parse_range(text) is None


@pytest.mark.parametrize(
    "text",
    ["^1 || " * 10_000, "|" * 5_000, "1 " * 10_000, "^" * 5_000, "||" * 200],
    ids=["alternatives", "bars", "bounds", "carets", "empty ones"],
)
def test_a_range_that_costs_time_is_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="too long to be read"):
        parse_range(text)


@pytest.mark.parametrize(
    "text", ["", "1", "1.2", "1.2.x", "latest", "1.2.3 4", "1" * 17 + ".0.0", "1.2.3_"]
)
def test_what_is_no_version_is_none(text: str) -> None:
    assert parse_version(text) is None


@pytest.mark.parametrize(
    ("lower", "higher"),
    [
        ("1.2.3-1", "1.2.3-a"),
        ("1.2.3-2", "1.2.3-10"),
        ("1.2.3-a", "1.2.3-a.0"),
        ("1.2.3-a", "1.2.3"),
        ("1.9.0", "1.10.0"),
        ("1.2.3beta", "1.2.3"),
    ],
)
def test_versions_compare_by_precedence(lower: str, higher: str) -> None:
    first, second = parse_version(lower), parse_version(higher)
    assert first is not None
    assert second is not None
    assert first < second


@pytest.mark.parametrize(
    ("asked", "version", "out"),
    [
        ("^1.0.0", "2.0.0", True),
        ("^1.0.0", "1.9.0", False),
        ("npm:x@^1", "2.0.0", True),
        ("npm:@s/x@^1", "2.0.0", True),
        ("npm:@s/x", "2.0.0", False),
        ("*", "2.0.0-rc.1", False),
        ("^2.0.0-rc.1", "2.0.0-rc.2", False),
        ("^1.0.0", "2.0.0-rc.1", True),
        ("latest", "2.0.0", False),
        ("file:../x", "2.0.0", False),
        ("^1.0.0", "no version", False),
        ("1 " * 5000, "2.0.0", False),
    ],
    ids=range(12),
)
def test_a_version_outside_of_a_range_is_told(
    asked: str, version: str, *, out: bool
) -> None:
    assert excludes(asked, version) is out
