import pytest

from mcpchain.document import Node
from mcpchain.errors import MalformedError
from mcpchain.npm_lock.marker import marker_of


@pytest.mark.parametrize(
    ("value", "marker"),
    [
        ({}, ""),
        ({"os": []}, ""),
        ({"os": None}, ""),
        ({"os": ["linux"]}, "os=linux"),
        ({"os": "linux"}, "os=linux"),
        ({"os": ["!win32"]}, "os=!win32"),
        (
            {"cpu": ["x64", "arm64"], "os": ["linux"]},
            "os=linux & (cpu=x64 | cpu=arm64)",
        ),
        ({"libc": ["glibc"], "cpu": ["x64"]}, "cpu=x64 & libc=glibc"),
    ],
)
def test_a_package_says_for_which_machines_it_is(value: object, marker: str) -> None:
    assert marker_of(Node(value=value, source="x")) == marker


@pytest.mark.parametrize("words", [5, [5], {}, ["a b"], ["a\n"], ["x" * 50], "$(x)"])
def test_what_names_no_machine_is_refused(words: object) -> None:
    with pytest.raises(MalformedError):
        marker_of(Node(value={"os": words}, source="x"))
