import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from packageurl import PackageURL

from mcpchain.naming import (
    bare_url,
    fetched_from,
    is_commit,
    npm_purl,
    purl_address,
    pypi_purl,
    source_address,
    vcs_purl,
    vcs_url,
)

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@pytest.mark.parametrize("name", ["A.B_c", "a-b-c", "a--b..C", "A_b.c"])
def test_all_spellings_of_a_distribution_are_one(name: str) -> None:
    assert pypi_purl(name, "1.0").to_string() == "pkg:pypi/a-b-c@1.0"


@pytest.mark.parametrize("name", ["", "-a", "a b", "a\n", "../a", "a\x00", "ä", "a;b"])
def test_what_cannot_be_a_distribution_gets_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a package"):
        pypi_purl(name)


def test_an_empty_version_is_no_version() -> None:
    assert pypi_purl("a", "").version is None


@pytest.mark.parametrize(
    ("name", "purl"),
    [
        ("files", "pkg:npm/files@1.0.0"),
        ("@acme/files", "pkg:npm/%40acme/files@1.0.0"),
    ],
)
def test_an_npm_name_keeps_its_scope(name: str, purl: str) -> None:
    assert npm_purl(name, "1.0.0").to_string() == purl


@pytest.mark.parametrize(
    "name", ["", "@a", "@/a", "@a/", "a/b", "/a", "@a/b/c", "@a/@b"]
)
def test_what_cannot_be_an_npm_package_gets_no_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not the name of a package"):
        npm_purl(name)


@pytest.mark.parametrize(
    ("url", "bare"),
    [
        ("https://h.example/simple", "https://h.example/simple"),
        ("HTTPS://H.Example/Simple", "https://h.example/Simple"),
        ("https://u:secret@h.example/a?t=secret#secret", "https://h.example/a"),
        ("https://secret@h.example:8080/a", "https://h.example:8080/a"),
        ("https://u:s@ecret@h.example/a", "https://h.example/a"),
        ("https://u:sec/ret@h.example/a", "https://"),
        ("https://u:sec?ret@h.example/a", "https://"),
        ("https://u:sec#ret@h.example/a", "https://"),
        ("https://u:secret\\@h.example/a", "https://"),
        ("https://[::1]:8080/a", "https://[::1]:8080/a"),
        ("https://${U}:${P}@h.example/a", "https://h.example/a"),
        ("https://h.example", "https://h.example"),
        ("git+ssh://git@h.example/o/r.git", "git+ssh://h.example/o/r.git"),
        ("git@h.example:o/r.git", "ssh://h.example/o/r.git"),
        ("git+ssh://git@h.example:o/r", "ssh://h.example/o/r"),
        ("git+ssh://git@h.example:22/o/r", "git+ssh://h.example:22/o/r"),
        ("./wheels/a.whl?token=secret", "./wheels/a.whl"),
        ("", ""),
    ],
)
def test_an_address_keeps_no_secret(url: str, bare: str) -> None:
    assert bare_url(url) == bare


@given(st.text(max_size=40))
@settings(max_examples=100)
def test_making_an_address_bare_twice_changes_nothing_more(url: str) -> None:
    once = bare_url(f"https://{url}")
    assert bare_url(once) == once


@pytest.mark.parametrize(
    ("url", "purl"),
    [
        ("git+https://github.com/O/R.git", f"pkg:github/o/r@{COMMIT}"),
        ("https://u:secret@github.com/o/r?x=1", f"pkg:github/o/r@{COMMIT}"),
        ("git@github.com:o/r.git", f"pkg:github/o/r@{COMMIT}"),
        ("https://gitlab.com/a/b/c/", f"pkg:gitlab/a/b/c@{COMMIT}"),
        (
            "https://u:secret@git.example/o/r",
            f"pkg:pypi/a?vcs_url=git%2Bhttps://git.example/o/r%40{COMMIT}",
        ),
        (
            "https://github.com/o",
            f"pkg:pypi/a?vcs_url=git%2Bhttps://github.com/o%40{COMMIT}",
        ),
    ],
)
def test_a_repository_is_named_with_its_commit(url: str, purl: str) -> None:
    found = vcs_purl(url, COMMIT, pypi_purl("a", "1.0"))
    assert found == PackageURL.from_string(purl)


def test_a_repository_without_a_revision_has_no_version() -> None:
    assert vcs_purl("https://github.com/o/r", None).version is None
    elsewhere = vcs_purl("https://git.example/o/r", None)
    assert elsewhere.to_string() == (
        "pkg:generic/r?vcs_url=git%2Bhttps://git.example/o/r"
    )


@pytest.mark.parametrize(
    ("url", "revision", "written"),
    [
        ("https://u:secret@h.example/o/r", "v1", "git+https://h.example/o/r@v1"),
        ("git+https://h.example/o/r", None, "git+https://h.example/o/r"),
        ("hg+https://h.example/o/r?x=secret", "1", "hg+https://h.example/o/r@1"),
    ],
)
def test_where_a_revision_is_kept_names_the_tool_once(
    url: str, revision: str | None, written: str
) -> None:
    assert vcs_url(url, revision) == written


def test_a_source_beside_the_index_is_part_of_a_distribution_s_name() -> None:
    purl = pypi_purl("A", "1.0", download_url="https://h.example/a.whl")
    assert purl.to_string() == "pkg:pypi/a@1.0?download_url=https://h.example/a.whl"


def test_a_folder_in_a_repository_is_part_of_its_name() -> None:
    purl = vcs_purl("https://github.com/o/r", "v1", folder="python/a")
    assert purl.to_string() == "pkg:github/o/r@v1#python/a"


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("git+ssh://git@h.example/o/r.git#v1", "ssh://h.example/o/r.git"),
        ("git@h.example:o/r", "ssh://h.example/o/r"),
        ("svn+https://u:secret@H.example/r?x=secret", "https://h.example/r"),
        ("https://u:sec/ret@h.example", "https://"),
        ("", ""),
    ],
)
def test_an_address_is_told_without_tool_and_secrets(url: str, address: str) -> None:
    assert source_address(url) == address


@pytest.mark.parametrize(
    ("purl", "address"),
    [
        ("pkg:npm/x@1", None),
        ("pkg:generic/x@1", None),
        ("pkg:gitlab/g/s/r@v1", "https://gitlab.com/g/s/r"),
        ("pkg:npm/x?download_url=https://h.example/x%40v1", "https://h.example/x@v1"),
        ("pkg:npm/x?vcs_url=git%2Bssh://h.example/r", "ssh://h.example/r"),
        ("pkg:npm/x?vcs_url=git%2Bhttps://h.example/r%40a/b", "https://h.example/r"),
    ],
)
def test_a_purl_tells_the_address_that_it_holds(purl: str, address: str | None) -> None:
    parsed = PackageURL.from_string(purl)
    assert purl_address(parsed) == address
    assert fetched_from(address or "", parsed) is (address is not None)
    assert not fetched_from("https://evil.example", parsed)


def test_a_repository_without_any_name_is_still_named() -> None:
    assert vcs_purl("https://u:sec/ret@h.example", None).name == "unnamed"


@pytest.mark.parametrize("revision", ["main", "v1.0", COMMIT[:39], COMMIT + "0", ""])
def test_only_a_full_commit_id_is_a_commit(revision: str) -> None:
    assert is_commit(COMMIT)
    assert is_commit("ab" * 32)
    assert not is_commit(revision)
