import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpchain.artifact import Digest
from mcpchain.component import Component, Location, Origin, PackageFacts, Pin
from mcpchain.requirement import Request, harmless, public_address

PLACE = Location(path="requirements.txt", line=1)
COMMIT = "0123456789abcdef0123456789abcdef01234567"
WHEEL = "https://h.example/a-1.0-py3-none-any.whl"


def declared(text: str, *, editable: bool = False) -> Component:
    return Request.parse(text, PLACE, editable=editable).component()


def origin(component: Component) -> Origin:
    assert isinstance(component.facts, PackageFacts)
    return component.facts.origin


@pytest.mark.parametrize(
    ("text", "title", "pin", "requested"),
    [
        ("A.B_c==1.0", "a-b-c==1.0", Pin.EXACT, ""),
        ("a == 1.0", "a==1.0", Pin.EXACT, ""),
        ("a\t==\t1.0", "a==1.0", Pin.EXACT, ""),
        ("a===1.0", "a==1.0", Pin.EXACT, ""),
        ("a===any", "a==any", Pin.EXACT, ""),
        ("a==1.0,>=0.9", "a==1.0", Pin.EXACT, ""),
        ("a[x,y]==v1.0 ; python_version < '3'", "a==1.0", Pin.EXACT, ""),
        ("a==1.0+cu118", "a==1.0+cu118", Pin.EXACT, ""),
        ("a (==1.0)", "a==1.0", Pin.EXACT, ""),
        ("a==1.*", "a", Pin.RANGE, "==1.*"),
        ("a==1.0,==2.0", "a", Pin.RANGE, "==1.0,==2.0"),
        ("a~=1.0", "a", Pin.RANGE, "~=1.0"),
        ("a>=1,<2", "a", Pin.RANGE, "<2,>=1"),
        ("a==" + "1" * 5000, "a", Pin.RANGE, "==" + "1" * 5000),
        ("a", "a", Pin.FLOATING, ""),
    ],
)
def test_only_an_exact_version_is_a_version(
    text: str, title: str, pin: Pin, requested: str
) -> None:
    found = declared(text)
    assert (found.title, found.pin, found.requested) == (title, pin, requested)


@pytest.mark.parametrize(
    ("text", "name", "pin", "purl"),
    [
        (
            f"A @ git+https://u:secret@github.com/o/r.git@{COMMIT}",
            "a",
            Pin.COMMIT,
            f"pkg:pypi/a?vcs_url=git%2Bhttps://github.com/o/r.git%40{COMMIT}",
        ),
        (
            "git+https://github.com/o/r@feature/x#subdirectory=py&egg=a[x]",
            "a",
            Pin.TAG,
            "pkg:pypi/a?vcs_url=git%2Bhttps://github.com/o/r%40feature/x#py",
        ),
        (f"git+https://github.com/o/r@{COMMIT[:12]}", "r", Pin.TAG, None),
        ("git+https://github.com/o/r", "r", Pin.FLOATING, "pkg:github/o/r"),
        ("git+https://github.com/o/r@", "r", Pin.FLOATING, "pkg:github/o/r"),
        ("git+ssh://git@github.com/o/r@v1#egg=../x", "r", Pin.TAG, None),
        ("git+https://h.example/o/r@a@v2?t=secret", "r@a", Pin.TAG, None),
        ("hg+https://h.example/o/r@tip", "r", Pin.TAG, None),
    ],
)
def test_a_repository_is_as_firm_as_its_revision(
    text: str, name: str, pin: Pin, purl: str | None
) -> None:
    found = declared(text)
    assert (found.name, found.pin, origin(found)) == (name, pin, Origin.VCS)
    assert found.version is None
    assert purl is None or str(found.purl) == purl
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("text", "title", "purl"),
    [
        (WHEEL, "a==1.0", f"pkg:pypi/a@1.0?download_url={WHEEL}"),
        (f"A @ {WHEEL}", "a==1.0", f"pkg:pypi/a@1.0?download_url={WHEEL}"),
        (f"b @ {WHEEL}", "b", f"pkg:pypi/b?download_url={WHEEL}"),
        (f"{WHEEL} ; python_version > '3'", "a==1.0", None),
        (f"{WHEEL}?token=secret#frag", "a==1.0", None),
        ("a @ https://u:secret@h.example/a-1.0.tar.gz", "a==1.0", None),
        ("a @ https://h.example/b-1.0.tar.gz", "a", None),
        ("https://h.example/requests-2.0.zip", "requests-2.0.zip", None),
        ("https://h.example/archive/main.zip#egg=a", "a", None),
        ("https://h.example/bad-wheel.whl", "bad-wheel.whl", None),
        ("https://h.example", "h.example", None),
        ("https://", "https:", "pkg:generic/https:?download_url=https://"),
    ],
)
def test_a_file_elsewhere_is_named_by_what_an_installer_insists_on(
    text: str, title: str, purl: str | None
) -> None:
    found = declared(text)
    assert (found.title, found.pin, origin(found)) == (title, Pin.TAG, Origin.URL)
    assert purl is None or str(found.purl) == purl
    assert "secret" not in repr(found)


@pytest.mark.parametrize(
    ("text", "title", "requested"),
    [
        (".", ".", "."),
        (".[x]", ".", "."),
        ("./a b", "./a b", "./a b"),
        ("sub\\dir", "sub/dir", "sub/dir"),
        ("w/a-1.0-py3-none-any.whl", "a==1.0", "w/a-1.0-py3-none-any.whl"),
        ("a.zip", "a.zip", "a.zip"),
        ("a-1.0.tar.gz", "a-1.0.tar.gz", "a-1.0.tar.gz"),
        ("/home/user/a", "a", "a"),
        ("file:///home/user/a", "a", "a"),
        ("C:\\home\\user\\a", "a", "a"),
        ("a @ file:///home/user/b", "a", "b"),
    ],
)
def test_a_path_is_local_and_an_absolute_one_keeps_only_its_end(
    text: str, title: str, requested: str
) -> None:
    found = declared(text)
    assert (found.title, found.requested) == (title, requested)
    assert (found.pin, origin(found)) == (Pin.LOCAL, Origin.PATH)
    assert "user" not in repr(found)


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("a @ git+https://u:secret@H.example/o/r@v1", "https://h.example/o/r"),
        ("git+ssh://git@h.example/o/r.git", "ssh://h.example/o/r.git"),
        ("git+file:///srv/r", "file:///r"),
        ("git://h.example/r", "git://h.example/r"),
        ("a @ https://u:secret@h.example/a.whl?t=secret", "https://h.example/a.whl"),
        ("http://h.example/a.zip", "http://h.example/a.zip"),
        ("https://", "https://"),
        ("a==1.0", "https://i.example"),
        ("./a", None),
        ("file:///srv/a.whl", None),
    ],
)
@pytest.mark.parametrize("editable", [True, False])
def test_what_is_no_package_of_an_index_tells_its_address(
    text: str, address: str | None, *, editable: bool
) -> None:
    request = Request.parse(text, PLACE, editable=editable and "@" in text)
    facts = request.component("https://i.example", ("https://e.example",)).facts
    assert isinstance(facts, PackageFacts)
    assert facts.registry == address


def test_an_editable_word_is_a_folder_but_a_named_one_is_not() -> None:
    assert declared("a", editable=True).pin is Pin.LOCAL
    named = declared(f"a @ git+https://h.example/o/r@{COMMIT}", editable=True)
    assert (named.name, named.pin) == ("a", Pin.COMMIT)


@pytest.mark.parametrize(
    ("digest", "pin"),
    [("sha256:" + "a" * 64, Pin.DIGEST), ("md5:" + "a" * 32, Pin.TAG)],
)
def test_a_file_elsewhere_is_pinned_only_by_a_digest_that_identifies(
    digest: str, pin: Pin
) -> None:
    request = Request(
        place=PLACE, source=WHEEL, digests=frozenset({Digest.parse(digest)})
    )
    found = request.component()
    assert found.pin is pin
    assert [(each.url, each.name) for each in found.artifacts] == [
        (WHEEL, "a-1.0-py3-none-any.whl")
    ]


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a=1.0",
        "a==",
        "a==1.0 b==2.0",
        "a@latest",
        "==1.0",
        "!!!",
        "a==${VERSION}",
        "a==1.0\x00",
        "a\x1b[31m==1.0",
        "./a\u202e",
        "a[",
        "a; python_version",
        "a; " + "(" * 4000,
        "a" * 9000,
        "git@h.example:o/r",
        "ä==1.0",
    ],
)
def test_what_is_no_requirement_says_so_in_few_words(text: str) -> None:
    with pytest.raises(ValueError, match=r"requirement|characters") as caught:
        declared(text)
    message = str(caught.value)
    assert len(message) < 240
    assert message.isprintable()


@pytest.mark.parametrize(
    "text",
    [
        "a --frob https://u:secret@h.example",
        "https://u:secret@h",
        "TOKEN=secret",
        "u:secret@h.example",
        "x?token=secret",
    ],
)
def test_what_could_not_be_read_is_shown_without_secrets(text: str) -> None:
    assert "secret" not in harmless(text)
    assert harmless(text).endswith("…")


@given(st.text(max_size=60))
@settings(max_examples=100)
def test_any_text_is_either_a_component_or_no_requirement(text: str) -> None:
    try:
        found = declared(text)
    except ValueError:
        return
    assert found.pin is not None
    assert (found.version is None) or found.pin is not Pin.FLOATING


@pytest.mark.parametrize(
    ("url", "address"),
    [
        ("/home/bob/x", "file:///x"),
        ("/home/bob/x/", "file:///x"),
        ("~/x", "file:///x"),
        ("~bob", "file:///"),
        ("C:\\bob\\x.whl", "file:///x.whl"),
        ("FILE:///home/bob/x.whl?k=secret", "file:///x.whl"),
        ("file://localhost/home/bob/x", "file:///x"),
        ("git+file:///home/bob/x", "git+file:///x"),
        ("git+/home/bob/x", "git+file:///x"),
        ("//home/bob/x", "//x"),
        ("https://u:secret@h.example/home/x", "https://h.example/home/x"),
        ("git@h.example:o/r", "ssh://h.example/o/r"),
        ("../x", "../x"),
        ("", ""),
    ],
)
def test_an_address_tells_neither_secrets_nor_who_works_where(
    url: str, address: str
) -> None:
    assert public_address(url) == address
