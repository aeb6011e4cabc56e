import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import VERSIONS, write
from tests.bom.inventories import NOW
from tests.bom.strangers import documents, said

LAW = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


def rewritten(data: bytes, version: str) -> bytes:
    inventory = read(data, source="b.json")
    return write(
        inventory,
        timestamp=NOW,
        version="1",
        reproducible=False,
        spec_version=version,
    )


@pytest.mark.parametrize("version", VERSIONS)
@LAW
@given(documents())
def test_whatever_a_bom_says_is_said_again(
    version: str, document: dict[str, Any]
) -> None:
    data = rewritten(json.dumps(document).encode(), version)
    validate(data)
    assert said(document) - said(json.loads(data)) == set()


@LAW
@given(documents())
def test_a_bom_of_another_tool_is_read_back_as_it_was(document: dict[str, Any]) -> None:
    inventory = read(json.dumps(document).encode(), source="b.json")
    for version in VERSIONS:
        data = rewritten(json.dumps(document).encode(), version)
        assert read(data, source="b.json") == inventory
        assert rewritten(data, version) == data
