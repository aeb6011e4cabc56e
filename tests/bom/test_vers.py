import pytest

from mcpchain.bom.vers import vers
from mcpchain.component import Pin


@pytest.mark.parametrize(
    ("kind", "requested", "expected"),
    [
        ("npm", "^1.2", ">=1.2.0|<2.0.0"),
        ("npm", "^1.2.3", ">=1.2.3|<2.0.0"),
        ("npm", "^0.2.3", ">=0.2.3|<0.3.0"),
        ("npm", "^0.0.3", ">=0.0.3|<0.0.4"),
        ("npm", "^0", ">=0.0.0|<1.0.0"),
        ("npm", "^0.0", ">=0.0.0|<0.1.0"),
        ("npm", "~1.2.3", ">=1.2.3|<1.3.0"),
        ("npm", "~1", ">=1.0.0|<2.0.0"),
        ("npm", "1", ">=1.0.0|<2.0.0"),
        ("npm", "1.2.x", ">=1.2.0|<1.3.0"),
        ("npm", ">=1.0.0 <2.0.0", ">=1.0.0|<2.0.0"),
        ("npm", ">=1.0.0", ">=1.0.0"),
        ("npm", "<2.0.0 >=3.0.0", None),
        ("npm", "^1.0.0 || ^3.0.0", None),
        ("npm", "1.0.0 - 2.0.0", None),
        ("npm", ">=1.0.0-rc.1", None),
        ("npm", "file:../x", None),
        ("pypi", ">=1,<2", ">=1|<2"),
        ("pypi", "<2,!=1.5,>=1", ">=1|!=1.5|<2"),
        ("pypi", "~=1.4.2", ">=1.4.2|<1.5"),
        ("pypi", "==1.*", ">=1|<2"),
        ("pypi", "!=3,<2", None),
        ("pypi", ">=2,<1", None),
        ("pypi", ">=1,>=2", None),
        ("pypi", "===1", None),
        ("pypi", "!=1.*", None),
        ("pypi", "x>=1", None),
        ("pypi", "", None),
        ("pypi", ">=" + "1" * 2000, None),
        ("npm", "9" * 20, None),
    ],
)
def test_a_range_is_an_interval_or_nothing(
    kind: str, requested: str, expected: str | None
) -> None:
    whole = None if expected is None else f"vers:{kind}/{expected}"
    assert vers(kind, Pin.RANGE, requested) == whole


@pytest.mark.parametrize(
    ("kind", "pin", "expected"),
    [
        ("npm", Pin.FLOATING, "vers:npm/*"),
        ("pypi", Pin.FLOATING, "vers:pypi/*"),
        ("oci", Pin.FLOATING, None),
        ("npm", Pin.TAG, None),
        ("npm", Pin.EXACT, None),
        ("npm", None, None),
    ],
)
def test_only_what_moves_among_versions_has_a_range(
    kind: str, pin: Pin | None, expected: str | None
) -> None:
    assert vers(kind, pin, "latest") == expected
