import pytest
from hypothesis import given
from hypothesis import strategies as st
from packageurl import PackageURL

from mcpchain import purl

PLAIN = st.from_regex(r"[A-Za-z0-9_.+!~%@ -]{1,12}", fullmatch=True)
KINDS = st.sampled_from(
    ["cargo", "cpan", "generic", "github", "mlflow", "npm", "oci", "pypi"]
)


@pytest.mark.parametrize(
    "text",
    [
        "pkg:cargo/serde@1.0.1",
        "pkg:cargo/Serde_x@1.0.1+wasi",
        "pkg:cargo/x",
        "pkg:pypi/Flask_x@1!2.0",
        "pkg:pypi/flask@3.0",
        "pkg:npm/Files@1",
        "pkg:npm/%40acme/files@1.0.0",
        "pkg:npm/files@1.0.0-rc.1",
        "pkg:cargo/x@1?download_url=file://.#src/lib.rs",
        "pkg:PYPI/x@1",
    ],
)
def test_a_purl_is_read_and_written_as_packageurl_does(text: str) -> None:
    whole = PackageURL.from_string(text)
    assert tuple(purl.parse(text)) == tuple(whole)
    assert isinstance(purl.parse(text), PackageURL)
    assert purl.write(purl.parse(text)) == whole.to_string()


@given(kind=KINDS, name=PLAIN, version=PLAIN)
def test_any_purl_is_read_and_written_as_packageurl_does(
    kind: str, name: str, version: str
) -> None:
    text = f"pkg:{kind}/{name}@{version}"
    try:
        whole = PackageURL.from_string(text)
        written = whole.to_string()
    except (ValueError, TypeError) as error:
        with pytest.raises(type(error)):
            purl.write(purl.parse(text))
        return
    assert tuple(purl.parse(text)) == tuple(whole)
    assert purl.write(whole) == written


@pytest.mark.parametrize("text", ["", "x", "pkg:cargo/", "pkg:/x@1"])
def test_what_is_no_purl_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        purl.parse(text)


@given(
    kind=st.sampled_from(["npm", "pypi"]),
    scope=st.none() | PLAIN.map("@{}".format),
    name=PLAIN,
    version=st.none() | PLAIN,
)
def test_any_purl_is_made_as_packageurl_does(
    kind: str, scope: str | None, name: str, version: str | None
) -> None:
    try:
        whole = PackageURL(type=kind, namespace=scope, name=name, version=version)
    except ValueError:
        with pytest.raises(ValueError, match=r"."):
            purl.make(kind, scope, name, version)
        return
    assert tuple(purl.make(kind, scope, name, version)) == tuple(whole)
