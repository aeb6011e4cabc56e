"""What GitHub answers about a file, and what of it is believed."""

import pytest

from mcpchain.errors import MalformedError
from mcpchain.verify.github import LIMIT, Place, unpack

PACKED = bytes.fromhex(
    "8b01f0407b226d6564696154797065223a20226170706c69636174696f6e2f766e642e6465762e736967"
    "73746f72652e62756e646c652e76302e332b6a736f6e222c2022619a360010222c202262052c5a010004"
    "227d"
)
"""As the library of Snappy packs it."""
MEDIA = '{"mediaType": "application/vnd.dev.sigstore.bundle'
PLAIN = f'{MEDIA}.v0.3+json", "a": "{MEDIA[15:]}", "b": "{"a" * 24}"}}'.encode()


def test_a_block_of_snappy_is_unpacked() -> None:
    assert unpack(PACKED) == PLAIN


@pytest.mark.parametrize(
    ("packed", "plain"),
    [
        (b"\x00", b""),
        (b"\x03\x08abc", b"abc"),
        (b"\x03\xf0\x02abc", b"abc"),
        (b"\x03\xf4\x02\x00abc", b"abc"),
        (b"\x03\xf8\x02\x00\x00abc", b"abc"),
        (b"\x03\xfc\x02\x00\x00\x00abc", b"abc"),
        (b"\x08\x04ab\x09\x02", b"abababab"),
        (b"\x04\x04ab\x06\x02\x00", b"abab"),
        (b"\x04\x04ab\x07\x02\x00\x00\x00", b"abab"),
    ],
    ids=["empty", "0", "60", "61", "62", "63", "copy-1", "copy-2", "copy-4"],
)
def test_every_kind_of_element_is_read(packed: bytes, plain: bytes) -> None:
    assert unpack(packed) == plain


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        (b"", "is cut off"),
        (b"\x80", "is cut off"),
        (b"\xff\xff\xff\xff\xff\x01", "has no length of 32 bits"),
        (b"\xff\xff\xff\xff\x0f\x08abc", f"of which {LIMIT:,} are"),
        (b"\x03\x08ab", "is cut off"),
        (b"\x03\xf4\x02", "is cut off"),
        (b"\x04\x04ab\x06\x02", "is cut off"),
        (b"\x04\x04ab\x06\x03\x00", "copies from before its beginning"),
        (b"\x04\x04ab\x06\x00\x00", "copies from before its beginning"),
        (b"\x02\x08abc", "has more bytes than it says"),
        (b"\x03\x04ab\xfe\x02\x00", "has more bytes than it says"),
        (b"\x04\x08abc", "has 3 bytes, and says 4"),
        (b"\x03", "has 0 bytes, and says 3"),
        (b"<html>", "is cut off"),
    ],
    ids=[
        *("nothing", "no-length", "long-length", "bomb", "literal-cut", "number-cut"),
        *("copy-cut", "before", "itself", "literal-more", "copy-more", "less", "bare"),
        "html",
    ],
)
def test_a_block_that_lies_or_is_cut_is_none(packed: bytes, problem: str) -> None:
    with pytest.raises(MalformedError, match="packed by Snappy, it ") as found:
        unpack(packed)
    assert problem in str(found.value)


def test_every_cut_of_a_block_is_none() -> None:
    for end in range(len(PACKED)):
        with pytest.raises(MalformedError):
            unpack(PACKED[:end])


@pytest.mark.parametrize(
    ("written", "home", "paths"),
    [
        ("acme/files", "", ("https://api.github.com", "repos/acme/files")),
        ("https://github.com/acme/files.git", "", (None, "repos/acme/files")),
        ("github.com/acme/files/", "", (None, "repos/acme/files")),
        ("acme/*", "", (None, "orgs/acme", "users/acme")),
        ("https://x.ghe.com/acme/files", "", ("https://api.x.ghe.com", None)),
        ("https://git.acme.example/a/b", "git.acme.example", (None, "repos/a/b")),
        ("a/b", "git.acme.example", ("https://git.acme.example/api/v3", None)),
        (
            "https://github.com/a/b",
            "git.acme.example",
            ("https://api.github.com", None),
        ),
        ("https://127.0.0.1:9/a/b", "127.0.0.1:9", ("http://127.0.0.1:9/api/v3", None)),
    ],
    ids=str,
)
def test_who_is_asked_follows_from_the_repository(
    written: str, home: str, paths: tuple[str | None, ...]
) -> None:
    place = Place.of(written, home)
    assert place is not None
    api, *rest = paths
    assert api in {None, place.api}
    assert rest in ([None], [*place.paths])


@pytest.mark.parametrize(
    "written",
    [
        "",
        "acme",
        "*/files",
        "ac*/files",
        "../files",
        "acme/..",
        "acme/a?b#c",
        "acme/a%2fb",
        "acme/a b",
        "https://gitlab.com/acme/files",
        "https://evil.example/acme/files",
        "https://github.com.evil.example/acme/files",
        "https://a.b.ghe.com/acme/files",
        "https://user@github.com/acme/files",
        "https://127.0.0.1:9/acme/files",
        "http://github.com/acme/files",
        "https://github.com/acme/files/tree",
    ],
)
def test_nobody_is_asked_who_is_not_github(written: str) -> None:
    assert Place.of(written) is None
