import json
from functools import cache
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.bom.iri import iri


@cache
def checker() -> Any:  # noqa: ANN401 - it has no public type
    schema = {"type": "string", "format": "iri-reference"}
    return jsonschema_rs.Draft7Validator(schema, validate_formats=True)


@pytest.mark.parametrize(
    "url",
    [
        "https://files.example/a/b-1.0.whl?x=1#sha256=abc",
        "https://[::1]:8080/mcp",
        "git+https://host.example:443/a@b%20c",
        "models/tiny.gguf",
    ],
)
def test_a_valid_address_stays_as_it_is(url: str) -> None:
    assert iri(url) == url
    assert checker().is_valid(url)


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://x.example/a#b#c", "https://x.example/a#b%23c"),
        ("https://x.example/{v}/a b", "https://x.example/%7Bv%7D/a%20b"),
        ("https://x.example/100%", "https://x.example/100%25"),
        ("https://x.example/?q=[1]?", "https://x.example/?q=%5B1%5D?"),
        ("https://[1]/x", "https://%5B1%5D/x"),
        ("https://a:b:c/x", "https://a%3Ab%3Ac/x"),
        ("https://x.example/é", "https://x.example/%C3%A9"),
        ("https://x.example/\udc80", "https://x.example/%ED%B2%80"),
        ("javascript:alert(1)", "javascript%3Aalert%281%29"),
        ("C:\\models\\x", "C%3A%5Cmodels%5Cx"),
        ("", ""),
    ],
)
def test_what_may_not_stand_there_is_percent_encoded(url: str, expected: str) -> None:
    assert iri(url) == expected


@given(st.text(st.characters() | st.sampled_from("/:?#[]@%{}\\")))
def test_any_text_becomes_a_valid_address(text: str) -> None:
    for url in (text, f"https://{text}", f"https://x.example/{text}"):
        made = iri(url)
        assert checker().is_valid(json.loads(json.dumps(made)))
        assert iri(made) == made or not made.startswith("https://")
