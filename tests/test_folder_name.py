"""A model that is a folder has a name that ends with its bytes."""

import json
import struct
from pathlib import Path

import pytest
from packageurl import PackageURL

from mcpchain.bom.formats import read
from mcpchain.bom.worth import declared
from mcpchain.bom.write import compose
from mcpchain.component import Component, Kind
from mcpchain.discover import survey
from mcpchain.inventory import Inventory
from mcpchain.tree import Tree
from tests.making import NOW


def folder(tmp_path: Path) -> Path:
    made = tmp_path / "tiny"
    made.mkdir()
    (made / "config.json").write_text('{"model_type": "x"}')
    header = {"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]}}
    text = json.dumps(header).encode()
    weights = struct.pack("<Q", len(text)) + text + bytes(4)
    (made / "model.safetensors").write_bytes(weights)
    return made


def surveyed(tmp_path: Path) -> Inventory:
    return survey(Tree(tmp_path), name="shop")


def whole(inventory: Inventory) -> Component:
    (made,) = (
        e for e in inventory.components if e.kind is Kind.MODEL and not e.artifacts
    )
    return made


def purl(tmp_path: Path) -> PackageURL:
    found = whole(surveyed(tmp_path)).purl
    assert found is not None
    return found


def test_a_folder_is_named_by_all_its_files_until_one_changes(tmp_path: Path) -> None:
    made = folder(tmp_path)
    before = purl(tmp_path)
    assert (before.type, before.name) == ("generic", "tiny")
    assert before == purl(tmp_path)
    (made / "config.json").write_text('{"model_type": "y"}')
    assert purl(tmp_path) != before


@pytest.mark.parametrize("old", ["config.json", "model.safetensors"])
def test_a_bom_is_believed_only_if_the_name_fits_the_files(
    tmp_path: Path, old: str
) -> None:
    folder(tmp_path)
    data = compose(
        surveyed(tmp_path), timestamp=NOW, version="1", reproducible=True
    ).data
    inventory = declared(read(data, source="b.json"))
    assert whole(inventory).purl == purl(tmp_path)
    assert [each.reason for each in inventory.gaps] == []
    digest = next(
        str(each.artifacts[0].digests[0].value)
        for each in inventory.components
        if each.name == old
    )
    forged = data.replace(digest.encode(), b"0" * 64)
    assert any(
        "a model of one name" in each.reason
        for each in declared(read(forged, source="b.json")).gaps
    )
