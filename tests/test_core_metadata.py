import pytest

from mcpchain.core_metadata import CoreMetadata
from mcpchain.errors import MalformedError

HEAD = "Metadata-Version: 2.4\nName: Some_Thing\nVersion: 1.0.0-rc.1\n"


def parse(*lines: str) -> CoreMetadata:
    text = HEAD + "".join(f"{line}\n" for line in lines)
    return CoreMetadata.parse(text.encode(), source="METADATA")


def test_name_and_version_are_normalised() -> None:
    meta = parse()
    assert (meta.name, meta.version) == ("some-thing", "1.0.0rc1")


@pytest.mark.parametrize(
    ("lines", "declared", "concluded"),
    [
        (["License-Expression: mit"], ("mit",), ("MIT",)),
        (["License-Expression: MIT", "License: BSD"], ("MIT",), ("MIT",)),
        (["License: Apache 2.0"], ("Apache 2.0",), ("Apache-2.0",)),
        (["License: BSD"], ("BSD",), ()),
        (
            ["License: Dual", "Classifier: License :: OSI Approved :: MIT License"],
            ("Dual",),
            ("MIT",),
        ),
        (
            ["Classifier: License :: X", "Classifier: Topic :: Y", "classifier: Z"],
            ("License :: X",),
            (),
        ),
        (["License: UNKNOWN", "License: MIT"], (), ()),
        ([], (), ()),
    ],
    ids=str,
)
def test_licences_are_declared_and_concluded(
    lines: list[str], declared: tuple[str, ...], concluded: tuple[str, ...]
) -> None:
    meta = parse(*lines)
    assert (meta.licenses, meta.concluded) == (declared, concluded)


def test_a_value_may_have_several_lines() -> None:
    meta = parse("License: first", "        second", "Requires-Dist: a", "\t; x")
    assert meta.license_text == "first\n        second"
    assert meta.requires == ("a\n\t; x",)


def test_a_carriage_return_ends_a_line() -> None:
    data = b"Metadata-Version: 2.1\rName: evil\rVersion: 6\nName: good\nVersion: 1\n"
    meta = CoreMetadata.parse(data, source="METADATA")
    assert (meta.name, meta.version) == ("evil", "6")


def test_the_description_is_not_read() -> None:
    meta = parse("Requires-Dist: a", "", "Requires-Dist: b")
    assert meta.requires == ("a",)
    crlf = (HEAD + "\n\nRequires-Dist: b\n").replace("\n", "\r\n")
    assert CoreMetadata.parse(crlf.encode(), source="x").requires == ()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"Name: x\n",
        b"Version: 1\n",
        b"Name: ../x\nVersion: 1\n",
        b"Name: x\nVersion: one\n",
        b"Name: \xff\nVersion: 1\n",
    ],
    ids=repr,
)
def test_what_names_no_distribution_is_malformed(data: bytes) -> None:
    with pytest.raises(MalformedError):
        CoreMetadata.parse(data, source="x")


@pytest.mark.parametrize(
    ("lines", "supplier"),
    [
        (
            ["Author: Ann Lee", "Author-email: a@acme.example"],
            "Ann Lee <a@acme.example>",
        ),
        (["Author-Email: Ann Lee <a@acme.example>"], "Ann Lee <a@acme.example>"),
        (["Maintainer-email: Bob Lee <b@acme.example>"], "Bob Lee <b@acme.example>"),
        (["Author: Ann Lee", "Maintainer: The Acme Team"], "The Acme Team"),
        (["Author: Ann Lee", "Maintainer: Bob Lee"], "Ann Lee"),
        (["Author: Ann Lee", "Author: Acme Inc."], "Ann Lee"),
        (["Author: Ann Lee,", "        Bob Lee"], "Ann Lee"),
        (["Author: UNKNOWN", "Author-email: UNKNOWN"], ""),
        ([f"Author-email: {'x' * 5000}"], ""),
        (["Authors: Ann", "Home-page: https://acme.example"], ""),
    ],
)
def test_its_author_or_maintainer_makes_it(lines: list[str], supplier: str) -> None:
    assert parse(*lines).supplier == supplier
