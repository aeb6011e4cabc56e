"""Who makes a package, in a CycloneDX document and out of it."""

import json
from typing import Any

import pytest

from mcpchain.bom.makers import members, told
from mcpchain.bom.read import read
from mcpchain.inventory import Collector
from tests.bom.inventories import written
from tests.making import component

ACME = {"name": "Acme Inc.", "contact": [{"email": "oss@acme.example"}]}
SITE = {"name": "Acme Inc.", "url": ["https://acme.example/"]}
ANN = {"name": "Ann Lee", "contact": [{"email": "ann@acme.example"}]}


@pytest.mark.parametrize(
    ("supplier", "entry"),
    [
        ("Acme Inc. <oss@acme.example>", {"supplier": ACME, "manufacturer": ACME}),
        ("Acme Inc. <https://acme.example/>", {"supplier": SITE, "manufacturer": SITE}),
        (
            "Ann Lee <ann@acme.example>",
            {
                "supplier": ANN,
                "authors": [{"name": "Ann Lee", "email": "ann@acme.example"}],
            },
        ),
        (
            "Ann Lee",
            {"supplier": {"name": "Ann Lee"}, "authors": [{"name": "Ann Lee"}]},
        ),
        ("A <x>", {"supplier": {"name": "A <x>"}, "authors": [{"name": "A <x>"}]}),
    ],
)
def test_an_organisation_manufactures_and_a_person_is_an_author(
    supplier: str, entry: dict[str, Any]
) -> None:
    assert members(supplier) == entry
    assert told(entry | {"name": "files"}) == supplier


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {"supplier": ACME},
        {"manufacturer": ACME},
        {"supplier": ACME, "manufacturer": SITE},
        {"supplier": ACME, "authors": [{"name": "Acme Inc."}]},
        {"supplier": ACME | {"address": {}}, "manufacturer": ACME | {"address": {}}},
        {"supplier": {"name": 7}, "manufacturer": {"name": 7}},
        {"supplier": [ACME], "manufacturer": [ACME]},
        {"supplier": {"name": "x", "contact": {}, "url": "x"}, "authors": []},
        {"supplier": {"name": "x", "contact": [7], "url": [{}]}, "authors": [7]},
    ],
    ids=str,
)
def test_what_is_not_as_we_write_it_is_not_our_word(entry: dict[str, Any]) -> None:
    assert told(entry) == ""


@pytest.mark.parametrize("supplier", ["", "Bob <bob@acme.example>"])
@pytest.mark.parametrize(
    "said",
    [
        {"supplier": ACME},
        {"supplier": ACME, "manufacturer": ACME},
        {"supplier": {"name": "Eve"}, "authors": [{"name": "Eve"}]},
        {"authors": [{"name": "Eve"}]},
        {"manufacturer": ACME},
    ],
    ids=lambda said: "+".join(said) if isinstance(said, dict) else said,
)
def test_what_another_bom_says_stands_there_and_ours_beside_it(
    said: dict[str, Any], supplier: str
) -> None:
    found = Collector("x")
    ours = component(supplier=supplier, carried=json.dumps(said, separators=(",", ":")))
    found.add(ours)
    data = written(found.inventory())
    (entry,) = json.loads(data)["components"]
    assert {key: entry[key] for key in said} == said
    (back,) = read(data, source="b.json").components
    assert back.supplier == supplier
    assert json.loads(back.carried) == said
