import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.hcl import blocks

TEXT = st.text(alphabet='ab1 ={}[](),:"\\$%\n#/*<-', max_size=80)


def value(expression: str) -> object:
    (block,), problem = blocks(f'b {{\n  a = {expression}\n  z = "last"\n}}\n')
    assert problem is None
    assert block.attributes["z"] == "last"
    return block.attributes["a"]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('"x"', "x"),
        ('"a\\"b\\n$${c}%%{d}$e"', 'a"b\n${c}%{d}$e'),
        ('["x", "y",]', ["x", "y"]),
        ('[\n  "x", # one\n  "y" // two\n]', ["x", "y"]),
        ('{ a = "x", "b" : "y"\n c = ["z"] }', {"a": "x", "b": "y", "c": ["z"]}),
        ("[]", []),
        ("{}", {}),
        # What has to be computed.
        ("1", None),
        ("true", None),
        ("var.x", None),
        ('"a${var.x}"', None),
        ('"a${var["x}"]}b"', None),
        ('"%{ if x }y%{ endif }"', None),
        ('"a" == "b" ? "c" : "d"', None),
        ('join("", ["a", "b"])', None),
        ('["a", var.x, "b"]', ["a", None, "b"]),
        ('{ a = "x" + "y" }', {"a": None}),
        ('{ a = "x", a = "y" }', {"a": None}),
        ('{ for k, v in x : k => "y" }', {}),
        ("<<EOT\n} provider {\nEOT", None),
        ("<<-EOT\n  }\n  EOT", None),
        ('"x" /* a\n comment } */', "x"),
    ],
)
def test_an_attribute_is_what_is_written_out(expression: str, expected: object) -> None:
    assert value(expression) == expected


def test_blocks_are_nested_and_know_their_lines() -> None:
    text = '# top\na "x" y {\n  b = "1"\n  c {\n    d = "2"\n  }\n  b = "3"\n}\ne {}\n'
    (first, second), problem = blocks(text)
    assert problem is None
    assert (first.type, first.labels, first.line) == ("a", ("x", "y"), 2)
    assert first.repeated == {"b"}
    assert first.lines == {"b": 7}
    (inner,) = first.blocks
    assert (inner.type, inner.attributes, inner.line) == ("c", {"d": "2"}, 4)
    assert (second.type, second.line) == ("e", 9)


@pytest.mark.parametrize(
    ("text", "problem", "line"),
    [
        ("a {}\nb {", "a block that never ends", 2),
        ("a {}\n}", "a brace without a block", 2),
        ("a {}\nb", "neither a block nor an attribute", 2),
        ("a {}\n= 1", "no name of a block or an attribute", 2),
        ('a {}\n"b" {}', "no name of a block", 2),
        ('a {}\nb = "c', "a string that never ends", 2),
        ('a {}\nb = "c\n"', "a string that never ends", 2),
        ('a {}\nb = "${', "a template that never ends", 2),
        ("a {}\nb = [", "a list that never ends", 2),
        ("a {}\nb = {", "an object that never ends", 2),
        ("a {}\nb = [}", "a list that never ends", 2),
        ("a {}\nb = <<X\nc", "`<<X` never ends", 2),
        ("a {}\n" + "b {" * 100, "nested too deeply", 2),
        ("a {}\nb = " + "[" * 100, "nested too deeply", 2),
        ("a {}\nb = " + '"${' * 100, "nested too deeply", 2),
    ],
)
def test_what_is_before_a_mistake_is_read(text: str, problem: str, line: int) -> None:
    read, error = blocks(text)
    assert read[0].type == "a"
    assert error is not None
    assert problem in str(error)
    assert error.line == line


@pytest.mark.parametrize(
    "text",
    [
        "a " * 500_000,
        "/*" * 500_000,
        '"\\' * 500_000,
        'a = "' + "$" * 1_000_000,
        "a = [" + '"b", ' * 200_000,
        "a = " + "(" * 300_000,
        "\n" * 300_000,
        "a = <<X\n" + "X " * 500_000,
        "a = " + "<<X\nX\n" * 100_000,
        "a = " + '"${b}" ' * 100_000,
        "#\n" * 200_000,
    ],
    ids=lambda text: repr(text[:12]),
)
def test_time_grows_with_the_length(text: str) -> None:
    blocks(text)


@given(text=st.text(max_size=80) | TEXT)
def test_any_text_is_read_as_far_as_it_goes(text: str) -> None:
    read, error = blocks(text)
    assert error is None or error.line >= 1
    assert all(each.line >= 1 for each in read)
