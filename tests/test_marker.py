import pytest
from hypothesis import given
from hypothesis import strategies as st
from packaging.specifiers import SpecifierSet

from mcpchain.marker import Askers, askers, ever_holds


@pytest.mark.parametrize(
    ("marker", "expected"),
    [
        ("", Askers()),
        ("extra == 'a'", Askers(extras=("a",))),
        ('"a" == extra', Askers(extras=("a",))),
        ("extra == 'a' and extra == 'b'", Askers(extras=("a", "b"))),
        ("extra == 'b' or extra == 'a'", Askers(extras=("a", "b"))),
        ("extra != 'a'", Askers()),
        ("extra == 'a' or os_name == 'nt'", Askers()),
        ("extra == 'a' and os_name == 'nt'", Askers(extras=("a",))),
        ("(extra == 'a' or extra == 'b') and (os_name == 'nt')",
         Askers(extras=("a", "b"))),
        ("((((extra == 'a'))))", Askers(extras=("a",))),
        ("'g' in dependency_groups", Askers(groups=("g",))),
        ("'g' in dependency_groups and 'e' not in extras", Askers(groups=("g",))),
        ("'e' in extras or 'g' in dependency_groups",
         Askers(groups=("g",), extras=("e",))),
        ("'os_name' in extras", Askers(extras=("os_name",))),
        ("os_name == 'extra == \"a\"'", Askers()),
        ("extra == 'a' and", Askers()),
        ("(extra == 'a'", Askers()),
        ("extra == 'a') or (os_name == 'nt'", Askers()),
        ("extra == 'a' extra == 'b'", Askers()),
        ("not a marker", Askers()),
        ("or", Askers()),
        ("(" * 4000, Askers()),
        ("extra == 'a' or " * 5000 + "extra == 'b'", Askers()),
        (" or ".join(f"extra == '{n}'" for n in range(300)), Askers()),
    ],
)  # fmt: skip
def test_a_marker_tells_who_alone_asks(marker: str, expected: Askers) -> None:
    assert askers(marker) == expected


@given(st.text() | st.text("extra='a()nd or\""))
def test_any_text_is_read(text: str) -> None:
    askers(text)


@pytest.mark.parametrize(
    ("marker", "requires", "ever"),
    [
        ("python_version < '3.8'", ">=3.9", False),
        ("python_version < '3.8'", ">=3.7", True),
        ("python_version <= '3.9'", ">=3.9.5", True),
        ("python_full_version < '3.9.7'", ">=3.9.5", True),
        ("python_version < '3.8' or os_name == 'nt'", ">=3.9", True),
        ("python_version < '3.8' and os_name == 'nt'", ">=3.9", False),
        ("python_version >= '3.8' and python_version < '3.7'", ">=3", False),
        ("python_version == '3.*'", ">=3.9", True),
        ("'3.8' > python_version", ">=3.9", True),
        ("python_version in '3.7'", ">=3.9", True),
        ("python_version < '3.8' and extra == 'x'", ">=3.9", False),
        ("python_version < '9'", ">=9", True),
        ("python_version < '.'", ">=3.9", True),
        ("(", ">=3.9", True),
        ("", ">=3.9", True),
    ],
)
def test_a_marker_that_no_python_of_the_project_meets_never_holds(
    marker: str, requires: str, *, ever: bool
) -> None:
    assert ever_holds(marker, SpecifierSet(requires)) is ever
