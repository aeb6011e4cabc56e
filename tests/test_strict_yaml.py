import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.errors import MalformedError
from mcpchain.strict_yaml import LIMIT, load


def test_plain_scalars_mean_what_they_look_like() -> None:
    text = b"""\
yes: yes
no: NO
version: 1.10
day: 2027-01-31
number: 42
octal: 017
flag: true
nothing: ~
empty:
quoted: "true"
text: |
  two
  lines
"""
    assert load(text, source="p").value == {
        "yes": "yes",
        "no": "NO",
        "version": "1.10",
        "day": "2027-01-31",
        "number": 42,
        "octal": "017",
        "flag": True,
        "nothing": None,
        "empty": None,
        "quoted": "true",
        "text": "two\nlines\n",
    }


def test_every_value_knows_its_line() -> None:
    root = load(b"a:\n  - 1\n  - b: 2\n    c: [x]\n", source="p.yaml")
    second = list(root.at("a").elements())[1]
    assert second.line == 3
    assert second.at("c").line == 4
    assert second.at("missing").line == 3
    assert str(second.at("b").unexpected("a string")) == (
        "p.yaml#line 3: `a.b`: expected a string, got a number"
    )


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a: 1\nb: 2\na: 3\n", "the key `a` twice", 3),
        ("a: 1\n'a': 3\n", "the key `a` twice", 2),
        ("a: &x 1\n", "an anchor, `&x`", 1),
        ("a: 1\nb: *x\n", "an alias, `*x`", 2),
        ("a: &x [1]\n", "an anchor, `&x`", 1),
        ("a: !!str 1\n", "a tag, `tag:yaml.org,2002:str`", 1),
        ("a: !thing {}\n", "a tag, `!thing`", 1),
        ("!!python/object:os.system a\n", "a tag", 1),
        ("a: 1\n<<: {b: 2}\n", "a merge key, `<<`", 2),
        ("a: 1\n---\nb: 2\n", "a second document", 2),
        ("[a]: 1\n", "a key that is no string", 1),
        ("1: a\n", "a key that is no string", 1),
        ("true: a\n", "a key that is no string", 1),
        ("? {a: 1}\n: 2\n", "a key that is no string", 1),
        ("a: [1\n", "not YAML", 2),
        ("a:\n\t- 1\n", "not YAML", 2),
        ("[" * 33 + "]" * 33, "more than 32 levels", 1),
        ("[" * 100_000, "not YAML: exceeded maximum nesting depth", 1),
        ("# " + "x" * LIMIT, "larger than", 1),
        ("a: \x00", "not YAML", 1),
    ],
)
def test_refuses_what_a_reader_could_take_otherwise(
    text: str, problem: str, line: int
) -> None:
    with pytest.raises(MalformedError) as caught:
        load(text.encode(), source="p.yaml")
    assert problem in caught.value.problem
    assert caught.value.pointer == f"line {line}"


@given(st.binary() | st.text().map(str.encode))
def test_any_bytes_are_either_read_or_malformed(data: bytes) -> None:
    with contextlib.suppress(MalformedError):
        load(data, source="p.yaml")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers(-(10**17), 10**17),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.from_regex(r"k[a-z]{1,5}", fullmatch=True), inner, max_size=3
            )
        ),
        max_leaves=8,
    )
)
def test_reads_what_json_writes(value: object) -> None:
    assert load(json.dumps(value).encode(), source="p").value == value
