import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from mcpchain.advisory import Advisory, Severity
from mcpchain.audit.advisories import (
    Lookup,
    Miss,
    Package,
    headline,
    is_id,
    merge,
    missed,
    normal_name,
    sift,
    united,
    worst,
)
from mcpchain.audit.versions import scheme
from mcpchain.component import Location
from mcpchain.inventory import Gap, State

FILES = Package("npm", "files", "1.2.0")
TOOL = Package("pypi", "tool", "1.0")


def miss(
    *packages: Package, state: State = State.UNREACHABLE, each: bool = False
) -> Miss:
    return Miss(packages=packages, state=state, problem="no", hint="h", each=each)


def answer(*packages: Package, **advisories: tuple[Advisory, ...]) -> Lookup:
    by_name = {each.name: each for each in packages}
    return Lookup(
        answered=frozenset(packages),
        advisories={by_name[name]: known for name, known in advisories.items()},
    )


@pytest.mark.parametrize(
    ("purl", "package"),
    [
        ("pkg:npm/%40acme/files@1.2.0", Package("npm", "@acme/files", "1.2.0")),
        ("pkg:pypi/A_b@1.0", Package("pypi", "a-b", "1.0")),
        ("pkg:pypi/a", Package("pypi", "a", None)),
    ],
)
def test_a_purl_names_a_package(purl: str, package: Package) -> None:
    assert Package.of(PackageURL.from_string(purl)) == package


def test_a_version_that_was_resolved_fills_in_for_a_purl_without_one() -> None:
    floating = PackageURL.from_string("pkg:npm/files")
    assert Package.of(floating, "1.2.0") == FILES
    assert Package.of(PackageURL.from_string("pkg:npm/files@1.2.0"), "9") == FILES


def test_the_name_of_a_package_is_shown_on_one_bounded_line() -> None:
    shown = str(Package("npm", "a\nb\x1b[31m" + "x" * 500, "1"))
    assert shown.startswith("a\\nb\\x1b[31mxxx")
    assert len(shown) < 200


@pytest.mark.parametrize(
    ("purl_type", "name", "normal"),
    [
        ("pypi", "A.b__c", "a-b-c"),
        ("pypi", "tool", "tool"),
        ("pypi", "-r", None),
        ("pypi", "--index-url=x", None),
        ("pypi", "a\nb", None),
        ("pypi", "a b", None),
        ("pypi", "a;b", None),
        ("pypi", "${HOME}", None),
        ("pypi", "", None),
        ("pypi", "ünic", None),
        ("pypi", "a\n", None),
        ("npm", "JSONStream", "jsonstream"),
        ("npm", "@Acme/Files", "@acme/files"),
        ("npm", "--hiljson", "--hiljson"),
        ("npm", "@acme/files/x", None),
        ("npm", "a b", None),
        ("npm", "a\n", None),
        ("npm", "x" * 215, None),
    ],
)
def test_names_are_compared_as_their_ecosystem_compares_them(
    purl_type: str, name: str, normal: str | None
) -> None:
    assert normal_name(purl_type, name) == normal


@pytest.mark.parametrize("text", ["CVE-2024-1", "GHSA-xxxx-yyyy-zzzz", "x_TEST-1"])
def test_an_id_is_a_word(text: str) -> None:
    assert is_id(text)


@pytest.mark.parametrize(
    "text", ["", "../x", "a/b", "CVE-1\n", "CVE 1", "-x", "x" * 101, "\u202eCVE"]
)
def test_what_could_deceive_a_reader_is_no_id(text: str) -> None:
    assert not is_id(text)


def test_packages_that_no_source_could_find_are_told_apart() -> None:
    packages = [
        FILES,
        TOOL,
        Package("pypi", "tool", None),
        Package("npm", "files", "latest"),
        Package("pypi", "-r evil", "1.0"),
        Package("oci", "image", "1"),
        Package("oci", "image2", "1"),
        Package("github", "acme/x", "v1"),
    ]
    good, misses = sift(packages)
    assert good == (FILES, TOOL)
    assert [(m.state, m.each, len(m.packages)) for m in misses] == [
        (State.UNMATCHED, False, 1),
        (State.UNMATCHED, False, 2),
        (State.UNMATCHED, True, 1),
        (State.UNMATCHED, True, 2),
    ]
    assert {p for m in misses for p in m.packages} == {*packages} - {*good}


def test_each_package_without_a_version_is_a_gap_of_its_own_and_others_are_one() -> (
    None
):
    unversioned = [Package("pypi", f"p{n}", None) for n in range(3)]
    images = [Package("oci", f"image{n}", "1") for n in range(5)]
    _, misses = sift([*unversioned, *images])
    lookup = Lookup(misses=misses)
    assert [gap.reason for gap in lookup.gaps] == [
        (
            "`image0@1`, `image1@1`, `image2@1` and 2 more: "
            "advisories are matched for PyPI and npm packages only"
        ),
        "`p0`: no exact version, so no advisory can be matched",
        "`p1`: no exact version, so no advisory can be matched",
        "`p2`: no exact version, so no advisory can be matched",
    ]
    assert len(lookup.general) == 1
    (gap,) = lookup.about(unversioned[1])
    assert gap.reason.startswith("`p1`")
    assert gap.hint == "pin it to one version"
    assert lookup.about(images[0]) == ()


def test_no_source_at_all_is_a_gap_for_every_package() -> None:
    lookup = merge([FILES, TOOL])
    assert [gap.state for gap in lookup.gaps] == [State.NO_SOURCE, State.NO_SOURCE]
    assert lookup.answered == frozenset()
    assert merge([]) == Lookup()


def test_a_package_that_no_source_spoke_of_is_a_gap() -> None:
    lookup = merge([FILES, TOOL], answer(TOOL))
    (gap,) = lookup.gaps
    assert gap.state is State.NO_SOURCE
    assert "`files@1.2.0`" in gap.reason


@pytest.mark.parametrize("state", [State.OFFLINE, State.NO_SOURCE, State.MISSING])
def test_a_silence_does_not_matter_where_another_source_has_answered(
    state: State,
) -> None:
    lookup = merge(
        [FILES, TOOL], answer(TOOL), Lookup(misses=(miss(FILES, TOOL, state=state),))
    )
    (left,) = lookup.misses
    assert left.packages == (FILES,)


@pytest.mark.parametrize("state", [State.STALE, State.UNREACHABLE, State.UNMATCHED])
def test_a_failed_source_is_told_even_where_another_has_answered(state: State) -> None:
    failed = Lookup(misses=(miss(TOOL, state=state),))
    assert merge([TOOL], answer(TOOL), failed).gaps
    assert not merge([TOOL], answer(TOOL), failed, absorbed={state}).gaps


def test_two_sources_that_lack_the_same_are_one_gap() -> None:
    _, misses = sift([Package("pypi", "tool", None)])
    package = misses[0].packages[0]
    lookup = merge([package], Lookup(misses=misses), Lookup(misses=misses))
    assert len(lookup.gaps) == 1


def test_the_troubles_of_every_source_are_kept_once() -> None:
    trouble = Gap(
        stage="audit", location=Location(path="x"), reason="r", state=State.UNREADABLE
    )
    one = Lookup(troubles=(trouble,), answered=frozenset({TOOL}))
    assert merge([TOOL], one, one).troubles == (trouble,)


def test_answers_about_packages_that_nobody_asked_about_are_not_kept() -> None:
    other = answer(FILES, files=(Advisory(id="CVE-1"),))
    lookup = merge([TOOL], answer(TOOL), other)
    assert lookup.advisories == {}
    assert lookup.answered == {TOOL}


def test_advisories_of_two_sources_that_share_an_id_are_one() -> None:
    osv = Advisory(
        id="CVE-2024-1",
        aliases=("GHSA-a",),
        severity=Severity.HIGH,
        fixed_in=("1.2",),
        sources=("osv:x",),
        modified="2024-01-01T00:00:00Z",
        references=("https://example.org/1",),
    )
    tool = Advisory(
        id="PYSEC-1",
        aliases=("CVE-2024-1",),
        summary="bad",
        fixed_in=("1.2.0",),
        sources=("pip-audit",),
        confidence="low",
    )
    lookup = merge(
        [TOOL], answer(TOOL, tool=(osv,)), answer(TOOL, tool=(tool, Advisory(id="X-1")))
    )
    assert lookup.advisories[TOOL] == (
        Advisory(
            id="CVE-2024-1",
            aliases=("GHSA-a", "PYSEC-1"),
            severity=Severity.HIGH,
            summary="bad",
            fixed_in=("1.2",),
            sources=("osv:x", "pip-audit"),
            modified="2024-01-01T00:00:00Z",
            references=("https://example.org/1",),
        ),
        Advisory(id="X-1"),
    )


def test_a_record_that_ties_two_others_together_makes_them_one() -> None:
    parts = [
        Advisory(id="GHSA-a"),
        Advisory(id="PYSEC-b", malicious=True),
        Advisory(id="CVE-1", aliases=("GHSA-a", "PYSEC-b")),
    ]
    for order in itertools.permutations(parts):
        (one,) = united(order, None)
        assert one.id == "CVE-1"
        assert one.ids == {"GHSA-a", "PYSEC-b", "CVE-1"}
        assert one.malicious


@pytest.mark.parametrize(
    ("offers", "chosen"),
    [
        ([("1.3.2",), ("1.3.3",)], ("1.3.3",)),
        ([("1.3.3",), ("1.3.2",)], ("1.3.3",)),
        ([("1.3.2", "2.0.1"), ("1.3.2",)], ("1.3.2",)),
        ([("1.3.2", "2.0.1"), ("2.0.1",)], ("2.0.1",)),
        ([(), ("2.0",)], ("2.0",)),
        ([(), ()], ()),
    ],
)
def test_what_one_source_calls_fixed_and_another_vulnerable_is_no_fix(
    offers: list[tuple[str, ...]], chosen: tuple[str, ...]
) -> None:
    group = [Advisory(id="CVE-1", fixed_in=offer) for offer in offers]
    (one,) = united(group, scheme("pypi"))
    assert one.fixed_in == chosen


def test_a_cve_is_shown_first_and_every_id_is_kept() -> None:
    ids = ["MAL-1", "x_TEST-1", "PYSEC-1", "GHSA-1", "CVE-2", "CVE-1"]
    assert headline(ids) == (
        "CVE-1",
        ("CVE-2", "GHSA-1", "MAL-1", "PYSEC-1", "x_TEST-1"),
    )
    assert headline(["x", "MAL-1"]) == ("MAL-1", ("x",))


def test_unknown_severity_is_not_mild() -> None:
    assert worst([]) is Severity.UNKNOWN
    assert worst([Severity.UNKNOWN, Severity.LOW]) is Severity.LOW
    assert worst([Severity.CRITICAL, Severity.HIGH]) is Severity.CRITICAL


def test_no_packages_make_no_miss() -> None:
    assert missed([], state=State.STALE, problem="p", hint="h") == ()


PACKAGES = st.lists(
    st.builds(
        Package,
        st.sampled_from(["pypi", "npm", "oci", ""]),
        st.text(max_size=6),
        st.none() | st.sampled_from(["1.0", "1.0.0", "latest", "", ">1"]),
    ),
    max_size=8,
)


@given(PACKAGES, st.data())
def test_every_package_ends_as_answered_or_as_a_gap(
    packages: list[Package], data: st.DataObject
) -> None:
    good, misses = sift(packages)
    assert {*good} | {p for m in misses for p in m.packages} == {*packages}
    some = data.draw(st.lists(st.sampled_from(good), unique=True)) if good else []
    state = data.draw(st.sampled_from(State))
    silent = tuple(each for each in good if each not in some)
    other = Lookup(misses=(miss(*silent, state=state),) if silent else ())
    lookup = merge(packages, answer(*some), other, Lookup(misses=misses))
    told = {p for m in lookup.misses for p in m.packages}
    assert told | lookup.answered == {*packages}
    assert not told & lookup.answered
    named = sum(len(m.gaps) for m in lookup.misses)
    assert len(lookup.gaps) == named
    assert bool(lookup.gaps) == bool(told)
