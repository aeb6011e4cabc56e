import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcpchain.bom.read import read
from mcpchain.bom.validate import validate
from mcpchain.bom.worth import declared
from mcpchain.bom.write import VERSIONS, write
from mcpchain.component import Kind
from tests.bom.documents import HEX, OURS, bom, found, library, prop, reasons
from tests.bom.inventories import NOW
from tests.bom.test_carried import LAW, again


def ours(**members: Any) -> dict[str, Any]:  # noqa: ANN401 - as in `bom`
    """Return an entry of a BOM of ours that carries another's version."""
    entry = library("pkg:npm/x@1.0.0", version="2", **{"bom-ref": "r"})
    (only,) = again(entry)["components"]
    made: dict[str, Any] = only | members
    return made


@pytest.mark.parametrize(
    "members",
    [
        {"purl": "pkg:npm/evil@1.0.0"},
        {"purl": "pkg:npm/x@2.0.0"},
        {"hashes": [{"alg": "SHA-256", "content": HEX}]},
    ],
)
def test_what_shows_one_thing_and_is_read_as_another_is_read_as_it_shows(
    members: dict[str, Any],
) -> None:
    entry = ours()
    (mark,) = (p for p in entry["properties"] if p["name"] == "mcpchain:as-read")
    read_as = json.loads(mark["value"])
    mark["value"] = json.dumps({key: entry.get(key) for key in members} | read_as)
    inventory = found(entry | members, metadata=OURS)
    assert "it is read as something else than it shows" in reasons(inventory)
    (only,) = inventory.components
    assert str(only.purl) == members.get("purl", "pkg:npm/x@1.0.0")
    assert len(only.artifacts) == len(members.get("hashes", ()))
    assert only.location.path == "b.json"


def test_a_package_that_is_called_another_thing_is_a_package() -> None:
    entry = library(
        "pkg:npm/evil@1.0.0",
        evidence={"occurrences": [{"location": "a"}]},
        properties=[
            prop("mcpchain:basis", "declared"),
            prop("mcpchain:kind", "other"),
        ],
    )
    inventory = declared(found(entry, metadata=OURS))
    (only,) = inventory.components
    assert only.kind is Kind.LIBRARY
    assert len(inventory.gaps) == 1


@pytest.mark.parametrize("kind", ["data", "file"])
def test_what_nobody_examined_stays_a_gap_when_the_bom_is_ours(kind: str) -> None:
    document = again({"type": kind, "name": "d"})
    marks = document["metadata"]["properties"]
    document["metadata"]["properties"] = [
        each for each in marks if each["name"] != "mcpchain:gap"
    ]
    document["compositions"] = []
    inventory = declared(read(json.dumps(document).encode(), source="b.json"))
    (reason,) = reasons(inventory)
    assert reason.startswith(f"components of type `{kind}` that name no package")
    assert declared(inventory) == inventory


KEYS = """
    type bom-ref name group version purl hashes licenses metadata ref alg content url
    component components services dependencies compositions tools dependsOn assemblies
    aggregate properties lifecycles supplier externalReferences evidence
"""
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=4)
    | st.sampled_from(
        ["\ud800", "https://u:p@h.example", "library", "r", "pkg:npm/x@1"]
    ),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*KEYS.split(), "\ud800"]), inner, max_size=4)
    ),
    max_leaves=12,
)
FORGED = st.dictionaries(
    st.sampled_from(["mcpchain:carried", "mcpchain:as-read", "mcpchain:kind", "x"]),
    VALUES.map(json.dumps) | st.sampled_from(["{", "other", "library", '{"a":1e999}']),
    max_size=3,
).map(lambda marks: [prop(name, value) for name, value in marks.items()])
MEMBERS = st.dictionaries(
    st.sampled_from(["supplier", "hashes", "purl", "version", "group", "cpe"]),
    VALUES,
    max_size=3,
)


@LAW
@given(FORGED, FORGED, MEMBERS, VALUES)
def test_whatever_is_forged_is_read_and_can_be_written(
    of_whole: list[dict[str, str]],
    of_part: list[dict[str, str]],
    members: dict[str, Any],
    about: object,
) -> None:
    basis = prop("mcpchain:basis", "declared")
    place = {"occurrences": [{"location": "a"}]}
    part = library(evidence=place, properties=[basis, *of_part]) | members
    location = prop("mcpchain:location", '{"path": "a"}')
    service = {"name": "s", "properties": [basis, location, *of_part]} | members
    marks = [*OURS["properties"], *of_whole]
    data = bom(
        components=[part],
        services=[service],
        metadata={"properties": marks, "component": {"name": "x", "tools": about}},
        compositions=about,
        vulnerabilities=about,
    )
    inventory = declared(read(data, source="b.json"))
    assert len(inventory.components) == 2 or inventory.gaps
    for version in VERSIONS:
        written = write(
            inventory,
            timestamp=NOW,
            version="1",
            reproducible=False,
            spec_version=version,
        )
        validate(written)
        back = read(written, source="b.json")
        assert len(back.components) == len(inventory.components)
