import itertools
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.audit.versions import LENGTH_LIMIT, scheme

CORPUS = Path(__file__).resolve().parents[3].parent / "shared" / "corpus" / "versions"

LEGACY = ["0.8.7p1", "trunk", "0.1-bulbasaur", "2013-01-21T20:33:09+0100", "0.3m10"]
PYPI = ["1", "1.0", "1.0.0", "1.0a1", "1.0.dev0", "1.0+cpu", "0.0", "v1.0", "1!0.1"]
NPM = ["1.2.3", "v1.2.3", "=1.2.3", "1.2", "1.2.3-beta.2", "1.2.3-5", "1.2.3.4"]
NONE = ["", " ", "1 2", "1.0\n2.0", "\x00", "é", "1" * (LENGTH_LIMIT + 1)]


@pytest.mark.parametrize(
    ("file", "purl_type"),
    [
        ("pypi-dev.txt", "pypi"),
        ("pypi-generated-dev.txt", "pypi"),
        ("semver-dev.txt", "npm"),
    ],
)
def test_orders_every_pair_of_the_public_fixtures(file: str, purl_type: str) -> None:
    if not CORPUS.is_dir():
        pytest.skip(f"the version fixtures are not at {CORPUS}")
    rules = scheme(purl_type)
    assert rules is not None
    wrong = []
    for line in (CORPUS / file).read_text().splitlines():
        if not line.strip():
            continue
        left, sign, right = line.split()
        one, other = rules.key(left), rules.key(right)
        found = "<" if one < other else ">" if one > other else "="
        same = rules.canonical(left) == rules.canonical(right)
        if found != sign or same != (sign == "="):
            wrong.append((line, found))
    assert wrong == []


@pytest.mark.parametrize(
    ("purl_type", "order"),
    [
        ("pypi", ["0.8.7p1", "0.8.7p2", "0.8.7p10", "0.dev0", "0", "1.0a1", "1.0"]),
        ("pypi", ["trunk", "1.x-final", "0.0.dev0", "0.1", "1!0.1"]),
        ("pypi", ["2.13", "2.13.0+cpu", "2.13.1"]),
        ("npm", ["1.0.0-0", "1.0.0-1", "1.0.0-10", "1.0.0-A", "1.0.0-a", "1.0.0"]),
        ("npm", ["1.0.0-5", "1.0.0--5", "1.0.0"]),
        ("npm", ["1.0.0-alpha", "1.0.0-alpha.0", "1.0.0beta", "1", "1.0.0.1"]),
        ("npm", ["18446744073709551615.0.0", "18446744073709551616.0.0", "9" * 200]),
    ],
)
def test_orders_from_old_to_new(purl_type: str, order: list[str]) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    shuffled = [*order[1::2], *order[::2]]
    assert sorted(shuffled, key=rules.key) == order
    for one, other in itertools.pairwise(order):
        assert rules.key(one) < rules.key(other)


@pytest.mark.parametrize(
    ("purl_type", "one", "other"),
    [
        ("pypi", "1.0", "1"),
        ("pypi", "1.0.0", "v1"),
        ("pypi", "1.0-1", "1.0.post1"),
        ("pypi", "1.0RC1", "1.0.0rc1"),
        ("pypi", "Trunk", "trunk"),
        ("npm", "1.2", "v1.2.0"),
        ("npm", "1.2.3+a", "=1.2.3+b"),
        ("npm", "01.2.3", "1.2.3"),
        ("npm", "1.2.3beta", "1.2.3-beta"),
    ],
)
def test_equal_versions_have_one_canonical_text(
    purl_type: str, one: str, other: str
) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    assert rules.key(one) == rules.key(other)
    assert rules.canonical(one) == rules.canonical(other)


def test_different_versions_have_different_canonical_texts() -> None:
    for purl_type, versions in (("pypi", PYPI + LEGACY), ("npm", NPM)):
        rules = scheme(purl_type)
        assert rules is not None
        for one, other in itertools.product(versions, repeat=2):
            same = rules.key(one) == rules.key(other)
            assert same == (rules.canonical(one) == rules.canonical(other))


@pytest.mark.parametrize("purl_type", ["pypi", "npm"])
@pytest.mark.parametrize("text", NONE)
def test_what_is_no_version_is_refused(purl_type: str, text: str) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    assert not rules.is_exact(text)
    with pytest.raises(ValueError, match="version"):
        rules.key(text)
    with pytest.raises(ValueError, match="version"):
        rules.canonical(text)


@pytest.mark.parametrize(
    ("purl_type", "text"),
    [
        ("pypi", "1.0"),
        ("pypi", "2.13.0+cpu"),
        ("pypi", "0.8.7p1"),
        ("pypi", "2013-01-21T20:33:09+0100"),
        ("npm", "1.2.3"),
        ("npm", "v1.2.3"),
        ("npm", "1.2.3-beta+build"),
    ],
)
def test_an_exact_version_names_one_release(purl_type: str, text: str) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    assert rules.is_exact(text)


@pytest.mark.parametrize(
    "text",
    [
        "latest",
        "*",
        "1.x",
        "x.1",
        ">=1.0",
        "==1.0",
        "~=1.0",
        "^1.2.0",
        "~1.2",
        "1.0 || 2.0",
        ">1,<2",
        "1.0 - 2.0",
        "git+https://example.org/x@v1.0.0",
        "https://example.org/x-1.0.tgz",
        "file:../x-1.0",
        "npm:real@1.0.0",
        "workspace:*",
        "1.*",
        "${VERSION_1}",
    ],
)
@pytest.mark.parametrize("purl_type", ["pypi", "npm"])
def test_a_range_a_tag_or_an_address_is_no_exact_version(
    purl_type: str, text: str
) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    assert not rules.is_exact(text)


@pytest.mark.parametrize("text", ["1", "1.2", "v1"])
def test_a_version_with_missing_parts_is_a_range_to_npm(text: str) -> None:
    rules = scheme("npm")
    assert rules is not None
    assert not rules.is_exact(text)


@pytest.mark.parametrize("text", ["1.2.3-", "1.2.3-a..b", "1..2", "a1.2.3", "1.2.3 4"])
def test_npm_refuses_what_it_cannot_compare(text: str) -> None:
    rules = scheme("npm")
    assert rules is not None
    with pytest.raises(ValueError, match="version"):
        rules.key(text)


def test_only_a_local_label_is_not_public() -> None:
    pypi, npm = scheme("pypi"), scheme("npm")
    assert pypi is not None
    assert npm is not None
    assert pypi.public("2.13.0+cpu") == "2.13.0"
    assert pypi.public("1.0-1") == "1.0-1"
    assert pypi.public("0.8+x+y") == "0.8+x+y"
    # More digits than Python converts (CVE-2020-10735).
    assert pypi.public("1" * 5000 + "+cpu") == "1" * 5000 + "+cpu"
    assert npm.public("1.2.3+build") == "1.2.3+build"


def test_knows_no_other_ecosystem() -> None:
    assert scheme("oci") is None
    assert scheme("") is None
    assert scheme("PyPI") is None


@given(st.text(max_size=300), st.sampled_from(["pypi", "npm"]))
def test_any_text_has_an_order_or_is_refused(text: str, purl_type: str) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    try:
        key = rules.key(text)
    except ValueError:
        assert not rules.is_exact(text)
        return
    assert key == rules.key(rules.canonical(text))


@given(
    st.lists(
        st.from_regex(r"[0-9a-c.\-+!]{1,8}", fullmatch=True), min_size=3, max_size=3
    ),
    st.sampled_from(["pypi", "npm"]),
)
def test_the_order_is_total(texts: list[str], purl_type: str) -> None:
    rules = scheme(purl_type)
    assert rules is not None
    try:
        a, b, c = sorted(texts, key=rules.key)
    except ValueError:
        return
    assert rules.key(a) <= rules.key(b) <= rules.key(c)
    assert rules.key(a) <= rules.key(c)
    assert (rules.key(a) == rules.key(c)) == (rules.canonical(a) == rules.canonical(c))
