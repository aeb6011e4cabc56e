import contextlib
import json
import re
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.document import Node, decode, join
from mcpchain.errors import MalformedError

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner)
    ),
    max_leaves=12,
)
READERS = [Node.from_json, Node.from_jsonc, Node.from_toml, Node.from_yaml]


def parse(text: str | bytes) -> Node:
    data = text.encode() if isinstance(text, str) else text
    return Node.from_json(data, source="x.json")


def jsonc(text: str) -> Node:
    return Node.from_jsonc(text.encode(), source="x.json")


def toml(text: str) -> Node:
    return Node.from_toml(text.encode(), source="x.toml")


def touch(node: Node) -> None:
    """Read everything below *node* as whatever it is; a fault is an answer too."""
    for read in (node.text, node.integer, node.flag, node.optional_text):
        try:
            read()
        except MalformedError as error:
            str(error).encode()
    try:
        inner = [*node.elements()] if node.is_list() else []
        inner += [each for _, each in node.items()] if node.is_object() else []
    except MalformedError:
        return
    for each in inner:
        each.pointer.encode()
        touch(each)


# Any bytes are read, or refused with the name of the document


@pytest.mark.parametrize("read", READERS)
@given(
    data=st.binary(max_size=60)
    | st.text(alphabet="{}[]\",:/*\\ua1=.\n' dDc0&*!?<|-", max_size=40).map(str.encode)
)
def test_any_bytes_are_read_or_refused(read: Callable[..., Node], data: bytes) -> None:
    refusal = None
    try:
        touch(read(data, source="x"))
    except MalformedError as error:
        refusal = error
    assert refusal is None or refusal.source == "x"
    assert refusal is None or len(refusal.problem) < 250


@given(JSON)
def test_what_json_says_is_what_we_read(value: object) -> None:
    for ascii_only in (True, False):
        text = json.dumps(value, ensure_ascii=ascii_only)
        assert parse(text).value == value
        assert jsonc(text).value == value


@given(JSON, st.sampled_from([" ", "/* , } */", "// ]\n", "/**/", "\n", "/***/"]))
def test_comments_change_nothing(value: object, blank: str) -> None:
    text = json.dumps(value, indent=1).replace("\n", f"\n{blank}")
    assert jsonc(f"{blank}{text}{blank}").value == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{",
        b'{"a":}',
        b"[1,]",
        b"{'a': 1}",
        b'{"a": 1} trailing',
        b"NaN",
        b"[Infinity]",
        b"[-Infinity]",
        b'"\x01"',
        b"\xff",
        b'"\xed\xa0\x80"',
        b'"\xc0\xaf"',
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-32"),
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b"1" * 5_000,
        b"// no comments here\n{}",
        b"\x00",
        b"{}\x00",
    ],
)
def test_no_bad_json_is_read(data: bytes) -> None:
    with pytest.raises(MalformedError, match=r"^x.json: not (JSON|UTF-8)"):
        parse(data)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("[1,]", [1]),
        ("[1, // c\n]", [1]),
        ('{"a": 1, /* c */ }', {"a": 1}),
        ('{"a": "// no comment"}', {"a": "// no comment"}),
        ('{"a": "/* none"}', {"a": "/* none"}),
        (r'{"a": "\\", /* " */ "b": "\"//"}', {"a": "\\", "b": '"//'}),
        ('{"a": ",]"}', {"a": ",]"}),
        ("[[1,],]", [[1]]),
        ("[1 /* , */, 2]", [1, 2]),
        ("/* a */ // b\n[]", []),
        ("\ufeff[]", []),
    ],
)
def test_comments_and_trailing_commas_are_read(text: str, value: object) -> None:
    assert jsonc(text).value == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[,]", "a comma without a value: line 1"),
        ("{,}", "a comma without a value: line 1"),
        ("[1,\n,]", "a comma without a value: line 1"),
        ("[/* c */,1]", "a comma without a value: line 1"),
        ("{}\n/* never ends", "an endless `/*`: line 2"),
        ("{} /*/", "an endless `/*`: line 1"),
        ('{"a": "never ends}', 'an endless `"`: line 1'),
        ('{"a": "\\"}', 'an endless `"`: line 1'),
        ("{} */", "Extra data"),
        ("{} # c", "Extra data"),
        ("[1 / 2]", "Expecting"),
        (",", "Expecting value"),
        ("", "Expecting value"),
        ("{a: 1}", "Expecting property name"),
        ("//", "Expecting value"),
    ],
)
def test_what_is_no_jsonc_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MalformedError) as caught:
        jsonc(text)
    assert problem in caught.value.problem


def test_an_error_behind_comments_names_the_right_line() -> None:
    with pytest.raises(MalformedError, match="line 4 column 3"):
        jsonc("{ // one\n/* two\n three */\n  nope }")


@pytest.mark.parametrize(
    "text",
    [
        "a = 1\na = 2",
        "a",
        "a = [",
        "[a]\n[a]",
        "a = {b = 1}\na.b = 2",
        "a = " + "[" * 100_000,
        "a = " + "1" * 5_000,
        'a = "\\ud800"',
        ".".join("a" * 10_000) + " = 1",
        "[" + " . ".join(['"a"'] * 100) + "]",
        "x = 1\n" + ".".join(["'b'"] * 100) + " = 1",
        'a = """' + "." * 100,
    ],
)
def test_no_bad_toml_is_read(text: str) -> None:
    with pytest.raises(MalformedError, match=r"^x.toml: not TOML"):
        toml(text)


@pytest.mark.parametrize(
    "value",
    [
        f'"{"a." * 200}"',
        f"'{'a.' * 200}'",
        f'"""{"a." * 200}\n"" {"b." * 200}"""',
        f"'''{'a.' * 200}\n'' {'b.' * 200}'''",
        f'"\\"{"a." * 200}"',
        f"1 # {'a.' * 200}",
        f'["{"a." * 200}", 1]',
    ],
)
def test_dots_in_texts_are_no_long_keys(value: str) -> None:
    assert "a" in toml(f"a = {value}")


# Keys that two parsers read differently


@pytest.mark.parametrize(
    "text",
    [
        '{"a": "1", "a": "2"}',
        '{"a": "1", "b": "x", "a": "1"}',
        '{"a": "1", "\\u0061": "2"}',
        '{"a": "1", "a": null}',
        '{"a": null, "a": null}',
        '{"a": [], "a": null}',
        '{"a": {}, "a": null}',
    ],
)
def test_a_key_that_appears_twice_is_never_read(text: str) -> None:
    node = parse(text).at("a")
    assert node.exists
    readers: list[Callable[[], object]] = [
        node.text,
        node.optional_text,
        node.integer,
        node.flag,
        node.texts,
        lambda: list(node.items()),
        lambda: list(node.elements()),
        lambda: node.at("x"),
    ]
    for read in readers:
        with pytest.raises(MalformedError, match="appears twice") as caught:
            read()
        assert caught.value.pointer == "/a"


def test_the_siblings_of_a_key_that_appears_twice_are_read() -> None:
    node = parse('{"b": "x", "a": 1, "a": {"c": 2, "c": 3}}')
    assert node.at("b").text() == "x"
    assert [key for key, _ in node.items()] == ["b", "a"]


@pytest.mark.parametrize("half", ["\\ud800", "\\udfff", "\\udc80x", "a\\uD83D"])
def test_half_a_character_is_refused_where_it_stands(half: str) -> None:
    node = parse(f'{{"ok": "x", "bad": "{half}", "{half}": "y"}}')
    assert node.at("ok").text() == "x"
    with pytest.raises(MalformedError, match="half a character") as caught:
        node.at("bad").text()
    assert caught.value.pointer == "/bad"
    (key, value) = list(node.items())[-1]
    key.encode()
    with pytest.raises(MalformedError, match="half a character") as caught:
        value.text()
    str(caught.value).encode()


def test_a_whole_character_in_two_escapes_is_text() -> None:
    assert parse('"\\ud83d\\ude00é"').text() == "😀é"


# Values of the promised type, or an error with the pointer


@pytest.mark.parametrize(
    ("value", "kind"),
    [
        ("null", "null"),
        ("1", "a number"),
        ("1.5", "a number"),
        ("true", "a boolean"),
        ('"s"', "a string"),
        ("[]", "a list"),
        ("{}", "an object"),
    ],
)
def test_a_value_of_another_type_is_an_error_that_names_both(
    value: str, kind: str
) -> None:
    node = parse(f'{{"a/b~": [{value}]}}').at("a/b~")
    (inner,) = node.elements()
    reads: dict[str, Callable[[], object]] = {
        "a string": inner.text,
        "a whole number": inner.integer,
        "an object": lambda: inner.at("x"),
    }
    if value != "null":
        reads |= {
            "true or false": inner.flag,
            "a list": lambda: list(inner.elements()),
        }
    fits = {"a string": '"s"', "a whole number": "1", "an object": "{}"}
    fits |= {"true or false": "true", "a list": "[]"}
    for expected, read in reads.items():
        if fits[expected] == value:
            read()
            continue
        with pytest.raises(MalformedError) as caught:
            read()
        assert caught.value.problem == f"expected {expected}, got {kind}"
        assert caught.value.pointer == "/a~1b~0/0"


def test_what_is_not_there_is_none_of_all() -> None:
    node = parse('{"n": null}')
    assert "n" in node
    for key in ("n", "missing"):
        assert not node.at(key).exists
        assert node.at(key).optional_text() is None
        assert node.at(key).texts() == ()
        assert list(node.at(key).items()) == []
        assert node.at(key).flag() is False
    assert "missing" not in node
    assert "x" not in parse("[]")
    with pytest.raises(MalformedError, match="expected a string, got nothing"):
        node.at("missing").text()
    with pytest.raises(MalformedError, match="expected an object, got a list"):
        list(parse("[]").items())


def test_values_of_the_right_type_are_read() -> None:
    node = toml('s = "x"\nn = -3\nb = true\nl = ["a", "b"]\nd = 2030-01-01\n[t]\nk = 1')
    assert node.at("s").text() == "x"
    assert node.at("n").integer() == -3
    assert node.at("b").flag() is True
    assert node.at("l").texts() == ("a", "b")
    assert [key for key, _ in node.at("t").items()] == ["k"]
    assert (node.at("t").is_object(), node.at("l").is_list()) == (True, True)
    assert (node.at("s").is_text(), node.at("s").is_list()) == (True, False)
    with pytest.raises(MalformedError, match="got a date or time"):
        node.at("d").text()


def test_a_pointer_is_escaped_and_bounded() -> None:
    assert join("/x", "a/b~c") == "/x/a~1b~0c"
    assert len(join("", "k" * 1_000_000)) < 150


@pytest.mark.parametrize(
    ("key", "shown"),
    [
        ("a@git+https://u:p@h.example/x#c", "a@git+https://h.example/x#c"),
        ("https://u:p@q@h.example/x", "https://h.example/x"),
        ("a@https://h.example/x?t=p#c", "a@https://h.example/x#c"),
        ("a@patch:b@https%3A%2F%2Fu%3Ap%40h#c", "a@patch:b@https%3A%2F%2Fh#c"),
        ("a@https://h.example/b@1.0.0", "a@https://h.example/b@1.0.0"),
        ("a?b", "a?b"),
        ("a@u:p", "a@u:p"),
    ],
)
def test_no_secret_of_an_address_stands_in_a_pointer(key: str, shown: str) -> None:
    assert join("", key) == "/" + shown.replace("/", "~1")


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        ("é".encode("utf-16"), "UTF-16"),
        (b"\xfe\xff\x00a", "UTF-16"),
        (b"ab\xe9", "invalid at byte 2"),
    ],
)
def test_another_encoding_is_named(data: bytes, problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        decode(data, source="x")


@pytest.mark.parametrize(
    ("read", "unit", "tail"),
    [
        (Node.from_jsonc, b"/* */", b"{}"),
        (Node.from_jsonc, b",/*", b""),
        (Node.from_jsonc, b'"\\"', b""),
        (Node.from_jsonc, b"[ ", b""),
        (Node.from_jsonc, b"/", b""),
        (Node.from_toml, b"a.", b"a=1"),
        (Node.from_toml, b'"a".', b"a=1"),
        (Node.from_yaml, b"- [a, b]\n", b""),
        (Node.from_yaml, b"a: &a [b]\n", b""),
        (Node.from_yaml, b'["a",', b""),
        (Node.from_yaml, b"? ", b""),
        (Node.from_toml, b"'''", b"." * 80),
    ],
)
def test_the_time_grows_with_the_size_and_not_faster(
    read: Callable[..., Node], unit: bytes, tail: bytes
) -> None:
    start = time.process_time()
    with contextlib.suppress(MalformedError):
        read(unit * 100_000 + tail, source="x")
    # It takes a tenth of a second; what grows with the square takes minutes.
    assert time.process_time() - start < 10


# YAML, of which only the plain part is read


def yaml(text: str | bytes) -> Node:
    data = text.encode() if isinstance(text, str) else text
    return Node.from_yaml(data, source="x.yaml")


@given(JSON)
def test_what_json_says_is_what_we_read_as_yaml(value: object) -> None:
    text = json.dumps(value)
    # A number of many digits stays text, and half a pair of escapes is no YAML.
    if "\\ud" not in text and not any(len(n) > 18 for n in re.findall(r"\d+", text)):
        assert yaml(text).value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1.10", "1.10"),
        ("a: 5.4", "5.4"),
        ("a: 1e3", "1e3"),
        ("a: 1_000", "1_000"),
        ("a: 017", "017"),
        ("a: 0o17", "0o17"),
        ("a: 0x1F", "0x1F"),
        ("a: 1:30", "1:30"),
        ("a: .inf", ".inf"),
        ("a: 2030-01-01", "2030-01-01"),
        ("a: 2030-01-01T00:00:00Z", "2030-01-01T00:00:00Z"),
        ("a: yes", "yes"),
        ("a: no", "no"),
        ("a: On", "On"),
        ("a: =", "="),
        ("a: 9999999999999999999", "9999999999999999999"),
        ("a: ٣", "٣"),
        ("a: 6", 6),
        ("a: -3", -3),
        ("a: '6'", "6"),
        ("a: 'true'", "true"),
        ("a: true", True),
        ("a: True", True),
        ("a: FALSE", False),
        ("a: ~", None),
        ("a: Null", None),
        ("a:", None),
        ("a: ''", ""),
        ("a: |\n  1\n", "1\n"),
        ("a: >-\n  b\n  c", "b c"),
        ("a: [b, {c: d}]", ["b", {"c": "d"}]),
        ("a: '<<'", "<<"),
        ("a: <<", "<<"),
        ("%YAML 1.2\n---\na: b\n...\n", "b"),
        ("\ufeffa: b", "b"),
    ],
)
def test_a_yaml_scalar_is_what_no_two_readers_dispute(text: str, value: object) -> None:
    found = yaml(text).at("a").value
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a: [", "did not find expected node content"),
        ("a: b: c", "mapping values are not allowed"),
        ("a:\n\t- b", "cannot start any token: line 2"),
        ("a: !!str 1", "a tag: line 1"),
        ("a: !!python/object:os.system {}", "a tag"),
        ("a: !x [b]", "a tag"),
        ("a: ! b", "a tag"),
        ("? [a]\n: b", "a key that is no text: line 1"),
        ("? {a: b}\n: c", "a key that is no text"),
        ("a: &x [b]\n*x : c", "a key that is no text: line 2"),
        ("a: &x {b: c}\nd:\n  <<: *x", "a merge key, `<<`: line 3"),
        ("<<: [a]", "a merge key"),
        ("a: *x", "an alias of nothing, or of what it is in: line 1"),
        ("a: &x [*x]", "of what it is in"),
        ("a: &x {b: {c: *x}}", "of what it is in"),
        ("a: &x 1\nb: &x [*x]", "of what it is in"),
        ("a: &x b\n---\nc: *x", "an alias of nothing"),
        ("a: b\n---\na: b", "several documents"),
        ("a: b\n---\n", "several documents"),
        ("[" * 100_000, "depth"),
        ("- " * 100_000, "more than 100 levels"),
        ("{a: " * 100_000, "more than 100 levels"),
        ("a: \0", "a character that may not be there"),
        ('a: "\\ud800"', "invalid Unicode character"),
        (b"a: \xff", "not UTF-8"),
        ("a: b".encode("utf-16"), "UTF-16"),
        ("%YAML 3.0\n--- a", "incompatible"),
    ],
)
def test_yaml_that_means_more_than_it_shows_is_refused(
    text: str | bytes, problem: str
) -> None:
    with pytest.raises(MalformedError, match=r"^x.yaml: not (YAML|UTF-8)") as caught:
        yaml(text)
    assert problem in caught.value.problem


def test_an_alias_is_the_value_of_its_anchor() -> None:
    node = yaml("a: &x {b: [c]}\nd: *x\ne: &y f\ng: *y\n*y : h")
    assert node.at("d").at("b").texts() == ("c",)
    assert (node.at("g").text(), node.at("f").text()) == ("f", "h")


@pytest.mark.parametrize(
    "text",
    [
        "".join(f"a{i}: &a{i} [{f'*a{i - 1}, ' * 4 if i else 1}]\n" for i in range(50)),
        "a: &a [1, 2]\nb: [" + "*a, " * 50_000 + "]",
        "".join(f"a{i}: &a{i} [{f'*a{i - 1}' if i else 1}]\n" for i in range(200)),
    ],
    ids=["each four times the last", "one many times", "each within the next"],
)
def test_a_few_lines_do_not_stand_for_billions(text: str) -> None:
    with pytest.raises(MalformedError, match="more than"):
        yaml(text)


def test_no_anchor_hides_how_deep_a_list_is() -> None:
    inner = f"a: &a {'[' * 60}{']' * 60}\nb: &b {'[' * 30}*a{']' * 30}\n"
    assert yaml(inner).exists
    with pytest.raises(MalformedError, match="more than 100 levels"):
        yaml(f"{inner}c: {'[' * 30}*b{']' * 30}")


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("a: 1\na: 2", "a", "appears twice"),
        ("a: 1\n'a': 2", "a", "appears twice"),
        ("1: x", "1", "this key is no text"),
        ("true: x", "true", "this key is no text"),
        ("~: x", "null", "this key is no text"),
        ("? \n: x", "null", "this key is no text"),
        ("1: x\n'1': y", "1", "appears twice"),
    ],
)
def test_a_key_on_which_readers_disagree_is_never_read(
    text: str, key: str, problem: str
) -> None:
    node = yaml(f"ok: fine\n{text}")
    assert node.at("ok").text() == "fine"
    assert [each for each, _ in node.items()] == ["ok", key]
    with pytest.raises(MalformedError, match=problem) as caught:
        node.at(key).text()
    assert caught.value.pointer == f"/{key}"


@pytest.mark.parametrize("text", ["", "# nothing\n", "\n\n", "---\n", "~"])
def test_yaml_of_nothing_is_nothing(text: str) -> None:
    assert not yaml(text).exists
    assert list(yaml(text).items()) == []


def test_several_documents_are_read_where_they_are_asked_for() -> None:
    nodes = Node.all_from_yaml(b"---\na: &x b\n---\na: &x c\nd: *x\n", source="x")
    assert [each.at("a").text() for each in nodes] == ["b", "c"]
    assert Node.all_from_yaml(b"# none", source="x") == ()


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: &x {b: c}\nd:\n  <<: *x", {"b": "c"}),
        ("a: &x {b: c}\nd: {b: own, <<: *x, e: f}", {"b": "own", "e": "f"}),
        ("a: &x {b: c}\nd: {<<: [*x, {b: z, e: f}]}", {"b": "c", "e": "f"}),
        ("a: &x {b: c}\ny: &y {<<: *x, e: f}\nd: {<<: *y}", {"b": "c", "e": "f"}),
        ("d: {'<<': x}", {"<<": "x"}),
        ("d: {<<: []}", {}),
    ],
)
def test_a_merge_key_merges_where_the_programs_do_that_read_the_file(
    text: str, value: object
) -> None:
    node = Node.from_yaml(text.encode(), source="x.yaml", merging=True)
    assert node.at("d").value == value


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("<<: a", "of what is no object"),
        ("<<: [a]", "of what is no object"),
        ("a: &x {b: c}\nd: {<<: *x, <<: *x}", "two merge keys"),
        ("a: &x {b: &y *x}", "did not find expected|an alias of nothing"),
        ("a: &x {<<: *x}", "an alias of nothing, or of what it is in"),
        ("? &k <<\n: {a: b}\nc: *k", "a merge key"),
        ("? !!merge <<\n: {a: b}", "a tag"),
        ("a: &x {b: c}\nd: [" + "{<<: *x}, " * 60_000 + "]", "stand for more than"),
    ],
)
def test_a_merge_key_of_two_meanings_is_refused(text: str, problem: str) -> None:
    with pytest.raises(MalformedError, match=problem):
        Node.from_yaml(text.encode(), source="x.yaml", merging=True)


def test_a_key_that_is_merged_is_no_better_than_where_it_comes_from() -> None:
    text = b"a: &x {b: 1, b: 2, c: d}\ne: {<<: *x}\nf: {<<: *x, b: g}"
    node = Node.from_yaml(text, source="x.yaml", merging=True)
    assert node.at("e").at("c").text() == "d"
    assert node.at("f").at("b").text() == "g"
    with pytest.raises(MalformedError, match="appears twice"):
        node.at("e").at("b").text()
