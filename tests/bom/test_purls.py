import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from mcpchain.bom import purls


@pytest.mark.parametrize(
    "text",
    [
        "pkg:pypi/idna@3.10",
        "pkg:npm/%40acme/files@1.2.0-rc.1+build",
        "pkg:golang/example.com/a/b@v1.0.0#sub/folder",
        "pkg:oci/files@sha256:abc?repository_url=r.example/acme/files&tag=1",
        "pkg:generic/café",
    ],
)
def test_a_purl_is_read(text: str) -> None:
    assert purls.parse(text) == PackageURL.from_string(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "idna",
        "pkg:",
        "pkg:pypi",
        "pkg:pypi/",
        "pkg:pypi/%0D",
        "pkg:pypi/\ud800",
        "pkg:pypi/a%2Fb",
        "pkg:1/a",
        "PKG:PyPI/Idna",
    ],
)
def test_what_names_nothing_or_not_always_the_same_is_no_purl(text: str) -> None:
    with pytest.raises(ValueError, match="is not a purl"):
        purls.parse(text)


@given(
    st.from_regex(purls._PLAIN, fullmatch=True)  # noqa: SLF001 - the shortcut itself
    | st.text().map("pkg:generic/{}".format)
)
def test_what_is_read_means_the_same_when_handed_on(text: str) -> None:
    try:
        purl = purls.parse(text)
    except ValueError:
        return
    assert purls.parse(purl.to_string()) == purl
