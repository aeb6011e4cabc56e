"""Who makes a package, as its maker declares it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.supplier import (
    first,
    is_organisation,
    joined,
    of_fields,
    of_manifest,
    of_member,
    parts,
)


@pytest.mark.parametrize(
    ("names", "mails", "people"),
    [
        ("Ann Lee", "a@acme.example", ["Ann Lee <a@acme.example>"]),
        ("Ann Lee", "", ["Ann Lee"]),
        ("", "a@acme.example", ["a@acme.example <a@acme.example>"]),
        ("", "Ann Lee <a@acme.example>", ["Ann Lee <a@acme.example>"]),
        ("", '"Lee, Ann" <a@acme.example>', ["Lee, Ann <a@acme.example>"]),
        ("Ann", "Ann <a@b.example>", ["Ann <a@b.example>", "Ann"]),
        ("Ann, Bob", "a@b.example, b@b.example", ["Ann <a@b.example>", "Bob"]),
        ("Hugging Face, Inc.", "", ["Hugging Face, Inc."]),
        ("Ann; Bob", "", ["Ann", "Bob"]),
        ("Ann, Others (See AUTHORS)", "", ["Ann"]),
        ("Ann", "Unknown <a@b.example>", ["Ann <a@b.example>"]),
        ("UNKNOWN", "UNKNOWN", []),
        ("a@b.example", "a@b.example", ["a@b.example <a@b.example>"]),
    ],
)
def test_the_fields_of_core_metadata_name_people(
    names: str, mails: str, people: list[str]
) -> None:
    assert list(of_fields(names, mails)) == people


@pytest.mark.parametrize(
    ("value", "supplier"),
    [
        ("Ann <a@acme.example> (https://ann.example)", "Ann <a@acme.example>"),
        ("Acme, PBC (https://acme.example)", "Acme, PBC <https://acme.example>"),
        ("Acme (https://u:p@acme.example/?key=1)", "Acme <https://acme.example/>"),
        ("Acme (EU) <a@acme.example>", "Acme (EU) <a@acme.example>"),
        ({"name": "Ann", "email": "a@b.example", "url": "x"}, "Ann <a@b.example>"),
        ({"name": "Ann", "url": "http://a.example"}, "Ann <http://a.example>"),
        ({"name": "Ann <a@b.example>"}, "Ann <a@b.example>"),
        ({"email": "a@b.example"}, "a@b.example <a@b.example>"),
        ([{"name": "Ann"}, {"name": "Acme Inc."}], "Acme Inc."),
        (["Ann", "Bob"], "Ann"),
    ],
    ids=str,
)
def test_a_member_of_a_manifest_names_one(value: object, supplier: str) -> None:
    assert of_member(value) == supplier


@pytest.mark.parametrize(
    "value",
    [
        *(None, 7, True, "", "  ", "-", "none", "N/A", "<>", "()", "x" * 300, []),
        *({}, {"name": {}}, {"name": 7, "email": []}, [[["Ann"]]], [None]),
        *("A\x1b[31m", "A\u202eB", "\udc80", "https://", "Ann@home <x>"),
        *("=?utf-8?q?Ann?=", "Your Name", {"url": "file:///home/ann"}),
    ],
    ids=repr,
)
def test_where_nobody_can_be_read_nobody_is_said(value: object) -> None:
    assert of_member(value) == ""


def test_an_author_comes_before_contributors_and_accounts_do_not_count() -> None:
    uploader: dict[str, object] = {
        "maintainers": ["Eve <eve@evil.example>"],
        "_npmUser": "Eve",
    }
    assert of_manifest(uploader) == ""
    assert of_manifest({"contributors": ["Bob"]} | uploader) == "Bob"
    assert of_manifest({"author": "Ann", "contributors": ["Acme Inc."]}) == "Ann"


@pytest.mark.parametrize(
    ("text", "several"),
    [
        ("Acme GmbH", True),
        ("Acme, Inc. <a@acme.example>", True),
        ("The Acme Developers <a@acme.example>", True),
        ("Acme <opensource@acme.example>", True),
        ("Acme <acme-dev@lists.example>", True),
        ("Ann Lee <contact@ann.example>", False),
        ("Ann Lee", False),
        ("ann", False),
        ("Incandela <i@acme.example>", False),
        ("Ann Research <", True),
    ],
)
def test_words_and_shared_mail_tell_an_organisation(text: str, several: bool) -> None:  # noqa: FBT001 - a row
    assert is_organisation(text) is several


def test_an_organisation_comes_before_a_person() -> None:
    assert first(("", "Ann", "Acme Inc.", "Bob")) == "Acme Inc."
    assert first(("", "Ann", "Bob")) == "Ann"
    assert first(("",)) == ""


@given(st.text("a <>@.:/x\n", max_size=20) | st.text(max_size=9))
def test_name_and_contact_are_joined_as_they_were(text: str) -> None:
    assert joined(*parts(text)) == text


@given(st.text('a,;" <>()@.:/é', max_size=40), st.text('a,;" <>()@.', max_size=40))
def test_whatever_stands_there_is_short_and_can_be_printed(one: str, two: str) -> None:
    for each in (*of_fields(one, two), of_member(one), of_member({"name": one})):
        assert len(each) < 600
        assert each.isprintable()
        assert joined(*parts(each)) == each


@pytest.mark.parametrize("text", ['"', ",", "<", "(", "a@", "a.", " ", "a <"])
def test_hostile_text_takes_no_time(text: str) -> None:
    long = text * 100_000
    assert len(of_member(long)) < 600
    assert sum(map(len, of_fields(long[:2_000], long[:2_000]))) < 6_000
