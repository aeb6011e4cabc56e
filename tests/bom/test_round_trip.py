import pytest
from hypothesis import HealthCheck, given, settings

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.write import VERSIONS, write
from mcpchain.inventory import Inventory
from tests.bom.inventories import NOW, inventories, written

LAW = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)


@pytest.mark.parametrize("version", VERSIONS)
@LAW
@given(inventories())
def test_what_is_written_is_valid_and_read_back_as_it_was(
    version: str, inventory: Inventory
) -> None:
    data = write(
        inventory,
        timestamp=NOW,
        version="1",
        reproducible=True,
        spec_version=version,
    )
    validate(data)
    back = read(data, source="bom.json")
    assert back == inventory
    assert [c.ref for c in back.components] == [c.ref for c in inventory.components]


@LAW
@given(inventories())
def test_what_is_read_is_written_as_the_same_bytes(inventory: Inventory) -> None:
    data = written(inventory)
    assert written(read(data, source="bom.json")) == data
