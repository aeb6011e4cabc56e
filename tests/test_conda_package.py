import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.artifact import Digest
from mcpchain.component import Component, Location, Origin, PackageFacts, Pin
from mcpchain.conda_package import Spec, from_url

PLACE = Location(path="x")
MD5 = Digest.parse("md5:" + "a" * 32)
SHA = Digest.parse("sha256:" + "b" * 64)
URL = "https://u:secret@conda.example/t/secret/forge/linux-64/My_Pkg-1.0-h0_1.conda"


def component(text: str, *channels: str) -> Component:
    return Spec.parse(text).component(PLACE, channels)


@pytest.mark.parametrize(
    ("text", "version", "build", "requested"),
    [
        ("x", None, "", ""),
        ("x *", None, "", ""),
        ("X==1.0", "1.0", "", ""),
        ("x ==1.0", "1.0", "", ""),
        ("x 1.0", "1.0", "", ""),
        ("x 1.0 h0", "1.0", "h0", ""),
        ("x=1.0=h0", "1.0", "h0", ""),
        ("x==1.0=h0", "1.0", "h0", ""),
        ("x[version='1.0', build=h0]", "1.0", "h0", ""),
        ("x=1.0", None, "", "=1.0"),
        ("x 1.*", None, "", "1.*"),
        ("x>=1,<2", None, "", ">=1,<2"),
        ("x=1.0|2.0", None, "", "=1.0|2.0"),
        ("x=*=h0", None, "", "=*=h0"),
        ("x=1.0=h*", None, "", "1.0=h*"),
        ("x==latest", None, "", "==latest"),
        ("x latest", None, "", "latest"),
        ("x[version='>=1']", None, "", ">=1"),
        ("x[build=h*]", None, "", "*=h*"),
        ("x!=1.0", None, "", "!=1.0"),
    ],
)
def test_only_one_version_is_exact(
    text: str, version: str | None, build: str, requested: str
) -> None:
    spec = Spec.parse(text)
    assert (spec.name, spec.version, spec.build) == ("x", version, build)
    assert spec.requested == requested
    unpinned = Pin.RANGE if requested else Pin.FLOATING
    assert spec.component(PLACE, ()).pin is (Pin.EXACT if version else unpinned)


@pytest.mark.parametrize(
    ("text", "registry", "extra", "qualifiers"),
    [
        ("x", "conda:a", ("conda:b",), {}),
        ("forge::x", "conda:forge", (), {"channel": "forge"}),
        ("forge/linux-64::x", "conda:forge", (),
         {"channel": "forge", "subdir": "linux-64"}),
        ("x[channel=forge, subdir=noarch]", "conda:forge", (),
         {"channel": "forge", "subdir": "noarch"}),
        ("https://u:secret@c.example/t/secret/forge/noarch::x",
         "https://c.example/forge", (), {"channel": "forge", "subdir": "noarch"}),
        ("file:///home/secret/ch::x", "file:", (), {}),
        ("/home/secret/ch::x", "file:", (), {}),
    ],
)  # fmt: skip
def test_a_channel_is_named_without_secrets(
    text: str, registry: str, extra: tuple[str, ...], qualifiers: dict[str, str]
) -> None:
    found = component(text, "a", "b")
    assert found.facts == PackageFacts(registry=registry, extra_registries=extra)
    assert found.purl is not None
    assert found.purl.qualifiers == qualifiers
    assert "secret" not in repr(found)


def test_digests_stand_in_brackets() -> None:
    found = component(f"x[md5={MD5.value}, sha256='{SHA.value}']")
    assert [each.digests for each in found.artifacts] == [(MD5, SHA)]


def test_an_address_in_brackets_is_what_is_fetched() -> None:
    assert component(f"x[url='{URL}']") == from_url(URL, (), PLACE)


def test_an_address_of_a_channel_tells_everything() -> None:
    found = from_url(f"{URL}?secret", (SHA,), PLACE)
    assert str(found.purl) == (
        "pkg:conda/my_pkg@1.0?build=h0_1&channel=forge&subdir=linux-64&type=conda"
    )
    assert (found.pin, found.facts) == (
        Pin.EXACT,
        PackageFacts(registry="https://conda.example/forge"),
    )
    (artifact,) = found.artifacts
    assert artifact.url == "https://conda.example/forge/linux-64/My_Pkg-1.0-h0_1.conda"
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("digests", "pin"), [((), Pin.TAG), ((MD5,), Pin.TAG), ((SHA,), Pin.DIGEST)]
)
def test_an_address_of_no_channel_is_a_file_from_somewhere(
    digests: tuple[Digest, ...], pin: Pin
) -> None:
    url = "https://f.example/files/x-1.0-0.tar.bz2"
    found = from_url(url, digests, PLACE)
    assert (found.pin, found.facts) == (
        pin,
        PackageFacts(origin=Origin.URL, registry=url),
    )


@pytest.mark.parametrize(
    "url",
    [
        "file:///srv/linux-64/x-1.0-0.conda",
        "/srv/linux-64/x-1.0-0.conda",
        "C:/srv/linux-64/x-1.0-0.conda",
        "../linux-64/x-1.0-0.conda",
        "https://c.example/forge/linux-64/x-1.0.conda",
        "https://c.example/forge/linux-64/x-1.0-0.whl",
        "https://c.example/forge/linux-64/",
        "x",
        "",
    ],
)
def test_what_is_no_address_of_a_package_is_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"is not called like|of this machine"):
        from_url(url, (), PLACE)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "=1.0",
        "-x",
        "x[",
        "x\n",
        "x[md5=zz]",
        "x[sha256=aa]",
        "x[version='1', version='2']",
        "x[a]",
        "x[=]",
        "x" * 5000,
        "\N{RIGHT-TO-LEFT OVERRIDE}x",
    ],
)
def test_what_is_no_specification_is_refused_or_pins_nothing(text: str) -> None:
    try:
        spec = Spec.parse(text)
    except ValueError:
        return
    assert spec.version is None


@given(st.text() | st.text("x1=.[]'\",: *>-"))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        Spec.parse(text).component(PLACE, ())
    except ValueError:
        return


@pytest.mark.parametrize(
    "text", ["C:/home/bob/x", "git+file:///home/bob/x", "x\\home\\bob", "x >=1/home"]
)
def test_a_path_is_no_version(text: str) -> None:
    with pytest.raises(ValueError, match="is asked for in no version") as refused:
        Spec.parse(text)
    assert "bob" not in str(refused.value)
