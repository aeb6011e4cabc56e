import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.tree.paths import raw, shown

NAMES = st.binary(max_size=40).map(lambda data: data.decode("utf-8", "surrogateescape"))


@given(NAMES | st.text(alphabet="%0Aa\n\udc80", max_size=20))
def test_every_name_is_shown_printably_and_read_back(name: str) -> None:
    path = shown(name)
    assert path.isprintable()
    assert raw(path) == name
    assert json.loads(json.dumps(path).encode("utf-8")) == path


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("plain name.txt", "plain name.txt"),
        ("モデル.pt", "モデル.pt"),
        ("100%.txt", "100%.txt"),
        ("%zz", "%zz"),
        ("%41", "%2541"),
        ("a\nb", "a%0Ab"),
        ("%\n", "%%0A"),
        ("\x1b[31m", "%1B[31m"),
        ("\u202egpj.exe", "%E2%80%AEgpj.exe"),
        ("\udcff", "%FF"),
    ],
)
def test_what_could_deceive_a_reader_is_escaped(name: str, path: str) -> None:
    assert shown(name) == path
    assert raw(path) == name


def test_half_a_character_is_no_name() -> None:
    with pytest.raises(UnicodeEncodeError):
        shown("\ud800")
